"""The curve of a miner is fitted to steps that the meter of the house showed."""

from itertools import pairwise
from random import Random

import pytest

from custom_components.xmrig_miner.manager.steps import Sample
from custom_components.xmrig_miner.manager.watts_fit import Fit, fit

THREADS = 16


def power(count: int, *, full: float = 170, bend: float = 0.15) -> float:
    """Return what some threads draw: the first ones more than the last ones."""
    share = count / THREADS
    return full * share * (1 + bend * (1 - share))


def sample(before: int, after: int, noise: float = 0, **values: float) -> Sample:
    """Return a step as the meter shows it."""
    return Sample(
        before, after, power(after, **values) - power(before, **values) + noise
    )


def wander(random: Random, noise: float = 5) -> list[Sample]:
    """Return steps between any numbers of threads."""
    counts = [random.randrange(THREADS + 1) for _ in range(60)]
    pairs = pairwise(counts)
    return [sample(*pair, random.gauss(0, noise)) for pair in pairs if len({*pair}) > 1]


@pytest.mark.parametrize("bend", [-0.1, 0, 0.15, 0.4])
def test_the_bend_is_found(bend: float) -> None:
    """With it, steps of the first threads say what all of them draw."""
    steps = [sample(count, count + 3, bend=bend) for count in range(14)] * 2
    found = fit(steps, THREADS)
    for count in range(1, THREADS + 1):
        assert found.mining[count] == pytest.approx(power(count, bend=bend), rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_the_loads_of_the_house_hardly_matter(seed: int) -> None:
    """A kettle in every sixth step."""
    random = Random(seed)
    steps = [
        step._replace(watts=step.watts + random.choice((-2000, 2000)))
        if place % 6 == 0
        else step
        for place, step in enumerate(wander(random))
    ]
    found = fit(steps, THREADS)
    assert found.mining[THREADS] == pytest.approx(170, rel=0.05)
    assert found.error < 0.05


def test_the_error_says_how_far_it_may_be_off() -> None:
    """About one in three is off by more, and one in twenty by twice as much."""
    off = []
    for seed in range(100):
        found = fit(wander(Random(seed), noise=20)[:20], THREADS)
        off.append(abs(found.mining[THREADS] / 170 - 1) / found.error)
    assert 15 <= sum(each > 1 for each in off) <= 50
    assert sum(each > 2 for each in off) <= 15


def test_few_steps_far_from_all_threads_say_little() -> None:
    """The error is larger where the curve has to be continued."""
    near = fit([sample(0, 2, noise) for noise in (-4, -2, 0, 2, 4) * 2], THREADS)
    far = fit([sample(0, 16, noise) for noise in (-4, -2, 0, 2, 4) * 2], THREADS)
    assert near.error > 2 * far.error


def test_steps_that_say_nothing_have_no_error_to_rely_on() -> None:
    """Nor does a miner that seems to feed the house, or to draw nothing."""
    unknown = Fit((0,) * (THREADS + 1), float("inf"))
    assert fit([], THREADS) == unknown
    assert fit([Sample(1, 3, 1e-200)] * 10, THREADS) == unknown
    for full in (0.5, 0, -170):
        assert fit([sample(0, 8, full=full)] * 10, THREADS) == unknown


def test_a_miner_that_draws_little() -> None:
    """More than steps scatter at least."""
    found = fit([sample(0, 16, full=1.5)] * 10, THREADS)
    assert found.mining[THREADS] == pytest.approx(1.5, rel=0.05)
