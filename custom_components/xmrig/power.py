"""What a miner draws for each number of threads, learned from what was measured.

Nothing here knows Home Assistant, time or units other than threads, H/s and W.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

MEMORY = 30
"""So many samples make a reading: with each further one the oldest fade, so that the
model follows another algorithm, a warmer room or a new power plan."""

PRIOR = 0.5
"""What the owner's two numbers weigh against a sample: less than a single one."""


MAX_GAP = 300
"""Seconds between two readings of the power that are still taken to belong together."""


@dataclass(frozen=True)
class Reading:
    """The mean of the samples of one number of threads."""

    value: float
    weight: float

    def with_sample(self, sample: float) -> Reading:
        """Return the reading with another sample, which counts 1."""
        weight = min(self.weight, MEMORY - 1) + 1
        return Reading(self.value + (sample - self.value) / weight, weight)


@dataclass(frozen=True)
class PowerModel:
    """W and H/s for 0 to `threads` threads; 0 is a miner that rests."""

    threads: int
    idle: float | None = None
    """W at rest, as the owner says; None if they do not."""
    full: float | None = None
    """W with all threads, as the owner says."""
    watts_seen: Mapping[int, Reading] = field(default_factory=dict)
    hashrates_seen: Mapping[int, Reading] = field(default_factory=dict)

    def with_learned(self, data: Mapping[str, Any] | None) -> Self:
        """Return the model with what `as_json` gave; None for nothing."""
        if data is None:
            return self
        watts, hashrates = (
            {int(count): Reading(*reading) for count, reading in data[key].items()}
            for key in ("watts", "hashrates")
        )
        return replace(self, watts_seen=watts, hashrates_seen=hashrates)

    def for_threads(self, threads: int) -> Self:
        """Return the model for another number of threads in all."""
        return self if threads == self.threads else replace(self, threads=threads)

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            key: {str(n): [round(r.value, 3), r.weight] for n, r in seen.items()}
            for key, seen in (
                ("watts", self.watts_seen),
                ("hashrates", self.hashrates_seen),
            )
        }

    def with_sample(
        self, threads: int, *, watts: float | None, hashrate: float | None
    ) -> Self:
        """Return the model with a sample of a settled miner taken into account.

        A power below zero is a meter that is mounted the wrong way round, or counts
        something else as well: it teaches nothing.
        """
        return replace(
            self,
            watts_seen=_with(
                self.watts_seen, threads, None if (watts or 0) < 0 else watts
            ),
            hashrates_seen=_with(self.hashrates_seen, threads, hashrate),
        )

    def watts(self, threads: int) -> float | None:
        """Return what the miner draws with some threads; None if nothing is known."""
        points = dict(self.watts_seen)
        for count, watts in ((0, self.idle), (self.threads, self.full)):
            if watts is not None and count not in points:
                points[count] = Reading(watts, PRIOR)
        return _at(_rising(points), threads)

    def hashrate(self, threads: int) -> float | None:
        """Return what the miner hashes with some threads; None if nothing is known."""
        if not self.hashrates_seen:
            return None
        return _at(_rising({0: Reading(0, MEMORY), **self.hashrates_seen}), threads)

    @property
    def full_load(self) -> float | None:
        """Return what the miner draws with all threads."""
        return self.watts(self.threads)

    @property
    def per_thread(self) -> float | None:
        """Return what a thread draws on average."""
        full, idle = self.full_load, self.watts(0)
        if full is None or idle is None or not self.threads:
            return None
        return (full - idle) / self.threads

    def threads_within(self, limit: float) -> int:
        """Return the largest number of threads that fits into a limit; 0 for none.

        A model that knows nothing yet does not hold anybody back.
        """
        for threads in range(self.threads, 0, -1):
            watts = self.watts(threads)
            if watts is None or watts <= limit:
                return threads
        return 0


def _with(
    seen: Mapping[int, Reading], threads: int, sample: float | None
) -> Mapping[int, Reading]:
    """Return readings with another sample."""
    if sample is None:
        return seen
    reading = seen.get(threads, Reading(sample, 0))
    return {**seen, threads: reading.with_sample(sample)}


def _rising(points: Mapping[int, Reading]) -> list[tuple[int, float]]:
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


def _at(points: Iterable[tuple[int, float]], threads: int) -> float | None:
    """Return the value at a number of threads, on the line between its neighbours.

    Above all points the last line goes on. Below all of them it is level, which rather
    promises too much power than too little.
    """
    line = list(points)
    if not line:
        return None
    if threads <= line[0][0] or len(line) == 1:
        return line[0][1]
    for (left, low), (right, high) in pairwise(line):
        if threads <= right or right == line[-1][0]:
            return low + (high - low) * (threads - left) / (right - left)
    return None


@dataclass
class EnergyMeter:
    """Adds up W over seconds to kWh."""

    total: float = 0
    """kWh."""
    _last: tuple[float, float] | None = None

    def add(self, now: float, watts: float | None) -> None:
        """Take a reading; what was drawn in between is taken to have changed evenly.

        `now` is in seconds. Of a gap in the readings nothing is known, so nothing is
        added.
        """
        if self._last is not None and watts is not None:
            seconds = now - self._last[0]
            if 0 < seconds <= MAX_GAP:
                self.total += (self._last[1] + watts) / 2 * seconds / 3_600_000
        self._last = None if watts is None else (now, watts)
