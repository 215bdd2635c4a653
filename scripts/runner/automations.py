"""The automations of the demo, as the editor of Home Assistant stores them.

They pause miners for a while, and let the manager keep them mining: it decides whether
one mines, so turning one on raises an error when there is no surplus.
"""

from collections.abc import Sequence
from typing import Any

from .client import Client
from .house import (
    CHEAP_PRICE,
    COLD,
    PEAK_HOURS,
    PEAK_PRICE,
    PRICE,
    SENSORS,
    WARM,
    WARM_HOURS,
)
from .miner import DOMAIN, Entry, devices

EDITOR = "config/automation/config"

EXPENSIVE, HOT, OFFLINE = "demo_expensive", "demo_warm_study", "demo_offline"
KEEP = "demo_keep_mining"

EARLIER = {"demo_cheap_hours", "demo_heat_a_room"}
"""Automations that earlier versions of the demo created."""


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
    for key in existing & {EXPENSIVE, HOT, KEEP, OFFLINE, *EARLIER} - wanted.keys():
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
        automations[HOT] = _rest(
            f"{rigs[0].name} rests while the study is warm",
            first,
            SENSORS["study_temperature"],
            (COLD + WARM) / 2,
            WARM_HOURS,
        )
        automations[EXPENSIVE] = _rest(
            f"{rigs[1].name} rests while power is expensive",
            second,
            SENSORS["electricity_price"],
            (PRICE + PEAK_PRICE) / 2,
            PEAK_HOURS,
        )
    if keep := await _keep_mining(client):
        automations[KEEP] = {
            "alias": "Keep mining while power is cheap",
            "use_blueprint": {
                "path": f"{DOMAIN}/cheap_hours.yaml",
                "input": {
                    "mining": keep,
                    "price": SENSORS["electricity_price"],
                    "threshold": (PRICE + CHEAP_PRICE) / 2,
                },
            },
        }
    return automations


async def _keep_mining(client: Client) -> str | None:
    """Return the switch by which the manager never lets miners rest, if there is one."""
    return next(
        (
            entity["entity_id"]
            for entity in await client.command("config/entity_registry/list")
            if entity["platform"] == DOMAIN
            and entity["translation_key"] == "keep_mining"
            and not entity["disabled_by"]
        ),
        None,
    )


def _rest(
    alias: str, mining: str, sensor: str, above: float, hours: tuple[float, float]
) -> dict[str, Any]:
    """Return an automation that pauses a miner once a sensor is above a value.

    The pause is as long as the `hours` of a cycle, in seconds, in which it rises.
    """
    start, end = hours
    return {
        "alias": alias,
        "triggers": [{"trigger": "numeric_state", "entity_id": sensor, "above": above}],
        "conditions": [],
        "actions": [
            {
                "action": "xmrig_miner.pause_for",
                "target": {"entity_id": mining},
                "data": {"duration": {"seconds": end - start}},
                # With a response, there is no error if the miner is off already
                "response_variable": "result",
            }
        ],
    }


def _offline(statuses: list[str]) -> dict[str, Any]:
    """Return an automation that reports offline miners."""
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
