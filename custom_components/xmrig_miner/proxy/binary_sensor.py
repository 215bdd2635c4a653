"""Binary sensor of an xmrig-proxy."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import ProxyEntity
from .runtime import ProxyConfigEntry

POOL_CONNECTED = BinarySensorEntityDescription(
    key="pool_connected",
    translation_key="proxy_pool_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


def setup_binary_sensors(
    entry: ProxyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensor of a proxy."""
    async_add_entities(
        [ProxyPoolConnected(entry.runtime_data.coordinator, POOL_CONNECTED)]
    )


class ProxyPoolConnected(ProxyEntity, BinarySensorEntity):
    """Whether a proxy is connected to a pool; unknown while it needs none."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the proxy is connected; None while it needs no pool."""
        return self.snapshot.is_pool_connected
