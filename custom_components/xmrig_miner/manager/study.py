"""Learning the curves of members while there is surplus.

A number of threads that was never measured is held for a moment as soon as the surplus
feeds it. The member draws no more than it would draw anyway, so nothing is bought for
it, and less power ends it at once. One member is measured at a time, so that the meter
of the house shows its step alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Self

from .distribution import Load
from .members import Member, Record
from .watts import Watts

HOLD = 60
"""Seconds for which a number of threads is held: it settles for half of them."""

LEAST_SHARE = 0.5
"""Share of the threads that the surplus feeds: fewer would cost too many hashes, and
are measured when there is as little surplus."""

SWING_INTERVAL = 600
"""Minimum seconds between two swings, which cost hashes, and since the member was last
learned from: one whose other steps are clear needs none."""

STEADY = 60
"""Minimum seconds since the last change of a member that swings."""

MAX_SWINGS = 40
"""Swings after which the power of a member is left unknown, until a restart."""

PATIENCE = 300
"""Seconds after which a number of threads without a measurement is given up."""


@dataclass(frozen=True)
class Measuring:
    """A member and the threads with which it is measured."""

    member: str
    threads: int
    since: float
    is_swing: bool = False
    """Whether it is made for the step alone, as `Study` explains."""


@dataclass(frozen=True)
class Study:
    """The measurement that is under way, and those that were given up.

    A member without a plug whose power is not known yet swings now and then to its
    fewest threads and back, if all else is measured and its own changes do not show: the
    best member of several runs at full most of the time, and a small one is lost in the
    noise. It takes all threads because a step tells by the square of its size, and costs
    by its size; half of them if more steps between the same numbers of threads would tell
    nothing new. The others may not use what it leaves meanwhile, as the meter would show
    both together.
    """

    current: Measuring | None = None
    swung_at: float | None = None
    """When a member last swung, or the first decision was made."""
    swings: Mapping[str, int] = field(default_factory=dict)
    """How often each member swung."""
    given_up: frozenset[tuple[str, int]] = frozenset()
    """Members and threads that could not be measured, until a restart."""

    def updated(
        self,
        loads: Sequence[Load],
        threads: Mapping[str, int],
        members: Sequence[Member],
        records: Mapping[str, Record],
        now: float,
        watts: Watts,
    ) -> Self:
        """Return the study at `now`.

        `threads` is what the budget allows for each of the loads, and `watts` what the
        meter has shown of their steps.
        """
        missing = {member.id: member.missing for member in members}
        study = self._continued(threads, missing, now, watts.unseen)
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
        if options:
            # What costs the fewest threads comes first
            return replace(study, current=min(options)[-1])
        if study.swung_at is None:
            return replace(study, swung_at=now)
        learning = {member.id: member for member in members if member.is_learning}
        candidates = [
            load
            for load in loads
            if load.id in learning
            and load.is_settled
            and load.threads == threads[load.id] > load.floor
            and now - records[load.id].changed_at >= STEADY
            and now - watts.taught_at.get(load.id, -inf) >= SWING_INTERVAL
            and study.swings.get(load.id, 0) < MAX_SWINGS
        ]
        if now - study.swung_at < SWING_INTERVAL or not candidates:
            return study
        load = min(candidates, key=lambda load: study.swings.get(load.id, 0))
        least = load.floor
        if learning[load.id].lacks_counts:
            least = (load.floor + load.threads) // 2
        return replace(
            study,
            current=Measuring(load.id, least, now, is_swing=True),
            swung_at=now,
            swings={**study.swings, load.id: study.swings.get(load.id, 0) + 1},
        )

    def bounded(
        self, loads: Sequence[Load], threads: Mapping[str, int]
    ) -> Sequence[Load]:
        """Return loads with no more threads than a measurement allows.

        `threads` is what the budget allows for each of the loads.
        """
        current = self.current
        if current is None:
            return loads
        return [
            replace(load, ceiling=current.threads)
            if load.id == current.member
            else replace(load, ceiling=threads[load.id])
            if current.is_swing
            else load
            for load in loads
        ]

    def is_planned(self, later: Study, member: str, *, is_more: bool) -> bool:
        """Return whether a step of a member was made by a swing, and not by the meter.

        `later` is the study after the decision on the step.
        """
        swing = (self if is_more else later).current
        return (
            swing is not None
            and swing.is_swing
            and swing.member == member
            and self.current != later.current
        )

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
        unseen: Collection[str],
    ) -> Self:
        """Return the study without a measurement that is over or no longer fed."""
        current = self.current
        if current is None:
            return self
        is_fed = threads.get(current.member, 0) >= current.threads
        over = replace(self, current=None)
        if current.is_swing:
            is_over = current.member not in unseen or now - current.since >= HOLD
            return over if is_over or not is_fed else self
        is_missing = current.threads in missing.get(current.member, ())
        if is_fed and now - current.since < (PATIENCE if is_missing else HOLD):
            return self
        if not is_fed or not is_missing:
            return over
        return replace(
            over, given_up=self.given_up | {(current.member, current.threads)}
        )
