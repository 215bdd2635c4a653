"""Errors of requests and commands, one class for each cause."""

from collections.abc import Mapping
from enum import StrEnum

from .identity import MinerIdentity


class XmrigError(Exception):
    """Base of every error this package raises.

    Messages name the address and the cause, never a token, wallet or password.
    """

    key = "unknown"
    """The kind of error, for a user interface to look up its text."""
    placeholders: Mapping[str, str] = {}
    """The placeholders in that text."""


class XmrigConnectionError(XmrigError):
    """The miner could not be reached: no request arrived."""

    key = "cannot_connect"


class XmrigCertificateError(XmrigConnectionError):
    """The miner's TLS certificate could not be verified."""

    key = "invalid_certificate"


class XmrigCertificateChangedError(XmrigConnectionError):
    """The miner presented a certificate other than the pinned one; nothing was sent."""

    key = "certificate_changed"


class XmrigUnknownHostError(XmrigConnectionError):
    """The name of the host could not be resolved."""


class XmrigConnectionRefusedError(XmrigConnectionError):
    """The host is up, but nothing listens on the port."""


class XmrigNoTlsError(XmrigConnectionError):
    """The port does not use TLS, or not a supported version of it."""


class XmrigPlainHttpError(XmrigNoTlsError):
    """The miner answers, but without TLS.

    XMRig does so if the certificate files named in its config are missing, which it
    only logs (src/base/net/https/HttpsServer.cpp).
    """

    key = "plain_http"


class XmrigTimeoutError(XmrigConnectionError):
    """The miner did not reply in time; a command may have taken effect."""


class XmrigInterruptedError(XmrigConnectionError):
    """The connection ended before the whole reply; a command may have taken effect."""


class XmrigClosedError(XmrigError):
    """The miner was closed: it accepts no more commands from this process."""

    key = "closed"


class XmrigAuthenticationError(XmrigError):
    """The access token is missing or wrong."""

    key = "invalid_auth"


class XmrigTokenNotExpectedError(XmrigAuthenticationError):
    """A token was sent to a miner that has none, and rejects any with a 401."""

    key = "token_not_expected"


class XmrigReadOnlyError(XmrigError):
    """The API is read-only (`http.restricted`): no commands, no config."""

    key = "read_only"


class XmrigRefusedError(XmrigError):
    """The miner understood the request and refused it."""

    key = "refused"


class XmrigDeniedError(XmrigRefusedError):
    """The miner denied access although its API is not read-only: a momentary fault."""


class XmrigResponseError(XmrigError):
    """The reply is damaged, or not from XMRig."""

    key = "not_xmrig"


class XmrigAnotherKindError(XmrigResponseError):
    """A proxy answered instead of a miner, or a miner instead of a proxy."""

    def __init__(self, message: str, found: MinerIdentity) -> None:
        """Initialize the error; `found` is what answered."""
        super().__init__(message)
        self.found = found


class XmrigAnotherMinerError(XmrigError):
    """A different miner answered at the address."""

    key = "another_miner"

    def __init__(self, message: str, found: MinerIdentity) -> None:
        """Initialize the error; `found` is the miner that answered."""
        super().__init__(message)
        self.found = found
        self.placeholders = {"found": found.label}


class Command(StrEnum):
    """Commands whose result is confirmed by what the miner shows."""

    PAUSE = "pause"
    RESUME = "resume"
    START = "start"
    STOP = "stop"
    SET_BACKEND = "set_backend"
    SET_CONFIG = "set_config"


class XmrigNotConfirmedError(XmrigError):
    """The miner accepted a command, but did not show its result in time."""

    def __init__(self, message: str, command: Command) -> None:
        """Initialize the error."""
        super().__init__(message)
        self.command = command
        self.key = f"not_confirmed_{command}"


class XmrigBackendError(XmrigError):
    """A backend was enabled, but the miner found no driver or device for it."""

    key = "no_device"


class XmrigLimitedError(XmrigError):
    """The miner should mine, but its power limit leaves no thread."""

    key = "limited"


class XmrigNotMiningError(XmrigError):
    """The user paused or stopped the miner, so a pause with an end is not possible."""

    key = "off_already"


class XmrigUnsafeConfigError(XmrigError):
    """The config would cut off access to the API, or leave the miner without a pool."""

    key = "unsafe_config"


class XmrigConfigLimitError(XmrigUnsafeConfigError):
    """The config would be too large or too deeply nested to be read back."""

    key = "config_too_large"


class XmrigBenchmarkError(XmrigUnsafeConfigError):
    """The miner runs a benchmark: its config has no pools, and must not be saved."""

    key = "benchmark"


class XmrigConflictError(XmrigError):
    """The config kept changing externally while it was being changed."""

    key = "conflict"


class XmrigStorageError(XmrigError):
    """The information to undo a command could not be stored, so it was not sent."""

    key = "not_stored"
