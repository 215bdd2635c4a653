"""What the manager keeps from one decision to the next."""

from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.xmrig_miner.manager import ManagerState, Meters, Reading
from custom_components.xmrig_miner.manager.budget import Available, History
from custom_components.xmrig_miner.manager.household import STEP, Household, Spell
from custom_components.xmrig_miner.manager.members import LEFT_OUT, OFFLINE_KEPT, Record
from custom_components.xmrig_miner.manager.response import LEAST_STEP, LONGEST, Learned
from custom_components.xmrig_miner.manager.sleep import Sleep
from custom_components.xmrig_miner.manager.state import (
    FROZEN_STEP,
    MEASURED,
    SILENT,
    Shown,
)
from custom_components.xmrig_miner.manager.steps import Known, Sample, Step
from custom_components.xmrig_miner.manager.study import Measuring, Study
from custom_components.xmrig_miner.manager.watts import (
    LEARNED,
    ROUGH,
    Draw,
    Watts,
    curve_with,
)

from .common import House, line, miner


def draw(*watts: float) -> Draw:
    """Return what steps of four threads have shown, each of them three times."""
    return Draw(tuple(Sample(0, 4, each, 5) for each in watts * 3))


CLEAR = draw(79, 81)
VAGUE = draw(-500, 2_000)


def test_a_reading_is_taken_once() -> None:
    """One that is not newer changes nothing."""
    state = ManagerState().metered(Reading(50, 100, 100), ())
    assert state.shown == Shown(50, 100, 100)
    assert state.metered(Reading(60, 100, 100), ()) is state
    assert state.metered(Reading(60, 99, 99), ()) is state


def test_it_is_known_since_when_a_value_is_shown() -> None:
    """A meter that reports the same again may hang."""
    state = (
        ManagerState()
        .metered(Reading(50, 100, 100), ())
        .metered(Reading(50, 110, 110), ())
    )
    assert state.shown == Shown(50, 110, 100)
    state = state.metered(Reading(51, 120, 120), ())
    assert state.shown == Shown(51, 120, 120)


@pytest.mark.parametrize(
    ("watts", "now", "is_silent"),
    [
        (LEAST_STEP, 100 + SILENT, True),
        (LEAST_STEP, 99 + SILENT, False),
        (LEAST_STEP - 1, 100 + SILENT, False),
    ],
)
def test_without_a_report_after_a_step_the_meter_is_silent(
    watts: float, now: float, *, is_silent: bool
) -> None:
    """A small step need not be reported."""
    state = ManagerState(
        history=History(((0, 0), (100, watts))), shown=Shown(5, 90, 90)
    )
    assert state.listened(now).is_silent is is_silent
    # It reported since then
    assert not replace(state, shown=Shown(5, 101, 101)).listened(now).is_silent


@pytest.mark.parametrize(
    ("watts", "now", "is_silent"),
    [
        (FROZEN_STEP, 100 + SILENT + LONGEST, True),
        (FROZEN_STEP, 99 + SILENT + LONGEST, False),
        (FROZEN_STEP - 1, 100 + SILENT + LONGEST, False),
    ],
)
def test_the_same_value_after_a_large_step_is_silence(
    watts: float, now: float, *, is_silent: bool
) -> None:
    """The meter reports, but what it shows is old."""
    history = History(((0, 0), (100, watts)))
    state = ManagerState(history=history, shown=Shown(5, now, 90))
    assert state.listened(now).is_silent is is_silent
    # A step that was over soon may not have shown
    short = History((*history.steps, (100 + LONGEST - 1, 0)))
    assert not replace(state, history=short).listened(now).is_silent


def test_before_its_first_reading_a_meter_is_not_silent() -> None:
    """It is unknown."""
    state = ManagerState()
    assert not state.is_silent
    assert state.listened(1e6) is state
    silent = ManagerState(shown=Shown(5, 90, 90, is_silent=True))
    assert silent.is_silent
    assert silent.listened(1e6) is silent


