"""The manager on two miners under a played sun, for minutes, with faults by chance.

With `--soak-minutes 30`, on the real miner too, which else takes no part: it hashes in
real time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
import logging
import random
import sys

import aiohttp
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_INTERVAL,
    LOGGER,
)
from custom_components.xmrig_miner.power.options import MIN_POWER_INTERVAL
from tests.fleet.house import GRID, set_dashboard
from tests.soak.chance import Comparison, Sun, memory
from tests.targets import Target

from .home import Home
from .rig import Wire
from .test_manager import Farm

IDLE = 40
WATTS = (100, 30)
"""Of a thread of each miner, which has two."""

INTERVAL = 2
"""Seconds between two reports of the meter."""

PEAK = 320
"""W of the sun at noon, more than both miners take."""

SHORT = 3
"""Minutes of the simulated miners' time without `--soak-minutes`."""

MINING = "switch.mining"


@dataclass
class Watched:
    """One of the miners, in Home Assistant and as it is."""

    home: Home
    wire: Wire
    comparison: Comparison
    draws: int = 0
    """How many threads hash."""

    async def look(self) -> None:
        """Compare what is shown with what is true: pause, and number of threads."""
        truth: tuple[bool, int] | None = None
        with suppress(XmrigError):
            truth = await self.wire.is_paused(), len(await self.wire.threads())
        self.draws = 0 if truth is None or truth[0] else truth[1]
        coordinator = self.home.entry.runtime_data.coordinator
        shown = None
        if coordinator.last_update_success:
            data = coordinator.data
            shown = data.summary.paused, data.backends and data.backends.threads
        self.comparison.look(shown, truth)


async def _restarted(watched: Watched) -> AsyncIterator[None]:
    await watched.wire.target.kill()
    yield
    await watched.wire.target.restart()


async def _without_pool(watched: Watched) -> AsyncIterator[None]:
    await watched.wire.target.set_pool(0, alive=False)
    yield
    await watched.wire.target.set_pool(0, alive=True)


async def _off(watched: Watched) -> AsyncIterator[None]:
    with suppress(HomeAssistantError):
        await watched.home.call(MINING, "turn_off")
    yield
    with suppress(HomeAssistantError):
        await watched.home.call(MINING, "turn_on")


async def _paused_there(watched: Watched) -> AsyncIterator[None]:
    with suppress(XmrigError):
        await watched.wire.client.perform_action(Action.PAUSE)
    yield
    with suppress(XmrigError):
        await watched.wire.client.perform_action(Action.RESUME)


FAULTS: tuple[Callable[[Watched], AsyncIterator[None]], ...] = (
    _restarted,
    _without_pool,
    _off,
    _paused_there,
)


async def _meddle(miners: list[Watched], chance: random.Random) -> None:
    """Let faults come and go, until it is cancelled."""
    while True:
        await asyncio.sleep(chance.uniform(10, 40))
        fault = chance.choice(FAULTS)(chance.choice(miners))
        await anext(fault)
        await asyncio.sleep(chance.uniform(1, 30))
        with suppress(StopAsyncIteration):
            await anext(fault)


@pytest.mark.timeout(0)
async def test_a_sun_with_faults(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    pair: list[Target],
    session: aiohttp.ClientSession,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is shown is what the miners do; at the end their configs are as at first."""
    minutes = request.config.getoption("--soak-minutes")
    if not pair[0].is_simulated and not minutes:
        pytest.skip("the real miner takes part with --soak-minutes")
    # What the tests collect of debug logs would be in the memory that is measured
    LOGGER.setLevel(logging.WARNING)
    caplog.set_level(logging.WARNING)
    chance = random.Random(12)
    sun = Sun(PEAK, chance)
    farm = Farm(hass, [await Wire.open(target, session) for target in pair])
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    miners = []
    for wire, watts in zip(farm.wires, WATTS, strict=True):
        power = {CONF_IDLE_POWER: IDLE, CONF_FULL_POWER: IDLE + 2 * watts}
        home = await Home.with_miner(hass, wire.target, power)
        options = {**home.entry.options, CONF_POWER_INTERVAL: MIN_POWER_INTERVAL}
        hass.config_entries.async_update_entry(home.entry, options=options)
        assert await hass.config_entries.async_reload(home.entry.entry_id)
        comparison = Comparison(home.entry)
        coordinator = home.entry.runtime_data.coordinator
        coordinator.async_add_listener(comparison.count)
        miners.append(Watched(home, wire, comparison))

    meddling = asyncio.create_task(_meddle(miners, chance))
    steps = round((minutes or SHORT) * 60 / INTERVAL)
    sizes: list[float] = []
    used = left = bought = 0.0
    for step in range(steps):
        await asyncio.sleep(INTERVAL)
        shines = sun.at(step * INTERVAL)
        for watched in miners:
            await watched.look()
        mined = sum(
            watched.draws * each for watched, each in zip(miners, WATTS, strict=True)
        )
        used += min(mined, shines)
        left += max(0, shines - mined)
        bought += max(0, mined - shines)
        hass.states.async_set(
            GRID,
            f"{mined - shines}",
            {ATTR_UNIT_OF_MEASUREMENT: UnitOfPower.WATT},
            force_update=True,
        )
        sizes.append(memory())
    meddling.cancel()
    await asyncio.wait([meddling])

    assert [watched.comparison.wrong for watched in miners] == [[], []]
    assert not [record for record in caplog.records if record.exc_info]
    for target in pair:
        await target.kill()
        await target.restart()
        await target.set_pool(0, alive=True)
    await home.settle(25)
    await farm.choose("manual")
    for watched in miners:
        await watched.home.call(MINING, "turn_on")
        await watched.home.act("restore_config")
        await watched.wire.mines()
        await watched.wire.assert_as_first()
    grown = sizes[-1] - sizes[len(sizes) // 3]
    sys.stdout.write(
        f"{steps * INTERVAL / 60:.0f} min, {pair[0].version} and {pair[1].version}:"
        f" {sum(watched.comparison.polls for watched in miners)} polls,"
        f" {used / (used + left):.0%} of the sun mined, {bought / (used + bought):.0%}"
        f" of it bought, memory {sizes[-1]:.0f} MiB, {grown:+.1f} since a third\n"
    )
