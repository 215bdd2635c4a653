"""The manager keeps a miner, its room or its cards from getting too hot."""

from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature
from homeassistant.core import HomeAssistant
import pytest

from custom_components.xmrig_miner.const import (
    CONF_MAX_TEMPERATURE,
    CONF_TEMPERATURE_SENSOR,
)
from custom_components.xmrig_miner.fleet.temperature import TemperatureLimit
from tests.common import Rig
from tests.watts import NUMBERS

from .house import House

ROOM = "sensor.room"
THREADS = 4


def show(house: House, temperature: str, unit: str = UnitOfTemperature.CELSIUS) -> None:
    """Set the temperature of the room's sensor."""
    house.hass.states.async_set(ROOM, temperature, {ATTR_UNIT_OF_MEASUREMENT: unit})


async def limit(house: House, **options: Any) -> Rig:
    """Set the maximum temperature of the first miner."""
    rig = house.rigs[0]
    house.hass.config_entries.async_update_entry(
        rig.entry, options={**NUMBERS, **options}
    )
    await rig.reload()
    return rig


@pytest.mark.parametrize("mode", ["full", "manual", "smart"])
async def test_a_hot_room_takes_threads_in_every_mode(house: House, mode: str) -> None:
    """The others keep theirs, and the reason is shown where there is one."""
    house.sun = 10_000
    show(house, "22")
    await limit(house, **room(25))
    await house.set_up()
    await house.manager.call("select", "select_option", "select.mode", option=mode)
    await house.pass_time(150)
    assert house.threads == [THREADS] * 3
    show(house, "25.5")
    await house.pass_time(90)
    assert THREADS > house.threads[0] > 0
    assert house.threads[1:] == [THREADS] * 2
    if mode != "manual":
        assert house.manager.state("sensor.reason") == "temperature"
    show(house, "unavailable")
    before = house.threads
    await house.pass_time(130)
    assert house.threads == before
    show(house, "21.9")
    await house.pass_time(400)
    assert house.threads == [THREADS] * 3


def room(maximum: float) -> dict[str, Any]:
    """Return the options of a maximum for the room."""
    return {CONF_TEMPERATURE_SENSOR: ROOM, CONF_MAX_TEMPERATURE: maximum}


@pytest.mark.parametrize(
    ("maximum", "state", "unit", "celsius"),
    [
        (25, "30", "°C", (30, 25)),
        (77, "86", "°F", (30, 25)),
        (25, "nan", "°C", (None, 25)),
        (25, "unknown", "°C", (None, 25)),
        (25, "1e9", "°C", (None, 25)),
        (25, "30", "W", (None, 25)),
        (1e9, "30", "°C", (30, None)),
    ],
)
async def test_what_is_read(
    hass: HomeAssistant,
    running: Rig,
    maximum: float,
    state: str,
    unit: str,
    celsius: tuple[float | None, float | None],
) -> None:
    """In °C, for any unit of the sensor; absurd values are ignored."""
    hass.states.async_set(ROOM, state, {ATTR_UNIT_OF_MEASUREMENT: unit})
    snapshot = running.entry.runtime_data.coordinator.data
    read = TemperatureLimit.from_options(room(maximum)).celsius(hass, snapshot)
    assert read == pytest.approx(celsius)


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_the_hottest_card_without_a_sensor(
    hass: HomeAssistant, running: Rig
) -> None:
    """It is known without any sensor."""
    snapshot = running.entry.runtime_data.coordinator.data
    assert snapshot.backends
    hottest = max(gpu.health.temperature or 0 for gpu in snapshot.backends.gpus)
    assert hottest > 0
    for options, maximum in (
        ({CONF_MAX_TEMPERATURE: 70}, 70),
        ({CONF_TEMPERATURE_SENSOR: "no entity", CONF_MAX_TEMPERATURE: 70}, 70),
        ({}, None),
    ):
        limit = TemperatureLimit.from_options(options)
        assert limit.celsius(hass, snapshot) == (hottest, maximum)
