"""Twenty miners, a proxy and the manager, with faults and commands by chance.

Time is moved. `--soak-hours 24` is the long form, which prints a line an hour.
"""

import asyncio
from collections.abc import Generator, Hashable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
import gc
import logging
import random
import sys
import time
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.xmrig_miner.api.snapshot import Status
from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KIND,
    CONF_POWER_INTERVAL,
    DOMAIN,
    LOGGER,
)
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from simulator import FAULTS, ProxySimulator, Simulator, StratumMiner
from simulator.base import BaseSimulator
from tests.common import entry_for
from tests.controls import act, restore, select_pool, set_threads
from tests.fleet.house import GRID, set_dashboard
from tests.homes import BACKUP
from tests.sweeps.home import Home, play
from tests.sweeps.trial import VirtualRig
from tests.watts import threads_hashing

from .chance import Comparison, Sun, memory

MINERS = 20
THREADS = 4
WATTS = 20
"""Of a thread."""

INTERVAL = 5
"""Seconds between two reports of the meter."""

SHORT = 240
"""Seconds without `--soak-hours`."""

THRESHOLDS = gc.get_threshold()
"""Python's own: tests/conftest.py changes them once all tests are imported."""


@dataclass
class Watched:
    """One of the miners, or the proxy."""

    rig: VirtualRig
    comparison: Comparison
    has_fault: bool = False
    is_killed: bool = False

    @property
    def simulator(self) -> BaseSimulator[Any]:
        """Return the simulated process."""
        simulator: BaseSimulator[Any] = self.rig.simulator
        return simulator

    @property
    def threads(self) -> int:
        """Return how many threads hash."""
        if self.is_killed or not isinstance(self.simulator, Simulator):
            return 0
        return threads_hashing(self.simulator)

    def follow(self) -> None:
        """Count the polls of the loaded entry."""
        if self.rig.is_loaded:
            self.rig.entry.runtime_data.coordinator.async_add_listener(
                self.comparison.count
            )

    def look(self) -> None:
        """Compare what is shown with what is true, unless a fault hides that."""
        if self.has_fault or not self.rig.is_loaded:
            self.comparison.forget()
            return
        self.comparison.look(self._shown(), self._truth())

    def _shown(self) -> Hashable:
        coordinator = self.rig.entry.runtime_data.coordinator
        if not coordinator.last_update_success:
            return None
        data = coordinator.data
        if not isinstance(self.simulator, Simulator):
            return (data.preferred_pool,)
        state = data.status if data.is_mining is False else "runs"
        threads = data.threads if state != Status.STOPPED else None
        return state, threads, data.preferred_pool

    def _truth(self) -> Hashable:
        first = next(
            pool for pool in self.simulator.config["pools"] if pool.get("enabled", True)
        )
        if not isinstance(self.simulator, Simulator):
            return (first["url"],)
        miner = self.simulator.miner
        if not any(backend.is_enabled for backend in miner.backends):
            return Status.STOPPED, None, first["url"]
        state = Status.PAUSED if miner.is_paused else "runs"
        return state, len(miner.config["cpu"]["rx"]), first["url"]


