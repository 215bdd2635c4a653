"""Tests of a miner that hangs, and of closing it."""

import asyncio
from typing import Any

import pytest

from custom_components.xmrig_miner.api.confirm import CONFIRM_TIMEOUT
from custom_components.xmrig_miner.api.exceptions import (
    XmrigClosedError,
    XmrigConnectionError,
    XmrigConnectionRefusedError,
    XmrigError,
    XmrigInterruptedError,
    XmrigStorageError,
    XmrigTimeoutError,
)
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.state import MinerState
from custom_components.xmrig_miner.api.transport import CONNECT_TIMEOUT, REQUEST_TIMEOUT
from simulator.http import Request

from .rig import COMMANDS, WRITES, Rig, commanding, every_command, poll

ALL = COMMANDS | WRITES


def follow(miner: Miner) -> list[XmrigError]:
    """Fail waiting commands once the miner is unreachable, as in production."""
    seen: list[XmrigError] = []

    def note(error: XmrigError) -> None:
        seen.append(error)
        miner.queue.fail_waiting()

    miner.link.on_unreachable = note
    return seen


async def test_eight_commands_to_a_miner_that_hangs() -> None:
    """When the first one fails, the others fail with it, not one by one."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        seen = follow(miner)
        rig.fault = "hang"
        loop = asyncio.get_running_loop()
        started = loop.time()
        names = [*COMMANDS, *COMMANDS]
        results = await asyncio.gather(
            *(COMMANDS[name](miner) for name in names), return_exceptions=True
        )
        assert loop.time() - started == pytest.approx(REQUEST_TIMEOUT, abs=1)
        assert [type(result) for result in results] == [
            XmrigTimeoutError,
            *[XmrigConnectionError] * 7,
        ]
        assert len(rig.requests) == 1
        assert [type(error) for error in seen] == [XmrigTimeoutError]
        assert saved == []


async def test_eight_commands_to_a_miner_that_begins_to_hang() -> None:
    """The first one was accepted, so it takes longer, but the others do not."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        follow(miner)

        def hang(request: Request) -> None:
            if request.method != "GET":
                rig.fault = "hang"

        rig.on_reply = hang
        loop = asyncio.get_running_loop()
        started = loop.time()
        ended: list[float] = []

        async def command(name: str) -> None:
            with pytest.raises(XmrigConnectionError):
                await COMMANDS[name](miner)
            ended.append(loop.time() - started)

        await asyncio.gather(*(command(name) for name in ["pause", *COMMANDS] * 2))
        assert ended[:9] == pytest.approx([REQUEST_TIMEOUT] * 9, abs=1)
        assert ended[9] < CONFIRM_TIMEOUT + REQUEST_TIMEOUT + 1


async def test_a_poll_is_not_starved_by_a_queue() -> None:
    """It runs after the current command, and shows that the miner is unreachable."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        follow(miner)
        rig.fault = "hang"
        loop = asyncio.get_running_loop()
        started = loop.time()
        commands = [asyncio.create_task(miner.pause()) for _ in range(4)]
        await asyncio.sleep(0)
        polling = asyncio.create_task(poll(miner))
        await asyncio.sleep(0)
        commands += [asyncio.create_task(miner.pause()) for _ in range(4)]
        with pytest.raises(XmrigTimeoutError):
            await polling
        assert loop.time() - started == pytest.approx(2 * REQUEST_TIMEOUT, abs=1)
        results = await asyncio.gather(*commands, return_exceptions=True)
        assert all(isinstance(result, XmrigConnectionError) for result in results)


async def test_commands_to_a_miner_that_is_off() -> None:
    """They fail at once."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = follow(miner)
        await rig.kill()
        loop = asyncio.get_running_loop()
        started = loop.time()
        results = await asyncio.gather(
            *(miner.pause() for _ in range(8)), return_exceptions=True
        )
        # The first one, and those waiting for it
        assert {type(result) for result in results} == {
            XmrigConnectionRefusedError,
            XmrigConnectionError,
        }
        assert loop.time() - started < CONNECT_TIMEOUT
        assert seen


