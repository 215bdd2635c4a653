"""Power of grid and battery from whatever sensors there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
import math

WATTS = {"mW": 0.001, "W": 1.0, "kW": 1_000.0, "MW": 1_000_000.0}
"""W in the units that a power sensor may have."""

GATHER = 1
"""Seconds in which several sensors report what belongs together."""

TOGETHER = 120
"""Seconds up to which the reports of several sensors can be apart. One that is older
reports only changes, and has had none since."""


@dataclass(frozen=True)
class Sample:
    """What a sensor reported."""

    value: float | None
    """None while it is unavailable, unknown, or no number."""
    at: float
    """When it was reported, even if nothing changed; in s on the clock of `now`."""
    unit: str | None = "W"

    @property
    def watts(self) -> float | None:
        """Return the sample in W; None if it is no finite power."""
        factor = WATTS.get(self.unit or "")
        if factor is None or self.value is None or not math.isfinite(self.value):
            return None
        return self.value * factor


@dataclass(frozen=True)
class Flow:
    """One power from one or several sensors: the sum of some, less the sum of others.

    This covers a signed sensor in either direction, import and export as two sensors,
    and phases of each.
    """

    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    @property
    def sensors(self) -> tuple[str, ...]:
        """Return all sensors."""
        return self.plus + self.minus

    def reading(self, samples: Mapping[str, Sample]) -> Reading | None:
        """Return the power; None without sensors, or while one of them is unknown."""
        total, times = 0.0, []
        for sensor in self.sensors:
            sample = samples.get(sensor)
            watts = sample.watts if sample else None
            if sample is None or watts is None:
                return None
            total += watts if sensor in self.plus else -watts
            times.append(sample.at)
        return Reading.of(total, times) if times else None


@dataclass(frozen=True)
class Reading:
    """A power in W, and when it was measured."""

    watts: float
    at: float
    """When the newest part was reported."""
    since: float
    """When the oldest part was reported of those that belong together."""
    is_whole: bool = True
    """Whether all parts belong together; others are older."""

    @classmethod
    def of(cls, watts: float, times: Iterable[float]) -> Reading:
        """Return a reading whose parts were reported at some times."""
        ordered = sorted(times)
        newest = ordered[-1]
        since = next(at for at in ordered if at >= newest - TOGETHER)
        return cls(watts, newest, since, since == ordered[0])

    def plus(self, other: Reading) -> Reading:
        """Return the sum with another reading."""
        times = (self.at, self.since, other.at, other.since)
        whole = Reading.of(self.watts + other.watts, times)
        return replace(
            whole, is_whole=whole.is_whole and self.is_whole and other.is_whole
        )


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The sensors that the manager reads."""

    grid: Flow = Flow()
    """Above zero while power is bought."""
    battery: Flow | None = None
    """Above zero while the battery charges; None without a battery."""
    battery_level: str | None = None
    """State of charge in %."""

    def meters(self, samples: Mapping[str, Sample]) -> Meters:
        """Return what the sensors show."""
        level = samples.get(self.battery_level or "")
        charge = level.value if level else None
        return Meters(
            grid=self.grid.reading(samples),
            battery=self.battery.reading(samples) if self.battery else None,
            has_battery=self.battery is not None,
            battery_level=charge if charge is None or math.isfinite(charge) else None,
            has_level=self.battery_level is not None,
            parts=len(self.grid.sensors)
            + (len(self.battery.sensors) if self.battery else 0),
        )


@dataclass(frozen=True, kw_only=True)
class Meters:
    """What the meters of the house show."""

    grid: Reading | None
    """W that are bought, below zero while power is exported."""
    battery: Reading | None = None
    """W that charge the battery, below zero while it discharges."""
    has_battery: bool = False
    battery_level: float | None = None
    """%."""
    has_level: bool = False
    parts: int = 1
    """Sensors that the power comes from."""

    @property
    def _whole(self) -> Reading | None:
        """Return grid and battery together; None while the grid is unknown."""
        if self.grid is None or self.battery is None:
            return self.grid
        return self.grid.plus(self.battery)

    @property
    def reported_at(self) -> float | None:
        """Return when a sensor reported last; None while the grid's do not."""
        return None if self._whole is None else self._whole.at

    @property
    def gathered_at(self) -> float | None:
        """Return when all sensors have reported; None if nothing is to be waited for.

        Sensors that have reported within a moment belong together. Otherwise those of a
        meter that reports each second would be waited for without end.
        """
        whole = self._whole
        if self.parts < 2 or whole is None:
            return None
        if whole.is_whole and whole.at - whole.since <= GATHER:
            return None
        return whole.at + GATHER
