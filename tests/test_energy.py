"""The energy of a miner is what it drew, and nothing that nobody knows of."""

from datetime import timedelta

from homeassistant.core import State
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

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
    """A miner that is away may be off; five minutes are bridged, longer is not."""
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
    """Though it reports nothing new, and the miner's polls bring no news either."""
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
    """After a restart of Home Assistant, during which it is not invented."""
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


@without_cards
async def test_energy_outlives_a_reload(rig: Rig) -> None:
    """Such as each change of the options is one."""
    await set_up(rig, NUMBERS)
    await wait(rig, 360)
    energy = value(rig, ENERGY)
    assert energy > 0
    await choose(rig, {**NUMBERS, **METER})
    assert value(rig, ENERGY) == energy
