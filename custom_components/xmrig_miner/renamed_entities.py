"""Follows entities that the user chose, such as meters, if they are renamed or deleted."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .fleet.house import CONF_SOURCES, renamed
from .kinds import AnyConfigEntry

_RENAMES: HassKey[dict[str, str]] = HassKey(f"{DOMAIN}_renames")
"""The new IDs of entities that were renamed, by their old IDs."""

_DELETED: HassKey[set[str]] = HassKey(f"{DOMAIN}_deleted")
"""The IDs of entities that were deleted; some may exist again."""


@callback
def async_follow_entities(hass: HomeAssistant) -> None:
    """Keep all config entries up to date when an entity is renamed.

    Also those that are not set up: a computer that sleeps is woken by its options.
    """

    @callback
    def follow(old: str, new: str) -> None:
        for entry in hass.config_entries.async_entries(DOMAIN):
            _rename(hass, entry, old, new)

    _async_listen(hass, follow)
    async_note_renames(hass)


@callback
def async_note_renames(hass: HomeAssistant) -> None:
    """Note renamed and deleted entities from now on, for forms that are open meanwhile.

    The form of the first miner comes before anything is set up.
    """
    if _RENAMES not in hass.data:
        hass.data[_RENAMES], hass.data[_DELETED] = {}, set()
        _async_listen(hass, hass.data[_RENAMES].__setitem__)
        _async_listen_for_deleted(hass, hass.data[_DELETED].add)


@callback
def async_current_ids(hass: HomeAssistant, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form submitted, with the new IDs of entities renamed meanwhile.

    An ID that another entity has by now stays: the form shows that entity.
    """
    current = dict(chosen)
    registry, renames = er.async_get(hass), hass.data[_RENAMES]
    for old in renames:
        new, seen = old, set[str]()
        while (
            new in renames and new not in seen and not registry.async_is_registered(new)
        ):
            seen.add(new)
            new = renames[new]
        current = renamed(current, old, new)
    return current


@callback
def async_deleted(hass: HomeAssistant, chosen: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form with entities that were deleted meanwhile, and which.

    Others may not exist yet, for example while Home Assistant starts.
    """
    registry = er.async_get(hass)
    gone = {
        entity_id
        for entity_id in hass.data[_DELETED]
        if not registry.async_is_registered(entity_id)
        and not hass.states.get(entity_id)
    }
    found = {
        key: gone.intersection(value if isinstance(value, list) else [value])
        for key, value in chosen.items()
    }
    return {key: ", ".join(sorted(ids)) for key, ids in found.items() if ids}


@callback
def _async_listen(hass: HomeAssistant, on_rename: Callable[[str, str], None]) -> None:
    """Call a function with the old and the new ID of each entity that is renamed."""

    @callback
    def handle(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] == "update":
            on_rename(event.data["old_entity_id"], event.data["entity_id"])

    @callback
    def is_rename(data: er.EventEntityRegistryUpdatedData) -> bool:
        return data["action"] == "update" and "old_entity_id" in data

    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED, handle, event_filter=is_rename
    )


@callback
def _async_listen_for_deleted(
    hass: HomeAssistant, on_delete: Callable[[str], None]
) -> None:
    """Call a function with the ID of each entity that is deleted."""

    @callback
    def handle(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        on_delete(event.data["entity_id"])

    @callback
    def is_deletion(data: er.EventEntityRegistryUpdatedData) -> bool:
        return data["action"] == "remove"

    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED, handle, event_filter=is_deletion
    )


def _rename(hass: HomeAssistant, entry: AnyConfigEntry, old: str, new: str) -> None:
    """Rename an entity in a config entry, if it names it."""
    data = dict(entry.data)
    if CONF_SOURCES in data:
        data[CONF_SOURCES] = renamed(data[CONF_SOURCES], old, new)
    options = renamed(entry.options, old, new)
    is_changed = hass.config_entries.async_update_entry(
        entry, data=data, options=options
    )
    if is_changed and not entry.disabled_by:
        hass.config_entries.async_schedule_reload(entry.entry_id)
