"""Household loads that cycle: what was switched off, and how soon it returned.

An oven, a hob, an iron or a washing machine switches on and off repeatedly. If mining
followed each time, it would buy power whenever the load returns. So each rise of the
power left over counts as a load that was switched off, and each drop of the same size
as its return. How long loads of that size stayed off before gives the probability that
this one returns before the next reading.
"""

from dataclasses import dataclass, replace
import math
from typing import Any, Self

from ..api.models.values import number, stored

STEP = 150
"""Smallest step in W that counts as a load."""

OWN_STEP = 0.3
"""Share of a mining step that may be a modelling error rather than a load."""

ALIKE = 0.05
"""Share by which two steps of the same load may differ."""

GONE = 300
"""Seconds after which a load that is still off is no longer expected to return."""

REMEMBERED = 300
"""Number of loads to remember."""

RECENT = 1200
"""Seconds in which a memory loses most of its weight: an oven that returned a minute
ago will probably do so again."""

LASTING = 0.1
"""Weight that an old memory keeps."""

UNKNOWN = 0.02
"""Prior probability of a return."""

PRIOR = 4
"""Weight of it, in remembered loads: a single old one proves little."""

SPREAD = 0.15
"""Share by which the time that a load stays off may vary."""

APART = 10
"""Minimum seconds between two readings, so that a step is complete in one of them."""

LONGEST = 60
"""Maximum seconds to look ahead."""

MAX_WATTS = 1_000_000
"""Largest step that counts as a load: a meter may show anything for a moment."""


@dataclass(frozen=True)
class Rest:
    """A load that is switched off now."""

    watts: float
    since: float


@dataclass(frozen=True)
class Spell:
    """How long a load had been off when it returned."""

    watts: float
    seconds: float
    """Infinite if it did not return."""
    at: float = -math.inf
    """When it returned; minus infinity if that was before a restart."""

    def weight(self, now: float) -> float:
        """Return its weight, which decays with age."""
        return LASTING + math.exp((self.at - now) / RECENT)


@dataclass(frozen=True)
class Household:
    """The remembered loads, and those that are off now."""

    spells: tuple[Spell, ...] = ()
    rests: tuple[Rest, ...] = ()
    at: float = -math.inf
    """When the last reading was taken."""
    left: float = 0
    """W left over without mining at that reading."""
    mined: float = 0
    """W that mining drew at that reading."""
    interval: float = APART
    """Seconds between the last two readings."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the household from the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        return cls(
            tuple(
                Spell(
                    stored(watts, _watts),
                    math.inf if seconds is None else stored(seconds, _seconds_off),
                )
                for watts, seconds in data
            )
        )

    def as_json(self) -> list[list[float | None]]:
        """Return the remembered loads as JSON values."""
        return [
            [
                round(spell.watts, 1),
                None if math.isinf(spell.seconds) else round(spell.seconds, 1),
            ]
            for spell in self.spells
        ]

    def seen(self, at: float, left: float, mined: float) -> Self:
        """Return the household after a reading.

        `left` is the power left over without mining, `mined` what mining drew, in W.
        """
        if at - self.at < APART:
            return self
        step = left - self.left
        seen = replace(self, at=at, left=left, mined=mined)
        if math.isinf(self.at):
            return seen
        seen = replace(seen, interval=min(at - self.at, LONGEST)).without_gone(at)
        least = max(STEP, OWN_STEP * abs(mined - self.mined))
        if not least <= abs(step) <= MAX_WATTS:
            return seen
        if step > 0:
            return replace(seen, rests=(*seen.rests, Rest(step, at)))
        return seen.returned(-step, at)

    def returned(self, watts: float, at: float) -> Self:
        """Return the household after a load of `watts` was switched on."""
        rest = min(
            self.rests,
            key=lambda rest: abs(rest.watts - watts) / rest.watts,
            default=None,
        )
        # The error of both steps, off and on, counts
        if rest is None or abs(rest.watts - watts) > 2 * ALIKE * rest.watts:
            return self
        spell = Spell(rest.watts, at - rest.since, at)
        rests = tuple(other for other in self.rests if other is not rest)
        return replace(self, rests=rests).with_spells(spell)

    def without_gone(self, at: float) -> Self:
        """Return the household with loads that have been off for too long as gone."""
        gone = [rest for rest in self.rests if at - rest.since > GONE]
        if not gone:
            return self
        rests = tuple(rest for rest in self.rests if rest not in gone)
        spells = [Spell(rest.watts, math.inf, at) for rest in gone]
        return replace(self, rests=rests).with_spells(*spells)

    def with_spells(self, *spells: Spell) -> Self:
        """Return the household with more spells, dropping the oldest."""
        return replace(self, spells=(*self.spells, *spells)[-REMEMBERED:])

    def chance(self, rest: Rest, now: float) -> float:
        """Return the probability that a load returns before the next reading."""
        age = now - rest.since
        earliest = age * (1 - SPREAD) - 1
        latest = age * (1 + SPREAD) + self.interval + 1
        known, back = float(PRIOR), PRIOR * UNKNOWN
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
        """Return the W to keep free, so that buying is no more likely than `odds`.

        Keeping as much free as the largest load that is off carries no risk. Keeping
        less risks the return of every larger load. None as `odds` accepts any risk.
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


def _seconds_off(value: Any) -> float | None:
    seconds = number(value)
    # Earlier versions waited for ten minutes
    return math.inf if seconds is not None and seconds > GONE else seconds
