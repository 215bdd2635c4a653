"""A house with a grid meter, miners, and the manager."""

from datetime import timedelta
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from tests.common import Rig
from tests.watts import threads_hashing

GRID = "sensor.grid"
MODE = "select.mode"
MISSING = "custom_components.xmrig_miner.fleet.members.counts_missing"
SWINGS = "custom_components.xmrig_miner.manager.study.MAX_SWINGS"
IDLE = 60
THREAD = 20
THREADS = 4


async def set_dashboard(hass: HomeAssistant, *sources: dict[str, Any]) -> None:
    """Set the sources of the Energy dashboard."""
    preferences: Any = {"energy_sources": [*sources]}
    await (await async_get_manager(hass)).async_update(preferences)
    await hass.async_block_till_done(wait_background_tasks=True)


class House:
    """A house with a grid meter, and the manager in it."""

    def __init__(self, hass: HomeAssistant, rigs: list[Rig]) -> None:
        """Initialize the house without any power."""
        self.hass = hass
        self.rigs = rigs
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="Manager",
            entry_id="entry_of_manager",
            unique_id=MANAGER_ID,
            data={CONF_KIND: EntryKind.MANAGER.value},
        )
        self.manager = Rig(hass, rigs[0].simulator, self.entry, rigs[0].freezer)
        self.sun = 0.0

    async def set_up(self, **source: Any) -> None:
        """Name the meter in the Energy dashboard, and set up the manager."""
        await self.name_meter(source or {"stat_rate": GRID})
        self.report()
        await self.manager.set_up()
        assert self.manager.is_loaded

    async def name_meter(self, source: dict[str, Any]) -> None:
        """Name the grid meter in the Energy dashboard."""
        await set_dashboard(self.hass, {"type": "grid", **source})

    @property
    def threads(self) -> list[int]:
        """Return how many threads hash on each miner."""
        return [threads_hashing(rig.simulator) for rig in self.rigs]

    @property
    def mined(self) -> float:
        """Return the power of the threads in W."""
        return sum(self.threads) * THREAD

    def report(self) -> None:
        """Report by the meter, which measures sun and mining."""
        self.hass.states.async_set(
            GRID,
            f"{self.mined - self.sun}",
            {ATTR_UNIT_OF_MEASUREMENT: UnitOfPower.WATT},
            force_update=True,
        )

    async def pass_time(self, seconds: int) -> None:
        """Let time pass with a report of the meter every 10 s."""
        for _ in range(seconds // 10):
            await self.manager.pass_time(timedelta(seconds=10))
            self.report()
            await self.hass.async_block_till_done(wait_background_tasks=True)
