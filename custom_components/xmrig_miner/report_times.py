"""When sensors reported, on a monotonic clock."""

from datetime import datetime

from homeassistant.core import State
from homeassistant.util import dt as dt_util


class ReportTimes:
    """Remembers when it first saw each report of sensors.

    Home Assistant only stores the wall-clock time, which may jump. Even if it does not,
    each conversion to a monotonic clock is off by some microseconds, so that one report
    would look like several.
    """

    def __init__(self) -> None:
        """Initialize it."""
        self._seen: dict[str, tuple[datetime, float]] = {}
        """The wall-clock time and the monotonic time of the last report of sensors."""

    def of(self, state: State, now: float) -> float:
        """Return when a sensor last reported, in s; `now` is on the same clock."""
        reported, at = self._seen.get(state.entity_id, (None, now))
        if reported != state.last_reported:
            age = (dt_util.utcnow() - state.last_reported).total_seconds()
            # The age is negative if the clock was set back since the report
            at = now - max(0.0, age)
            self._seen[state.entity_id] = (state.last_reported, at)
        return at
