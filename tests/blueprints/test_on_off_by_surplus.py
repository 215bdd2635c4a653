"""Tests of the blueprint "On and off by surplus"."""

from datetime import timedelta
from typing import Any

import pytest

from .house import FULL_POWER, GRID, GRID_EXPORT, MINING, House

pytestmark = pytest.mark.usefixtures("few_sensors")


async def on_off(house: House, **inputs: Any) -> None:
    """Let a miner that has been off for long mine at 100 W of export."""
    await house.rig.turn(MINING, on=False)
    await house.pass_time(timedelta(minutes=15))
    await house.automate(
        "on_off_by_surplus",
        mining=house.entity_id(MINING),
        grid_power=GRID,
        **{"start_above": 100, "stop_below": -10} | inputs,
    )


@pytest.mark.parametrize("is_feed_in", [True, False])
@pytest.mark.parametrize("unit", ["W", "kW"])
async def test_hysteresis(house: House, unit: str, is_feed_in: bool) -> None:
    """It starts above one threshold and stops below the other, with any meter."""
    house.unit, house.is_feed_in = unit, is_feed_in
    await on_off(house, grid_sign="export" if is_feed_in else "import")
    for surplus, is_on in ((135, False), (145, True), (115, True), (105, False)):
        await house.surplus(surplus)
        await house.pass_time(timedelta(minutes=5))
        assert house.rig.state(MINING) == ("on" if is_on else "off")
        assert house.rig.simulator.is_hashing is is_on


async def test_a_meter_with_two_sensors(house: House) -> None:
    """What is drawn and what is fed in are sensors of their own."""
    house.has_two_sensors = True
    await on_off(house, grid_export=GRID_EXPORT)
    for surplus, is_on in ((135, False), (145, True), (115, True), (105, False)):
        await house.surplus(surplus)
        await house.pass_time(timedelta(minutes=5))
        assert house.rig.state(MINING) == ("on" if is_on else "off")


async def test_a_miner_that_waits_for_its_limit(house: House) -> None:
    """It does not mine without surplus once the limit allows it."""
    await on_off(house)
    await house.set_limit(0)
    await house.surplus(500)
    assert house.rig.state("sensor.pause_reason") == "power_limit"
    await house.surplus(-500)
    await house.pass_time(timedelta(minutes=6))
    await house.set_limit(FULL_POWER)
    await house.pass_time(timedelta(minutes=1))
    assert not house.rig.simulator.is_hashing


async def test_minimum_times(house: House) -> None:
    """A miner that was just turned on or off stays so."""
    await on_off(house, minimum_on={"minutes": 4}, minimum_off={"minutes": 8})
    await house.surplus(500)
    assert house.rig.state(MINING) == "on"
    await house.surplus(-500)
    await house.pass_time(timedelta(minutes=2))
    assert house.rig.state(MINING) == "on"
    await house.pass_time(timedelta(minutes=1))
    assert house.rig.state(MINING) == "off"
    await house.surplus(500)
    await house.pass_time(timedelta(minutes=6))
    assert house.rig.state(MINING) == "off"
    await house.pass_time(timedelta(minutes=1))
    assert house.rig.state(MINING) == "on"


@pytest.mark.parametrize("meter", ["unavailable", "unknown", "nan", "silent"])
async def test_a_meter_that_reports_nothing(house: House, meter: str) -> None:
    """Mining continues for a while, then stops until the meter is back."""
    await on_off(house, maximum_age={"minutes": 4})
    await house.surplus(500)
    house.meter = meter
    await house.pass_time(timedelta(minutes=3))
    assert house.rig.state(MINING) == "on"
    await house.pass_time(timedelta(minutes=3))
    assert house.rig.state(MINING) == "off"
    house.meter = None
    await house.pass_time(timedelta(minutes=6))
    assert house.rig.state(MINING) == "on"


async def test_a_miner_that_is_away(house: House) -> None:
    """It is switched as soon as it is back."""
    await on_off(house)
    await house.surplus(500)
    await house.rig.simulator.go_offline()
    await house.surplus(-500)
    assert house.rig.state(MINING) == "unavailable"
    await house.rig.simulator.go_online()
    await house.pass_time(timedelta(minutes=6))
    assert house.rig.state(MINING) == "off"
