"""Tests of backends, rules for pausing, and numbers of threads."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigBackendError,
    XmrigNotMiningError,
)
from custom_components.xmrig_miner.api.models import BackendType, PauseRule
from custom_components.xmrig_miner.api.pause_reason import PauseReason
from custom_components.xmrig_miner.api.state import MinerState, Request
from simulator.hardware import make_gpus

from .rig import Rig, commanding, poll

OFF_HERE = Request(mining=False, here=True)
PROFILES: dict[str, Any] = {"cpu": {"rx": [0, 1, 2, 3], "cn": [[1, 0], [1, 2]]}}


async def test_a_backend_is_enabled_and_disabled() -> None:
    """The others stay, and so does what is requested."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await miner.set_backend(BackendType.OPENCL, enabled=True)
        assert rig.enabled == set(BackendType)
        await miner.set_backend(BackendType.CPU, enabled=False)
        assert rig.enabled == {BackendType.OPENCL, BackendType.CUDA}
        assert rig.is_hashing
        assert miner.state.request == Request()
        assert miner.state.backends == set()


async def test_the_last_backend_that_runs() -> None:
    """Without it the miner is stopped, and a start enables it again.

    The miner has no device for another one that its config enables.
    """
    cards = [card for card in make_gpus(3) if card.kind == "cuda"]
    config = {"opencl": {"enabled": True}, "cpu": {"enabled": False}}
    async with Rig(gpus=cards, config=config) as rig, commanding(rig) as (miner, saved):
        seen = await poll(miner)
        await miner.set_backend(BackendType.CUDA, enabled=False)
        assert not rig.is_hashing
        assert miner.state.request == OFF_HERE
        assert miner.state.previous_request is None
        assert saved[-1] == miner.state
        assert (await poll(miner, seen)).reason is PauseReason.ASKED_HERE
        with pytest.raises(XmrigNotMiningError):
            await miner.pause_until(4e9)
        await miner.start()
        assert rig.enabled == {BackendType.CUDA, BackendType.OPENCL}
        assert miner.state.request == Request(mining=True, here=True)


async def test_another_backend_of_a_stopped_miner() -> None:
    """The one that runs is not the last one, and neither is one that is off."""
    config = {name: {"enabled": False} for name in BackendType}
    state = MinerState(backends=frozenset({BackendType.CUDA}))
    async with Rig(config=config) as rig, commanding(rig, state) as (miner, _):
        await miner.set_backend(BackendType.CPU, enabled=True)
        assert rig.enabled == {BackendType.CPU}
        await miner.set_backend(BackendType.CUDA, enabled=False)
        assert rig.enabled == {BackendType.CPU}
        assert miner.state.request == Request()
        assert miner.state.backends == {BackendType.CUDA}


async def test_a_backend_without_a_device() -> None:
    """The error names it, and what is requested stays."""
    async with Rig(gpus=0) as rig, commanding(rig) as (miner, _):
        with pytest.raises(XmrigBackendError, match="to run cuda on"):
            await miner.set_backend(BackendType.CUDA, enabled=True)
        assert rig.is_hashing
        assert miner.state.request == Request()


async def test_a_rule_gets_the_users_seconds_back() -> None:
    """On is a number of seconds for one of them."""
    battery, activity = PauseRule.BATTERY, PauseRule.ACTIVITY
    config = {activity.value: 120}
    async with Rig(config=config) as rig, commanding(rig) as (miner, _):
        for rule, enabled, values in (
            (activity, False, (False, False)),
            (battery, True, (True, False)),
            (activity, True, (True, 120)),
            (battery, False, (False, 120)),
        ):
            await miner.set_pause_rule(rule, enabled=enabled)
            assert (rig.config[battery], rig.config[activity]) == values


async def test_threads_are_limited_and_restored() -> None:
    """In each profile; a limit that removes no thread is none."""
    async with Rig(threads=4, config=PROFILES) as rig, commanding(rig) as (miner, _):
        await miner.set_threads(3, "rx")
        assert rig.config["cpu"]["rx"] == [0, 1, 2]
        assert rig.config["cpu"]["cn"] == [[1, 0], [1, 2]]
        assert miner.state.threads == 3
        await miner.set_threads(1, "rx")
        assert rig.config["cpu"]["rx"] == [0]
        assert rig.config["cpu"]["cn"] == [[1, 0]]
        assert miner.state.threads == 1
        # The user has as many of this profile, whatever it has of another
        await miner.set_threads(2, "cn")
        assert rig.config["cpu"]["rx"] == [0, 1, 2, 3]
        assert rig.config["cpu"]["cn"] == [[1, 0], [1, 2]]
        assert miner.state.threads is None
