"""The manager, whose switch of a miner is a command too."""

import asyncio

from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_UNKNOWN
from homeassistant.core import ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import (
    CONF_KIND,
    CONF_SLEEP_ENTITY,
    CONF_WAKE_ENTITY,
    DOMAIN,
)
from custom_components.xmrig_miner.fleet.house import CONF_SOURCES
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from tests.common import Rig
from tests.watts import NUMBERS

from .trial import VirtualRig

MANAGED = "switch.managed"
MANAGER = "manager"

SLEEP, WAKE = "input_button.sleep", "input_button.wake"
SLEEPING = {**NUMBERS, CONF_SLEEP_ENTITY: SLEEP, CONF_WAKE_ENTITY: WAKE}

FALLS_ASLEEP = 80
"""Seconds without a reply after which a computer is asleep, and a poll."""

WAKES_UP = 15
"""Seconds in which a poll finds it awake, and the manager sets its threads."""


async def set_up_manager(rig: VirtualRig) -> None:
    """Add the manager, and let all miners rest, which needs no meter."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Manager",
        entry_id=MANAGER,
        unique_id=MANAGER_ID,
        data={CONF_KIND: EntryKind.MANAGER.value, CONF_SOURCES: {}},
    )
    entry.add_to_hass(rig.hass)
    await Rig(rig.hass, rig.simulator, entry, rig.freezer).set_up()
    await select_mode(STATE_OFF, rig)


async def select_mode(mode: str, rig: VirtualRig) -> None:
    """Select a mode of the manager, and wait until it has done what follows."""
    data = {ATTR_ENTITY_ID: _entity_id(rig, "select", "mode"), "option": mode}
    await rig.hass.services.async_call("select", "select_option", data, blocking=True)
    await rig.settled()


def _entity_id(rig: VirtualRig, platform: str, key: str) -> str | None:
    """Return the id of an entity of the manager."""
    registry = er.async_get(rig.hass)
    return registry.async_get_entity_id(platform, DOMAIN, f"{MANAGER}_{key}")


async def put_to_sleep(rig: VirtualRig) -> None:
    """Add the manager, and put the computer of the miner to sleep by its button."""
    simulator, hass = rig.simulator, rig.hass

    async def press(call: ServiceCall) -> None:
        entity_id = call.data[ATTR_ENTITY_ID]
        if entity_id == SLEEP:
            await simulator.go_offline()
        else:
            await simulator.go_online()
            simulator.restart()
        hass.states.async_set(entity_id, dt_util.utcnow().isoformat())

    hass.services.async_register("input_button", "press", press)
    for entity_id in (SLEEP, WAKE):
        hass.states.async_set(entity_id, STATE_UNKNOWN)
    await set_up_manager(rig)
    data = {ATTR_ENTITY_ID: SLEEP}
    await hass.services.async_call("input_button", "press", data, blocking=True)
    await asyncio.sleep(FALLS_ASLEEP)


async def wake(rig: VirtualRig) -> None:
    """Wake the computer, and let the manager set the threads of its miner."""
    await select_mode("full", rig)
    data = {ATTR_ENTITY_ID: _entity_id(rig, "button", f"wake_up_{rig.entry.entry_id}")}
    await rig.hass.services.async_call("button", "press", data, blocking=True)
    await asyncio.sleep(WAKES_UP)


async def switch_managed(rig: VirtualRig, *, on: bool) -> None:
    """Turn the switch, and wait until the manager has done what follows."""
    await rig.turn(MANAGED, on=on)
    await rig.settled()
