"""The Energy dashboard says where the meters are."""

from typing import Any

import pytest

from custom_components.xmrig_miner.fleet.dashboard import house_of
from custom_components.xmrig_miner.fleet.house import House, Price
from custom_components.xmrig_miner.manager import Flow, Sources

GRID = {"type": "grid", "stat_rate": "sensor.grid"}
BATTERY = {
    "type": "battery",
    "stat_rate": "sensor.battery",
    "stat_soc": "sensor.charge",
}
OTHER_PRICES = {
    "type": "grid",
    "entity_energy_price": "sensor.price",
    "number_energy_price_export": 0.1,
}
SOLAR = {"type": "solar", "stat_energy_from": "sensor.solar_energy"}


def house(*sources: dict[str, Any]) -> House:
    """Return the house for some sources."""
    return house_of({"energy_sources": sources})


@pytest.mark.parametrize("preferences", [None, {}, {"energy_sources": []}])
def test_a_dashboard_that_is_not_set_up_names_nothing(
    preferences: dict[str, Any] | None,
) -> None:
    """Nor does one without any source."""
    assert house_of(preferences) == House()
    assert house_of(preferences).sensors == frozenset()


@pytest.mark.parametrize(
    ("power", "flow"),
    [
        ({"stat_rate": "sensor.a"}, Flow(("sensor.a",))),
        ({"power_config": {"stat_rate": "sensor.a"}}, Flow(("sensor.a",))),
        (
            {
                "stat_rate": "sensor.made_of_it",
                "power_config": {"stat_rate_inverted": "sensor.a"},
            },
            Flow((), ("sensor.a",)),
        ),
        (
            {
                "power_config": {
                    "stat_rate_from": "sensor.in",
                    "stat_rate_to": "sensor.out",
                }
            },
            Flow(("sensor.in",), ("sensor.out",)),
        ),
        ({"stat_rate": "grid:external_statistic"}, Flow()),
        ({}, Flow()),
    ],
)
def test_the_grid_has_a_sign_or_two_sensors(power: dict[str, Any], flow: Flow) -> None:
    """What the user chose is read, not the sensor that Home Assistant makes of it."""
    assert house({"type": "grid", **power}).sources == Sources(grid=flow)


def test_a_battery_discharges_above_zero() -> None:
    """For the manager it charges above zero."""
    sources = house(GRID, BATTERY).sources
    assert sources.battery == Flow((), ("sensor.battery",))
    assert sources.battery_level == "sensor.charge"


def test_panels_and_their_forecasts() -> None:
    """Several strings add up, each forecast counts once."""
    found = house(
        {**SOLAR, "stat_rate": "sensor.east", "config_entry_solar_forecast": ["a"]},
        {
            **SOLAR,
            "stat_rate": "sensor.west",
            "config_entry_solar_forecast": ["b", "a"],
        },
        {**SOLAR, "config_entry_solar_forecast": None},
    )
    assert found.solar == Flow(("sensor.east", "sensor.west"))
    assert found.forecasts == ("a", "b")
    assert found.sensors == {"sensor.east", "sensor.west"}


def test_a_battery_whose_meter_is_inverted_charges_above_zero() -> None:
    """As for the manager."""
    inverted = {"stat_rate_inverted": "sensor.battery"}
    sources = house({"type": "battery", "power_config": inverted}).sources
    assert sources.battery == Flow(("sensor.battery",))


def test_the_first_price_that_is_named_counts() -> None:
    """A sensor or a number, each for one direction."""
    found = house(
        GRID,
        {
            "type": "grid",
            "number_energy_price": 0.3,
            "entity_energy_price_export": "sensor.tariff",
        },
        OTHER_PRICES,
    )
    assert found.importing == Price(number=0.3)
    assert found.exporting == Price(sensor="sensor.tariff")
    assert found.sensors == {"sensor.grid", "sensor.tariff"}
    found = house(OTHER_PRICES)
    assert found.importing == Price(sensor="sensor.price")
    assert found.exporting == Price(number=0.1)
