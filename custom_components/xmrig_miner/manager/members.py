"""Members of the budget: the state of each, and the commands sent to it."""

from dataclasses import dataclass, field, replace
import math
from typing import Self

from .curve import Curve
from .heat import HeatCap
from .sleep_rules import SleepRules

PENDING = 60
"""Seconds after which a command without a result counts as lost."""

OFFLINE_KEPT = 60
"""Seconds for which a member that went offline is assumed to draw its last power."""

FAILURES = 2
"""Failed commands in a row after which a member is left out."""

LEFT_OUT = 300
"""Seconds for which a member is left out."""

FIRST_SHARE = 0.25
"""Share of its threads that the surplus has to cover before a member is woken: a single
thread is not worth it."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """The current state of a miner, from its coordinator."""

    id: str
    curve: Curve | None = None
    """None while its power is unknown: it takes no part unless its power can be
    learned."""
    size: int | None = None
    """Total threads, if its power is learned from the house meter because no plug shows
    it, or none has shown it at rest yet; None otherwise."""
    is_learning: bool = False
    """Whether its power is still to be learned from steps of its threads."""
    lacks_counts: bool = False
    """Whether that takes steps of other numbers of threads than before."""
    algorithm: str | None = None
    """Hashrates are comparable only within one algorithm."""
    threads: int | None = None
    """Threads that hash, 0 at rest; for an on/off load 1 or 0. None while unknown."""
    is_online: bool = True
    is_steerable: bool = True
    """False if it is not managed, switched off by the user, paused for a time or
    calibrating, or if its last replies were not enough to change its threads. It is left
    alone, but its power counts."""
    missing: tuple[int, ...] = ()
    """Numbers of threads that are to be measured and were not yet."""
    max_threads: int | None = None
    """The user's thread cap; None without a cap."""
    max_watts: float | None = None
    """The user's power limit, in W of the whole computer; None without a limit."""
    temperature: float | None = None
    """°C; None without a sensor, or while unknown."""
    max_temperature: float | None = None
    """°C; None without a maximum."""
    priority: int = 0
    """Members with a higher priority are served first."""
    settle: float = 15
    """Seconds after a change until it counts as settled and may get more threads."""
    plug_watts: float | None = None
    """W reported by its plug; None without one."""
    sleep: SleepRules | None = None
    """How it may sleep; None if it is always on."""

    @property
    def counted_idle(self) -> float:
        """Return the part of its idle power that counts as mining, in W.

        A member that is always on draws its idle power anyway.
        """
        return self.curve.idle if self.curve and self.sleep else 0

    @property
    def need(self) -> float | None:
        """Return the W of its idle power and first threads; 0 if it may not mine.

        None while unknown.
        """
        if self.curve is None:
            return None
        if not (ceiling := self.ceiling):
            return 0
        return self.curve.watts[max(1, round(ceiling * FIRST_SHARE))]

    @property
    def is_hot(self) -> bool:
        """Return whether its temperature is above the maximum."""
        return (
            self.temperature is not None
            and self.max_temperature is not None
            and self.temperature > self.max_temperature
        )

    @property
    def ceiling(self) -> int:
        """Return the most threads that the user allows."""
        if self.curve is None:
            return 0
        ceiling = self.curve.threads
        if self.max_threads is not None:
            ceiling = min(ceiling, self.max_threads)
        if self.max_watts is not None and self.max_watts < self.curve.watts[-1]:
            fitting = self.curve.threads_within(self.max_watts - self.curve.idle)
            ceiling = min(ceiling, fitting)
        return max(0, ceiling)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the manager remembers about a member."""

    wanted: int | None = None
    """Commanded threads that the member does not show yet; None once it does."""
    changed_at: float = -math.inf
    """When its threads were last commanded."""
    rested_since: float | None = None
    """Since when it rests; None while it mines."""
    failures: int = 0
    left_out_until: float = -math.inf
    offline_since: float | None = None
    draw: float = 0
    """W that mining drew when it was last online, plus its idle power if counted."""
    heat: HeatCap = field(default_factory=HeatCap)

    def seen(self, member: Member, now: float) -> Self:
        """Return the record updated with the current state of the member."""
        record = self
        if member.threads == self.wanted or now - self.changed_at > PENDING:
            record = replace(record, wanted=None)
        if not member.is_online:
            return replace(
                record,
                wanted=None,
                offline_since=now if self.offline_since is None else self.offline_since,
            )
        threads = record.threads(member)
        rested_since = now if self.rested_since is None else self.rested_since
        return replace(
            record,
            offline_since=None,
            rested_since=None if threads else rested_since,
            draw=member.counted_idle
            + (member.curve.mining[threads] if member.curve else 0),
            heat=record.heat.updated(
                now,
                threads=threads,
                full=member.curve.threads if member.curve else 0,
                temperature=member.temperature,
                maximum=member.max_temperature,
            ),
        )

    def threads(self, member: Member) -> int:
        """Return the threads that the member runs, or is about to run."""
        threads = member.threads if self.wanted is None else self.wanted
        full = member.curve.threads if member.curve else 0
        return min(max(threads or 0, 0), full)

    def commanded(self, threads: int, now: float) -> Self:
        """Return the record after a number of threads was commanded."""
        return replace(self, wanted=threads, changed_at=now)

    def with_result(self, *, ok: bool, now: float) -> Self:
        """Return the record after a command succeeded or failed.

        After a success, the state that the member shows is up to date.
        """
        if ok:
            return replace(self, wanted=None, failures=0)
        failures = self.failures + 1
        if failures < FAILURES:
            return replace(self, wanted=None, failures=failures)
        return replace(self, wanted=None, failures=0, left_out_until=now + LEFT_OUT)

    def current_draw(self, member: Member, now: float) -> float:
        """Return the mining power of a member, in W, plus its idle power if counted.

        While the member is offline, this is what its plug reports; without a plug it is
        the last known power for a minute, then 0.
        """
        if self.offline_since is None:
            return self.draw
        if member.plug_watts is not None:
            idle = (member.curve or _NOTHING).idle - member.counted_idle
            return max(0.0, member.plug_watts - idle)
        return self.draw if now - self.offline_since < OFFLINE_KEPT else 0

    def is_held(self, member: Member, now: float) -> bool:
        """Return whether power is reserved for a member that just went offline."""
        return (
            self.offline_since is not None
            and member.plug_watts is None
            and now - self.offline_since < OFFLINE_KEPT
        )


_NOTHING = Curve((0.0, 0.0))
