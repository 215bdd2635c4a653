"""Sensors of the graphics cards of a miner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from .api.models import Gpu
from .api.snapshot import Snapshot
from .readings import LONG_INTERVAL, NOTICEABLE_HASHRATE
from .runtime import XmrigRuntimeData
from .sensor_reading import XmrigReadingEntityDescription, XmrigReadingSensor


@dataclass(frozen=True, kw_only=True)
class XmrigGpuSensorEntityDescription(XmrigReadingEntityDescription):
    """Describes a sensor of a card; a card that is not listed has no values."""

    every_card: bool = False
    """Whether every card reports it eventually."""
    value_fn: Callable[[Snapshot, Gpu], StateType]


GPU_DESCRIPTIONS = (
    XmrigGpuSensorEntityDescription(
        key="gpu_hashrate",
        translation_key="gpu_hashrate",
        every_card=True,
        state_class=SensorStateClass.MEASUREMENT,
        is_hashrate=True,
        interval=LONG_INTERVAL,
        noticeable=NOTICEABLE_HASHRATE,
        value_fn=lambda snapshot, gpu: snapshot.hashrate_now(gpu.hashrate, gpu.backend),
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_temperature",
        translation_key="gpu_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        suggested_display_precision=0,
        value_fn=lambda _, gpu: gpu.health.temperature,
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_power",
        translation_key="gpu_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        suggested_display_precision=0,
        value_fn=lambda _, gpu: gpu.health.power,
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_fan_speed",
        translation_key="gpu_fan_speed",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        suggested_display_precision=0,
        value_fn=lambda _, gpu: gpu.health.fan_speed,
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_fan_rpm",
        translation_key="gpu_fan_rpm",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        value_fn=lambda _, gpu: gpu.health.rpm,
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_core_clock",
        translation_key="gpu_core_clock",
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda _, gpu: gpu.health.clock,
    ),
    XmrigGpuSensorEntityDescription(
        key="gpu_memory_clock",
        translation_key="gpu_memory_clock",
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda _, gpu: gpu.health.memory_clock,
    ),
)


def cards(snapshot: Snapshot) -> tuple[Gpu, ...]:
    """Return the cards of a complete reply: others may lack an identity."""
    backends = snapshot.backends
    return backends.gpus if backends and backends.complete else ()


def has_value(
    snapshot: Snapshot, description: XmrigGpuSensorEntityDescription, gpu: Gpu
) -> bool:
    """Return whether a card exists and reports a value, which not all do."""
    return snapshot.is_certain(gpu) and (
        description.every_card or description.value_fn(snapshot, gpu) is not None
    )


class XmrigGpuSensor(XmrigReadingSensor):
    """A sensor of a graphics card."""

    entity_description: XmrigGpuSensorEntityDescription

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: XmrigGpuSensorEntityDescription,
        gpu: Gpu,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(runtime, description, gpu)
        self._key = gpu.key
        self._unlisted = Gpu(backend=gpu.backend, index=gpu.index)

    @property
    def _gpu(self) -> Gpu | None:
        """Return the card as the miner lists it; None while it does not mine."""
        gpus = self.snapshot.backends.gpus if self.snapshot.backends else ()
        return next((gpu for gpu in gpus if gpu.key == self._key), None)

    @property
    @override
    def available(self) -> bool:
        """Return whether the card exists, or may exist.

        It is not listed while its backend does not run, or if the reply was truncated.
        """
        if not super().available or (backends := self.snapshot.backends) is None:
            return False
        backend = backends.by_type.get(self._unlisted.backend)
        runs = backend is None or bool(backend.thread_count)
        return self._gpu is not None or not (backends.complete and runs)

    @property
    @override
    def reading(self) -> StateType:
        """Return the value."""
        gpu = self._gpu or self._unlisted
        return self.entity_description.value_fn(self.snapshot, gpu)
