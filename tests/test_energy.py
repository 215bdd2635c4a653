"""The energy of a miner is what it is known to have drawn."""

from datetime import timedelta
from typing import Any

from homeassistant.core import State
from homeassistant.helpers.restore_state import RestoredExtraData
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from custom_components.xmrig_miner.sensor_power import stored_energy

from .common import Rig
from .controls import MINING
from .watts import ENERGY, METER, NO_CARDS, NUMBERS, choose, report, set_up, value, wait

without_cards = pytest.mark.parametrize("options", [NO_CARDS])


@without_cards
async def test_energy_adds_up_the_power(rig: Rig) -> None:
    """Half an hour of 140 W and half an hour of 60 W are 100 Wh."""
    await set_up(rig, NUMBERS)
    assert value(rig, ENERGY) == 0
    await wait(rig, 1800)
    await rig.turn(MINING, on=False)
    await wait(rig, 1800)
    assert value(rig, ENERGY) == pytest.approx(0.1, rel=0.01)


@without_cards
async def test_energy_is_not_invented_for_a_gap(rig: Rig) -> None:
    """An unreachable miner may be off; only five minutes are bridged."""
    await set_up(rig, NUMBERS)
    await wait(rig, 60)
    before = value(rig, ENERGY)
    await rig.simulator.go_offline()
    await wait(rig, 600)
    assert value(rig, ENERGY) == before
    await rig.simulator.go_online()
    await rig.poll(2)
    added = value(rig, ENERGY) - before
    assert 0 < added < 140 * 20 / 3_600_000


@without_cards
async def test_the_meter_counts_while_the_miner_is_off(rig: Rig) -> None:
    """Although neither the meter nor the miner reports a change."""
    report(rig, 36)
    await set_up(rig, METER)
    await rig.simulator.kill()
    await rig.poll(2)
    before = value(rig, ENERGY)
    for _ in range(60):
        await rig.pass_time(timedelta(minutes=1))
    assert value(rig, ENERGY) - before == pytest.approx(0.036, rel=0.05)


@without_cards
async def test_energy_goes_on_where_it_was_left(rig: Rig) -> None:
    """After a restart of Home Assistant, which is not bridged."""
    mock_restore_cache_with_extra_data(
        rig.hass,
        [
            (
                State("sensor.rig_one_energy", "12.5"),
                {"native_value": 12.5, "native_unit_of_measurement": "kWh"},
            )
        ],
    )
    await set_up(rig, NUMBERS)
    assert rig.entity_id(ENERGY) == "sensor.rig_one_energy"
    assert value(rig, ENERGY) == 12.5
    await wait(rig, 360)
    assert value(rig, ENERGY) == pytest.approx(12.514, abs=0.001)


def decimal(text: str) -> dict[str, str]:
    """Return a decimal number as Home Assistant stores it."""
    return {"__type": "<class 'decimal.Decimal'>", "decimal_str": text}


@pytest.mark.parametrize(
    "value",
    [
        *(-1, 10**18, 1.7e308, True, "12.5", "x" * 10_000, [12.5], {"kWh": 12.5}),
        *(decimal("NaN"), decimal("-Infinity"), decimal("1E+999999"), decimal("x")),
        {"__type": "<class 'decimal.Decimal'>", "decimal_str": [1]},
        {"__type": "<class 'datetime.datetime'>", "isoformat": 5},
        {"__type": "<class 'datetime.datetime'>", "isoformat": "2026-11-01"},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_absurd_energy_is_none(value: Any) -> None:
    """It is not restored, and nothing is raised."""
    stored = {"native_value": value, "native_unit_of_measurement": "kWh"}
    assert stored_energy(RestoredExtraData(stored)) == 0


@pytest.mark.parametrize(
    ("value", "energy"), [(0, 0), (12.5, 12.5), (decimal("12.5"), 12.5), (10**9, 10**9)]
)
def test_the_energy_that_was_stored(value: Any, energy: float) -> None:
    """Even as Home Assistant stores decimal numbers."""
    stored = {"native_value": value, "native_unit_of_measurement": "kWh"}
    assert stored_energy(RestoredExtraData(stored)) == energy


@without_cards
@pytest.mark.parametrize("stored", [{"native_value": 12.5}, [12.5], "12.5", 12.5])
async def test_energy_of_another_shape_starts_again(rig: Rig, stored: Any) -> None:
    """It starts again."""
    mock_restore_cache_with_extra_data(
        rig.hass, [(State("sensor.rig_one_energy", "12.5"), stored)]
    )
    await set_up(rig, NUMBERS)
    assert value(rig, ENERGY) == 0


@without_cards
async def test_energy_outlives_a_reload(rig: Rig) -> None:
    """Each change of the options causes a reload."""
    await set_up(rig, NUMBERS)
    await wait(rig, 360)
    energy = value(rig, ENERGY)
    assert energy > 0
    await choose(rig, {**NUMBERS, **METER})
    assert value(rig, ENERGY) == energy
