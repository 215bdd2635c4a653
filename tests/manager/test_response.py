"""How late a meter is, and what it is the mean of, is learned from steps of mining."""

from dataclasses import replace
from random import Random

import pytest

from custom_components.xmrig_miner.manager.response import (
    CANDIDATES,
    EFFECT,
    Drawn,
    Learned,
    Response,
)

STEPS = ((-1e9, 0.0), (100.0, 50.0), (130.0, 20.0))


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
        (90, 0, 0),
        (100, 0, 50),
        (110, 10, 50),
        (105, 10, 25),
        (140, 40, 42.5),
        (90, 5, 0),
    ],
)
def test_the_mean_of_what_was_drawn(end: float, seconds: float, mean: float) -> None:
    """Between any two moments."""
    assert Drawn(STEPS).mean(end, seconds) == pytest.approx(mean)
