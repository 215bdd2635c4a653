"""The forms by which a miner is added and changed."""

from collections.abc import Mapping
import ipaddress
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol
from yarl import URL

from .api.exceptions import XmrigError
from .api.models import Summary
from .const import CONF_WORKER_ID, DOMAIN, LOGGER
from .coordinator import XmrigConfigEntry, async_create_client
from .errors import error_key
from .options_flow import XmrigOptionsFlow

TOKEN_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_ACCESS_TOKEN): TextSelector(
            TextSelectorConfig(
                type=TextSelectorType.PASSWORD, autocomplete="current-password"
            )
        ),
    }
)

SCHEMA = vol.Schema(
    {
        vol.Required(CONF_HOST): TextSelector(),
        # Not coerced here: the form would then begin with a 0.
        vol.Required(CONF_PORT): NumberSelector(
            NumberSelectorConfig(min=1, max=65535, step=1, mode=NumberSelectorMode.BOX)
        ),
        **TOKEN_SCHEMA.schema,
        vol.Required(CONF_SSL, default=False): BooleanSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    }
)


class XmrigConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds and changes a miner."""

    VERSION = 2

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> XmrigOptionsFlow:
        """Return the form of the options."""
        return XmrigOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add a miner."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data, summary, errors = await self._async_try(user_input)
            if summary:
                self._async_abort_entries_match(
                    {CONF_HOST: data[CONF_HOST], CONF_PORT: data[CONF_PORT]}
                )
                if summary.id:
                    await self.async_set_unique_id(summary.id)
                    self._abort_if_unique_id_configured()
                return self.async_create_entry(
                    title=summary.worker_id or data[CONF_HOST],
                    data={**data, CONF_WORKER_ID: summary.worker_id},
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(SCHEMA, user_input),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how a miner is reached."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, summary, errors = await self._async_try(user_input)
            if summary:
                return await self._async_update(entry, data, summary)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                SCHEMA, entry.data if user_input is None else user_input
            ),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for another token after the miner refused the one it got."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the token, or take it away."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            address = {
                key: value
                for key, value in entry.data.items()
                if key != CONF_ACCESS_TOKEN
            }
            data, summary, errors = await self._async_try(address | user_input)
            if summary:
                return await self._async_update(entry, data, summary)
        return self.async_show_form(
            step_id="reauth_confirm", data_schema=TOKEN_SCHEMA, errors=errors
        )

    async def _async_update(
        self, entry: XmrigConfigEntry, data: dict[str, Any], summary: Summary
    ) -> ConfigFlowResult:
        """Change an entry, if it is still the same miner."""
        if not _is_same_miner(entry, data, summary):
            return self.async_abort(
                reason="another_miner",
                description_placeholders={"name": summary.worker_id or data[CONF_HOST]},
            )
        self._async_abort_entries_match(
            {CONF_HOST: data[CONF_HOST], CONF_PORT: data[CONF_PORT]}
        )
        unique_id = summary.id or entry.unique_id
        if unique_id != entry.unique_id:
            await self.async_set_unique_id(unique_id)
            self._abort_if_unique_id_configured()
        return self.async_update_reload_and_abort(
            entry,
            unique_id=unique_id,
            data={**data, CONF_WORKER_ID: summary.worker_id},
        )

    async def _async_try(
        self, user_input: dict[str, Any]
    ) -> tuple[dict[str, Any], Summary | None, dict[str, str]]:
        """Return the cleaned input, and what the miner says there or what went wrong."""
        try:
            data = _cleaned(user_input)
            client = async_create_client(self.hass, data)
        except ValueError:
            return user_input, None, {"base": "invalid_host"}
        try:
            return data, await client.summary(), {}
        except XmrigError as error:
            LOGGER.debug("Adding a miner failed: %s", error)
            return data, None, {"base": error_key(error)}
        except Exception:  # noqa: BLE001
            LOGGER.exception("Unexpected error")
            return data, None, {"base": "unknown"}


def _cleaned(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return the input with its address taken apart, and without an empty token.

    People paste whole addresses: what the scheme and port in them say wins over the
    other fields. Raises ValueError if there is no host in it.
    """
    data = dict(user_input)
    url = _url(data[CONF_HOST].strip())
    if not url.host:
        raise ValueError("no host")
    data[CONF_HOST] = url.host
    data[CONF_PORT] = url.explicit_port or int(data[CONF_PORT])
    if url.scheme:
        data[CONF_SSL] = url.scheme == "https"
    if token := data.pop(CONF_ACCESS_TOKEN, "").strip():
        data[CONF_ACCESS_TOKEN] = token
    return data


def _url(address: str) -> URL:
    """Return an address as a URL, without a scheme unless it has one."""
    try:
        return URL.build(authority=f"[{ipaddress.IPv6Address(address)}]")
    except ValueError:
        url = URL(address if "://" in address else f"//{address}")
    if url.scheme not in ("", "http", "https"):
        raise ValueError("not HTTP")
    return url


def _is_same_miner(
    entry: XmrigConfigEntry, data: Mapping[str, Any], summary: Summary
) -> bool:
    """Return whether the miner that answers is the one of an entry.

    XMRig makes its id from its HTTP port among others, and has none where it found no
    network (src/base/api/Api.cpp:229). In these cases its worker id has to do.
    """
    same_worker: bool = summary.worker_id == entry.data[CONF_WORKER_ID]
    if not summary.id or not entry.unique_id:
        return same_worker
    if summary.id == entry.unique_id:
        return True
    moved_port: bool = (
        data[CONF_HOST] == entry.data[CONF_HOST]
        and data[CONF_PORT] != entry.data[CONF_PORT]
    )
    return same_worker and moved_port
