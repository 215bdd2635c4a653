"""Follows renamed entities that options name: meters, thermometers, plugs and so on."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_POWER_SENSOR, DOMAIN
from .fleet.house import renamed
from .kinds import AnyConfigEntry, is_miner


@callback
def async_follow_entities(hass: HomeAssistant) -> None:
    """Keep the options of all config entries up to date when an entity is renamed.

    Also of those that are not set up: a computer that sleeps is woken by its options.
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
    """Rename an entity in the options of a config entry, if they name it."""
    options = renamed(entry.options, old, new)
    if options == entry.options:
        return
    is_loaded = is_miner(entry) and entry.state is ConfigEntryState.LOADED
    if is_loaded and entry.options.get(CONF_POWER_SENSOR) == old:
        entry.runtime_data.power.rename_sensor(new)
    hass.config_entries.async_update_entry(entry, options=options)
    if not entry.disabled_by:
        hass.config_entries.async_schedule_reload(entry.entry_id)
