"""Tests of the blueprint "Follow the surplus"."""

from datetime import timedelta
from typing import Any

from homeassistant.components.number import SERVICE_SET_VALUE
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .house import GRID, GRID_EXPORT, LIMIT, MINING, House

pytestmark = pytest.mark.usefixtures("few_sensors")

LEVEL = "sensor.battery_level"
BATTERY = "sensor.battery_power"


async def follow(house: House, **inputs: Any) -> None:
    """Let the miner follow the surplus."""
    await house.report()
    await house.automate(
        "follow_surplus",
        power_limit=house.entity_id(LIMIT),
        grid_power=GRID,
        **inputs,
    )


@pytest.mark.parametrize(
    ("surplus", "threads"),
    [(500, 4), (121, 4), (118, 3), (61, 1), (58, 0), (-300, 0)],
)
async def test_threads_fit_into_the_surplus(
    house: House, surplus: float, threads: int
) -> None:
    """The miner uses the surplus and buys nothing, from any starting point."""
    await follow(house)
    for before in (0, 1000):
        await house.surplus(before)
        await house.surplus(surplus)
        assert house.threads == threads
        assert house.rig.state(MINING) == ("on" if threads else "off")


async def test_the_sensors_of_the_miner_have_any_name(house: House) -> None:
    """They are distinguished from helpers on the same device."""
    registry = er.async_get(house.rig.hass)
    for number, entity in enumerate(house.rig.entities.values()):
        new_id = f"{entity.domain}.quelque_chose_{number}"
        registry.async_update_entity(
            entity.entity_id, new_entity_id=new_id, name=f"Quelque chose {number}"
        )
    helper_entry = MockConfigEntry(domain="statistics")
    helper_entry.add_to_hass(house.rig.hass)
    for unique_id, attributes in (
        ("mean", {"unit_of_measurement": "W", "state_class": "measurement"}),
        ("least", {"unit_of_measurement": "W"}),
        ("since", {"device_class": "timestamp"}),
    ):
        helper = registry.async_get_or_create(
            "sensor",
            "statistics",
            unique_id,
            config_entry=helper_entry,
            device_id=house.rig.devices["miner"].id,
        )
        house.set(helper.entity_id, "2000", **attributes)
    await house.settle()
    await follow(house)
    for surplus, threads in ((500, 4), (-10, 0), (85, 2)):
        await house.surplus(surplus)
        assert house.threads == threads


async def test_the_power_of_mining_is_no_sensor(
    all_enabled: None, house: House
) -> None:
    """The number is in W as well, and may be the last entity of the miner."""
    er.async_get(house.rig.hass).async_update_entity(
        house.entity_id("number.mining_power"), name="Mining in W"
    )
    await follow(house, keep_one_thread=True)
    for surplus in (500, -100, -100):
        await house.surplus(surplus)
    assert house.threads == 1


@pytest.mark.parametrize("is_feed_in", [True, False])
@pytest.mark.parametrize("unit", ["W", "kW"])
async def test_any_meter_will_do(house: House, unit: str, is_feed_in: bool) -> None:
    """Any sign and unit of the meter works."""
    house.unit, house.is_feed_in = unit, is_feed_in
    await follow(house, grid_sign="export" if is_feed_in else "import")
    for surplus, threads in ((85, 2), (-10, 0), (105, 3)):
        await house.surplus(surplus)
        assert house.threads == threads


async def test_a_meter_with_two_sensors(house: House) -> None:
    """One of them is always zero, and may not be reported meanwhile."""
    house.has_two_sensors = True
    await follow(house, grid_export=GRID_EXPORT)
    for surplus, threads in ((85, 2), (-10, 0), (105, 3), (500, 4), (-300, 0)):
        await house.surplus(surplus)
        assert house.threads == threads
    house.set(GRID_EXPORT, "unavailable")
    await house.pass_time(timedelta(minutes=6))
    assert house.threads == 0


async def test_a_pause_for_a_time_is_no_change_of_threads(house: House) -> None:
    """Its end is a time too, but one that is still to come."""
    await follow(house)
    await house.surplus(85)
    await house.rig.hass.services.async_call(
        "xmrig_miner", "pause_for", {"duration": {"minutes": 5}}, blocking=True
    )
    await house.pass_time(timedelta(minutes=6))
    assert house.threads == 2


@pytest.mark.parametrize(("margin", "threads"), [(25, 1), (0, 2), (-20, 3)])
async def test_margin(house: House, margin: float, threads: int) -> None:
    """This power is exported, or bought."""
    await follow(house, margin=margin)
    await house.surplus(90)
    assert house.threads == threads


async def test_a_cloud_is_followed_with_the_reading_that_shows_it(house: House) -> None:
    """One reading is enough to remove threads at once."""
    await follow(house)
    await house.surplus(500)
    house.elsewhere = -70
    await house.pass_time(timedelta(seconds=15))
    assert house.threads == 1


async def test_one_thread_is_kept(house: House) -> None:
    """Without surplus, or without the meter, one thread still runs."""
    await follow(house, keep_one_thread=True)
    await house.surplus(-500)
    assert house.threads == 1
    await house.surplus(1000)
    assert house.threads == 4
    house.meter = "unavailable"
    await house.pass_time(timedelta(minutes=7))
    assert house.threads == 1


