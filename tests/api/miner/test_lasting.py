"""Tests of changes that another writer overwrites after their command has returned."""

import asyncio
from contextlib import suppress

import pytest

from custom_components.xmrig_miner.api.config_editor import ATTEMPTS, SETTLE
from custom_components.xmrig_miner.api.confirm import CONFIRM_INTERVAL
from custom_components.xmrig_miner.api.exceptions import XmrigNotConfirmedError
from simulator.http import Request
from simulator.jsonvalue import Json

from .rig import COMMANDS, WRITES, Rig, commanding, poll

WRITING = {"stop": COMMANDS["stop"]} | {
    name: command
    for name, command in WRITES.items()
    # XMRig shows the default for what is missing
    if name != "removal"
}

APPLIES = 0.5
"""Seconds after which XMRig applies a posted config (src/base/io/Watcher.h:53)."""

RETURNS = 0.2
"""Seconds after which a command has returned, once its change shows."""

every_writing = pytest.mark.parametrize("command", WRITING)


def now() -> float:
    """Return the time of the loop in seconds."""
    return asyncio.get_running_loop().time()


def put(rig: Rig, config: Json) -> None:
    """Put a config in place of the miner's, as a program that read it earlier does."""
    rig.edit_config(lambda _: config)
    rig.advance(APPLIES)


@every_writing
async def test_a_command_ends_when_its_change_shows(command: str) -> None:
    """It waits for no other writer."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        shown: list[float] = []
        first = rig.config

        def note(request: Request) -> None:
            if request.method == "GET" and rig.config != first:
                shown.append(now())

        rig.on_reply = note
        started = now()
        await WRITING[command](miner)
        assert rig.config != first
        assert shown[0] - started <= APPLIES + CONFIRM_INTERVAL + RETURNS
        assert now() - shown[0] <= RETURNS


@every_writing
async def test_a_change_that_is_overwritten_later_is_written_again(
    command: str,
) -> None:
    """The state and what undoes it are as if it had lasted at once."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITING[command](miner)
        written, state = rig.config, miner.state
        put(rig, first)
        assert rig.config != written
        await asyncio.sleep(5 * SETTLE)
        assert rig.config == written
        assert miner.state == state
        assert not miner.is_change_lost
        await miner.restore()
        assert miner.state.all_edits.edits == ()


@every_writing
async def test_a_poll_in_between_decides_nothing(command: str) -> None:
    """What it reads is about to be replaced, and no request of the user."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        first = rig.config
        await WRITING[command](miner)
        written, state = rig.config, miner.state
        put(rig, first)
        seen = await poll(miner, seen)
        assert not seen.snapshot.is_complete
        assert miner.state == state
        await asyncio.sleep(5 * SETTLE)
        seen = await poll(miner, seen)
        assert seen.snapshot.is_complete
        assert rig.config == written
        assert miner.state == state


async def test_a_restored_config_is_restored_again() -> None:
    """The other writer read the config before; nothing remains to be undone."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["patch"](miner)
        await asyncio.sleep(2 * SETTLE)
        written = rig.config
        await miner.restore()
        put(rig, written)
        await asyncio.sleep(5 * SETTLE)
        assert rig.config == first
        assert miner.state.all_edits.edits == ()


async def test_other_values_of_the_other_writer_stay() -> None:
    """Only what was changed from here is written again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        put(rig, first | {"donate-level": 3})
        await asyncio.sleep(5 * SETTLE)
        assert len(rig.config["cpu"]["rx"]) == 1
        assert rig.config["donate-level"] == 3


async def test_the_next_command_comes_after_it() -> None:
    """Both changes last, and there is one writer at a time."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        put(rig, first)
        await WRITES["rule"](miner)
        assert len(rig.config["cpu"]["rx"]) == 1
        assert rig.config["pause-on-battery"] is True
        await asyncio.sleep(5 * SETTLE)
        await miner.restore()
        assert rig.config == first


async def test_pausing_waits_for_nothing() -> None:
    """It changes no config."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await WRITES["threads"](miner)
        started = now()
        await miner.pause()
        assert now() - started < SETTLE / 2


async def test_a_change_that_never_lasts_is_lost() -> None:
    """That is known, until a change lasts."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        for _ in range(ATTEMPTS):
            put(rig, first)
            await asyncio.sleep(SETTLE + APPLIES + CONFIRM_INTERVAL / 2)
        assert rig.config == first
        assert miner.is_change_lost
        await WRITES["rule"](miner)
        assert miner.is_change_lost
        await asyncio.sleep(2 * SETTLE)
        assert not miner.is_change_lost


async def test_a_change_that_cannot_be_written_again_is_lost() -> None:
    """The miner no longer shows what it accepts."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        put(rig, first)
        rig.fail("ignore_put", ATTEMPTS)
        await asyncio.sleep(60)
        assert miner.is_change_lost


@every_writing
async def test_a_miner_that_goes_away_after_it(command: str) -> None:
    """Nothing is known of another writer, and a later command works."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await WRITING[command](miner)
        await rig.go_offline()
        await asyncio.sleep(60)
        requests = len(rig.requests)
        await rig.go_online()
        await asyncio.sleep(60)
        assert len(rig.requests) == requests
        assert not miner.is_change_lost
        await miner.pause()
        await miner.restore()


async def test_a_miner_that_goes_away_before_its_turn() -> None:
    """Polls decide again: nothing will be written again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        async with miner.queue.poll():
            await asyncio.sleep(2 * SETTLE)
            miner.queue.fail_waiting()
        await asyncio.sleep(SETTLE)
        put(rig, first)
        assert (await poll(miner)).snapshot.is_complete


@every_writing
async def test_nothing_is_sent_after_the_end(command: str) -> None:
    """Closing takes no time."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITING[command](miner)
        requests = len(rig.requests)
        put(rig, first)
        started = now()
        await miner.close()
        assert now() - started < SETTLE / 2
        await asyncio.sleep(60)
        assert len(rig.requests) == requests


async def test_closing_waits_for_what_is_written_again() -> None:
    """The miner is left with a config that is known."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        first = rig.config
        await WRITES["threads"](miner)
        written = rig.config
        put(rig, first)
        while rig.count("PUT", "/2/config") < 2:
            await asyncio.sleep(SETTLE / 10)
        await miner.close()
        assert rig.config == written


async def test_a_value_that_the_miner_replaces_is_no_lost_change() -> None:
    """It never shows, so the command itself fails."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        with suppress(XmrigNotConfirmedError):
            await WRITES["removal"](miner)
        await asyncio.sleep(60)
        assert not miner.is_change_lost
