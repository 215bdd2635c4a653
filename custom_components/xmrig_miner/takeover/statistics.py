"""Update the units in the statistics of imported entities.

The other integrations use `cnt`, `dif` or no unit. The recorder compiles no further
statistics while the stored unit is still the old one.
"""

from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import (
    async_update_statistics_metadata,
    get_metadata,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_RESTORED,
    ATTR_UNIT_OF_MEASUREMENT,
    EVENT_RECORDER_5MIN_STATISTICS_GENERATED,
    Platform,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from .record import import_of

RENAMED_UNITS = frozenset(
    {"shares_accepted", "shares_rejected", "difficulty", "hashes"}
)
"""Keys of the entities that have a different unit in the other integrations."""


async def async_renew_units(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Keep the statistics of imported entities in the units of their states.

    Statistics from before the import may be compiled after it, with the old unit. The
    units are therefore checked now and after each compilation. Call this once the
    entities exist.
    """
    plan = import_of(entry)
    if plan is None or "recorder" not in hass.config.components:
        return
    unique_ids = [
        f"{entry.entry_id}_{taken.key}"
        for taken in plan.entities
        if taken.key in RENAMED_UNITS
    ]

    async def renew(_: Event | None = None) -> None:
        registry = er.async_get(hass)
        units = {}
        for unique_id in unique_ids:
            entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
            state = hass.states.get(entity_id) if entity_id else None
            if state and not state.attributes.get(ATTR_RESTORED):
                units[state.entity_id] = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if not units:
            return
        found = await get_instance(hass).async_add_executor_job(
            lambda: get_metadata(hass, statistic_ids=set(units))
        )
        update_units(hass, units, found)

    entry.async_on_unload(
        hass.bus.async_listen(EVENT_RECORDER_5MIN_STATISTICS_GENERATED, renew)
    )
    await renew()


@callback
def update_units(
    hass: HomeAssistant, units: dict[str, str | None], found: dict[str, Any]
) -> None:
    """Change the unit of statistics that differs from `units`."""
    for statistic_id, (_, metadata) in found.items():
        if metadata["unit_of_measurement"] != units[statistic_id]:
            async_update_statistics_metadata(
                hass,
                statistic_id,
                new_unit_of_measurement=units[statistic_id],
                new_unit_class=None,
            )
