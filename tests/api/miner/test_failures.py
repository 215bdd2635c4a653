"""Tests of miners that become unreachable."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConnectionError,
    XmrigStorageError,
)
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.state import MinerState
from tests.sessions import open_session

from .rig import COMMANDS, Rig, as_written, commanding, every_command


@every_command
async def test_offline(command: str) -> None:
    """A miner that is off gets no command, and nothing is stored."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await rig.kill()
        with pytest.raises(XmrigConnectionError):
            await COMMANDS[command](miner)
        assert saved == []


@pytest.mark.parametrize("command", ["pause", "stop"])
async def test_it_goes_in_the_middle(command: str) -> None:
    """A miner that becomes unreachable after the command shows no result."""
    async with Rig() as rig, commanding(rig) as (miner, _):

        async def die(request: Any) -> None:
            if request.method in ("PUT", "POST"):
                await rig.kill()

        rig.on_reply = die
        with pytest.raises(XmrigConnectionError):
            await COMMANDS[command](miner)


async def test_it_goes_in_the_middle_of_a_stop_and_returns() -> None:
    """The enabled backends were stored, so it can be started again."""
    async with Rig() as rig, commanding(rig) as (miner, saved):

        async def die(request: Any) -> None:
            if request.method == "PUT":
                await rig.kill()

        rig.on_reply = die
        with pytest.raises(XmrigConnectionError):
            await miner.stop()
        rig.on_reply = None
        rig.restart()
        assert rig.enabled == set()
        async with commanding(rig, as_written(saved[-1])) as (after, _):
            await after.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


async def test_it_goes_before_a_stop_arrives_and_returns() -> None:
    """A miner that never received the config mines on, and start changes nothing."""
    async with Rig() as rig, commanding(rig) as (miner, _):

        async def die(request: Any) -> None:
            if request.method == "PUT":
                await rig.kill()

        rig.on_request = die
        with pytest.raises(XmrigConnectionError):
            await miner.stop()
        rig.on_request = None
        rig.restart()
        rig.advance(60)
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}
        assert rig.is_hashing


@every_command
async def test_a_state_that_cannot_be_stored(command: str) -> None:
    """A change that could not be undone is not made; the miner is only read."""

    async def fail(_: MinerState) -> None:
        raise XmrigStorageError("No space left on device")

    async with Rig() as rig, open_session() as session:
        client = XmrigClient(session, rig.host, rig.port, token="s3cret")
        miner = Miner(client, MinerState(), fail)
        with pytest.raises(XmrigStorageError, match="No space"):
            await COMMANDS[command](miner)
        assert rig.is_hashing
        assert {item.method for item in rig.requests} == {"GET"}
        assert miner.state == MinerState()


async def test_undo_data_that_cannot_be_stored() -> None:
    """The request could be stored, but not the original config: nothing is written."""
    saves = 0

    async def fail(_: MinerState) -> None:
        nonlocal saves
        saves += 1
        if saves == 2:
            raise XmrigStorageError("No space left on device")

    async with Rig() as rig, open_session() as session:
        client = XmrigClient(session, rig.host, rig.port, token="s3cret")
        miner = Miner(client, MinerState(), fail)
        with pytest.raises(XmrigStorageError, match="No space"):
            await miner.stop()
        assert rig.is_hashing
        assert {item.method for item in rig.requests} == {"GET"}
        assert miner.state == MinerState()
