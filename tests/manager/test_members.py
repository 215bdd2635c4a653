"""What is known of a member, and what is remembered about it."""

from typing import Any

import pytest

from custom_components.xmrig_miner.manager import Member
from custom_components.xmrig_miner.manager.heat import HeatCap
from custom_components.xmrig_miner.manager.members import (
    LEFT_OUT,
    OFFLINE_KEPT,
    PENDING,
    Record,
)
from custom_components.xmrig_miner.manager.sleep_rules import SleepRules

from .common import line, miner

RULES = SleepRules(after=600)
NOW = 1_000.0


@pytest.mark.parametrize(
    ("values", "ceiling"),
    [
        ({}, 4),
        ({"curve": None}, 0),
        ({"max_threads": 3}, 3),
        ({"max_threads": 9}, 4),
        ({"max_threads": -1}, 0),
        # Of the whole computer, whose idle power is 40 W
        ({"max_watts": 120}, 4),
        ({"max_watts": 119}, 3),
        ({"max_watts": 100}, 3),
        ({"max_watts": 30}, 0),
        ({"max_watts": 100, "max_threads": 2}, 2),
        ({"max_watts": 60, "max_threads": 2}, 1),
    ],
)
def test_the_most_threads_that_the_user_allows(
    values: dict[str, Any], ceiling: int
) -> None:
    """By number, by power, or both."""
    assert miner(**values).ceiling == ceiling


@pytest.mark.parametrize(
    ("values", "need"),
    [
        ({}, 60),
        ({"curve": line(8)}, 80),
        ({"curve": line(8), "max_threads": 4}, 60),
        ({"max_threads": 1}, 60),
        ({"max_threads": 0}, 0),
        ({"curve": None}, None),
    ],
)
def test_what_it_needs_to_be_woken(values: dict[str, Any], need: float | None) -> None:
    """Its idle power, and a quarter of the threads that it may run."""
    assert miner(**values).need == need


@pytest.mark.parametrize(
    ("values", "idle"),
    [({}, 0), ({"sleep": RULES}, 40), ({"sleep": RULES, "curve": None}, 0)],
)
def test_idle_power_counts_where_it_can_end(
    values: dict[str, Any], idle: float
) -> None:
    """A computer that is always on draws it anyway."""
    assert miner(**values).counted_idle == idle


@pytest.mark.parametrize(
    ("temperature", "maximum", "is_hot"),
    [(81, 80, True), (80, 80, False), (None, 80, False), (81, None, False)],
)
def test_above_its_maximum_it_is_hot(
    temperature: float | None, maximum: float | None, *, is_hot: bool
) -> None:
    """If both are known."""
    member = miner(temperature=temperature, max_temperature=maximum)
    assert member.is_hot is is_hot


@pytest.mark.parametrize(
    ("member", "wanted", "threads"),
    [
        (miner(threads=2), None, 2),
        (miner(threads=2), 3, 3),
        (miner(threads=2), 0, 0),
        (miner(threads=None), None, 0),
        (miner(threads=9), None, 4),
        (miner(threads=2), -1, 0),
        (miner(threads=2, curve=None), None, 0),
    ],
)
def test_the_threads_that_it_is_about_to_run(
    member: Member, wanted: int | None, threads: int
) -> None:
    """Those that were commanded, until it shows them."""
    assert Record(wanted=wanted).threads(member) == threads


@pytest.mark.parametrize(
    ("threads", "after", "wanted"),
    [(1, 10, 3), (3, 10, None), (1, PENDING, 3), (1, PENDING + 1, None)],
)
def test_a_command_is_over_once_it_shows_or_was_lost(
    threads: int, after: float, wanted: int | None
) -> None:
    """A minute later, it is no longer expected to show."""
    record = Record().commanded(3, NOW)
    assert (record.wanted, record.changed_at) == (3, NOW)
    assert record.seen(miner(threads=threads), NOW + after).wanted == wanted


def test_what_it_draws_is_remembered() -> None:
    """With its idle power where that counts, and nothing while it is not known."""
    assert Record().seen(miner(threads=2), NOW).draw == 40
    assert Record().seen(miner(threads=2, sleep=RULES), NOW).draw == 80
    assert Record(draw=5).seen(miner(threads=2, curve=None), NOW).draw == 0
    assert Record(wanted=3, changed_at=NOW).seen(miner(), NOW).draw == 60


def test_since_when_it_rests() -> None:
    """Until it mines."""
    record = Record().seen(miner(), NOW)
    assert record.rested_since == NOW
    assert record.seen(miner(), NOW + 9).rested_since == NOW
    assert record.seen(miner(threads=1), NOW + 9).rested_since is None


def test_a_member_that_goes_offline() -> None:
    """A command to it is over, and its last power is kept."""
    record = Record().seen(miner(threads=2), NOW).commanded(4, NOW)
    away = miner(threads=None, is_online=False)
    gone = record.seen(away, NOW + 5)
    assert (gone.wanted, gone.offline_since, gone.draw) == (None, NOW + 5, 40)
    assert gone.seen(away, NOW + 9).offline_since == NOW + 5
    back = gone.seen(miner(threads=1), NOW + 12)
    assert (back.offline_since, back.draw) == (None, 20)


def test_its_heat_is_followed() -> None:
    """By the threads that it runs, of all that it has."""
    hot = miner(threads=3, temperature=81, max_temperature=80)
    assert Record().seen(hot, NOW).heat == HeatCap(2, changed_at=NOW, before=3)
    cool = miner(threads=3, temperature=70, max_temperature=80)
    for capped, threads in ((1, 2), (3, None)):
        record = Record(heat=HeatCap(capped, before=4))
        assert record.seen(cool, NOW).heat.threads == threads
    unknown = miner(threads=3, curve=None, temperature=81, max_temperature=80)
    assert Record().seen(unknown, NOW).heat.threads == 0


def test_a_member_that_fails_is_left_out() -> None:
    """After the second time in a row."""
    record = Record(wanted=3).with_result(ok=False, now=NOW)
    assert record == Record(failures=1)
    assert record.commanded(3, NOW).with_result(ok=True, now=NOW) == Record(
        changed_at=NOW
    )
    record = record.commanded(3, NOW).with_result(ok=False, now=NOW)
    assert record == Record(changed_at=NOW, left_out_until=NOW + LEFT_OUT)


@pytest.mark.parametrize(
    ("values", "after", "draw", "is_held"),
    [
        ({}, OFFLINE_KEPT - 1, 40, True),
        ({}, OFFLINE_KEPT, 0, False),
        # The plug shows the whole computer
        ({"plug_watts": 65}, 5, 25, False),
        ({"plug_watts": 30}, 5, 0, False),
        ({"plug_watts": 65, "sleep": RULES}, 5, 65, False),
        ({"plug_watts": 65, "curve": None}, 5, 65, False),
    ],
)
def test_what_it_draws_while_it_is_offline(
    values: dict[str, Any], after: float, draw: float, *, is_held: bool
) -> None:
    """What its plug shows, or for a minute what it drew before."""
    record = Record().seen(miner(threads=2), NOW - 9)
    assert record.current_draw(miner(threads=2), NOW + 900) == 40
    assert not record.is_held(miner(threads=2), NOW)
    away = miner(threads=None, is_online=False, **values)
    record = record.seen(away, NOW)
    assert record.current_draw(away, NOW + after) == draw
    assert record.is_held(away, NOW + after) is is_held
