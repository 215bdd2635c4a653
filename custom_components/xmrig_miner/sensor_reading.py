"""Sensors of readings, published without noise, and hashrates in a suitable unit."""

from dataclasses import dataclass
from datetime import datetime
import time
from typing import override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import Platform
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import StateType

from .api.models import Gpu
from .const import DOMAIN
from .entity import XmrigEntity
from .readings import (
    HASHRATE_UNITS,
    NOTICEABLE,
    SteadyReading,
    display_precision,
    hashrate_unit,
    significant,
)
from .runtime import XmrigRuntimeData


@dataclass(frozen=True, kw_only=True)
class XmrigReadingEntityDescription(SensorEntityDescription):
    """A value that is read at each poll."""

    interval: int = 0
    """Seconds until a small change is published; 0 publishes every change."""
    noticeable: float = NOTICEABLE
    """Relative change from which it is published at once."""
    is_hashrate: bool = False
    """Whether it is in H/s, to be shown in a unit that suits the miner."""


class XmrigReadingSensor(XmrigEntity, SensorEntity):
    """A sensor of a value that is read at each poll."""

    entity_description: XmrigReadingEntityDescription

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: XmrigReadingEntityDescription,
        gpu: Gpu | None = None,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description, gpu)
        self._steady = SteadyReading(description.interval, description.noticeable)
        if description.is_hashrate:
            size = self.snapshot.peak_hashrate
            unit = self._registered_unit or hashrate_unit(size)
            self._divisor = HASHRATE_UNITS[unit]
            self._attr_native_unit_of_measurement = unit
            self._attr_suggested_display_precision = display_precision(
                size and size / self._divisor
            )

    @property
    def _registered_unit(self) -> str | None:
        """Return the registered unit of a hashrate.

        It is kept forever: Home Assistant cannot convert hashrates, and ends the
        statistics of a sensor whose unit changes.
        """
        registry = er.async_get(self.coordinator.hass)
        entity_id = registry.async_get_entity_id(
            Platform.SENSOR, DOMAIN, self.unique_id or ""
        )
        found = registry.async_get(entity_id) if entity_id else None
        unit = found.unit_of_measurement if found else None
        return unit if unit in HASHRATE_UNITS else None

    @property
    def reading(self) -> StateType | datetime:
        """Return the value as it is read."""
        raise NotImplementedError

    @property
    def occasion(self) -> object:
        """Return a value that makes every change noticeable when it changes itself."""
        return None

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value to publish."""
        value = self.reading
        if isinstance(value, float) and self.entity_description.is_hashrate:
            value = significant(value / self._divisor)
        return self._steady.publish(value, time.monotonic(), self.occasion)
