"""A day of a house in a real Home Assistant, with the real integration and blueprint.

The miner is simulated, over real sockets; time is virtual.
"""

import asyncio
from dataclasses import dataclass, field
import logging
from pathlib import Path
from random import Random
import shutil
import tempfile
import time
from typing import Any

# isort: off
# In this order: the test helpers contain a package of the same name, and have to patch
# Home Assistant's clocks before anything imports them.
import custom_components  # noqa: F401
from tests.virtual_time import run

# isort: on
from aiohttp import ThreadedResolver
from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.xmrig_miner.const import DOMAIN
from simulator import Simulator
from tests.common import entry_for

from .score import Rig, Score
from .sky import DAYLIGHT, Sky, house, light

BLUEPRINTS = Path(__file__).parents[1] / "blueprints"

PEAK = 800
"""W of the panels at noon under a clear sky."""

NOISE = 0.02
"""Relative standard deviation of the grid meter."""

MINER_DELAY = 2
"""Seconds from a command to its effect on power and hashes."""

WATCH_DELAY = 0.5
"""Seconds of these in which the miner applies a config (src/base/io/Watcher.h:53)."""

GRID = "sensor.grid_power"
PLUG = "sensor.plug_power"
PLUG_INTERVAL = 10
NEEDED = {
    "limit": ("number", "power_limit"),
    "mining": ("switch", "mining"),
    # The blueprint calculates the next limit from these
    "expected": ("sensor", "expected_power"),
    "minimum": ("sensor", "single_thread_power"),
}


@dataclass(frozen=True)
class Strategy:
    """A blueprint and its inputs."""

    name: str
    blueprint: str = "follow_surplus"
    inputs: dict[str, Any] = field(default_factory=dict)
    has_plug: bool = False
    """Whether a plug measures the computer, instead of two numbers describing it."""


@dataclass(frozen=True)
class Scenario:
    """A day to simulate."""

    sky: Sky
    rig: Rig
    interval: int
    """Seconds between reports of the meter."""
    strategy: Strategy
    seed: int
    noise_of_sun: bool = False
    """Whether the meter's noise is relative to the power of the panels, not to its
    reading."""
    hours: tuple[float, float] = (0, DAYLIGHT / 3600)
    """The part of the day to simulate, in hours after sunrise."""


@dataclass(frozen=True)
class Day:
    """The result of a day."""

    scenario: Scenario
    score: Score
    sun: list[float]
    """W of the panels, second by second."""
    surplus: list[float]
    """W that are available for mining."""
    shares: list[float]
    """The light over the whole day."""
    took: float
    """Seconds of real time."""


def play(scenario: Scenario) -> Day:
    """Simulate a day."""
    began = time.perf_counter()
    logging.disable(logging.WARNING)
    random = Random(scenario.seed)
    shares = light(scenario.sky, random)
    begin, end = (round(3600 * hour) for hour in scenario.hours)
    sun = [PEAK * share for share in shares[begin:end]]
    drawn = house(random)[begin:end]
    surplus = [
        more - less - scenario.rig.idle for more, less in zip(sun, drawn, strict=True)
    ]
    with tempfile.TemporaryDirectory() as config:
        shutil.copytree(BLUEPRINTS, Path(config, "blueprints"))

        async def main(_: FrozenDateTimeFactory) -> Score:
            async with async_test_home_assistant(config_dir=config) as hass:
                # Home Assistant's own resolver also uses mDNS
                hass.data["aiohttp_resolver"] = ThreadedResolver()
                try:
                    return await _House(hass, scenario, sun, surplus, random).live()
                finally:
                    await hass.async_stop(force=True)

        score = run(main, "2026-06-21 04:00:00+00:00")
    return Day(scenario, score, sun, surplus, shares, time.perf_counter() - began)


