"""The options of the manager: values that can be empty, unlike those of an entity."""

from typing import Any

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from ..const import CONF_EARNINGS_SENSOR
from ..fleet.runtime import FleetConfigEntry, FleetRuntimeData
from ..fleet.settings import MAX_EARNINGS, MAX_PRICE
from ..renamed_entities import async_current_ids, async_deleted

CONF_EARNINGS = "earnings"
CONF_PRICE_LIMIT = "price_limit"


class ManagerOptionsFlow(OptionsFlowWithReload):
    """Changes the earnings of mining, and the highest price to pay for energy."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin with the form of the options."""
        return await self.async_step_manager(user_input)

    async def async_step_manager(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the options; the two numbers are settings that also have entities."""
        if (runtime := self._runtime_data()) is None:
            return self._async_end()
        errors: dict[str, str] = {}
        deleted: dict[str, str] = {}
        if user_input is not None:
            user_input = async_current_ids(self.hass, user_input)
            deleted = async_deleted(self.hass, user_input)
            errors = dict.fromkeys(deleted, "entity_deleted")
        if user_input is not None and not errors:
            numbers = {
                key: user_input.get(key) for key in (CONF_EARNINGS, CONF_PRICE_LIMIT)
            }
            try:
                await runtime.async_change(**numbers)
            except HomeAssistantError:
                errors["base"] = "not_written"
            if self._runtime_data() is not runtime:
                # The manager was removed or unloaded while they were saved
                return self._async_end()
            if not errors:
                sensor = user_input.get(CONF_EARNINGS_SENSOR)
                return self.async_create_entry(
                    data={CONF_EARNINGS_SENSOR: sensor} if sensor else {}
                )
        stored = {
            **self.config_entry.options,
            CONF_EARNINGS: runtime.settings.earnings,
            CONF_PRICE_LIMIT: runtime.settings.price_limit,
        }
        shown = user_input or {
            key: value for key, value in stored.items() if value is not None
        }
        return self.async_show_form(
            step_id="manager",
            data_schema=self.add_suggested_values_to_schema(_schema(), shown),
            errors=errors,
            description_placeholders={"wrong": ", ".join(deleted.values())},
        )

    @callback
    def _async_end(self) -> ConfigFlowResult:
        """End the form, because the manager was removed or is not loaded."""
        if self.hass.config_entries.async_get_entry(self.handler) is None:
            return self.async_abort(reason="manager_removed")
        return self.async_abort(reason="not_loaded")

    def _runtime_data(self) -> FleetRuntimeData | None:
        """Return the runtime data of the manager; None if it is not loaded."""
        entry: FleetConfigEntry | None
        entry = self.hass.config_entries.async_get_entry(self.handler)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data


def _schema() -> vol.Schema:
    """Return the schema of the form."""
    return vol.Schema(
        {
            vol.Optional(CONF_EARNINGS_SENSOR): EntitySelector(
                EntitySelectorConfig(domain=["sensor", "input_number"])
            ),
            vol.Optional(CONF_EARNINGS): _number(0, MAX_EARNINGS),
            vol.Optional(CONF_PRICE_LIMIT): _number(-MAX_PRICE, MAX_PRICE),
        }
    )


def _number(minimum: float, maximum: float) -> NumberSelector:
    """Return the selector of an amount of money."""
    return NumberSelector(
        NumberSelectorConfig(
            min=minimum, max=maximum, step="any", mode=NumberSelectorMode.BOX
        )
    )
