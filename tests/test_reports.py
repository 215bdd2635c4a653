"""Tests of which entities report their state at each poll, and which only a change."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
import pytest

from tests.common import Rig

TEXTS = {
    "sensor.algorithm",
    "sensor.pause_reason",
    "sensor.paused_until",
    "sensor.pool",
    "sensor.pool_connected_since",
    "sensor.pool_ip",
    "sensor.pool_tls",
    "sensor.status",
    "sensor.uptime",
}
"""Texts and times."""
REPORTING = {"binary_sensor", "sensor"}


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("options", [{"gpus": 1}])
async def test_an_equal_reading_is_reported_and_an_equal_text_is_not(
    running: Rig,
) -> None:
    """Integrals and statistics count the reports of numbers and binary sensors."""
    await running.poll(3)
    before = {name: running.full_state(name).last_reported for name in running.states}
    await running.poll()
    reported = {
        name
        for name in running.states
        if running.full_state(name).last_reported != before[name]
    }
    assert {
        name for name in before if name.split(".")[0] in REPORTING
    } - TEXTS == reported


async def test_a_state_that_something_else_wrote_lasts_until_the_next_poll(
    running: Rig,
) -> None:
    """As one that was set in the developer tools."""
    await running.poll()
    running.hass.states.async_set(running.entity_id("switch.mining"), STATE_OFF)
    assert running.state("switch.mining") == STATE_OFF
    await running.poll()
    assert running.state("switch.mining") == STATE_ON


async def test_a_state_that_something_removed_is_there_after_the_next_poll(
    running: Rig,
) -> None:
    """Though nothing of it changed."""
    await running.poll()
    running.hass.states.async_remove(running.entity_id("select.pool"))
    await running.poll()
    assert "select.pool" in running.states


async def test_an_unchanged_state_returns_with_the_miner(running: Rig) -> None:
    """It is the same as before, but was unavailable in between."""
    await running.poll()
    before = running.states
    await running.simulator.go_offline()
    await running.poll()
    assert running.state("sensor.status") == STATE_UNAVAILABLE
    assert running.state("button.start") == STATE_UNAVAILABLE
    await running.simulator.go_online()
    await running.poll()
    texts = {name for name in before if name in TEXTS or "sensor" not in name}
    assert {name: running.state(name) for name in texts} == {
        name: before[name] for name in texts
    }
