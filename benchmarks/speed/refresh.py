"""The cost of one refresh of one miner, alternating with the minimum."""

import asyncio
from collections.abc import Awaitable, Callable
import os
from pathlib import Path
from statistics import median
import sys
import time

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.xmrig_miner.api.client import XmrigClient

from .floor import Floor
from .home import Clock, add_miner, home, polled_by_hand, set_up
from .recording import POLL, TOKEN
from .rest_set import add_rest_set
from .results import Result
from .server import miners

type Refresh = Callable[[], Awaitable[object]]

PACKAGES = Path(".tools/benchmark")
"""Where scripts/setup installs packages that are only needed for this comparison."""

_SEED = """
import logging, sys, time
logging.disable(logging.CRITICAL)
from xmrig.api import XMRigAPI
api = XMRigAPI("rig", "127.0.0.1", sys.argv[1], sys.argv[2])
for line in sys.stdin:
    began = time.process_time()
    for _ in range(int(line)):
        assert api.get_all_responses()
    print(time.process_time() - began, flush=True)
"""


async def _cost(refresh: Refresh, times: int) -> float:
    """Return the CPU seconds of a refresh."""
    began = time.process_time()
    for _ in range(times):
        await refresh()
    return (time.process_time() - began) / times


async def _in_turns(
    refreshes: dict[str, Refresh], rounds: int, times: int
) -> dict[str, list[float]]:
    """Measure several kinds of refreshes, alternating in each round."""
    costs: dict[str, list[float]] = {name: [] for name in refreshes}
    for refresh in refreshes.values():
        await _cost(refresh, times // 4 + 1)
    for _ in range(rounds):
        for name, refresh in refreshes.items():
            costs[name].append(await _cost(refresh, times))
    return costs


def _ratio(costs: dict[str, list[float]], name: str, floor: str) -> float:
    return median(
        cost / least for cost, least in zip(costs[name], costs[floor], strict=True)
    )


class _SeedLibrary:
    """The library that other integrations use, in a separate process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, port: int) -> _SeedLibrary | None:
        if not PACKAGES.is_dir():
            return None
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SEED, str(port), TOKEN),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PACKAGES.absolute())},
        )
        return cls(process)

    async def cost(self, times: int) -> float:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{times}\n".encode())
        return float(await self._process.stdout.readline()) / times

    async def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


async def measure(*, short: bool) -> list[Result]:
    """Measure refreshes of the client, the coordinator, and the seed library."""
    rounds, times = (20, 12) if short else (60, 40)
    async with miners(1, polls=rounds * times * 8) as [port], home() as hass:
        with Clock().running() as clock:
            return [
                *await _client(hass, port, rounds, times),
                *await _coordinator(hass, port, clock, rounds, times),
            ]


async def _client(
    hass: HomeAssistant, port: int, rounds: int, times: int
) -> list[Result]:
    session = async_get_clientsession(hass)
    floor = Floor(session, port)
    client = XmrigClient(session, "127.0.0.1", port, token=TOKEN)

    async def two() -> None:
        await asyncio.gather(client.summary(), client.backends())

    costs = await _in_turns(
        {
            "floor of two": floor.two,
            "two": two,
            "floor of three": floor.three,
            "three": client.get_all,
        },
        rounds,
        times,
    )
    results = [
        Result(
            name="floor: three GETs and orjson",
            value=1000 * median(costs["floor of three"]),
            unit="ms CPU",
        ),
        Result(
            name="client, two endpoints / floor",
            value=_ratio(costs, "two", "floor of two"),
            target=1.15,
            limit=1.5,
        ),
        Result(
            name="client, three endpoints / floor",
            value=_ratio(costs, "three", "floor of three"),
            target=1.15,
            limit=1.5,
        ),
    ]
    if seed := await _SeedLibrary.start(port):
        ratios = [
            await _cost(client.get_all, times) / await seed.cost(times)
            for _ in range(rounds)
        ]
        await seed.stop()
        results.append(
            Result(
                name="client, three endpoints / xmrig-api 0.2.7",
                value=median(ratios[1:]),
                target=1,
            )
        )
    return results


async def _coordinator(
    hass: HomeAssistant, port: int, clock: Clock, rounds: int, times: int
) -> list[Result]:
    floor = Floor(async_get_clientsession(hass), port)
    entry = add_miner(hass, 0, port)
    await set_up(hass)
    # At its interval, by the advanced clock
    [coordinator] = await polled_by_hand(hass)
    states = len(hass.states.async_entity_ids())
    written = reported = 0

    @callback
    def count(event: Event[EventStateChangedData]) -> None:
        nonlocal written
        written += not event.data["entity_id"].startswith("sensor.rest_")

    rest = await add_rest_set(hass, port)

    async def poll_rest() -> None:
        clock.move(POLL)
        await asyncio.gather(*(found.async_refresh() for found in rest))

    async def poll() -> None:
        nonlocal reported
        clock.move(POLL)
        await coordinator.async_refresh()
        reported += 1

    hass.bus.async_listen(EVENT_STATE_CHANGED, count)
    costs = await _in_turns(
        {"floor": floor.three, "poll": poll, "rest": poll_rest},
        rounds,
        times,
    )
    assert coordinator.last_update_success
    await hass.config_entries.async_unload(entry.entry_id)
    return [
        Result(
            name="whole poll with the default entities / floor",
            value=_ratio(costs, "poll", "floor"),
            target=3,
            limit=4,
            note=f"{states} states",
        ),
        Result(
            name="whole poll / rest set of 23 values",
            value=_ratio(costs, "poll", "rest"),
            target=1,
            limit=1.5,
        ),
        Result(
            name="states written at a poll / states",
            value=written / reported / states,
            limit=0.5,
        ),
    ]
