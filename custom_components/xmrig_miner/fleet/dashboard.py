"""Find the meters of the house in the preferences of the Energy dashboard."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import valid_entity_id

from ..manager import Flow, Sources
from .house import House, Price


def house_of(preferences: Mapping[str, Any] | None) -> House:
    """Return the house that the preferences of the Energy dashboard describe.

    There, the power of the grid is positive while power is imported, and that of a
    battery while it discharges. Statistics without an entity cannot be read.
    """
    sources: list[Mapping[str, Any]] = list(
        (preferences or {}).get("energy_sources", [])
    )
    grids = [source for source in sources if source.get("type") == "grid"]
    batteries = [source for source in sources if source.get("type") == "battery"]
    panels = [source for source in sources if source.get("type") == "solar"]
    discharging = _flow(batteries)
    return House(
        sources=Sources(
            grid=_flow(grids),
            battery=Flow(plus=discharging.minus, minus=discharging.plus)
            if discharging.sensors
            else None,
            battery_level=next(
                filter(None, (_entity(source, "stat_soc") for source in batteries)),
                None,
            ),
        ),
        importing=_price(grids, "entity_energy_price", "number_energy_price"),
        exporting=_price(
            grids, "entity_energy_price_export", "number_energy_price_export"
        ),
        solar=_flow(panels),
        forecasts=_forecasts(panels),
    )


def _flow(sources: Iterable[Mapping[str, Any]]) -> Flow:
    """Return the total power of the sources.

    The sensors that the user chose take precedence over the one that Home Assistant
    derives from them.
    """
    plus: list[str] = []
    minus: list[str] = []
    for source in sources:
        chosen = source.get("power_config") or source
        added = (
            _entity(chosen, "stat_rate") or _entity(chosen, "stat_rate_from"),
            _entity(chosen, "stat_rate_inverted") or _entity(chosen, "stat_rate_to"),
        )
        for sensors, sensor in zip((plus, minus), added, strict=True):
            if sensor and sensor not in (*plus, *minus):
                sensors.append(sensor)
    return Flow(plus=tuple(plus), minus=tuple(minus))


def _price(sources: Iterable[Mapping[str, Any]], entity: str, number: str) -> Price:
    """Return the first price that any of the sources has."""
    for source in sources:
        if sensor := _entity(source, entity):
            return Price(sensor=sensor)
        if isinstance(value := source.get(number), int | float):
            return Price(number=float(value))
    return Price()


def _forecasts(sources: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the config entry IDs of the solar forecasts of the sources."""
    found = [
        entry_id
        for source in sources
        for entry_id in source.get("config_entry_solar_forecast") or ()
    ]
    return tuple(dict.fromkeys(found))


def _entity(source: Mapping[str, Any], key: str) -> str | None:
    """Return the entity ID stored under a key; None if it is not an entity ID."""
    value = source.get(key)
    return value if isinstance(value, str) and valid_entity_id(value) else None
