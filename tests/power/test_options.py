"""What the stored power options mean, however old or damaged they are."""

from typing import Any

import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    DEFAULT_POWER_INTERVAL,
)
from custom_components.xmrig_miner.power.model import MAX_WATTS
from custom_components.xmrig_miner.power.options import PowerOptions

METER = "sensor.plug"


def test_all_options() -> None:
    """Each is what its user entered."""
    stored = {
        CONF_POWER_SENSOR: METER,
        CONF_IDLE_POWER: 60,
        CONF_FULL_POWER: 140.5,
        CONF_POWER_INTERVAL: 30,
    }
    assert PowerOptions.from_options(stored) == PowerOptions(
        sensor=METER, idle=60, full=140.5, interval=30
    )


def test_no_options() -> None:
    """Steps up have a default."""
    assert PowerOptions.from_options({}) == PowerOptions(
        sensor=None, idle=None, full=None, interval=DEFAULT_POWER_INTERVAL
    )


@pytest.mark.parametrize("sensor", [None, 5, "", "plug", "sensor.Plug!", [METER]])
def test_what_is_no_entity_is_no_sensor(sensor: Any) -> None:
    """It could not be followed."""
    assert PowerOptions.from_options({CONF_POWER_SENSOR: sensor}).sensor is None


@pytest.mark.parametrize("key", [CONF_IDLE_POWER, CONF_FULL_POWER])
@pytest.mark.parametrize(
    ("stored", "watts"),
    [(0, 0), (MAX_WATTS, MAX_WATTS), (MAX_WATTS + 1, None), (-1, None), ("9", None)],
)
def test_watts_are_a_number_in_bounds(key: str, stored: Any, watts: Any) -> None:
    """Any other is as if it was not there."""
    options = PowerOptions.from_options({key: stored})
    assert watts == (options.idle if key == CONF_IDLE_POWER else options.full)


@pytest.mark.parametrize(
    ("stored", "seconds"),
    [
        (5, 5),
        (600, 600),
        (4, DEFAULT_POWER_INTERVAL),
        (601, DEFAULT_POWER_INTERVAL),
        ("30", DEFAULT_POWER_INTERVAL),
    ],
)
def test_the_time_between_steps_is_in_bounds(stored: Any, seconds: int) -> None:
    """Any other is the default."""
    options = PowerOptions.from_options({CONF_POWER_INTERVAL: stored})
    assert options.interval == seconds


@pytest.mark.parametrize(
    ("stored", "is_complete"),
    [
        ({}, False),
        ({CONF_POWER_SENSOR: METER}, True),
        ({CONF_IDLE_POWER: 60}, False),
        ({CONF_FULL_POWER: 140}, False),
        ({CONF_IDLE_POWER: 0, CONF_FULL_POWER: 140}, True),
    ],
)
def test_a_sensor_or_both_numbers_are_complete(
    stored: dict[str, Any], is_complete: bool
) -> None:
    """With either, the power of each number of threads is known."""
    assert PowerOptions.from_options(stored).is_complete is is_complete
