"""The power that mining may draw, from what the meters show and what mining draws."""

from dataclasses import dataclass, replace
from itertools import pairwise
import math
from typing import Self

from .response import Response
from .sources import Meters, Reading

KEPT = 900
"""Seconds of mining that are remembered: more than any meter lags."""


POLL = 10
"""Seconds for which a step can have been there until it is noticed."""


@dataclass(frozen=True)
class History:
    """What mining drew by the model, in W, each with the time from which on."""

    steps: tuple[tuple[float, float], ...] = ()
    noticed_at: float = -math.inf
    """When a step was noticed last that was not commanded, and so was there before."""

    def with_draw(self, now: float, watts: float) -> Self:
        """Return the history once mining draws some W."""
        steps = self.steps
        if not steps:
            return replace(self, steps=((-math.inf, watts),))
        if steps[-1][1] == watts:
            return self
        if steps[-1][0] >= now:
            steps = steps[:-1]
        # The last step before the remembered time tells what was drawn from then on.
        first = max(
            (place for place, step in enumerate(steps) if step[0] <= now - KEPT),
            default=0,
        )
        return replace(self, steps=(*steps[first:], (now, watts)))

    def noticed(self, now: float, watts: float) -> Self:
        """Return the history once mining is found to draw some W."""
        history = self.with_draw(now, watts)
        is_new = self.steps and history is not self
        return replace(history, noticed_at=now) if is_new else history

    def shifted(self, watts: float) -> Self:
        """Return the history with other members, which always drew so much more."""
        return replace(self, steps=tuple((at, old + watts) for at, old in self.steps))

    @property
    def changed_at(self) -> float:
        """Return when the draw changed last."""
        return self.steps[-1][0] if len(self.steps) > 1 else -math.inf

    def largest_step(self, since: float, until: float, lasting: float = 0) -> float:
        """Return by how many W the draw was another one between two moments at most.

        Steps that did not last some seconds are left out.
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
        """Return what was drawn at a moment, in W."""
        watts = self.steps[0][1] if self.steps else 0.0
        for begin, value in self.steps:
            if begin > moment:
                break
            watts = value
        return watts

    def mean(self, begin: float, end: float) -> float:
        """Return what was drawn on average between two moments, in W."""
        if end <= begin:
            return self.at(end)
        inside = [at for at, _ in self.steps if begin < at < end]
        total = sum(
            self.at(left) * (right - left)
            for left, right in pairwise([begin, *inside, end])
        )
        return total / (end - begin)

    def seen(self, reading: Reading, response: Response) -> Seen:
        """Return what a reading can show of mining, in W."""
        averaging = response.averaging
        first = reading.since - response.latest
        last = reading.at - response.earliest
        if reading.at >= self.noticed_at - POLL:
            last = max(last, self.noticed_at + averaging)
        ends = [first, last]
        for at, _ in self.steps:
            # Just before a step, and once it is in the mean as a whole
            ends += [math.nextafter(at, -math.inf), at, at + averaging]
        means = [
            self.mean(end - averaging, end) for end in ends if first <= end <= last
        ]
        return Seen(min(means), max(means))


@dataclass(frozen=True)
class Seen:
    """What a meter shows of mining is between these, in W."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Available:
    """What would be left over if nothing were mined, in W."""

    low: float
    high: float
    """It is between these: the meter may not have seen the last steps yet."""
    reading: Reading

    @property
    def middle(self) -> float:
        """Return the best guess."""
        return (self.low + self.high) / 2


def available(meters: Meters, history: History, response: Response) -> Available | None:
    """Return what would be left over if nothing were mined; None if not known.

    What charges the battery is left over too, and what is taken out of it is not.
    """
    reading = bought(meters)
    if reading is None:
        return None
    seen = history.seen(reading, response)
    return Available(
        low=seen.low - reading.watts, high=seen.high - reading.watts, reading=reading
    )


def bought(meters: Meters) -> Reading | None:
    """Return what is bought, also from the battery; None if not known."""
    reading = meters.grid
    if reading is None or not meters.has_battery:
        return reading
    if meters.battery is None:
        return None
    # Charging is a use of power that mining may have instead.
    return reading.plus(replace(meters.battery, watts=-meters.battery.watts))
