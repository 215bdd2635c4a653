"""What the errors of the API are called in the translations."""

from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigBackendError,
    XmrigCertificateError,
    XmrigClosedError,
    XmrigConfigLimitError,
    XmrigConflictError,
    XmrigConnectionError,
    XmrigError,
    XmrigLimitedError,
    XmrigNotConfirmedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigStorageError,
    XmrigTokenNotExpectedError,
    XmrigUnsafeConfigError,
)

_KEYS: dict[type[BaseException], str] = {
    XmrigConnectionError: "cannot_connect",
    XmrigCertificateError: "invalid_certificate",
    XmrigAuthenticationError: "invalid_auth",
    XmrigTokenNotExpectedError: "token_not_expected",
    XmrigReadOnlyError: "read_only",
    XmrigRefusedError: "refused",
    XmrigResponseError: "not_xmrig",
    XmrigBackendError: "no_device",
    XmrigUnsafeConfigError: "unsafe_config",
    XmrigConfigLimitError: "config_too_large",
    XmrigConflictError: "conflict",
    XmrigAnotherMinerError: "another_miner",
    XmrigClosedError: "closed",
    XmrigLimitedError: "limited",
    XmrigStorageError: "not_stored",
}

NOT_CONFIRMED_KEYS = {
    "pause": "not_confirmed_pause",
    "resume": "not_confirmed_resume",
    "start": "not_confirmed_start",
    "stop": "not_confirmed_stop",
    "set_backend": "not_confirmed_set_backend",
    "set_config": "not_confirmed_set_config",
}

_INVALID_REQUEST = (
    XmrigLimitedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)


def error_key(error: XmrigError) -> str:
    """Return the translation key of an error, that of its closest class."""
    if isinstance(error, XmrigNotConfirmedError):
        return NOT_CONFIRMED_KEYS[error.command]
    return next(_KEYS[cause] for cause in type(error).__mro__ if cause in _KEYS)


def is_invalid_request(error: XmrigError) -> bool:
    """Return whether what was requested is at fault, rather than that it went wrong."""
    return isinstance(error, _INVALID_REQUEST)
