"""Commands that are interrupted: by a full disk, a reload, a removal, or a stop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
import logging
from pathlib import Path
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from simulator.http import Request

from .common import Rig
from .controls import (
    MINING,
    act,
    config_of,
    is_same_config,
    restore,
    select_pool,
    set_threads,
    writes,
)

pytestmark = pytest.mark.real_files

type Command = Callable[[Rig], Coroutine[Any, Any, Any]]

COMMANDS: dict[str, tuple[Command, str]] = {
    "pause": (lambda rig: rig.turn(MINING, on=False), "/json_rpc"),
    "stop": (lambda rig: rig.press("button.stop"), "/2/config"),
    "threads": (lambda rig: set_threads(rig, 2), "/2/config"),
    "pool": (lambda rig: select_pool(rig, "backup.example.org:3333"), "/2/config"),
    "backend": (lambda rig: rig.turn("switch.cuda_backend", on=False), "/2/config"),
    "set_config": (
        lambda rig: act(rig, "set_config", config={"retries": 7}),
        "/2/config",
    ),
}
"""Each command with the path that it writes to."""

every_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return the directory in which Home Assistant keeps what it stores."""
    return tmp_path / ".storage"


def files_of(rig: Rig, files: Path) -> list[Path]:
    """Return the files of the miner."""
    return list(files.glob(f"*{rig.entry.entry_id}*"))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as an error."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.ERROR or record.exc_info
    ]


# --- A disk that cannot be written --------------------------------------------


@asynccontextmanager
async def unwritable(rig: Rig, files: Path) -> AsyncGenerator[None]:
    """Make the file of the miner's state unwritable."""
    [file] = [path for path in files_of(rig, files) if "power" not in path.name]
    aside = files / "aside"
    file.rename(aside)
    file.mkdir()
    (file / "in the way").touch()
    try:
        yield
    finally:
        (file / "in the way").unlink()
        file.rmdir()
        aside.rename(file)


@every_command
async def test_a_command_that_cannot_be_stored_is_not_sent(
    running: Rig, files: Path, name: str
) -> None:
    """It could not be undone."""
    run, _ = COMMANDS[name]
    first = config_of(running.simulator)
    async with unwritable(running, files):
        running.simulator.requests.clear()
        with pytest.raises(HomeAssistantError) as raised:
            await run(running)
        assert raised.value.translation_key == "not_stored"
        assert {item.method for item in running.simulator.requests} == {"GET"}
        await running.poll(2)
        assert running.state(MINING) == "on"
        assert not running.unavailable
    await run(running)
    await restore(running)
    assert is_same_config(running.simulator, first)


async def test_a_directory_that_is_gone_refuses_a_command(
    running: Rig, files: Path
) -> None:
    """It is created again, unless a file is in its place."""
    # Wait until Home Assistant has written its own files
    await running.poll(6)
    files.rename(files.with_name("aside"))
    files.touch()
    try:
        with pytest.raises(HomeAssistantError) as raised:
            await set_threads(running, 2)
        assert raised.value.translation_key == "not_stored"
        assert not writes(running.simulator)
        assert not running.unavailable
    finally:
        files.unlink()
        files.with_name("aside").rename(files)


# --- An entry that ends during a command -----------------------------------------


class Gate:
    """Delays the first write of a command, before or after its effect."""

    def __init__(self, rig: Rig, path: str, *, after: bool) -> None:
        """Close the gate."""
        self._rig = rig
        self._path = path
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        setattr(rig.simulator, "on_reply" if after else "on_request", self._wait)

    async def _wait(self, request: Request) -> None:
        if request.path == self._path and request.method != "GET":
            self.reached.set()
            await self.open.wait()


