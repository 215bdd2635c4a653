"""How the sensors of a house and its miners report power."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from custom_components.xmrig_miner.manager import Flow, Sample

GRID = "sensor.grid"
EXPORT = "sensor.export"
BATTERY = "sensor.battery"


@dataclass(frozen=True)
class Meter:
    """A power sensor."""

    interval: int = 15
    """Seconds between reports."""
    lag: int = 0
    """Delay of a report in seconds."""
    averaging: int = 1
    """Seconds over which a report is averaged."""
    noise: float = 0.02
    """Relative standard deviation of a report."""
    resolution: float = 0.1
    """Resolution of a report in W."""
    on_change: bool = False
    """Whether only changes are reported."""
    is_split: bool = False
    """Whether import and export are two sensors; export reports later."""

    @property
    def flow(self) -> Flow:
        """Return how its sensors are combined into one power."""
        return Flow((GRID,), (EXPORT,)) if self.is_split else Flow((GRID,))


EXPORT_DELAY = 1
"""Seconds after which a meter with two sensors reports export, following import."""


@dataclass
class Readings:
    """The reports of a meter for each second."""

    meter: Meter
    random: Random
    samples: dict[str, Sample] = field(default_factory=dict)
    """Current readings of its sensors."""

    def __post_init__(self) -> None:
        """Start at a random time within the interval."""
        meter = self.meter
        self._phase = self.random.randrange(meter.interval)
        self._flows: deque[float] = deque(maxlen=meter.lag + meter.averaging)
        self._export: float | None = None

    def pass_second(self, second: int, flow: float) -> bool:
        """Process a second with a flow in W, and return whether a sensor reports."""
        meter, flows = self.meter, self._flows
        flows.append(flow)
        place = (second - self._phase) % meter.interval
        if place == 0 and len(flows) == flows.maxlen:
            shown = self._shown()
            if not meter.is_split:
                return self._set(GRID, second, shown)
            self._export = max(0.0, -shown)
            return self._set(GRID, second, max(0.0, shown))
        if place == EXPORT_DELAY and self._export is not None:
            return self._set(EXPORT, second, self._export)
        return False

    def _set(self, sensor: str, second: int, watts: float) -> bool:
        """Report by a sensor, and return whether it was sent."""
        before = self.samples.get(sensor)
        if self.meter.on_change and before and before.value == watts:
            return False
        self.samples[sensor] = Sample(watts, second)
        return True

    def _shown(self) -> float:
        """Return the reading of the meter."""
        meter = self.meter
        seen = [self._flows[place] for place in range(meter.averaging)]
        watts = sum(seen) / len(seen)
        watts *= 1 + self.random.gauss(0, meter.noise)
        return round(watts / meter.resolution) * meter.resolution


@dataclass
class Battery:
    """A home battery that keeps the grid power at zero as far as possible."""

    capacity: float = 5_000
    """Wh."""
    power: float = 2_500
    """Maximum W, in both directions."""
    charge: float = 2_000
    """Wh."""
    delay: int = 2
    """Seconds until it reacts."""

    def __post_init__(self) -> None:
        """Start at rest."""
        self._flows: deque[float] = deque([0.0] * self.delay, maxlen=self.delay)

    def pass_second(self, flow: float) -> float:
        """Process what the house would buy in W, and return the charging power."""
        wanted = -self._flows[0]
        self._flows.append(flow)
        watts = max(-self.power, min(self.power, wanted))
        if (watts > 0 and self.charge >= self.capacity) or (
            watts < 0 and self.charge <= 0
        ):
            watts = 0
        self.charge += watts / 3600
        return watts


type Samples = Mapping[str, Sample]
