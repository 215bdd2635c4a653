"""Loads of the house that come back: what was switched off, and how soon it returned.

An oven, a hob, an iron or a washing machine is on and off in turn. Mining that follows
each time buys its power whenever the load returns. So each step up of what is left over
counts as a load that was switched off, and each step down of the same size as its
return. How long loads of a size stayed off before tells the chance that this one is back
before the next reading.
"""

from dataclasses import dataclass, replace
import math
from typing import Any, Self

from ..api.models.values import number, stored

STEP = 150
"""W from which on a step is a load."""

OWN_STEP = 0.3
"""Share of a step of mining that may be wrong about it, and is no load."""

ALIKE = 0.08
"""Share by which two loads of a kind differ."""

GONE = 600
"""Seconds after which a load that is still off does not count as one that returns."""

REMEMBERED = 300
"""Loads that are remembered."""

RECENT = 1200
"""Seconds in which what is remembered loses most of its weight: the oven that returned a
minute ago returns again."""

LASTING = 0.1
"""Weight that remains."""

UNKNOWN = 0.02
"""The chance of a return while nothing is remembered, which counts as one load."""

SPREAD = 0.15
"""Share by which a load stays off for longer or shorter than before."""

APART = 10
"""Seconds that two readings are apart at least: a step has to be in one of them whole."""

LONGEST = 60
"""Seconds that are looked ahead at most."""

MAX_WATTS = 1_000_000


@dataclass(frozen=True)
class Rest:
    """A load that was switched off."""

    watts: float
    since: float


@dataclass(frozen=True)
class Spell:
    """How long a load had been off when it returned."""

    watts: float
    seconds: float
    """Infinite for one that did not return."""
    at: float = -math.inf
    """When that was; minus infinite before a restart."""

    def weight(self, now: float) -> float:
        """Return how much it counts."""
        return LASTING + math.exp((self.at - now) / RECENT)


@dataclass(frozen=True)
class Household:
    """What is remembered of the loads, and which of them are off."""

    spells: tuple[Spell, ...] = ()
    rests: tuple[Rest, ...] = ()
    at: float = -math.inf
    """When the last reading was taken."""
    left: float = 0
    """W that it left over beside mining."""
    mined: float = 0
    """W that were mined with then."""
    interval: float = APART
    """Seconds between the last two readings."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return what `as_json` returned.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        return cls(
            tuple(
                Spell(
                    stored(watts, _watts),
                    math.inf if seconds is None else stored(seconds, _seconds),
                )
                for watts, seconds in data
            )
        )

    def as_json(self) -> list[list[float | None]]:
        """Return what is remembered as JSON values."""
        return [
            [
                round(spell.watts, 1),
                None if math.isinf(spell.seconds) else round(spell.seconds, 1),
            ]
            for spell in self.spells
        ]

    def seen(self, at: float, left: float, mined: float) -> Self:
        """Return the memory once a reading left some W over, beside what is mined."""
        if at - self.at < APART:
            return self
        step = left - self.left
        seen = replace(self, at=at, left=left, mined=mined)
        if math.isinf(self.at):
            return seen
        seen = replace(seen, interval=min(at - self.at, LONGEST)).without_gone(at)
        if abs(step) < max(STEP, OWN_STEP * abs(mined - self.mined)):
            return seen
        if step > 0:
            return replace(seen, rests=(*seen.rests, Rest(step, at)))
        return seen.returned(-step, at)

    def returned(self, watts: float, at: float) -> Self:
        """Return the memory once a load of some W was switched on."""
        rest = min(
            self.rests,
            key=lambda rest: abs(rest.watts - watts) / rest.watts,
            default=None,
        )
        # Each of its two steps may be off by as much
        if rest is None or abs(rest.watts - watts) > 1.5 * ALIKE * rest.watts:
            return self
        spell = Spell(rest.watts, at - rest.since, at)
        rests = tuple(other for other in self.rests if other is not rest)
        return replace(self, rests=rests).with_spells(spell)

    def without_gone(self, at: float) -> Self:
        """Return the memory with loads that have been off for long as gone."""
        gone = [rest for rest in self.rests if at - rest.since > GONE]
        if not gone:
            return self
        rests = tuple(rest for rest in self.rests if rest not in gone)
        spells = [Spell(rest.watts, math.inf, at) for rest in gone]
        return replace(self, rests=rests).with_spells(*spells)

    def with_spells(self, *spells: Spell) -> Self:
        """Return the memory with more of it."""
        return replace(self, spells=(*self.spells, *spells)[-REMEMBERED:])

    def chance(self, rest: Rest, now: float) -> float:
        """Return the chance that a load is back before the next reading."""
        age = now - rest.since
        earliest = age * (1 - SPREAD) - 1
        latest = age * (1 + SPREAD) + self.interval + 1
        known, back = 1.0, UNKNOWN
        for spell in self.spells:
            if abs(spell.watts - rest.watts) > ALIKE * rest.watts:
                continue
            if spell.seconds > earliest:
                weight = spell.weight(now)
                known += weight
                if spell.seconds <= latest:
                    back += weight
        return back / known

    def held_back(self, odds: float | None, now: float) -> float:
        """Return the W to leave, so that the chance of buying is within some odds.

        The largest load of those that may return decides how much can be mined without
        any risk; each further W runs the risk of all loads that would not fit beside it.
        """
        if odds is None:
            return 0
        safe = 1.0
        for rest in sorted(self.rests, key=lambda rest: -rest.watts):
            safe *= 1 - self.chance(rest, now)
            if 1 - safe > odds:
                return rest.watts
        return 0


def _watts(value: Any) -> float | None:
    return number(value, MAX_WATTS)


def _seconds(value: Any) -> float | None:
    return number(value, GONE)
