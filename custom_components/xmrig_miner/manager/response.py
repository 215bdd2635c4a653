"""How the meter shows a step of mining, learned from the steps themselves.

What is left over beside mining does not change when mining does. So the lag and the
averaging that fit the meter are those with which the readings, less what mining drew by
them, change the least around each step.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, Self

from ..api.models.values import integer, number, stored

LAGS = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
"""Seconds that a meter may be late."""

AVERAGINGS = (0, 10, 20, 30, 45, 60)
"""Seconds that it may show the mean of."""

BEFORE = 1
"""Seconds by which a reading may show a step before the lag is over, and ..."""

AFTER = 5
"""... after it: a command takes its time."""

EFFECT = 2
"""Seconds from a command to its effect, which the lag comes on top of."""

LEAST_STEP = 15
"""W of a step from which on it teaches."""

WEIGHT = 120
"""Readings that the costs are the mean of."""

ENOUGH = 12
"""Readings after steps from which on what was learned is used."""

BETTER = 0.8
"""Share of the cost of what is used now that another response may have to replace it."""


@dataclass(frozen=True)
class Response:
    """How the meter shows what changes behind it."""

    earliest: float = BEFORE
    latest: float = AFTER
    """Seconds from a command to the reading that shows it, between these two."""
    averaging: float = 0
    """Seconds over which a reading is the mean."""

    @classmethod
    def of(cls, lag: float, averaging: float) -> Self:
        """Return the response of a meter by its lag and averaging in s."""
        return cls(lag + BEFORE, lag + AFTER, averaging)


CANDIDATES = tuple((lag, averaging) for averaging in AVERAGINGS for lag in LAGS)
DEFAULT = CANDIDATES.index((0, 0))
LONGEST = max(LAGS) + max(AVERAGINGS) + AFTER
"""Seconds after which any meter shows a step as a whole."""


@dataclass(frozen=True)
class Drawn:
    """What mining drew, integrated over time."""

    steps: Sequence[tuple[float, float]]
    """W, each with the time from which on; the first from ever."""

    @cached_property
    def _times(self) -> list[float]:
        return [at for at, _ in self.steps[1:]]

    @cached_property
    def _sums(self) -> list[float]:
        """Return the Ws from the first change to each one."""
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
        """Return the mean of the W in the seconds before a moment."""
        if seconds <= 0:
            return self.steps[bisect_right(self._times, end)][1]
        return (self._energy(end) - self._energy(end - seconds)) / seconds


@dataclass(frozen=True)
class Learned:
    """How well each response that a meter may have fits it."""

    costs: tuple[float, ...] = (0.0,) * len(CANDIDATES)
    """W by which what is left over changed from reading to reading by each of them."""
    count: int = 0
    """Readings after steps."""
    used: int = DEFAULT
    """The place of the response that is used."""
    before: tuple[float, ...] | None = field(default=None, repr=False)
    """What was left over by each of them at the last reading, in W."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return what `as_json` returned.

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
        """Return how late the meter is, in s."""
        return CANDIDATES[self.used][0]

    @property
    def averaging(self) -> int:
        """Return of how many s it shows the mean."""
        return CANDIDATES[self.used][1]

    @property
    def response(self) -> Response:
        """Return the response that fits."""
        return Response.of(self.lag, self.averaging)

    def seen(
        self, at: float, watts: float, steps: Sequence[tuple[float, float]]
    ) -> Self:
        """Return what is known once the meter showed some W that are bought.

        `steps` are what mining drew, each with the time from which on.
        """
        recent = [
            abs(new - old)
            for (_, old), (since, new) in pairwise(steps)
            if at - LONGEST <= since < at
        ]
        largest = max(recent, default=0)
        if largest < LEAST_STEP:
            return self if self.before is None else replace(self, before=None)
        drawn = Drawn(steps)
        left = tuple(
            drawn.mean(at - EFFECT - lag, averaging) - watts
            for lag, averaging in CANDIDATES
        )
        if self.before is None:
            return replace(self, before=left)
        # A kettle is no evidence, however many W it takes
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
