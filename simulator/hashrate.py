"""How the miner measures its hashrate (backend/common/Hashrate.cpp, Workers.cpp).

Every half second, it records each thread's hash count. A window has a value only once
there is a record older than the window; until then, it is null. All times are in
milliseconds of the miner's steady clock.
"""

import math

WINDOWS = (10_000, 60_000, 900_000)
TICK = 500

_SWING_PERIOD = 53_000


class Meter:
    """Records when a backend's threads hashed.

    The threads of a backend hash or sleep together, each at a constant rate, so a
    window's hashrate is the rate times the fraction of the window spent hashing.
    """

    def __init__(self, started: int, *, is_gpu: bool) -> None:
        """Start with sleeping threads."""
        self._started = started
        self._is_gpu = is_gpu
        self._spans: list[tuple[int, float]] = []
        self._parts: list[float | None] = []
        self._parts_at: tuple[int, int | None] | None = None
        """When they were calculated: once for all threads at a time."""

    @property
    def is_running(self) -> bool:
        """Whether the threads hash."""
        return bool(self._spans) and self._spans[-1][1] == math.inf

    def switch(self, now: int, *, running: bool) -> None:
        """Switch the threads between hashing and sleeping."""
        self._parts_at = None
        if running and not self.is_running:
            self._spans.append((now, math.inf))
        elif not running and self.is_running:
            self._spans[-1] = (self._spans[-1][0], now)
            horizon = now - 2 * WINDOWS[-1]
            self._spans = [span for span in self._spans if span[1] > horizon]

    def parts(self, now: int, timer: int | None) -> list[float | None]:
        """Return the fraction of each window spent hashing; None if unknown.

        `timer` is when the miner's half-second timer started.
        """
        if self._parts_at != (now, timer):
            self._parts_at = (now, timer)
            self._parts = [self.part(now, window, timer) for window in WINDOWS]
        return self._parts

    def part(self, now: int, window: int, timer: int | None) -> float | None:
        """Return the fraction of one window spent hashing; None if unknown."""
        if timer is None:
            return None
        limit = now - window
        first = timer + TICK * max(1, (self._started - timer) // TICK + 1)
        last = timer + TICK * ((now - timer) // TICK)
        earliest = timer + TICK * math.ceil((limit - timer) / TICK)
        if self._is_gpu:
            # While a GPU sleeps, nothing is recorded: its hash count is interpolated
            # between two batches, and there are none (HashrateInterpolator.cpp)
            noted = self._noted(first, last, timer)
            if noted is None or noted[1] < limit:
                return None
            first, last = noted
            earliest = (self._noted(max(earliest, first), last, timer) or noted)[0]
        if first >= limit:
            return None
        if last == earliest:
            return 0.0
        return self._hashing(earliest, last) / (last - earliest)

    def _hashing(self, start: int, end: int) -> float:
        return sum(
            max(0, min(until, end) - max(since, start)) for since, until in self._spans
        )

    def _noted(self, start: int, end: int, timer: int) -> tuple[int, int] | None:
        """Return the first and last tick of the period in which threads hashed."""
        ticks = [
            tick
            for since, until in self._spans
            if (low := timer + TICK * math.ceil((max(since, start) - timer) / TICK))
            <= (high := timer + TICK * int((min(until, end) - timer) // TICK))
            for tick in (low, high)
        ]
        return (ticks[0], ticks[-1]) if ticks else None


def pace(now: int, window: int, swing: float) -> float:
    """Return the average speed of the threads over a window, relative to their rate.

    It fluctuates by `swing`; longer windows show less of that.
    """
    if not swing:
        return 1.0
    turn = 2 * math.pi / _SWING_PERIOD
    swung = math.cos(turn * (now - window)) - math.cos(turn * now)
    return 1.0 + swing * swung / (turn * window)


def hundredths(value: float) -> float:
    """Truncate a hashrate to two decimals, like Hashrate::normalize."""
    return math.floor(value * 100.0) / 100.0
