"""Binary sensors of an xmrig-proxy and its workers."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import ProxyEntity, WorkerEntity
from .runtime import ProxyConfigEntry

POOL_CONNECTED = BinarySensorEntityDescription(
    key="pool_connected",
    translation_key="proxy_pool_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)

WORKER_CONNECTED = BinarySensorEntityDescription(
    key="connected",
    translation_key="proxy_worker_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
)


def setup_binary_sensors(
    entry: ProxyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensors of a proxy and of the workers that the user chose."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([ProxyPoolConnected(coordinator, POOL_CONNECTED)])
    for subentry_id, subentry in entry.subentries.items():
        async_add_entities(
            [WorkerConnected(coordinator, WORKER_CONNECTED, subentry)],
            config_subentry_id=subentry_id,
        )


class ProxyPoolConnected(ProxyEntity, BinarySensorEntity):
    """Whether a proxy is connected to a pool; unknown while it needs none."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the proxy is connected; None while it needs no pool."""
        return self.snapshot.is_pool_connected


class WorkerConnected(WorkerEntity, BinarySensorEntity):
    """Whether a miner with the name of the worker is connected."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is connected."""
        return self.worker.is_online if self.worker else False
