"""Hashrates and huge pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from .values import integer, items, number, total


@dataclass(frozen=True, kw_only=True)
class Hashrate:
    """Hashrates in H/s over three windows; each is None until its window is full."""

    seconds_10: float | None = None
    minute_1: float | None = None
    minutes_15: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the hashrates from a list of three."""
        windows = items(value)
        if not windows:
            return cls()
        if len(windows) < 3:
            windows = [*windows, None, None]
        return cls(
            seconds_10=number(windows[0]),
            minute_1=number(windows[1]),
            minutes_15=number(windows[2]),
        )

    @classmethod
    def total(cls, hashrates: Iterable[Hashrate]) -> Self:
        """Return the totals; each is None if any part is missing."""
        parts = list(hashrates)
        return cls(
            seconds_10=total(part.seconds_10 for part in parts),
            minute_1=total(part.minute_1 for part in parts),
            minutes_15=total(part.minutes_15 for part in parts),
        )

    @property
    def is_hashing(self) -> bool:
        """Return whether any window has a hash."""
        return bool(self.seconds_10 or self.minute_1 or self.minutes_15)


@dataclass(frozen=True, kw_only=True)
class HugePages:
    """Huge pages in use and requested; both 0 while nothing runs."""

    allocated: int | None = None
    total: int | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the pages from a list of two (API version 1 has a boolean)."""
        pages = items(value)
        if len(pages) != 2:
            return cls()
        return cls(allocated=integer(pages[0]), total=integer(pages[1]))

    @property
    def percent(self) -> float | None:
        """Return the percentage of the requested pages that is in use."""
        if self.allocated is None or not self.total or self.allocated > self.total:
            return None
        return 100 * self.allocated / self.total
