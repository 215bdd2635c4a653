"""Tests of pausing for the power limit: a user's decision outranks it."""

import asyncio

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigConnectionError,
    XmrigLimitedError,
    XmrigNotConfirmedError,
)
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.pause_reason import PauseReason
from custom_components.xmrig_miner.api.state import Request
from simulator.http import Request as HttpRequest

from .rig import Rig, as_written, commanding, poll

PAUSED_THERE = Request(mining=False, limited=True)


async def test_a_miner_that_mines() -> None:
    """It is paused, and resumes when the limit allows it."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        await miner.pause_for_power_limit()
        assert rig.miner.is_paused
        seen = await poll(miner, seen)
        assert seen.reason is PauseReason.POWER_LIMIT
        assert miner.state.request == Request(limited=True)
        await miner.resume_after_power_limit()
        assert rig.is_hashing
        seen = await poll(miner, seen)
        assert seen.reason is PauseReason.NONE
        assert miner.state.request == Request()


@pytest.mark.parametrize("command", ["resume", "start"])
async def test_turning_it_on_while_the_limit_holds_it(command: str) -> None:
    """The request is stored, and the error names the limit."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await miner.pause()
        await miner.pause_for_power_limit()
        with pytest.raises(XmrigLimitedError):
            await getattr(miner, command)()
        assert rig.miner.is_paused
        assert saved[-1].request == Request(mining=True, here=True, limited=True)
        assert saved[-1].previous_request is None
        await miner.resume_after_power_limit()
        assert rig.is_hashing


async def test_a_miner_that_was_switched_off() -> None:
    """It stays off when the limit ends."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        await miner.pause_for_power_limit()
        await miner.pause()
        seen = await poll(miner, seen)
        assert seen.reason is PauseReason.ASKED_HERE
        await miner.resume_after_power_limit()
        assert rig.miner.is_paused
        assert miner.state.request == Request(mining=False, here=True)


async def test_a_miner_that_was_paused_there_since_the_last_poll() -> None:
    """The user paused it first, so it stays paused when the limit ends."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)
        rig.rpc_direct("pause")
        await miner.pause_for_power_limit()
        assert rig.count("POST", "/json_rpc") == 0
        assert miner.state.request == PAUSED_THERE
        seen = await poll(miner, seen)
        assert seen.reason is PauseReason.AT_THE_MINER
        await miner.resume_after_power_limit()
        assert rig.miner.is_paused
        assert (await poll(miner, seen)).reason is PauseReason.AT_THE_MINER


async def test_a_miner_that_its_own_rule_paused_since_the_last_poll() -> None:
    """That was not the user's decision."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, _),
    ):
        seen = await poll(miner)
        rig.on_battery = True
        rig.advance(1)
        assert rig.miner.is_paused
        await miner.pause_for_power_limit()
        assert miner.state.request == Request(limited=True)
        # On battery it does not resume yet, but does so by itself later
        with pytest.raises(XmrigNotConfirmedError):
            await miner.resume_after_power_limit()
        assert not miner.state.request.limited
        rig.on_battery = False
        rig.advance(1)
        assert rig.is_hashing
        assert (await poll(miner, seen)).reason is PauseReason.NONE


async def test_a_miner_that_does_not_resume_without_a_reason_is_still_held() -> None:
    """The cause is unknown, so the limit tries again later."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause_for_power_limit()
        seen = await poll(miner)
        rig.on_reply = lambda _: rig.rpc_direct("pause")
        with pytest.raises(XmrigNotConfirmedError):
            await miner.resume_after_power_limit()
        rig.on_reply = None
        await poll(miner, seen)
        assert miner.state.request.limited


async def test_a_limit_that_was_not_in_force_resumes_nothing() -> None:
    """A miner that was paused otherwise stays so."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        count = len(rig.requests)
        await miner.resume_after_power_limit()
        assert rig.miner.is_paused
        assert len(rig.requests) == count


@pytest.mark.parametrize("fault", ["reset_after", "hang_after"])
async def test_a_lost_reply(fault: str) -> None:
    """The miner shows the pause, so it is attributed to the limit."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        seen = await poll(miner)

        def fail(request: HttpRequest) -> None:
            if request.method == "POST":
                rig.fail_next(1, fault)

        rig.on_request = fail
        await miner.pause_for_power_limit()
        seen = await poll(miner, seen)
        assert seen.reason is PauseReason.POWER_LIMIT
        await miner.resume_after_power_limit()
        assert rig.is_hashing
        assert (await poll(miner, seen)).reason is PauseReason.NONE


async def test_a_miner_that_becomes_unreachable_with_the_pause() -> None:
    """Whether it took effect is known once it is back, even after a restart."""
    for takes_effect in (True, False):
        async with Rig() as rig, commanding(rig) as (miner, saved):
            seen = await poll(miner)

            async def leave(
                request: HttpRequest, rig: Rig = rig, takes_effect: bool = takes_effect
            ) -> None:
                if request.method == "POST":
                    rig.fail_next(1, "reset_after" if takes_effect else "reset")
                    loop = asyncio.get_running_loop()
                    loop.call_soon(loop.create_task, rig.go_offline())

            rig.on_request = leave
            with pytest.raises(XmrigConnectionError):
                await miner.pause_for_power_limit()
            rig.on_request = None
            await rig.go_online()
            assert rig.miner.is_paused is takes_effect
            async with commanding(rig, as_written(saved[-1])) as (again, _):
                await poll(again, seen)
                assert again.state.request == Request(limited=takes_effect)


async def test_a_miner_that_was_resumed_there() -> None:
    """The user's decision came last: the limit ends until it applies again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause_for_power_limit()
        seen = await poll(miner)
        rig.rpc_direct("resume")
        await poll(miner, seen)
        assert not miner.state.request.limited


async def test_a_stopped_miner() -> None:
    """The limit does not start it, and it stays requested to be stopped."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        seen = await poll(miner)
        await miner.pause_for_power_limit()
        await miner.resume_after_power_limit()
        assert rig.enabled == set()
        assert (await poll(miner, seen)).reason is PauseReason.ASKED_HERE
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}
        assert rig.is_hashing


async def test_pausing_again_what_a_rule_resumed() -> None:
    """It was turned off from here: the miner's own rules must not resume it."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, _),
    ):
        await miner.pause()
        seen = await poll(miner)
        rig.on_battery = True
        rig.advance(1)
        rig.on_battery = False
        rig.advance(1)
        assert rig.is_hashing
        await poll(miner, seen)
        assert miner.state.request == Request(mining=False, here=True)
        assert await miner.pause_again() is True
        assert rig.miner.is_paused
        assert (await poll(miner, seen)).reason is PauseReason.ASKED_HERE


async def test_what_the_user_resumed_meanwhile_is_not_paused_again() -> None:
    """The request came after the poll that showed the rule's resumption."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.resume()
        assert await miner.pause_again() is False
        assert rig.is_hashing
