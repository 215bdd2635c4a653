"""Tests of all endpoints at once, and of the call that XMRig itself lacks."""

import asyncio

import pytest

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.exceptions import (
    XmrigError,
    XmrigReadOnlyError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from simulator import Simulator
from simulator.http import Request

from .wire import talking_to


async def test_all_endpoints_are_read_side_by_side() -> None:
    """No request waits for the reply to another."""
    async with Simulator(uptime=1000) as miner, talking_to(miner) as client:
        together = asyncio.Barrier(3)

        async def wait(_: Request) -> None:
            await together.wait()

        miner.on_request = wait
        replies = await client.get_all()
        assert replies.summary.worker_id == "rig-one"
        assert replies.backends.threads
        assert replies.config
        assert replies.config.document == miner.config
    assert "WALLET" not in repr(replies)


async def test_all_endpoints_of_a_read_only_api() -> None:
    """Its config cannot be read."""
    async with (
        Simulator(uptime=1000, config={"http": {"restricted": True}}) as miner,
        talking_to(miner) as client,
    ):
        replies = await client.get_all()
    assert replies.summary.restricted
    assert replies.backends.threads
    assert replies.config is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("backends_500", XmrigResponseError),
        ("config_500", XmrigResponseError),
        ("backends_hang", XmrigTimeoutError),
    ],
)
async def test_one_endpoint_fails(fault: str, kind: type[XmrigError]) -> None:
    """Its error is raised, not an exception group."""
    async with (
        Simulator(uptime=1000, fault=fault) as miner,
        talking_to(miner) as client,
    ):
        with pytest.raises(XmrigError) as raised:
            await client.get_all()
    assert type(raised.value) is kind


async def test_no_request_is_left_behind() -> None:
    """Requests that still run when one fails are cancelled."""
    async with (
        Simulator(uptime=1000, fault="backends_500") as miner,
        talking_to(miner) as client,
    ):
        ended = asyncio.Event()

        async def wait(request: Request) -> None:
            if request.path == "/2/summary":
                await ended.wait()

        miner.on_request = wait
        with pytest.raises(XmrigResponseError):
            await client.get_all()
        left = [repr(task.get_coro()) for task in asyncio.all_tasks()]
        ended.set()
    assert not [name for name in left if "XmrigClient" in name]


@pytest.mark.parametrize("is_paused", [True, False])
async def test_start(*, is_paused: bool) -> None:
    """Stopped threads run again at once, and a pause is kept."""
    clock = asyncio.get_running_loop().time
    async with (
        Simulator(uptime=1000, clock=clock) as miner,
        talking_to(miner) as client,
    ):
        first = (await client.config()).document
        if is_paused:
            await client.perform_action(Action.PAUSE)
        await client.perform_action(Action.STOP)
        assert not (await client.backends()).threads
        await client.perform_action(Action.START)
        # A config is applied half a second after its reply
        await asyncio.sleep(1)
        assert (await client.backends()).threads
        assert (await client.summary()).paused is is_paused
        assert miner.config == first


async def test_start_of_a_read_only_api() -> None:
    """It needs full access, like the other actions."""
    async with (
        Simulator(uptime=1000, config={"http": {"restricted": True}}) as miner,
        talking_to(miner) as client,
    ):
        with pytest.raises(XmrigReadOnlyError):
            await client.perform_action(Action.START)
