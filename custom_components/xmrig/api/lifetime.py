"""Telling the lives of a miner's process apart, and counting across them."""

from dataclasses import dataclass

from .models import Summary

TOLERANCE = 5
"""Seconds by which the uptime may lag behind without anything having restarted."""

TOLERANCE_AWAY = 60
"""The same, when clocks of two machines are compared because nobody was watching."""


@dataclass
class Life:
    """Follows the uptime of a miner from poll to poll."""

    started: float | None = None
    """When the process started, in seconds since 1970 by the clock of this side; given
    to begin with, a restart that nobody watched is seen too."""
    _summary: Summary | None = None
    _seen_at: float = 0

    def observe(self, summary: Summary, *, now: float, wall: float) -> bool:
        """Return whether the miner restarted since the poll before.

        `now` is a clock that nobody sets, `wall` is seconds since 1970.
        """
        if summary.uptime is None:
            return False
        started = wall - summary.uptime
        if self._summary is None:
            # No process is younger than its connection, however its clock was set.
            connected = wall - (summary.connection.uptime_ms or 0) / 1000
            restarted = (
                self.started is not None
                and min(started, connected) > self.started + TOLERANCE_AWAY
            )
        else:
            elapsed = now - self._seen_at
            expected = (self._summary.uptime or 0) + elapsed
            restarted = summary.uptime < expected - TOLERANCE and not _goes_on(
                self._summary, summary, elapsed
            )
        # A clock that was set moves it too, but not the second by which it varies.
        if self.started is None or abs(started - self.started) > TOLERANCE:
            self.started = started
        self._summary = summary
        self._seen_at = now
        return restarted


def _goes_on(before: Summary, after: Summary, elapsed: float) -> bool:
    """Return whether it is the same process, and only its clock was set back.

    The uptime is wall clock time (XMRig src/base/api/Api.cpp:188). The time of the
    connection is not, and no connection is older than its process.
    """
    connected_before = before.connection.uptime_ms or 0
    connected = after.connection.uptime_ms or 0
    if connected > ((after.uptime or 0) + TOLERANCE) * 1000:
        return True
    return 0 < connected_before <= connected - (elapsed - TOLERANCE) * 1000


@dataclass
class LifetimeCounter:
    """A count that goes on where the miner's own begins anew."""

    total: int = 0
    last: int | None = None
    """What the miner's own count was."""

    def update(self, count: int | None, *, restarted: bool) -> None:
        """Add what was counted since; None if the miner does not say."""
        if restarted and self.last is not None:
            self.last = 0
        if count is None:
            return
        if self.last is None or count < self.last:
            self.last = 0
        self.total += count - self.last
        self.last = count
