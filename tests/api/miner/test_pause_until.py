"""Tests of pauses that end by themselves."""

from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigConnectionError,
    XmrigNotConfirmedError,
    XmrigNotMiningError,
)
from custom_components.xmrig_miner.api.state import MinerState, Request

from .rig import Rig, commanding, poll

END = 1600000000.5
"""In the past, so that the pause is over at once."""
LATER = 4e9
UNTIL = Request(mining=False, here=True, until=END)
MINE = Request(mining=True, here=True)


async def test_its_end_is_stored_and_forgotten() -> None:
    """It is known after a restart of Home Assistant."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await miner.pause_until(END)
        assert rig.miner.is_paused
        assert [item.request for item in saved] == [UNTIL] * 2
        assert [item.previous_request for item in saved] == [Request(), None]
        assert await miner.end_pause() is True
        assert rig.is_hashing
        assert saved[-1] == MinerState(request=MINE)


async def test_another_one_moves_its_end() -> None:
    """To an earlier or later time."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        for end in (END, END + 60, END - 60):
            await miner.pause_until(end)
            assert miner.state.request == replace(UNTIL, until=end)
        assert rig.miner.is_paused


@pytest.mark.parametrize(
    "how", ["paused", "stopped", "paused at the miner", "stopped at the miner"]
)
async def test_a_miner_that_is_off_is_not_paused(how: str) -> None:
    """It would mine at the end, though the user turned it off."""
    off = {name: {"enabled": False} for name in ("cpu", "opencl", "cuda")}
    config = off if how == "stopped at the miner" else {}
    async with Rig(config=config) as rig, commanding(rig) as (miner, saved):
        if how == "paused":
            await miner.pause()
        elif how == "stopped":
            await miner.stop()
        elif how == "paused at the miner":
            rig.rpc_direct("pause")
        before, actions = miner.state, rig.count("POST", "/json_rpc")
        saved.clear()
        with pytest.raises(XmrigNotMiningError, match=f"{rig.port} is off already"):
            await miner.pause_until(END)
        assert (miner.state, saved) == (before, [])
        assert rig.count("POST", "/json_rpc") == actions


@pytest.mark.parametrize("request_", [Request(), MINE, Request(mining=False)])
async def test_only_such_a_pause_is_ended(request_: Request) -> None:
    """The user may have ended it, or made it last, since the poll."""
    state = MinerState(request=request_)
    async with Rig() as rig, commanding(rig, state) as (miner, saved):
        assert await miner.end_pause() is False
        assert saved == []
        assert rig.count("POST", "/json_rpc") == 0


@pytest.mark.parametrize("request_", [MINE, Request(mining=True)])
async def test_a_miner_that_was_turned_on_is_paused(request_: Request) -> None:
    """Again and again."""
    state = MinerState(request=request_)
    async with Rig() as rig, commanding(rig, state) as (miner, _):
        for _ in range(2):
            await miner.pause_until(END)
            assert rig.miner.is_paused
            assert miner.state.request == UNTIL
            assert await miner.end_pause() is True
            assert rig.is_hashing


async def test_a_miner_that_a_rule_resumed_is_off() -> None:
    """It was turned off from here, and is about to be paused again."""
    state = MinerState(request=Request(mining=False, here=True))
    async with Rig() as rig, commanding(rig, state) as (miner, saved):
        assert rig.is_hashing
        with pytest.raises(XmrigNotMiningError):
            await miner.pause_until(END)
        assert saved == []


async def test_a_pause_whose_end_was_moved_is_not_ended() -> None:
    """The poll that showed it may be older than the new end."""
    state = MinerState(request=replace(UNTIL, until=LATER))
    async with Rig() as rig, commanding(rig, state) as (miner, saved):
        rig.rpc_direct("pause")
        assert await miner.end_pause() is False
        assert rig.miner.is_paused
        assert (miner.state, saved) == (state, [])


async def test_a_miner_that_a_limit_or_a_rule_paused_gets_an_end() -> None:
    """Neither of them is the user's decision."""
    state = MinerState(request=Request(limited=True))
    async with Rig() as rig, commanding(rig, state) as (miner, _):
        rig.rpc_direct("pause")
        await miner.pause_until(LATER)
        assert miner.state.request == replace(UNTIL, limited=True, until=LATER)
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, _),
    ):
        rig.on_battery = True
        rig.advance(1)
        assert rig.miner.is_paused
        await miner.pause_until(LATER)
        assert miner.state.request == replace(UNTIL, until=LATER)


async def test_a_power_limit_outlasts_it() -> None:
    """The miner is to mine, once the limit leaves it a thread."""
    state = MinerState(request=replace(UNTIL, limited=True))
    async with Rig() as rig, commanding(rig, state) as (miner, saved):
        rig.rpc_direct("pause")
        assert await miner.end_pause() is True
        assert rig.miner.is_paused
        assert rig.count("POST", "/json_rpc") == 0
        assert saved[-1] == MinerState(request=replace(MINE, limited=True))


async def test_the_rules_of_the_miner_outlast_it() -> None:
    """It is to mine, and does so by itself when they let it."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, saved),
    ):
        await miner.pause_until(END)
        rig.on_battery = True
        rig.advance(1)
        assert await miner.end_pause() is True
        assert saved[-1] == MinerState(request=MINE)
        await poll(miner)
        assert miner.state.request == MINE
        rig.on_battery = False
        rig.advance(1)
        assert rig.is_hashing


async def test_an_end_that_does_not_show_is_tried_again() -> None:
    """Without such a rule the miner should have resumed."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause_until(END)
        rig.on_reply = lambda _: rig.rpc_direct("pause")
        with pytest.raises(XmrigNotConfirmedError):
            await miner.end_pause()
        assert miner.state.previous_request == UNTIL
        rig.on_reply = None
        await poll(miner)
        assert miner.state.request == UNTIL
        assert await miner.end_pause() is True
        assert rig.is_hashing


async def test_a_miner_that_is_unreachable_stays_paused() -> None:
    """Neither the end nor the pause is forgotten."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause_until(END)
        before = miner.state
        await rig.go_offline()
        with pytest.raises(XmrigConnectionError):
            await miner.end_pause()
        assert miner.state == before
        await rig.go_online()
        assert await miner.end_pause() is True
        assert rig.is_hashing
