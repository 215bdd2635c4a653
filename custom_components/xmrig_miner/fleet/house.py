"""The meters of the house, and how they are stored if the user chooses them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..manager import Flow, Sources

CONF_SOURCES = "sources"
"""Key of the sensors that the user chose. Without it, the Energy dashboard is used."""

CONF_GRID_POWER = "grid_power"
CONF_GRID_EXPORT = "grid_export"
CONF_GRID_INVERTED = "grid_inverted"
CONF_BATTERY_POWER = "battery_power"
CONF_BATTERY_DISCHARGE = "battery_discharge"
CONF_BATTERY_INVERTED = "battery_inverted"
CONF_BATTERY_LEVEL = "battery_level"
CONF_IMPORT_PRICE_SENSOR = "import_price_sensor"
CONF_IMPORT_PRICE = "import_price"
CONF_EXPORT_PRICE_SENSOR = "export_price_sensor"
CONF_EXPORT_PRICE = "export_price"
CONF_SOLAR_POWER = "solar_power"


@dataclass(frozen=True, kw_only=True)
class Price:
    """A price per kWh, from a sensor or as a number."""

    sensor: str | None = None
    number: float | None = None


@dataclass(frozen=True, kw_only=True)
class House:
    """The meters of a house, and its energy prices."""

    sources: Sources = field(default_factory=Sources)
    importing: Price = field(default_factory=Price)
    exporting: Price = field(default_factory=Price)
    solar: Flow = field(default_factory=Flow)
    """The power of the solar panels."""
    forecasts: tuple[str, ...] = ()
    """IDs of the config entries that forecast the solar power."""

    @property
    def has_grid(self) -> bool:
        """Return whether there is a grid meter."""
        return bool(self.sources.grid.sensors)

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Return the IDs of all entities to read, by role."""
        sources = self.sources
        battery = sources.battery or Flow()
        return {
            "grid_import": sources.grid.plus,
            "grid_export": sources.grid.minus,
            "battery_charge": battery.plus,
            "battery_discharge": battery.minus,
            "battery_level": _one(sources.battery_level),
            "import_price": _one(self.importing.sensor),
            "export_price": _one(self.exporting.sensor),
            "solar": self.solar.sensors,
        }

    @property
    def sensors(self) -> frozenset[str]:
        """Return the IDs of all entities to read."""
        return frozenset(chain.from_iterable(self.roles.values()))


def chosen_house(chosen: Mapping[str, Any]) -> House:
    """Return the house with the sensors that the user chose.

    The power of the grid is positive while power is imported, and that of the battery
    while it charges, unless they are inverted. Several sensors are added up.
    """
    battery = _chosen_flow(
        chosen, CONF_BATTERY_POWER, CONF_BATTERY_DISCHARGE, CONF_BATTERY_INVERTED
    )
    return House(
        sources=Sources(
            grid=_chosen_flow(
                chosen, CONF_GRID_POWER, CONF_GRID_EXPORT, CONF_GRID_INVERTED
            ),
            battery=battery if battery.sensors else None,
            battery_level=chosen.get(CONF_BATTERY_LEVEL),
        ),
        importing=Price(
            sensor=chosen.get(CONF_IMPORT_PRICE_SENSOR),
            number=chosen.get(CONF_IMPORT_PRICE),
        ),
        exporting=Price(
            sensor=chosen.get(CONF_EXPORT_PRICE_SENSOR),
            number=chosen.get(CONF_EXPORT_PRICE),
        ),
        solar=Flow(plus=tuple(chosen.get(CONF_SOLAR_POWER, ()))),
    )


def renamed(chosen: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return what the user chose, with the entity ID `old` replaced by `new`."""

    def rename(value: Any) -> Any:
        if isinstance(value, list):
            return [rename(item) for item in value]
        return new if value == old else value

    return {key: rename(value) for key, value in chosen.items()}


def _chosen_flow(
    chosen: Mapping[str, Any], power: str, opposite: str, inverted: str
) -> Flow:
    """Return the flow from the sensors that the user chose for it."""
    plus, minus = tuple(chosen.get(power, ())), tuple(chosen.get(opposite, ()))
    return Flow(minus, plus) if chosen.get(inverted) else Flow(plus, minus)


def _one(entity: str | None) -> tuple[str, ...]:
    """Return an optional entity ID as a tuple."""
    return (entity,) if entity else ()
