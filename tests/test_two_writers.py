"""Nothing is lost if others write the config, or if a write ends in the middle."""

import asyncio
from contextlib import suppress

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.api.exceptions import XmrigConflictError
from custom_components.xmrig_miner.const import DOMAIN
from simulator.http import Request
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
from .fixing import issues
from .homes import APPLIED, BACKUP, COMMANDS, FULL, LASTING, every_command, homes


@pytest.fixture(autouse=True)
def on_loopback(loopback: None) -> None:
    """Allow connections to this machine."""


@pytest.mark.parametrize("apart", [0.0, 0.4, 0.8])
async def test_commands_of_many_at_once_are_all_done(apart: float) -> None:
    """Each of them can undo its own changes."""
    async with homes(4) as (simulator, many):
        first = config_of(simulator)
        names = ["threads", "pool", "backend", "rule"]

        async def command(number: int, name: str) -> None:
            await asyncio.sleep(number * apart)
            await COMMANDS[name](many[number].miner)

        await asyncio.gather(*(command(*item) for item in enumerate(names)))
        await asyncio.sleep(LASTING)
        assert simulator.config["cpu"]["rx"] == FULL[:2]
        assert [pool["url"] for pool in simulator.config["pools"]][0] == BACKUP
        assert simulator.config["cuda"]["enabled"] is False
        assert simulator.config["pause-on-active"] is True
        await asyncio.gather(*(one.start().restore() for one in many))
        assert is_same_config(simulator, first)


@every_command
async def test_an_overwritten_change_is_written_again(name: str) -> None:
    """The other writer read the config before the change, and wrote it afterwards."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        def overwrite(request: Request) -> None:
            if request.method == "GET" and simulator.config != first:
                simulator.on_reply = None
                simulator.edit_config(lambda _: first | {"print-time": 30})

        simulator.on_reply = overwrite
        await COMMANDS[name](home.miner)
        await asyncio.sleep(LASTING)
        assert simulator.on_reply is None
        assert simulator.config["print-time"] == 30
        assert simulator.config != first | {"print-time": 30}
        await home.start().restore()
        assert is_same_config(simulator, first | {"print-time": 30})


@every_command
async def test_an_entry_that_is_unloaded_finishes_what_it_writes_again(
    name: str,
) -> None:
    """Nothing is left open: the change is there, and can be undone."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)
        closing: list[asyncio.Task[None]] = []

        def overwrite(request: Request) -> None:
            if request.method == "GET" and simulator.config != first:
                simulator.on_reply = None
                simulator.edit_config(lambda _: first | {"print-time": 30})
                simulator.on_request = close

        def close(request: Request) -> None:
            if request.method == "PUT":
                simulator.on_request = None
                closing.append(asyncio.create_task(home.miner.close()))

        simulator.on_reply = overwrite
        await COMMANDS[name](home.miner)
        await asyncio.sleep(LASTING)
        await closing[0]
        assert simulator.config != first | {"print-time": 30}
        state = home.miner.state
        assert not state.all_edits.pending
        assert not state.control_edits.pending
        await home.start().restore()
        assert is_same_config(simulator, first | {"print-time": 30})


@pytest.mark.parametrize("apart", [0.0, 0.25, 0.75])
async def test_two_numbers_of_threads_at_once_lose_no_list(apart: float) -> None:
    """One of both writes is the last; all of the user's threads can be restored."""
    async with homes(2) as (simulator, (one, other)):
        first = config_of(simulator)

        async def late() -> None:
            await asyncio.sleep(apart)
            await other.miner.set_threads(3, "rx")

        with suppress(XmrigConflictError):
            await asyncio.gather(one.miner.set_threads(1, "rx"), late())
        await asyncio.sleep(LASTING)
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
            await asyncio.sleep(APPLIED)

        home.on_save = edit
        await COMMANDS[name](home.miner)
        assert simulator.config["print-time"] == 30
        await home.miner.restore()
        assert is_same_config(simulator, first | {"print-time": 30})


async def test_lists_edited_on_the_disk_between_read_and_write_are_kept() -> None:
    """They are the user's full profiles from then on."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        def change(config: Json) -> None:
            config["cpu"]["rx"] = [3, 2, 1]

        async def edit() -> None:
            home.on_save = None
            simulator.edit_config(change)
            await asyncio.sleep(APPLIED)

        home.on_save = edit
        await home.miner.set_threads(2, "rx")
        assert simulator.config["cpu"]["rx"] == [3, 2]
        await home.start().set_threads(3, "rx")
        first["cpu"]["rx"] = [3, 2, 1]
        assert is_same_config(simulator, first)


@every_command
async def test_an_edit_on_the_disk_after_the_write_is_kept(name: str) -> None:
    """It is applied together with the write."""
    async with homes(1) as (simulator, (home,)):
        first = config_of(simulator)

        def edit(request: Request) -> None:
            if request.method == "PUT":
                simulator.on_reply = None
                simulator.edit_config(lambda config: config | {"print-time": 30})

        simulator.on_reply = edit
        await COMMANDS[name](home.miner)
        assert simulator.config["print-time"] == 30
        await home.miner.restore()
        assert is_same_config(simulator, first | {"print-time": 30})


async def test_a_change_that_never_lasts_is_a_repair(running: Rig) -> None:
    """The action is over when the change shows; the repair goes when one lasts."""
    simulator = running.simulator
    first = config_of(simulator)
    later = asyncio.get_running_loop().call_later

    def raised() -> set[str | None]:
        return {issue.translation_key for issue in issues(running.hass).values()}

    def overwrite(request: Request) -> None:
        if request.method == "PUT":
            later(0.6, simulator.edit_config, lambda _: first)

    simulator.on_reply = overwrite
    await set_threads(running, 2)
    assert running.state(THREADS) == "2"
    await asyncio.sleep(LASTING)
    await running.poll()
    assert running.state(THREADS) != "2"
    assert raised() == {"change_lost"}
    simulator.on_reply = None
    await set_threads(running, 2)
    await asyncio.sleep(LASTING)
    await running.poll()
    assert running.state(THREADS) == "2"
    assert raised() == set()


async def test_two_entries_command_one_miner(running: Rig) -> None:
    """Each has its own controls, and shows what the other did."""
    first = config_of(running.simulator)
    entry = MockConfigEntry(
        domain=DOMAIN, title="other", version=1, data=dict(running.entry.data)
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
