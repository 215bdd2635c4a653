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
from .entity import XmrigEntity
from .runtime import XmrigConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class XmrigBinarySensorEntityDescription(BinarySensorEntityDescription):
    """A fact, and where a snapshot has it."""

    available_fn: Callable[[Snapshot], bool] = lambda _: True
    is_on_fn: Callable[[Snapshot], bool | None]


def _msr(snapshot: Snapshot) -> bool | None:
    """Return whether the CPU backend set up the model specific registers."""
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


async def async_setup_entry(
    hass: HomeAssistant,
    entry: XmrigConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a miner."""
    async_add_entities(
        XmrigBinarySensor(entry.runtime_data, description)
        for description in DESCRIPTIONS
    )


class XmrigBinarySensor(XmrigEntity, BinarySensorEntity):
    """A fact about a miner."""

    entity_description: XmrigBinarySensorEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner answers, and with what this needs."""
        return super().available and self.entity_description.available_fn(self.snapshot)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the fact."""
        return self.entity_description.is_on_fn(self.snapshot)
