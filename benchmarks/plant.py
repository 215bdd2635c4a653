"""A house with rigs behind one meter, in seconds, for strategies without Home Assistant.

What a rig does with a command is taken from the simulated miner of `day.py`: it takes
two seconds.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from random import Random
from typing import Protocol

from .score import Rig, Shares

COMMAND = 2
"""Seconds from a command to the power that shows it."""


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


@dataclass(frozen=True)
class Meter:
    """How the meter of the grid reports."""

    interval: int = 15
    """Seconds between two reports."""
    lag: int = 0
    """Seconds that a report is late."""
    averaging: int = 1
    """Seconds that a report is the mean of."""
    noise: float = 0.02
    """The standard deviation of a report, as a share of it."""
    resolution: float = 0.1
    """W to which a report is rounded."""
    on_change: bool = False
    """Whether only what changed is reported."""


@dataclass
class FleetScore(Shares):
    """What a fleet mined in a day, against an oracle.

    The oracle has one budget and no delay: each second it runs the threads that hash
    the most of all whose power the surplus of that second feeds.
    """

    rigs: Sequence[FleetRig]
    oracle: float = 0
    """Hashes."""
    on_surplus: float = 0
    """Hashes, those of a second by the share of its energy that was not bought."""
    hashes: float = 0
    mined: float = 0
    """Ws."""
    bought: float = 0
    """Ws."""
    exported: float = 0
    """Ws."""
    changes: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        """Make tables of what each number of threads draws and hashes."""
        self._watts = [rig.mining for rig in self.rigs]
        self._hashes = [rig.hashrates for rig in self.rigs]
        self._best = best_hashes(self._watts, self._hashes)
        self._before: list[int] | None = None

    def add(self, threads: list[int], surplus: float) -> float:
        """Take a second with a surplus in W, and return what was mined with, in W."""
        drawn = hashes = 0.0
        for count, watts, rates in zip(threads, self._watts, self._hashes, strict=True):
            drawn += watts[count]
            hashes += rates[count]
        bought = min(drawn, max(0.0, drawn - surplus))
        self.mined += drawn
        self.bought += bought
        self.exported += max(0.0, surplus - drawn)
        self.hashes += hashes
        if drawn:
            self.on_surplus += hashes * (1 - bought / drawn)
        if surplus > 0:
            self.oracle += self._best[min(int(surplus), len(self._best) - 1)]
        before = self._before
        if before is not None and before != threads:
            for old, new in zip(before, threads, strict=True):
                self.changes += old != new
                self.starts += old == 0 < new
        if before != threads:
            self._before = list(threads)
        return drawn

    def cost(self, importing: float = 0.30, exporting: float = 0.08) -> float:
        """Return what was paid for mining, and not earned by export, per day."""
        surplus = self.mined - self.bought
        return (self.bought * importing + surplus * exporting) / 3_600_000


def best_hashes(
    watts: Sequence[Sequence[float]], hashes: Sequence[Sequence[float]]
) -> list[float]:
    """Return the most H/s for each whole W that there is."""
    size = math.ceil(sum(each[-1] for each in watts)) + 1
    best = [0.0] * (size + 1)
    for drawn, rates in zip(watts, hashes, strict=True):
        # Rounded up by parts of a watt for each rig: less than a thread in all
        options = [
            (math.ceil(power - 1e-9), rate)
            for power, rate in zip(drawn, rates, strict=True)
        ]
        new = best[:]
        for power, rate in options[1:]:
            for place in range(power, size + 1):
                value = best[place - power] + rate
                new[place] = max(new[place], value)
        best = new
    for place in range(1, size + 1):
        best[place] = max(best[place], best[place - 1])
    return best


class Strategy(Protocol):
    """What decides on the threads of the rigs."""

    def reading(
        self, now: int, watts: float, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Return the rigs to change, and their threads, at a report of the meter.

        It reports W that are bought; `truth` is the surplus that only an ideal strategy
        may look at.
        """

    def wake(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        """Return the rigs to change between the reports."""


@dataclass
class Plant:
    """The house."""

    rigs: Sequence[FleetRig]
    surplus: Sequence[float]
    """W left over without mining, second by second."""
    meter: Meter
    random: Random
    command: int = COMMAND
    threads_seen: list[list[int]] = field(default_factory=list)

    def run(self, strategy: Strategy) -> FleetScore:
        """Let the day pass."""
        score = FleetScore(self.rigs)
        meter = self.meter
        threads = [0] * len(self.rigs)
        pending: deque[tuple[int, Mapping[int, int]]] = deque()
        kept = meter.lag + meter.averaging
        flows: deque[float] = deque(maxlen=kept)
        phase = self.random.randrange(meter.interval)
        last: float | None = None
        for second, surplus in enumerate(self.surplus):
            while pending and pending[0][0] <= second:
                for rig, count in pending.popleft()[1].items():
                    threads[rig] = count
            drawn = score.add(threads, surplus)
            flows.append(drawn - surplus)
            targets: Mapping[int, int] = {}
            if second % meter.interval == phase and len(flows) == kept:
                shown = self._shown(flows)
                if not meter.on_change or shown != last:
                    last = shown
                    targets = strategy.reading(second, shown, threads, surplus)
            if not targets:
                targets = strategy.wake(second, threads)
            if targets:
                pending.append((second + self.command, targets))
        return score

    def _shown(self, flows: Sequence[float]) -> float:
        """Return what the meter reports."""
        meter = self.meter
        seen = [flows[place] for place in range(meter.averaging)]
        watts = sum(seen) / len(seen)
        watts *= 1 + self.random.gauss(0, meter.noise)
        return round(watts / meter.resolution) * meter.resolution
