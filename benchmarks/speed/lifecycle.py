"""Set-up, unload, start, import, and loading stored data."""

import asyncio
from collections import Counter
import gc
from pathlib import Path
import socket
from statistics import median
import subprocess
import sys
import time

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import orjson

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.state import MinerState
from custom_components.xmrig_miner.const import DOMAIN
from simulator import Simulator

from .home import Clock, add_miner, home, resident, set_up
from .recording import POLL
from .results import Result
from .server import miners

STORED = 1000
AT_START = 20

_IMPORT = """
import time
import custom_components
import homeassistant.components.sensor, homeassistant.components.switch
import homeassistant.components.repairs, homeassistant.components.recorder
import homeassistant.components.energy.data, homeassistant.components.diagnostics
began = time.process_time()
import custom_components.xmrig_miner
from custom_components.xmrig_miner import (
    binary_sensor, button, config_flow, diagnostics, event, number, repairs, select,
    sensor, switch,
)
print(time.process_time() - began)
"""


def _left(hass: HomeAssistant) -> Counter[str]:
    """Return what a set-up may leak, by kind."""
    gc.collect()
    loop = asyncio.get_running_loop()
    timers = loop._scheduled  # type: ignore[attr-defined]  # noqa: SLF001
    return Counter(
        {
            "tasks": len(asyncio.all_tasks()),
            "timers": sum(not timer.cancelled() for timer in timers),
            "listeners": sum(hass.bus.async_listeners().values()),
            "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        }
    )


async def measure_set_up(*, short: bool) -> list[Result]:
    """Set up and unload a miner repeatedly, while it is polled."""
    times = 40 if short else 200
    async with miners(1, polls=times * 2) as [port], home() as hass:
        with Clock().running() as clock:
            entry = add_miner(hass, 0, port)
            await set_up(hass)
            await hass.config_entries.async_unload(entry.entry_id)
            took = []
            for turn in range(times):
                if turn == times // 2:
                    before, memory = _left(hass), resident()
                clock.move(POLL)
                began = time.process_time()
                assert await hass.config_entries.async_setup(entry.entry_id)
                refresh = entry.runtime_data.coordinator.async_refresh()
                poll = asyncio.create_task(refresh)
                assert await hass.config_entries.async_unload(entry.entry_id)
                took.append(time.process_time() - began)
                await poll
                await hass.async_block_till_done()
            left = _left(hass)
            left.subtract(before)
            grown = 1024 * (resident() - memory) / (times // 2)
    return [
        Result(
            name=f"set-up and unload, {times} times under load: left over",
            value=sum(max(0, number) for number in left.values()),
            target=0,
            limit=0,
            note=", ".join(f"{name} {number:+}" for name, number in left.items()),
        ),
        Result(
            name="set-up and unload",
            value=1000 * median(took),
            unit="ms CPU",
        ),
        Result(
            name="set-up and unload: memory grows by",
            value=grown,
            unit="KiB a time",
            target=4,
        ),
    ]


async def measure_import(*, short: bool) -> list[Result]:
    """Measure the import of the integration, in separate processes."""
    took = []
    for _ in range(2 if short else 7):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _IMPORT), stdout=subprocess.PIPE
        )
        out, _ = await process.communicate()
        took.append(float(out))
    return [Result(name="import", value=1000 * median(took), unit="ms CPU")]


async def _stored() -> str:
    """Return the stored data of a miner after a few commands."""
    states = [MinerState()]

    async def save(state: MinerState) -> None:
        states.append(state)

    async with home() as hass, Simulator(uptime=1000, gpus=1, watch_delay=0) as found:
        client = XmrigClient(
            async_get_clientsession(hass), found.host, found.port, token=found.token
        )
        miner = Miner(client, MinerState(), save)
        await miner.set_threads(2, "rx")
        await miner.select_pool("backup.example.org:3333")
        await miner.set_backend(BackendType.CUDA, enabled=False)
    return orjson.dumps(states[-1].as_json()).decode()


async def measure_stored(*, short: bool) -> list[Result]:
    """Measure how long loading the stored states of many miners takes."""
    text = await _stored()
    took = []
    for _ in range(3 if short else 9):
        began = time.process_time()
        for _ in range(STORED):
            MinerState.from_json(orjson.loads(text))
        took.append(time.process_time() - began)
    return [
        Result(
            name=f"{STORED} stored miners loaded",
            value=1000 * median(took),
            unit="ms CPU",
            target=50,
            note=f"{len(text)} bytes each",
        )
    ]


def _silent() -> tuple[int, list[socket.socket]]:
    """Return a port that does not answer, like that of a computer that is off."""
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = server.getsockname()[1]
    sockets = [server]
    # A full queue: further connections get no reply at all
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        sockets.append(client)
    return port, sockets


async def measure_start(*, short: bool) -> list[Result]:
    """Measure the start with half of the miners off."""
    took = {}
    for off in (0, AT_START // 2):
        port, sockets = _silent()
        on = AT_START // 2
        async with miners(on) as ports, home(CoreState.not_running) as hass:
            for number, found in enumerate([*ports, *[port] * off]):
                add_miner(hass, number, found)
            began = time.monotonic()
            await set_up(hass)
            took[off] = time.monotonic() - began
            loaded = [
                entry
                for entry in hass.config_entries.async_entries(DOMAIN)
                if entry.state is ConfigEntryState.LOADED
            ]
            assert len(loaded) == on
        for found_socket in sockets:
            found_socket.close()
    return [
        Result(
            name=f"start with {AT_START} miners of which half are off, longer by",
            value=took[AT_START // 2] - took[0],
            unit="s",
            target=1,
            limit=3,
            note=f"{took[0]:.2f} s without these",
        )
    ]
