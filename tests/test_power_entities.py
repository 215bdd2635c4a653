"""What a miner draws: measured where there is a meter, and said to be estimated else."""

from datetime import timedelta
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfPower
from homeassistant.core import State
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from custom_components.xmrig.const import CONF_FULL_POWER, CONF_IDLE_POWER, DOMAIN

from .common import Rig
from .controls import MINING, set_threads
from .watts import (
    IDLE,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    PLUG,
    POWER,
    THREAD,
    choose,
    drawn,
    measure,
    report,
    set_up,
    wait,
)

ENERGY = "sensor.energy"
EFFICIENCY = "sensor.efficiency"
PER_THREAD = "sensor.power_per_thread"
ENTITIES = {POWER, ENERGY, EFFICIENCY, PER_THREAD, LIMIT}

CARD = 118
HASHRATE = 4 * 430
HASHRATE_WITH_CARD = HASHRATE + 950

without_cards = pytest.mark.parametrize("options", [NO_CARDS])


def value(rig: Rig, name: str) -> float:
    """Return the value of a sensor."""
    return float(rig.state(name))


def full_load(rig: Rig) -> int:
    """Return the highest power limit."""
    return int(rig.full_state(LIMIT).attributes["max"])


def is_estimated(rig: Rig) -> bool:
    """Return whether the power says that it is only an estimate."""
    estimated = rig.full_state(POWER).attributes["estimated"]
    assert isinstance(estimated, bool)
    return estimated


