"""How the sensors of a house and of its miners show what flows."""

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
    is_split: bool = False
    """Whether import and export are two sensors, of which export reports later."""

    @property
    def flow(self) -> Flow:
        """Return how its sensors make one power."""
        return Flow((GRID,), (EXPORT,)) if self.is_split else Flow((GRID,))


EXPORT_DELAY = 1
"""Seconds after import in which a meter with two sensors reports export."""


@dataclass
class Readings:
    """The reports of a meter, second by second."""

    meter: Meter
    random: Random
    samples: dict[str, Sample] = field(default_factory=dict)
    """What its sensors show."""

    def __post_init__(self) -> None:
        """Begin at some moment within the interval."""
        meter = self.meter
        self._phase = self.random.randrange(meter.interval)
        self._flows: deque[float] = deque(maxlen=meter.lag + meter.averaging)
        self._export: float | None = None

    def pass_second(self, second: int, flow: float) -> bool:
        """Take a second with a flow in W, and return whether a sensor reports."""
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
        """Let a sensor report, and return whether it does."""
        before = self.samples.get(sensor)
        if self.meter.on_change and before and before.value == watts:
            return False
        self.samples[sensor] = Sample(watts, second)
        return True

    def _shown(self) -> float:
        """Return what the meter reports."""
        meter = self.meter
        seen = [self._flows[place] for place in range(meter.averaging)]
        watts = sum(seen) / len(seen)
        watts *= 1 + self.random.gauss(0, meter.noise)
        return round(watts / meter.resolution) * meter.resolution


@dataclass
class Battery:
    """A home battery that holds the grid at zero as far as it can."""

    capacity: float = 5_000
    """Wh."""
    power: float = 2_500
    """W at most, either way."""
    charge: float = 2_000
    """Wh."""
    delay: int = 2
    """Seconds in which it follows."""

    def __post_init__(self) -> None:
        """Begin at rest."""
        self._flows: deque[float] = deque([0.0] * self.delay, maxlen=self.delay)

    def pass_second(self, flow: float) -> float:
        """Take what the house would buy, in W, and return what charges the battery."""
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
