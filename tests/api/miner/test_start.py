"""Tests of starting."""

import asyncio
from typing import Any

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigInterruptedError,
    XmrigNotConfirmedError,
)
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.state import MinerState
from simulator.faults import Fault
from simulator.http import Reply

from .rig import Rig, as_written, commanding, poll


async def test_what_was_on_is_on_again() -> None:
    """Exactly the backends that were enabled before the stop, at once."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        hashrate = rig.hashrate
        await miner.stop()
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}
        assert rig.is_hashing
        assert rig.hashrate == hashrate


async def test_after_a_restart_of_ours() -> None:
    """The enabled backends are stored."""
    async with Rig() as rig:
        async with commanding(rig) as (miner, saved):
            await miner.stop()
        async with commanding(rig, as_written(saved[-1])) as (miner, _):
            await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


async def test_the_last_stop_counts() -> None:
    """The backends that were enabled last are stored."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        rig.edit_config(lambda config: config["opencl"].update(enabled=True))
        rig.advance(1)
        await miner.stop()
        await miner.start()
        assert rig.enabled == {BackendType.OPENCL}


async def test_nothing_remembered() -> None:
    """A miner that was stopped externally starts with its CPU."""
    config = {name: {"enabled": False} for name in BackendType}
    async with Rig(config=config) as rig, commanding(rig) as (miner, _):
        assert not rig.is_hashing
        await miner.start()
        assert rig.enabled == {BackendType.CPU}
        rig.advance(30)
        assert rig.is_hashing


async def test_a_miner_that_runs() -> None:
    """Nothing is written."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.start()
        assert rig.is_hashing
        assert rig.count("PUT", "/2/config") == 0


async def test_a_miner_that_runs_with_other_backends() -> None:
    """Those of an earlier stop stay off: the user enabled others since."""
    state = MinerState(backends=frozenset({BackendType.CUDA}))
    config = {"cuda": {"enabled": False}, "opencl": {"enabled": False}}
    async with Rig(config=config) as rig, commanding(rig, state) as (miner, _):
        await miner.start()
        assert rig.enabled == {BackendType.CPU}
        assert rig.count("PUT", "/2/config") == 0


async def test_a_paused_miner() -> None:
    """It is resumed, and nothing is written."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        await miner.start()
        assert rig.is_hashing
        assert rig.count("PUT", "/2/config") == 0


async def test_a_miner_that_is_paused_and_stopped() -> None:
    """Both are undone."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.pause()
        await miner.stop()
        await miner.start()
        assert rig.is_hashing
        assert not rig.miner.is_paused
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


async def test_a_miner_that_was_stopped_at_its_console() -> None:
    """It does not wait for the pool's next job."""
    async with Rig(job_interval=3600) as rig, commanding(rig) as (miner, _):
        before = rig.disk
        rig.rpc_direct("stop")
        assert not rig.is_hashing
        await miner.start()
        assert rig.is_hashing
        assert rig.disk == before


async def test_on_battery() -> None:
    """The backends are enabled, but the miner stays paused: the error says so."""
    async with (
        Rig(config={"pause-on-battery": True}) as rig,
        commanding(rig) as (miner, _),
    ):
        await miner.stop()
        rig.on_battery = True
        rig.advance(1)
        with pytest.raises(XmrigNotConfirmedError) as raised:
            await miner.start()
        assert raised.value.command == "resume"
        assert rig.enabled == set(BackendType)


