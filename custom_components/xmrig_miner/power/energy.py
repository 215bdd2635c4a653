"""Energy, integrated from power."""

from dataclasses import dataclass

MAX_GAP = 300
"""Longest gap between two power readings that is still counted, in seconds."""


@dataclass
class EnergyMeter:
    """Integrates power in W over time to energy in kWh."""

    total: float = 0
    """kWh."""
    _last: tuple[float, float] | None = None

    def add(self, now: float, watts: float | None) -> None:
        """Add a reading, assuming that power changed linearly since the last one.

        `now` is in seconds; None as `watts` means no reading. After more than five
        minutes without a reading the power in between is unknown, so nothing is added.
        """
        if watts is None:
            return
        if self._last is not None:
            then, before = self._last
            if now - then <= MAX_GAP:
                self.total += (before + watts) / 2 * (now - then) / 3_600_000
        self._last = (now, watts)
