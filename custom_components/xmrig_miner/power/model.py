"""Power and hashrate of a miner for each number of threads, learned from measurements.

The units are H/s and W. Nothing here depends on Home Assistant or the time.
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
from ..api.models.values import number, stored, stored_or_none, text, thread_number

MAX_WATTS = 100_000
"""Maximum power of a miner in W: several times that of a household connection."""

MAX_WEIGHT = 30
"""Number of samples that a reading averages. Older samples fade, so that the model
adapts to another algorithm, a warmer room or a new power plan."""

DECAY = 0.999
"""Factor applied to the weight of a reading with each sample of another thread count:
if two readings contradict each other, the newer one counts more."""

LEAST_WEIGHT = 0.001

MAX_ALGORITHMS = 8
"""Number of algorithms whose hashrates are kept: pools that switch have a few at a time."""

RECENT = 6
"""Number of readings of a graphics card to keep. The highest one counts, because the
power fluctuates."""


@dataclass(frozen=True)
class Reading:
    """The mean of the samples for one number of threads."""

    value: float
    weight: float

    @classmethod
    def from_json(cls, data: Any, maximum: float) -> Self:
        """Return a stored reading, up to a maximum.

        Raises TypeError or ValueError for anything else.
        """
        value, weight = data
        return cls(
            stored(value, partial(number, maximum=maximum)), stored(weight, _weight)
        )

    def with_sample(self, sample: float) -> Reading:
        """Return the reading with another sample of weight 1."""
        weight = min(self.weight, MAX_WEIGHT - 1) + 1
        return Reading(self.value + (sample - self.value) / weight, weight)

    def faded(self) -> Reading:
        """Return the reading with its weight reduced by a little."""
        return Reading(self.value, max(self.weight * DECAY, LEAST_WEIGHT))


type Readings = Mapping[int, Reading]
"""Readings by the number of threads."""


@dataclass(frozen=True)
class PowerModel:
    """Power and hashrate for 0 to `threads` threads; with 0 the miner is idle.

    Hashrates are learned for each algorithm, and power for all of them together.
    """

    threads: int
    idle: float | None = None
    """Idle power in W from the user's options; None if not set."""
    full: float | None = None
    """Full-load power in W from the user's options; None if not set."""
    watts_seen: Readings = field(default_factory=dict)
    algorithm: str | None = None
    """The algorithm that the miner mines, or mined last; None while unknown."""
    hashrates_by_algorithm: Mapping[str | None, Readings] = field(default_factory=dict)
    """The one learned last comes last. Those of None have no known algorithm yet."""

    @property
    def hashrates_seen(self) -> Readings:
        """Return the hashrates of the current algorithm."""
        return self.hashrates_by_algorithm.get(self.algorithm, {})

    def with_learned(self, data: Mapping[str, Any] | None) -> Self:
        """Return the model with the output of `as_json`; None changes nothing.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return self
        hashrates = data["hashrates"]
        if isinstance(hashrates, dict):
            # Earlier versions did not tell algorithms apart
            hashrates = [[None, hashrates]]
        return replace(
            self,
            watts_seen=_readings(data["watts"], MAX_WATTS),
            algorithm=stored_or_none(data.get("algorithm"), text),
            hashrates_by_algorithm={
                stored_or_none(algorithm, text): _readings(seen, MAX_INTEGER)
                for algorithm, seen in hashrates[-MAX_ALGORITHMS:]
            },
        )

    def for_threads(self, threads: int) -> Self:
        """Return the model for a different total number of threads."""
        return self if threads == self.threads else replace(self, threads=threads)

    def for_algorithm(self, algorithm: str | None) -> Self:
        """Return the model for a different algorithm; None changes nothing.

        Hashrates learned before any algorithm was known belong to the first one.
        """
        if algorithm in (None, self.algorithm):
            return self
        hashrates = dict(self.hashrates_by_algorithm)
        if unknown := hashrates.pop(None, None):
            hashrates.setdefault(algorithm, unknown)
        return replace(self, algorithm=algorithm, hashrates_by_algorithm=hashrates)

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            "watts": _as_json(self.watts_seen),
            "algorithm": self.algorithm,
            "hashrates": [
                [algorithm, _as_json(seen)]
                for algorithm, seen in self.hashrates_by_algorithm.items()
            ],
        }

    def with_sample(
        self, threads: int, *, watts: float | None, hashrate: float | None
    ) -> Self:
        """Return the model updated with a sample of a settled miner.

        Negative power is ignored: the meter is reversed, or also measures something
        else.
        """
        return replace(
            self,
            watts_seen=_with_sample(self.watts_seen, threads, watts),
            hashrates_by_algorithm=self._with_hashrates(
                _with_sample(self.hashrates_seen, threads, hashrate)
            ),
        )

    def without(self, counts: Collection[int]) -> Self:
        """Return the model without the samples for the given thread counts."""
        return replace(
            self,
            watts_seen=_without(self.watts_seen, counts),
            hashrates_by_algorithm=self._with_hashrates(
                _without(self.hashrates_seen, counts)
            ),
        )

    def _with_hashrates(self, seen: Readings) -> Mapping[str | None, Readings]:
        """Return all hashrates with those of the current algorithm replaced."""
        others = {
            algorithm: readings
            for algorithm, readings in self.hashrates_by_algorithm.items()
            if algorithm != self.algorithm
        }
        if not seen:
            return others
        kept = list(others.items())[1 - MAX_ALGORITHMS :]
        return {**dict(kept), self.algorithm: seen}

    def watts(self, threads: int) -> float | None:
        """Return the power with `threads` threads, in W; None if unknown."""
        return _interpolate(self._curve, threads)

    def likely_watts(self, threads: int) -> float | None:
        """Return the power with `threads` threads, in W; None if only a bound is known.

        That is the case below the least number of threads whose power is known, and with
        any other number than that if it is the only one.
        """
        known = self._watts_known
        is_bound = threads < min(known, default=0) or len(known) == 1
        return None if is_bound and threads not in known else self.watts(threads)

    def hashrate(self, threads: int) -> float | None:
        """Return the hashrate with `threads` threads, in H/s; None if unknown."""
        if not self.hashrates_seen:
            return None
        return _interpolate(
            _isotonic({0: Reading(0, MAX_WEIGHT), **self.hashrates_seen}), threads
        )

    @property
    def _watts_known(self) -> Readings:
        """Return the measured power, and the user's values if consistent with it."""
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
        """Return the power with all threads, in W; None if unknown."""
        # The number of threads is unknown until the miner has reported it.
        return self.watts(self.threads) if self.threads else self.full

    @property
    def per_thread(self) -> float | None:
        """Return the average power of a thread, in W; None if unknown."""
        full, idle = self.full_load, self.watts(0)
        if full is None or idle is None or 0 not in self._watts_known:
            return None
        return (full - idle) / self.threads if self.threads else None

    def threads_within(self, limit: float) -> int:
        """Return the largest number of threads that fits into a limit in W; 0 for none.

        As long as the power is unknown, all threads fit.
        """
        curve = self._curve

        def watts(threads: int) -> float:
            known = _interpolate(curve, threads)
            return -math.inf if known is None else known

        # Bisection works because power never falls with more threads.
        return bisect_right(range(1, self.threads + 1), limit, key=watts)


