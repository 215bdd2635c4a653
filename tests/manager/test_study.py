"""Numbers of threads that were never measured are held while there is surplus."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from custom_components.xmrig_miner.manager import Caution, Member, Mode, Plan, Reason
from custom_components.xmrig_miner.manager.distribution import Load
from custom_components.xmrig_miner.manager.loads import loads_of
from custom_components.xmrig_miner.manager.members import Record
from custom_components.xmrig_miner.manager.steps import Step
from custom_components.xmrig_miner.manager.study import (
    HOLD,
    MAX_SWINGS,
    PATIENCE,
    STEADY,
    Measuring,
    Study,
)
from custom_components.xmrig_miner.manager.watts import Watts

from .common import House, line, miner, steps_seen


def learner(id_: str = "a", missing: tuple[int, ...] = (4, 3, 1), **more: Any) -> Any:
    """Return a miner of which some numbers of threads were not measured yet."""
    return miner(id_, missing=missing, **more)


def follow(house: House, now: float, left: float) -> Plan:
    """Let the meter of a house report, where so many W are left over without mining."""
    drawn = sum(20 * (threads or 0) for threads in house.threads.values())
    return house.run(now, drawn - left)


@pytest.mark.parametrize(
    ("missing", "left", "threads"),
    [
        ((), 90, 4),
        ((4, 3), 90, 4),
        ((3, 1), 90, 3),
        ((2, 1), 90, 2),
        ((1,), 90, 4),
        ((1,), 50, 1),
        ((4, 3), 70, 3),
        ((4,), 70, 3),
        ((4, 3, 1), 10, 0),
    ],
    ids=[
        "all are known",
        "what the surplus feeds comes first",
        "then what is closest to it",
        "down to half of it",
        "but not to less, which would cost too many hashes",
        "unless there is as little surplus",
        "no more than the surplus feeds",
        "and nothing else if that is not enough",
        "without surplus nothing is bought to learn",
    ],
)
def test_what_is_missing_is_held(
    missing: tuple[int, ...], left: float, threads: int
) -> None:
    """The number closest to what the surplus feeds."""
    house = House(learner(missing=missing))
    follow(house, 0, left)
    assert house.threads == {"a": threads}


def test_one_number_after_the_other_is_measured() -> None:
    """Each until it was measured, and for a minute at least."""
    house = House(learner(missing=(3, 2)))
    ran = []
    for now in range(0, 300, 15):
        follow(house, now, 90)
        ran.append(house.threads["a"])
        if now == 30:
            house.change("a", missing=(2,))
        if now == 135:
            house.change("a", missing=())
    assert ran == [3] * 4 + [2] * 6 + [4] * 10


def test_it_says_that_it_waits() -> None:
    """And when it looks again."""
    house = House(learner(missing=(3,)))
    plan = follow(house, 0, 90)
    assert (plan.reason, plan.wake_at) == (Reason.WAITING_TO_STEP_UP, HOLD)
    study = house.state.study
    assert (study.ends_at(HOLD - 1), study.ends_at(HOLD)) == (HOLD, PATIENCE)
    assert House().state.study.ends_at(0) is None


def test_less_surplus_ends_it_at_once() -> None:
    """It goes on when the surplus is back."""
    house = House(learner(missing=(3,)))
    for now, left, threads in (
        (0, 90, 3),
        (15, 50, 2),
        (30, 90, 3),
        (45, 90, 3),
        (75, 90, 3),
    ):
        follow(house, now, left)
        assert house.threads == {"a": threads}
    house.change("a", missing=())
    follow(house, 90, 90)
    assert house.threads == {"a": 4}


def test_what_cannot_be_measured_is_given_up() -> None:
    """Its plug may report nothing."""
    house = House(learner(missing=(3,)))
    for now in range(0, PATIENCE, 15):
        follow(house, now, 90)
        assert house.threads == {"a": 3}
    for now in range(PATIENCE, 2 * PATIENCE, 15):
        follow(house, now, 90)
        assert house.threads == {"a": 4}


def test_one_member_at_a_time_is_measured() -> None:
    """The others use what it leaves."""
    house = House(learner("a", (3,)), learner("b", (3,)), miner("c"))
    follow(house, 0, 500)
    assert house.threads == {"a": 3, "b": 4, "c": 4}
    house.change("a", missing=())
    for now in range(15, 120, 15):
        follow(house, now, 500)
    assert house.threads == {"a": 4, "b": 3, "c": 4}


@pytest.mark.parametrize(
    "values",
    [{"max_threads": 2}, {"max_watts": 95}, {"is_steerable": False, "threads": 2}],
    ids=["thread cap", "power limit", "not managed"],
)
def test_the_user_decides(values: dict[str, Any]) -> None:
    """More threads than allowed are not measured."""
    house = House(learner(missing=(4, 3), **values))
    for now in range(0, 120, 15):
        follow(house, now, 90)
        assert house.threads == {"a": 2}


@pytest.mark.parametrize(
    ("settings", "threads"),
    [
        ({"mode": Mode.FULL}, 4),
        ({"mode": Mode.OFF}, 0),
        ({"mode": Mode.MANUAL}, 0),
        ({"price_limit": 0.4}, 4),
        ({"reserve": 50}, 2),
        ({"caution": Caution.CALM}, 3),
    ],
)
def test_the_mode_and_the_settings_decide(
    settings: dict[str, Any], threads: int
) -> None:
    """Only what the surplus allows in *Smart* is measured."""
    house = House(learner(missing=(3,)), **settings)
    if "price_limit" in settings:
        house.prices = type(house.prices)(importing=0.3)
    follow(house, 0, 90)
    assert house.threads == {"a": threads}


def test_a_member_that_has_just_changed_settles_first() -> None:
    """As before any other change for the better."""
    house = House(learner(missing=(), settle=30))
    follow(house, 0, 90)
    house.change("a", missing=(3,))
    for now, threads in ((15, 4), (30, 3)):
        follow(house, now, 90)
        assert house.threads == {"a": threads}


def swinging(*members: Any) -> tuple[House, list[dict[str, int | None]]]:
    """Return a house with ample surplus after 30 minutes, and the threads over time."""
    house, ran = House(*members), []
    for now in range(0, 1800, 15):
        follow(house, now, 500)
        ran.append(house.threads)
    return house, ran


def test_a_member_whose_power_is_unknown_swings_now_and_then() -> None:
    """To no threads and back, every ten minutes, until its power is known.

    No longer than it takes the meter to show it.
    """
    house, ran = swinging(miner(size=4))
    counts = [each["a"] for each in ran]
    assert {*counts} == {4, 0}
    starts = [
        15 * place for place, pair in enumerate(pairwise(counts), 1) if pair == (4, 0)
    ]
    assert starts == [600, 1260]
    assert counts.count(0) == 2 * 2
    assert steps_seen(house.state.watts, "a") == 4


def test_a_member_that_keeps_mining_swings_to_one_thread() -> None:
    """Its pool punishes gaps."""
    house = House(miner(size=4), keep_mining=True)
    ran = set()
    for now in range(0, 900, 15):
        follow(house, now, 500)
        ran.add(house.threads["a"])
    assert ran == {4, 1}


def test_a_member_that_has_just_changed_does_not_swing() -> None:
    """Its power shows in that change."""
    house, ran = House(miner(size=4)), set()
    for now in range(0, 1800, 15):
        follow(house, now, 500 if now // 60 % 2 else 70)
        ran.add(house.threads["a"])
    assert ran == {3, 4}


def test_two_members_take_turns_to_swing() -> None:
    """The other one does not change meanwhile."""
    house, ran = swinging(miner("a", size=4), miner("b", size=4), miner("c"))
    assert {tuple(each.values()) for each in ran} == {(4, 4, 4), (0, 4, 4), (4, 0, 4)}
    assert steps_seen(house.state.watts, "a") == 2
    assert steps_seen(house.state.watts, "b") == 2


def test_what_a_swing_leaves_is_not_used_by_others() -> None:
    """The meter would show both steps together."""
    house = House(miner("a", size=4), miner("b"))
    ran = []
    for now in range(0, 900, 15):
        follow(house, now, 130)
        ran.append(tuple(house.threads.values()))
    assert {*ran} in ({(4, 2), (0, 2)}, {(2, 4), (0, 4)})


def test_a_swing_ends_when_the_meter_shows_it() -> None:
    """Or after a while, if it never does."""
    study = Study(current=Measuring("a", 0, 0, is_swing=True), swung_at=0)
    for now, is_seen, is_over in (
        (HOLD - 1, False, False),
        (30, True, True),
        (HOLD, False, True),
    ):
        watts = Watts(steps=(Step(0, "a", 4, 0, is_seen=is_seen),))
        later = study.updated([], {"a": 4}, [miner()], {}, now, watts)
        assert (later.current is None) is is_over
        assert not later.given_up


def test_a_member_whose_power_cannot_be_learned_stops_to_swing() -> None:
    """The meter may be too slow."""
    study = Study(swung_at=0, swings={"a": MAX_SWINGS})
    for swings, is_swinging in ((study.swings, False), ({}, True)):
        house = House(miner(threads=4, size=4))
        house.state = replace(house.state, study=replace(study, swings=swings))
        follow(house, 600, 500)
        assert (house.state.study.current is not None) is is_swinging


def test_a_member_that_is_gone_is_no_longer_measured() -> None:
    """The next one is."""
    house = House(learner("a", (3,)), learner("b", (3,), curve=line()))
    follow(house, 0, 500)
    del house.members["a"]
    follow(house, 15, 500)
    follow(house, 30, 500)
    assert house.threads == {"b": 3}


# --- A study by itself --------------------------------------------------------

MEASURED = Study(current=Measuring("a", 3, 0))
SWING = Study(current=Measuring("a", 2, 0, is_swing=True))


def loads(*members: Member) -> list[Load]:
    """Return members as loads."""
    return loads_of(members, {member.id: Record() for member in members}, 0)


def test_it_goes_on_while_it_is_fed() -> None:
    """By just as many threads, and not for a member that is gone."""
    member = learner(missing=(3,))
    records = {"a": Record()}
    fed = MEASURED.updated(loads(member), {"a": 3}, [member], records, 5, Watts())
    assert fed == MEASURED
    single = Study(current=Measuring("a", 1, 0))
    assert single.updated([], {}, [], {}, 5, Watts()).current is None
    later = Study(current=Measuring("a", 3, 1_000), swung_at=0)
    for now, current in ((999 + HOLD, later.current), (1_000 + HOLD, None)):
        study = later.updated([], {"a": 3}, [miner()], {}, now, Watts())
        assert study.current == current


def test_only_a_swing_keeps_others_from_what_it_leaves() -> None:
    """Another measurement does not."""
    members = loads(miner("a"), miner("b"))
    allowed = {"a": 4, "b": 1}

    def ceilings(study: Study) -> list[int]:
        return [load.ceiling for load in study.bounded(members, allowed)]

    assert ceilings(Study()) == [4, 4]
    assert ceilings(MEASURED) == [3, 4]
    assert ceilings(SWING) == [2, 1]


def test_the_steps_of_a_swing_are_planned() -> None:
    """That to fewer threads when it begins, and that to more when it ends."""
    assert Study().is_planned(SWING, "a", is_more=False)
    assert SWING.is_planned(Study(), "a", is_more=True)
    assert not Study().is_planned(SWING, "a", is_more=True)
    assert not SWING.is_planned(Study(), "a", is_more=False)
    assert not SWING.is_planned(Study(), "b", is_more=True)
    assert not SWING.is_planned(SWING, "a", is_more=True)
    assert not MEASURED.is_planned(Study(), "a", is_more=True)


@pytest.mark.parametrize(("lacks_counts", "threads"), [(False, 0), (True, 1)])
def test_swings_are_counted(lacks_counts: bool, threads: int) -> None:
    """Each member has its own; half of the threads tell how the curve bends."""
    member = miner(threads=3, is_learning=True, lacks_counts=lacks_counts)
    study = Study(swung_at=-1e6, swings={"a": 1, "b": 5})
    swung = study.updated(
        loads(member), {"a": 3}, [member], {"a": Record()}, 7, Watts()
    )
    assert swung == Study(
        current=Measuring("a", threads, 7, is_swing=True),
        swung_at=7,
        swings={"a": 2, "b": 5},
    )


def test_the_member_that_swung_least_is_next() -> None:
    """One that never did comes first."""
    members = [miner(id_, threads=4, is_learning=True) for id_ in "ab"]
    study = Study(swung_at=-1e6, swings={"a": 1})
    records = {"a": Record(), "b": Record()}
    swung = study.updated(
        loads(*members), {"a": 4, "b": 4}, members, records, 7, Watts()
    )
    assert swung.current == Measuring("b", 0, 7, is_swing=True)
    assert swung.swings == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("floor", "steady", "is_swinging"),
    [(0, STEADY, True), (0, STEADY - 1, False), (4, STEADY, False)],
)
def test_what_keeps_a_member_from_a_swing(
    floor: int, steady: float, *, is_swinging: bool
) -> None:
    """A change a moment ago, or that it has no threads to give."""
    member = miner(threads=4, is_learning=True)
    study = Study(swung_at=-1e6).updated(
        [replace(load, floor=floor) for load in loads(member)],
        {"a": 4},
        [member],
        {"a": Record(changed_at=-steady)},
        0,
        Watts(),
    )
    assert (study.current is not None) is is_swinging
