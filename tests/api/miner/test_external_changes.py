"""Tests of external changes of the config: all of them are detected."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.xmrig_miner.api.config_editor import SETTLE
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConflictError,
    XmrigNotConfirmedError,
    XmrigRefusedError,
)
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.state import MinerState
from simulator.http import Request

from .rig import CAP, COMMANDS, WRITES, Rig, commanding, patch, poll

ALL = {"stop": COMMANDS["stop"]} | WRITES


def externally(rig: Rig, **values: Any) -> None:
    """Change the config file of the miner, which it notices half a second later."""
    rig.edit_config(lambda document: document | values)
    rig.advance(1)


@pytest.mark.parametrize("command", ALL)
async def test_own_writes_are_not_external(command: str) -> None:
    """Neither is restoring them, whatever XMRig filled in."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        assert seen.changed_paths == []
        await ALL[command](miner)
        seen = await poll(miner, seen)
        assert seen.changed_paths == []
        await miner.restore()
        assert (await poll(miner, seen)).changed_paths == []


async def test_a_change_between_two_polls() -> None:
    """It is reported once, with its path and without its value."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        externally(rig, retries=9, **{"donate-level": 3})
        seen = await poll(miner, seen)
        assert sorted(seen.changed_paths) == ["donate-level", "retries"]
        assert (await poll(miner, seen)).changed_paths == []


async def test_the_first_config_is_no_change() -> None:
    """The config before is unknown."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        externally(rig, retries=9)
        assert (await poll(miner)).changed_paths == []


@pytest.mark.parametrize("command", ALL)
async def test_a_change_shortly_before_an_own_write(command: str) -> None:
    """It is kept, and reported although a command came before the poll."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        externally(rig, **{"donate-level": 3})
        await ALL[command](miner)
        assert rig.config["donate-level"] == 3
        assert (await poll(miner, seen)).changed_paths == ["donate-level"]


async def test_a_change_of_the_same_value_shortly_before_an_own_write() -> None:
    """It is reported although it was overwritten at once."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        externally(rig, retries=9)
        await WRITES["patch"](miner)
        assert rig.config["retries"] == 7
        assert (await poll(miner, seen)).changed_paths == ["retries"]


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("at", ["before the write", "with it", "after it"])
async def test_a_change_during_an_own_write(command: str, at: str) -> None:
    """It is kept and reported, whenever it happens."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)

        def edit(_: Request | None = None) -> None:
            rig.on_request = rig.on_reply = None
            rig.edit_config(lambda document: document | {"donate-level": 3})

        def on_request(request: Request) -> None:
            # Half a second before the write
            if request.path.endswith("/config") and at == "before the write":
                edit()
                rig.advance(1)

        def on_reply(request: Request) -> None:
            if request.method != "PUT":
                return
            if at == "with it":
                edit()
            elif at == "after it":
                rig.on_reply = None
                asyncio.get_running_loop().call_later(0.6, edit)

        rig.on_request, rig.on_reply = on_request, on_reply
        await ALL[command](miner)
        await asyncio.sleep(1)
        assert rig.config["donate-level"] == 3
        seen = await poll(miner, seen)
        assert seen.changed_paths == ["donate-level"]
        await miner.restore()
        assert rig.config["donate-level"] == 3


async def test_an_own_write_that_is_undone_externally_before_the_next_poll() -> None:
    """The config is as at the last poll, but it was changed."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        await WRITES["patch"](miner)
        await asyncio.sleep(2 * SETTLE)
        externally(rig, retries=5)
        assert (await poll(miner, seen)).changed_paths == ["retries"]


@pytest.mark.parametrize("command", WRITES)
async def test_a_change_while_the_undo_data_is_stored(command: str) -> None:
    """Storing may take long, so the config is read again before it is written."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        is_first = True

        async def save(_: MinerState) -> None:
            nonlocal is_first
            if is_first:
                is_first = False
                rig.edit_config(lambda document: document | {"donate-level": 3})
                await asyncio.sleep(1)

        slow = Miner(miner.client, miner.state, save)
        await WRITES[command](slow)
        assert rig.config["donate-level"] == 3
        await slow.restore()
        await slow.close()
        assert rig.config["donate-level"] == 3


async def test_a_value_that_is_overwritten_is_written_again() -> None:
    """An overwritten change is written again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        old = rig.disk

        def overwrite(request: Request) -> None:
            if request.method == "PUT":
                rig.on_reply = None
                asyncio.get_running_loop().call_later(
                    0.6, lambda: rig.edit_config(lambda _: old | {"donate-level": 3})
                )

        rig.on_reply = overwrite
        await WRITES["patch"](miner)
        await asyncio.sleep(3 * SETTLE)
        assert rig.count("PUT", "/2/config") == 2
        assert (rig.config["retries"], rig.config["donate-level"]) == (7, 3)
        assert (await poll(miner, seen)).changed_paths == ["donate-level"]


