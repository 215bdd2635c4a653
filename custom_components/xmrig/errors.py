"""What the errors of the API are called in the translations."""

from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigBackendError,
    XmrigCertificateError,
    XmrigConfigLimitError,
    XmrigConflictError,
    XmrigConnectionError,
    XmrigError,
    XmrigNotConfirmedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
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
    XmrigAnotherMinerError: "another_miner",
    XmrigNotConfirmedError: "not_confirmed",
    XmrigBackendError: "no_device",
    XmrigUnsafeConfigError: "unsafe_config",
    XmrigConfigLimitError: "config_too_large",
    XmrigConflictError: "conflict",
}


def error_key(error: XmrigError) -> str:
    """Return the translation key of an error, that of its closest class."""
    return next(_KEYS[cause] for cause in type(error).__mro__ if cause in _KEYS)
