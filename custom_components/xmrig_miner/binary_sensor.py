"""Binary sensors of a miner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.models import BackendType
from .api.snapshot import Snapshot
from .entity import XmrigEntity, XmrigMeterEntity, async_remove_entities
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .proxy.binary_sensor import setup_binary_sensors

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class XmrigBinarySensorEntityDescription(BinarySensorEntityDescription):
    """Describes a binary sensor."""

    available_fn: Callable[[Snapshot], bool] = lambda _: True
    is_on_fn: Callable[[Snapshot], bool | None]


def _msr(snapshot: Snapshot) -> bool | None:
    """Return whether the CPU backend has set the model-specific registers."""
    if snapshot.backends is None:
        return None
    cpu = snapshot.backends.by_type.get(BackendType.CPU)
    return cpu.msr if cpu else None


DESCRIPTIONS = (
    XmrigBinarySensorEntityDescription(
        key="pool_connected",
        translation_key="pool_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda snapshot: snapshot.summary.connection.is_connected,
    ),
    XmrigBinarySensorEntityDescription(
        key="msr",
        translation_key="msr",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_fn=lambda snapshot: snapshot.backends is not None,
        is_on_fn=_msr,
    ),
    XmrigBinarySensorEntityDescription(
        key="api_restricted",
        translation_key="api_restricted",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_on_fn=lambda snapshot: snapshot.restricted,
    ),
)

POWER_ESTIMATED = BinarySensorEntityDescription(
    key="power_estimated",
    translation_key="power_estimated",
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a config entry."""
    if entry_kind(entry) is EntryKind.PROXY:
        setup_binary_sensors(entry, async_add_entities)
        return
    runtime = entry.runtime_data
    async_add_entities(
        XmrigBinarySensor(runtime, description) for description in DESCRIPTIONS
    )
    if runtime.power.is_configured:
        async_add_entities([XmrigPowerEstimatedBinarySensor(runtime, POWER_ESTIMATED)])
    else:
        async_remove_entities(runtime.coordinator, [POWER_ESTIMATED])


class XmrigBinarySensor(XmrigEntity, BinarySensorEntity):
    """A binary sensor of a miner."""

    entity_description: XmrigBinarySensorEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the reply that has the state is missing."""
        return super().available and self.entity_description.available_fn(self.snapshot)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.entity_description.is_on_fn(self.snapshot)


class XmrigPowerEstimatedBinarySensor(XmrigMeterEntity, BinarySensorEntity):
    """Whether the power is an estimate, because no meter reports it at the moment."""

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner or the meter responds, as for the power."""
        return super().available or not self.is_on

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the power is an estimate."""
        return self._meter.is_estimated
