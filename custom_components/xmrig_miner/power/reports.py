"""Which reports of a power sensor count as readings; pure functions.

All times are in seconds on a monotonic clock: the wall clock may be set meanwhile.

Some sensors report at intervals, others only when the power changes. For the former,
each report counts once. For the latter, silence means that the last value still holds.
"""

from dataclasses import dataclass
import math
from statistics import median

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import State
from homeassistant.util.unit_conversion import PowerConverter

from ..const import SAMPLE_TIME, SETTLE_TIME
from .model import MAX_WATTS

READINGS = 3
"""Number of reports in the median, so that an outlier does not count."""

STANDS = 2 * SAMPLE_TIME
"""Seconds of silence after a report after which it counts without waiting for further ones."""

REPEATS = 2
"""Repeated values that prove that the sensor reports at intervals."""

PROMPT = 60
"""Minimum seconds of silence after a change before an older value counts as a reading."""

PATIENCE = 300
"""Seconds of silence after which even the slowest sensors would have reported."""

OUTLIER_WATTS = 50
"""W by which a single reading may differ from the expected power. Half of the expected
power is allowed if that is more."""


def watts_of(state: State) -> float | None:
    """Return the power shown by a sensor, in W; None if it is not a valid power."""
    try:
        value = float(state.state)
    except ValueError:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit not in PowerConverter.VALID_UNITS or not math.isfinite(value):
        return None
    watts = PowerConverter.convert(value, unit, UnitOfPower.WATT)
    # A computer never exports power: a negative reading means that the meter is
    # reversed or faulty.
    return watts if 0 <= watts <= MAX_WATTS else None


@dataclass(frozen=True)
class Report:
    """A report of a power sensor."""

    watts: float
    at: float
    is_repeat: bool
    """Whether it repeats the last value: the sensor does not report only changes."""


class Readings:
    """The reports of a power sensor while the load changes step by step."""

    def __init__(self, started: float) -> None:
        """Initialize it; reports before `started` do not prove that it works."""
        self._started = started
        self._repeats: set[float] = set()
        self._slowest: float | None = None
        """The longest time until a change was shown; None before the first one."""
        self._is_change = False
        self._since = started
        self._last: Report | None = None
        self._settled: dict[float, float] = {}
        self.is_alive = False
        """Whether the sensor has reported at all since the start."""

    def begin(self, since: float, *, is_change: bool = True) -> None:
        """Begin with a load that is set at `since`.

        `is_change` is False if the load has already been running since then.
        """
        self._is_change = is_change
        self._since = since
        self._last = None
        self._settled.clear()

    def add(self, report: Report) -> None:
        """Add the last report; adding the same report again has no effect."""
        self.is_alive = self.is_alive or report.at > self._started
        if report.is_repeat:
            self._repeats.add(report.at)
        is_shown = self._has_shown
        self._last = report
        if self._is_change and self._has_shown and not is_shown:
            delay = report.at - self._since
            self._slowest = max(self._slowest or delay, delay)
        if report.at >= self._since + SETTLE_TIME / 2:
            self._settled[report.at] = report.watts

    def watts(self, now: float) -> float | None:
        """Return the power of the load in W; None while it is not certain yet."""
        if self._last is None:
            return None
        if len(self._settled) >= READINGS:
            return median(list(self._settled.values())[-READINGS:])
        silent = now - max(self._last.at, self._since)
        return self._last.watts if silent >= self._patience else None

    @property
    def _has_shown(self) -> bool:
        """Return whether the sensor has reported since the load was set."""
        return self._last is not None and self._last.at >= self._since

    @property
    def _patience(self) -> float:
        """Return the seconds of silence after which the last value counts."""
        if self._settled:
            return STANDS
        # The first report at an interval after a change may average both loads
        if len(self._repeats) >= REPEATS:
            return PATIENCE
        if self._has_shown:
            return STANDS
        # Until it has shown a change, assume the slowest sensor
        if self._slowest is None:
            return PATIENCE
        return min(max(2 * self._slowest, PROMPT), PATIENCE)


class Lessons:
    """What the reports of a power sensor teach while a miner does what it does anyway.

    Each report is one reading, however long it is shown.
    """

    def __init__(self) -> None:
        """Initialize it; nothing is taught before `begin`."""
        self._repeats = 0
        self._last: float | None = None
        self._since: float | None = None
        self._taught: dict[float, float] = {}

    def begin(self, since: float) -> None:
        """Begin with a load that runs since then."""
        self._since = since
        self._taught.clear()

    def heard(self, report: Report) -> None:
        """Note a report; the same report again has no effect."""
        self._repeats += report.is_repeat and report.at != self._last
        self._last = report.at

    def watts(self, report: Report, now: float, expected: float | None) -> float | None:
        """Return what the last report teaches, in W; None if nothing new.

        A sensor that reports rarely shows an outlier for long. A report that is far
        from the expected power counts once others agree with it.
        """
        if report.at in self._taught or not self._is_reading(report, now):
            return None
        self._taught[report.at] = report.watts
        while len(self._taught) > READINGS:
            del self._taught[min(self._taught)]
        if len(self._taught) == READINGS:
            return median(self._taught.values())
        if expected is None or abs(report.watts - expected) <= max(
            OUTLIER_WATTS, expected / 2
        ):
            return report.watts
        return None

    def _is_reading(self, report: Report, now: float) -> bool:
        """Return whether a report shows the current load alone.

        The first report after a change may average both loads. It shows the new one if
        nothing follows it: the sensor reports changes.
        """
        if self._since is None or report.at < self._since:
            return False
        if report.at >= self._since + SETTLE_TIME / 2:
            return True
        return now - report.at >= (PATIENCE if self._repeats >= REPEATS else PROMPT)
