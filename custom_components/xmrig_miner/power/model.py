"""Power of a miner for each number of threads, learned from measurements.

Units are threads, H/s, W and kWh. It does not depend on Home Assistant or time.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
import math
from typing import Any, Self

from ..api.limits import MAX_INTEGER
from ..api.models.values import number, stored, thread_number

MAX_WATTS = 100_000
"""W of a miner: several times the capacity of a household's grid connection."""

MAX_WEIGHT = 30
"""Samples that a reading averages: older ones fade, so that the model adapts to
another algorithm, a warmer room or a new power plan."""

DECAY = 0.999
"""Factor for the weight of a reading with each sample of another one: where two
contradict each other, the newer one counts more."""

LEAST_WEIGHT = 0.001

RECENT = 6
"""Readings of a graphics card of which the highest counts: its power swings."""


@dataclass(frozen=True)
class Reading:
    """The mean of the samples of one number of threads."""

    value: float
    weight: float

    @classmethod
    def from_json(cls, data: Any, maximum: float) -> Self:
        """Return a reading that was stored, up to a maximum.

        Raises TypeError or ValueError for anything else.
        """
        value, weight = data
        return cls(
            stored(value, partial(number, maximum=maximum)), stored(weight, _weight)
        )

    def with_sample(self, sample: float) -> Reading:
        """Return the reading with another sample, which counts 1."""
        weight = min(self.weight, MAX_WEIGHT - 1) + 1
        return Reading(self.value + (sample - self.value) / weight, weight)

    def faded(self) -> Reading:
        """Return the reading as a little older."""
        return Reading(self.value, max(self.weight * DECAY, LEAST_WEIGHT))


@dataclass(frozen=True)
class PowerModel:
    """W and H/s for 0 to `threads` threads; with 0 the miner is idle."""

    threads: int
    idle: float | None = None
    """Idle power in W, by the user's options; None if not set."""
    full: float | None = None
    """Full-load power in W, by the user's options; None if not set."""
    watts_seen: Mapping[int, Reading] = field(default_factory=dict)
    hashrates_seen: Mapping[int, Reading] = field(default_factory=dict)

    def with_learned(self, data: Mapping[str, Any] | None) -> Self:
        """Return the model with what `as_json` returned; None for nothing.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return self
        watts, hashrates = (
            {
                stored(int(count), thread_number): Reading.from_json(reading, maximum)
                for count, reading in data[key].items()
            }
            for key, maximum in (("watts", MAX_WATTS), ("hashrates", MAX_INTEGER))
        )
        return replace(self, watts_seen=watts, hashrates_seen=hashrates)

    def for_threads(self, threads: int) -> Self:
        """Return the model for another number of threads in all."""
        return self if threads == self.threads else replace(self, threads=threads)

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            key: {
                str(count): [round(reading.value, 3), round(reading.weight, 3)]
                for count, reading in seen.items()
            }
            for key, seen in (
                ("watts", self.watts_seen),
                ("hashrates", self.hashrates_seen),
            )
        }

    def with_sample(
        self, threads: int, *, watts: float | None, hashrate: float | None
    ) -> Self:
        """Return the model with a sample of a settled miner taken into account.

        A power below zero comes from a meter that is reversed, or measures something
        else as well: nothing is learned from it.
        """
        return replace(
            self,
            watts_seen=_with_sample(self.watts_seen, threads, watts),
            hashrates_seen=_with_sample(self.hashrates_seen, threads, hashrate),
        )

    def without(self, counts: Collection[int]) -> Self:
        """Return the model without the samples of some numbers of threads."""
        return replace(
            self,
            watts_seen=_without(self.watts_seen, counts),
            hashrates_seen=_without(self.hashrates_seen, counts),
        )

    def watts(self, threads: int) -> float | None:
        """Return what the miner draws with some threads; None if that is not known."""
        return _interpolate(self._curve, threads)

    def hashrate(self, threads: int) -> float | None:
        """Return what the miner hashes with some threads; None if nothing is known."""
        if not self.hashrates_seen:
            return None
        return _interpolate(
            _isotonic({0: Reading(0, MAX_WEIGHT), **self.hashrates_seen}), threads
        )

    @property
    def _watts_known(self) -> Mapping[int, Reading]:
        """Return what was measured, and those of the user's values that are consistent."""
        known = dict(self.watts_seen)
        seen = [reading.value for reading in known.values()]
        if self.idle is not None and all(self.idle < value for value in seen):
            known.setdefault(0, Reading(self.idle, 1))
        if self.full is not None and all(self.full > value for value in seen):
            known.setdefault(self.threads, Reading(self.full, 1))
        return known

    @property
    def _curve(self) -> list[tuple[int, float]]:
        """Return the known points, adjusted to never fall with more threads."""
        return _isotonic(self._watts_known)

    @property
    def full_load(self) -> float | None:
        """Return what the miner draws with all threads; None if that is not known."""
        # The number of threads is unknown until the miner reported it.
        return self.watts(self.threads) if self.threads else self.full

    @property
    def per_thread(self) -> float | None:
        """Return what a thread draws on average; None if that is not known."""
        full, idle = self.full_load, self.watts(0)
        if full is None or idle is None or 0 not in self._watts_known:
            return None
        return (full - idle) / self.threads if self.threads else None

    def threads_within(self, limit: float) -> int:
        """Return the largest number of threads that fits into a limit; 0 for none.

        A model that knows nothing yet limits nothing.
        """
        curve = self._curve

        def watts(threads: int) -> float:
            known = _interpolate(curve, threads)
            return -math.inf if known is None else known

        # It never falls with more threads.
        return bisect_right(range(1, self.threads + 1), limit, key=watts)


