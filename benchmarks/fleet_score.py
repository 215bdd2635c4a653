"""What a fleet mines in a day, against an oracle."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from .score import Rig, Shares

IMPORT = 0.30
EXPORT = 0.08
"""What a kWh costs and earns where no day of prices is played."""


@dataclass(frozen=True)
class FleetRig:
    """A rig of a fleet, and what its threads hash."""

    rig: Rig
    hashrate: float = 500
    """H/s of a thread where it is the only one."""
    saturation: float = 0
    """The share of that which the last thread has lost to the others."""

    @property
    def mining(self) -> list[float]:
        """Return what each number of threads draws on top of the idle power, in W."""
        return [self.rig.mining(count) for count in range(self.rig.threads + 1)]

    @property
    def hashrates(self) -> list[float]:
        """Return the H/s of each number of threads."""
        most = max(self.rig.threads - 1, 1)
        rates = [0.0]
        for count in range(self.rig.threads):
            rates.append(
                rates[-1] + self.hashrate * (1 - self.saturation * count / most)
            )
        return rates


@dataclass
class FleetScore(Shares):
    """What a fleet mined in a day.

    The oracle has one budget and no delay: each second it runs the threads that hash
    the most of all whose power the surplus of that second feeds.
    """

    rigs: Sequence[FleetRig]
    oracle: float = 0
    """Hashes."""
    on_surplus: float = 0
    """Hashes, those of a second by the share of its energy that was not bought."""
    mined: float = 0
    """Ws."""
    bought: float = 0
    """Ws."""
    cost: float = 0
    """What was paid for mining, and not earned by export."""
    changes: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        """Make tables of what each number of threads draws and hashes."""
        self._watts = [rig.mining for rig in self.rigs]
        self._hashes = [rig.hashrates for rig in self.rigs]
        self._best = best_hashes(self._watts, self._hashes)
        self._threads = [0] * len(self.rigs)
        self._drawn = 0.0
        self._rate = 0.0

    def change(self, rig: int, threads: int) -> None:
        """Let a rig run some threads from now on."""
        old = self._threads[rig]
        self.changes += old != threads
        self.starts += old == 0 < threads
        self._threads[rig] = threads
        pairs = zip(self._threads, self._watts, self._hashes, strict=True)
        drawn = rate = 0.0
        for count, watts, rates in pairs:
            drawn += watts[count]
            rate += rates[count]
        self._drawn, self._rate = drawn, rate

    def add(
        self, surplus: float, importing: float = IMPORT, exporting: float = EXPORT
    ) -> float:
        """Take a second with a surplus in W, and return what was mined with, in W."""
        drawn = self._drawn
        if surplus > 0:
            self.oracle += self._best[min(int(surplus), len(self._best) - 1)]
        if drawn:
            bought = min(drawn, max(0.0, drawn - surplus))
            self.mined += drawn
            self.bought += bought
            self.cost += (bought * importing + (drawn - bought) * exporting) / 3_600_000
            self.on_surplus += self._rate * (1 - bought / drawn)
        return drawn


def best_hashes(
    watts: Sequence[Sequence[float]], hashes: Sequence[Sequence[float]]
) -> list[float]:
    """Return the most H/s for each whole W that there is."""
    size = math.ceil(sum(each[-1] for each in watts)) + 1
    best = [0.0] * (size + 1)
    top = 0
    for drawn, rates in zip(watts, hashes, strict=True):
        # Rounded up by parts of a watt for each rig: less than a thread in all
        options = [
            (math.ceil(power - 1e-9), rate)
            for power, rate in zip(drawn, rates, strict=True)
        ]
        top = min(size, top + options[-1][0])
        new = best[:]
        for power, rate in options[1:]:
            for place in range(power, top + 1):
                value = best[place - power] + rate
                new[place] = max(new[place], value)
        best = new
        for place in range(1, size + 1):
            best[place] = max(best[place], best[place - 1])
    return best
