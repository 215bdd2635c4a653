"""The form of a miner's options."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from .const import CONF_KEEP_STATE, CONF_POWER_INTERVAL, DEFAULT_POWER_INTERVAL
from .flows.power_form import own_entities, power_error, power_fields
from .power.options import MAX_POWER_INTERVAL, MIN_POWER_INTERVAL

SECTION_RESTART = "restart"
SECTION_POWER = "power"


class XmrigOptionsFlow(OptionsFlowWithReload):
    """Changes the options of a miner."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            # Stored without sections
            options = user_input[SECTION_RESTART] | user_input[SECTION_POWER]
            wrong = power_error(options)
            if not wrong:
                return self.async_create_entry(data=options)
            # The frontend shows no error at the fields of a section
            errors[SECTION_POWER] = next(iter(wrong.values()))
        stored = self.config_entry.options
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _options_schema(own_entities(self.hass)),
                user_input or {SECTION_RESTART: stored, SECTION_POWER: stored},
            ),
            errors=errors,
        )


def _options_schema(own: list[str]) -> vol.Schema:
    """Return the form of the options.

    None of the integration's `own` entities is offered as a meter.
    """
    restart = vol.Schema(
        {vol.Required(CONF_KEEP_STATE, default=True): BooleanSelector()}
    )
    power = vol.Schema(
        {
            **power_fields(own),
            vol.Required(CONF_POWER_INTERVAL, default=DEFAULT_POWER_INTERVAL): vol.All(
                NumberSelector(
                    NumberSelectorConfig(
                        min=MIN_POWER_INTERVAL,
                        max=MAX_POWER_INTERVAL,
                        step=1,
                        mode=NumberSelectorMode.BOX,
                        unit_of_measurement=UnitOfTime.SECONDS,
                    )
                ),
                vol.Coerce(int),
            ),
        }
    )
    return vol.Schema(
        {
            vol.Required(SECTION_RESTART): section(restart),
            vol.Required(SECTION_POWER): section(power),
        }
    )
