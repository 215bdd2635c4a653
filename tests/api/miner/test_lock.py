"""Tests of simultaneous commands."""

import asyncio

import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigResponseError
from custom_components.xmrig_miner.api.models import BackendType

from .rig import COMMANDS, Rig, commanding, every_command


@every_command
async def test_a_poll_holds_commands_back(command: str) -> None:
    """No command changes the miner during a poll."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        async with miner.queue.poll():
            task = asyncio.ensure_future(COMMANDS[command](miner))
            await asyncio.sleep(0.02)
            assert rig.requests == []
        await task
        assert rig.requests != []


@pytest.mark.parametrize(
    "commands",
    [
        ("stop", "start"),
        ("start", "stop"),
        ("pause", "resume", "pause"),
        ("stop", "start", "stop", "start"),
        ("pause", "stop", "start"),
        ("stop", "pause", "start", "stop"),
    ],
    ids="-".join,
)
async def test_commands_at_once(commands: tuple[str, ...]) -> None:
    """Of simultaneous commands, the last one takes effect."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await asyncio.gather(*(COMMANDS[name](miner) for name in commands))
        assert rig.is_hashing is (commands[-1] in ("start", "resume"))
        assert miner.state.backends <= {BackendType.CPU, BackendType.CUDA}


async def test_a_command_that_failed_lets_the_next_one_pass() -> None:
    """Its turn ends with the error."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        rig.fail_next(1, "http_500")
        with pytest.raises(XmrigResponseError):
            await miner.pause()
        await miner.pause()
        assert rig.miner.is_paused


async def test_a_command_that_is_cancelled_lets_the_next_one_pass() -> None:
    """Its turn ends when it is cancelled."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        rig.fail("hang")
        task = asyncio.create_task(miner.pause())
        while not rig.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await miner.pause()
        assert rig.miner.is_paused