@pytest.mark.parametrize("meter", ["unavailable", "unknown", "nan", "silent"])
async def test_a_meter_that_reports_nothing(house: House, meter: str) -> None:
    """The miner continues for a while, then stops until the meter is back."""
    await follow(house, maximum_age={"minutes": 4})
    await house.surplus(100)
    house.meter = meter
    await house.pass_time(timedelta(minutes=3))
    assert house.threads == 3
    await house.pass_time(timedelta(minutes=3))
    assert house.threads == 0
    house.meter = None
    await house.surplus(100)
    assert house.threads == 3


async def test_a_meter_that_is_gone(house: House) -> None:
    """Without its sensor, mining stops."""
    await follow(house)
    await house.surplus(100)
    house.rig.hass.states.async_remove(GRID)
    await house.settle()
    assert house.threads == 0


async def ignores_readings_of_before_the_change(house: House) -> None:
    """Let the meter report what it measured before a change of threads."""
    await follow(house, settle_time=3)
    await house.surplus(70)
    assert house.threads == 1
    reading = str(-(110 - house.drawn))
    house.elsewhere = -110
    house.set(GRID, reading, unit_of_measurement="W")
    await house.settle()
    assert house.threads == 3
    # The meter still shows the export with a single thread
    await house.skip(timedelta(seconds=2))
    house.set(GRID, str(float(reading) - 0.1), unit_of_measurement="W")
    await house.settle()
    assert house.rig.state(LIMIT) == "110"
    await house.pass_time(timedelta(minutes=2))
    assert house.threads == 3


async def test_a_reading_of_before_the_change_does_not_count(house: House) -> None:
    """The meter has not seen the change yet, so its reading is ignored."""
    await ignores_readings_of_before_the_change(house)


async def test_the_same_by_the_last_thread_change(
    all_enabled: None, house: House
) -> None:
    """It is more exact than the expected power, but need not be enabled."""
    await ignores_readings_of_before_the_change(house)


async def test_nothing_is_sent_when_nothing_changes(house: House) -> None:
    """A steady house causes no writes."""
    await follow(house)
    await house.surplus(90.5)
    calls: list[Event] = []
    house.rig.hass.bus.async_listen(EVENT_CALL_SERVICE, calls.append)
    await house.pass_time(timedelta(minutes=5))
    assert not [call for call in calls if call.data["service"] == SERVICE_SET_VALUE]


async def test_the_user_has_the_last_word(house: House) -> None:
    """A miner that the user turned off stays off at any surplus."""
    await follow(house)
    await house.surplus(100)
    await house.rig.turn(MINING, on=False)
    await house.surplus(500)
    assert house.threads == 0
    await house.rig.turn(MINING, on=True)
    await house.pass_time(timedelta(minutes=1))
    assert house.threads == 4


async def test_a_miner_that_was_away(house: House) -> None:
    """It follows the surplus as soon as it is back."""
    await follow(house)
    await house.surplus(500)
    await house.rig.simulator.go_offline()
    await house.surplus(70)
    assert house.rig.state(LIMIT) == "unavailable"
    await house.rig.simulator.go_online()
    await house.surplus(70)
    assert house.threads == 1


async def test_minimum_times(house: House) -> None:
    """A miner that just started keeps one thread; one that stopped stays off."""
    await follow(house, minimum_on={"minutes": 5}, minimum_off={"minutes": 10})
    await house.pass_time(timedelta(minutes=17))
    assert house.threads == 0
    await house.surplus(100)
    assert house.threads == 3
    await house.surplus(-50)
    assert house.threads == 1
    await house.pass_time(timedelta(minutes=5))
    assert house.threads == 0
    await house.surplus(200)
    await house.pass_time(timedelta(minutes=7))
    assert house.threads == 0
    await house.pass_time(timedelta(minutes=3))
    assert house.threads == 4


async def test_the_battery_comes_first(house: House) -> None:
    """Below the minimum level nothing is mined."""
    house.set(LEVEL, "60")
    await follow(house, battery_level=LEVEL, battery_minimum=70)
    await house.surplus(100)
    assert house.threads == 0
    house.set(LEVEL, "70")
    await house.pass_time(timedelta(minutes=1))
    assert house.threads == 3
    house.set(LEVEL, "unavailable")
    await house.pass_time(timedelta(minutes=2))
    assert house.threads == 3
    await house.pass_time(timedelta(minutes=5))
    assert house.threads == 0


@pytest.mark.parametrize("sign", ["charging", "discharging"])
async def test_what_charges_the_battery_is_surplus(house: House, sign: str) -> None:
    """Above the minimum level, charging waits, and nothing is discharged."""
    factor = 1 if sign == "charging" else -1
    house.set(LEVEL, "90")
    house.set(BATTERY, "0", unit_of_measurement="W")
    await follow(
        house,
        battery_level=LEVEL,
        battery_minimum=70,
        battery_power=BATTERY,
        battery_sign=sign,
    )
    # The battery takes the surplus, and covers a deficit
    for surplus, threads in ((100, 3), (30, 0)):
        for _ in range(4):
            left = surplus - house.drawn
            house.elsewhere = -house.drawn
            house.set(BATTERY, str(left * factor), unit_of_measurement="W")
            await house.pass_time(timedelta(seconds=15))
        assert house.threads == threads
