"""Tests of pausing and resuming."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigNotConfirmedError
from custom_components.xmrig_miner.api.state import Request

from .rig import Rig, commanding, poll


async def test_pause() -> None:
    """Hashing stops, and the config stays the same."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        assert rig.is_hashing
        before = rig.disk
        await miner.pause()
        assert rig.miner.is_paused
        assert not rig.is_hashing
        assert rig.disk == before
        assert rig.count("PUT", "/2/config") == 0


async def test_resume() -> None:
    """Hashing continues."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        await miner.resume()
        assert not rig.miner.is_paused
        assert rig.is_hashing


async def test_twice() -> None:
    """Repeating a command succeeds."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.resume()
        assert not rig.miner.is_paused
        await miner.pause()
        await miner.pause()
        assert rig.miner.is_paused


async def test_a_pause_lasts_over_jobs() -> None:
    """A new job does not resume a paused miner."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        rig.advance(3600)
        assert not rig.is_hashing


async def test_a_pause_is_done_when_it_shows() -> None:
    """Until then, the command keeps reading."""
    async with Rig() as rig, commanding(rig) as (miner, _):

        def be_slow(request: Any) -> None:
            if request.path == "/json_rpc":
                rig.rpc_direct("resume")
            elif rig.count("GET", "/2/summary") == 5:
                rig.rpc_direct("pause")

        rig.on_reply = be_slow
        await miner.pause()
        assert rig.miner.is_paused
        # Two of them verified which miner it is
        assert rig.count("GET", "/2/summary") == 6
        assert rig.count("POST", "/json_rpc") == 1


async def test_a_pause_that_does_not_show() -> None:
    """It is resumed externally at once: the error says that it is not paused."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        rig.on_reply = lambda _: rig.rpc_direct("resume")
        with pytest.raises(XmrigNotConfirmedError) as raised:
            await miner.pause()
        assert raised.value.command == "pause"
        await poll(miner)
        requests = [item.request for item in saved]
        assert requests == [Request(mining=False, here=True), Request()]
        assert miner.state.previous_request is None


async def test_resume_on_battery() -> None:
    """The miner replies OK, but stays paused by its own rule."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, saved),
    ):
        rig.on_battery = True
        rig.advance(1)
        assert rig.miner.is_paused
        with pytest.raises(XmrigNotConfirmedError) as raised:
            await miner.resume()
        assert raised.value.command == "resume"
        assert rig.miner.is_paused
        await poll(miner)
        assert saved[-1] == miner.state
        assert miner.state.request == Request()
        rig.on_battery = False
        rig.advance(1)
        await miner.resume()
        assert rig.is_hashing