class _House:
    """A house for a day."""

    def __init__(
        self,
        hass: HomeAssistant,
        scenario: Scenario,
        sun: list[float],
        surplus: list[float],
        random: Random,
    ) -> None:
        self._hass = hass
        self._scenario = scenario
        self._sun = sun
        self._surplus = surplus
        self._random = random
        self._score = Score(scenario.rig)

    async def live(self) -> Score:
        """Simulate the day."""
        rig = self._scenario.rig
        async with Simulator(
            threads=rig.threads, uptime=1000, watch_delay=WATCH_DELAY
        ) as simulator:
            self._report(0, 0)
            self._report_plug(0)
            names = await self._set_up(simulator)
            await self._automate(names)
            await self._pass_seconds(simulator)
        return self._score

    async def _set_up(self, simulator: Simulator) -> dict[str, str]:
        """Set up the integration with only the needed entities, and no mining."""
        hass, rig = self._hass, self._scenario.rig
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        entry = entry_for(simulator)
        entry.add_to_hass(hass)
        registry = er.async_get(hass)
        names = {
            name: registry.async_get_or_create(
                domain, DOMAIN, f"{entry.entry_id}_{key}", config_entry=entry
            ).entity_id
            for name, (domain, key) in NEEDED.items()
        }
        hass.config_entries.async_update_entry(
            entry,
            pref_disable_new_entities=True,
            options={"power_sensor": PLUG}
            if self._scenario.strategy.has_plug
            else {"idle_power": rig.idle, "full_power": rig.full},
        )
        assert await hass.config_entries.async_setup(entry.entry_id)
        if self._scenario.strategy.has_plug:
            await self._calibrate(simulator, entry)
        await hass.services.async_call(
            "number",
            "set_value",
            {ATTR_ENTITY_ID: names["limit"], "value": 0},
            blocking=True,
        )
        return names

    async def _calibrate(self, simulator: Simulator, entry: MockConfigEntry) -> None:
        """Calibrate the miner with the plug, as a user would do once."""
        calibration = asyncio.create_task(entry.runtime_data.power.async_calibrate())
        while not calibration.done():
            await asyncio.sleep(PLUG_INTERVAL)
            self._report_plug(_threads(simulator))
        await calibration

    async def _automate(self, names: dict[str, str]) -> None:
        """Create an automation from the blueprint."""
        strategy = self._scenario.strategy
        inputs = {"grid_power": GRID, "mining": names["mining"], **strategy.inputs}
        if strategy.blueprint == "follow_surplus":
            inputs["power_limit"] = names["limit"]
        else:
            # It does not use a limit
            await self._call("switch", "turn_off", names["mining"])
            await self._call(
                "number", "set_value", names["limit"], value=self._scenario.rig.full
            )
        use = {"path": f"xmrig_miner/{strategy.blueprint}.yaml", "input": inputs}
        assert await async_setup_component(
            self._hass,
            "automation",
            {"automation": [{"alias": "Mine", "use_blueprint": use}]},
        )
        await self._hass.async_block_till_done()
        state = self._hass.states.get("automation.mine")
        assert state
        assert state.state == "on"

    async def _call(
        self, domain: str, action: str, entity_id: str, **data: Any
    ) -> None:
        """Call an action of an entity."""
        await self._hass.services.async_call(
            domain, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
        )

    async def _pass_seconds(self, simulator: Simulator) -> None:
        """Let the day pass, second by second."""
        loop = asyncio.get_running_loop()
        dawn = loop.time()
        interval = self._scenario.interval
        phase = self._random.randrange(interval)
        # One second to detect a change, the rest for it to take effect
        threads = [0] * MINER_DELAY
        for second, surplus in enumerate(self._surplus):
            await asyncio.sleep(dawn + second - loop.time())
            threads = [*threads[1:], _threads(simulator)]
            self._score.add(threads[0], surplus)
            if second % interval == phase:
                self._report(second, threads[0])
            if self._scenario.strategy.has_plug and second % PLUG_INTERVAL == 0:
                self._report_plug(threads[0])

    def _report(self, second: int, threads: int) -> None:
        """Report the power that the house draws from the grid."""
        watts = self._scenario.rig.mining(threads) - self._surplus[second]
        flow = self._sun[second] if self._scenario.noise_of_sun else watts
        self._set(GRID, watts + self._random.gauss(0, NOISE) * flow)

    def _report_plug(self, threads: int) -> None:
        """Report the power of the computer by the smart plug."""
        rig = self._scenario.rig
        watts = rig.idle + rig.mining(threads)
        self._set(PLUG, watts * (1 + self._random.gauss(0, NOISE)))

    def _set(self, entity_id: str, watts: float) -> None:
        """Set the state of a power sensor."""
        self._hass.states.async_set(
            entity_id,
            f"{watts:.1f}",
            {"unit_of_measurement": "W", "device_class": "power"},
        )


def _threads(simulator: Simulator) -> int:
    """Return how many threads of a simulated miner actually hash."""
    rate = simulator.surroundings.computer.thread_hashrate
    return round(simulator.hashrate / rate)
