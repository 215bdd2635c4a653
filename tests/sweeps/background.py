"""What is done without a command: what makes it due, and the wait until it is done."""

import asyncio

from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError

from custom_components.xmrig_miner.const import DOMAIN
from tests.controls import MINING

from .trial import VirtualRig

PAUSE = 15
"""Seconds of a pause that ends between two polls: the one after `prepare`, and the next."""

ONE_POLL = 10
"""Seconds after `prepare` in which there is one poll, and time to act on it."""


async def wait_for_action(_: VirtualRig) -> None:
    """Wait for the next poll and what it causes."""
    await asyncio.sleep(ONE_POLL)


async def restart(rig: VirtualRig) -> None:
    """Restart a miner, which forgets its pause."""
    rig.simulator.restart()
    await wait_for_action(rig)


async def shut_down(rig: VirtualRig) -> None:
    """Pause a miner, and restart it while its entry is not set up."""
    await rig.turn(MINING, on=False)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    rig.simulator.restart()


async def set_up(rig: VirtualRig) -> None:
    """Set the entry up, for which Home Assistant waits when it stops.

    Raises HomeAssistantError with what the entry shows if it is tried again later.
    """
    entries = rig.hass.config_entries
    await rig.hass.async_create_task(entries.async_setup(rig.entry.entry_id))
    if rig.entry.state is ConfigEntryState.SETUP_RETRY:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=rig.entry.error_reason_translation_key,
        )


async def pause_briefly(rig: VirtualRig) -> None:
    """Pause until before the next poll but one."""
    data = {"duration": {"seconds": PAUSE}}
    await rig.hass.services.async_call(DOMAIN, "pause_for", data, blocking=True)


async def go_on_battery(rig: VirtualRig) -> None:
    """Pause a miner that pauses on battery, too."""
    await rig.turn(MINING, on=False)
    rig.simulator.on_battery = True


async def plug_in(rig: VirtualRig) -> None:
    """Let the miner's own rule resume it."""
    rig.simulator.on_battery = False
    await wait_for_action(rig)
