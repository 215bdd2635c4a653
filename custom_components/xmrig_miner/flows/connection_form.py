"""The connection form, and the questions that may follow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from probatio import Secret
import voluptuous as vol

from ..api.exceptions import (
    XmrigConnectionRefusedError,
    XmrigError,
    XmrigNoTlsError,
    XmrigTimeoutError,
    XmrigUnknownHostError,
)
from ..certificates import Verification
from ..const import CONF_VERIFICATION

CONF_REMOVE_TOKEN = "remove_token"
SECTION_TLS = "tls"

DEFAULT_PORT = 18088
"""The port that the documentation suggests. XMRig itself has no default."""

TOKEN_SCHEMA = vol.Schema(
    {
        vol.Optional(Secret(CONF_ACCESS_TOKEN)): TextSelector(
            TextSelectorConfig(
                type=TextSelectorType.PASSWORD, autocomplete="current-password"
            )
        ),
    }
)

REMOVE_TOKEN_SCHEMA = vol.Schema(
    {vol.Required(CONF_REMOVE_TOKEN, default=False): BooleanSelector()}
)

TLS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_SSL, default=False): BooleanSelector(),
        vol.Required(
            CONF_VERIFICATION, default=Verification.AUTHORITY.value
        ): SelectSelector(
            SelectSelectorConfig(
                options=[choice.value for choice in Verification],
                mode=SelectSelectorMode.LIST,
                translation_key="verification",
            )
        ),
    }
)

# All other errors are shown above the form. An error within a section is shown above
# the section, since the frontend shows no errors at the fields inside it.
ERROR_FIELDS = {
    "address_in_use": CONF_HOST,
    "another_kind": CONF_PORT,
    "connection_refused": CONF_PORT,
    "invalid_auth": CONF_ACCESS_TOKEN,
    "invalid_host": CONF_HOST,
    "no_tls": SECTION_TLS,
    "pin_without_tls": SECTION_TLS,
    "plain_http": SECTION_TLS,
    "not_xmrig": CONF_PORT,
    "token_not_expected": CONF_ACCESS_TOKEN,
    "unknown_host": CONF_HOST,
}

# Errors that the user can fix in a field. Everywhere else, they are reported as a
# failure to connect.
CONNECTION_ERRORS: dict[type[XmrigError], str] = {
    XmrigConnectionRefusedError: "connection_refused",
    XmrigNoTlsError: "no_tls",
    XmrigTimeoutError: "no_reply",
    XmrigUnknownHostError: "unknown_host",
}


def connection_schema(*, has_token: bool, collapse_tls: bool) -> vol.Schema:
    """Return the schema of the connection form.

    `has_token` tells whether there is a stored token that can be removed.
    """
    return vol.Schema(
        {
            vol.Required(CONF_HOST): TextSelector(),
            # Not coerced to an integer: the form would then start with a 0.
            vol.Required(CONF_PORT, default=DEFAULT_PORT): NumberSelector(
                NumberSelectorConfig(
                    min=1, max=65535, step=1, mode=NumberSelectorMode.BOX
                )
            ),
            **TOKEN_SCHEMA.schema,
            **(REMOVE_TOKEN_SCHEMA.schema if has_token else {}),
            vol.Required(SECTION_TLS): section(TLS_SCHEMA, {"collapsed": collapse_tls}),
        }
    )


@dataclass(frozen=True)
class Question:
    """A question that the user has to agree to before an entry is stored."""

    step_id: str
    about: object
    """What the agreement is for: if it changes, the user is asked again."""
    placeholders: Mapping[str, str] = field(compare=False)
