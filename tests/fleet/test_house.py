"""The sensors of the house that the user chose, without Home Assistant."""

from typing import Any

import pytest

from custom_components.xmrig_miner.fleet.house import (
    House,
    Price,
    chosen_house,
    renamed,
)
from custom_components.xmrig_miner.manager import Flow, Sources

POWERS: dict[str, Any] = {
    "grid_power": ["sensor.import"],
    "grid_export": ["sensor.export"],
    "battery_power": ["sensor.charge"],
    "battery_discharge": ["sensor.discharge"],
}
CHOSEN = POWERS | {
    "battery_level": "sensor.level",
    "import_price_sensor": "sensor.price",
    "export_price_sensor": "sensor.tariff",
    "solar_power": ["sensor.east", "sensor.west"],
}


def test_nothing_chosen() -> None:
    """There is no battery, and no price."""
    assert chosen_house({}) == House()
    assert not House().has_grid
    assert set(House().roles.values()) == {()}
    assert House().sensors == frozenset()


def test_everything_chosen() -> None:
    """Each sensor has its role."""
    house = chosen_house(CHOSEN)
    assert house.has_grid
    assert house.roles == {
        "grid_import": ("sensor.import",),
        "grid_export": ("sensor.export",),
        "battery_charge": ("sensor.charge",),
        "battery_discharge": ("sensor.discharge",),
        "battery_level": ("sensor.level",),
        "import_price": ("sensor.price",),
        "export_price": ("sensor.tariff",),
        "solar": ("sensor.east", "sensor.west"),
    }
    assert len(house.sensors) == 9


def test_inverted_meters() -> None:
    """They show export, and discharging, above zero."""
    house = chosen_house({**POWERS, "grid_inverted": True, "battery_inverted": True})
    assert house.sources == Sources(
        grid=Flow(("sensor.export",), ("sensor.import",)),
        battery=Flow(("sensor.discharge",), ("sensor.charge",)),
    )


@pytest.mark.parametrize("key", ["grid_power", "grid_export"])
def test_one_sensor_of_the_grid(key: str) -> None:
    """Either is enough."""
    assert chosen_house({key: ["sensor.one"]}).has_grid


def test_prices_as_numbers() -> None:
    """Both at once are kept; the sensor takes precedence where they are read."""
    prices = {"import_price": 0.3, "export_price": 0.1}
    house = chosen_house(prices | {"import_price_sensor": "sensor.price"})
    assert house.importing == Price(sensor="sensor.price", number=0.3)
    assert house.exporting == Price(number=0.1)


def test_an_entity_that_is_renamed() -> None:
    """In lists and alone; other values stay."""
    chosen = {"a": ["sensor.old", "sensor.x"], "b": "sensor.old", "c": True, "d": 0.3}
    assert renamed(chosen, "sensor.old", "sensor.new") == {
        "a": ["sensor.new", "sensor.x"],
        "b": "sensor.new",
        "c": True,
        "d": 0.3,
    }
