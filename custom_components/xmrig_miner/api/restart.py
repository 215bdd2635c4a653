"""Detects restarts of a miner or a proxy, and continues counts across them."""

from dataclasses import dataclass
from typing import Any, Self

from .limits import MAX_INTEGER
from .models import Summary
from .models.values import integer, stored, stored_or_none

TOLERANCE = 5
"""Seconds by which the uptime may lag without counting as a restart."""

TOLERANCE_AWAY = 60
"""The same before the first poll, when the clocks of two machines are compared."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a process reports by which the next one can be told from it."""

    sent: float
    """When it was requested, by the monotonic clock."""
    received: float
    uptime: int
    connected: float = 0
    """The age of the connection to the pool in seconds; 0 if it is not reported."""
    is_paused: bool | None = None
    counts: tuple[int | None, ...] = ()
    """Counts that only a restart decreases."""


@dataclass
class RestartDetector:
    """Follows the uptime of a miner from poll to poll."""

    started: float | None = None
    """When the miner's process started, in seconds since 1970 by the local clock. If it
    is passed in from the last run, a restart since then is detected too."""
    is_unknown: bool = False
    """Whether the first poll could not tell because the local clock was set back: it
    shows a time before the start of the last process."""
    _last: Reading | None = None

    def observe(
        self, summary: Summary, *, sent: float, received: float, wall: float
    ) -> bool:
        """Return whether the miner restarted since the last poll.

        `sent` and `received` are when the summary was requested and arrived, by the
        monotonic clock; `wall` is when it arrived, in seconds since 1970.
        """
        if summary.uptime is None:
            return False
        reading = Reading(
            sent=sent,
            received=received,
            uptime=summary.uptime,
            connected=(summary.connection.uptime_ms or 0) / 1000,
            is_paused=summary.paused,
            counts=(summary.results.shares_total, summary.results.hashes_total),
        )
        started = wall - reading.uptime
        self.is_unknown = (
            self._last is None
            and self.started is not None
            and wall < self.started - TOLERANCE_AWAY
        )
        if self._last is None:
            # A process is never younger than its connection, even if the clock was set
            restarted = (
                self.started is not None
                and min(started, wall - reading.connected)
                > self.started + TOLERANCE_AWAY
            )
        else:
            restarted = has_restarted(self._last, reading)
        # A frozen uptime or a slightly adjusted clock moves it too
        if (
            restarted
            or self.started is None
            or abs(started - self.started) > TOLERANCE_AWAY / 2
        ):
            self.started = started
        self._last = reading
        return restarted


def has_restarted(before: Reading, after: Reading) -> bool:
    """Return whether a miner or a proxy restarted between two readings.

    A late reply and a frozen uptime (a cache, a suspended virtual machine) are no
    restart: a process that is older than the time between two readings was running at
    the first one. The uptime is wall clock time (XMRig src/base/api/Api.cpp:188): if
    the clock of its computer was set, the counts decide.
    """
    if after.uptime >= before.uptime + (after.sent - before.received) - TOLERANCE:
        return False
    if _connection_goes_on(before, after):
        return False
    if after.uptime <= after.received - before.sent + TOLERANCE:
        # Equal ages come from a cached reply or a suspended machine, or from a process
        # that keeps restarting
        is_same = after.uptime == before.uptime and after.connected == before.connected
        return not is_same or _began_anew(before, after)
    return after.uptime < before.uptime and _counts_fell(before, after)


def _connection_goes_on(before: Reading, after: Reading) -> bool:
    """Return whether the connection, and therefore the process, is still the same.

    The age of a connection does not depend on the wall clock, and no connection is
    older than its process. If it was younger than the tolerance, a process that started
    right afterwards may have one of the same age: what only a restart changes decides.
    """
    if after.connected > after.uptime + TOLERANCE:
        return True
    if before.connected <= TOLERANCE and _began_anew(before, after):
        return False
    elapsed = after.sent - before.received
    return 0 < before.connected <= after.connected - (elapsed - TOLERANCE)


def _began_anew(before: Reading, after: Reading) -> bool:
    """Return whether a pause ended or a count decreased.

    Neither comes from a clock that was set, a cached reply, or a suspended machine.
    """
    was_paused = before.is_paused is True and after.is_paused is False
    return was_paused or _counts_fell(before, after)


def _counts_fell(before: Reading, after: Reading) -> bool:
    """Return whether a count decreased."""
    return any(map(_fell, before.counts, after.counts, strict=True))


def _fell(before: int | None, after: int | None) -> bool:
    """Return whether a count decreased, if both are known."""
    return before is not None and after is not None and after < before


@dataclass
class LifetimeCounter:
    """A count that continues when the miner's own restarts from 0."""

    total: int = 0
    last: int | None = None
    """The last count of the miner."""
    _unconfirmed: int | None = None
    """A count that changed implausibly; the next one shows whether it was right."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the counter that `as_json` returned; a new one for anything else."""
        try:
            return cls(
                stored(data["total"], integer), stored_or_none(data["last"], integer)
            )
        except LookupError, TypeError, ValueError:
            return cls()

    def as_json(self) -> dict[str, int | None]:
        """Return the counter as JSON values."""
        return {"total": self.total, "last": self.last}

    def update(self, count: int | None, *, restarted: bool, max_step: int) -> None:
        """Add the increase of the miner's count; None if it is unknown.

        A count that decreased without a restart, or increased by more than `max_step`,
        is only used once the next count confirms it: a single wrong value would stay in
        the total forever.
        """
        if count is None or count < 0:
            return
        last = self.last or 0
        unconfirmed, self._unconfirmed = self._unconfirmed, None
        if count < last:
            if not restarted and (unconfirmed is None or unconfirmed >= last):
                self._unconfirmed = count
                return
            last = 0
        if count - last > max_step:
            # A decreased count does not confirm an increased one
            is_confirmed = (
                unconfirmed is not None
                and unconfirmed - last > max_step
                and 0 <= count - unconfirmed <= max_step
            )
            if not is_confirmed:
                self._unconfirmed = count
                return
        self.total = min(self.total + count - last, MAX_INTEGER)
        self.last = count
