"""What mining draws is taken out of what the meter shows, as the meter sees it."""

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.manager import Reading
from custom_components.xmrig_miner.manager.budget import KEPT, History
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
