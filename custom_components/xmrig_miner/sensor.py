"""Sensors of a miner and its backends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfInformation,
    UnitOfRatio,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .api.models import BackendType
from .api.snapshot import Snapshot, Status
from .entity import async_remove_entities, async_setup_entities, async_update_cards
from .fleet import sensor as fleet_sensor
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .proxy import sensor as proxy_sensor
from .readings import (
    LONG_INTERVAL,
    NOTICEABLE,
    NOTICEABLE_HASHRATE,
    NOTICEABLE_MINUTE,
    SHORT_INTERVAL,
    rounded,
)
from .runtime import XmrigRuntimeData
from .sensor_control import (
    MAX_THREADS,
    PAUSE_REASON,
    XmrigMaxThreadsSensor,
    XmrigPauseReasonSensor,
)
from .sensor_gpu import GPU_DESCRIPTIONS, XmrigGpuSensor, cards, has_value
from .sensor_lifetime import LIFETIME_DESCRIPTIONS, XmrigLifetimeSensor
from .sensor_power import (
    CALIBRATION,
    ENERGY,
    POWER_DESCRIPTIONS,
    XmrigCalibrationSensor,
    XmrigEnergySensor,
    XmrigPowerSensor,
)
from .sensor_reading import XmrigReadingEntityDescription, XmrigReadingSensor

PARALLEL_UPDATES = 0

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class XmrigSensorEntityDescription(XmrigReadingEntityDescription):
    """Describes a sensor of a miner."""

    backend: BackendType | None = None
    """The backend that it belongs to; None for the whole miner."""
    needs_backends: bool = False
    """Whether its value is in the reply of the backends, not of the summary."""
    value_fn: Callable[[Snapshot], StateType | datetime]


def _since(seconds: int | None) -> datetime | None:
    """Return the start of a duration that ends now."""
    return None if seconds is None else dt_util.utcnow() - timedelta(seconds=seconds)


def _mib(value: int | None) -> int | None:
    """Return bytes in MiB."""
    return None if value is None else round(value / MIB)


def _pool_tls(snapshot: Snapshot) -> str | None:
    """Return the TLS version; "none" for a connection without TLS."""
    connection = snapshot.summary.connection
    return (connection.tls or "none") if connection.is_connected else None


def _paused_until(snapshot: Snapshot) -> datetime | None:
    """Return when a pause ends by itself; None for no such pause."""
    until = snapshot.state.request.until
    return None if until is None else dt_util.utc_from_timestamp(until)


def _hashrate(
    key: str,
    value_fn: Callable[[Snapshot], float | None],
    *,
    backend: BackendType | None = None,
    noticeable: float = NOTICEABLE,
    category: EntityCategory | None = EntityCategory.DIAGNOSTIC,
    enabled: bool = True,
) -> XmrigSensorEntityDescription:
    """Describe a hashrate of the miner or a backend."""
    return XmrigSensorEntityDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        is_hashrate=True,
        interval=LONG_INTERVAL if category else SHORT_INTERVAL,
        noticeable=noticeable,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        backend=backend,
        needs_backends=backend is not None,
        value_fn=value_fn,
    )


def _load(key: str, index: int) -> XmrigSensorEntityDescription:
    """Describe a load average."""
    return XmrigSensorEntityDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: rounded(snapshot.summary.load_average[index], 1),
    )


def _memory(
    key: str, value_fn: Callable[[Snapshot], int | None]
) -> XmrigSensorEntityDescription:
    """Describe an amount of memory."""
    return XmrigSensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.MEBIBYTES,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: _mib(value_fn(snapshot)),
    )


DESCRIPTIONS = (
    XmrigSensorEntityDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=list(Status),
        value_fn=lambda snapshot: snapshot.status,
    ),
    XmrigSensorEntityDescription(
        key="paused_until",
        translation_key="paused_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_paused_until,
    ),
    _hashrate(
        "hashrate",
        lambda snapshot: snapshot.hashrate_now(snapshot.hashrate()),
        noticeable=NOTICEABLE_HASHRATE,
        category=None,
    ),
    _hashrate(
        "hashrate_1m",
        lambda snapshot: snapshot.hashrate().minute_1,
        noticeable=NOTICEABLE_MINUTE,
    ),
    _hashrate("hashrate_15m", lambda snapshot: snapshot.hashrate().minutes_15),
    _hashrate(
        "hashrate_highest",
        lambda snapshot: snapshot.summary.hashrate_highest,
        enabled=False,
    ),
    XmrigSensorEntityDescription(
        key="algorithm",
        translation_key="algorithm",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.summary.algo,
    ),
    XmrigSensorEntityDescription(
        key="threads",
        translation_key="threads",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        needs_backends=True,
        value_fn=lambda snapshot: snapshot.active_threads,
    ),
    XmrigSensorEntityDescription(
        key="shares_accepted",
        translation_key="shares_accepted",
        state_class=SensorStateClass.TOTAL_INCREASING,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.summary.results.shares_good,
    ),
    XmrigSensorEntityDescription(
        key="shares_rejected",
        translation_key="shares_rejected",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.summary.results.shares_rejected,
    ),
    XmrigSensorEntityDescription(
        key="reject_rate",
        translation_key="reject_rate",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: rounded(snapshot.summary.results.reject_rate, 2),
    ),
    XmrigSensorEntityDescription(
        key="difficulty",
        translation_key="difficulty",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        # XMRig reports 0 while there is no job.
        value_fn=lambda snapshot: snapshot.summary.results.diff_current or None,
    ),
    XmrigSensorEntityDescription(
        key="share_time",
        translation_key="share_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        # XMRig reports 0 before the first share of a connection.
        value_fn=lambda snapshot: snapshot.summary.results.avg_time or None,
    ),
    XmrigSensorEntityDescription(
        key="hashes",
        translation_key="hashes",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.results.hashes_total,
    ),
    XmrigSensorEntityDescription(
        key="best_share",
        translation_key="best_share",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.results.best_share,
    ),
    XmrigSensorEntityDescription(
        key="pool",
        translation_key="pool",
        entity_category=EntityCategory.DIAGNOSTIC,
        # XMRig still reports the last pool after the connection was lost.
        value_fn=lambda snapshot: (
            snapshot.summary.connection.pool
            if snapshot.summary.connection.is_connected
            else None
        ),
    ),
    XmrigSensorEntityDescription(
        key="pool_ip",
        translation_key="pool_ip",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.connection.ip,
    ),
    XmrigSensorEntityDescription(
        key="pool_connected_since",
        translation_key="pool_connected_since",
        # This device class ignores a jitter of a few seconds.
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: (
            _since(snapshot.summary.connection.uptime)
            if snapshot.summary.connection.is_connected
            else None
        ),
    ),
    XmrigSensorEntityDescription(
        key="pool_ping",
        translation_key="pool_ping",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        interval=LONG_INTERVAL,
        entity_category=EntityCategory.DIAGNOSTIC,
        # XMRig reports 0 before the first share of a connection.
        value_fn=lambda snapshot: snapshot.summary.connection.ping or None,
    ),
    XmrigSensorEntityDescription(
        key="pool_failures",
        translation_key="pool_failures",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.connection.failures,
    ),
    XmrigSensorEntityDescription(
        key="pool_tls",
        translation_key="pool_tls",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_pool_tls,
    ),
    XmrigSensorEntityDescription(
        key="huge_pages",
        translation_key="huge_pages",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: rounded(snapshot.summary.hugepages.percent, 1),
    ),
    _memory("memory_used", lambda snapshot: snapshot.summary.memory_resident),
    _memory("memory_free", lambda snapshot: snapshot.summary.memory_free),
    _load("load_1m", 0),
    _load("load_5m", 1),
    _load("load_15m", 2),
    XmrigSensorEntityDescription(
        key="donate_level",
        translation_key="donate_level",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.summary.donate_level,
    ),
    XmrigSensorEntityDescription(
        key="uptime",
        translation_key="uptime",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: _since(snapshot.summary.uptime),
    ),
)


def _backend_hashrates(
    backend: BackendType,
) -> Iterator[XmrigSensorEntityDescription]:
    """Describe the hashrates of a backend."""
    values: dict[str, Callable[[Snapshot], float | None]] = {
        "hashrate": lambda snapshot: snapshot.hashrate_now(
            snapshot.hashrate(backend), backend
        ),
        "hashrate_1m": lambda snapshot: snapshot.hashrate(backend).minute_1,
        "hashrate_15m": lambda snapshot: snapshot.hashrate(backend).minutes_15,
    }
    noticeable = {"hashrate": NOTICEABLE_HASHRATE, "hashrate_1m": NOTICEABLE_MINUTE}
    for key, value_fn in values.items():
        yield _hashrate(
            f"{backend}_{key}",
            value_fn,
            backend=backend,
            noticeable=noticeable.get(key, NOTICEABLE),
            enabled=key == "hashrate",
        )


BACKEND_DESCRIPTIONS = tuple(
    description
    for backend in BackendType
    for description in _backend_hashrates(backend)
)


def _supported_descriptions(
    snapshot: Snapshot,
) -> Iterator[tuple[XmrigSensorEntityDescription, None]]:
    """Yield the sensors that a miner with these backends has."""
    for description in (*DESCRIPTIONS, *BACKEND_DESCRIPTIONS):
        if description.backend is None or (
            snapshot.backends and description.backend in snapshot.backends.by_type
        ):
            yield description, None


_SETUPS: dict[
    EntryKind, Callable[[AnyConfigEntry, AddConfigEntryEntitiesCallback], None]
] = {
    EntryKind.MANAGER: fleet_sensor.setup_sensors,
    EntryKind.PROXY: proxy_sensor.setup_sensors,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of a config entry."""
    if setup := _SETUPS.get(entry_kind(entry)):
        setup(entry, async_add_entities)
        return
    runtime = entry.runtime_data
    coordinator = runtime.coordinator
    async_setup_entities(
        entry, async_add_entities, XmrigSensor, _supported_descriptions
    )
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigGpuSensor,
        lambda snapshot: product(GPU_DESCRIPTIONS, cards(snapshot)),
        has_value=has_value,
    )
    async_add_entities([XmrigPauseReasonSensor(runtime, PAUSE_REASON)])
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigMaxThreadsSensor,
        lambda _: [(MAX_THREADS, None)],
        has_value=lambda snapshot, *_: snapshot.threads is not None,
    )
    async_add_entities(
        XmrigLifetimeSensor(runtime, description)
        for description in LIFETIME_DESCRIPTIONS
    )
    if runtime.power.is_configured:
        async_add_entities(
            [
                *(
                    XmrigPowerSensor(runtime, description)
                    for description in POWER_DESCRIPTIONS
                ),
                XmrigEnergySensor(runtime, ENERGY),
            ]
        )
    else:
        async_remove_entities(coordinator, (*POWER_DESCRIPTIONS, ENERGY))
    if runtime.power.meter.sensor is not None:
        async_add_entities([XmrigCalibrationSensor(runtime, CALIBRATION)])
    else:
        async_remove_entities(coordinator, [CALIBRATION])

    @callback
    def update_cards() -> None:
        snapshot = coordinator.data
        async_update_cards(coordinator, filter(snapshot.is_certain, cards(snapshot)))

    entry.async_on_unload(coordinator.async_add_listener(update_cards))


class XmrigSensor(XmrigReadingSensor):
    """A sensor of a miner."""

    entity_description: XmrigSensorEntityDescription

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: XmrigSensorEntityDescription,
        gpu: None = None,
    ) -> None:
        """Initialize the sensor.

        The hashrate of the only backend in use is that of the miner.
        """
        super().__init__(runtime, description)
        if description.state_class is None:
            # A text or a time
            self.shows = ("available", "state")
        if description.backend and description.entity_registry_enabled_default:
            backends = self.snapshot.backends
            in_use = backends.enabled if backends else frozenset()
            self._attr_entity_registry_enabled_default = (
                description.backend in in_use and len(in_use) > 1
            )

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the reply that has the value is missing."""
        return super().available and not (
            self.entity_description.needs_backends and self.snapshot.backends is None
        )

    @property
    @override
    def reading(self) -> StateType | datetime:
        """Return the value."""
        return self.entity_description.value_fn(self.snapshot)

    @property
    @override
    def occasion(self) -> int | None:
        """Return the number of threads.

        A single thread of many changes a hashrate little, but must be published at once.
        """
        return self.snapshot.backends.threads if self.snapshot.backends else None
