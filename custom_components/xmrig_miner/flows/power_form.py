"""The form fields for the power of a computer."""

from collections.abc import Iterator, Mapping
import re
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from ..const import CONF_FULL_POWER, CONF_IDLE_POWER, CONF_POWER_SENSOR, DOMAIN
from ..kinds import EntryKind, entries_of_kind
from ..power.model import MAX_WATTS

MIN_NAME = 3
"""Minimum length of a miner's name to search for; shorter ones match too much."""


def own_entities(hass: HomeAssistant) -> list[str]:
    """Return the IDs of this integration's entities, none of which is a meter."""
    return [
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.platform == DOMAIN
    ]


def power_fields(own: list[str]) -> dict[vol.Optional, Any]:
    """Return the fields: a power sensor, and the idle and full-load power in W.

    The integration's `own` entities are not offered as a power sensor.
    """
    watts = NumberSelector(
        NumberSelectorConfig(
            min=0,
            max=MAX_WATTS,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfPower.WATT,
        )
    )
    return {
        vol.Optional(CONF_POWER_SENSOR): EntitySelector(
            EntitySelectorConfig(
                domain=SENSOR_DOMAIN,
                device_class=SensorDeviceClass.POWER,
                exclude_entities=own,
            )
        ),
        vol.Optional(CONF_IDLE_POWER): watts,
        vol.Optional(CONF_FULL_POWER): watts,
    }


def power_error(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the error of the idle and full-load power, by field; empty if valid."""
    idle, full = options.get(CONF_IDLE_POWER), options.get(CONF_FULL_POWER)
    if (idle is None) != (full is None):
        return {
            CONF_IDLE_POWER if idle is None else CONF_FULL_POWER: "power_incomplete"
        }
    # Written with `not` to reject NaN too, which passes all bounds.
    if idle is not None and not idle < full:
        return {CONF_FULL_POWER: "power_order"}
    return {}


@callback
def sensor_user(
    hass: HomeAssistant, options: Mapping[str, Any], *, besides: str | None = None
) -> str | None:
    """Return the name of another miner with the power sensor of these options.

    None if there is none. What both draw would count twice. `besides` is the ID of the
    config entry that has these options.
    """
    sensor = options.get(CONF_POWER_SENSOR)
    return next(
        (
            entry.title
            for entry in entries_of_kind(hass, EntryKind.MINER, include_disabled=False)
            if sensor
            and entry.options.get(CONF_POWER_SENSOR) == sensor
            and entry.entry_id != besides
        ),
        None,
    )


@callback
def find_plug(hass: HomeAssistant, miner: str) -> str | None:
    """Return the power sensor whose name, device or area matches the name of a miner.

    None if there is none, if several match equally well, or if it is another miner's.
    """
    wanted = _words(miner)
    if len("".join(wanted)) < MIN_NAME:
        return None
    found: dict[int, list[str]] = {}
    for state in hass.states.async_all(SENSOR_DOMAIN):
        entity = er.async_get(hass).async_get(state.entity_id)
        if state.attributes.get("device_class") != SensorDeviceClass.POWER or (
            entity and entity.platform == DOMAIN
        ):
            continue
        names = [[state.entity_id, state.name], *_places(hass, entity)]
        for rank, texts in enumerate(names):
            if any(_contains(_words(text), wanted) for text in texts):
                found.setdefault(rank, []).append(state.entity_id)
                break
    best = found[min(found)] if found else []
    if len(best) != 1 or sensor_user(hass, {CONF_POWER_SENSOR: best[0]}):
        return None
    return best[0]


def _places(
    hass: HomeAssistant, entity: er.RegistryEntry | None
) -> Iterator[list[str]]:
    """Yield the names of an entity's device, then those of its area."""
    if entity is None:
        return
    device = (
        dr.async_get(hass).async_get(entity.device_id) if entity.device_id else None
    )
    yield [name for name in (device and (device.name_by_user or device.name),) if name]
    area_id = entity.area_id or (device and device.area_id)
    area = ar.async_get(hass).async_get_area(area_id) if area_id else None
    yield [area.name] if area else []


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case."""
    return re.findall(r"[^\W_]+", text.casefold())


def _contains(words: list[str], wanted: list[str]) -> bool:
    """Return whether `wanted` occurs in `words` as a consecutive sequence."""
    count = len(wanted)
    return any(
        words[first : first + count] == wanted
        for first in range(len(words) - count + 1)
    )
