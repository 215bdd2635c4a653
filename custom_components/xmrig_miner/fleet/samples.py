"""Read the sensors of the house."""

from collections.abc import Iterable
from datetime import datetime
import math

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter

from ..manager import Sample
from .house import Price
from .settings import MAX_EARNINGS, MAX_PRICE

CENTS = frozenset({"ct", "c", "¢", "cent", "cents", "snt", "p", "pence", "øre", "öre"})
"""Names of a hundredth of a currency, in lower case, as price sensors have them."""


class Samples:
    """Reads the sensors of the house.

    It remembers when it first saw each report. Home Assistant only stores the wall-clock
    time, which may jump. Even if it does not, each conversion to the monotonic clock is
    off by some microseconds, so that one report would look like several.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize it."""
        self._hass = hass
        self._seen: dict[str, tuple[datetime, float]] = {}
        """The wall-clock time and the monotonic time of the last report of sensors."""

    @callback
    def read(self, sensors: Iterable[str], now: float) -> dict[str, Sample]:
        """Return the samples of sensors by entity ID; `now` is a monotonic time in s."""
        utcnow = dt_util.utcnow()
        samples: dict[str, Sample] = {}
        for sensor in sensors:
            if (state := self._hass.states.get(sensor)) is None:
                continue
            reported, at = self._seen.get(sensor, (None, now))
            if reported != state.last_reported:
                age = (utcnow - state.last_reported).total_seconds()
                # The age is negative if the clock was set back since the report
                at = now - max(0.0, age)
                self._seen[sensor] = (state.last_reported, at)
            samples[sensor] = Sample(
                value=_number(state),
                at=at,
                unit=state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
            )
        return samples


@callback
def async_price(hass: HomeAssistant, price: Price) -> float | None:
    """Return a price per kWh; None if unknown.

    A sensor's unit is evaluated as in the Energy dashboard (_get_energy_price in
    homeassistant/components/energy/sensor.py): energy is converted, the currency is not.
    Unlike there, cents are: price limit and cost are in the currency.
    """
    value = price.number
    if price.sensor is not None:
        if (state := hass.states.get(price.sensor)) is None:
            return None
        value = _number(state)
        unit = str(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, ""))
        money, energy = (part.strip() for part in unit.partition("/")[::2])
        if value is not None and money.lower() in CENTS:
            value /= 100
        if value is not None and energy in EnergyConverter.VALID_UNITS:
            kwh = UnitOfEnergy.KILO_WATT_HOUR
            value = value / EnergyConverter.convert(1, energy, kwh)
    return _bounded(value, -MAX_PRICE, MAX_PRICE)


@callback
def async_earnings(hass: HomeAssistant, sensor: str) -> float | None:
    """Return the earnings of 1 kH/s per day from a sensor; None if unknown."""
    state = hass.states.get(sensor)
    return None if state is None else _bounded(_number(state), 0, MAX_EARNINGS)


def _bounded(value: float | None, minimum: float, maximum: float) -> float | None:
    """Return a number that is within the bounds; None for any other and for NaN."""
    return value if value is not None and minimum <= value <= maximum else None


def _number(state: State) -> float | None:
    """Return a state as a finite number; None if it is not one."""
    try:
        value = float(state.state)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
