"""How late a meter is, and what it is the mean of, is learned from steps of mining."""

from dataclasses import replace
import json
from random import Random

import pytest

from custom_components.xmrig_miner.manager.response import (
    AFTER,
    BEFORE,
    CANDIDATES,
    DEFAULT,
    EFFECT,
    ENOUGH,
    LEAST_STEP,
    LONGEST,
    WEIGHT,
    Drawn,
    Learned,
    Response,
)

STEPS = ((-1e9, 8.0), (100.0, 50.0), (130.0, 20.0))


def learned(
    lag: int, averaging: int, *, interval: int = 10, noise: float = 0
) -> Learned:
    """Return what is learned in an hour with a step every minute or two."""
    random = Random(1)
    steps, result = [(-1e9, 0.0)], Learned()
    due = 0.0
    for now in range(0, 3600, interval):
        if now >= due:
            steps.append((now, random.uniform(0, 300)))
            due = now + random.uniform(60, 120)
        seen = Drawn(steps).mean(now - EFFECT - lag, averaging)
        kettle = 2000 if 1000 < now < 1200 else 0
        result = result.seen(now, seen + kettle + random.gauss(0, noise), steps)
    return result


@pytest.mark.parametrize(("lag", "averaging"), [(30, 0), (0, 30), (10, 20), (60, 0)])
def test_it_learns(lag: int, averaging: int) -> None:
    """A kettle in between does not matter, nor does noise."""
    result = learned(lag, averaging)
    assert (result.lag, result.averaging) == (lag, averaging)
    assert result.response == Response(lag + 1, lag + 5, averaging)
    assert CANDIDATES[learned(lag, averaging, noise=10).used] == (lag, averaging)


def test_a_meter_that_is_as_expected_stays_so() -> None:
    """Whatever the noise."""
    result = learned(0, 0, noise=20)
    assert (result.lag, result.averaging) == (0, 0)
    assert result.response == Response()


def test_a_slow_meter_tells_no_more_than_it_can() -> None:
    """Each minute it shows nothing of a lag of five seconds, and 0 is kept."""
    assert learned(0, 0, interval=60).used == Learned().used


def test_without_steps_there_is_nothing_to_learn() -> None:
    """The meter may show what it likes."""
    result = Learned()
    for now in range(0, 600, 10):
        result = result.seen(now, float(now), [(-1e9, 0.0), (5, 10.0)])
    assert result == Learned()


def test_a_step_is_not_compared_with_what_was_long_ago() -> None:
    """The house has changed since then."""
    result = learned(0, 0)
    assert result.before is not None
    assert result.seen(1e6, 0, STEPS) == replace(result, before=None)


def test_it_is_kept() -> None:
    """And one of other candidates is forgotten."""
    result = learned(30, 0)
    again = Learned.from_json(result.as_json())
    assert (again.used, again.count) == (result.used, result.count)
    assert Learned.from_json({**result.as_json(), "costs": [1]}) == Learned()
    with pytest.raises(ValueError, match="shape"):
        Learned.from_json({**result.as_json(), "used": len(CANDIDATES)})


@pytest.mark.parametrize(
    ("end", "seconds", "mean"),
    [
        (90, 0, 8),
        (100, 0, 50),
        (110, 10, 50),
        (105, 10, 29),
        (100.5, 1, 29),
        (140, 40, 42.5),
        (90, 5, 8),
    ],
)
def test_the_mean_of_what_was_drawn(end: float, seconds: float, mean: float) -> None:
    """Between any two moments."""
    assert Drawn(STEPS).mean(end, seconds) == pytest.approx(mean)


# --- Single readings ----------------------------------------------------------


def test_a_response_of_a_lag() -> None:
    """A command takes time to show, beyond the lag."""
    assert Response.of(10, 20) == Response(10 + BEFORE, 10 + AFTER, 20)
    result = Learned(used=CANDIDATES.index((30, 10)))
    assert (result.lag, result.averaging) == (30, 10)


