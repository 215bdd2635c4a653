"""Sensors of a miner's power and energy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
import math
import time
from typing import override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorExtraStoredData,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfRatio
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.restore_state import ExtraStoredData

from .api.models.values import number
from .const import UNIT_EFFICIENCY
from .entity import XmrigEntity, XmrigMeterEntity
from .power.energy import EnergyMeter
from .power.meter import PowerMeter
from .readings import (
    LONG_INTERVAL,
    NOTICEABLE_HASHRATE,
    SHORT_INTERVAL,
    SteadyReading,
    rounded,
)
from .runtime import XmrigRuntimeData
from .sensor_reading import XmrigReadingEntityDescription, XmrigReadingSensor

MAX_ENERGY = 10**9
"""kWh, far more than a miner draws in a thousand years."""

READ_INTERVAL = timedelta(minutes=1)
"""Between readings of a meter that reports nothing new while the miner is offline."""


@dataclass(frozen=True, kw_only=True)
class XmrigPowerSensorEntityDescription(XmrigReadingEntityDescription):
    """A value that is calculated from the power."""

    needs_miner: bool = False
    """Whether it is unknown while the miner is unreachable."""
    value_fn: Callable[[PowerMeter], float | datetime | None]


def _whole_second(moment: datetime) -> datetime:
    """Return the next whole second: a state has no fraction, and must not be early."""
    return (moment + timedelta(microseconds=999_999)).replace(microsecond=0)


POWER_DESCRIPTIONS = (
    XmrigPowerSensorEntityDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        interval=SHORT_INTERVAL,
        suggested_display_precision=0,
        value_fn=lambda meter: rounded(meter.watts, 1),
    ),
    XmrigPowerSensorEntityDescription(
        key="efficiency",
        translation_key="efficiency",
        native_unit_of_measurement=UNIT_EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        interval=SHORT_INTERVAL,
        noticeable=NOTICEABLE_HASHRATE,
        suggested_display_precision=1,
        value_fn=lambda meter: rounded(meter.efficiency, 2),
    ),
    XmrigPowerSensorEntityDescription(
        key="power_per_thread",
        translation_key="power_per_thread",
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=1,
        value_fn=lambda meter: rounded(meter.model.per_thread, 1),
    ),
    # For automations that calculate the next limit. The next two have no device class,
    # and the second has no state class: forms that ask for a power meter should only
    # offer Power, and the blueprints recognize the two by that.
    XmrigPowerSensorEntityDescription(
        key="expected_power",
        translation_key="expected_power",
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        interval=SHORT_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=0,
        needs_miner=True,
        value_fn=lambda meter: rounded(meter.expected, 0),
    ),
    XmrigPowerSensorEntityDescription(
        key="single_thread_power",
        translation_key="single_thread_power",
        native_unit_of_measurement=UnitOfPower.WATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        needs_miner=True,
        value_fn=lambda meter: meter.minimum_power,
    ),
    XmrigPowerSensorEntityDescription(
        key="thread_change",
        translation_key="thread_change",
        # A miner that follows the surplus would fill the activity of its device with it
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        needs_miner=True,
        value_fn=lambda meter: _whole_second(meter.changed_at),
    ),
)

CALIBRATION = SensorEntityDescription(
    key="calibration",
    translation_key="calibration",
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    entity_category=EntityCategory.DIAGNOSTIC,
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
    """Return the stored energy in kWh; 0 without any, or for anything else."""
    if stored is None:
        return 0
    try:
        sensor = SensorExtraStoredData.from_dict(stored.as_dict())
        value = sensor.native_value if sensor else None
        # Home Assistant restores decimal numbers as such.
        value = float(value) if isinstance(value, Decimal) else value
    except ArithmeticError, AttributeError, LookupError, TypeError, ValueError:
        return 0
    return number(value, MAX_ENERGY) or 0


class XmrigPowerSensor(XmrigMeterEntity, XmrigReadingSensor):
    """A value that is calculated from the power."""

    entity_description: XmrigPowerSensorEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner responds, or the meter if that is enough."""
        return super().available or (
            not self.entity_description.needs_miner and self.reading is not None
        )

    @property
    @override
    def reading(self) -> float | datetime | None:
        """Return the value."""
        return self.entity_description.value_fn(self._meter)

    @property
    @override
    def occasion(self) -> datetime:
        """Return when threads or cards last started or stopped.

        A single thread of many changes the power little, but must be published at once.
        """
        return self._meter.changed_at


class XmrigCalibrationSensor(XmrigEntity, SensorEntity):
    """The progress of a calibration."""

    @property
    @override
    def native_value(self) -> int | None:
        """Return the progress in %; unknown while none runs."""
        return self.runtime.power.calibration.progress


class XmrigEnergySensor(XmrigMeterEntity, RestoreSensor):
    """The energy used in total."""

    def __init__(
        self, runtime: XmrigRuntimeData, description: SensorEntityDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description)
        self._energy = EnergyMeter()
        self._steady = SteadyReading(SHORT_INTERVAL, noticeable=math.inf)

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
    def native_value(self) -> float | None:
        """Return the energy in kWh, as of the last minute."""
        return self._steady.update(self._total, time.monotonic())

    @property
    @override
    def extra_restore_state_data(self) -> SensorExtraStoredData:
        """Return the energy as of now."""
        return SensorExtraStoredData(self._total, self.native_unit_of_measurement)

    @property
    def _total(self) -> float:
        """Return the energy in kWh."""
        return round(self._energy.total, 6)