async def test_one_connection_that_is_reset_does_not_mean_that_the_miner_is_away() -> (
    None
):
    """The commands that wait are run."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = follow(miner)
        # A GET is repeated once by aiohttp
        rig.fail_next(1, "reset")
        rig.fail_next(2, "reset")
        results = await asyncio.gather(
            miner.resume(), miner.pause(), return_exceptions=True
        )
        assert [type(result) for result in results] == [
            XmrigInterruptedError,
            type(None),
        ]
        assert rig.miner.is_paused
        assert seen == []


async def test_after_it_hung_it_can_be_commanded_again() -> None:
    """Nothing stays locked."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        follow(miner)
        rig.fault = "hang"
        with pytest.raises(XmrigTimeoutError):
            await miner.pause()
        rig.fault = None
        await miner.pause()
        assert rig.miner.is_paused


@pytest.mark.parametrize("command", ALL)
async def test_a_miner_that_was_closed_takes_no_command(command: str) -> None:
    """Nothing is read, either."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await miner.close()
        for call in (ALL[command](miner), miner.restore(), poll(miner)):
            with pytest.raises(XmrigClosedError):
                await call
        assert rig.requests == []
        assert saved == []


@pytest.mark.parametrize("command", ALL)
async def test_closing_waits_for_the_command_that_runs(command: str) -> None:
    """It ends normally, with its result stored, and no command follows."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        if command in ("resume", "start"):
            rig.rpc_direct("pause")
        closing: list[asyncio.Task[None]] = []
        waiting: list[asyncio.Task[None]] = []

        def close(request: Request) -> None:
            if request.method != "GET" and not closing:
                waiting.append(asyncio.create_task(miner.stop()))
                closing.append(asyncio.create_task(miner.close()))

        rig.on_request = close
        await ALL[command](miner)
        assert not closing[0].done()
        await closing[0]
        assert isinstance(waiting[0].exception(), XmrigClosedError)
        assert miner.state == saved[-1]
        assert miner.state.previous_request is None
        assert miner.state.all_edits.pending is None
        count = len(rig.requests), len(saved)
        await asyncio.sleep(60)
        assert (len(rig.requests), len(saved)) == count


async def test_closing_waits_for_a_command_to_a_miner_that_hangs() -> None:
    """For no longer than its timeout."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        rig.fault = "hang"
        task = asyncio.create_task(miner.pause())
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await miner.close()
        assert task.done()
        assert isinstance(task.exception(), XmrigTimeoutError)
        assert loop.time() - started < REQUEST_TIMEOUT


@every_command
async def test_a_command_that_is_cancelled_is_resolved_by_a_poll(command: str) -> None:
    """Whichever of its requests is cancelled."""
    number = 1
    while True:
        async with Rig() as rig, commanding(rig) as (miner, saved):
            if command in ("resume", "start"):
                rig.rpc_direct("pause")
            before = await poll(miner)
            stored = miner.state
            cancel_at = len(rig.requests) + number
            task = asyncio.ensure_future(COMMANDS[command](miner))

            def cancel(
                _: Request,
                rig: Rig = rig,
                task: asyncio.Future[None] = task,
                cancel_at: int = cancel_at,
            ) -> None:
                if len(rig.requests) + 1 == cancel_at:
                    task.cancel()

            rig.on_request = cancel
            result: Any = (await asyncio.gather(task, return_exceptions=True))[0]
            if result is None:
                break
            rig.on_request = None
            await asyncio.sleep(1)
            after = await poll(miner, before)
            if miner.state.request == stored.request:
                assert after.snapshot.is_mining is before.snapshot.is_mining
            else:
                assert miner.state.request.here
                wants_pause = miner.state.request.wants_pause
                assert wants_pause is not after.snapshot.is_mining
            assert after.changed_paths == []
            assert miner.state.previous_request is None
            assert miner.state == saved[-1]
            await COMMANDS[command](miner)
        number += 1
    assert number > 4


@every_command
async def test_a_command_during_which_the_disk_gets_full(command: str) -> None:
    """Its result is known, and stored as soon as possible."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        if command in ("resume", "start"):
            rig.rpc_direct("pause")
        before = await poll(miner)
        is_full = False

        async def save(state: MinerState) -> None:
            if is_full:
                raise XmrigStorageError("No space left on device")
            saved.append(state)

        full = Miner(miner.client, miner.state, save)

        def fill(request: Request) -> None:
            nonlocal is_full
            is_full = is_full or request.method != "GET"

        rig.on_request = fill
        await COMMANDS[command](full)
        assert saved[-1].previous_request is not None
        assert full.state.previous_request is None
        is_full = False
        rig.on_request = None
        await poll(full, before)
        assert full.state == saved[-1]
        assert saved[-1].previous_request is None
        await full.close()