# --- Which entities there are -------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [{}, {CONF_IDLE_POWER: 60}, {CONF_FULL_POWER: 140}],
    ids=["nothing", "idle only", "full only"],
)
async def test_an_owner_who_says_nothing_of_watts_has_no_power_entities(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """XMRig itself says nothing of what a CPU draws."""
    await set_up(rig, chosen)
    assert ENTITIES.isdisjoint(rig.entities)


@pytest.mark.parametrize("chosen", [NUMBERS, METER, {**NUMBERS, **METER}])
async def test_a_meter_or_two_numbers_bring_the_power_entities(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """Either is enough."""
    await set_up(rig, chosen)
    assert set(rig.entities) >= ENTITIES
    assert not any(rig.entities[name].disabled for name in ENTITIES)


async def test_entities_of_options_that_were_taken_away_are_gone(rig: Rig) -> None:
    """They leave nothing behind that is unavailable for ever, and can come back."""
    await set_up(rig, NUMBERS)
    others = set(rig.entities) - ENTITIES
    await choose(rig, {})
    assert set(rig.entities) == others
    await choose(rig, NUMBERS)
    assert set(rig.entities) >= ENTITIES


@without_cards
async def test_the_power_entities_are_what_dashboards_and_statistics_expect(
    rig: Rig,
) -> None:
    """Device classes, units and state classes as the Energy dashboard asks for them."""
    await set_up(rig, NUMBERS)
    classes = {
        name: (
            rig.full_state(name).attributes.get("device_class"),
            rig.full_state(name).attributes["unit_of_measurement"],
            rig.full_state(name).attributes["state_class"],
            rig.entities[name].entity_category,
        )
        for name in ENTITIES - {LIMIT}
    }
    measurement = SensorStateClass.MEASUREMENT
    assert classes == {
        POWER: (SensorDeviceClass.POWER, "W", measurement, None),
        ENERGY: (
            SensorDeviceClass.ENERGY,
            "kWh",
            SensorStateClass.TOTAL_INCREASING,
            None,
        ),
        EFFICIENCY: (None, "H/J", measurement, None),
        PER_THREAD: (SensorDeviceClass.POWER, "W", measurement, "diagnostic"),
    }
    limit = rig.full_state(LIMIT).attributes
    assert rig.entities[LIMIT].entity_category is None
    assert (limit["min"], limit["max"], limit["step"]) == (0, 140, 1)
    assert limit["unit_of_measurement"] == UnitOfPower.WATT


# --- Estimated ----------------------------------------------------------------


@without_cards
async def test_two_numbers_estimate_the_power_of_each_number_of_threads(
    rig: Rig,
) -> None:
    """Full load with all of them, idle power while nothing hashes."""
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140
    assert is_estimated(rig)
    assert value(rig, PER_THREAD) == 20
    assert value(rig, EFFICIENCY) == round(HASHRATE / 140, 2)
    await set_threads(rig, 1)
    assert value(rig, POWER) == 80
    await rig.turn(MINING, on=False)
    assert value(rig, POWER) == 60
    assert value(rig, EFFICIENCY) == 0


async def test_cards_are_added_to_an_estimate_as_they_report(rig: Rig) -> None:
    """The owner's numbers are those of the computer without them."""
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140 + CARD
    assert value(rig, EFFICIENCY) == round(HASHRATE_WITH_CARD / (140 + CARD), 2)
    rig.simulator.gpus[0].power = 100
    await rig.poll()
    assert value(rig, POWER) == 240
    await rig.turn(MINING, on=False)
    assert value(rig, POWER) == 60


async def test_a_card_that_cannot_be_read_adds_nothing(rig: Rig) -> None:
    """XMRig says 0 W of it."""
    rig.simulator.gpus[0].has_health = False
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140


@without_cards
@pytest.mark.parametrize("reason", ["paused", "stopped", "no pool"])
async def test_a_miner_that_does_not_hash_draws_its_idle_power(
    rig: Rig, reason: str
) -> None:
    """Whatever the reason is."""
    await set_up(rig, NUMBERS)
    match reason:
        case "paused":
            rig.simulator.rpc_direct("pause")
        case "stopped":
            await rig.press("button.stop")
        case "no pool":
            for pool in rig.simulator.config["pools"]:
                rig.simulator.set_pool_reachable(pool["url"], False)
    await rig.poll()
    assert value(rig, POWER) == 60


@without_cards
async def test_an_estimate_needs_the_miner(rig: Rig) -> None:
    """While it is away nobody knows whether its computer is on."""
    await set_up(rig, NUMBERS)
    await rig.simulator.go_offline()
    await rig.poll()
    assert rig.state(POWER) == STATE_UNAVAILABLE
    assert rig.state(EFFICIENCY) == STATE_UNAVAILABLE
    assert rig.state(LIMIT) == STATE_UNAVAILABLE
    await rig.simulator.go_online()
    await rig.poll()
    assert value(rig, POWER) == 140


@pytest.mark.parametrize("options", [{"version": "6.21.0", "uptime": 30, "gpus": 0}])
async def test_an_answer_that_is_cut_off_still_gives_a_number(rig: Rig) -> None:
    """Old versions do so for a quarter of an hour after each start."""
    rig.simulator.fault = "truncated"
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140
    await rig.poll(5)
    assert value(rig, POWER) == 140


# --- Measured -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "unit", "watts"),
    [
        ("123", "W", 123),
        ("123.46", "W", 123.5),
        ("0.123", "kW", 123),
        ("123000", "mW", 123),
        ("0", "W", 0),
    ],
)
async def test_the_power_is_what_the_meter_says(
    rig: Rig, said: str, unit: str, watts: float
) -> None:
    """In W, whatever unit it has; cards are behind it too."""
    report(rig, said, unit)
    await set_up(rig, {**NUMBERS, **METER})
    assert value(rig, POWER) == watts
    assert not is_estimated(rig)


async def test_what_the_meter_reports_shows_at_once(rig: Rig) -> None:
    """Not only with the next poll of the miner."""
    report(rig, 200)
    await set_up(rig, METER)
    report(rig, 250)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == 250
    assert value(rig, EFFICIENCY) == round(HASHRATE_WITH_CARD / 250, 2)


async def test_the_meter_measures_a_miner_that_is_off_too(rig: Rig) -> None:
    """Its power is known as long as one of the two answers."""
    report(rig, 200)
    await set_up(rig, METER)
    await rig.simulator.kill()
    await rig.poll()
    report(rig, 3)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == 3
    assert not is_estimated(rig)
    assert rig.state(EFFICIENCY) == STATE_UNAVAILABLE
    report(rig, STATE_UNAVAILABLE)
    await rig.hass.async_block_till_done()
    assert rig.state(POWER) == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        (STATE_UNAVAILABLE, "W"),
        (STATE_UNKNOWN, "W"),
        ("", "W"),
        ("on", "W"),
        ("12,5", "W"),
        ("nan", "W"),
        ("inf", "W"),
        ("-140", "W"),
        ("140", None),
        ("140", "kWh"),
    ],
)
async def test_a_meter_that_says_nothing_of_use_leaves_the_estimate(
    rig: Rig, said: str, unit: str | None
) -> None:
    """And the power says so."""
    report(rig, said, unit)
    await set_up(rig, {**NUMBERS, **METER})
    assert value(rig, POWER) == 140 + CARD
    assert is_estimated(rig)
    report(rig, 300)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == 300
    assert not is_estimated(rig)
    report(rig, said, unit)
    await rig.poll(10)
    assert value(rig, POWER) == 140 + CARD
    assert is_estimated(rig)


async def test_a_meter_that_is_not_there_leaves_the_estimate(rig: Rig) -> None:
    """Its own integration may start later."""
    await set_up(rig, {**NUMBERS, **METER})
    assert is_estimated(rig)
    report(rig, 300)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == 300


