"""The connection form, and the menus of the questions that may follow it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, section
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

from ..addresses import host_to_enter, parse_address
from ..api.exceptions import (
    XmrigConnectionRefusedError,
    XmrigError,
    XmrigNoTlsError,
    XmrigTimeoutError,
    XmrigUnknownHostError,
)
from ..certificates import Verification
from ..const import CONF_VERIFICATION
from ..runtime import XmrigConfigEntry
from .power import PowerSteps
from .questions import Question

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


def stored_values(entry: ConfigEntry[Any] | None) -> dict[str, Any]:
    """Return what is stored as values of the form; nothing without an entry."""
    if entry is None:
        return {}
    values = {CONF_HOST: host_to_enter(entry.data), SECTION_TLS: entry.data}
    return {**entry.data, **values}


def entered_values(entered: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what was entered, with a complete URL split into its fields."""
    values = {**(entered or {})}
    try:
        parts = parse_address(values | values[SECTION_TLS])
    except LookupError, ValueError:
        return values
    tls = {key: parts[key] for key in (CONF_SSL, CONF_VERIFICATION)}
    address_parts = {CONF_HOST: host_to_enter(parts), CONF_PORT: parts[CONF_PORT]}
    return values | address_parts | {SECTION_TLS: tls}


class ConnectionForm(PowerSteps):
    """Shows the form, and the questions that may follow it."""

    def __init__(self) -> None:
        """Initialize the steps."""
        super().__init__()
        self._entered: dict[str, Any] | None = None
        """What the user entered, with the fields of each section in a nested dict."""
        self._question: Question | None = None
        self._agreed: set[Question] = set()

    def _entry(self) -> XmrigConfigEntry | None:
        """Return the config entry to change; None when adding one.

        Raises AbortFlow if the entry was removed in the meantime.
        """
        if self.source == SOURCE_USER:
            return None
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if entry is None:
            raise AbortFlow("entry_removed")
        return entry

    async def _async_step_question(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu again after the browser was reloaded."""
        return self._async_show_question()

    async_step_same_miner = _async_step_question
    async_step_another_miner = _async_step_question
    async_step_miner_of_entry = _async_step_question
    async_step_address_of_entry = _async_step_question
    async_step_read_only = _async_step_question
    async_step_token_in_clear = _async_step_question
    async_step_certificate = _async_step_question
    async_step_certificate_changed = _async_step_question

    def _unanswered(self, question: Question | None) -> Question | None:
        """Return a question unless the user has agreed."""
        return None if question in self._agreed else question

    @callback
    def _async_show_question(
        self, question: Question | None = None
    ) -> ConfigFlowResult:
        """Show the menu of a question: agree, or change what was entered."""
        self._question = question or self._question
        assert self._question
        return self.async_show_menu(
            step_id=self._question.step_id,
            menu_options=["agree", "change"],
            description_placeholders=self._question.placeholders,
        )

    @callback
    def _async_show_form(
        self, error: str | None = None, placeholders: Mapping[str, str] | None = None
    ) -> ConfigFlowResult:
        """Show the form with what was entered, or with what is stored.

        No token is sent to the browser, whether stored or just entered.
        """
        entry = self._entry()
        shown = entered_values(self._entered) or stored_values(entry)
        shown.pop(CONF_ACCESS_TOKEN, None)
        field = ERROR_FIELDS.get(error or "", "base")
        if self.source == SOURCE_REAUTH:
            step_id, schema = "reauth_confirm", TOKEN_SCHEMA
        else:
            step_id = "reconfigure" if entry else "user"
            is_tls = shown.get(SECTION_TLS, {}).get(CONF_SSL, False)
            expand_tls = is_tls or field == SECTION_TLS
            schema = connection_schema(
                has_token=bool(entry and CONF_ACCESS_TOKEN in entry.data),
                collapse_tls=not expand_tls,
            )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors={field if field in schema.schema else "base": error}
            if error
            else {},
            description_placeholders={
                "name": entry.title if entry else "",
                **(placeholders or {}),
            },
        )
