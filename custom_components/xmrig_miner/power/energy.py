"""Energy from power."""

from dataclasses import dataclass

MAX_GAP = 300
"""Seconds between two readings of the power that are still connected."""


@dataclass
class EnergyMeter:
    """Adds up W over seconds to kWh."""

    total: float = 0
    """kWh."""
    _last: tuple[float, float] | None = None

    def add(self, now: float, watts: float | None) -> None:
        """Take a reading; what was drawn in between is taken to have changed evenly.

        `now` is in seconds. None is no reading. Of longer than five minutes without
        one nothing is known, so nothing is added.
        """
        if watts is None:
            return
        if self._last is not None:
            then, before = self._last
            if now - then <= MAX_GAP:
                self.total += (before + watts) / 2 * (now - then) / 3_600_000
        self._last = (now, watts)
