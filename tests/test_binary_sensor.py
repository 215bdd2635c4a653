"""Tests of the binary sensors."""

import pytest

from simulator import DEFAULT_POOLS, FAULTS, Fault
from simulator.http import Reply
from tests.common import Rig

KEYS = {"pool_connected", "msr", "api_restricted"}


async def test_what_is_enabled_by_default(running: Rig) -> None:
    """Only the connection to the pool."""
    enabled = {
        key for key in KEYS if not running.entities[f"binary_sensor.{key}"].disabled
    }
    assert enabled == {"pool_connected"}


async def test_a_lost_pool_is_seen(running: Rig) -> None:
    """And its return."""
    assert running.state("binary_sensor.pool_connected") == "on"
    for pool in DEFAULT_POOLS:
        running.simulator.set_pool_reachable(str(pool["url"]), False)
    await running.poll()
    assert running.state("binary_sensor.pool_connected") == "off"
    for pool in DEFAULT_POOLS:
        running.simulator.set_pool_reachable(str(pool["url"]), True)
    await running.poll()
    assert running.state("binary_sensor.pool_connected") == "on"


@pytest.mark.parametrize("options", [{"algorithm": "cn/half"}])
async def test_the_msr_mod_is_of_randomx_only(all_enabled: None, running: Rig) -> None:
    """It is unknown for other algorithms."""
    assert running.state("binary_sensor.msr") == "off"


async def test_what_was_cut_off_is_unknown(
    all_enabled: None, running: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU may be missing in a truncated reply."""
    fault = Fault("cut", instead=Reply(200, body=b'[{"type": "c'), path="/backends")
    monkeypatch.setitem(FAULTS, "cut", fault)
    running.simulator.fault = "cut"
    await running.poll()
    assert running.state("binary_sensor.msr") == "unknown"
    assert running.state("binary_sensor.pool_connected") == "on"
