"""The base of the entities of miners and proxies."""

from typing import Any

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import ProcessCoordinator


class ProcessEntity[
    CoordinatorT: ProcessCoordinator[Any, Any] = ProcessCoordinator[Any, Any]
](CoordinatorEntity[CoordinatorT]):
    """An entity of a miner or a proxy, on its device."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: CoordinatorT,
        description: EntityDescription,
        context: object = None,
    ) -> None:
        """Initialize the entity; `context` is what it needs besides the summary."""
        super().__init__(coordinator, context)
        self.entity_description = description
        entry_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})

    @property
    def snapshot(self) -> Any:
        """Return the last poll."""
        return self.coordinator.data
