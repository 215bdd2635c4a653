"""Follows renamed entities that the user chose: meters, thermometers, plugs and so on."""

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .fleet.house import CONF_SOURCES, renamed
from .kinds import AnyConfigEntry


@callback
def async_follow_entities(hass: HomeAssistant) -> None:
    """Keep all config entries up to date when an entity is renamed.

    Also those that are not set up: a computer that sleeps is woken by its options.
    """

    @callback
    def follow(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] == "update":
            old, new = event.data["old_entity_id"], event.data["entity_id"]
            for entry in hass.config_entries.async_entries(DOMAIN):
                _rename(hass, entry, old, new)

    @callback
    def is_rename(data: er.EventEntityRegistryUpdatedData) -> bool:
        return data["action"] == "update" and "old_entity_id" in data

    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED, follow, event_filter=is_rename
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
