"""Sensors of a miner's power and energy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
import time
from typing import Any, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorExtraStoredData,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_time_interval,
)
from homeassistant.helpers.restore_state import ExtraStoredData

from .api.models.values import number
from .const import UNIT_EFFICIENCY
from .entity import XmrigEntity
from .power.energy import EnergyMeter
from .power.meter import PowerMeter
from .runtime import XmrigRuntimeData

MAX_ENERGY = 10**9
"""kWh, far more than a miner draws in a thousand years."""

READ_INTERVAL = timedelta(minutes=1)
"""Between two readings of a meter that reports nothing new while the miner is offline."""


@dataclass(frozen=True, kw_only=True)
class XmrigPowerSensorEntityDescription(SensorEntityDescription):
    """A value that follows from the power."""

    value_fn: Callable[[PowerMeter], float | None]
    digits: int
    has_estimated: bool = True


POWER_DESCRIPTIONS = (
    XmrigPowerSensorEntityDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        digits=1,
        value_fn=lambda meter: meter.watts,
    ),
    XmrigPowerSensorEntityDescription(
        key="efficiency",
        translation_key="efficiency",
        native_unit_of_measurement=UNIT_EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        digits=2,
        value_fn=lambda meter: meter.efficiency,
    ),
    XmrigPowerSensorEntityDescription(
        key="power_per_thread",
        translation_key="power_per_thread",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=1,
        digits=1,
        has_estimated=False,
        value_fn=lambda meter: meter.model.per_thread,
    ),
)

ENERGY = SensorEntityDescription(
    key="energy",
    translation_key="energy",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    state_class=SensorStateClass.TOTAL_INCREASING,
    suggested_display_precision=2,
)


def stored_energy(stored: ExtraStoredData | None) -> float:
    """Return the energy that was stored, in kWh; 0 for none, or of another shape."""
    if stored is None:
        return 0
    try:
        sensor = SensorExtraStoredData.from_dict(stored.as_dict())
        value = sensor.native_value if sensor else None
        # Home Assistant restores what was a decimal number as such.
        value = float(value) if isinstance(value, Decimal) else value
    except ArithmeticError, AttributeError, LookupError, TypeError, ValueError:
        return 0
    return number(value, MAX_ENERGY) or 0


class XmrigMeterEntity(XmrigEntity, SensorEntity):
    """A sensor that follows the user's meter as well as the miner."""

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: SensorEntityDescription,
        meter: PowerMeter,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description)
        self._meter = meter

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the meter."""
        await super().async_added_to_hass()
        if self._meter.sensor:
            self.async_on_remove(
                async_track_state_change_event(
                    self.hass, self._meter.sensor, self._handle_meter
                )
            )

    @callback
    def _handle_meter(self, _: Event[EventStateChangedData] | datetime) -> None:
        """Update the state from the meter."""
        self._handle_coordinator_update()


class XmrigPowerSensor(XmrigMeterEntity):
    """A value that follows from the power."""

    entity_description: XmrigPowerSensorEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner or the meter answers."""
        return super().available or self.native_value is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value, rounded to what is significant."""
        value = self.entity_description.value_fn(self._meter)
        return None if value is None else round(value, self.entity_description.digits)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return whether it is only an estimate."""
        if not self.entity_description.has_estimated:
            return None
        return {"estimated": self._meter.is_estimated}


class XmrigEnergySensor(XmrigMeterEntity, RestoreSensor):
    """The energy used in total."""

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: SensorEntityDescription,
        meter: PowerMeter,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description, meter)
        self._energy = EnergyMeter()

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the energy."""
        await super().async_added_to_hass()
        self._energy.total = stored_energy(await self.async_get_last_extra_data())
        # There are no updates from the coordinator while the miner is offline.
        self.async_on_remove(
            async_track_time_interval(self.hass, self._handle_meter, READ_INTERVAL)
        )
        self._handle_coordinator_update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Add the energy used since the last reading."""
        self._energy.add(time.monotonic(), self._meter.watts)
        super()._handle_coordinator_update()

    @property
    @override
    def available(self) -> bool:
        """Energy stays available while the miner is offline."""
        return True

    @property
    @override
    def native_value(self) -> float:
        """Return the energy in kWh."""
        return round(self._energy.total, 6)
