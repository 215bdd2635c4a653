"""Read the sensors of the house."""

from collections.abc import Iterable
import math

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util.unit_conversion import EnergyConverter

from ..manager import Sample
from ..report_times import ReportTimes
from .house import Price
from .settings import MAX_EARNINGS, MAX_PRICE

CENTS = frozenset({"ct", "c", "¢", "cent", "cents", "snt", "p", "pence", "øre", "öre"})
"""Names of a hundredth of a currency, in lower case, as price sensors have them."""


class Samples:
    """Reads the sensors of the house."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize it."""
        self._hass = hass
        self._times = ReportTimes()

    @callback
    def read(self, sensors: Iterable[str], now: float) -> dict[str, Sample]:
        """Return the samples of sensors by entity ID; `now` is a monotonic time in s."""
        return {
            sensor: Sample(
                value=_number(state),
                at=self._times.of(state, now),
                unit=state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
            )
            for sensor in sensors
            if (state := self._hass.states.get(sensor)) is not None
        }


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
