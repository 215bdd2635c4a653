"""The form of a miner's options."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import UnitOfPower, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from .const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KEEP_STATE,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    DEFAULT_POWER_INTERVAL,
)
from .power.model import MAX_WATTS
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
            if (error := _power_error(options)) is None:
                return self.async_create_entry(data=options)
            errors[SECTION_POWER] = error
        own_entities = er.async_entries_for_config_entry(
            er.async_get(self.hass), self.config_entry.entry_id
        )
        stored = self.config_entry.options
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _options_schema([entity.entity_id for entity in own_entities]),
                user_input or {SECTION_RESTART: stored, SECTION_POWER: stored},
            ),
            errors=errors,
        )


def _power_error(options: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the two powers of an estimate, in W."""
    idle, full = options.get(CONF_IDLE_POWER), options.get(CONF_FULL_POWER)
    if (idle is None) != (full is None):
        return "power_incomplete"
    # Also true for what is not a number, which no bound stops.
    if idle is not None and not idle < full:
        return "power_order"
    return None


def _watts() -> NumberSelector:
    """Return a field for a number of W."""
    return NumberSelector(
        NumberSelectorConfig(
            min=0,
            max=MAX_WATTS,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfPower.WATT,
        )
    )


def _options_schema(own_entities: list[str]) -> vol.Schema:
    """Return the form of the options.

    The miner's own power sensor is not offered as its meter.
    """
    restart = vol.Schema(
        {vol.Required(CONF_KEEP_STATE, default=True): BooleanSelector()}
    )
    power = vol.Schema(
        {
            vol.Optional(CONF_POWER_SENSOR): EntitySelector(
                EntitySelectorConfig(
                    domain=SENSOR_DOMAIN,
                    device_class=SensorDeviceClass.POWER,
                    exclude_entities=own_entities,
                )
            ),
            vol.Optional(CONF_IDLE_POWER): _watts(),
            vol.Optional(CONF_FULL_POWER): _watts(),
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
