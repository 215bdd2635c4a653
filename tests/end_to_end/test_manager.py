"""The manager with two miners and a simulated grid meter."""

import aiohttp
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_INTERVAL,
    DOMAIN,
)
from custom_components.xmrig_miner.kinds import MANAGER_ID
from custom_components.xmrig_miner.power.options import MIN_POWER_INTERVAL
from tests.fleet.house import GRID, MISSING, set_dashboard
from tests.targets import Target

from .home import Home
from .rig import Wire

IDLE = 40
THREAD_WATTS = (100, 30)
"""Of a thread of each miner."""

INTERVAL = 2
"""Seconds between two reports of the meter."""

PATIENCE = 60
"""Seconds in which the manager has to reach the surplus of a meter; for real miners, it is
theirs if that is longer."""


class Farm:
    """Two miners in a house whose meter sees them and the sun."""

    def __init__(self, hass: HomeAssistant, wires: list[Wire]) -> None:
        """Initialize it without sun."""
        self.hass = hass
        self.wires = wires
        self.sun = 0.0

    async def threads(self) -> list[int]:
        """Return how many threads hash on each miner."""
        return [
            0 if await wire.is_paused() else len(await wire.threads())
            for wire in self.wires
        ]

    async def report(self) -> None:
        """Report by the meter, and wait until the manager has reacted."""
        threads = await self.threads()
        mined = sum(
            count * each for count, each in zip(threads, THREAD_WATTS, strict=True)
        )
        self.hass.states.async_set(
            GRID,
            f"{mined - self.sun}",
            {ATTR_UNIT_OF_MEASUREMENT: UnitOfPower.WATT},
            force_update=True,
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def comes_to(self, home: Home, *threads: int) -> None:
        """Wait until each miner runs a number of threads, and still does later."""
        lasting = 0
        patience = max(PATIENCE, *(wire.target.patience for wire in self.wires))
        for _ in range(round(patience / INTERVAL)):
            await home.settle(INTERVAL)
            await self.report()
            is_there = await self.threads() == [*threads]
            lasting = lasting + INTERVAL if is_there else 0
            if lasting > MIN_POWER_INTERVAL:
                return
        pytest.fail(f"{await self.threads()} instead of {threads}")

    async def choose(self, mode: str) -> None:
        """Select a mode of the manager, and wait until it is applied."""
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, MANAGER_ID
        )
        assert entry
        entity_id = er.async_get(self.hass).async_get_entity_id(
            "select", DOMAIN, f"{entry.entry_id}_mode"
        )
        await self.hass.services.async_call(
            "select",
            "select_option",
            {"entity_id": entity_id, "option": mode},
            blocking=True,
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)


async def test_surplus_is_mined_by_the_miners_that_make_the_most_of_it(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    pair: list[Target],
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Threads are added one by one, removed at once, and leave no trace."""
    # It would hold threads back to measure them
    monkeypatch.setattr(MISSING, lambda *_, **__: ())
    wires = [await Wire.open(target, session) for target in pair]
    farm = Farm(hass, wires)
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    for target, watts in zip(pair, THREAD_WATTS, strict=True):
        power = {CONF_IDLE_POWER: IDLE, CONF_FULL_POWER: IDLE + 2 * watts}
        home = await Home.with_miner(hass, target, power)
        hass.config_entries.async_update_entry(
            home.entry,
            options={**home.entry.options, CONF_POWER_INTERVAL: MIN_POWER_INTERVAL},
        )
        assert await hass.config_entries.async_reload(home.entry.entry_id)

    await farm.comes_to(home, 0, 0)
    farm.sun = 70
    await farm.comes_to(home, 0, 2)
    farm.sun = 170
    await farm.comes_to(home, 1, 2)
    await wires[0].mines()
    await wires[1].mines()
    farm.sun = 40
    await farm.report()
    # For a moment, none are shown while they restart
    assert await farm.threads() in ([0, 1], [0, 0])
    await farm.comes_to(home, 0, 1)

    farm.sun = 1000
    await farm.comes_to(home, 2, 2)
    await farm.choose("off")
    assert await farm.threads() == [0, 0]
    await farm.choose("manual")
    for wire in wires:
        await wire.mines()
    assert await farm.threads() == [2, 2]
    for wire in wires:
        await wire.assert_as_first()
