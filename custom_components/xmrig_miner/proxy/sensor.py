"""Sensor entities of a proxy and its workers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
import time
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, UnitOfRatio, UnitOfTime
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..api.models import Worker
from ..api.proxy_snapshot import ProxySnapshot, ProxyStatus
from ..readings import LONG_INTERVAL, SHORT_INTERVAL, SteadyReading
from .coordinator import ProxyCoordinator
from .entity import ProxyEntity, WorkerEntity
from .runtime import ProxyConfigEntry


@dataclass(frozen=True, kw_only=True)
class ProxySensorEntityDescription(SensorEntityDescription):
    """Describes a sensor of a proxy."""

    value_fn: Callable[[ProxySnapshot], StateType | datetime]
    interval: int = 0
    """Seconds before a small change is published; 0 publishes every change."""
    needs_workers: bool = False
    """Whether its value comes from the list of workers."""


@dataclass(frozen=True, kw_only=True)
class WorkerSensorEntityDescription(SensorEntityDescription):
    """Describes a sensor of a worker."""

    value_fn: Callable[[Worker], float | None]
    interval: int = SHORT_INTERVAL


def _hashrate(
    key: str,
    value_fn: Callable[[ProxySnapshot], float | None],
    *,
    interval: int = LONG_INTERVAL,
    enabled: bool = False,
) -> ProxySensorEntityDescription:
    """Describe a hashrate, in kH/s like the proxy's API."""

    def value(snapshot: ProxySnapshot) -> float | None:
        rate = value_fn(snapshot)
        return None if rate is None else rate / 1000

    return ProxySensorEntityDescription(
        key=key,
        translation_key=f"proxy_{key}",
        native_unit_of_measurement="kH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        interval=interval,
        entity_registry_enabled_default=enabled,
        value_fn=value,
    )


def _count(
    key: str,
    value_fn: Callable[[ProxySnapshot], int | None],
    *,
    category: EntityCategory | None = EntityCategory.DIAGNOSTIC,
    enabled: bool = True,
    needs_workers: bool = False,
) -> ProxySensorEntityDescription:
    """Describe a current number, such as of miners or connections."""
    return ProxySensorEntityDescription(
        key=key,
        translation_key=f"proxy_{key}",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        needs_workers=needs_workers,
        value_fn=value_fn,
    )


def _shares(
    key: str, value_fn: Callable[[ProxySnapshot], int | None], interval: int = 0
) -> ProxySensorEntityDescription:
    """Describe a number of shares since the proxy started."""
    return ProxySensorEntityDescription(
        key=key,
        translation_key=f"proxy_{key}",
        state_class=SensorStateClass.TOTAL_INCREASING,
        interval=interval,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


def _started(snapshot: ProxySnapshot) -> datetime | None:
    """Return when the proxy started."""
    uptime = snapshot.summary.uptime
    return None if uptime is None else dt_util.utcnow() - timedelta(seconds=uptime)


DESCRIPTIONS = (
    ProxySensorEntityDescription(
        key="status",
        translation_key="proxy_status",
        device_class=SensorDeviceClass.ENUM,
        options=list(ProxyStatus),
        value_fn=lambda snapshot: snapshot.status,
    ),
    _hashrate(
        "hashrate_10m",
        lambda snapshot: snapshot.hashrate_10m,
        interval=SHORT_INTERVAL,
        enabled=True,
    ),
    _hashrate("hashrate_1h", lambda snapshot: snapshot.hashrate_1h),
    _hashrate("hashrate_24h", lambda snapshot: snapshot.hashrate_24h),
    _hashrate("hashrate_average", lambda snapshot: snapshot.summary.hashrate.average),
    _count("miners", lambda snapshot: snapshot.summary.miners, category=None),
    _count("miners_max", lambda snapshot: snapshot.summary.miners_max, enabled=False),
    _count(
        "workers_online",
        lambda snapshot: snapshot.workers_online,
        category=None,
        needs_workers=True,
    ),
    _count("workers_known", lambda snapshot: snapshot.summary.workers, enabled=False),
    _count("upstreams_active", lambda snapshot: snapshot.summary.upstreams.active),
    _count("upstreams_error", lambda snapshot: snapshot.summary.upstreams.error),
    _shares(
        "shares_accepted",
        lambda snapshot: snapshot.summary.results.accepted,
        LONG_INTERVAL,
    ),
    _shares("shares_rejected", lambda snapshot: snapshot.summary.results.rejected),
    _shares("shares_invalid", lambda snapshot: snapshot.summary.results.invalid),
    _shares("shares_expired", lambda snapshot: snapshot.summary.results.expired),
    ProxySensorEntityDescription(
        key="latency",
        translation_key="proxy_latency",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        # 0 before the first share
        value_fn=lambda snapshot: snapshot.summary.results.latency or None,
    ),
    ProxySensorEntityDescription(
        key="donated",
        translation_key="proxy_donated",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.donated,
    ),
    ProxySensorEntityDescription(
        key="uptime",
        translation_key="proxy_uptime",
        # This device class ignores jitter of a few seconds
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_started,
    ),
)

WORKER_DESCRIPTIONS = (
    WorkerSensorEntityDescription(
        key="hashrate_10m",
        translation_key="proxy_hashrate_10m",
        native_unit_of_measurement="kH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda worker: (
            None
            if worker.hashrate.minutes_10 is None
            else worker.hashrate.minutes_10 / 1000
        ),
    ),
    WorkerSensorEntityDescription(
        key="shares_accepted",
        translation_key="proxy_shares_accepted",
        state_class=SensorStateClass.TOTAL_INCREASING,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda worker: worker.accepted,
    ),
)

LAST_SHARE = SensorEntityDescription(
    key="last_share",
    translation_key="proxy_worker_last_share",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)


def setup_sensors(
    entry: ProxyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of a proxy and of the workers that the user chose."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        ProxySensor(coordinator, description) for description in DESCRIPTIONS
    )
    for subentry_id, subentry in entry.subentries.items():
        async_add_entities(
            [
                *(
                    WorkerSensor(coordinator, description, subentry)
                    for description in WORKER_DESCRIPTIONS
                ),
                WorkerLastShare(coordinator, LAST_SHARE, subentry),
            ],
            config_subentry_id=subentry_id,
        )


class ProxySensor(ProxyEntity, SensorEntity):
    """A sensor of a proxy."""

    entity_description: ProxySensorEntityDescription

    def __init__(
        self, coordinator: ProxyCoordinator, description: ProxySensorEntityDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(
            coordinator, description, needs_workers=description.needs_workers
        )
        self._steady = SteadyReading(description.interval)

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value to publish."""
        value = self.entity_description.value_fn(self.snapshot)
        return self._steady.publish(value, time.monotonic())


class WorkerSensor(WorkerEntity, SensorEntity):
    """A sensor of a worker."""

    entity_description: WorkerSensorEntityDescription

    def __init__(
        self,
        coordinator: ProxyCoordinator,
        description: WorkerSensorEntityDescription,
        subentry: ConfigSubentry,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, description, subentry)
        self._steady = SteadyReading(description.interval)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value to publish."""
        worker = self.worker
        value = self.entity_description.value_fn(worker) if worker else None
        return self._steady.update(value, time.monotonic())


class WorkerLastShare(WorkerEntity, SensorEntity):
    """When the proxy received the last share of a worker."""

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return when that was, by the clock of the proxy."""
        last = self.worker.last_share if self.worker else None
        return None if last is None else dt_util.utc_from_timestamp(last)
