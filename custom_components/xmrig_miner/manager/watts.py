"""The power of a miner without a plug, learned from the meter of the house.

Each change of its threads is a step whose size in threads is known. The meter shows the
size in W, along with everything else that happens in the house at that time. Many steps
together isolate the miner: see `fit`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple, Self

from ..api.models.values import stored, thread_number
from .curve import Curve
from .response import Response
from .watts_fit import Fit, each, fit

KEPT = 80
"""Number of steps to remember for each miner."""

ENOUGH = 10
"""Number of steps required before they are used."""

SURE = 0.1
"""Maximum relative standard error of the power of all threads for it to be used."""

LEARNED = 0.05
"""Maximum of that error for no more steps to be made to learn it."""

CLOSE = 150
"""Maximum seconds spanned by the readings around a step."""

CLEAR = 5
"""Minimum size of a step, as a multiple of the usual change between readings."""

ALIKE = 2
"""Multiple of the usual change up to which two readings show the same load."""

ASSUMED = 12
"""W of a thread while nothing is known."""

MAX_WATTS = 100_000


class Step(NamedTuple):
    """A commanded change of threads."""

    at: float
    member: str
    before: int
    after: int
    is_planned: bool = False
    """Whether it was made to be measured, and not because of a reading."""


class Sample(NamedTuple):
    """A step as shown by the meter."""

    before: int
    after: int
    watts: float
    """Increase of the draw in W, negative if it fell."""

    @property
    def threads(self) -> int:
        """Return how many threads changed."""
        return abs(self.after - self.before)


class Shown(NamedTuple):
    """A reading of the meter."""

    at: float
    watts: float


@dataclass(frozen=True)
class Draw:
    """The learned power of the threads of a miner."""

    samples: tuple[Sample, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the draw from the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        return cls(
            tuple(
                Sample(
                    stored(before, thread_number),
                    stored(after, thread_number),
                    stored(watts, _watts),
                )
                for before, after, watts in data
                if before != after
            )
        )

    def as_json(self) -> list[list[float]]:
        """Return the samples as JSON values."""
        return [[*sample[:2], round(sample.watts, 1)] for sample in self.samples]

    def with_sample(self, sample: Sample) -> Self:
        """Return the draw with another sample, dropping the oldest."""
        return replace(self, samples=(*self.samples, sample)[-KEPT:])

    def is_clear(self, sample: Sample, spread: float) -> bool:
        """Return whether a step stands out from the usual change between readings.

        A smaller step may have been a reaction to such a change, and would measure the
        change instead of the miner.
        """
        watts = self.each if len(self.samples) >= ENOUGH else None
        return (watts or ASSUMED) * sample.threads >= CLEAR * spread

    @property
    def each(self) -> float | None:
        """Return the power of a thread in W, roughly; None without samples."""
        return each(self.samples) if self.samples else None

    def fit(self, threads: int) -> Fit | None:
        """Return the power of 0 to `threads` threads; None with too few steps."""
        return fit(self.samples, threads) if len(self.samples) >= ENOUGH else None


@dataclass(frozen=True)
class Watts:
    """The learned power of all miners, and the steps that the meter has yet to show."""

    draws: Mapping[str, Draw] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    shown: tuple[Shown, ...] = ()
    """The readings of the last few minutes."""

    def stepped(self, steps: Iterable[Step]) -> Self:
        """Return the watts with new steps that the meter has yet to show."""
        return replace(self, steps=(*self.steps, *steps))

    def failed(self, member: str) -> Self:
        """Return the watts without the steps of a member whose command failed."""
        steps = tuple(step for step in self.steps if step.member != member)
        return replace(self, steps=steps)

    def seen(self, at: float, watts: float, response: Response) -> Self:
        """Return the watts after the meter showed `watts` bought at `at`."""
        shown = (
            *(old for old in self.shown if at - old.at <= 2 * CLOSE),
            Shown(at, watts),
        )
        steps = tuple(step for step in self.steps if at - step.at <= 2 * CLOSE)
        draws = dict(self.draws)
        waiting = []
        for step in steps:
            if _is_due(step, at, shown, response):
                sample = _sample(step, steps, shown, response)
                draw = draws.get(step.member, Draw())
                if sample is not None and (
                    step.is_planned or draw.is_clear(sample, _spread(shown))
                ):
                    draws[step.member] = draw.with_sample(sample)
                # Kept without a member: it still overlaps with other steps
                waiting.append(step._replace(member=""))
            else:
                waiting.append(step)
        return replace(self, draws=draws, steps=tuple(waiting), shown=shown)

    def fit(self, member: str, threads: int) -> Fit | None:
        """Return the learned power of a miner; None with too few steps."""
        return _fit(self.draws.get(member, Draw()), threads)


@lru_cache(maxsize=512)
def _fit(draw: Draw, threads: int) -> Fit | None:
    return draw.fit(threads)


@lru_cache(maxsize=512)
def curve_with(found: Fit | None, curve: Curve | None, threads: int) -> Curve:
    """Return the curve of a miner with the learned power of its threads, if accurate.

    If its power is unknown, one is assumed. Otherwise the miner would never be started,
    and there would be no steps to learn from.
    """
    if found is not None and found.error <= SURE:
        mining = found.mining
    elif curve is not None:
        return curve
    else:
        mining = tuple(float(ASSUMED * count) for count in range(threads + 1))
    if curve is None:
        return Curve(mining, tuple(map(float, range(threads + 1))))
    return Curve(tuple(curve.idle + watts for watts in mining), curve.hashrates)


def _is_due(step: Step, at: float, shown: Sequence[Shown], response: Response) -> bool:
    """Return whether at least two readings show the whole step."""
    whole = step.at + response.latest + response.averaging
    return bool(step.member) and sum(reading.at >= whole for reading in shown) >= 2


def _sample(
    step: Step, steps: Iterable[Step], shown: Sequence[Shown], response: Response
) -> Sample | None:
    """Return a step as shown by the meter; None if it cannot be isolated.

    That is the case if another step is too close, or the readings around it are missing
    or too far apart. Steady change, such as that of the sun, is removed by the drift
    between the two readings before the step and between the two after it.
    """
    first = step.at + response.earliest
    whole = step.at + response.latest + response.averaging
    before = [reading for reading in shown if reading.at < first][-2:]
    after = [reading for reading in shown if reading.at >= whole][:2]
    if len(before) < 2 or len(after) < 2 or after[1].at - before[0].at > CLOSE:
        return None
    begin = before[0].at - response.latest - response.averaging
    end = after[1].at - response.earliest
    if any(begin < other.at < end and other is not step for other in steps):
        return None
    spread = _spread(shown)
    late, early = _mean(after, spread), _mean(before[::-1], spread)
    watts = late.watts - early.watts - _drift(before, after) * (late.at - early.at)
    if abs(watts) > MAX_WATTS:
        return None
    return Sample(step.before, step.after, watts)


def _mean(readings: Sequence[Shown], spread: float) -> Shown:
    """Return the mean of two readings, or the first if the load changed in between."""
    one, other = readings
    if abs(one.watts - other.watts) > ALIKE * spread:
        return one
    return Shown((one.at + other.at) / 2, (one.watts + other.watts) / 2)


def _drift(before: Sequence[Shown], after: Sequence[Shown]) -> float:
    """Return the steady change of the draw of the house, in W/s.

    A load that was switched just before or after the step does not count as drift.
    """
    drifts = [
        (late.watts - early.watts) / (late.at - early.at)
        for early, late in (before, after)
    ]
    if min(drifts) * max(drifts) <= 0:
        return 0
    return min(drifts, key=abs)


def _spread(shown: Sequence[Shown]) -> float:
    """Return the usual (median) change between consecutive readings, in W."""
    changes = [abs(late.watts - early.watts) for early, late in pairwise(shown)]
    return median(changes) if changes else 0


def _watts(value: Any) -> float | None:
    """Return a power of either sign; None if the value is not valid."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= MAX_WATTS else None
