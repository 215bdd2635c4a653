"""What the dashboard shows of the manager beside its entities, over WebSocket.

It is read-only, and is for everyone who may see the entities of the manager: it contains
no more than these can show.
"""

from dataclasses import asdict
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import voluptuous as vol

from ..const import DOMAIN
from ..fleet.runtime import FleetConfigEntry
from ..kinds import AnyConfigEntry, EntryKind, entries_of_kind

type Json = dict[str, Any]


@callback
def async_register_details(hass: HomeAssistant) -> None:
    """Register the command."""
    websocket_api.async_register_command(hass, websocket_details)


@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/details",
        vol.Required("config_entry_id"): str,
    }
)
@callback
def websocket_details(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: Json
) -> None:
    """Send what the dashboard shows of the manager beside its entities."""
    entry = hass.config_entries.async_get_entry(msg["config_entry_id"])
    if (
        entry is None
        or entry not in entries_of_kind(hass, EntryKind.MANAGER)
        or not _may_read(hass, connection, entry)
    ):
        connection.send_error(
            msg["id"], websocket_api.ERR_NOT_FOUND, "Config entry not found"
        )
    elif entry.state is not ConfigEntryState.LOADED:
        connection.send_error(
            msg["id"], "not_loaded", f"{entry.title} is not set up at the moment"
        )
    else:
        connection.send_result(msg["id"], _manager(entry))


def _may_read(
    hass: HomeAssistant,
    connection: websocket_api.ActiveConnection,
    entry: AnyConfigEntry,
) -> bool:
    """Return whether a user may see all entities of a config entry."""
    permissions = connection.user.permissions
    if permissions.access_all_entities(POLICY_READ):
        return True
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return all(
        permissions.check_entity(entity.entity_id, POLICY_READ) for entity in entities
    )


def _manager(entry: FleetConfigEntry) -> Json:
    """Return the energy of mining today, in kWh by where it came from."""
    account = entry.runtime_data.coordinator.data.account
    return {
        "today": {
            source: round(energy, 3) for source, energy in asdict(account.today).items()
        },
    }
