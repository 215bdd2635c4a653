"""The watts of a miner without a plug, learned from what the house's meter shows of it.

Each change of its threads is a step of known size in threads, and of a size in W that
the meter shows, beside all else that happens in the house at that moment. Medians over
many steps leave only the miner.
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

KEPT = 80
"""Steps of a miner that are remembered."""

ENOUGH = 10
"""Steps from which on they are used."""

SURE = 0.1
"""Share of the watts of a thread by which their median may be wrong, to be used."""

CLOSE = 150
"""Seconds that the readings around a step may span."""

CLEAR = 5
"""Times by which a step has to be larger than what readings usually differ by."""

ALIKE = 2
"""Times what readings usually differ by up to which two of them are of the same."""

ASSUMED = 12
"""W of a thread as long as nothing is known."""

MAX_WATTS = 100_000


class Step(NamedTuple):
    """A change of threads, as it is commanded."""

    at: float
    member: str
    before: int
    after: int


class Sample(NamedTuple):
    """What the meter showed of a step."""

    before: int
    after: int
    watts: float
    """By how much the draw rose, in W."""

    @property
    def threads(self) -> int:
        """Return how many threads changed."""
        return abs(self.after - self.before)

    @property
    def each(self) -> float:
        """Return the W of each of these threads."""
        return self.watts / (self.after - self.before)


class Shown(NamedTuple):
    """A reading of the meter."""

    at: float
    watts: float


@dataclass(frozen=True)
class Draw:
    """What is known of the threads of a miner."""

    samples: tuple[Sample, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return what `as_json` returned.

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
        """Return what is known as JSON values."""
        return [[*sample[:2], round(sample.watts, 1)] for sample in self.samples]

    def with_sample(self, sample: Sample) -> Self:
        """Return it with another step."""
        return replace(self, samples=(*self.samples, sample)[-KEPT:])

    def is_clear(self, sample: Sample, spread: float) -> bool:
        """Return whether a step stands out of what readings differ by anyway.

        A smaller one was perhaps made because of such a difference, and its size would
        be that of the difference.
        """
        each = self.each if self.is_sure else None
        return (each or ASSUMED) * sample.threads >= CLEAR * spread

    @property
    def each(self) -> float | None:
        """Return the W of a thread; None without any step."""
        if not self.samples:
            return None
        return _median((sample.each, sample.threads) for sample in self.samples)

    @property
    def error(self) -> float | None:
        """Return how far that may be off, as a share of it; None if it is no use."""
        each = self.each
        if each is None or each <= 0:
            return None
        off = _median(
            (abs(sample.each - each), sample.threads) for sample in self.samples
        )
        # The standard error of a median, by that of a normal distribution
        return float(1.86 * off / len(self.samples) ** 0.5 / each)

    @property
    def is_sure(self) -> bool:
        """Return whether it can be used."""
        error = self.error
        return len(self.samples) >= ENOUGH and error is not None and error <= SURE

    def mining(self, threads: int) -> tuple[float, ...]:
        """Return the W of 0 to `threads` threads, on top of the idle power."""
        return tuple((self.each or 0.0) * count for count in range(threads + 1))


@dataclass(frozen=True)
class Watts:
    """What is known of all miners, and the steps that the meter has yet to show."""

    draws: Mapping[str, Draw] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    shown: tuple[Shown, ...] = ()
    """Readings of the last minutes."""

    def stepped(self, steps: Iterable[Step]) -> Self:
        """Return it once some members are commanded other threads."""
        return replace(self, steps=(*self.steps, *steps))

    def failed(self, member: str) -> Self:
        """Return it once a command failed: there was no step."""
        steps = tuple(step for step in self.steps if step.member != member)
        return replace(self, steps=steps)

    def seen(self, at: float, watts: float, response: Response) -> Self:
        """Return it once the meter showed some W that are bought."""
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
                if sample is not None and draw.is_clear(sample, _spread(shown)):
                    draws[step.member] = draw.with_sample(sample)
                # It still stands in the way of others
                waiting.append(step._replace(member=""))
            else:
                waiting.append(step)
        return replace(self, draws=draws, steps=tuple(waiting), shown=shown)

    def curve(self, member: str, curve: Curve | None, threads: int) -> Curve | None:
        """Return the curve of a miner whose watts are estimated, or not known at all.

        The latter is assumed to draw something, or else there would be no step of it.
        """
        return _curve(self.draws.get(member, Draw()), curve, threads)


@lru_cache(maxsize=512)
def _curve(draw: Draw, curve: Curve | None, threads: int) -> Curve | None:
    """Return a curve with what is known of the watts of the threads."""
    is_sure = draw.is_sure
    if curve is not None and not is_sure:
        return curve
    mining = draw.mining(threads) if is_sure else _assumed(threads)
    if curve is None:
        return Curve(mining, tuple(map(float, range(threads + 1))))
    return Curve(tuple(curve.idle + watts for watts in mining), curve.hashrates)


def _assumed(threads: int) -> tuple[float, ...]:
    """Return what is taken for the W of 0 to `threads` threads."""
    return tuple(float(ASSUMED * count) for count in range(threads + 1))


def _is_due(step: Step, at: float, shown: Sequence[Shown], response: Response) -> bool:
    """Return whether two readings show a step as a whole."""
    whole = step.at + response.latest + response.averaging
    return bool(step.member) and sum(reading.at >= whole for reading in shown) >= 2


def _sample(
    step: Step, steps: Iterable[Step], shown: Sequence[Shown], response: Response
) -> Sample | None:
    """Return what the meter shows of a step; None if it is not alone, or too long ago.

    What changes all the time, as the sun does, is taken out by what changed between the
    two readings before it and between the two after it.
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
    """Return the mean of two readings, or the first where something happened between."""
    one, other = readings
    if abs(one.watts - other.watts) > ALIKE * spread:
        return one
    return Shown((one.at + other.at) / 2, (one.watts + other.watts) / 2)


def _drift(before: Sequence[Shown], after: Sequence[Shown]) -> float:
    """Return what the draw of the house rises by all the time, in W/s.

    A load that was switched before the step or after it is no drift.
    """
    drifts = [
        (late.watts - early.watts) / (late.at - early.at)
        for early, late in (before, after)
    ]
    if min(drifts) * max(drifts) <= 0:
        return 0
    return min(drifts, key=abs)


def _spread(shown: Sequence[Shown]) -> float:
    """Return by how much readings usually differ from one to the next, in W."""
    changes = [abs(late.watts - early.watts) for early, late in pairwise(shown)]
    return median(changes) if changes else 0


def _median(values: Iterable[tuple[float, int]]) -> float:
    """Return the median of values that count so many times."""
    return median(value for value, weight in values for _ in range(weight))


def _watts(value: Any) -> float | None:
    """Return a power of either sign; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= MAX_WATTS else None
