"""Tests of what has to be known beyond what a miner says."""

import pytest

from custom_components.xmrig.api.memory import Memory
from custom_components.xmrig.api.models import BackendType

from .rig import Rig, as_written, commanding


def test_nothing_is_known_at_first() -> None:
    """Without a file there is nothing to remember."""
    assert Memory.from_json(None) == Memory()
    assert Memory().backends == frozenset()


@pytest.mark.parametrize(
    "backends", [(), (BackendType.CPU,), tuple(BackendType)], ids=len
)
def test_it_comes_back_as_it_was(backends: tuple[BackendType, ...]) -> None:
    """What is written to a file is read from it again."""
    memory = Memory(backends=frozenset(backends))
    assert as_written(memory) == memory
    assert as_written(memory).as_json() == memory.as_json()


async def test_all_of_it_comes_back_as_it_was() -> None:
    """The memory of a miner that was stopped is more than empty."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await miner.stop()
    assert saved[-1] == miner.memory != Memory()
    assert as_written(miner.memory) == miner.memory