@pytest.mark.parametrize(
    ("unsure", "is_seen"), [(STEP, False), (STEP - 1, True), (0, True)]
)
def test_the_house_is_followed_while_mining_is_known(
    unsure: float, *, is_seen: bool
) -> None:
    """A step of ours is no load of the house."""
    reading = Reading(-100, 90, 90)
    left = Available(low=400, high=400 + unsure, reading=reading)
    household = ManagerState().read(left).household
    if is_seen:
        middle = 400 + unsure / 2
        seen = (household.at, household.left, household.mined)
        assert seen == (90, middle, middle - 100)
    else:
        assert household == ManagerState().household


def test_a_command_that_failed_is_no_step() -> None:
    """One that succeeded is, and one of a member that is gone is ignored."""
    house = House(miner())
    house.at(0, -50)
    commanded = house.state
    assert commanded.watts.steps
    assert commanded.with_result("a", ok=True, now=5).watts.steps
    failed = commanded.with_result("a", ok=False, now=5)
    assert not failed.watts.steps
    assert failed.records["a"].failures == 1
    record = failed.records["a"]
    fine = failed.with_result("a", ok=True, now=6).records["a"]
    assert fine == replace(record, failures=0)
    again = failed.with_result("a", ok=False, now=6)
    assert again.records["a"].left_out_until == 6 + LEFT_OUT
    assert commanded.with_result("b", ok=False, now=5) is commanded


def test_a_command_is_a_step_of_what_is_drawn() -> None:
    """From the threads before to those after it."""
    house = House(miner("a", 1), miner("b"))
    house.at(0, 0)
    state = house.state
    members = tuple(house.members.values())
    assert state.commanded(members, {}, 50, Study()) is state
    swing = Study(current=Measuring("a", 1, 0, is_swing=True))
    state = state.commanded(members, {"a": 3}, 50, swing)
    assert state.watts.steps == (Step(50, "a", 1, 3, is_planned=True),)
    assert state.history.steps[-1] == (50, 60)
    assert (state.records["a"].wanted, state.records["a"].changed_at) == (3, 50)
    assert state.records["b"].wanted is None
    state = state.commanded(members, {"a": 1}, 60, swing)
    assert state.watts.steps[-1] == Step(60, "a", 3, 1)


def test_members_that_come_and_go_are_no_step() -> None:
    """Their power was drawn all the time."""
    house = House(miner("a", 2))
    house.at(0, 0)
    house.members["b"] = miner("b", 3)
    house.at(50)
    assert house.state.history.at(-1) == 100
    assert house.state.history.changed_at < 0
    del house.members["a"]
    house.at(60)
    assert house.state.history.at(-1) == 60
    assert list(house.state.records) == ["b"]


def test_a_member_that_comes_offline_draws_nothing() -> None:
    """Unless its plug shows that it does."""
    house = House(miner("a", 2))
    house.at(0, 0)
    house.members["b"] = miner("b", None, is_online=False)
    house.members["c"] = miner("c", None, is_online=False, plug_watts=50)
    house.at(10)
    assert house.state.history.at(10) == 40 + 50 - 40


def test_a_step_of_a_member_that_is_noticed() -> None:
    """What it drew before it went offline ends after a minute."""
    house = House(miner("a", 0, is_steerable=False))
    house.at(0, 0)
    house.change("a", threads=2)
    house.at(50)
    assert house.state.history.steps[-1] == (50, 40)
    assert house.state.history.noticed_at == 50
    house.change("a", threads=None, is_online=False)
    for now in (100, 99 + OFFLINE_KEPT, 100 + OFFLINE_KEPT):
        house.at(now)
    assert house.state.history.steps[-1] == (100 + OFFLINE_KEPT, 0)


def test_one_that_went_offline_is_remembered_while_another_one_is_commanded() -> None:
    """It may still draw what it drew, for a minute."""
    house = House(miner("a", 2), miner("b"))
    house.at(0, 0)
    house.change("a", threads=None, is_online=False)
    house.at(10)
    members = tuple(house.members.values())
    state = house.state.commanded(members, {"b": 1}, 20, Study())
    assert state.history.steps[-1] == (20, 40 + 20)