# tests/sweeps has every command at every request and every write to disk
@pytest.mark.parametrize(
    ("name", "operation", "after"),
    [
        ("pause", "unload", False),
        ("stop", "reload", False),
        ("threads", "remove", False),
        ("pool", "stop", False),
        ("backend", "unload", True),
        ("set_config", "reload", True),
        ("pause", "remove", True),
        ("stop", "stop", True),
    ],
)
async def test_an_entry_ends_during_a_command(
    hass: HomeAssistant,
    running: Rig,
    files: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    operation: str,
    after: bool,
) -> None:
    """Unloading waits for the command, and nothing is sent or stored afterwards."""
    run, path = COMMANDS[name]
    simulator = running.simulator
    first = config_of(simulator)
    entries, entry_id = hass.config_entries, running.entry.entry_id
    gate = Gate(running, path, after=after)
    command = asyncio.create_task(run(running))
    await gate.reached.wait()
    endings: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "unload": lambda: entries.async_unload(entry_id),
        "reload": lambda: entries.async_reload(entry_id),
        "remove": lambda: entries.async_remove(entry_id),
        "stop": lambda: hass.async_stop(force=True),
    }
    ending = asyncio.create_task(endings[operation]())
    await asyncio.sleep(1)
    gate.open.set()
    await asyncio.wait([command, ending])
    assert command.exception() is None or isinstance(
        command.exception(), HomeAssistantError
    )
    assert ending.exception() is None
    simulator.on_request = simulator.on_reply = None
    asked = len(simulator.requests)
    if operation == "reload":
        await running.poll()
        assert running.is_loaded
        assert len(simulator.requests) == asked + 3
        await restore(running)
        assert is_same_config(simulator, first)
    else:
        await asyncio.sleep(60)
        assert len(simulator.requests) == asked
    if operation == "remove":
        assert files_of(running, files) == []
    else:
        assert files_of(running, files)
    if operation == "unload":
        await running.set_up()
        await restore(running)
        assert is_same_config(simulator, first)
    if operation == "stop":
        assert hass.state is CoreState.stopped
    assert errors(caplog) == []


async def test_an_entry_that_is_set_up_while_home_assistant_stops(
    hass: HomeAssistant, running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It polls no miner after the end, and needs no event that it missed."""
    entries, entry_id = hass.config_entries, running.entry.entry_id
    await entries.async_unload(entry_id)
    asked_first, stopping = asyncio.Event(), asyncio.Event()

    async def wait(_: Request) -> None:
        asked_first.set()
        await stopping.wait()

    async def stop_slowly(_: Event) -> None:
        stopping.set()
        await asyncio.sleep(30)

    running.simulator.on_request = wait
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop_slowly)
    hass.async_create_task(entries.async_setup(entry_id))
    await asked_first.wait()
    await hass.async_stop(force=True)
    asked = len(running.simulator.requests)
    await asyncio.sleep(60)
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert failures == []
    assert len(running.simulator.requests) == asked
    assert not running.is_loaded


async def test_a_command_that_waits_when_its_entry_is_removed_is_refused(
    hass: HomeAssistant, running: Rig, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The current command ends first, and no waiting one is sent."""
    gate = Gate(running, "/json_rpc", after=False)
    runtime = running.entry.runtime_data
    first = asyncio.create_task(running.turn(MINING, on=False))
    await gate.reached.wait()
    others = [asyncio.create_task(set_threads(running, n)) for n in (1, 2, 3)]
    await asyncio.sleep(1)
    removal = asyncio.create_task(
        hass.config_entries.async_remove(running.entry.entry_id)
    )
    await asyncio.sleep(1)
    gate.open.set()
    await asyncio.wait([first, removal, *others])
    assert running.simulator.miner.is_paused
    for task in others:
        error = task.exception()
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "closed"
    assert not writes(running.simulator)
    assert files_of(running, files) == []
    with pytest.raises(HomeAssistantError):
        async with runtime.commands.run() as late:
            await late.resume()
    assert files_of(running, files) == []
    assert running.simulator.miner.is_paused
    assert errors(caplog) == []
