"""How the meter responds to a step of mining, learned from the steps themselves.

The power left over without mining does not change when mining does. So the right lag
and averaging are those for which the readings, corrected for the draw of mining, change
least around each step.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, Self

from ..api.models.values import integer, number, stored

LAGS = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
"""Candidates for the lag of a meter, in seconds."""

AVERAGINGS = (0, 10, 20, 30, 45, 60)
"""Candidates for the averaging window of a meter, in seconds."""

BEFORE = 1
"""Added to the lag, in seconds: the earliest that a reading may show a step."""

AFTER = 5
"""Added to the lag, in seconds: the latest, because a command takes time."""

EFFECT = 2
"""Seconds from a command to its effect; the lag comes on top."""

LEAST_STEP = 15
"""Smallest step in W to learn from."""

WEIGHT = 120
"""Number of readings over which the costs are averaged."""

ENOUGH = 60
"""Number of readings after steps before a learned response is used. Loads of the house
that cycle make a wrong one look better for a while, most of all while the power of the
miners is not known."""

BETTER = 0.8
"""Share of the current cost that another response has to undercut to replace it."""


@dataclass(frozen=True)
class Response:
    """How the meter responds to a change of the draw."""

    earliest: float = BEFORE
    """Minimum seconds from a command to a reading that shows it."""
    latest: float = AFTER
    """Maximum seconds from a command to a reading that shows it."""
    averaging: float = 0
    """Seconds over which the meter averages."""

    @classmethod
    def of(cls, lag: float, averaging: float) -> Self:
        """Return the response for a lag and an averaging window, in seconds."""
        return cls(lag + BEFORE, lag + AFTER, averaging)


CANDIDATES = tuple((lag, averaging) for averaging in AVERAGINGS for lag in LAGS)
DEFAULT = CANDIDATES.index((0, 0))
LONGEST = max(LAGS) + max(AVERAGINGS) + AFTER
"""Seconds after which any meter shows the whole step."""


@dataclass(frozen=True)
class Drawn:
    """The draw of mining, integrated over time."""

    steps: Sequence[tuple[float, float]]
    """Start time and W of each step; the first holds for all time before."""

    @cached_property
    def _times(self) -> list[float]:
        return [at for at, _ in self.steps[1:]]

    @cached_property
    def _sums(self) -> list[float]:
        """Return the energy from the first change to each change, in Ws."""
        parts = (
            (end - begin) * watts
            for (begin, watts), (end, _) in pairwise(self.steps[1:])
        )
        return list(accumulate(parts, initial=0.0))

    def _energy(self, moment: float) -> float:
        place = bisect_right(self._times, moment)
        if place == 0:
            return (moment - self._times[0]) * self.steps[0][1]
        since, watts = self.steps[place]
        return self._sums[place - 1] + (moment - since) * watts

    def mean(self, end: float, seconds: float) -> float:
        """Return the mean W over the given seconds before `end`."""
        if seconds <= 0:
            return self.steps[bisect_right(self._times, end)][1]
        return (self._energy(end) - self._energy(end - seconds)) / seconds


@dataclass(frozen=True)
class Learned:
    """How well each candidate response fits the meter."""

    costs: tuple[float, ...] = (0.0,) * len(CANDIDATES)
    """Mean change of the power left over between readings for each candidate, in W."""
    count: int = 0
    """Number of readings after steps, up to `WEIGHT`."""
    used: int = DEFAULT
    """Index of the candidate in use."""
    before: tuple[float, ...] | None = field(default=None, repr=False)
    """Power left over at the last reading for each candidate, in W."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return what was learned from the output of `as_json`.

        Starts over if the number of candidates has changed.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        costs = tuple(stored(cost, number) for cost in data["costs"])
        if len(costs) != len(CANDIDATES):
            return cls()
        return cls(
            costs,
            stored(data["count"], integer),
            stored(data["used"], lambda used: integer(used, len(CANDIDATES) - 1)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            "costs": [round(cost, 3) for cost in self.costs],
            "count": self.count,
            "used": self.used,
        }

    @property
    def lag(self) -> int:
        """Return the lag of the meter, in seconds."""
        return CANDIDATES[self.used][0]

    @property
    def averaging(self) -> int:
        """Return the averaging window of the meter, in seconds."""
        return CANDIDATES[self.used][1]

    @property
    def response(self) -> Response:
        """Return the response in use."""
        return Response.of(self.lag, self.averaging)

    def seen(
        self, at: float, watts: float, steps: Sequence[tuple[float, float]]
    ) -> Self:
        """Return what was learned after the meter showed `watts` bought at `at`.

        `steps` is the draw of mining, as start time and W of each step.
        """
        recent = [
            abs(new - old)
            for (_, old), (since, new) in pairwise(steps)
            if at - LONGEST <= since < at
        ]
        largest = max(recent, default=0)
        if largest < LEAST_STEP:
            return replace(self, before=None)
        drawn = Drawn(steps)
        left = tuple(
            drawn.mean(at - EFFECT - lag, averaging) - watts
            for lag, averaging in CANDIDATES
        )
        if self.before is None:
            return replace(self, before=left)
        # Cap the influence of other loads: a kettle is no evidence about the meter
        costs = [
            min(abs(new - old), largest)
            for new, old in zip(left, self.before, strict=True)
        ]
        if max(costs) - min(costs) < LEAST_STEP:
            return replace(self, before=left)
        count = min(self.count + 1, WEIGHT)
        costs = [
            old + (new - old) / count
            for new, old in zip(costs, self.costs, strict=True)
        ]
        used = self.used
        best = min(range(len(costs)), key=costs.__getitem__)
        if count >= ENOUGH and costs[best] < BETTER * costs[used]:
            used = best
        return replace(self, costs=tuple(costs), count=count, used=used, before=left)
