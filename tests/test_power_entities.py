"""Tests of the power entities."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfPower
from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner.const import CONF_FULL_POWER, CONF_IDLE_POWER

from .common import Rig
from .controls import MINING, set_threads
from .watts import (
    EFFICIENCY,
    ENERGY,
    ESTIMATED,
    EXPECTED,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    PER_THREAD,
    POWER,
    SINGLE_THREAD,
    THREAD_CHANGE,
    choose,
    is_estimated,
    report,
    say,
    set_up,
    value,
)

ENTITIES = {
    POWER,
    ENERGY,
    EFFICIENCY,
    PER_THREAD,
    EXPECTED,
    SINGLE_THREAD,
    THREAD_CHANGE,
    ESTIMATED,
    LIMIT,
}

CARD = 118
HASHRATE = 4 * 430
HASHRATE_WITH_CARD = HASHRATE + 950

without_cards = pytest.mark.parametrize("options", [NO_CARDS])


# --- Which entities there are -------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [{}, {CONF_IDLE_POWER: 60}, {CONF_FULL_POWER: 140}],
    ids=["nothing", "idle only", "full only"],
)
async def test_without_power_options_there_are_no_power_entities(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """XMRig does not report the power of a CPU."""
    await set_up(rig, chosen)
    assert ENTITIES.isdisjoint(rig.entities)


@pytest.mark.parametrize("chosen", [NUMBERS, METER, {**NUMBERS, **METER}])
async def test_a_meter_or_two_numbers_add_the_power_entities(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """Either of them is enough."""
    await set_up(rig, chosen)
    assert set(rig.entities) >= ENTITIES
    # A miner that follows the surplus would fill the activity of its device with it
    assert {name for name in ENTITIES if rig.entities[name].disabled} == {THREAD_CHANGE}


async def test_entities_of_removed_options_are_removed(rig: Rig) -> None:
    """They are removed, and can be added again."""
    await set_up(rig, NUMBERS)
    others = set(rig.entities) - ENTITIES - {"number.mining_power"}
    await choose(rig, {})
    assert set(rig.entities) == others
    await choose(rig, NUMBERS)
    assert set(rig.entities) >= ENTITIES


@without_cards
async def test_the_power_entities_are_what_dashboards_and_statistics_expect(
    all_enabled: None, rig: Rig
) -> None:
    """Device classes, units and state classes match the Energy dashboard."""
    await set_up(rig, NUMBERS)
    classes = {
        name: (
            rig.full_state(name).attributes.get("device_class"),
            rig.full_state(name).attributes.get("unit_of_measurement"),
            rig.full_state(name).attributes.get("state_class"),
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
        PER_THREAD: (None, "W/thread", measurement, "diagnostic"),
        EXPECTED: (None, "W", measurement, "diagnostic"),
        SINGLE_THREAD: (None, "W", None, "diagnostic"),
        THREAD_CHANGE: (SensorDeviceClass.TIMESTAMP, None, None, "diagnostic"),
        ESTIMATED: (None, None, None, "diagnostic"),
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
    """The user's estimate is for the computer without graphics cards."""
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140 + CARD
    assert value(rig, EFFICIENCY) == round(HASHRATE_WITH_CARD / (140 + CARD), 2)
    rig.simulator.gpus[0].power = 100
    await rig.poll()
    assert value(rig, POWER) == 240
    await rig.turn(MINING, on=False)
    assert value(rig, POWER) == 60


async def test_a_card_that_cannot_be_read_adds_nothing(rig: Rig) -> None:
    """XMRig reports 0 W."""
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
    """Whether the computer of an unreachable miner is on is unknown."""
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
    """Old versions truncate replies for 15 minutes after each start."""
    rig.simulator.fault = "truncated"
    await set_up(rig, NUMBERS)
    assert value(rig, POWER) == 140
    await rig.poll(5)
    assert value(rig, POWER) == 140


@without_cards
async def test_threads_that_are_out_of_sight_are_taken_to_run_on(rig: Rig) -> None:
    """The summary shows that the miner mines."""
    await set_up(rig, NUMBERS)
    await set_threads(rig, 2)
    rig.simulator.fault = "backends_500"
    await rig.poll(10)
    assert rig.state("sensor.threads") == STATE_UNAVAILABLE
    assert value(rig, POWER) == 100


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
    """In W, for any unit of the meter; graphics cards are included."""
    report(rig, said, unit)
    await set_up(rig, {**NUMBERS, **METER})
    assert value(rig, POWER) == watts
    assert not is_estimated(rig)