def test_what_is_remembered_of_a_member_stays() -> None:
    """Its failures count in a row."""
    state = ManagerState(records={"a": Record(failures=1), "b": Record(failures=2)})
    state = state.seen((miner("a"),), 5)
    assert {id_: each.failures for id_, each in state.records.items()} == {"a": 1}


@pytest.mark.parametrize(
    ("values", "seen", "is_learned", "is_learning"),
    [
        ({}, CLEAR, False, False),
        ({"size": 4}, Draw(), False, True),
        ({"size": 4}, CLEAR, True, False),
        ({"size": 4}, VAGUE, False, True),
    ],
)
def test_what_is_known_of_a_member(
    values: dict[str, Any], seen: Draw, *, is_learned: bool, is_learning: bool
) -> None:
    """Without a plug, its power is learned from the meter."""
    state = ManagerState(watts=Watts({"a": seen}))
    member = state.known(miner(**values))
    curve = curve_with(CLEAR.fit(4), line(), 4) if is_learned else line()
    assert (member.curve, member.is_learning) == (curve, is_learning)


def test_a_power_is_assumed_of_a_member_that_is_not_known() -> None:
    """Of as many threads as it has."""
    member = ManagerState().known(miner(size=3, curve=None))
    assert member.curve == curve_with(None, None, 3)
    assert member.is_learning


def test_steps_of_two_numbers_of_threads() -> None:
    """They do not tell the power of all threads."""
    draw = Draw((Sample(0, 2, 40), Sample(2, 0, -40)) * 10)
    state = ManagerState(watts=Watts({"a": draw}))
    member = state.known(miner("a", size=4))
    assert member.is_learning
    assert member.lacks_counts


def test_what_is_told_to_those_that_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The power of each member, and how far it is known."""
    told: list[Any] = []

    def seen(watts: Watts, *arguments: Any) -> Watts:
        told.append(arguments)
        return watts

    monkeypatch.setattr(Watts, "seen", seen)
    clear = CLEAR.fit(4)
    assert clear
    assert clear.error < LEARNED
    state = ManagerState(
        watts=Watts({"a": CLEAR, "b": VAGUE, "c": VAGUE}),
        # A step that the reading may show
        history=History(((0, 0), (100, 50))),
    )
    members = (
        miner("a", size=4),
        miner("b", size=4),
        miner("c"),
        miner("d", size=4),
        miner("e", curve=None),
    )
    after = state.metered(Reading(60, 105, 105), members)
    known = {"a": clear.error, "b": ROUGH, "c": MEASURED, "d": ROUGH}
    assert told == [
        (
            105,
            60,
            state.response.response,
            {id_: Known(line().mining, error) for id_, error in known.items()},
        )
    ]
    assert after.response == state.response.seen(105, 60, state.history.steps)
    assert after.response.before is not None


def test_what_is_learned_is_stored() -> None:
    """And nothing else; an earlier version knew of no sleep."""
    assert ManagerState.from_json(None) == ManagerState()
    state = ManagerState(
        sleepers={"a": Sleep(need=70)},
        response=Learned(count=5, used=2),
        household=Household(spells=(Spell(300, 60),)),
        watts=Watts({"a": CLEAR, "b": VAGUE}),
    )
    data = json.loads(json.dumps(state.as_json()))
    assert ManagerState.from_json(data) == state
    del data["sleepers"]
    assert ManagerState.from_json(data) == replace(state, sleepers={})


def test_what_was_learned_of_members_that_are_gone_is_forgotten() -> None:
    """The rest stays."""
    state = ManagerState(watts=Watts({"a": CLEAR, "b": VAGUE}), battery_first=True)
    assert state.of(["b"]) == replace(state, watts=Watts({"b": VAGUE}))


def test_a_sleeper_is_replaced() -> None:
    """Others stay."""
    other = Sleep(need=5)
    state = ManagerState(sleepers={"a": Sleep(), "b": other})
    state = state.with_sleep("a", Sleep(need=9))
    assert state.sleepers == {"a": Sleep(need=9), "b": other}


def test_without_a_grid_the_meters_say_nothing() -> None:
    """No reading is taken."""
    house = House(miner())
    house.meters = Meters(grid=None)
    assert house.at(5).state.shown is None
