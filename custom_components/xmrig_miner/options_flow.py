"""The form of a miner's options."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
import voluptuous as vol

from .const import (
    CONF_KEEP_STATE,
    CONF_MAX_TEMPERATURE,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    CONF_SLEEP_AFTER,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_TEMPERATURE_SENSOR,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
    DEFAULT_POWER_INTERVAL,
)
from .fleet.sleep_options import (
    DEFAULT_SLEEP_AFTER,
    MAX_SLEEP_AFTER,
    MIN_SLEEP_AFTER,
    PLUG_DOMAINS,
    SLEEP_DOMAINS,
    WAKE_DOMAINS,
    SleepOptions,
    is_mac,
)
from .fleet.temperature import MAX_TEMPERATURE
from .flows.power_form import own_entities, power_error, power_fields, sensor_user
from .power.options import MAX_POWER_INTERVAL, MIN_POWER_INTERVAL
from .renamed_entities import async_current_ids, async_deleted

SECTION_RESTART = "restart"
SECTION_POWER = "power"
SECTION_TEMPERATURE = "temperature"
SECTION_SLEEP = "sleep"

SECTIONS = (SECTION_RESTART, SECTION_POWER, SECTION_TEMPERATURE, SECTION_SLEEP)

ENTITIES = {
    CONF_POWER_SENSOR: SECTION_POWER,
    CONF_TEMPERATURE_SENSOR: SECTION_TEMPERATURE,
    CONF_WAKE_ENTITY: SECTION_SLEEP,
    CONF_SLEEP_ENTITY: SECTION_SLEEP,
    CONF_SLEEP_PLUG: SECTION_SLEEP,
}
"""The sections of the options that name an entity."""


class XmrigOptionsFlow(OptionsFlowWithReload):
    """Changes the options of a miner."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the options."""
        if not self.hass.config_entries.async_get_entry(self.handler):
            return self.async_abort(reason="entry_removed")
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            # Stored without sections
            options = {
                key: value
                for fields in user_input.values()
                for key, value in fields.items()
            }
            options = async_current_ids(self.hass, options)
            errors = _errors(options)
            entry_id = self.config_entry.entry_id
            if other := sensor_user(self.hass, options, besides=entry_id):
                errors[SECTION_POWER] = "sensor_of_another_miner"
                placeholders = {"other": other}
            if deleted := async_deleted(self.hass, options):
                errors |= {ENTITIES[key]: "entity_deleted" for key in deleted}
                placeholders["wrong"] = ", ".join(deleted.values())
            if not errors:
                return self.async_create_entry(data=options)
        stored = self.config_entry.options
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _options_schema(own_entities(self.hass)),
                user_input or dict.fromkeys(SECTIONS, stored),
            ),
            errors=errors,
            description_placeholders=placeholders,
        )


def _errors(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the errors of options by section.

    The frontend shows no errors at fields within a section.
    """
    errors: dict[str, str] = {}
    if wrong := power_error(options):
        errors[SECTION_POWER] = next(iter(wrong.values()))
    if CONF_TEMPERATURE_SENSOR in options and CONF_MAX_TEMPERATURE not in options:
        errors[SECTION_TEMPERATURE] = "temperature_incomplete"
    sleep = SleepOptions.from_options(options)
    if CONF_WAKE_MAC in options and not is_mac(options[CONF_WAKE_MAC]):
        errors[SECTION_SLEEP] = "invalid_mac"
    elif sleep.wakes is not sleep.sleeps:
        errors[SECTION_SLEEP] = "sleep_incomplete"
    return errors


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
    temperature = vol.Schema(
        {
            vol.Optional(CONF_TEMPERATURE_SENSOR): EntitySelector(
                EntitySelectorConfig(
                    domain=SENSOR_DOMAIN, device_class=SensorDeviceClass.TEMPERATURE
                )
            ),
            vol.Optional(CONF_MAX_TEMPERATURE): NumberSelector(
                NumberSelectorConfig(
                    min=0, max=MAX_TEMPERATURE, step=1, mode=NumberSelectorMode.BOX
                )
            ),
        }
    )
    return vol.Schema(
        {
            vol.Required(SECTION_RESTART): section(restart),
            vol.Required(SECTION_POWER): section(power),
            vol.Required(SECTION_TEMPERATURE): section(
                temperature, {"collapsed": True}
            ),
            vol.Required(SECTION_SLEEP): section(
                _sleep_schema(own), {"collapsed": True}
            ),
        }
    )


def _sleep_schema(own: list[str]) -> vol.Schema:
    """Return the fields for waking the computer and putting it to sleep."""

    def entity(domains: tuple[str, ...]) -> EntitySelector:
        return EntitySelector(
            EntitySelectorConfig(domain=[*domains], exclude_entities=own)
        )

    return vol.Schema(
        {
            vol.Optional(CONF_WAKE_ENTITY): entity(WAKE_DOMAINS),
            vol.Optional(CONF_WAKE_MAC): TextSelector(),
            vol.Optional(CONF_SLEEP_ENTITY): entity(SLEEP_DOMAINS),
            vol.Optional(CONF_SLEEP_PLUG): entity(PLUG_DOMAINS),
            vol.Required(CONF_SLEEP_AFTER, default=DEFAULT_SLEEP_AFTER): vol.All(
                NumberSelector(
                    NumberSelectorConfig(
                        min=MIN_SLEEP_AFTER,
                        max=MAX_SLEEP_AFTER,
                        step=1,
                        mode=NumberSelectorMode.BOX,
                        unit_of_measurement=UnitOfTime.MINUTES,
                    )
                ),
                vol.Coerce(int),
            ),
        }
    )
