"""Tests of the pause reason."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from .common import Rig
from .controls import MINING

REASON = "sensor.pause_reason"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "at_the_miner"),
        ({"config": {"pause-on-battery": True}}, "battery"),
        ({"config": {"pause-on-active": 60}}, "activity"),
        (
            {"config": {"pause-on-active": True, "pause-on-battery": True}},
            "battery_or_activity",
        ),
    ],
)
async def test_why_it_does_not_mine(running: Rig, reason: str) -> None:
    """It is derived from the config."""
    assert running.state(REASON) == "none"
    running.simulator.rpc_direct("pause")
    await running.poll()
    assert running.state(REASON) == reason
    await running.turn(MINING, on=True)
    assert running.state(REASON) == "none"
    await running.turn(MINING, on=False)
    assert running.state(REASON) == "asked_here"
    # The miner lists its threads while it is paused, too.
    assert running.state("sensor.threads") == "0"
    await running.reload()
    assert running.state(REASON) == "asked_here"


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_on_battery_it_does_not_resume(
    running: Rig,
) -> None:
    """It accepts the command without effect; the error gives the reason."""
    running.simulator.on_battery = True
    await running.poll()
    assert running.state(REASON) == "battery"
    with pytest.raises(HomeAssistantError, match="pause-on-battery"):
        await running.turn(MINING, on=True)
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "battery"


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_the_miners_own_rules_are_not_fought_after_a_restart(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """On battery, it would not resume."""
    await running.turn(MINING, on=True)
    running.simulator.on_battery = True
    running.simulator.restart()
    running.simulator.advance(15)
    assert running.simulator.miner.is_paused
    await running.poll()
    assert running.state(REASON) == "battery"
    assert "could not be put back" not in caplog.text
    running.simulator.on_battery = False
    await running.poll()
    assert running.state(MINING) == "on"


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_a_miner_that_is_switched_on_while_it_is_polled_stays_on(
    running: Rig,
) -> None:
    """The poll shows that its rules resumed it against the request of before."""
    simulator = running.simulator
    await running.turn(MINING, on=False)
    simulator.on_battery = True
    await running.poll()
    simulator.on_battery = False
    simulator.advance(1)
    assert not simulator.miner.is_paused
    turns: list[asyncio.Task[None]] = []

    def turn_on(request: Any) -> None:
        if request.path == "/2/summary" and not turns:
            turns.append(running.hass.async_create_task(running.turn(MINING, on=True)))

    simulator.on_request = turn_on
    await running.poll()
    await turns[0]
    await running.poll()
    assert not simulator.miner.is_paused
    assert running.state(MINING) == "on"
