"""Hashrates that continue while XMRig's own windows are empty.

XMRig restarts the threads of a backend whenever their number changes, and its windows
with them: each is null until it is full again, the longest for 15 minutes (XMRig
src/backend/common/Hashrate.cpp:126). Its API has no count of hashes to bridge the gap
(`hashes_total` is the difficulty of accepted shares), so hashes are counted here from
the 10 s hashrate of each poll.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from .models import Backend, BackendType, Hashrate
from .snapshot import Snapshot, Status

WINDOW = 10
MINUTE = 60
QUARTER = 900
"""Lengths of XMRig's windows in seconds."""

MAX_GAP = 60
"""Maximum gap in seconds between two polls that the hashrate of the second may fill."""

MAX_BRIDGE = 60
"""Seconds for which an empty 10 s window is bridged: enough for six changes in a
row."""

type Hashrates = Mapping[BackendType | None, Hashrate]
"""Hashrates by backend; that of the whole miner is under None."""


@dataclass
class _Counts:
    """Hash counts at several times, for averages over any period."""

    _points: deque[tuple[float, float]] = field(default_factory=deque)
    """Times in seconds and hash counts, oldest first."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was counted."""
        return not self._points or self._points[0][1] == self._points[-1][1]

    def clear(self) -> None:
        """Delete all counts."""
        self._points.clear()

    def add(self, now: float, rate: float, windows: Mapping[float, float]) -> None:
        """Add the hashes since the last call, at a rate in H/s.

        `windows` are means over some seconds until now, for the time before.
        """
        if self._points and now - self._points[-1][0] > MAX_GAP:
            self.clear()
        last, hashes = self._points[-1] if self._points else (now, 0.0)
        hashes += rate * (now - last)
        self._points.append((now, hashes))
        for seconds, mean in sorted(windows.items()):
            start = (now - seconds, hashes - seconds * mean)
            if start[0] < self._points[0][0] and start[1] <= self._points[0][1]:
                self._points.appendleft(start)
        while len(self._points) > 1 and self._points[1][0] <= now - QUARTER:
            self._points.popleft()

    def mean(self, seconds: float) -> float | None:
        """Return the average over some seconds until the last call, in H/s."""
        if not self._points:
            return None
        now, hashes = self._points[-1]
        start = now - seconds
        place = bisect_left(self._points, start, key=itemgetter(0))
        right, before = self._points[place]
        if right > start:
            if not place:
                return None
            left, low = self._points[place - 1]
            before = low + (before - low) * (start - left) / (right - left)
        return (hashes - before) / seconds


@dataclass
class _RollingHashrate:
    """The hashrate of a backend."""

    counts: _Counts = field(default_factory=_Counts)
    _by_threads: dict[int, float] = field(default_factory=dict)
    """The last H/s of each number of threads."""
    _last: tuple[int, float] | None = None
    """The last number of threads with a known hashrate, and that hashrate in H/s."""
    _empty_since: float | None = None
    _rested_at: float | None = None
    """When it was last paused; its window has not filled since."""

    def observe(self, backend: Backend, now: float, *, is_paused: bool) -> Hashrate:
        """Return the hashrate with its gaps filled, if possible."""
        found = backend.hashrate
        rate = self._rate(found.seconds_10, backend.thread_count, now, is_paused)
        if rate is None:
            self.counts.clear()
            return found
        windows = {MINUTE: found.minute_1, QUARTER: found.minutes_15}
        self.counts.add(
            now,
            rate,
            {seconds: mean for seconds, mean in windows.items() if mean is not None},
        )
        # XMRig reports no hashrate for a backend that is off
        none = 0 if backend.enabled is False and self.counts.is_empty else None
        return Hashrate(
            seconds_10=rate,
            minute_1=self._filled(found.minute_1, MINUTE, none),
            minutes_15=self._filled(found.minutes_15, QUARTER, none),
        )

    def _filled(
        self, mean: float | None, seconds: float, default: float | None
    ) -> float | None:
        """Return the average of a window, which is counted if XMRig does not know it."""
        if mean is None:
            mean = self.counts.mean(seconds)
        return default if mean is None else mean

    def _rate(
        self, seconds_10: float | None, threads: int, now: float, is_paused: bool
    ) -> float | None:
        """Return the hashrate over the last 10 s, or the expected one."""
        if is_paused:
            self._rested_at = now
        if seconds_10 is not None:
            self._empty_since = None
            is_warm = self._rested_at is None or now - self._rested_at >= WINDOW
            if threads and seconds_10 and is_warm:
                self._last = (threads, seconds_10)
                self._by_threads[threads] = seconds_10
            return seconds_10
        if is_paused or not threads:
            self._empty_since = None
            return 0
        if self._empty_since is None:
            self._empty_since = now
        if self._last is None or now - self._empty_since > MAX_BRIDGE:
            return None
        before, rate = self._last
        return self._by_threads.get(threads, rate * threads / before)


@dataclass
class RollingHashrates:
    """The hashrates of a miner and its backends, from poll to poll."""

    _backends: dict[BackendType, _RollingHashrate] = field(default_factory=dict)
    _algo: str | None = None

    def observe(self, snapshot: Snapshot, *, now: float, restarted: bool) -> Hashrates:
        """Return the hashrates of a snapshot with their gaps filled.

        `now` is the monotonic time in seconds. After a restart or a change of the
        algorithm, all counts start again.
        """
        algo = snapshot.summary.algo or self._algo
        if restarted or algo != self._algo:
            self._backends.clear()
        self._algo = algo
        total = snapshot.summary.hashrate
        backends = snapshot.backends
        # A truncated reply does not tell the number of threads
        if backends is None or not backends.complete:
            return {None: total}
        is_paused = snapshot.status in (Status.PAUSED, Status.STOPPED)
        filled: dict[BackendType | None, Hashrate] = {}
        parts = []
        for name, backend in backends.by_type.items():
            rolling = self._backends.setdefault(name, _RollingHashrate())
            filled[name] = rolling.observe(backend, now, is_paused=is_paused)
            if backend.thread_count or not rolling.counts.is_empty:
                parts.append(filled[name])
        if parts:
            summed = Hashrate.total(parts)
            total = Hashrate(
                seconds_10=_first(total.seconds_10, summed.seconds_10),
                minute_1=_first(total.minute_1, summed.minute_1),
                minutes_15=_first(total.minutes_15, summed.minutes_15),
            )
        return {**filled, None: total}


def _first(*values: float | None) -> float | None:
    """Return the first known value."""
    return next((value for value in values if value is not None), None)
