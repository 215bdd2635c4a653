"""What both soaks share: the sun, what is shown next to what is true, and memory."""

from collections.abc import Hashable
from dataclasses import dataclass, field
import math
from pathlib import Path
import random
import resource
from typing import Any

from homeassistant.config_entries import ConfigEntry

DAY = 600
"""Seconds from one sunrise to the next."""


class Sun:
    """Short days with clouds, by chance."""

    def __init__(self, peak: float, chance: random.Random) -> None:
        """Begin before a sunrise; `peak` is in W."""
        self._peak = peak
        self._chance = chance
        self._clouds = 0.5

    def at(self, seconds: float) -> float:
        """Return the W of a moment."""
        self._clouds += self._chance.uniform(-0.2, 0.2)
        self._clouds = min(1, max(0, self._clouds))
        height = max(0, math.sin(2 * math.pi * seconds / DAY - 0.3))
        return self._peak * height * (1 - 0.7 * self._clouds)


@dataclass
class Comparison:
    """What Home Assistant shows of a miner, and what is true."""

    entry: ConfigEntry[Any]
    polls: int = 0
    looks: int = 0
    wrong: list[str] = field(default_factory=list)
    _truth: Hashable = None
    _since: int | None = None
    """The number of polls when something else was shown first."""

    def count(self) -> None:
        """Count a poll."""
        self.polls += 1

    def forget(self) -> None:
        """Begin anew: what is true is not known, or just changed."""
        self._since = None

    def look(self, shown: Hashable, truth: Hashable) -> None:
        """Note if something wrong is shown after a poll that began since it is true.

        The poll that ends next may have begun before that.
        """
        self.looks += 1
        if shown == truth or truth != self._truth:
            self._since = None
        elif self._since is None:
            self._since = self.polls
        elif self.polls - self._since >= 2:
            self.wrong.append(f"{self.entry.title}: {shown} instead of {truth}")
            self._since = None
        self._truth = truth


def memory() -> float:
    """Return how much this process has in memory, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
