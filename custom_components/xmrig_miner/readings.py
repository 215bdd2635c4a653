"""How readings are shown: without noise, and in a unit that suits their size."""

from dataclasses import dataclass
from datetime import datetime
import math
from typing import Final

from homeassistant.helpers.typing import StateType

NOTICEABLE: Final = 0.05
"""Relative change from which a reading is shown at once. On an otherwise idle computer,
hashrates and powers jitter by one or two percent from poll to poll."""

NOTICEABLE_HASHRATE: Final = 0.15
"""The same for a hashrate over 10 s, and for what is calculated from it. While the
computer is in use, two of them differ by 7 percent (one standard deviation)."""

NOTICEABLE_MINUTE: Final = 0.1
"""The same for a hashrate over a minute, of which two differ by 3 percent then."""

SHORT_INTERVAL: Final = 60
"""Seconds until a smaller change of a main reading is shown."""

LONG_INTERVAL: Final = 300
"""The same for a diagnostic reading; Home Assistant's statistics cover five minutes
each."""

HASHRATE_UNITS: Final = {"H/s": 1, "kH/s": 1_000, "MH/s": 1_000_000}
"""Units of hashrates, with their size in H/s."""

MAXIMUM_KEPT: Final = 0.8
"""A displayed maximum stays until the actual one falls below this share of it."""

DIGITS: Final = 4
"""Significant digits of a hashrate."""


@dataclass
class SteadyReading:
    """A reading that changes only when it is worth a row in the recorder's database.

    The shown value is off by no more than noise, and for no longer than the interval.
    """

    interval: float
    """Seconds until a small change is shown."""
    noticeable: float = NOTICEABLE
    """Relative change from which it is shown at once."""
    least: float = 0
    """Minimum absolute change for that, however small the reading is."""
    _value: float | None = None
    _shown_at: float = -math.inf
    _occasion: object = None

    def update(
        self, value: float | None, now: float, occasion: object = None
    ) -> float | None:
        """Return the value to show at a time in seconds.

        If `occasion` differs from that of the shown value, every change is noticeable.
        """
        if value != self._value and (
            occasion != self._occasion
            or now - self._shown_at >= self.interval
            or self._is_noticeable(value)
        ):
            self._value, self._shown_at, self._occasion = value, now, occasion
        return self._value

    def publish[ValueT: StateType | datetime](
        self, value: ValueT, now: float, occasion: object = None
    ) -> ValueT | float | None:
        """Return the value to publish; without an interval, the value itself."""
        if not self.interval:
            return value
        number = value if isinstance(value, int | float) else None
        return self.update(number, now, occasion)

    def _is_noticeable(self, value: float | None) -> bool:
        """Return whether a value differs from the one shown by more than noise."""
        if value is None or self._value is None:
            return True
        noise = max(self.noticeable * abs(self._value), self.least)
        return abs(value - self._value) > noise


def displayed_maximum(full: float, before: float | None) -> float:
    """Return the maximum of a slider for a full load of `full` W.

    It is rounded up, and `before` is kept while it fits: the learned full load changes
    from hour to hour.
    """
    if before is not None and MAXIMUM_KEPT * before <= full <= before:
        return before
    step = 10 if full < 1_000 else 100
    return math.ceil(full / step) * step


def rounded(value: float | None, digits: int | None = None) -> float | None:
    """Return a value without the digits that are noise; None stays None."""
    return None if value is None else round(value, digits)


def significant(value: float) -> float:
    """Return a number without the digits that are noise."""
    return round(value, _decimals(value)) if value else value


def display_precision(size: float | None) -> int:
    """Return the number of decimals for a reading of about this size."""
    return min(max(_decimals(size), 0), DIGITS - 1) if size else 1


def hashrate_unit(size: float | None) -> str:
    """Return the unit for a miner of about this many H/s; None if that is unknown.

    XMRig also prints MH/s from a million on (src/core/Miner.cpp, printHashrate).
    """
    if size is None or size < 10_000:
        return "H/s"
    return "kH/s" if size < 1_000_000 else "MH/s"


def _decimals(value: float) -> int:
    """Return the number of significant decimals; negative before the point."""
    return DIGITS - 1 - math.floor(math.log10(abs(value)))
