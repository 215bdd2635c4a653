"""Tests of the blueprint "Cheap hours"."""

from datetime import timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState
import pytest

from .house import FULL_POWER, MINING, House

PRICE = "sensor.price"
SCHEDULE = "schedule.night"


async def cheap(house: House, **inputs: Any) -> None:
    """Let the miner mine in cheap hours."""
    await house.automate(
        "cheap_hours", mining=house.entity_id(MINING), threshold=0.2, **inputs
    )


async def tell(house: House, entity_id: str, state: str) -> str:
    """Change a price or schedule, and return the state of the switch."""
    house.set(entity_id, state)
    await house.settle()
    return house.rig.state(MINING)


async def test_price(house: House) -> None:
    """Prices up to the threshold are cheap, even negative ones."""
    await cheap(house, price=PRICE)
    for price, mining in (
        ("0.21", "off"),
        ("0.2", "on"),
        ("0.3", "off"),
        ("-0.05", "on"),
    ):
        assert await tell(house, PRICE, price) == mining
        assert house.rig.simulator.is_hashing is (mining == "on")


async def test_schedule(house: House) -> None:
    """It mines while the schedule is on."""
    await cheap(house, schedule=SCHEDULE)
    for state in ("off", "on", "off"):
        assert await tell(house, SCHEDULE, state) == state


async def test_both(house: House) -> None:
    """With both, both must allow it."""
    house.set(SCHEDULE, "off")
    await cheap(house, price=PRICE, schedule=SCHEDULE)
    assert await tell(house, PRICE, "0.1") == "off"
    assert await tell(house, SCHEDULE, "on") == "on"
    assert await tell(house, PRICE, "0.3") == "off"
    assert await tell(house, PRICE, "0.1") == "on"


async def test_a_power_limit_of_zero_is_no_obstacle_for_later(house: House) -> None:
    """The action fails with an error; the miner mines once the limit allows it."""
    await cheap(house, price=PRICE)
    assert await tell(house, PRICE, "0.3") == "off"
    await house.set_limit(0)
    assert await tell(house, PRICE, "0.1") == "off"
    await house.pass_time(timedelta(minutes=1))
    await house.set_limit(FULL_POWER)
    assert house.rig.state(MINING) == "on"
    assert await tell(house, PRICE, "0.3") == "off"
    assert await tell(house, PRICE, "0.1") == "on"


async def test_a_miner_that_waits_for_its_limit_waits_no_longer(house: House) -> None:
    """Otherwise it would mine in expensive hours once the limit allows it."""
    await cheap(house, price=PRICE)
    assert await tell(house, PRICE, "0.3") == "off"
    await house.set_limit(0)
    assert await tell(house, PRICE, "0.1") == "off"
    assert house.rig.state("sensor.pause_reason") == "power_limit"
    assert await tell(house, PRICE, "0.3") == "off"
    await house.pass_time(timedelta(minutes=1))
    await house.set_limit(FULL_POWER)
    assert house.rig.state(MINING) == "off"
    assert not house.rig.simulator.is_hashing


async def test_between_changes_the_switch_is_left_alone(house: House) -> None:
    """A price on the same side of the threshold does not undo manual changes."""
    await cheap(house, price=PRICE)
    assert await tell(house, PRICE, "0.3") == "off"
    await house.rig.turn(MINING, on=True)
    assert await tell(house, PRICE, "0.35") == "on"
    assert await tell(house, PRICE, "0.15") == "on"
    await house.rig.turn(MINING, on=False)
    assert await tell(house, PRICE, "0.1") == "off"
    assert await tell(house, PRICE, "0.3") == "off"
    assert await tell(house, PRICE, "0.1") == "on"


@pytest.mark.parametrize(
    ("entity_id", "input_"), [(PRICE, "price"), (SCHEDULE, "schedule")]
)
@pytest.mark.parametrize("state", ["unavailable", "unknown"])
async def test_what_is_not_known(
    house: House, entity_id: str, input_: str, state: str
) -> None:
    """Mining continues for a while, then stops until the price is known."""
    good = "0.1" if entity_id == PRICE else "on"
    house.set(entity_id, good)
    await cheap(house, **{input_: entity_id}, maximum_age={"minutes": 10})
    assert await tell(house, entity_id, state) == "on"
    await house.skip(timedelta(minutes=9))
    assert house.rig.state(MINING) == "on"
    await house.skip(timedelta(minutes=2))
    assert house.rig.state(MINING) == "off"
    assert await tell(house, entity_id, good) == "on"


async def test_nothing_given(house: House) -> None:
    """Without a price and a schedule, nothing happens."""
    await cheap(house)
    await house.skip(timedelta(hours=1))
    assert house.rig.state(MINING) == "on"


async def test_a_miner_that_was_away(house: House) -> None:
    """It follows the price once it is back."""
    await cheap(house, price=PRICE)
    assert await tell(house, PRICE, "0.1") == "on"
    await house.rig.simulator.go_offline()
    await house.skip(timedelta(seconds=15))
    assert await tell(house, PRICE, "0.3") == "unavailable"
    await house.rig.simulator.go_online()
    await house.skip(timedelta(seconds=15))
    await house.skip(timedelta(seconds=15))
    assert house.rig.state(MINING) == "off"


@pytest.mark.parametrize(
    ("price", "mining"), [("0.1", "on"), ("0.3", "off"), ("unknown", "off")]
)
async def test_home_assistant_starts(house: House, price: str, mining: str) -> None:
    """After a start, the miner follows the current price."""
    house.set(PRICE, price)
    house.rig.hass.set_state(CoreState.starting)
    await cheap(house, price=PRICE)
    house.rig.hass.set_state(CoreState.running)
    house.rig.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await house.settle()
    assert house.rig.state(MINING) == mining
