"""Power and hashrate of a member for each number of threads."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
import math
from typing import NamedTuple, Self

from ..power.model import PowerModel


class Segment(NamedTuple):
    """A segment of the upper hull, where every thread has the same gain per watt."""

    first: int
    """Threads at its start."""
    last: int
    """Threads at its end."""
    gain: float
    """H/s per W of its threads."""
    rank: int
    """Rank by gain in steps of 1%, the best first, so that similar miners compare as
    equal."""


@dataclass(frozen=True)
class Curve:
    """Power and hashrate with 0 to `threads` threads; power never falls with threads.

    A load that can only be switched on and off has a single thread.
    """

    watts: tuple[float, ...]
    """W of the whole computer; the first is its idle power."""
    hashrates: tuple[float, ...] | None = None
    """H/s; None for a load whose hashrate is unknown."""
    is_rated: bool = True
    """Whether the hashrates are known in H/s; if not, only their ratios count."""

    @classmethod
    def from_model(cls, model: PowerModel) -> Self | None:
        """Return the curve of a model; None while its power is unknown.

        If no hashrate is known, every thread is assumed to hash the same.
        """
        if not model.threads or model.per_thread is None:
            return None
        counts = range(model.threads + 1)
        watts = [model.watts(count) for count in counts]
        hashrates = [model.hashrate(count) for count in counts]
        return cls(
            tuple(value or 0.0 for value in watts),
            tuple(
                float(count) if value is None else value
                for count, value in enumerate(hashrates)
            ),
            is_rated=None not in hashrates,
        )

    @classmethod
    def on_off(cls, watts: float, idle: float = 0) -> Self:
        """Return the curve of a load that draws `watts` on top of its idle power."""
        return cls((idle, idle + watts), is_rated=False)

    @property
    def threads(self) -> int:
        """Return the total number of threads."""
        return len(self.watts) - 1

    @property
    def idle(self) -> float:
        """Return the idle power of the computer, in W."""
        return self.watts[0]

    @cached_property
    def mining(self) -> tuple[float, ...]:
        """Return the power above idle for each number of threads, in W."""
        return tuple(max(0.0, watts - self.idle) for watts in self.watts)

    @property
    def full(self) -> float:
        """Return the power of all threads above idle, in W."""
        return self.mining[-1]

    def hashrate(self, threads: int) -> float:
        """Return the hashrate with `threads` threads, in H/s; 0 if unknown."""
        return self.hashrates[threads] if self.hashrates else 0

    def threads_within(self, watts: float) -> int:
        """Return the most threads that draw no more than `watts` above idle."""
        return max(0, bisect_right(self.mining, watts) - 1)

    @cached_property
    def _hulls(self) -> dict[tuple[int, int], tuple[Segment, ...]]:
        return {}

    def hull(self, first: int, last: int) -> tuple[Segment, ...]:
        """Return the upper concave hull of H/s over W between two thread counts.

        The gain falls from segment to segment.
        """
        key = (first, last)
        if key not in self._hulls:
            self._hulls[key] = self._hull(first, last)
        return self._hulls[key]

    def _hull(self, first: int, last: int) -> tuple[Segment, ...]:
        segments: list[Segment] = []
        for count in range(first + 1, last + 1):
            segment = self._segment(count - 1, count)
            while segments and segments[-1].gain <= segment.gain:
                segment = self._segment(segments.pop().first, count)
            segments.append(segment)
        return tuple(segments)

    def _segment(self, first: int, last: int) -> Segment:
        # A thread that seems to draw nothing must not get an infinite gain.
        watts = max(self.mining[last] - self.mining[first], 0.1)
        hashes = self.hashrate(last) - self.hashrate(first)
        gain = hashes / watts
        rank = -round(math.log(gain) * 100) if gain > 0 else 10**9
        return Segment(first, last, gain, rank)
