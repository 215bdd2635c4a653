"""Whoever else writes the config, and whoever ends in the middle: nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
import json
from typing import Any

import aiohttp
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig.api.client import XmrigClient
from custom_components.xmrig.api.document import merged
from custom_components.xmrig.api.exceptions import (
    XmrigConflictError,
    XmrigConnectionError,
)
from custom_components.xmrig.api.memory import Memory
from custom_components.xmrig.api.miner import Miner
from custom_components.xmrig.api.models import BackendType, Config, PauseRule
from custom_components.xmrig.const import DOMAIN
from simulator import Simulator
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    POOL,
    THREADS,
    config_of,
    is_same_config,
    restore,
    select_pool,
    set_threads,
)

BACKUP = "backup.example.org:3333"
FULL = [[1, 0], [2, 3], 1, 2]
OPTIONS: dict[str, Any] = {
    "uptime": 1000,
    "gpus": 1,
    "watch_delay": 0.02,
    "config": {"cpu": {"rx": FULL}},
}

type Command = Callable[[Miner], Coroutine[Any, Any, Any]]


class HomeAssistant:
    """One that commands a miner, with a disk of its own."""

    def __init__(self, session: aiohttp.ClientSession, simulator: Simulator) -> None:
        """Start with nothing remembered."""
        self.client = XmrigClient(
            session, simulator.host, simulator.port, token=simulator.token
        )
        self.disk: str | None = None
        self.on_save: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.miner = self.start()

    def start(self) -> Miner:
        """Begin a new life, with what is on the disk."""
        data = json.loads(self.disk) if self.disk else None
        self.miner = Miner(self.client, Memory.from_json(data), self._save)
        return self.miner

    async def _save(self, memory: Memory) -> None:
        await asyncio.sleep(0.001)
        self.disk = json.dumps(memory.as_json())
        if self.on_save:
            await self.on_save()


@asynccontextmanager
async def homes(
    number: int,
) -> AsyncIterator[tuple[Simulator, list[HomeAssistant]]]:
    """Lend a miner, and as many that command it."""
    async with Simulator(**OPTIONS) as simulator, aiohttp.ClientSession() as session:
        yield simulator, [HomeAssistant(session, simulator) for _ in range(number)]


@pytest.fixture(autouse=True)
def on_loopback(loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all of them speak to this machine, and not wait for others."""
    monkeypatch.setattr("custom_components.xmrig.api.config_writer.SETTLE", 0.01)


def patch(change: Json) -> Command:
    """Return the command to merge a patch into the config."""
    return lambda miner: miner.edit(
        lambda config: Config(merged(config.document, change))
    )


COMMANDS: dict[str, Command] = {
    "threads": lambda miner: miner.set_threads(2, "rx"),
    "pool": lambda miner: miner.select_pool(BACKUP),
    "backend": lambda miner: miner.set_backend(BackendType.CUDA, enabled=False),
    "rule": lambda miner: miner.set_pause_rule(PauseRule.ACTIVITY, enabled=True),
    "patch": patch({"cpu": {"cn": [[1, 3]]}, "retries": 7}),
    "stop": lambda miner: miner.stop(),
}

every_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each wait for the others as much longer as the real miner lets it."""
    monkeypatch.setattr("custom_components.xmrig.api.config_writer.SETTLE", 0.25)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("apart", [0.0, 0.015, 0.03])
async def test_commands_of_many_at_once_are_all_done(apart: float) -> None:
    """And each of them can take back its own, so that at last nothing is changed."""
    async with homes(4) as (simulator, many):
        first = config_of(simulator)
        names = ["threads", "pool", "backend", "rule"]

        async def command(number: int, name: str) -> None:
            await asyncio.sleep(number * apart)
            await COMMANDS[name](many[number].miner)

        await asyncio.gather(*(command(*item) for item in enumerate(names)))
        assert simulator.config["cpu"]["rx"] == FULL[:2]
        assert [pool["url"] for pool in simulator.config["pools"]][0] == BACKUP
        assert simulator.config["cuda"]["enabled"] is False
        assert simulator.config["pause-on-active"] is True
        await asyncio.gather(*(one.start().restore() for one in many))
        assert is_same_config(simulator, first)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("apart", [0.0, 0.01, 0.03])
async def test_two_numbers_of_threads_at_once_lose_no_list(apart: float) -> None:
    """One of both is the last; and all threads are still the owner's."""
    async with homes(2) as (simulator, (one, other)):
        first = config_of(simulator)

        async def late() -> None:
            await asyncio.sleep(apart)
            await other.miner.set_threads(3, "rx")

        with suppress(XmrigConflictError):
            await asyncio.gather(one.miner.set_threads(1, "rx"), late())
        assert len(simulator.config["cpu"]["rx"]) in (1, 3)
        await one.start().restore()
        await other.start().restore()
        assert is_same_config(simulator, first)


