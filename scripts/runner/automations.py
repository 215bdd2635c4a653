"""The automations of the demo, as the editor of Home Assistant stores them.

Those from blueprints switch a miner in addition to the manager: they do not use
surplus, so they do not compete with it.
"""

from collections.abc import Sequence
from typing import Any

from .client import Client
from .house import PEAK_PRICE, PRICE, SENSORS
from .miner import Entry, devices

EDITOR = "config/automation/config"
BLUEPRINTS = "xmrig_miner"

CHEAP, WARM, OFFLINE = "demo_cheap_hours", "demo_heat_a_room", "demo_offline"


async def show(client: Client, entries: Sequence[Entry]) -> None:
    """Create the automations for the two miners, except those that lack an entity.

    Those of an earlier run are replaced. With one miner only, there are none.
    """
    wanted = await _automations(client, entries) if len(entries) > 1 else {}
    existing = {
        state["attributes"].get("id")
        for state in await client.get("states")
        if state["entity_id"].startswith("automation.")
    }
    for key in existing & {CHEAP, WARM, OFFLINE} - wanted.keys():
        await client.delete(f"{EDITOR}/{key}")
    for key, automation in wanted.items():
        await client.post(f"{EDITOR}/{key}", automation)


async def _automations(client: Client, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the automations by their IDs."""
    rigs = [(await devices(client, entry))[0] for entry in entries]
    automations = {OFFLINE: _offline([rig.entities["sensor.status"] for rig in rigs])}
    first, second = (rig.entities.get("switch.mining") for rig in rigs)
    # A read-only miner has no switch
    if first and second:
        automations[WARM] = _from_blueprint(
            "heat_a_room",
            f"{rigs[0].name} heats the study",
            mining=first,
            temperature=SENSORS["study_temperature"],
        )
        automations[CHEAP] = _from_blueprint(
            "cheap_hours",
            f"{rigs[1].name} rests while power is expensive",
            mining=second,
            price=SENSORS["electricity_price"],
            threshold=(PRICE + PEAK_PRICE) / 2,
        )
    return automations


def _from_blueprint(name: str, alias: str, **inputs: Any) -> dict[str, Any]:
    path = f"{BLUEPRINTS}/{name}.yaml"
    return {"alias": alias, "use_blueprint": {"path": path, "input": inputs}}


def _offline(statuses: list[str]) -> dict[str, Any]:
    """Return an automation without a blueprint, which reports offline miners."""
    return {
        "alias": "Tell when a miner is offline",
        "triggers": [
            {
                "trigger": "state",
                "entity_id": statuses,
                "to": "unavailable",
                "for": {"minutes": 1},
            }
        ],
        "conditions": [],
        "actions": [
            {
                "action": "persistent_notification.create",
                "data": {
                    "title": "Miner offline",
                    "message": "{{ device_name(trigger.entity_id) }} has not responded"
                    " for a minute.",
                },
            }
        ],
        "mode": "parallel",
    }
