"""What can go wrong when asking something of a miner: one class a cause."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .identity import MinerIdentity


class XmrigError(Exception):
    """Base of every error this package raises.

    Messages name the address and the cause, never a token, wallet or password.
    """


class XmrigConnectionError(XmrigError):
    """The miner could not be reached, or did not answer in time."""


class XmrigCertificateError(XmrigConnectionError):
    """The miner's TLS certificate could not be verified."""


class XmrigAuthenticationError(XmrigError):
    """The access token is missing or wrong."""


class XmrigTokenNotExpectedError(XmrigAuthenticationError):
    """A token was sent to a miner that has none, which it refuses with a 401."""


class XmrigReadOnlyError(XmrigError):
    """The API is read-only (`http.restricted`): no commands, no config."""


class XmrigRefusedError(XmrigError):
    """The miner understood what was asked and refused it."""


class XmrigResponseError(XmrigError):
    """Something answered, but nothing that a miner would say."""


class XmrigAnotherMinerError(XmrigError):
    """A different miner answered at the address."""

    def __init__(self, message: str, found: MinerIdentity) -> None:
        """Initialize the error; `found` is the miner that answered."""
        super().__init__(message)
        self.found = found


class XmrigNotConfirmedError(XmrigError):
    """The command was sent, but the miner does not show its result in time."""


class XmrigBackendError(XmrigNotConfirmedError):
    """A backend was switched on, but the miner found no driver or device for it."""


class XmrigUnsafeConfigError(XmrigError):
    """The config would cut its owner off: from the API, or from every pool."""


class XmrigConfigLimitError(XmrigUnsafeConfigError):
    """The config would be larger, or nested deeper, than what can be read back."""


class XmrigConflictError(XmrigError):
    """Somebody else kept changing the config while it was being changed from here."""