@every_command
async def test_an_edit_on_the_disk_between_read_and_write_is_kept(name: str) -> None:
    """The config is read again before it is written."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        async def edit() -> None:
            home.on_save = None
            simulator.edit_config(lambda config: config | {"print-time": 30})
            await asyncio.sleep(0.03)

        home.on_save = edit
        await COMMANDS[name](home.miner)
        assert simulator.config["print-time"] == 30
        await home.miner.restore()
        assert is_same_config(simulator, first | {"print-time": 30})


async def test_lists_edited_on_the_disk_between_read_and_write_are_kept() -> None:
    """They are the owner's full ones from then on."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        def change(config: Json) -> None:
            config["cpu"]["rx"] = [3, 2, 1]

        async def edit() -> None:
            home.on_save = None
            simulator.edit_config(change)
            await asyncio.sleep(0.03)

        home.on_save = edit
        await home.miner.set_threads(2, "rx")
        assert simulator.config["cpu"]["rx"] == [3, 2]
        await home.start().set_threads(3, "rx")
        first["cpu"]["rx"] = [3, 2, 1]
        assert is_same_config(simulator, first)


@every_command
async def test_an_edit_on_the_disk_after_the_write_is_kept(name: str) -> None:
    """It is applied together with what was written."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        def edit(request: Any) -> None:
            if request.method == "PUT":
                simulator.on_reply = None
                simulator.edit_config(lambda config: config | {"print-time": 30})

        simulator.on_reply = edit
        await COMMANDS[name](home.miner)
        assert simulator.config["print-time"] == 30
        await home.miner.restore()
        assert is_same_config(simulator, first | {"print-time": 30})


@every_command
@pytest.mark.parametrize("arrives", [True, False])
async def test_the_miner_is_killed_in_a_write(name: str, arrives: bool) -> None:
    """Before it or after it: what it was can be had back once it runs again."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        async def kill(request: Any) -> None:
            if request.method == "PUT":
                await simulator.kill()

        setattr(simulator, "on_reply" if arrives else "on_request", kill)
        with pytest.raises(XmrigConnectionError):
            await COMMANDS[name](home.miner)
        simulator.on_reply = simulator.on_request = None
        simulator.restart()
        assert is_same_config(simulator, first) is not arrives
        await home.miner.restore()
        assert is_same_config(simulator, first)


async def kill_in_write(
    simulator: Simulator, command: Coroutine[Any, Any, Any], *, arrives: bool
) -> None:
    """End a command while it writes, before the miner gets it or after."""
    writing = asyncio.Event()

    async def notice(request: Any) -> None:
        if request.method == "PUT":
            writing.set()
            if not arrives:
                await asyncio.sleep(3600)

    setattr(simulator, "on_reply" if arrives else "on_request", notice)
    task = asyncio.create_task(command)
    await writing.wait()
    task.cancel()
    simulator.on_reply = simulator.on_request = None
    await asyncio.sleep(0.03)


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize(
    ("name", "before"),
    [
        (name, before)
        for name in COMMANDS
        for before in (None, "threads", "pool")
        if name != before
    ],
)
async def test_home_assistant_is_killed_in_a_write(
    name: str, arrives: bool, before: str | None
) -> None:
    """What it had saved until then is enough, in its next life, to give all back."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)
        if before:
            await COMMANDS[before](home.miner)
        await kill_in_write(simulator, COMMANDS[name](home.miner), arrives=arrives)
        await COMMANDS[name](home.start())
        await home.start().restore()
        assert is_same_config(simulator, first)


async def test_a_number_is_killed_on_the_way_to_another() -> None:
    """Whichever of them the miner got, all threads are the owner's."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)
        await home.miner.set_threads(3, "rx")
        for threads, arrives in ((1, False), (2, True), (1, False), (1, False)):
            command = home.start().set_threads(threads, "rx")
            await kill_in_write(simulator, command, arrives=arrives)
        assert simulator.config["cpu"]["rx"] == FULL[:2]
        await home.start().set_threads(4, "rx")
        assert is_same_config(simulator, first)


@pytest.mark.usefixtures("patience")
async def test_two_entries_command_one_miner(running: Rig) -> None:
    """Each by its own controls, and each shows what the other did."""
    first = config_of(running.simulator)
    entry = MockConfigEntry(
        domain=DOMAIN, title="other", version=2, data=dict(running.entry.data)
    )
    other = Rig(running.hass, running.simulator, entry, running.freezer)
    await other.set_up()
    await asyncio.gather(set_threads(running, 2), select_pool(other, BACKUP))
    await running.poll(7)
    for rig in (running, other):
        assert rig.state(THREADS) == "2"
        assert rig.state(POOL) == BACKUP
    await restore(running)
    await restore(other)
    assert is_same_config(running.simulator, first)
