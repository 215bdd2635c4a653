"""What mining draws is taken out of what the meter shows, as the meter sees it."""

from dataclasses import replace
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.manager import Meters, Reading
from custom_components.xmrig_miner.manager.budget import KEPT, History, available
from custom_components.xmrig_miner.manager.response import Response

STEPS = History(((0, 0.0), (100, 50.0), (130, 20.0)))


def seen(at: float, **response: float) -> tuple[float, float]:
    """Return the part of mining in a reading at a time."""
    result = STEPS.seen(Reading(0, at, at), Response(**response))
    return result.low, result.high


@pytest.mark.parametrize(
    ("at", "low", "high"),
    [(90, 0, 0), (102, 0, 50), (105.1, 50, 50), (132, 20, 50), (200, 20, 20)],
)
def test_a_step_shows_after_a_while(at: float, low: float, high: float) -> None:
    """In between it is not known whether it does."""
    assert seen(at) == (low, high)


def test_a_meter_that_averages_shows_a_part_of_a_step() -> None:
    """Half of it after half of its time."""
    assert seen(110, earliest=5, latest=5, averaging=10) == pytest.approx((25, 25))
    assert seen(125, earliest=5, latest=5, averaging=10) == pytest.approx((50, 50))


def test_the_most_that_a_meter_that_averages_may_show() -> None:
    """All of the first step, and a part of the one after it."""
    history = History(((0, 0), (100, 50), (105, 20)))
    result = history.seen(Reading(0, 120, 120), Response(4, 16, averaging=10))
    assert (result.low, result.high) == (20, 35)


def test_a_part_that_is_older_may_not_show_it() -> None:
    """Three phases report one after the other."""
    result = STEPS.seen(Reading(0, 110, 103), Response())
    assert (result.low, result.high) == (0, 50)


def test_what_is_long_ago_is_forgotten() -> None:
    """But not what was drawn then."""
    history = History()
    for now in range(0, 5000, 10):
        history = history.with_draw(now, float(now))
    assert len(history.steps) <= KEPT / 10 + 2
    assert history.at(5000 - KEPT) == pytest.approx(5000 - KEPT, abs=10)


def test_the_first_draw_has_always_been_so() -> None:
    """It is no step."""
    history = History().with_draw(5, 30)
    assert history == History(((-math.inf, 30),))
    assert history.with_draw(9, 30) is history
    assert history.changed_at == History().changed_at == -math.inf


def test_a_step_replaces_what_did_not_last() -> None:
    """Of several in a moment, the last one counts."""
    assert STEPS.with_draw(140, 90).steps == (*STEPS.steps, (140, 90))
    assert STEPS.with_draw(130, 90).steps == (*STEPS.steps[:2], (130, 90))
    assert STEPS.changed_at == 130


def test_a_step_is_kept_for_as_long_as_a_reading_may_show_it() -> None:
    """The last one before is kept too: it says what was drawn then."""
    begun = History(((-math.inf, 0), (0, 10), (50, 20)))
    assert begun.with_draw(50 + KEPT, 5).steps == ((50, 20), (50 + KEPT, 5))
    assert begun.with_draw(49 + KEPT, 5).steps[0] == (0, 10)


def test_a_step_that_is_noticed() -> None:
    """It has begun before that, unless it is the first."""
    assert History().noticed(5, 30).noticed_at == -math.inf
    assert STEPS.noticed(200, 20) is STEPS
    noticed = STEPS.noticed(200, 90)
    assert noticed.noticed_at == 200
    # Up to a poll earlier
    for at, low, high in ((189, 20, 20), (190, 20, 90), (204, 20, 90), (205, 90, 90)):
        result = noticed.seen(Reading(0, at, at), Response())
        assert (result.low, result.high) == (low, high)
    averaged = noticed.seen(Reading(0, 190, 190), Response(averaging=10))
    assert (averaged.low, averaged.high) == (20, 90)


def test_members_that_come_or_go_are_no_step() -> None:
    """It has all been drawn before."""
    shifted = replace(STEPS, noticed_at=7).shifted(5)
    assert shifted == History(((0, 5), (100, 55), (130, 25)), noticed_at=7)


@pytest.mark.parametrize(
    ("moment", "watts"), [(-5, 7), (99, 7), (100, 50), (129, 50), (130, 20)]
)
def test_what_was_drawn_at_a_moment(moment: float, watts: float) -> None:
    """The first draw has always been so."""
    history = History(((0, 7), (100, 50), (130, 20)))
    assert history.at(moment) == watts
    assert History().at(moment) == 0


@pytest.mark.parametrize(
    ("begin", "end", "mean"),
    [(90, 110, 25), (100, 130, 50), (100, 100, 50), (110, 99, 0), (90, 140, 34)],
)
def test_what_was_drawn_on_average(begin: float, end: float, mean: float) -> None:
    """Between two moments, or at the end of no time."""
    assert STEPS.mean(begin, end) == mean


@pytest.mark.parametrize(
    ("since", "until", "lasting", "watts"),
    [
        (100, 200, 0, 50),
        (101, 200, 0, 30),
        (101, 130, 0, 30),
        (101, 129, 0, 0),
        (50, 100, 0, 50),
        (50, 99, 0, 0),
        (100, 200, 30, 50),
        (100, 200, 31, 20),
    ],
)
def test_the_largest_step(
    since: float, until: float, lasting: float, watts: float
) -> None:
    """Compared with what was drawn before, of those that lasted."""
    assert STEPS.largest_step(since, until, lasting) == watts
    # By default, also one that lasted for a moment
    moment = History((*STEPS.steps, (200, 90), (200.1, 20)))
    assert moment.largest_step(199, 201) == 70
    assert History().largest_step(since, until, lasting) == 0


def test_what_is_left_over_without_mining() -> None:
    """What charges the battery too, and not what the battery delivers."""
    grid, battery = Reading(-30, 110, 110), Reading(100, 110, 110)
    alone = available(Meters(grid=grid), STEPS, Response())
    assert alone
    assert (alone.low, alone.middle, alone.high) == (80, 80, 80)
    meters = Meters(grid=grid, battery=battery, has_battery=True)
    charging = available(meters, STEPS, Response())
    assert charging
    assert (charging.low, charging.high, charging.reading.watts) == (180, 180, -130)
    unsure = available(Meters(grid=Reading(-30, 132, 132)), STEPS, Response())
    assert unsure
    assert (unsure.low, unsure.middle, unsure.high) == (50, 65, 80)


@pytest.mark.parametrize(
    "meters",
    [
        Meters(grid=None),
        Meters(grid=None, battery=Reading(0, 1, 1), has_battery=True),
        Meters(grid=Reading(0, 1, 1), has_battery=True),
    ],
)
def test_it_is_unknown_while_a_meter_is(meters: Meters) -> None:
    """The battery counts only if there is one."""
    assert available(meters, STEPS, Response()) is None


@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 500)), max_size=8),
    st.floats(0, 400),
    st.floats(0, 40),
    st.floats(0, 40),
    st.floats(0, 60),
    st.floats(0, 1),
)
def test_the_truth_is_between(
    steps: list[tuple[float, float]],
    at: float,
    earliest: float,
    more: float,
    averaging: float,
    place: float,
) -> None:
    """Whatever the lag is within its bounds."""
    history = History()
    for now, watts in sorted(steps):
        history = history.with_draw(now, watts)
    response = Response(earliest, earliest + more, averaging)
    result = history.seen(Reading(0, at, at), response)
    end = at - (earliest + place * more)
    assert result.low - 0.01 <= history.mean(end - averaging, end) <= result.high + 0.01