def _readings(data: Any, maximum: float) -> Readings:
    """Return stored readings by number of threads, up to a maximum.

    Raises AttributeError, TypeError or ValueError for anything else.
    """
    return {
        stored(int(count), thread_number): Reading.from_json(reading, maximum)
        for count, reading in data.items()
    }


def _as_json(seen: Readings) -> dict[str, list[float]]:
    """Return readings as JSON values."""
    return {
        str(count): [round(reading.value, 3), round(reading.weight, 3)]
        for count, reading in seen.items()
    }


def _weight(value: Any) -> float | None:
    """Return the weight of a reading; None if the value is not valid.

    It is at least the least one that is stored: 0 would not be read again.
    """
    weight = number(value, MAX_WEIGHT)
    return max(weight, LEAST_WEIGHT) if weight else None


def _with_sample(seen: Readings, threads: int, sample: float | None) -> Readings:
    """Return readings with another sample; None or a negative one is ignored."""
    if sample is None or sample < 0:
        return seen
    others = {count: reading.faded() for count, reading in seen.items()}
    reading = seen.get(threads, Reading(sample, 0))
    return others | {threads: reading.with_sample(sample)}


def _without(seen: Readings, counts: Collection[int]) -> Readings:
    """Return readings without those for the given thread counts."""
    return {count: reading for count, reading in seen.items() if count not in counts}


def _isotonic(points: Readings) -> list[tuple[int, float]]:
    """Return the closest non-decreasing points (weighted isotonic regression).

    Uses the pool-adjacent-violators algorithm: if a point is below the previous one,
    both become their weighted mean.
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
    """Return the value at a number of threads by linear interpolation.

    Outside of the points, the estimate is too high rather than too low: constant below
    the first point, and the last line continued above the last one. A single point is
    extrapolated from the origin. None without points, or if only the idle power is
    known.
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
    """The power of graphics cards while they hash, remembered while they are idle.

    Otherwise a limit that paused them would conclude that they fit again.
    """

    def __init__(self, data: Mapping[str, float] | None = None) -> None:
        """Initialize it, optionally with the output of `as_json`.

        Raises AttributeError or ValueError for anything else.
        """
        self._recent = {
            backend: deque([stored(watts, number)], RECENT)
            for backend, watts in (data or {}).items()
        }

    def observe(self, backend: str, watts: float) -> None:
        """Record the power of all cards of a hashing backend, in W."""
        self._recent.setdefault(backend, deque(maxlen=RECENT)).append(watts)

    def total(self, backends: Iterable[str]) -> float:
        """Return the power of the cards of the given backends while they hash, in W."""
        return sum(max(self._recent.get(backend, [0])) for backend in backends)

    def as_json(self) -> dict[str, float]:
        """Return the known power of each backend as JSON values."""
        return {backend: max(recent) for backend, recent in self._recent.items()}
