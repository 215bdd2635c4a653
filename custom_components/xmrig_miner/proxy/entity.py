"""The base of a proxy's entities."""

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..api.proxy_snapshot import ProxySnapshot
from ..const import DOMAIN
from .coordinator import WORKERS, ProxyCoordinator
from .runtime import ProxyRuntimeData


class ProxyEntity(CoordinatorEntity[ProxyCoordinator]):
    """An entity of a proxy."""

    _attr_has_entity_name = True

    def __init__(
        self,
        runtime: ProxyRuntimeData,
        description: EntityDescription,
        *,
        needs_workers: bool = False,
    ) -> None:
        """Initialize the entity."""
        coordinator = runtime.coordinator
        super().__init__(coordinator, WORKERS if needs_workers else None)
        self.runtime = runtime
        self.entity_description = description
        entry_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})

    @property
    def snapshot(self) -> ProxySnapshot:
        """Return the last poll of the proxy."""
        return self.coordinator.data
