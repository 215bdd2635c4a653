"""The power of the threads of a miner, fitted to steps of known size."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import hypot, inf, sqrt
from typing import Protocol

REACHES = (16, 8, 4, 2, 2, 2, 2, 2, 2, 2)
"""How far off steps may be in each round of the fit, as a multiple of their scatter, before
they lose their weight. It is wide at first: if most steps are between the same two
numbers of threads, the few others do not fit a usual bend, although they tell it."""

USUAL_BEND = 0.1
"""Share by which the first threads draw more than all on average, until steps tell, and
how far that may be off: clocks fall with load."""

UNUSUAL_BEND = 0.2
"""How far that share may be off where steps do not tell it. The fit prefers a usual one,
but its error allows for others: what cores share bends a curve up, clocks that rise
with load bend it down."""

MAX_BEND = 0.9
"""Maximum of that share."""

LEAST_SCATTER = 0.2
"""Share of their noise by which steps scatter at least."""

LEAST_FULL = 1
"""W of all threads below which the power is unknown."""

FEW = 4
"""Number of steps that may agree by chance: with so few, the error is twice as large."""


class Seen(Protocol):
    """A step as shown by the meter; the numbers of threads differ."""

    @property
    def before(self) -> int:
        """Return the threads before the step."""

    @property
    def after(self) -> int:
        """Return the threads after the step."""

    @property
    def watts(self) -> float:
        """Return the increase of the draw in W."""

    @property
    def noise(self) -> float:
        """Return by how much it may be off, in W."""


@dataclass(frozen=True)
class Fit:
    """The power of 0 to all threads, in W above idle, and how far it is known."""

    mining: tuple[float, ...]
    error: float
    """Relative standard error of the power of all threads."""
    lacks_counts: bool = False
    """Whether most of the error is due to the bend, as nearly all steps are between the
    same two numbers of threads."""


def each(steps: Sequence[Seen]) -> float:
    """Return the power of a thread in W, roughly: the median over all that changed."""
    return _median(steps, (step.watts / (step.after - step.before) for step in steps))


def fit(steps: Sequence[Seen], threads: int) -> Fit:
    """Return the power of a miner with `threads` threads.

    All threads draw `full` W, of which the first ones may draw more than the last ones,
    because clocks fall with load: f(s) = full * s + bend * s * (1 - s), where s is the
    share of threads. Both are the solution of a robust least-squares fit. Steps far off
    the curve, which are other loads of the house, lose their weight.

    If all steps are between the same two numbers of threads, the usual bend decides how
    the curve goes on. `pull` is the relative error of `full` for each unit by which the
    bend differs from the usual one.
    """
    if not steps:
        return Fit((0.0,) * (threads + 1), inf)
    points = [_point(step, threads) for step in steps]
    full = threads * each(steps)
    bend = USUAL_BEND * full
    error = bend_error = inf
    for reach in REACHES:
        if full < LEAST_FULL:
            break
        off = [abs(y - full * a - bend * b) for a, b, y in points]
        scatter = max(1.48 * _median(steps, off), LEAST_SCATTER)
        weights = [1 / (1 + (watts / (reach * scatter)) ** 2) ** 2 for watts in off]
        aa, ab, bb, ay, by = _sums(points, weights)
        doubt = (scatter / (USUAL_BEND * full)) ** 2
        aa += doubt * USUAL_BEND**2
        ab -= doubt * USUAL_BEND
        bb += doubt
        determinant = aa * bb - ab * ab
        full = (bb * ay - ab * by) / determinant
        bend = (aa * by - ab * ay) / determinant
        bend = max(-MAX_BEND * full, min(MAX_BEND * full, bend))
        few = 1 + FEW / len(steps)
        error = few * scatter * sqrt(bb / determinant) / full
        pull = doubt * (USUAL_BEND * bb + ab) / determinant
        bend_error = abs(UNUSUAL_BEND * pull)
    if full < LEAST_FULL:
        return Fit((0.0,) * (threads + 1), inf)
    shares = [count / threads for count in range(threads + 1)]
    mining = [full * share + bend * share * (1 - share) for share in shares]
    pairs = Counter(frozenset((step.before, step.after)) for step in steps)
    others = len(steps) - max(pairs.values())
    lacks_counts = bend_error > error and others <= FEW
    return Fit(tuple(mining), hypot(error, bend_error), lacks_counts)


def _median(steps: Iterable[Seen], values: Iterable[float]) -> float:
    """Return the median of a value of each step, weighted by threads per noise.

    Other loads of the house matter less in a large step.
    """
    weighted = sorted(
        (value, abs(step.after - step.before) / step.noise)
        for step, value in zip(steps, values, strict=True)
    )
    half = sum(weight for _, weight in weighted) / 2
    sums = accumulate(weight for _, weight in weighted)
    return next(
        value
        for (value, _), total in zip(weighted, sums, strict=True)
        if total >= half - 1e-9
    )


def _sums(
    points: Sequence[tuple[float, float, float]], weights: Sequence[float]
) -> tuple[float, float, float, float, float]:
    """Return the weighted sums of a*a, a*b, b*b, a*y and b*y."""
    aa = ab = bb = ay = by = 0.0
    for weight, (a, b, y) in zip(weights, points, strict=True):
        aa += weight * a * a
        ab += weight * a * b
        bb += weight * b * b
        ay += weight * a * y
        by += weight * b * y
    return aa, ab, bb, ay, by


def _point(step: Seen, threads: int) -> tuple[float, float, float]:
    """Return the factors of `full` and `bend` in a step, and its W, by its noise."""
    before, after = step.before / threads, step.after / threads
    return (
        (after - before) / step.noise,
        (after * (1 - after) - before * (1 - before)) / step.noise,
        step.watts / step.noise,
    )
