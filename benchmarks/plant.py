"""A house with rigs behind one meter, to test strategies without Home Assistant.

The delay of commands is that of the simulated miner in `day.py`: two seconds.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from custom_components.xmrig_miner.manager import Sample

from .fleet_score import FleetRig, FleetScore
from .meters import BATTERY, Battery, Meter, Readings, Samples
from .prices import FIXED, Tariff
from .sleeping import Beds

COMMAND = 2
"""Seconds from a command to its effect on power."""


class Strategy(Protocol):
    """Decides on the threads of the rigs."""

    beds: Beds | None
    """The rigs that may sleep; None if their idle power counts as part of the house."""

    def report(
        self, now: int, samples: Samples, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Return the rigs to change with their threads, after a report of a sensor.

        `truth` is the actual surplus, which only an ideal strategy may use.
        """

    def wake(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        """Return the rigs to change between reports."""

    def plug(self, now: int, rig: int, watts: float, threads: int) -> None:
        """Process a report of a rig's plug."""


@dataclass
class Plant:
    """The house."""

    rigs: Sequence[FleetRig]
    surplus: Sequence[float]
    """Surplus without mining in W, for each second."""
    meter: Meter
    random: Random
    battery: Battery | None = None
    """The oracle does not use its power; it only hides the surplus."""
    plug: Meter | None = None
    """How the plugs of the rigs report; None without plugs."""
    tariff: Tariff = FIXED
    start: int = 0
    """Start time by the clock of the strategy."""
    score: FleetScore = field(init=False)

    def __post_init__(self) -> None:
        """Start with idle rigs."""
        self.score = FleetScore(self.rigs)

    def run(self, strategy: Strategy) -> FleetScore:
        """Simulate the day."""
        score = self.score
        threads = [0] * len(self.rigs)
        pending: deque[tuple[int, Mapping[int, int]]] = deque()
        readings = Readings(self.meter, self.random)
        plugs = [Readings(self.plug, self.random) for _ in self.rigs if self.plug]
        for second, surplus in enumerate(self.surplus):
            now = self.start + second
            while pending and pending[0][0] <= now:
                for rig, count in pending.popleft()[1].items():
                    threads[rig] = count
                    score.change(rig, count)
            drawn = score.add(surplus, self.tariff.at(now))
            flow = drawn - surplus
            if strategy.beds:
                flow -= strategy.beds.pass_second(now, threads)
            if self.battery:
                charging = self.battery.pass_second(flow)
                flow += charging
                readings.samples[BATTERY] = Sample(charging, now)
            targets: Mapping[int, int] = {}
            if readings.pass_second(now, flow):
                targets = strategy.report(now, readings.samples, threads, surplus)
            if not targets:
                targets = strategy.wake(now, threads)
            if targets:
                pending.append((now + COMMAND, targets))
            for rig, plug in enumerate(plugs):
                self._report_plug(strategy, now, rig, plug, threads[rig])
        return score

    def _report_plug(
        self, strategy: Strategy, now: int, rig: int, plug: Readings, threads: int
    ) -> None:
        """Report the power of a computer by its plug."""
        model = self.rigs[rig].rig
        if plug.pass_second(now, model.idle + model.mining(threads)):
            watts = next(iter(plug.samples.values())).value
            strategy.plug(now, rig, watts or 0, threads)
