"""The result of a fleet's day, compared with an oracle."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from .prices import FIXED
from .score import Rig, Shares


@dataclass(frozen=True)
class FleetRig:
    """A rig of a fleet, and the hashrate of its threads."""

    rig: Rig
    hashrate: float = 500
    """H/s of a single thread."""
    saturation: float = 0
    """The fraction of it that the last thread loses to the others."""

    @property
    def mining(self) -> list[float]:
        """Return the power of each number of threads on top of the idle power, in W."""
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
    """The result of a fleet's day.

    The oracle has one budget and no delay: each second, it runs the threads with the
    highest hashrate that the surplus of that second can feed.
    """

    rigs: Sequence[FleetRig]
    oracle: float = 0
    """Hashes."""
    on_surplus: float = 0
    """Hashes, weighted in each second by the fraction of energy that was not bought."""
    hashes: float = 0
    mined: float = 0
    """Ws."""
    bought: float = 0
    """Ws."""
    cost: float = 0
    """The cost of mining, including lost export earnings."""
    changes: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        """Calculate tables of power and hashrate by number of threads."""
        self._watts = [rig.mining for rig in self.rigs]
        self._hashes = [rig.hashrates for rig in self.rigs]
        self._best = best_hashes(self._watts, self._hashes)
        self._threads = [0] * len(self.rigs)
        self._drawn = 0.0
        self._rate = 0.0

    def change(self, rig: int, threads: int) -> None:
        """Run a number of threads on a rig from now on."""
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

    def add(self, surplus: float, prices: tuple[float, float] = FIXED.at(0)) -> float:
        """Add a second with a surplus in W, and return the power of mining in W.

        `prices` is what a kWh costs and earns.
        """
        drawn = self._drawn
        if surplus > 0:
            self.oracle += self._best[min(int(surplus), len(self._best) - 1)]
        if drawn:
            importing, exporting = prices
            bought = min(drawn, max(0.0, drawn - surplus))
            self.hashes += self._rate
            self.mined += drawn
            self.bought += bought
            self.cost += (bought * importing + (drawn - bought) * exporting) / 3_600_000
            self.on_surplus += self._rate * (1 - bought / drawn)
        return drawn


def best_hashes(
    watts: Sequence[Sequence[float]], hashes: Sequence[Sequence[float]]
) -> list[float]:
    """Return the highest H/s for each whole W of surplus."""
    size = math.ceil(sum(each[-1] for each in watts)) + 1
    best = [0.0] * (size + 1)
    top = 0
    for drawn, rates in zip(watts, hashes, strict=True):
        # Rounded up by a fraction of a watt per rig: less than a thread in total
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
