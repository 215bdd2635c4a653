"""Tests of pausing and resuming."""

from typing import Any

import pytest

from custom_components.xmrig.api.exceptions import (
    XmrigConnectionError,
    XmrigNotConfirmedError,
)

from .rig import Rig, commanding


async def test_pause() -> None:
    """Hashing rests, and nothing of the config changes."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        assert rig.is_hashing
        before = rig.disk
        await miner.pause()
        assert rig.miner.is_paused
        assert not rig.is_hashing
        assert rig.disk == before
        assert rig.count("PUT", "/2/config") == 0


async def test_resume() -> None:
    """Hashing goes on."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        await miner.resume()
        assert not rig.miner.is_paused
        assert rig.is_hashing


async def test_twice() -> None:
    """Who asks for what is so already is told that it is."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.resume()
        assert not rig.miner.is_paused
        await miner.pause()
        await miner.pause()
        assert rig.miner.is_paused


async def test_a_pause_lasts_over_jobs() -> None:
    """No job of the pool wakes a paused miner."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        rig.advance(3600)
        assert not rig.is_hashing


async def test_a_pause_is_done_when_it_shows() -> None:
    """Until then the command goes on looking."""
    async with Rig() as rig, commanding(rig) as (miner, _):

        def be_slow(request: Any) -> None:
            if request.path == "/json_rpc":
                rig.rpc_direct("resume")
            elif rig.count("GET", "/2/summary") == 3:
                rig.rpc_direct("pause")

        rig.on_reply = be_slow
        await miner.pause()
        assert rig.miner.is_paused
        assert rig.count("GET", "/2/summary") == 4
        assert rig.count("POST", "/json_rpc") == 1


@pytest.mark.usefixtures("impatience")
async def test_a_pause_that_does_not_show() -> None:
    """Somebody else resumes at once: the command says that it did not happen."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        rig.on_reply = lambda _: rig.rpc_direct("resume")
        with pytest.raises(XmrigNotConfirmedError, match=r"took pause, but"):
            await miner.pause()
        assert saved == []


@pytest.mark.usefixtures("impatience")
async def test_resume_on_battery() -> None:
    """The miner answers OK, and stays paused by a rule of its own."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, saved),
    ):
        rig.on_battery = True
        rig.advance(1)
        assert rig.miner.is_paused
        with pytest.raises(XmrigNotConfirmedError, match=r"took resume, but"):
            await miner.resume()
        assert rig.miner.is_paused
        assert saved == []
        rig.on_battery = False
        rig.advance(1)
        await miner.resume()
        assert rig.is_hashing


async def test_an_answer_that_is_lost() -> None:
    """Who was not answered does not know what the command did."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        rig.fail("lost")
        with pytest.raises(XmrigConnectionError):
            await miner.pause()
        assert rig.miner.is_paused