async def test_with_a_meter_alone_nothing_is_known_before_it_measured(rig: Rig) -> None:
    """Rather than a number that nobody said."""
    await set_up(rig, METER)
    assert rig.state(POWER) == STATE_UNKNOWN
    assert rig.state(EFFICIENCY) == STATE_UNKNOWN
    assert rig.state(PER_THREAD) == STATE_UNKNOWN
    assert rig.state(LIMIT) == STATE_UNAVAILABLE


# --- Learned ------------------------------------------------------------------


@without_cards
@pytest.mark.parametrize("chosen", [METER, {**NUMBERS, **METER}])
async def test_the_model_learns_from_the_meter(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """What it measured is the estimate when it falls silent."""
    await set_up(rig, chosen)
    await measure(rig)
    await rig.turn(MINING, on=False)
    await measure(rig)
    assert value(rig, PER_THREAD) == THREAD
    assert full_load(rig) == IDLE + 4 * THREAD
    report(rig, STATE_UNAVAILABLE)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == IDLE
    await rig.turn(MINING, on=True)
    await set_threads(rig, 2)
    assert value(rig, POWER) == IDLE + 2 * THREAD
    assert is_estimated(rig)


async def test_cards_are_no_part_of_what_is_learned(rig: Rig) -> None:
    """So that an estimate may add them again."""
    await set_up(rig, METER)
    await measure(rig)
    report(rig, STATE_UNAVAILABLE)
    rig.simulator.gpus[0].power = 50
    await rig.poll()
    assert value(rig, POWER) == IDLE + 4 * THREAD + 50.0


@without_cards
@pytest.mark.parametrize("wild", [5000, 0, -300, "unavailable"])
async def test_one_wild_reading_teaches_nothing(rig: Rig, wild: Any) -> None:
    """However long it stands there."""
    await set_up(rig, METER)
    await measure(rig)
    full = full_load(rig)
    report(rig, wild)
    await rig.poll(30)
    assert full_load(rig) == full
    assert value(rig, LIMIT) == full
    await measure(rig)
    assert full_load(rig) == full
    assert value(rig, POWER) == drawn(rig.simulator)


@without_cards
async def test_a_reading_from_before_a_change_teaches_nothing(rig: Rig) -> None:
    """A meter that has not reported since does not know of it."""
    await set_up(rig, {**NUMBERS, **METER})
    await measure(rig)
    full = full_load(rig)
    assert full == IDLE + 4 * THREAD
    await rig.turn(MINING, on=False)
    await rig.poll(20)
    assert full_load(rig) == full
    report(rig, STATE_UNAVAILABLE)
    await rig.hass.async_block_till_done()
    # The owner's number, not the full load that the meter had shown to the end.
    assert value(rig, POWER) == 60


@pytest.mark.parametrize("options", [{"gpus": 0, "uptime": 0, "dataset_time": 90}])
async def test_making_a_dataset_is_not_taken_for_rest(rig: Rig) -> None:
    """It has no thread yet, but all cores at work."""
    await set_up(rig, {**NUMBERS, **METER})
    for _ in range(8):
        report(rig, 170)
        await rig.poll()
    assert rig.state("sensor.status") == "starting"
    await rig.turn(MINING, on=False)
    report(rig, STATE_UNAVAILABLE)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == 60


@without_cards
@pytest.mark.parametrize("crash", [False, True])
async def test_what_was_learned_is_kept(
    rig: Rig, hass_storage: dict[str, Any], crash: bool
) -> None:
    """Also if Home Assistant is cut off, but for the last quarter of an hour."""
    await set_up(rig, METER)
    await measure(rig, polls=20)
    if crash:
        await rig.pass_time(timedelta(minutes=20))
        stored = hass_storage[f"{DOMAIN}.{rig.entry.entry_id}.power"]["data"]
        watts, _ = stored["meter"]["model"]["watts"]["4"]
        assert watts == pytest.approx(IDLE + 4 * THREAD)
        return
    await rig.reload()
    report(rig, STATE_UNAVAILABLE)
    await rig.hass.async_block_till_done()
    assert value(rig, POWER) == IDLE + 4 * THREAD


@without_cards
async def test_another_meter_starts_from_nothing(rig: Rig) -> None:
    """The first one may have measured the whole house."""
    await set_up(rig, METER)
    for _ in range(12):
        report(rig, 3000)
        await rig.poll()
    assert full_load(rig) == 3000
    await choose(rig, {**NUMBERS, "power_sensor": "sensor.another"})
    assert full_load(rig) == 140


# --- Energy -------------------------------------------------------------------


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


def test_the_plug_of_these_tests_is_named_as_in_the_options() -> None:
    """A slip here would let every test of a meter pass without one."""
    assert METER == {"power_sensor": PLUG}
