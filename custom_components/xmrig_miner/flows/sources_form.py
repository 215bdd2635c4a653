"""The form in which the user chooses the sensors that the manager reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity import get_unit_of_measurement
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from ..fleet.house import (
    CONF_BATTERY_DISCHARGE,
    CONF_BATTERY_INVERTED,
    CONF_BATTERY_LEVEL,
    CONF_BATTERY_POWER,
    CONF_EXPORT_PRICE,
    CONF_EXPORT_PRICE_SENSOR,
    CONF_GRID_EXPORT,
    CONF_GRID_INVERTED,
    CONF_GRID_POWER,
    CONF_IMPORT_PRICE,
    CONF_IMPORT_PRICE_SENSOR,
    CONF_SOLAR_POWER,
)
from ..fleet.settings import MAX_PRICE
from ..renamed_entities import async_deleted

SECTION_BATTERY = "battery"
SECTION_PRICES = "prices"
SECTION_SOLAR = "solar"

SECTIONS = {
    SECTION_BATTERY: (
        CONF_BATTERY_POWER,
        CONF_BATTERY_INVERTED,
        CONF_BATTERY_DISCHARGE,
        CONF_BATTERY_LEVEL,
    ),
    SECTION_PRICES: (
        CONF_IMPORT_PRICE_SENSOR,
        CONF_IMPORT_PRICE,
        CONF_EXPORT_PRICE_SENSOR,
        CONF_EXPORT_PRICE,
    ),
    SECTION_SOLAR: (CONF_SOLAR_POWER,),
}
"""Fields by section; those of the grid are above all sections."""

POWERS = (
    CONF_GRID_POWER,
    CONF_GRID_EXPORT,
    CONF_BATTERY_POWER,
    CONF_BATTERY_DISCHARGE,
    CONF_SOLAR_POWER,
)
"""Fields of power sensors, each of which accepts several."""

SENSORS = (
    *POWERS,
    CONF_BATTERY_LEVEL,
    CONF_IMPORT_PRICE_SENSOR,
    CONF_EXPORT_PRICE_SENSOR,
)

DIRECTIONS = (
    (CONF_GRID_POWER, CONF_GRID_EXPORT, CONF_GRID_INVERTED),
    (CONF_BATTERY_POWER, CONF_BATTERY_DISCHARGE, CONF_BATTERY_INVERTED),
)
"""Fields of one direction, the opposite direction, and the sign of a single sensor."""

PRICES = (
    (CONF_IMPORT_PRICE_SENSOR, CONF_IMPORT_PRICE),
    (CONF_EXPORT_PRICE_SENSOR, CONF_EXPORT_PRICE),
)

MAX_PHASES = 3

UNITS = ("W", "kW", "MW")


@dataclass(frozen=True)
class SourcesErrors:
    """The errors in what was entered."""

    fields: dict[str, str] = field(default_factory=dict)
    """Errors by field, or by section for a field inside one, where the frontend shows
    no errors."""
    sensors: str = ""
    """The sensors that caused the error."""


def chosen(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered, without sections and empty fields."""
    flat = {
        key: value
        for name, part in entered.items()
        for key, value in (part if name in SECTIONS else {name: part}).items()
    }
    return {
        key: value
        for key, value in flat.items()
        if value is not False and value not in (None, "", [])
    }


def in_sections(sources: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen in the structure of the form, without empty sections."""
    places = {key: name for name, keys in SECTIONS.items() for key in keys}
    shown: dict[str, Any] = {}
    for key, value in sources.items():
        part = shown.setdefault(places[key], {}) if key in places else shown
        part[key] = value
    return shown


def sources_schema(own: list[str], expanded: Collection[str]) -> vol.Schema:
    """Return the schema of the form.

    `own` are the entities of this integration, which are not offered as power or price
    sensors. `expanded` are the sections to expand.
    """
    power = EntitySelector(
        EntitySelectorConfig(
            domain=SENSOR_DOMAIN,
            device_class=SensorDeviceClass.POWER,
            exclude_entities=own,
            multiple=True,
        )
    )
    level = EntitySelector(
        EntitySelectorConfig(
            domain=SENSOR_DOMAIN, device_class=SensorDeviceClass.BATTERY
        )
    )
    price_sensor = EntitySelector(
        EntitySelectorConfig(
            domain=[SENSOR_DOMAIN, "input_number", "number"], exclude_entities=own
        )
    )
    price = NumberSelector(
        NumberSelectorConfig(
            min=-MAX_PRICE, max=MAX_PRICE, step="any", mode=NumberSelectorMode.BOX
        )
    )
    selectors: dict[str, Any] = {
        **dict.fromkeys(POWERS, power),
        **{key: BooleanSelector() for *_, key in DIRECTIONS},
        CONF_BATTERY_LEVEL: level,
        **{sensor: price_sensor for sensor, _ in PRICES},
        **{number: price for _, number in PRICES},
    }

    def fields(*keys: str) -> dict[vol.Required | vol.Optional, Any]:
        return {
            vol.Required(key, default=False)
            if isinstance(selectors[key], BooleanSelector)
            else vol.Optional(key): selectors[key]
            for key in keys
        }

    return vol.Schema(
        {
            vol.Required(CONF_GRID_POWER): power,
            **fields(CONF_GRID_INVERTED, CONF_GRID_EXPORT),
            **{
                vol.Required(name): section(
                    vol.Schema(fields(*keys)), {"collapsed": name not in expanded}
                )
                for name, keys in SECTIONS.items()
            },
        }
    )


def sources_errors(
    hass: HomeAssistant, sources: Mapping[str, Any]
) -> SourcesErrors | None:
    """Return the first error in what was chosen; None if it is valid."""
    named = {key: _listed(sources.get(key)) for key in SENSORS}
    if not named[CONF_GRID_POWER]:
        return _error(CONF_GRID_POWER, "grid_missing")
    if deleted := async_deleted(hass, sources):
        key = next(iter(deleted))
        return _error(key, "entity_deleted", deleted[key])
    seen: set[str] = set()
    for key, sensors in named.items():
        if len(sensors) > MAX_PHASES and key != CONF_SOLAR_POWER:
            return _error(key, "too_many_phases")
        if twice := [s for s in sensors if s in seen or sensors.count(s) > 1]:
            return _error(key, "sensor_twice", *twice)
        seen.update(sensors)
        if key in POWERS and (
            odd := [s for s in sensors if _unit(hass, s) not in UNITS]
        ):
            return _error(key, "no_power", *odd)
    for power, opposite, inverted in DIRECTIONS:
        if named[opposite] and not named[power]:
            return _error(opposite, "one_direction")
        if named[opposite] and sources.get(inverted):
            return _error(inverted, "two_directions")
    for sensor, number in PRICES:
        if named[sensor] and number in sources:
            return _error(number, "two_prices")
    return None


def _error(key: str, error: str, *sensors: str) -> SourcesErrors:
    """Return an error for a field, or for the section that it is in."""
    place = next((name for name, keys in SECTIONS.items() if key in keys), key)
    return SourcesErrors({place: error}, ", ".join(sorted(set(sensors))))


def _listed(value: str | list[str] | None) -> list[str]:
    """Return the sensors of a field, which holds one or several."""
    return value if isinstance(value, list) else [value] if value else []


def _unit(hass: HomeAssistant, sensor: str) -> str | None:
    """Return the unit of a sensor; None if it has none or does not exist."""
    try:
        return get_unit_of_measurement(hass, sensor)
    except HomeAssistantError:
        return None
