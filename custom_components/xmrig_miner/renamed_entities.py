"""Follows renamed entities that the user chose: meters, thermometers, plugs and so on."""

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
    """Note renamed entities from now on, for forms that are open meanwhile.

    The form of the first miner comes before anything is set up.
    """
    if _RENAMES not in hass.data:
        hass.data[_RENAMES] = {}
        _async_listen(hass, hass.data[_RENAMES].__setitem__)


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
