"""The most that a miner, its room or its cards may have, by the miner's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature
from homeassistant.core import HomeAssistant, valid_entity_id
from homeassistant.util.unit_conversion import TemperatureConverter

from ..api.models.values import number
from ..api.snapshot import Snapshot
from ..const import CONF_MAX_TEMPERATURE, CONF_TEMPERATURE_SENSOR

MAX_TEMPERATURE = 300
"""In any unit: no computer runs at more."""


@dataclass(frozen=True, kw_only=True)
class TemperatureLimit:
    """A maximum temperature, and where it is measured."""

    sensor: str | None
    """Entity ID; None for the hottest card of the miner."""
    maximum: float | None
    """In the unit of the sensor, of cards in °C; None for no maximum."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the limit of a miner's options; an absurd one counts as none."""
        sensor = options.get(CONF_TEMPERATURE_SENSOR)
        is_entity = isinstance(sensor, str) and valid_entity_id(sensor)
        return cls(
            sensor=sensor if is_entity else None,
            maximum=number(options.get(CONF_MAX_TEMPERATURE), MAX_TEMPERATURE),
        )

    def celsius(
        self, hass: HomeAssistant, snapshot: Snapshot
    ) -> tuple[float | None, float | None]:
        """Return temperature and maximum in °C; None for one that is unknown."""
        if self.sensor is None:
            return hottest_card(snapshot), self.maximum
        state = hass.states.get(self.sensor)
        if state is None:
            # A cap that is there stays until the sensor is back
            return None, self.maximum
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if unit not in TemperatureConverter.VALID_UNITS:
            return None, self.maximum
        return _celsius(_reading(state.state), unit), _celsius(self.maximum, unit)


def hottest_card(snapshot: Snapshot) -> float | None:
    """Return the highest temperature of a miner's cards in °C; None if it is unknown."""
    gpus = snapshot.backends.gpus if snapshot.backends else ()
    temperatures = [gpu.health.temperature for gpu in gpus]
    return max((value for value in temperatures if value), default=None)


def _reading(state: str) -> float | None:
    """Return the temperature that a state shows; None if it shows none."""
    try:
        value = float(state)
    except ValueError:
        return None
    return value if abs(value) < 10 * MAX_TEMPERATURE else None


def _celsius(value: float | None, unit: str | None) -> float | None:
    """Return a temperature in °C."""
    if value is None:
        return None
    return TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)