@pytest.mark.parametrize(
    ("before", "after", "at", "is_used"),
    [
        (0, LEAST_STEP, 105, True),
        (0, LEAST_STEP - 0.1, 105, False),
        # Not by its size, but by its change
        (100, 101, 105, False),
        (0, 50, 100 + LONGEST, True),
        (0, 50, 101 + LONGEST, False),
        # None yet
        (0, 50, 100, False),
    ],
)
def test_what_tells_something(
    before: float, after: float, at: float, *, is_used: bool
) -> None:
    """A reading after a large step, for as long as a meter may take to show it."""
    result = Learned().seen(at, 0, ((-1e9, before), (100, after)))
    assert (result.before is not None) is is_used


def costs(result: Learned, *candidates: tuple[int, int]) -> list[float]:
    """Return the costs of some candidates."""
    return [result.costs[CANDIDATES.index(candidate)] for candidate in candidates]


def begun(result: Learned, bought: float = 250) -> Learned:
    """Return what is learned from a meter that shows a step of 50 W at once."""
    steps = ((-1e9, 0.0), (100.0, 50.0))
    return result.seen(101, 200, steps).seen(111, bought, steps)


def test_the_cost_of_a_response() -> None:
    """By how much the power left over seems to change while only mining does."""
    steps = ((-1e9, 0.0), (100.0, 50.0))
    result = begun(Learned())
    some = ((0, 0), (10, 0), (100, 0), (0, 10))
    assert costs(result, *some) == pytest.approx([0, 50, 50, 5])
    assert result.count == 1
    # The mean of all readings
    result = result.seen(121, 250, steps)
    assert costs(result, *some) == pytest.approx([0, 50, 25, 5])
    assert result.count == 2
    # A kettle tells nothing
    later = result.seen(131, 2_250, steps)
    assert later.before not in (None, result.before)
    assert replace(later, before=result.before) == result


def test_the_smallest_step_that_tells_something() -> None:
    """In which no response is better by less than that."""
    steps = ((-1e9, 0.0), (100.0, float(LEAST_STEP)))
    result = Learned().seen(101, 200, steps).seen(111, 200 + LEAST_STEP, steps)
    assert (result.count, max(result.costs)) == (1, LEAST_STEP)


def test_a_load_of_the_house_costs_no_more_than_a_step() -> None:
    """Where it makes a difference at all."""
    assert max(begun(Learned(), bought=220).costs) == pytest.approx(30)
    assert max(begun(Learned(), bought=280).costs) == pytest.approx(50)


def test_the_last_readings_count() -> None:
    """Older ones fade."""
    result = begun(replace(Learned(), costs=(60.0,) * len(CANDIDATES), count=WEIGHT))
    assert costs(result, (0, 0)) == pytest.approx([60 - 60 / WEIGHT])
    assert result.count == WEIGHT


@pytest.mark.parametrize(
    ("count", "cost", "is_replaced"),
    [(ENOUGH - 1, 40, True), (ENOUGH - 2, 40, False), (ENOUGH - 1, 41, False)],
)
def test_a_response_is_replaced_by_a_better_one(
    count: int, cost: float, *, is_replaced: bool
) -> None:
    """By a fifth, after enough readings."""
    known = [50.0] * len(CANDIDATES)
    known[DEFAULT] = cost
    used = CANDIDATES.index((100, 0))
    result = begun(Learned(tuple(known), count, used))
    assert result.used == (DEFAULT if is_replaced else used)


def test_the_best_response_is_used() -> None:
    """It is any of them: here, the meter does not show the step yet."""
    late = CANDIDATES.index((10, 0))
    known = [50.0] * len(CANDIDATES)
    known[late] = 40
    assert begun(Learned(tuple(known), ENOUGH), bought=200).used == late


def test_what_is_stored_of_it() -> None:
    """Thousandths are enough."""
    last = len(CANDIDATES) - 1
    data = Learned((1.23456,) * len(CANDIDATES), 5, last).as_json()
    assert data == {"costs": [1.235] * len(CANDIDATES), "count": 5, "used": last}
    again = Learned.from_json(json.loads(json.dumps(data)))
    assert again == Learned((1.235,) * len(CANDIDATES), 5, last)
