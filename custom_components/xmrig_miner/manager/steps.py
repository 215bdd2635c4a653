"""Steps of the threads of miners, as the meter of the house shows them.

Steps without a settled reading in between are shown together, by the two readings before
the first and the two after the last one. What is known of the power of miners tells how
much of that is due to each, and what other steps there were between these readings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import hypot, inf, sqrt
from statistics import median
from typing import NamedTuple

from .response import Response

CLOSE = 150
"""Maximum seconds spanned by the readings around steps, for a meter that reports often
enough."""

CLOSE_INTERVALS = 4
"""The same in intervals of the meter, for one that does not."""

ALIKE = 2
"""Multiple of the usual change up to which two readings show the same load."""

LEAST_NOISE = 2
"""W by which the meter is off at least."""


class Step(NamedTuple):
    """A commanded change of threads."""

    at: float
    member: str
    before: int
    after: int
    is_planned: bool = False
    """Whether it was made to be measured, and not because of a reading."""
    is_seen: bool = False
    """Whether the meter has shown it."""


class Shown(NamedTuple):
    """A reading of the meter."""

    at: float
    watts: float


class Known(NamedTuple):
    """What is known about the power of a miner."""

    mining: Sequence[float]
    """W above idle for each number of threads."""
    error: float
    """Relative error."""

    def change(self, before: int, after: int) -> float:
        """Return the W of a step."""
        most = len(self.mining) - 1
        return self.mining[min(after, most)] - self.mining[min(before, most)]


class Sample(NamedTuple):
    """A step of a miner as shown by the meter."""

    before: int
    after: int
    watts: float
    """Increase of the draw in W, negative if it fell."""
    noise: float = LEAST_NOISE
    """W by which it may be off."""

    @property
    def threads(self) -> int:
        """Return how many threads changed."""
        return abs(self.after - self.before)


class Observation(NamedTuple):
    """A sample of a miner."""

    member: str
    sample: Sample
    is_clear: bool
    """Whether it was planned, or stands out from the usual change between readings. A
    smaller step may have been a reaction to such a change, and would measure the change
    instead of the miner."""


CLEAR = 5
"""Minimum size of a step, as a multiple of its noise, for it to be clear."""


@dataclass(frozen=True)
class Screen:
    """The recent readings of the meter, and the steps that are in them."""

    shown: Sequence[Shown]
    steps: Sequence[Step]
    response: Response
    known: Mapping[str, Known]

    @cached_property
    def interval(self) -> float:
        """Return the usual time between two readings, in s."""
        times = [late.at - early.at for early, late in pairwise(self.shown)]
        return median(times) if times else 0

    @property
    def span(self) -> float:
        """Return the maximum seconds spanned by the readings around steps."""
        return max(CLOSE, CLOSE_INTERVALS * self.interval)

    def observations(self) -> Iterator[tuple[Sequence[Step], Sequence[Observation]]]:
        """Yield the steps that are shown by now, and what they tell of each miner."""
        house = self._house
        noise = _usual_change(house)
        for group in self._groups():
            whole, first = self._whole(group[-1]), self._first(group[0])
            after = [reading for reading in house if reading.at >= whole][:2]
            if len(after) < 2 or any(step.is_seen for step in group):
                continue
            before = [reading for reading in house if reading.at < first][-2:]
            yield group, self._tell(group, before, after, noise)

    def _first(self, step: Step) -> float:
        return step.at + self.response.earliest

    def _whole(self, step: Step) -> float:
        return step.at + self.response.latest + self.response.averaging

    @cached_property
    def _house(self) -> list[Shown]:
        """Return the settled readings without mining, as far as its power is known.

        What was mined at first stays.
        """
        house = []
        for at, watts in self.shown:
            mined = 0.0
            for step in self.steps:
                if at < self._first(step):
                    continue
                if at < self._whole(step):
                    break
                mined += self._change(step)
            else:
                house.append(Shown(at, watts - mined))
        return house

    def _change(self, step: Step) -> float:
        """Return the W of a step, as far as known; 0 for a miner that is gone."""
        known = self.known.get(step.member)
        return known.change(step.before, step.after) if known else 0

    def _groups(self) -> list[list[Step]]:
        """Return the steps, split where a settled reading is between them."""
        groups: list[list[Step]] = []
        for step in self.steps:
            first = self._first(step)
            if groups and not any(
                self._whole(groups[-1][-1]) <= reading.at < first
                for reading in self._house
            ):
                groups[-1].append(step)
            else:
                groups.append([step])
        return groups

    def _tell(
        self,
        group: Sequence[Step],
        before: Sequence[Shown],
        after: Sequence[Shown],
        noise: float,
    ) -> list[Observation]:
        """Return what steps tell of each miner, by the readings around them."""
        if len(before) < 2 or after[1].at - before[0].at > self.span:
            return []
        seconds = after[0].at - before[1].at
        noise = max(LEAST_NOISE, noise * sqrt(seconds / (self.interval or seconds)))
        unknown = _difference(before, after, noise)
        others = [
            self._doubt(step)
            for step in self.steps
            if before[0].at < self._first(step)
            and self._whole(step) <= after[1].at
            and step not in group
        ]
        moved = _moved(group)
        found = []
        for member, step in moved.items():
            if member not in self.known:
                continue
            off = hypot(
                noise,
                *others,
                *(self._doubt(other) for other in moved.values() if other != step),
            )
            watts = self._change(step)
            is_clear = step.is_planned or abs(watts) >= CLEAR * off
            sample = Sample(step.before, step.after, watts + unknown, off)
            found.append(Observation(member, sample, is_clear))
        return found

    def _doubt(self, step: Step) -> float:
        """Return by how much the known W of a step may be off."""
        known = self.known.get(step.member)
        return known.error * abs(self._change(step)) if known else 0


def _moved(group: Sequence[Step]) -> dict[str, Step]:
    """Return the steps of each miner in a group as one."""
    moved: dict[str, Step] = {}
    for step in group:
        first = moved.get(step.member, step)
        moved[step.member] = step._replace(
            before=first.before, is_planned=first.is_planned or step.is_planned
        )
    return {member: step for member, step in moved.items() if step.before != step.after}


def _usual_change(readings: Sequence[Shown]) -> float:
    """Return the usual (median) change between readings, in W; infinite if unknown."""
    changes = [abs(late.watts - early.watts) for early, late in pairwise(readings)]
    return median(changes) if changes else inf


def _difference(before: Sequence[Shown], after: Sequence[Shown], noise: float) -> float:
    """Return the change of the draw between readings, in W.

    Steady change, such as that of the sun, is removed by the drift between the two
    readings before and between the two after.
    """
    late, early = _mean(after, noise), _mean(before[::-1], noise)
    return late.watts - early.watts - _drift(before, after) * (late.at - early.at)


def _mean(readings: Sequence[Shown], noise: float) -> Shown:
    """Return the mean of two readings, or the first if the load changed in between."""
    one, other = readings
    if abs(one.watts - other.watts) > ALIKE * noise:
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
