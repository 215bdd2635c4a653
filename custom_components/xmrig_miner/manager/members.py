"""The members of the budget: what is known of each, and what it is asked to do."""

from dataclasses import dataclass, field, replace
import math
from typing import Self

from .curve import Curve
from .heat import HeatCap
from .sleep_rules import SleepRules

PENDING = 60
"""Seconds after which a command without a result counts as lost."""

OFFLINE_KEPT = 60
"""Seconds for which a member that went offline is taken to draw what it drew last."""

FAILURES = 2
"""Commands in a row that fail until a member is left out."""

LEFT_OUT = 300
"""Seconds for which a member is left out."""

FIRST_SHARE = 0.25
"""Share of its threads for which a member is woken: a single one is not worth it."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A miner as its coordinator shows it now."""

    id: str
    curve: Curve | None = None
    """None while nothing is known of its watts: it takes no part, unless they can be
    learned."""
    size: int | None = None
    """Threads in all, where its watts are learned from the meter of the house because it
    has no plug; None where they are not."""
    algorithm: str | None = None
    """Hashrates are compared only within the same one."""
    threads: int | None = None
    """Threads that hash, 0 at rest; for an on/off load 1 or 0. None while unknown."""
    is_online: bool = True
    is_steerable: bool = True
    """False for one that is not managed, that the user switched off, or that is paused
    for a time or calibrating. It is left alone and counts with what it draws."""
    max_threads: int | None = None
    """The user's thread cap; None for none."""
    max_watts: float | None = None
    """The user's power limit, in W of the whole computer; None for none."""
    temperature: float | None = None
    """°C; None without a sensor, or while it is unknown."""
    max_temperature: float | None = None
    priority: int = 0
    """Those with a higher one are served first."""
    settle: float = 15
    """Seconds after a change in which it is not changed again."""
    plug_watts: float | None = None
    """W that its plug shows; None without one."""
    sleep: SleepRules | None = None
    """How it may sleep; None for one that is always on."""

    @property
    def counted_idle(self) -> float:
        """Return its idle power in W as far as that is a cost of mining.

        One that is always on draws it anyway.
        """
        return self.curve.idle if self.curve and self.sleep else 0

    @property
    def need(self) -> float | None:
        """Return the W of its idle power and first threads, 0 if it may not mine.

        None while that is not known.
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
    """What the manager remembers of a member."""

    wanted: int | None = None
    """Threads that were commanded and have yet to show; None once they do."""
    changed_at: float = -math.inf
    rested_since: float | None = None
    """None while it mines."""
    failures: int = 0
    left_out_until: float = -math.inf
    offline_since: float | None = None
    draw: float = 0
    """W of mining when it was seen last, with its idle power if that is counted."""
    heat: HeatCap = field(default_factory=HeatCap)

    def seen(self, member: Member, now: float) -> Self:
        """Return the record once a member was seen."""
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
        """Return the threads that a member has, or is about to have."""
        threads = member.threads if self.wanted is None else self.wanted
        full = member.curve.threads if member.curve else 0
        return min(max(threads or 0, 0), full)

    def commanded(self, threads: int, now: float) -> Self:
        """Return the record once a number of threads is commanded."""
        return replace(self, wanted=threads, changed_at=now)

    def with_result(self, *, ok: bool, now: float) -> Self:
        """Return the record once a command succeeded or failed.

        From a success on, what the member shows is up to date.
        """
        if ok:
            return replace(self, wanted=None, failures=0)
        failures = self.failures + 1
        if failures < FAILURES:
            return replace(self, wanted=None, failures=failures)
        return replace(self, wanted=None, failures=0, left_out_until=now + LEFT_OUT)

    def current_draw(self, member: Member, now: float) -> float:
        """Return what a member mines with, in W on top of its idle power.

        Offline, that is what its plug shows, or for a minute what it drew last.
        """
        if self.offline_since is None:
            return self.draw
        if member.plug_watts is not None:
            idle = (member.curve or _NOTHING).idle - member.counted_idle
            return max(0.0, member.plug_watts - idle)
        return self.draw if now - self.offline_since < OFFLINE_KEPT else 0

    def is_held(self, member: Member, now: float) -> bool:
        """Return whether the share of a member that went offline is kept for it."""
        return (
            self.offline_since is not None
            and member.plug_watts is None
            and now - self.offline_since < OFFLINE_KEPT
        )


_NOTHING = Curve((0.0, 0.0))
