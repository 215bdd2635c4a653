"""Tests of the blueprint "Heat a room"."""

from datetime import timedelta
from typing import Any

import pytest

from .house import FULL_POWER, MINING, House

ROOM = "sensor.room"
DAY = "schedule.day"


async def heat(house: House, **inputs: Any) -> None:
    """Let the miner keep 20 degrees, or 6 against frost."""
    house.set(ROOM, "20")
    await house.automate(
        "heat_a_room",
        mining=house.entity_id(MINING),
        temperature=ROOM,
        **{"target": 20, "tolerance": 0.5, "frost_free": 6} | inputs,
    )


async def room(house: House, temperature: str) -> str:
    """Set the temperature of the room, and return the state of the switch."""
    house.set(ROOM, temperature)
    await house.settle()
    return house.rig.state(MINING)


async def test_thermostat(house: House) -> None:
    """It heats from the target minus to the target plus the tolerance."""
    await heat(house)
    for temperature, mining in (
        ("20.4", "on"),
        ("20.5", "off"),
        ("19.6", "off"),
        ("19.5", "on"),
        ("20.3", "on"),
        ("23", "off"),
    ):
        assert await room(house, temperature) == mining
        assert house.rig.simulator.is_hashing is (mining == "on")


async def test_a_miner_that_waits_for_its_limit(house: House) -> None:
    """It heats once the limit allows it, unless the room is warm by then."""
    await heat(house)
    assert await room(house, "21") == "off"
    await house.set_limit(0)
    assert await room(house, "15") == "off"
    assert house.rig.state("sensor.pause_reason") == "power_limit"
    assert await room(house, "21.1") == "off"
    assert house.rig.state("sensor.pause_reason") == "asked_here"
    await house.pass_time(timedelta(minutes=1))
    await house.set_limit(FULL_POWER)
    assert house.rig.state(MINING) == "off"


async def test_frost(house: House) -> None:
    """Outside heating times, the room is only kept frost-free."""
    house.set(DAY, "on")
    await heat(house, heating_times=DAY)
    assert await room(house, "15") == "on"
    house.set(DAY, "off")
    await house.settle()
    for temperature, mining in (
        ("15", "off"),
        ("5.6", "off"),
        ("5.5", "on"),
        ("6.4", "on"),
        ("6.5", "off"),
    ):
        assert await room(house, temperature) == mining
    house.set(DAY, "on")
    await house.settle()
    assert house.rig.state(MINING) == "on"


async def test_heating_times_that_are_not_known(house: House) -> None:
    """The room is kept frost-free."""
    house.set(DAY, "unavailable")
    await heat(house, heating_times=DAY)
    assert await room(house, "15") == "off"
    assert await room(house, "4") == "on"


@pytest.mark.parametrize("state", ["unavailable", "unknown", "nan", None])
async def test_a_sensor_that_reports_nothing(house: House, state: str | None) -> None:
    """It continues for a while, then stops until the sensor is back."""
    await heat(house, maximum_age={"minutes": 30})
    assert await room(house, "15") == "on"
    if state:
        assert await room(house, state) == "on"
    await house.skip(timedelta(minutes=29))
    assert house.rig.state(MINING) == "on"
    await house.skip(timedelta(minutes=2))
    await house.skip(timedelta(minutes=1))
    assert house.rig.state(MINING) == "off"
    assert await room(house, "15.1") == "on"


async def test_a_miner_that_was_away(house: House) -> None:
    """It heats as soon as it is back."""
    await heat(house)
    assert await room(house, "21") == "off"
    await house.rig.simulator.go_offline()
    await house.skip(timedelta(seconds=15))
    assert await room(house, "15") == "unavailable"
    await house.rig.simulator.go_online()
    for _ in range(3):
        await house.skip(timedelta(minutes=1))
    assert house.rig.state(MINING) == "on"