async def test_a_config_that_is_never_applied() -> None:
    """The miner accepted it, but did not apply it."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        rig.fault = "ignore_put"
        with pytest.raises(XmrigNotConfirmedError):
            await miner.start()
        rig.fault = None
        await poll(miner)
        assert miner.state.request.mining is False
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


async def test_after_the_miners_own_stop_it_is_done_once_threads_run() -> None:
    """The threads show half a second after the command."""
    async with Rig(job_interval=3600) as rig, commanding(rig) as (miner, _):
        rig.rpc_direct("stop")
        loop = asyncio.get_running_loop()
        started = loop.time()
        await miner.start()
        assert loop.time() - started >= rig.surroundings.watch_delay
        assert rig.is_hashing
        assert rig.count("PUT", "/2/config") == 1


async def test_after_the_stop_of_a_miner_that_has_only_just_begun() -> None:
    """Without a highest hashrate, it could still build its dataset."""
    async with (
        Rig(job_interval=3600, uptime=13) as rig,
        commanding(rig) as (miner, _),
    ):
        assert rig.is_hashing
        assert (await miner.link.summary()).hashrate_highest is None
        rig.rpc_direct("stop")
        await miner.start()
        assert rig.is_hashing


async def test_after_the_miners_own_stop_threads_never_run() -> None:
    """Then the command fails, whatever the config shows."""
    async with (
        Rig(job_interval=3600, fault="ignore_put") as rig,
        commanding(rig) as (miner, _),
    ):
        rig.rpc_direct("stop")
        with pytest.raises(XmrigNotConfirmedError) as raised:
            await miner.start()
        assert raised.value.command == "start"
        assert not rig.is_hashing


@pytest.mark.parametrize("reply", ["lost", "hang_after", "reset_after", "late_7_after"])
async def test_after_the_miners_own_stop_a_reply_is_lost(reply: str) -> None:
    """What counts is that threads run."""
    async with Rig(job_interval=3600) as rig, commanding(rig) as (miner, _):
        rig.rpc_direct("stop")

        def fail(request: Any) -> None:
            if request.method == "PUT":
                rig.on_request = None
                rig.fail_next(1, reply)

        rig.on_request = fail
        await miner.start()
        assert rig.is_hashing


async def test_after_the_miners_own_stop_the_config_is_lost() -> None:
    """The error says so, rather than that it was accepted."""
    async with Rig(job_interval=3600) as rig, commanding(rig) as (miner, _):
        rig.rpc_direct("stop")

        def fail(request: Any) -> None:
            # aiohttp repeats the first one
            if request.method == "PUT":
                rig.fail_next(1, "reset")

        rig.on_request = fail
        with pytest.raises(XmrigInterruptedError):
            await miner.start()
        assert not rig.is_hashing


async def test_a_miner_that_builds_its_dataset() -> None:
    """It counts as started although it has no threads yet."""
    async with Rig(uptime=0, dataset_time=60) as rig, commanding(rig) as (miner, _):
        await miner.start()
        assert rig.count("PUT", "/2/config") <= 1


async def test_a_miner_without_a_pool() -> None:
    """Its threads start with the first job, which may take long."""
    async with Rig(uptime=0) as rig, commanding(rig) as (miner, _):
        for pool in rig.config["pools"]:
            rig.set_pool_reachable(pool["url"], False)
        await miner.stop()
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


@pytest.mark.parametrize(
    "document",
    [
        [],
        [{"type": "opencl", "enabled": False}],
        [{"type": kind} for kind in BackendType],
    ],
)
async def test_incomplete_backends(document: Any) -> None:
    """A running miner is not rewritten because one reply is incomplete."""
    little = Fault("says little", instead=Reply(200, document), path="/backends")
    async with Rig() as rig, commanding(rig) as (miner, _):
        for number in range(1, 20):
            rig.fail_next(number, little)
        await miner.start()
        assert len(rig.requests) >= 20
        assert rig.count("PUT", "/2/config") == 0
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}
        assert rig.is_hashing


async def test_a_start_is_not_confirmed_by_incomplete_backends() -> None:
    """They must show an enabled backend."""
    little = Fault("says little", instead=Reply(200, []), path="/backends")
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        count = len(rig.requests)
        for number in range(1, 60):
            rig.fail_next(number, little)
        await miner.start()
        assert len(rig.requests) - count >= 60
        assert rig.is_hashing
