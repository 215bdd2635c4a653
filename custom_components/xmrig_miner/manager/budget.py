"""The power available to mining, from the meters and the draw of mining itself."""

from dataclasses import dataclass, replace
from itertools import pairwise
import math
from typing import Self

from .response import Response
from .sources import Meters, Reading

KEPT = 900
"""Seconds of history to keep: longer than the lag of any meter."""


POLL = 10
"""Seconds that a step may go unnoticed."""


@dataclass(frozen=True)
class History:
    """The modelled draw of mining over time, as steps of start time and W."""

    steps: tuple[tuple[float, float], ...] = ()
    noticed_at: float = -math.inf
    """When a step that was not commanded was last noticed; it started before that."""

    def with_draw(self, now: float, watts: float) -> Self:
        """Return the history with a draw of `watts` from `now` on."""
        steps = self.steps
        if not steps:
            return replace(self, steps=((-math.inf, watts),))
        if steps[-1][1] == watts:
            return self
        if steps[-1][0] >= now:
            steps = steps[:-1]
        # The last step before the window gives the draw at the start of it.
        first = max(
            (place for place, step in enumerate(steps) if step[0] <= now - KEPT),
            default=0,
        )
        return replace(self, steps=(*steps[first:], (now, watts)))

    def noticed(self, now: float, watts: float) -> Self:
        """Return the history after mining was found to draw `watts`."""
        history = self.with_draw(now, watts)
        is_new = self.steps and history is not self
        return replace(history, noticed_at=now) if is_new else history

    def shifted(self, watts: float) -> Self:
        """Return the history with `watts` more throughout, after members changed."""
        return replace(self, steps=tuple((at, old + watts) for at, old in self.steps))

    @property
    def changed_at(self) -> float:
        """Return when the draw last changed."""
        return self.steps[-1][0] if len(self.steps) > 1 else -math.inf

    def largest_step(self, since: float, until: float, lasting: float = 0) -> float:
        """Return the largest change of the draw between two times, in W.

        The change is relative to the draw just before `since`. Steps that lasted less
        than `lasting` seconds are ignored.
        """
        before = self.at(math.nextafter(since, -math.inf))
        ends = [at for at, _ in self.steps[1:]] + [math.inf]
        return max(
            (
                abs(watts - before)
                for (at, watts), end in zip(self.steps, ends, strict=False)
                if since <= at <= until and end - at >= lasting
            ),
            default=0,
        )

    def at(self, moment: float) -> float:
        """Return the draw at a point in time, in W."""
        watts = self.steps[0][1] if self.steps else 0.0
        for begin, value in self.steps:
            if begin > moment:
                break
            watts = value
        return watts

    def mean(self, begin: float, end: float) -> float:
        """Return the mean draw between two points in time, in W."""
        if end <= begin:
            return self.at(end)
        inside = [at for at, _ in self.steps if begin < at < end]
        total = sum(
            self.at(left) * (right - left)
            for left, right in pairwise([begin, *inside, end])
        )
        return total / (end - begin)

    def seen(self, reading: Reading, response: Response) -> Seen:
        """Return the range of mining power that a reading may include, in W."""
        averaging = response.averaging
        first = reading.since - response.latest
        last = reading.at - response.earliest
        if reading.at >= self.noticed_at - POLL:
            last = max(last, self.noticed_at + averaging)
        ends = [first, last]
        for at, _ in self.steps:
            # At a step, and once the mean includes all of it
            ends += [at, at + averaging]
        means = [
            self.mean(end - averaging, end) for end in ends if first <= end <= last
        ]
        return Seen(min(means), max(means))


@dataclass(frozen=True)
class Seen:
    """The range of mining power included in a meter reading, in W."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Available:
    """The power that would be left over without mining, in W."""

    low: float
    high: float
    """Upper bound; the two differ because the meter may lag behind recent steps."""
    reading: Reading

    @property
    def middle(self) -> float:
        """Return the best estimate, in W."""
        return (self.low + self.high) / 2


def available(meters: Meters, history: History, response: Response) -> Available | None:
    """Return the power that would be left over without mining; None if unknown.

    Power that charges the battery counts as left over, power from the battery does not.
    """
    reading = bought(meters)
    if reading is None:
        return None
    seen = history.seen(reading, response)
    return Available(
        low=seen.low - reading.watts, high=seen.high - reading.watts, reading=reading
    )


def bought(meters: Meters) -> Reading | None:
    """Return the power bought, battery discharge included; None if unknown."""
    reading = meters.grid
    if reading is None or not meters.has_battery:
        return reading
    if meters.battery is None:
        return None
    # Mining may use the power that charges the battery.
    return reading.plus(replace(meters.battery, watts=-meters.battery.watts))
