"""What the dashboard shows of a config entry beside its entities, over WebSocket.

It is read-only, and is for everyone who may see the entities of the config entry: it
contains no more than these can show. Pools are labelled as by their select.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import voluptuous as vol

from ..api.snapshot import Snapshot
from ..const import DOMAIN
from ..fleet.runtime import FleetConfigEntry
from ..kinds import AnyConfigEntry, EntryKind, entry_kind
from ..power.model import PowerModel
from ..readings import rounded
from ..runtime import XmrigConfigEntry

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
    """Send what the dashboard shows of a config entry beside its entities."""
    entry = hass.config_entries.async_get_entry(msg["config_entry_id"])
    details = _details(entry)
    if entry is None or details is None or not _may_read(hass, connection, entry):
        connection.send_error(
            msg["id"], websocket_api.ERR_NOT_FOUND, "Config entry not found"
        )
    elif entry.state is not ConfigEntryState.LOADED:
        connection.send_error(
            msg["id"], "not_loaded", f"{entry.title} is not set up at the moment"
        )
    else:
        connection.send_result(msg["id"], details(entry))


def _details(entry: AnyConfigEntry | None) -> Callable[[Any], Json] | None:
    """Return what reads the details of a config entry; None if it has none."""
    if entry is None or entry.domain != DOMAIN:
        return None
    return _DETAILS.get(entry_kind(entry))


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


def _miner(entry: XmrigConfigEntry) -> Json:
    """Return the pools of a miner and what is known of its power."""
    runtime = entry.runtime_data
    return {
        "kind": EntryKind.MINER,
        "pools": pools(runtime.coordinator.data),
        "curve": curve(runtime.power.meter.model),
        "cards_power": round(runtime.power.meter.cards_watts, 1),
    }


def pools(snapshot: Snapshot) -> list[Json]:
    """Return the pools in the order in which the miner tries them.

    A pool that was preferred from here is the first, before the user's order.
    """
    config, user_config = snapshot.config, snapshot.user_config
    if config is None or user_config is None:
        return []
    connection, preferred = snapshot.summary.connection, snapshot.preferred_pool
    labelled = zip(user_config.pool_labels, user_config.pools, strict=True)
    found: list[Json] = [
        {
            "name": label,
            "enabled": label == preferred or bool(pool.get("enabled", True)),
            "preferred": label == preferred,
            # Of several pools at one address, which XMRig does not tell apart, this is
            # the first: the labels of the others have a number
            "connected": connection.is_connected and label == connection.pool,
        }
        for label, pool in labelled
    ]
    return sorted(found, key=lambda pool: not pool["preferred"])


def curve(model: PowerModel) -> list[Json]:
    """Return W and H/s for each number of threads, from none to all.

    Power and hashrate are None where nothing is known of them, or only a bound.
    """
    return [
        {
            "threads": threads,
            "power": rounded(model.likely_watts(threads), 1),
            "hashrate": rounded(model.hashrate(threads), 1),
            "is_measured": threads in model.watts_seen
            and (threads == 0 or threads in model.hashrates_seen),
        }
        for threads in range(model.threads + 1)
    ]


def _manager(entry: FleetConfigEntry) -> Json:
    """Return the energy of mining today, in kWh by where it came from."""
    account = entry.runtime_data.coordinator.data.account
    return {
        "kind": EntryKind.MANAGER,
        "today": {
            source: round(energy, 3) for source, energy in asdict(account.today).items()
        },
    }


_DETAILS: dict[EntryKind, Callable[[Any], Json]] = {
    EntryKind.MINER: _miner,
    EntryKind.MANAGER: _manager,
}
