"""Nothing is lost if the miner or Home Assistant ends in the middle of a write."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigConnectionError
from simulator import Simulator
from simulator.http import Request

from .controls import config_of, is_same_config
from .homes import APPLIED, COMMANDS, FULL, every_command, homes


@pytest.fixture(autouse=True)
def on_loopback(loopback: None) -> None:
    """Allow connections to this machine."""


@every_command
@pytest.mark.parametrize("arrives", [True, False])
async def test_the_miner_is_killed_in_a_write(name: str, arrives: bool) -> None:
    """Before or after it: the original config can be restored."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        async def kill(request: Request) -> None:
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
    """Cancel a command during its write, before or after it arrives."""
    writing = asyncio.Event()

    async def notice(request: Request) -> None:
        if request.method == "PUT":
            writing.set()
            if not arrives:
                await asyncio.sleep(3600)

    setattr(simulator, "on_reply" if arrives else "on_request", notice)
    task = asyncio.create_task(command)
    await writing.wait()
    task.cancel()
    simulator.on_reply = simulator.on_request = None
    await asyncio.sleep(APPLIED)


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
    """What was stored until then is enough to restore everything."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)
        if before:
            await COMMANDS[before](home.miner)
        await kill_in_write(simulator, COMMANDS[name](home.miner), arrives=arrives)
        await COMMANDS[name](home.start())
        await home.start().restore()
        assert is_same_config(simulator, first)


async def test_a_number_is_killed_on_the_way_to_another() -> None:
    """Whichever write arrived, all of the user's threads are restored."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)
        await home.miner.set_threads(3, "rx")
        for threads, arrives in ((1, False), (2, True), (1, False), (1, False)):
            command = home.start().set_threads(threads, "rx")
            await kill_in_write(simulator, command, arrives=arrives)
        assert simulator.config["cpu"]["rx"] == FULL[:2]
        await home.start().set_threads(4, "rx")
        assert is_same_config(simulator, first)
