"""The base class of the manager's entities."""

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..manager import Settings
from .coordinator import FleetCoordinator
from .runtime import FleetRuntimeData


class FleetEntity(CoordinatorEntity[FleetCoordinator]):
    """An entity of the manager."""

    _attr_has_entity_name = True

    def __init__(
        self, runtime: FleetRuntimeData, description: EntityDescription
    ) -> None:
        """Initialize the entity."""
        coordinator = runtime.coordinator
        super().__init__(coordinator)
        self.runtime = runtime
        self.entity_description = description
        entry_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, entry_id)},
            manufacturer="XMRig",
            name=coordinator.config_entry.title,
        )

    def price_unit(self, per: str) -> str:
        """Return the unit of a price per `per`, in the currency of Home Assistant."""
        return f"{self.coordinator.hass.config.currency}/{per}"

    @property
    def settings(self) -> Settings:
        """Return the settings of the manager."""
        return self.runtime.settings
