"""Tests of the lifetime counters."""

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.core import State
from homeassistant.helpers.restore_state import async_get
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from simulator import Fault, SimulatedMiner
from simulator.http import Reply, Request

from .common import Rig
from .controls import MINING

SHARES = "sensor.shares_accepted_total"
HASHES = "sensor.hashes_total"

pytestmark = [
    pytest.mark.usefixtures("all_enabled"),
    pytest.mark.parametrize(
        "options", [{"uptime": 0, "gpus": 0, "dataset_time": 10**6}]
    ),
]


async def find(rig: Rig, shares: int) -> None:
    """Let the miner find shares of difficulty 100,000, and poll it."""
    for _ in range(shares):
        rig.simulator.accept_share()
    await rig.poll()


def wild_shares(number: int) -> Fault:
    """Return a fault that changes the number of accepted shares."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        document = copy.deepcopy(reply.document)
        document["results"]["shares_good"] = number
        return replace(reply, document=document)

    return Fault("wild", distort=distort, path="/summary")


def totals(rig: Rig) -> tuple[str, str]:
    """Return the counts of shares and hashes."""
    return rig.state(SHARES), rig.state(HASHES)


async def test_they_count_what_the_miner_counts(running: Rig) -> None:
    """They start with the miner's current count."""
    assert totals(running) == ("0", "0")
    await find(running, 3)
    assert totals(running) == ("3", "300000")
    assert running.full_state(SHARES).attributes["state_class"] == "total_increasing"


async def test_a_restart_of_the_miner_takes_nothing_away(running: Rig) -> None:
    """The count of the new process is added."""
    await find(running, 3)
    running.simulator.restart()
    await find(running, 2)
    assert totals(running) == ("5", "500000")
    running.simulator.restart()
    await find(running, 1)
    assert totals(running) == ("6", "600000")
    await running.poll(3)
    assert totals(running) == ("6", "600000")


async def test_a_count_that_did_not_fall_is_no_new_one(running: Rig) -> None:
    """Shares before the first poll may be missing, but nothing counts twice."""
    await find(running, 3)
    running.simulator.restart()
    await find(running, 7)
    assert totals(running) == ("7", "700000")
    await running.poll(3)
    assert totals(running) == ("7", "700000")


async def test_a_count_that_falls_waits_for_the_next_poll(running: Rig) -> None:
    """A single wrong value changes nothing."""
    await find(running, 3)
    for wild in (0, 10**9):
        running.simulator.fail_next(1, wild_shares(wild))
        running.simulator.fail_next(2, wild_shares(wild))
        running.simulator.fail_next(3, wild_shares(wild))
        await running.poll()
        assert running.state("sensor.shares_accepted") == str(wild)
        assert running.state(SHARES) == "3"
        await running.poll()
        assert running.state(SHARES) == "3"
    await find(running, 1)
    assert running.state(SHARES) == "4"


async def test_a_restart_of_home_assistant_counts_nothing_twice(running: Rig) -> None:
    """Shares in the meantime are counted, even across several restarts."""
    await find(running, 3)
    await running.reload()
    await running.reload()
    assert totals(running) == ("3", "300000")
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.accept_share()
    await running.pass_time(timedelta(hours=1))
    await running.set_up()
    assert totals(running) == ("4", "400000")
    await find(running, 1)
    assert totals(running) == ("5", "500000")


async def test_both_restart(running: Rig) -> None:
    """The new process is identified by its start."""
    await running.poll(10)
    await find(running, 3)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.restart()
    await running.pass_time(timedelta(hours=1))
    for _ in range(2):
        running.simulator.accept_share()
    await running.set_up()
    assert totals(running) == ("5", "500000")
    await running.reload()
    assert totals(running) == ("5", "500000")


async def test_they_go_on_from_what_home_assistant_restores(rig: Rig) -> None:
    """The counts were stored when Home Assistant stopped."""
    states = [
        (State("sensor.rig_one_lifetime_accepted_shares", "100"), (100, 2)),
        (State("sensor.rig_one_lifetime_hashes", "5000000"), (5000000, 200000)),
    ]
    mock_restore_cache_with_extra_data(
        rig.hass,
        [(state, {"total": total, "last": last}) for state, (total, last) in states],
    )
    for _ in range(3):
        rig.simulator.accept_share()
    await rig.set_up()
    assert totals(rig) == ("101", "5100000")
    stored = {
        item.state.entity_id: item.extra_data.as_dict()
        for item in async_get(rig.hass).async_get_stored_states()
        if item.extra_data
    }
    assert stored[rig.entity_id(SHARES)] == {"total": 101, "last": 3}


@pytest.mark.parametrize("step", [-100, -7200, 7200])
async def test_a_clock_that_was_set_counts_nothing_twice(
    running: Rig, step: int
) -> None:
    """Even while Home Assistant was not running."""
    await running.poll(20)
    await find(running, 3)
    running.simulator.miner.wall_step = step
    await running.poll(2)
    assert totals(running) == ("3", "300000")
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.miner.wall_step = 2 * step
    await running.pass_time(timedelta(minutes=1))
    await running.set_up()
    assert totals(running) == ("3", "300000")


async def test_a_miner_that_is_unreachable_is_not_counted(running: Rig) -> None:
    """Unknown is not zero."""
    await find(running, 3)
    await running.simulator.go_offline()
    await running.poll(2)
    assert totals(running) == ("unavailable", "unavailable")
    running.simulator.accept_share()
    await running.simulator.go_online()
    await running.poll()
    assert totals(running) == ("4", "400000")


@pytest.mark.parametrize("fault", ["http_500", "html", "nulls", "strings", "close"])
async def test_a_faulty_answer_counts_nothing(running: Rig, fault: str) -> None:
    """It does not restart the count."""
    await find(running, 3)
    running.simulator.fault = fault
    await running.poll(2)
    running.simulator.fault = None
    await running.poll()
    assert totals(running) == ("3", "300000")


async def test_a_restart_that_is_restored_counts_once(running: Rig) -> None:
    """The miner is then read twice."""
    await find(running, 3)
    await running.turn(MINING, on=False)
    running.simulator.restart()
    await find(running, 2)
    assert totals(running) == ("5", "500000")
    await running.poll()
    assert totals(running) == ("5", "500000")


@pytest.mark.parametrize("stored", [{"totals": 1}, [1], {"total": 10**30, "last": 0}])
async def test_a_sensor_is_added_with_any_restored_data(rig: Rig, stored: Any) -> None:
    """It starts with the miner's count."""
    name = "sensor.rig_one_lifetime_accepted_shares"
    mock_restore_cache_with_extra_data(rig.hass, [(State(name, "100"), stored)])
    rig.simulator.accept_share()
    await rig.set_up()
    assert totals(rig)[0] == "1"