async def test_what_the_meter_reports_shows_at_once(rig: Rig) -> None:
    """It does not wait for the next poll."""
    report(rig, 200)
    await set_up(rig, METER)
    await say(rig, 250)
    assert value(rig, POWER) == 250
    assert value(rig, EFFICIENCY) == round(HASHRATE_WITH_CARD / 250, 2)


async def test_the_meter_measures_a_miner_that_is_off_too(rig: Rig) -> None:
    """The power is known while either of them responds."""
    report(rig, 200)
    await set_up(rig, METER)
    await rig.simulator.kill()
    await rig.poll()
    await say(rig, 3)
    assert value(rig, POWER) == 3
    assert not is_estimated(rig)
    assert rig.state(EFFICIENCY) == STATE_UNAVAILABLE
    await say(rig, STATE_UNAVAILABLE)
    assert rig.state(POWER) == STATE_UNAVAILABLE
    assert rig.state(ESTIMATED) == STATE_UNAVAILABLE


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
async def test_an_invalid_meter_leaves_the_estimate(
    rig: Rig, said: str, unit: str | None
) -> None:
    """And the power is shown as estimated."""
    report(rig, said, unit)
    await set_up(rig, {**NUMBERS, **METER})
    assert value(rig, POWER) == 140 + CARD
    assert is_estimated(rig)
    await say(rig, 300)
    assert value(rig, POWER) == 300
    assert not is_estimated(rig)
    report(rig, said, unit)
    await rig.poll(10)
    assert value(rig, POWER) == 140 + CARD
    assert is_estimated(rig)


async def test_a_meter_that_is_not_there_leaves_the_estimate(rig: Rig) -> None:
    """Its integration may start later."""
    await set_up(rig, {**NUMBERS, **METER})
    assert is_estimated(rig)
    await say(rig, 300)
    assert value(rig, POWER) == 300


async def test_with_a_meter_alone_nothing_is_known_before_it_measured(rig: Rig) -> None:
    """It is unknown, rather than an assumed number."""
    await set_up(rig, METER)
    assert rig.state(POWER) == STATE_UNKNOWN
    assert rig.state(EFFICIENCY) == STATE_UNKNOWN
    assert rig.state(PER_THREAD) == STATE_UNKNOWN
    assert rig.state(LIMIT) == STATE_UNAVAILABLE


# --- What the next limit is calculated from -----------------------------------


@without_cards
async def test_expected_power_follows_the_threads_before_a_meter_does(rig: Rig) -> None:
    """It follows the running threads; the lowest limit is a single thread."""
    report(rig, 135)
    await set_up(rig, {**NUMBERS, **METER})
    assert value(rig, EXPECTED) == 140
    assert value(rig, SINGLE_THREAD) == 80
    await set_threads(rig, 2)
    assert value(rig, EXPECTED) == 100
    assert value(rig, POWER) == 135
    await rig.turn(MINING, on=False)
    assert value(rig, EXPECTED) == 60
    assert value(rig, SINGLE_THREAD) == 80


@without_cards
async def test_the_last_thread_change_is_never_too_early(
    all_enabled: None, rig: Rig
) -> None:
    """It is rounded up: states have no fractions of a second."""
    await set_up(rig, NUMBERS)
    await rig.pass_time(timedelta(seconds=33.4))
    before = rig.state(THREAD_CHANGE)
    now = dt_util.utcnow()
    await set_threads(rig, 2)
    after = datetime.fromisoformat(rig.state(THREAD_CHANGE))
    assert datetime.fromisoformat(before) < now <= after < now + timedelta(seconds=2)
    await rig.poll(5)
    assert datetime.fromisoformat(rig.state(THREAD_CHANGE)) == after


@without_cards
async def test_what_automations_calculate_with_needs_the_miner(
    all_enabled: None, rig: Rig
) -> None:
    """The threads of an unreachable miner are unknown, even with a meter."""
    report(rig, 135)
    await set_up(rig, {**NUMBERS, **METER})
    await rig.simulator.go_offline()
    await rig.poll()
    for name in (EXPECTED, SINGLE_THREAD, THREAD_CHANGE):
        assert rig.state(name) == STATE_UNAVAILABLE
    assert not is_estimated(rig)
    await rig.simulator.go_online()
    await rig.poll()
    assert value(rig, EXPECTED) == 140
