"""Tests of what users see first: on dashboards, device pages, and in pickers."""

from collections import defaultdict
from pathlib import Path

from homeassistant.components.number import NumberMode
from homeassistant.components.sensor import DEVICE_CLASS_UNITS, SensorDeviceClass
from homeassistant.const import EntityCategory
import pytest

from custom_components import xmrig_miner

from .common import Rig
from .watts import METER, NUMBERS, set_up

CARD = "cuda_01:00.0_gpu"

MAIN = {
    "switch.mining",
    "number.mining_power",
    "number.power_limit",
    "number.cpu_threads",
    "sensor.status",
    "sensor.hashrate",
    f"sensor.{CARD}_hashrate",
    f"sensor.{CARD}_temperature",
    f"sensor.{CARD}_power",
    f"sensor.{CARD}_fan_speed",
    "sensor.power",
    "sensor.efficiency",
    "sensor.energy",
    "event.activity",
}
DISABLED = {"number.mining_power"}
"""Main controls that the user has to enable first."""
SETTINGS = {
    "button.restore_config",
    "button.start",
    "button.stop",
    "select.pool",
    "switch.cpu_backend",
    "switch.cuda_backend",
    "switch.pause_on_activity",
    "switch.pause_on_battery",
}


async def test_mining_comes_first(rig: Rig) -> None:
    """Generated dashboards show entities in the order in which they were added."""
    await set_up(rig, NUMBERS)
    names = {entity.entity_id: name for name, entity in rig.entities.items()}
    shown = [
        names[state.entity_id]
        for state in rig.hass.states.async_all()
        if state.entity_id in names
        and rig.entities[names[state.entity_id]].entity_category is None
    ]
    assert shown[0] == "switch.mining"
    assert set(shown) == MAIN - DISABLED


async def test_categories(rig: Rig) -> None:
    """Settings are configuration entities, explanations are diagnostic."""
    await set_up(rig, NUMBERS)
    found: dict[EntityCategory | None, set[str]] = defaultdict(set)
    for name, entity in rig.entities.items():
        found[entity.entity_category].add(name)
    assert found[None] == MAIN
    assert found[EntityCategory.CONFIG] == SETTINGS
    assert found[EntityCategory.DIAGNOSTIC] == rig.entities.keys() - MAIN - SETTINGS


async def test_cpu_threads_are_a_slider(running: Rig) -> None:
    """The number is a main control, whose name says what it counts."""
    attributes = running.full_state("number.cpu_threads").attributes
    assert attributes["mode"] is NumberMode.SLIDER
    assert "unit_of_measurement" not in attributes


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_pickers_of_a_power_offer_powers_alone(
    all_enabled: None, rig: Rig
) -> None:
    """Forms filter by device class, the Energy dashboard by the unit of statistics.

    What a miner is expected to draw now is a power as well, though no meter.
    """
    await set_up(rig, {**NUMBERS, **METER})
    units = DEVICE_CLASS_UNITS[SensorDeviceClass.POWER]
    shown = {
        name: rig.full_state(name).attributes
        for name in rig.states
        if name.startswith("sensor.")
    }
    by_class = {
        name
        for name, attributes in shown.items()
        if attributes.get("device_class") == SensorDeviceClass.POWER
    }
    by_statistics = {
        name
        for name, attributes in shown.items()
        if attributes.get("unit_of_measurement") in units
        and "state_class" in attributes
    }
    cards = {"sensor.cuda_01:00.0_gpu_power", "sensor.opencl_02:00.0_gpu_power"}
    assert by_class == {"sensor.power", *cards}
    assert by_statistics == {*by_class, "sensor.expected_power"}
    assert shown["sensor.power_per_thread"]["unit_of_measurement"] == "W/thread"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("sensor.threads", "threads"),
        ("sensor.shares_accepted", "shares"),
        ("sensor.shares_rejected", "shares"),
        ("sensor.shares_accepted_total", "shares"),
        ("sensor.hashes", "hashes"),
        ("sensor.hashes_total", "hashes"),
        ("sensor.pool_failures", "failures"),
        ("sensor.huge_pages", "%"),
    ],
)
async def test_counts_have_units(
    all_enabled: None, running: Rig, name: str, unit: str
) -> None:
    """Their units are translated."""
    assert running.full_state(name).attributes["unit_of_measurement"] == unit


@pytest.mark.parametrize("key", ["hashes", "hashes_total", "shares_accepted_total"])
async def test_counts_that_never_rest_are_disabled(running: Rig, key: str) -> None:
    """Most users need only one count of shares."""
    assert running.entities[f"sensor.{key}"].disabled


def test_no_entity_has_attributes_of_its_own() -> None:
    """Attributes have no history, no unit, and no translation."""
    for path in Path(xmrig_miner.__file__).parent.rglob("*.py"):
        assert "extra_state_attributes" not in path.read_text(), path.name
