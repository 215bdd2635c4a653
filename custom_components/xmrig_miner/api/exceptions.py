"""What can go wrong when talking to a miner: one class for each cause."""

from .identity import MinerIdentity


class XmrigError(Exception):
    """Base of every error this package raises.

    Messages name the address and the cause, never a token, wallet or password.
    """


class XmrigConnectionError(XmrigError):
    """The miner could not be reached: no request arrived there."""


class XmrigCertificateError(XmrigConnectionError):
    """The miner's TLS certificate could not be verified."""


class XmrigTimeoutError(XmrigConnectionError):
    """The miner did not reply in time; a command may have taken effect."""


class XmrigInterruptedError(XmrigConnectionError):
    """The connection ended before the whole reply; a command may have taken effect."""


class XmrigClosedError(XmrigError):
    """The miner was closed: it takes no more commands from this process."""


class XmrigAuthenticationError(XmrigError):
    """The access token is missing or wrong."""


class XmrigTokenNotExpectedError(XmrigAuthenticationError):
    """A token was sent to a miner that has none, which it refuses with a 401."""


class XmrigReadOnlyError(XmrigError):
    """The API is read-only (`http.restricted`): no commands, no config."""


class XmrigRefusedError(XmrigError):
    """The miner understood the request and refused it."""


class XmrigResponseError(XmrigError):
    """The reply is damaged, or not from XMRig."""


class XmrigAnotherMinerError(XmrigError):
    """A different miner answered at the address."""

    def __init__(self, message: str, found: MinerIdentity) -> None:
        """Initialize the error; `found` is the miner that answered."""
        super().__init__(message)
        self.found = found


class XmrigNotConfirmedError(XmrigError):
    """The miner accepted a command, but does not show its result in time."""

    def __init__(self, message: str, command: str) -> None:
        """Initialize the error; `command` is the name of the command."""
        super().__init__(message)
        self.command = command


class XmrigBackendError(XmrigError):
    """A backend was enabled, but the miner found no driver or device for it."""


class XmrigLimitedError(XmrigError):
    """The miner is to mine, but waits for more power than its limit allows."""


class XmrigUnsafeConfigError(XmrigError):
    """The config would cut off access to the API, or leave the miner without a pool."""


class XmrigConfigLimitError(XmrigUnsafeConfigError):
    """The config would be larger, or nested deeper, than what can be read back."""


class XmrigConflictError(XmrigError):
    """The config kept changing externally while it was being changed from here."""


class XmrigStorageError(XmrigError):
    """What is needed to undo a command could not be stored, so it was not sent."""
