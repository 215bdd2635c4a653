"""The user's power options for a miner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from homeassistant.core import valid_entity_id

from ..api.models.values import integer, number
from ..const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    DEFAULT_POWER_INTERVAL,
)
from .model import MAX_WATTS

MIN_POWER_INTERVAL = 5
MAX_POWER_INTERVAL = 600


@dataclass(frozen=True, kw_only=True)
class PowerOptions:
    """The source of power readings, and how fast the power limit may add threads."""

    sensor: str | None
    """Entity ID of the user's meter."""
    idle: float | None
    """Idle power, in W."""
    full: float | None
    """Full-load power, in W."""
    interval: int
    """Seconds that the power limit waits after a change before it adds threads."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the options of a config entry.

        The form limits the values it stores. Stored values may still be older than
        these limits, or come from a damaged file: invalid values are ignored.
        """
        sensor = options.get(CONF_POWER_SENSOR)
        is_entity = isinstance(sensor, str) and valid_entity_id(sensor)
        interval = integer(
            options.get(CONF_POWER_INTERVAL),
            MAX_POWER_INTERVAL,
            minimum=MIN_POWER_INTERVAL,
        )
        return cls(
            sensor=sensor if is_entity else None,
            idle=number(options.get(CONF_IDLE_POWER), MAX_WATTS),
            full=number(options.get(CONF_FULL_POWER), MAX_WATTS),
            interval=DEFAULT_POWER_INTERVAL if interval is None else interval,
        )

    @property
    def is_complete(self) -> bool:
        """Return whether there is a power sensor or an estimate."""
        return self.sensor is not None or None not in (self.idle, self.full)
