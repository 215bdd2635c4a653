"""Tests of the simulated days and their scores."""

from pathlib import Path
from random import Random
from statistics import fmean
import subprocess
import sys

import pytest

from benchmarks.score import Rig, Score
from benchmarks.sky import (
    BROKEN,
    CLEAR,
    CUMULUS,
    DAYLIGHT,
    OVERCAST,
    Sky,
    house,
    light,
    variability,
)

RIG = Rig("test", idle=40, full=120, threads=4, bend=0)

PLAY = """
from benchmarks.day import Scenario, play
from benchmarks.sky import CLEAR
from benchmarks.solar_day import FOLLOW, SMALL

if __name__ == "__main__":
    day = play(Scenario(CLEAR, SMALL, 15, FOLLOW, 0, hours=(2, 2.25)))
    print(len(day.score.threads), day.score.starts, day.score.share)
"""


def score(*seconds: tuple[int, float]) -> Score:
    """Return the score of some seconds, each with its threads and surplus."""
    result = Score(RIG)
    for threads, surplus in seconds:
        result.add(threads, surplus)
    return result


def test_the_oracle_is_the_measure() -> None:
    """A perfect control has a share of 100 % and buys nothing."""
    same = score((0, -50), (0, 19), (1, 20), (1, 39), (3, 60), (4, 500))
    assert same.share == 100
    assert same.bought == 0
    assert (same.starts, same.changes) == (1, 3)


def test_hashes_count_as_far_as_they_were_fed() -> None:
    """With power for one and a half of two threads, half a thread is bought."""
    half = score((2, 30))
    assert half.share == 150
    assert half.bought_share == 25
    none = score((2, -100), (0, 20))
    assert none.share == 0
    assert none.bought_share == 100


def test_less_than_the_oracle() -> None:
    """Unused surplus lowers the share."""
    assert score((1, 80), (4, 80)).share == pytest.approx(62.5)


@pytest.mark.parametrize("sky", [BROKEN, OVERCAST])
def test_a_seed_is_a_day(sky: Sky) -> None:
    """The same seed gives the same day."""
    assert light(sky, Random(1)) == light(sky, Random(1)) != light(sky, Random(2))
    assert house(Random(1)) == house(Random(1)) != house(Random(2))


@pytest.mark.parametrize("sky", [CLEAR, OVERCAST, BROKEN, CUMULUS])
def test_the_sun_is_never_more_than_a_clear_sky(sky: Sky) -> None:
    """All days have the same length, and never more light."""
    clear = light(CLEAR, Random(0))
    seen = light(sky, Random(0))
    assert len(seen) == DAYLIGHT
    assert all(0 <= share <= most for share, most in zip(seen, clear, strict=True))


def test_variability() -> None:
    """A clear day is steady, broken clouds vary moderately, small ones strongly."""

    def mean(sky: Sky) -> float:
        return fmean(variability(light(sky, Random(seed))) for seed in range(4))

    assert mean(CLEAR) == pytest.approx(1)
    assert mean(OVERCAST) < 2
    assert 5 < mean(BROKEN) < 10
    assert mean(CUMULUS) > 20


def test_a_quarter_of_an_hour() -> None:
    """The real blueprint and integration run in virtual time."""
    played = subprocess.run(
        [sys.executable, "-c", PLAY],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert not played.returncode, played.stderr
    seconds, starts, share = played.stdout.split()
    assert int(seconds) == 900
    assert int(starts) >= 1
    assert float(share) > 90
