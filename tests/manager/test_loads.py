"""Which members can be changed now, and what the others draw."""

from typing import Any

import pytest

from custom_components.xmrig_miner.manager import Curve, Member
from custom_components.xmrig_miner.manager.heat import HeatCap
from custom_components.xmrig_miner.manager.loads import (
    draw_of_others,
    held_power,
    loads_of,
    without_heat,
)
from custom_components.xmrig_miner.manager.members import OFFLINE_KEPT, Record
from custom_components.xmrig_miner.manager.sleep_rules import SleepRules

from .common import line, miner

SLEEPS = SleepRules(after=600)


def loads(member: Member, record: Record | None = None, **values: Any) -> list[Any]:
    """Return the loads of one member after 100 seconds."""
    return loads_of([member], {"a": record or Record()}, 100, **values)


def test_a_member_that_can_be_changed() -> None:
    """It is described by itself and by what is remembered about it."""
    member = miner(threads=2, priority=3, max_threads=3)
    record = Record(rested_since=7, changed_at=85)
    [load] = loads(member, record)
    assert (load.id, load.curve, load.threads) == ("a", line(), 2)
    assert (load.floor, load.ceiling) == (0, 3)
    assert (load.algorithm, load.priority, load.rested_since) == ("rx/0", 3, 7)
    assert load.is_settled
    assert not load.is_hot


@pytest.mark.parametrize(
    "values",
    [
        {"curve": None},
        {"is_online": False},
        {"is_steerable": False},
        {"threads": None},
    ],
)
def test_a_member_that_cannot_be_changed(values: dict[str, Any]) -> None:
    """The others still can."""
    members = [miner("a", **values), miner("b")]
    [load] = loads_of(members, {"a": Record(), "b": Record()}, 100)
    assert load.id == "b"


def test_a_member_that_falls_asleep_gets_no_command() -> None:
    """It is about to be gone."""
    assert loads(miner(), leaving={"b"})
    assert not loads(miner(), leaving={"a"})


@pytest.mark.parametrize(("until", "takes_part"), [(100, True), (100.1, False)])
def test_a_member_that_failed_takes_part_again(until: float, takes_part: bool) -> None:
    """As soon as its time is over."""
    assert bool(loads(miner(), Record(left_out_until=until))) is takes_part


@pytest.mark.parametrize(("changed_at", "is_settled"), [(85, True), (85.1, False)])
def test_a_member_settles(changed_at: float, is_settled: bool) -> None:
    """After 15 seconds."""
    [load] = loads(miner(), Record(changed_at=changed_at))
    assert load.is_settled is is_settled


def test_a_command_on_its_way_is_what_runs() -> None:
    """The member does not show it yet."""
    [load] = loads(miner(threads=1), Record(wanted=4))
    assert load.threads == 4


@pytest.mark.parametrize(
    ("values", "heat", "keeps", "floor"),
    [
        ({}, None, False, 0),
        ({}, None, True, 1),
        ({"max_threads": 0}, None, True, 0),
        ({}, 0, True, 0),
        ({"curve": Curve.on_off(300)}, None, True, 0),
    ],
)
def test_one_thread_is_kept_where_it_may_run(
    values: dict[str, Any], heat: int | None, keeps: bool, floor: int
) -> None:
    """Not where the user, the temperature or its switch leaves none."""
    [load] = loads(miner(**values), Record(heat=HeatCap(heat)), keep_mining=keeps)
    assert load.floor == floor


def test_heat_lowers_the_ceiling() -> None:
    """It is known what it would be without."""
    member = miner(max_threads=3)
    [load] = loads(member, Record(heat=HeatCap(2)))
    assert (load.ceiling, load.is_hot) == (2, True)
    [load] = without_heat([load], [member])
    assert load.ceiling == 3
    # A cap above the ceiling changes nothing
    [load] = loads(member, Record(heat=HeatCap(3)))
    assert (load.ceiling, load.is_hot) == (3, False)


def test_what_others_draw() -> None:
    """All of those that cannot be changed, and the idle power of those that sleep."""
    members = [
        miner("a", threads=2),
        miner("b", threads=1, is_steerable=False),
        miner("c", threads=1, sleep=SLEEPS),
        miner("d", threads=4),
        miner("e", threads=3),
    ]
    records = {member.id: Record().seen(member, 90) for member in members}
    # Two went offline, one of them with a plug
    members[3] = miner("d", None, is_online=False, plug_watts=45)
    members[4] = miner("e", None, is_online=False)
    records = {each.id: records[each.id].seen(each, 100) for each in members}
    can_change = loads_of(members, records, 100)
    assert [load.id for load in can_change] == ["a", "c"]
    # A thread, idle power, the plug less its idle power, and for a minute three threads
    assert draw_of_others(can_change, members, records, 101) == 20 + 40 + 5 + 60
    assert draw_of_others(can_change, members, records, 160) == 20 + 40 + 5


@pytest.mark.parametrize(
    ("now", "plug", "watts"),
    [
        (100 + OFFLINE_KEPT - 1, None, 60),
        (100 + OFFLINE_KEPT, None, 0),
        (101, 100.0, 0),
    ],
)
def test_power_is_held_for_one_that_went_offline(
    now: float, plug: float | None, watts: float
) -> None:
    """For a minute, unless its plug shows what it draws."""
    member = miner(threads=3)
    record = Record().seen(member, 90)
    away = miner(threads=None, is_online=False, plug_watts=plug)
    other = miner("b", threads=2)
    records = {"a": record.seen(away, 100), "b": Record().seen(other, 100)}
    assert held_power([away, other], records, now) == watts
