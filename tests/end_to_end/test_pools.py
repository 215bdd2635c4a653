"""Selecting one of the user's pools."""

import pytest

from custom_components.xmrig_miner.api.miner import Miner
from tests.targets import Target

from .rig import FAILOVER, Wire


@pytest.mark.parametrize(
    "start_change",
    [lambda document: document["pools"][1].update(enabled=False)],
    ids=["disabled"],
)
async def test_select_a_dead_pool_and_back(
    target: Target, wire: Wire, miner: Miner
) -> None:
    """The other pools remain as failover until it is reachable."""
    await target.set_pool(1, alive=False)
    await miner.select_pool(target.pools[1])
    pools = [pool["url"] for pool in (await wire.config())["pools"]]
    assert pools == [target.pools[1], target.pools[0]]
    assert (await wire.config())["pools"][0]["enabled"]
    await target.eventually(lambda: wire.is_at(0), timeout=FAILOVER)
    await wire.mines()
    assert (await wire.snapshot(miner)).preferred_pool == target.pools[1]
    await target.set_pool(1, alive=True)
    await target.eventually(lambda: wire.is_at(1), timeout=FAILOVER)
    await wire.mines()
    await miner.select_pool(target.pools[0])
    assert await miner.restore() == []
    await target.eventually(lambda: wire.is_at(0), timeout=FAILOVER)
    await wire.assert_as_first()
