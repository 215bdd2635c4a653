"""Tests of what a miner is told after its restart, and of what a poll stores."""

from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState, Request

from .rig import Rig, commanding

OFF = Request(mining=False, here=True)
MINE = Request(mining=True, here=True)


async def seen(miner: Miner) -> Snapshot:
    """Return what a poll sees, before the state follows it."""
    return Snapshot(
        summary=await miner.link.summary(),
        backends=await miner.link.backends(),
        config=await miner.link.config(),
        state=miner.state,
    )


async def test_a_pause_is_restored() -> None:
    """XMRig forgets it with its process."""
    async with Rig() as rig, commanding(rig, MinerState(request=OFF)) as (miner, _):
        assert await miner.restore_wanted_state(await seen(miner)) is True
        assert rig.miner.is_paused
        assert rig.count("PUT", "/2/config") == 0
        assert miner.state.request == OFF
        assert await miner.restore_wanted_state(await seen(miner)) is False
        assert rig.count("POST", "/json_rpc") == 1


@pytest.mark.parametrize(("until", "is_paused"), [(4e9, True), (1.0, False)])
async def test_a_pause_with_an_end_is_restored_until_then(
    until: float, *, is_paused: bool
) -> None:
    """The miner may restart after the end, before that was told to it."""
    state = MinerState(request=replace(OFF, until=until))
    async with Rig() as rig, commanding(rig, state) as (miner, _):
        assert await miner.restore_wanted_state(await seen(miner)) is is_paused
        assert rig.miner.is_paused is is_paused


async def test_a_start_is_restored() -> None:
    """With the backends that were enabled last."""
    config = {name: {"enabled": False} for name in BackendType}
    state = MinerState(request=MINE, backends=frozenset({BackendType.CUDA}))
    async with Rig(config=config) as rig, commanding(rig, state) as (miner, _):
        assert await miner.restore_wanted_state(await seen(miner)) is True
        assert rig.enabled == {BackendType.CUDA}
        assert await miner.restore_wanted_state(await seen(miner)) is False


@pytest.mark.parametrize(("threads", "shown"), [(1, (1, 1)), (3, (2, 3))])
async def test_a_limit_of_threads_is_restored(
    threads: int, shown: tuple[int, int]
) -> None:
    """For all profiles: the miner may change to another one later."""
    cpu = {"rx": [0, 1], "cn": [[1, 0], [1, 1], [1, 2], [1, 3]]}
    async with (
        Rig(threads=4, config={"cpu": cpu}) as rig,
        commanding(rig, MinerState(threads=threads)) as (miner, _),
    ):
        assert (await seen(miner)).cpu_profile == "rx"
        assert await miner.restore_wanted_state(await seen(miner)) is True
        assert tuple(len(rig.config["cpu"][name]) for name in cpu) == shown
        assert rig.count("POST", "/json_rpc") == 0
        assert miner.state.threads == threads
        assert await miner.restore_wanted_state(await seen(miner)) is False


async def test_when_the_process_started_is_stored() -> None:
    """With the state, which the poll may change."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        snapshot = await seen(miner)
        assert await miner.observe(None, snapshot, 1790000000.5) == []
        assert miner.state.started == 1790000000.5
        assert snapshot.config
        assert miner.state.payout == snapshot.config.payout
        assert saved == [miner.state]


async def test_a_pause_at_the_miner_between_two_polls_is_requested() -> None:
    """The poll before shows that it mined."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await seen(miner)
        await miner.observe(None, before, None)
        rig.rpc_direct("pause")
        await miner.observe(before, await seen(miner), None)
        assert miner.state.request == Request(mining=False)


async def test_only_a_config_of_this_poll_is_compared() -> None:
    """An earlier one that is still used says nothing, nor does none at all."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        snapshot = await seen(miner)
        await miner.observe(None, snapshot, None)
        rig.edit_config(lambda config: config.update(retries=9))
        rig.advance(1)
        changed = await seen(miner)
        stale = replace(changed, is_fresh=False)
        assert await miner.observe(snapshot, stale, None) == []
        missing = replace(changed, config=None)
        assert await miner.observe(snapshot, missing, None) == []
        assert await miner.observe(snapshot, changed, None) == ["retries"]
        assert await miner.observe(snapshot, changed, None) == []