class Soak:
    """All of them, for a while."""

    def __init__(self, hass: HomeAssistant, seed: int) -> None:
        """Begin with nothing."""
        self.hass = hass
        self.chance = random.Random(seed)
        self.miners: list[Watched] = []
        self.faults = self.commands = self.errors = 0

    async def set_up(self, home: Home, stack: AsyncExitStack) -> None:
        """Start the miners, the proxy and the manager."""
        await set_dashboard(self.hass, {"type": "grid", "stat_rate": GRID})
        self.report(0)
        simulators: list[Any] = [
            Simulator(
                worker_id=f"rig-{number}",
                miner_id=f"{number + 1:016x}",
                threads=THREADS,
                gpus=number % 2,
                uptime=1000,
                dataset_time=0,
                config={"retry-pause": 1},
                job_interval=600,
            )
            for number in range(MINERS)
        ]
        simulators.append(
            ProxySimulator(miners=[StratumMiner("attic", hashrate=500)], uptime=1000)
        )
        for simulator in simulators:
            await stack.enter_async_context(simulator)
            entry = entry_for(simulator)
            entry.add_to_hass(self.hass)
            if isinstance(simulator, Simulator):
                options = {
                    CONF_IDLE_POWER: 40,
                    CONF_FULL_POWER: 40 + THREADS * WATTS,
                    CONF_POWER_INTERVAL: 15,
                }
                self.hass.config_entries.async_update_entry(entry, options=options)
            rig = VirtualRig(self.hass, simulator, entry, home.clock)
            await rig.set_up()
            watched = Watched(rig, Comparison(entry))
            watched.follow()
            self.miners.append(watched)
        manager = MockConfigEntry(
            domain=DOMAIN,
            title="Manager",
            unique_id=MANAGER_ID,
            data={CONF_KIND: EntryKind.MANAGER.value},
        )
        manager.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(manager.entry_id)

    def report(self, sun: float) -> None:
        """Let the meter report."""
        mined = WATTS * sum(watched.threads for watched in self.miners)
        self.hass.states.async_set(
            GRID,
            f"{mined - sun}",
            {ATTR_UNIT_OF_MEASUREMENT: UnitOfPower.WATT},
            force_update=True,
        )

    async def fail(self) -> None:
        """Let one of them fail for a while."""
        watched = self.chance.choice(self.miners)
        if watched.has_fault:
            return
        watched.has_fault = True
        self.faults += 1
        simulator = watched.simulator
        lasts = self.chance.uniform(1, 90)
        kind = self.chance.choice(["restart", "offline", "fault", "fault", "fault"])
        if kind == "restart":
            watched.is_killed = True
            await simulator.kill()
        elif kind == "offline":
            await simulator.go_offline()
        else:
            fault = self.chance.choice(sorted(FAULTS))
            is_miner = isinstance(simulator, Simulator)
            # A proxy in place of a proxy is none
            simulator.fault = None if fault == "proxy" and not is_miner else fault
        await asyncio.sleep(lasts)
        if kind == "restart":
            simulator.restart()
            watched.is_killed = False
        elif kind == "offline":
            await simulator.go_online()
        else:
            simulator.fault = None
        watched.has_fault = False

    async def command(self) -> None:
        """Let a user command one of them."""
        watched = self.chance.choice(self.miners[:MINERS])
        rig = watched.rig
        self.commands += 1
        try:
            match self.chance.randrange(8):
                case 0:
                    await rig.turn("switch.mining", on=self.chance.random() < 0.6)
                case 1 | 2:
                    await set_threads(rig, self.chance.randint(1, THREADS))
                case 3:
                    await select_pool(rig, BACKUP)
                case 4:
                    await act(rig, "set_config", config={"retries": 7})
                case 5:
                    await restore(rig)
                case 6:
                    await rig.press("button.stop")
                    await rig.press("button.start")
                case 7:
                    await rig.reload_or_fail()
                    watched.follow()
        except HomeAssistantError:
            # While something fails
            self.errors += 1

    async def run(self, seconds: float, log: list[str]) -> None:
        """Let time pass, with a fault and a command each half minute or so."""
        sun = Sun(MINERS * THREADS * WATTS, self.chance)
        tasks: set[asyncio.Task[None]] = set()
        started = time.process_time()
        for step in range(round(seconds / INTERVAL)):
            await asyncio.sleep(INTERVAL)
            self.report(sun.at(step * INTERVAL))
            for watched in self.miners:
                watched.look()
                # They are no memory of Home Assistant
                watched.simulator.requests.clear()
            for action in (self.fail, self.command):
                if self.chance.random() < INTERVAL / 30:
                    tasks.add(asyncio.create_task(action()))
            for task in [task for task in tasks if task.done()]:
                tasks.discard(task)
                task.result()
            if (step + 1) % (3600 // INTERVAL) == 0:
                log.append(self.line((step + 1) * INTERVAL / 3600, started))
                sys.stdout.write(f"{log[-1]}\n")
                sys.stdout.flush()
        await asyncio.sleep(120)
        for watched in self.miners:
            watched.look()
        for task in tasks:
            await task

    def line(self, hours: float, started: float) -> str:
        """Return a row of a table."""
        polls = sum(watched.comparison.polls for watched in self.miners)
        looks = sum(watched.comparison.looks for watched in self.miners)
        wrong = sum(len(watched.comparison.wrong) for watched in self.miners)
        return (
            f"| {hours:.0f} | {polls} | {self.faults} | {self.commands} | {self.errors}"
            f" | {looks} | {wrong} | {memory():.1f}"
            f" | {time.process_time() - started:.0f} |"
        )


@pytest.fixture
def usual_garbage() -> Generator[None]:
    """Collect garbage as often as a real process does: other tests do so seldom."""
    seldom = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    yield
    gc.set_threshold(*seldom)


@pytest.mark.timeout(0)
def test_nothing_goes_wrong(
    usual_garbage: None,
    socket_enabled: None,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No exception, nothing wrong one poll after a fault, and memory stays flat."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    hours = request.config.getoption("--soak-hours")
    # What the tests collect of debug logs would be in the memory that is measured
    LOGGER.setLevel(logging.WARNING)
    caplog.set_level(logging.ERROR)
    # pytest keeps each record, and with its exception all that had been read
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, type(caplog.handler)):
            logging.getLogger().removeHandler(handler)
    log: list[str] = []

    async def main(home: Home) -> list[str]:
        soak = Soak(home.hass, seed=12)
        async with AsyncExitStack() as stack:
            await soak.set_up(home, stack)
            await soak.run(hours * 3600 or SHORT, log)
            for watched in soak.miners:
                with suppress(HomeAssistantError):
                    await watched.rig.remove()
        wrong = [item for watched in soak.miners for item in watched.comparison.wrong]
        assert soak.faults
        assert soak.commands
        return [*wrong, *home.log.found]

    assert not play(main, all_entities=True)
