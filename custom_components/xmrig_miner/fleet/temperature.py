"""The maximum temperature of a miner, its room or its cards, from its options."""

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
"""In any unit; no computer runs hotter than that."""


@dataclass(frozen=True, kw_only=True)
class TemperatureLimit:
    """A maximum temperature, and where it is measured."""

    sensor: str | None
    """Entity ID; None to use the hottest card of the miner."""
    maximum: float | None
    """In the unit of the sensor, or in °C for cards; None for no maximum."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the limit from a miner's options; invalid values are ignored."""
        sensor = options.get(CONF_TEMPERATURE_SENSOR)
        is_entity = isinstance(sensor, str) and valid_entity_id(sensor)
        return cls(
            sensor=sensor if is_entity else None,
            maximum=number(options.get(CONF_MAX_TEMPERATURE), MAX_TEMPERATURE),
        )

    def celsius(
        self, hass: HomeAssistant, snapshot: Snapshot
    ) -> tuple[float | None, float | None]:
        """Return the temperature and its maximum in °C, each None if unknown."""
        if self.sensor is None:
            return hottest_card(snapshot), self.maximum
        state = hass.states.get(self.sensor)
        if state is None:
            # Keep an existing cap until the sensor is back
            return None, self.maximum
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if unit not in TemperatureConverter.VALID_UNITS:
            return None, self.maximum
        return _celsius(_reading(state.state), unit), _celsius(self.maximum, unit)


def hottest_card(snapshot: Snapshot) -> float | None:
    """Return the highest temperature of a miner's cards in °C; None if unknown."""
    gpus = snapshot.backends.gpus if snapshot.backends else ()
    temperatures = [gpu.health.temperature for gpu in gpus]
    return max((value for value in temperatures if value), default=None)


def _reading(state: str) -> float | None:
    """Return a state as a temperature; None if it is not a plausible number."""
    try:
        value = float(state)
    except ValueError:
        return None
    return value if abs(value) < 10 * MAX_TEMPERATURE else None


def _celsius(value: float | None, unit: str | None) -> float | None:
    """Convert a temperature to °C."""
    if value is None:
        return None
    return TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)