def _weight(value: Any) -> float | None:
    """Return the weight of a reading; None if it is none."""
    return number(value, MAX_WEIGHT) or None


def _with_sample(
    seen: Mapping[int, Reading], threads: int, sample: float | None
) -> Mapping[int, Reading]:
    """Return readings with another sample, if it is one."""
    if sample is None or sample < 0:
        return seen
    others = {count: reading.faded() for count, reading in seen.items()}
    reading = seen.get(threads, Reading(sample, 0))
    return others | {threads: reading.with_sample(sample)}


def _without(
    seen: Mapping[int, Reading], counts: Collection[int]
) -> Mapping[int, Reading]:
    """Return readings without some of them."""
    return {count: reading for count, reading in seen.items() if count not in counts}


def _isotonic(points: Mapping[int, Reading]) -> list[tuple[int, float]]:
    """Return the points next to these that never fall, by weight.

    This is the pooling of adjacent violators: where a point is below the one before,
    both become their mean.
    """
    pools: list[tuple[list[int], Reading]] = []
    for count in sorted(points):
        members, pool = [count], points[count]
        while pools and pools[-1][1].value > pool.value:
            others, other = pools.pop()
            weight = other.weight + pool.weight
            members = others + members
            pool = Reading(
                (other.value * other.weight + pool.value * pool.weight) / weight, weight
            )
        pools.append((members, pool))
    return [(count, pool.value) for members, pool in pools for count in members]


def _interpolate(line: Sequence[tuple[int, float]], threads: int) -> float | None:
    """Return the value at a number of threads, on the line between its neighbours.

    Elsewhere it rather promises too much power than too little. Below all points it is
    level. Above them the last line goes on, which from a single point is the one from
    nothing; of a miner that only ever rested nothing is known.
    """
    if not line:
        return None
    first, lowest = line[0]
    if threads <= first:
        return lowest
    if len(line) == 1:
        return lowest * threads / first if first else None
    lines = list(pairwise(line))
    (left, low), (right, high) = next(
        (ends for ends in lines if threads <= ends[1][0]), lines[-1]
    )
    return low + (high - low) * (threads - left) / (right - left)


class CardPower:
    """What graphics cards draw while they hash, remembered while they are idle.

    A limit that paused them would otherwise conclude that they fit now.
    """

    def __init__(self, data: Mapping[str, float] | None = None) -> None:
        """Initialize it with what `as_json` gave.

        Raises AttributeError or ValueError for anything else.
        """
        self._recent = {
            backend: deque([stored(watts, number)], RECENT)
            for backend, watts in (data or {}).items()
        }

    def observe(self, backend: str, watts: float) -> None:
        """Record the power of all cards of a backend that hashes, in W."""
        self._recent.setdefault(backend, deque(maxlen=RECENT)).append(watts)

    def total(self, backends: Iterable[str]) -> float:
        """Return what the cards of some backends draw while they hash, in W."""
        return sum(max(self._recent.get(backend, [0])) for backend in backends)

    def as_json(self) -> dict[str, float]:
        """Return what is known as JSON values."""
        return {backend: max(recent) for backend, recent in self._recent.items()}
