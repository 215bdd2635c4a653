"""Learning the curves of members while there is surplus.

A number of threads that was never measured is held for a moment as soon as the surplus
feeds it. The member draws no more than it would draw anyway, so nothing is bought for
it, and less power ends it at once. One member is measured at a time, so that the meter
of the house shows its step alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from .distribution import Load
from .members import Member

HOLD = 60
"""Seconds for which a number of threads is held: it settles for half of them."""

LEAST_SHARE = 0.5
"""Share of the threads that the surplus feeds: fewer would cost too many hashes, and
are measured when there is as little surplus."""

PATIENCE = 300
"""Seconds after which a number of threads without a measurement is given up."""


@dataclass(frozen=True)
class Measuring:
    """A member and the threads with which it is measured."""

    member: str
    threads: int
    since: float


@dataclass(frozen=True)
class Study:
    """The measurement that is under way, and those that were given up."""

    current: Measuring | None = None
    given_up: frozenset[tuple[str, int]] = frozenset()
    """Members and threads that could not be measured, until a restart."""

    def updated(
        self,
        loads: Sequence[Load],
        threads: Mapping[str, int],
        members: Iterable[Member],
        now: float,
    ) -> Self:
        """Return the study at `now`.

        `threads` is what the budget allows for each of the loads.
        """
        missing = {member.id: member.missing for member in members}
        study = self._continued(threads, missing, now)
        if study.current is not None:
            return study
        options = [
            (threads[load.id] - count, place, Measuring(load.id, count, now))
            for place, load in enumerate(loads)
            if load.is_settled
            for count in missing[load.id]
            if LEAST_SHARE * threads[load.id] <= count <= threads[load.id]
            and (load.id, count) not in study.given_up
        ]
        # What costs the fewest threads comes first
        return replace(study, current=min(options)[-1] if options else None)

    def bounded(self, loads: Sequence[Load]) -> list[Load]:
        """Return loads, of which the one that is measured may have no more threads."""
        current = self.current
        return [
            replace(load, ceiling=current.threads)
            if current and load.id == current.member
            else load
            for load in loads
        ]

    def ends_at(self, now: float) -> float | None:
        """Return when to look at the measurement again; None without one."""
        if self.current is None:
            return None
        end = self.current.since + HOLD
        return end if end > now else self.current.since + PATIENCE

    def _continued(
        self,
        threads: Mapping[str, int],
        missing: Mapping[str, Sequence[int]],
        now: float,
    ) -> Self:
        """Return the study without a measurement that is over or no longer fed."""
        current = self.current
        if current is None:
            return self
        is_missing = current.threads in missing.get(current.member, ())
        is_fed = threads.get(current.member, 0) >= current.threads
        if is_fed and now - current.since < (PATIENCE if is_missing else HOLD):
            return self
        over = replace(self, current=None)
        if not is_fed or not is_missing:
            return over
        return replace(
            over, given_up=self.given_up | {(current.member, current.threads)}
        )