async def test_a_value_that_is_overwritten_again_and_again() -> None:
    """The error says that something else writes it, and the change is reported."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        number = 10

        def overwrite(request: Request) -> None:
            nonlocal number
            if request.method == "PUT":
                number += 1
                rig.edit_config(lambda document: document | {"retries": number})

        rig.on_reply = overwrite
        with pytest.raises(XmrigConflictError):
            await WRITES["patch"](miner)
        rig.on_reply = None
        await asyncio.sleep(5)
        assert "retries" in (await poll(miner, seen)).changed_paths


async def test_another_value_right_after_an_own_write() -> None:
    """It is no old value that was written back: it stays, and is reported."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        await patch({"retries": 7})(miner)
        externally(rig, retries=9)
        seen = await poll(miner, seen)
        assert seen.changed_paths == ["retries"]
        await asyncio.sleep(3 * SETTLE)
        assert rig.config["retries"] == 9
        assert not miner.is_change_lost


async def test_an_addition_after_a_refused_write_is_external() -> None:
    """A value that was added later is not one that XMRig filled in."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        rig.fault = "refuse_put"
        with pytest.raises(XmrigRefusedError):
            await WRITES["patch"](miner)
        rig.fault = None
        seen = await poll(miner, seen)
        assert seen.changed_paths == []
        rig.edit_config(
            lambda document: document | {"cpu": document["cpu"] | {"rx/wow": [0]}}
        )
        rig.advance(1)
        assert "cpu.rx/wow" in (await poll(miner, seen)).changed_paths


async def test_the_same_value_written_externally_later() -> None:
    """It is external, although the same write was rejected before."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        rig.fault = "refuse_put"
        with pytest.raises(XmrigRefusedError):
            await patch({"retries": 7})(miner)
        rig.fault = None
        seen = await poll(miner, seen)
        assert seen.changed_paths == []
        externally(rig, retries=7)
        assert (await poll(miner, seen)).changed_paths == ["retries"]


async def test_an_own_write_that_shows_later_than_it_was_confirmed() -> None:
    """It is not external, but the next change of the same value is."""
    async with Rig(watch_delay=14) as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        with pytest.raises(XmrigNotConfirmedError):
            await patch({"retries": 7})(miner)
        await asyncio.sleep(5)
        assert rig.config["retries"] == 7
        seen = await poll(miner, seen)
        assert seen.changed_paths == []
        rig.edit_config(lambda document: document | {"retries": 8})
        rig.advance(20)
        assert (await poll(miner, seen)).changed_paths == ["retries"]


async def test_a_value_that_xmrig_corrects_is_an_own_write() -> None:
    """It replaces invalid values by defaults: everything is undone."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        with pytest.raises(XmrigNotConfirmedError):
            await patch({"retries": 7, "print-time": "often"})(miner)
        assert (rig.config["retries"], rig.config["print-time"]) == (5, 30)
        assert (await poll(miner, seen)).changed_paths == []


async def test_a_restart_with_another_file() -> None:
    """The differences to the new file are reported."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        await miner.set_threads(CAP, "rx")
        seen = await poll(miner, seen)
        rig.edit_config(lambda document: document | {"retries": 9})
        rig.restart()
        assert (await poll(miner, seen)).changed_paths == ["retries"]


@pytest.mark.parametrize(
    "command",
    [Miner.pause, Miner.resume, lambda miner: miner.preview(lambda config: config)],
    ids=["pause", "resume", "preview"],
)
async def test_a_command_that_writes_no_config(
    command: Callable[[Miner], Any],
) -> None:
    """Changes are reported after it, too."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        externally(rig, retries=9)
        await command(miner)
        assert (await poll(miner, seen)).changed_paths == ["retries"]
