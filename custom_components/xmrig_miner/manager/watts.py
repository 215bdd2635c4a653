"""The power of a miner without a plug, learned from the meter of the house.

Each change of its threads is a step whose size in threads is known. The meter shows the
size in W, along with everything else that happens in the house at that time. Many steps
together isolate the miner: see `fit`.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Self

from ..api.models.values import stored, thread_number
from .curve import Curve
from .response import Response
from .steps import Known, Sample, Screen, Shown, Step
from .watts_fit import Fit, fit

KEPT = 80
"""Number of steps to remember for each miner."""

ENOUGH = 6
"""Number of steps required before they are used."""

SURE = 0.1
"""Maximum relative standard error of the power of all threads for it to be used."""

LEARNED = 0.05
"""Maximum of that error for no more steps to be made to learn it."""

ASSUMED = 12
"""W of a thread while nothing is known."""

USUAL_NOISE = 20
"""W by which a step may be off of which that is not known."""

ROUGH = 0.3
"""Relative error of the power that is assumed or entered by the user."""

MAX_WATTS = 100_000


@dataclass(frozen=True)
class Draw:
    """The learned power of the threads of a miner."""

    samples: tuple[Sample, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the draw from the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        samples = (_sample(*sample) for sample in data)
        return cls(tuple(each for each in samples if each.before != each.after))

    def as_json(self) -> list[list[float]]:
        """Return the samples as JSON values."""
        return [
            [*sample[:2], round(sample.watts, 1), round(sample.noise, 1)]
            for sample in self.samples
        ]

    def with_sample(self, sample: Sample) -> Self:
        """Return the draw with another sample, dropping the oldest."""
        return replace(self, samples=(*self.samples, sample)[-KEPT:])

    def fit(self, threads: int) -> Fit | None:
        """Return the power of 0 to `threads` threads; None with too few steps."""
        return fit(self.samples, threads) if len(self.samples) >= ENOUGH else None


@dataclass(frozen=True)
class Watts:
    """The learned power of all miners, and the steps that the meter has yet to show."""

    draws: Mapping[str, Draw] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    shown: tuple[Shown, ...] = ()
    """The readings of the last few minutes."""
    taught_at: Mapping[str, float] = field(default_factory=dict)
    """When each member was last learned from."""

    def stepped(self, steps: Iterable[Step]) -> Self:
        """Return the watts with new steps that the meter has yet to show."""
        return replace(self, steps=(*self.steps, *steps))

    def of(self, members: Container[str]) -> Self:
        """Return the watts without what was learned of other members: they are gone."""
        draws = {id_: draw for id_, draw in self.draws.items() if id_ in members}
        return replace(self, draws=draws)

    def failed(self, member: str) -> Self:
        """Return the watts without the steps of a member whose command failed."""
        steps = tuple(
            step for step in self.steps if step.member != member or step.is_seen
        )
        return replace(self, steps=steps)

    @property
    def unseen(self) -> frozenset[str]:
        """Return the members with steps that the meter has yet to show."""
        return frozenset(step.member for step in self.steps if not step.is_seen)

    def seen(
        self,
        at: float,
        watts: float,
        response: Response,
        known: Mapping[str, Known],
    ) -> Self:
        """Return the watts after the meter showed `watts` bought at `at`.

        `known` is what is known about the power of each member.
        """
        screen = Screen((*self.shown, Shown(at, watts)), self.steps, response, known)
        oldest = at - 2 * screen.span
        draws, taught_at = dict(self.draws), dict(self.taught_at)
        seen: set[Step] = set()
        for steps, observations in screen.observations():
            seen.update(steps)
            for member, sample, is_clear in observations:
                if is_clear and _can_be_stored(sample):
                    draws[member] = draws.get(member, Draw()).with_sample(sample)
                    taught_at[member] = at
        return replace(
            self,
            draws=draws,
            taught_at=taught_at,
            steps=tuple(
                step._replace(is_seen=step.is_seen or step in seen)
                for step in self.steps
                if step.at >= oldest
            ),
            shown=tuple(old for old in screen.shown if old.at >= oldest),
        )

    def fit(self, member: str, threads: int) -> Fit | None:
        """Return the learned power of a miner; None with too few steps."""
        return _fit(self.draws.get(member, Draw()), threads)


@lru_cache(maxsize=512)
def _fit(draw: Draw, threads: int) -> Fit | None:
    return draw.fit(threads)


@lru_cache(maxsize=512)
def curve_with(found: Fit | None, curve: Curve | None, threads: int) -> Curve:
    """Return the curve of a miner with the learned power of its threads, if accurate.

    If its power is unknown, one is assumed. Otherwise the miner would never be started,
    and there would be no steps to learn from.
    """
    if found is not None and found.error <= (SURE if curve else ROUGH):
        mining = found.mining
    elif curve is not None:
        return curve
    else:
        mining = tuple(float(ASSUMED * count) for count in range(threads + 1))
    if curve is None:
        return Curve(mining, tuple(map(float, range(threads + 1))))
    return Curve(tuple(curve.idle + watts for watts in mining), curve.hashrates)


def _sample(before: Any, after: Any, watts: Any, noise: Any = USUAL_NOISE) -> Sample:
    """Return a stored step; earlier versions did not store its noise.

    Raises ValueError if a value is not valid.
    """
    return Sample(
        stored(before, thread_number),
        stored(after, thread_number),
        stored(watts, _watts),
        stored(noise, _noise),
    )


def _can_be_stored(sample: Sample) -> bool:
    """Return whether a sample would be read again: a meter may show anything."""
    return _watts(sample.watts) is not None and _noise(sample.noise) is not None


def _watts(value: Any) -> float | None:
    """Return a power of either sign; None if the value is not valid."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= MAX_WATTS else None


def _noise(value: Any) -> float | None:
    """Return a power above 0; None if the value is not valid."""
    watts = _watts(value)
    return watts if watts is not None and watts > 0 else None
