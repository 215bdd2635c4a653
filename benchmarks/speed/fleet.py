"""Many miners at once: time, CPU, memory, and stalls of the event loop."""

import asyncio
from statistics import median, quantiles
import time

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .floor import Floor
from .home import Clock, add_fleet, coordinators, home, polled_by_hand, resident
from .recording import POLL
from .results import Result
from .server import miners

SIZES = (1, 10, 30, 100, 200)
LATENCIES = (0, 0.1)
LARGE = 200
PROBE = 0.005
"""Seconds between checks of the event loop's delay."""


async def _refreshed(hass: HomeAssistant) -> float:
    """Refresh all miners at once, and return the seconds it took."""
    began = time.perf_counter()
    await asyncio.gather(
        *(coordinator.async_refresh() for coordinator in coordinators(hass))
    )
    return time.perf_counter() - began


async def _read(floors: list[Floor]) -> float:
    """Send the same requests without Home Assistant, and return the seconds it took."""
    began = time.perf_counter()
    await asyncio.gather(*(floor.three() for floor in floors))
    return time.perf_counter() - began


async def _durations(size: int, latency: float, rounds: int) -> tuple[float, float]:
    """Return the seconds of refreshing some miners, and of the bare requests."""
    async with miners(size, latency=latency) as ports, home() as hass:
        await add_fleet(hass, ports)
        await polled_by_hand(hass)
        session = async_get_clientsession(hass)
        floors = [Floor(session, port) for port in ports]
        took = [
            (await _refreshed(hass), await _read(floors)) for _ in range(rounds + 1)
        ]
    refreshed, read = zip(*took[1:], strict=True)
    return median(refreshed), median(read)


async def measure_times(*, short: bool) -> list[Result]:
    """Measure how long it takes until all miners are refreshed at once."""
    results = []
    for latency in LATENCIES[1:] if short else LATENCIES:
        one = 0.0
        for size in (1, 30) if short else SIZES:
            took, read = await _durations(size, latency, 5)
            one = one or took
            name = f"all of {size} at {1000 * latency:.0f} ms"
            if size > 1:
                results.append(
                    Result(
                        name=f"{name} / one",
                        value=took / one,
                        target=1.2 if size == 30 and latency else None,
                        note=f"{1000 * took:.0f} ms",
                    )
                )
            results.append(
                Result(
                    name=f"{name} / their bare requests",
                    value=took / read,
                    limit=4 if latency else None,
                    note=f"{1000 * read:.0f} ms",
                )
            )
    return results


class Delays:
    """Delays of the event loop, and the part that this process causes."""

    def __init__(self) -> None:
        """Initialize without a delay."""
        self.all: list[float] = []
        self.own: list[float] = []

    async def watch(self) -> None:
        """Check until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due, used = loop.time() + PROBE, time.thread_time()
            await asyncio.sleep(PROBE)
            late = max(0.0, loop.time() - due)
            self.all.append(late)
            # Time used by other processes is not counted
            self.own.append(min(late, time.thread_time() - used))


def _percentile(values: list[float]) -> float:
    return quantiles(values, n=100)[-1]


async def _paced(hass: HomeAssistant, ports: list[int], polls: int) -> float:
    """Return the share of a core that bare requests need, sent one miner at a time."""
    session = async_get_clientsession(hass)
    floors = [Floor(session, port) for port in ports]
    await floors[0].three()
    wall, used = time.monotonic(), time.process_time()
    for turn in range(polls * len(ports)):
        await floors[turn % len(ports)].three()
        due = wall + (turn + 1) * POLL / len(ports)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    return (time.process_time() - used) / (time.monotonic() - wall)


async def _steady(size: int, polls: int) -> list[Result]:
    """Measure miners that are polled at the usual interval, in real time."""
    async with miners(size, polls=1000) as ports, home() as hass:
        bare = await _paced(hass, ports, polls // 2)
        # The first miner also loads the code of the integration
        await add_fleet(hass, ports[:1])
        before, began = resident(), time.process_time()
        await add_fleet(hass, ports)
        added = time.process_time() - began
        # From here, they are polled as after any start
        await asyncio.sleep(1.5 * POLL)
        wall, used = time.monotonic(), time.process_time()
        await asyncio.sleep(polls * POLL)
        used = (time.process_time() - used) / (time.monotonic() - wall)
        delays = Delays()
        watcher = asyncio.create_task(delays.watch())
        await asyncio.sleep(polls * POLL)
        watcher.cancel()
        grown = resident() - before
        away = sum(not found.last_update_success for found in coordinators(hass))
    name = f"{size} miners:"
    results = [
        Result(
            name=f"{name} CPU a miner",
            value=1000 * used / size,
            unit="‰ of a core",
            target=0.4,
            note=f"{away} not reached in time" if away else "",
        ),
        Result(
            name=f"{name} CPU a miner / bare requests at the same pace",
            value=used / bare,
            note=f"{1000 * bare / size:.3f} ‰ of a core",
        ),
        Result(
            name=f"{name} set up one more",
            value=1000 * added / (size - 1),
            unit="ms CPU",
        ),
    ]
    if size == LARGE:
        results += [
            Result(
                name=f"{name} event loop late by, p99",
                value=1000 * _percentile(delays.own),
                unit="ms",
                target=3,
                note=f"{1000 * _percentile(delays.all):.1f} ms with other processes",
            ),
            Result(
                name=f"{name} event loop late by, longest",
                value=1000 * max(delays.own),
                unit="ms",
                target=50,
                note=f"{1000 * max(delays.all):.0f} ms with other processes",
            ),
            Result(
                name=f"{name} memory a miner",
                value=grown / (size - 1),
                unit="MiB",
                target=0.7,
            ),
        ]
    return results


async def measure_steady(*, short: bool) -> list[Result]:
    """Measure CPU, delays and memory at the usual interval."""
    return [*await _steady(30, 6), *await _steady(LARGE, 6)]


async def measure_memory(*, short: bool) -> list[Result]:
    """Measure the memory of a miner, compared with a state in Home Assistant."""
    size = 60 if short else LARGE
    async with miners(size) as ports, home() as hass:
        await add_fleet(hass, ports[:1])
        before = resident()
        await add_fleet(hass, ports)
        await polled_by_hand(hass)
        with Clock().running() as clock:
            for _ in range(3):
                clock.move(POLL)
                await _refreshed(hass)
        grown = resident() - before
    return [
        Result(
            name=f"memory of one more of {size} miners",
            value=grown / (size - 1),
            unit="MiB",
            target=0.7,
            limit=1,
        )
    ]
