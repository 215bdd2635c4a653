"""Tests of starting."""

import pytest

from custom_components.xmrig.api.exceptions import XmrigNotConfirmedError
from custom_components.xmrig.api.models import BackendType

from .rig import Rig, as_written, commanding, poll


async def test_what_was_on_is_on_again() -> None:
    """Just the backends that were on before the stop, and at once."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        hashrate = rig.hashrate
        await miner.stop()
        await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}
        assert rig.is_hashing
        assert rig.hashrate == hashrate


async def test_after_a_restart_of_ours() -> None:
    """What has to be known outlives this process."""
    async with Rig() as rig:
        async with commanding(rig) as (miner, saved):
            await miner.stop()
        async with commanding(rig, as_written(saved[-1])) as (miner, _):
            await miner.start()
        assert rig.enabled == {BackendType.CPU, BackendType.CUDA}


async def test_the_last_stop_counts() -> None:
    """What is remembered is what was on last, not first."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.stop()
        rig.edit_config(lambda config: config["opencl"].update(enabled=True))
        rig.advance(1)
        await miner.stop()
        await miner.start()
        assert rig.enabled == {BackendType.OPENCL}


async def test_nothing_remembered() -> None:
    """A miner that was stopped externally mines with its CPU."""
    config = {name: {"enabled": False} for name in BackendType}
    async with Rig(config=config) as rig, commanding(rig) as (miner, _):
        assert not rig.is_hashing
        await miner.start()
        assert rig.enabled == {BackendType.CPU}
        rig.advance(30)
        assert rig.is_hashing


async def test_a_miner_that_runs() -> None:
    """There is nothing to do, so nothing is written."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.start()
        assert rig.is_hashing
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
    """It does not have to wait for the pool's next job."""
    async with Rig(job_interval=3600) as rig, commanding(rig) as (miner, _):
        before = rig.disk
        rig.rpc_direct("stop")
        assert not rig.is_hashing
        await miner.start()
        assert rig.is_hashing
        assert rig.disk == before


async def test_on_battery() -> None:
    """The backends are on, but the miner stays paused, and that is told."""
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
    """The miner took it, and nothing came of it."""
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
