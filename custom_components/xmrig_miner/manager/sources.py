"""Grid and battery power from any combination of sensors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
import math

WATTS = {"mW": 0.001, "W": 1.0, "kW": 1_000.0, "MW": 1_000_000.0}
"""Factors from the units of a power sensor to W."""

MAX_WATTS = 1e9
"""The largest power that is a reading: a meter may show anything for a moment, and what
exceeds a float would be learned from."""

GATHER = 1
"""Seconds within which several sensors report values that belong together."""

TOGETHER = 120
"""Maximum seconds between reports that belong together. A sensor with an older report
reports only changes, and its value has not changed since."""


@dataclass(frozen=True)
class Sample:
    """The last report of a sensor."""

    value: float | None
    """None while it is unavailable, unknown or not a number."""
    at: float
    """When it was reported, even if unchanged; in seconds on the clock of `now`."""
    unit: str | None = "W"

    @property
    def watts(self) -> float | None:
        """Return the sample in W; None if it is not a plausible power."""
        factor = WATTS.get(self.unit or "")
        if factor is None or self.value is None:
            return None
        watts = self.value * factor
        return watts if abs(watts) <= MAX_WATTS else None


@dataclass(frozen=True)
class Flow:
    """A power from one or more sensors: the sum of `plus`, less the sum of `minus`.

    This covers a signed sensor of either sign, separate import and export sensors, and
    one sensor per phase.
    """

    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    @property
    def sensors(self) -> tuple[str, ...]:
        """Return all sensors."""
        return self.plus + self.minus

    def reading(self, samples: Mapping[str, Sample]) -> Reading | None:
        """Return the power; None without sensors, or while any of them is unknown."""
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
    """When the oldest of the parts that belong together was reported."""
    is_whole: bool = True
    """Whether all parts belong together; False if some are older."""

    @classmethod
    def of(cls, watts: float, times: Iterable[float]) -> Reading:
        """Return a reading whose parts were reported at the given times."""
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
    """Positive while power is bought."""
    battery: Flow | None = None
    """Positive while the battery charges; None without a battery."""
    battery_level: str | None = None
    """ID of the sensor for the state of charge in %."""

    def meters(self, samples: Mapping[str, Sample]) -> Meters:
        """Return the readings of the sensors."""
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
    """The readings of the meters of the house."""

    grid: Reading | None
    """W bought, negative while power is exported."""
    battery: Reading | None = None
    """W charging the battery, negative while it discharges."""
    has_battery: bool = False
    battery_level: float | None = None
    """State of charge in %."""
    has_level: bool = False
    parts: int = 1
    """Number of sensors that the power comes from."""

    @property
    def _whole(self) -> Reading | None:
        """Return the sum of grid and battery; None while the grid is unknown.

        Only its times are used. The battery is left out while it is unknown.
        """
        if self.grid is None or self.battery is None:
            return self.grid
        return self.grid.plus(self.battery)

    @property
    def reported_at(self) -> float | None:
        """Return when a sensor last reported; None while the grid power is unknown."""
        return None if self._whole is None else self._whole.at

    @property
    def gathered_at(self) -> float | None:
        """Return when to stop waiting for sensors; None if there is no need to wait.

        Reports within `GATHER` seconds of each other count as complete. Otherwise the
        wait for a meter that reports every second would never end.
        """
        whole = self._whole
        if self.parts < 2 or whole is None:
            return None
        if whole.is_whole and whole.at - whole.since <= GATHER:
            return None
        return whole.at + GATHER
