"""Tests of stopping."""

import asyncio
from copy import deepcopy
from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.xmrig_miner.api.document import diff
from custom_components.xmrig_miner.api.exceptions import (
    XmrigNotConfirmedError,
    XmrigRefusedError,
    XmrigResponseError,
)
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.state import MinerState, Request
from simulator.faults import FAULTS, Fault
from simulator.http import Reply

from .rig import Rig, commanding, poll


async def test_it_lasts() -> None:
    """Neither jobs nor a restart of the miner start it again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        assert not rig.is_hashing
        for _ in range(10):
            rig.advance(20)
            assert not rig.is_hashing
        rig.restart()
        rig.advance(3600)
        assert not rig.is_hashing


async def test_it_is_done_when_it_shows() -> None:
    """The config is applied some time after the miner accepted it."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(miner.stop())
            while not rig.count("PUT", "/2/config"):
                await asyncio.sleep(0)
            assert rig.is_hashing
            assert not task.done()
        assert not rig.is_hashing
        assert rig.count("PUT", "/2/config") == 1


@pytest.mark.parametrize("version", ["6.26.0", "6.22.2"])
async def test_nothing_else_of_the_config_changes(version: str) -> None:
    """Only the backends are disabled and enabled again."""
    async with Rig(version=version) as rig, commanding(rig) as (miner, _):
        before, on_disk = deepcopy(rig.config), rig.disk
        await miner.stop()
        assert {(item.path, item.new) for item in diff(before, rig.config)} == {
            (("cpu", "enabled"), False),
            (("cuda", "enabled"), False),
        }
        assert rig.disk == rig.config
        await miner.start()
        assert json.dumps(rig.config) == json.dumps(before)
        assert rig.disk == on_disk


async def test_what_was_on_is_remembered_before_it_is_off() -> None:
    """The enabled backends are stored before the config is sent."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        saved_before_put = []

        def look(request: Any) -> None:
            if request.method == "PUT":
                saved_before_put.extend(saved)

        rig.on_request = look
        await miner.stop()
    assert saved_before_put[-1].backends == {BackendType.CPU, BackendType.CUDA}


async def test_twice() -> None:
    """A second stop keeps the stored backends, and writes nothing."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        await miner.stop()
        assert miner.state.backends == {BackendType.CPU, BackendType.CUDA}
        assert rig.count("PUT", "/2/config") == 1


async def test_a_paused_miner() -> None:
    """It stays paused while it is stopped."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        await miner.stop()
        assert rig.enabled == set()
        assert rig.miner.is_paused


async def test_a_miner_that_was_stopped_at_its_console() -> None:
    """XMRig's own stop does not last; disabled backends do."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        rig.rpc_direct("stop")
        await miner.stop()
        rig.advance(60)
        assert not rig.is_hashing


async def test_a_config_that_is_never_applied() -> None:
    """The miner accepted it, but did not apply it."""
    async with (
        Rig(fault="ignore_put") as rig,
        commanding(rig) as (miner, _),
    ):
        with pytest.raises(XmrigNotConfirmedError):
            await miner.stop()
        assert rig.is_hashing
        await poll(miner)
        assert miner.state.request.mining is not False


async def test_a_config_that_is_refused() -> None:
    """The miner rejected it."""
    async with (
        Rig(fault="refuse_put") as rig,
        commanding(rig) as (miner, _),
    ):
        with pytest.raises(XmrigRefusedError):
            await miner.stop()
        assert rig.is_hashing
        assert miner.state.request.mining is not False


async def test_a_config_that_cannot_be_read() -> None:
    """Then nothing is written."""
    async with (
        Rig(fault="config_500") as rig,
        commanding(rig) as (miner, saved),
    ):
        with pytest.raises(XmrigResponseError):
            await miner.stop()
        assert rig.count("PUT", "/2/config") == 0
        assert saved[-1] == miner.state == MinerState()


def backends(document: Any) -> Fault:
    """Return what makes the miner report these backends."""
    return Fault("says little", instead=Reply(200, document), path="/backends")


@pytest.mark.parametrize(
    "document",
    [
        [],
        [{"type": "cuda", "enabled": False}],
        [{"type": kind} for kind in BackendType],
        [{"type": kind, "enabled": None} for kind in BackendType],
    ],
)
async def test_incomplete_backends(document: Any) -> None:
    """A missing backend is unknown, not disabled: the stop is not confirmed."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        for number in range(1, 30):
            rig.fail_next(number, backends(document))
        await miner.stop()
        assert len(rig.requests) == 30
        assert rig.enabled == set()


@pytest.mark.parametrize("fault", ["short", "cut", "http_500"])
async def test_backends_that_are_damaged_once(fault: str) -> None:
    """They are read again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        damaged = replace(FAULTS[fault], path="/backends")

        def fail(request: Any) -> None:
            if request.path == "/2/backends":
                rig.on_request = None
                rig.fail_next(1, damaged)

        rig.on_request = fail
        await miner.stop()
        assert rig.count("GET", "/2/backends") == 2
        assert miner.state.backends == {BackendType.CPU, BackendType.CUDA}


async def test_a_backend_is_missing_when_another_is_switched_off() -> None:
    """The missing backend may run, so the miner does not count as stopped."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        before = await poll(miner)

        def fail(request: Any) -> None:
            if request.path == "/2/backends":
                rig.on_request = None
                rig.fail_next(1, backends([{"type": "cpu", "enabled": True}]))

        rig.on_request = fail
        await miner.set_backend(BackendType.CPU, enabled=False)
        assert rig.enabled == {BackendType.CUDA}
        assert rig.is_hashing
        after = await poll(miner, before)
        assert after.snapshot.is_mining
        assert all(state.request == Request() for state in saved)
