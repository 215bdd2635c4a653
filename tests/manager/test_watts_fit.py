"""The curve of a miner is fitted to steps that the meter of the house showed."""

from itertools import pairwise
from math import sqrt
from random import Random

import pytest

from custom_components.xmrig_miner.manager.steps import Sample
from custom_components.xmrig_miner.manager.watts import LEARNED
from custom_components.xmrig_miner.manager.watts_fit import (
    FEW,
    LEAST_SCATTER,
    USUAL_BEND,
    Fit,
    each,
    fit,
)

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


@pytest.mark.parametrize(
    ("pair", "others", "lacks_counts"),
    [((0, 2), FEW, True), ((0, 2), FEW + 1, False), ((0, 4), 0, False)],
)
def test_whether_other_numbers_of_threads_are_needed(
    pair: tuple[int, int], others: int, *, lacks_counts: bool
) -> None:
    """A few may agree by chance; the power of all threads may be told as it is."""
    steps = [Sample(*pair, 20 * pair[1] + off, 5) for off in (-1, 1) * 10]
    steps += [Sample(0, 1, 22, 5)] * others
    assert fit(steps, 4).lacks_counts is lacks_counts


@pytest.mark.parametrize("bend", [-0.5, -0.3, 0.1, 0.5, 0.7])
@pytest.mark.parametrize("pair", [(0, 2), (0, 4), (0, 8), (4, 8), (8, 16)])
def test_steps_of_two_numbers_of_threads(pair: tuple[int, int], bend: float) -> None:
    """They do not tell the bend, and the error says so: more of them change nothing."""
    random = Random(1)
    steps = [sample(*pair, random.gauss(0, 1), bend=bend) for _ in range(80)]
    found = fit(steps, THREADS)
    assert found.lacks_counts
    assert found.error > LEARNED
    assert abs(found.mining[THREADS] / 170 - 1) < 3 * found.error
    steps += [sample(pair[1], count, bend=bend) for count in (6, 12) * 4]
    found = fit(steps, THREADS)
    assert found.error < LEARNED
    assert found.mining[THREADS] == pytest.approx(170, rel=0.05)


@pytest.mark.parametrize("pair", [(0, 16), (0, 15)])
def test_steps_of_nearly_all_threads(pair: tuple[int, int]) -> None:
    """The bend has no part in them."""
    found = fit([sample(*pair, noise) for noise in (-4, -2, 0, 2, 4) * 2], THREADS)
    assert found.error < LEARNED


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


# --- Exactly ------------------------------------------------------------------


def curved(full: float, bend: float) -> list[float]:
    """Return the power of each number of threads; `bend` is a share of `full`."""
    shares = [count / THREADS for count in range(THREADS + 1)]
    return [full * share * (1 + bend * (1 - share)) for share in shares]


def test_the_watts_of_a_thread() -> None:
    """The median; a step counts by its threads and its noise."""
    assert each([Sample(4, 0, -80)]) == 20
    steps = [Sample(0, 8, 80), Sample(7, 8, 30), Sample(0, 2, 100)]
    assert each(steps) == 10
    noisy = [steps[0]._replace(noise=40), *steps[1:]]
    assert each(noisy) == 50
    # Half of the weight is enough
    assert each([Sample(0, 2, 20), Sample(0, 2, 60)]) == 10


@pytest.mark.parametrize("count", [2, 10])
def test_steps_of_all_threads(count: int) -> None:
    """Nothing tells of a bend: the usual one is left, which has no part in the error."""
    noise = 5
    found = fit([Sample(0, THREADS, 170, noise)] * count, THREADS)
    assert found.mining == pytest.approx(curved(170, USUAL_BEND))
    error = LEAST_SCATTER * noise / sqrt(count) / 170
    assert found.error == pytest.approx((1 + FEW / count) * error)


def test_steps_of_half_of_the_threads() -> None:
    """All of them are reckoned with the usual bend."""
    found = fit([Sample(0, THREADS // 2, 105)] * 10, THREADS)
    full = 105 / (1 / 2 + USUAL_BEND / 4)
    assert found.mining == pytest.approx(curved(full, USUAL_BEND))
    assert found.error > 0.005


def test_steps_that_scatter() -> None:
    """The error is that of a mean of steps whose weight falls with their distance."""
    noise, off = 4, 12
    watts = (170 - off, 170, 170 + off) * 6
    found = fit([Sample(0, THREADS, value, noise) for value in watts], THREADS)
    assert found.mining == pytest.approx(curved(170, USUAL_BEND))
    scatter = 1.48 * off
    weight = 1 / (1 + (off / (2 * scatter)) ** 2) ** 2
    error = scatter / sqrt(6 * (1 + 2 * weight)) / 170
    assert found.error == pytest.approx((1 + FEW / 18) * error)


def test_steps_far_off() -> None:
    """They lose their weight, however many agree."""
    near, far = sample(0, THREADS, 1), sample(0, THREADS, -1)
    for off in (-300, 300):
        other = sample(0, THREADS, off)
        found = fit([near, far] * 6 + [other] * 5, THREADS)
        assert found.mining[THREADS] == pytest.approx(170, abs=0.1)


def cost(steps: list[Sample], full: float, bend: float, found: Fit) -> float:
    """Return the squares of how far a curve is off a few steps and the usual bend.

    `found` tells how far the bend may be off.
    """
    total = ((bend - USUAL_BEND * full) / (USUAL_BEND * found.mining[-1])) ** 2
    curve = curved(full, bend / full)
    for step in steps:
        watts = curve[step.after] - curve[step.before]
        total += ((step.watts - watts) / step.noise / LEAST_SCATTER) ** 2
    return total


@pytest.mark.parametrize(
    "pairs", [[(0, 8), (8, 16)], [(0, 4), (4, 16)], [(0, 8), (0, 16), (2, 4)]]
)
@pytest.mark.parametrize("noise", [20, 60, 200])
def test_few_steps_weigh_against_the_usual_bend(
    pairs: list[tuple[int, int]], noise: float
) -> None:
    """No other curve is nearer to both."""
    steps = [sample(*pair, bend=0.15)._replace(noise=noise) for pair in pairs]
    found = fit(steps, THREADS)
    full = found.mining[THREADS]
    half = found.mining[THREADS // 2]
    bend = 4 * (half - full / 2)
    assert USUAL_BEND * full < bend < 0.15 * full
    best = cost(steps, full, bend, found)
    for change in (-0.02 * full, 0.02 * full):
        assert cost(steps, full + change, bend, found) > best
        assert cost(steps, full, bend + change, found) > best
        assert cost(steps, full + change, bend + change, found) > best
        assert cost(steps, full + change, bend - change, found) > best
