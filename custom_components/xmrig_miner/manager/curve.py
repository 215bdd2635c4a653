"""What a member draws and hashes for each number of threads."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
import math
from typing import NamedTuple, Self

from ..power.model import PowerModel


class Segment(NamedTuple):
    """A stretch of the upper hull: threads that are worth the same per watt."""

    first: int
    """Threads before it."""
    last: int
    """Threads after it."""
    gain: float
    """H/s per W of its threads."""
    rank: int
    """The lower the higher the gain is, in steps of 1 %, so that miners of a kind are
    equal."""


@dataclass(frozen=True)
class Curve:
    """W and H/s with 0 to `threads` threads; the W never fall with more threads.

    A load that can only be switched on and off has a single thread.
    """

    watts: tuple[float, ...]
    """W of the whole computer; the first is its idle power."""
    hashrates: tuple[float, ...] | None = None
    """H/s; None for a load whose hashrate is not known."""
    is_rated: bool = True
    """Whether these H/s are known, rather than only how they compare."""

    @classmethod
    def from_model(cls, model: PowerModel) -> Self | None:
        """Return the curve of a model; None while its watts are not known.

        Without any hashrate each thread is taken to hash the same.
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
        """Return how many threads there are in all."""
        return len(self.watts) - 1

    @property
    def idle(self) -> float:
        """Return what the computer draws at rest, in W."""
        return self.watts[0]

    @cached_property
    def mining(self) -> tuple[float, ...]:
        """Return what each number of threads draws on top of the idle power, in W."""
        return tuple(max(0.0, watts - self.idle) for watts in self.watts)

    @property
    def full(self) -> float:
        """Return what all threads draw on top of the idle power, in W."""
        return self.mining[-1]

    def hashrate(self, threads: int) -> float:
        """Return the H/s with some threads; 0 where that is not known."""
        return self.hashrates[threads] if self.hashrates else 0

    def threads_within(self, watts: float) -> int:
        """Return the most threads that draw up to some W on top of the idle power."""
        return max(0, bisect_right(self.mining, watts) - 1)

    @cached_property
    def _hulls(self) -> dict[tuple[int, int], tuple[Segment, ...]]:
        return {}

    def hull(self, first: int, last: int) -> tuple[Segment, ...]:
        """Return the upper concave hull of H/s over W between two numbers of threads.

        Its gains fall from segment to segment.
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
        # A thread that seems to draw nothing is still not worth infinitely much.
        watts = max(self.mining[last] - self.mining[first], 0.1)
        hashes = self.hashrate(last) - self.hashrate(first)
        gain = hashes / watts
        rank = -round(math.log(gain) * 100) if gain > 0 else 10**9
        return Segment(first, last, gain, rank)
