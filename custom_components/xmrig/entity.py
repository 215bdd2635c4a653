"""The base of all entities, and how they come and go."""

from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .api.models import Gpu
from .api.snapshot import Snapshot
from .const import DOMAIN
from .coordinator import XmrigConfigEntry, XmrigCoordinator


class XmrigEntity(CoordinatorEntity[XmrigCoordinator]):
    """Something that a miner, or one of its cards, says or does."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: XmrigCoordinator,
        description: EntityDescription,
        gpu: Gpu | None = None,
    ) -> None:
        """Initialize the entity, on the device of the card if one is given."""
        super().__init__(coordinator)
        self.entity_description = description
        entry_id = coordinator.config_entry.entry_id
        self._attr_unique_id = unique_id(coordinator, description, gpu)
        if gpu:
            self._attr_device_info = ChildDeviceInfo(
                identifiers={(DOMAIN, f"{entry_id}_{gpu.key}")},
                name=gpu.name or f"GPU {gpu.index}",
                parent_device_id=coordinator.device_id,
            )
        else:
            self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})

    @property
    def snapshot(self) -> Snapshot:
        """Return what the miner said last."""
        return self.coordinator.data


def unique_id(
    coordinator: XmrigCoordinator, description: EntityDescription, gpu: Gpu | None
) -> str:
    """Return what tells an entity from all others."""
    card = f"{gpu.key}_" if gpu else ""
    return f"{coordinator.config_entry.entry_id}_{card}{description.key}"


@callback
def async_setup_entities[_DescriptionT: EntityDescription, _GpuT: Gpu | None](
    entry: XmrigConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entity_class: Callable[[XmrigCoordinator, _DescriptionT, _GpuT], XmrigEntity],
    shown: Callable[[Snapshot], Iterable[tuple[_DescriptionT, _GpuT]]],
    *,
    controls: bool = False,
) -> None:
    """Add what the miner shows, now and whenever more of it shows.

    Controls are there only while the API allows them.
    """
    coordinator = entry.runtime_data
    registry = er.async_get(coordinator.hass)
    platform = async_get_current_platform().domain
    known: set[str] = set()

    @callback
    def update() -> None:
        found = {}
        if controls and coordinator.data.restricted:
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
                if entity.domain == platform:
                    registry.async_remove(entity.entity_id)
        else:
            found = {
                unique_id(coordinator, description, gpu): (description, gpu)
                for description, gpu in shown(coordinator.data)
            }
        # What was removed may come back, what is only out of sight is still there.
        known.difference_update(
            gone
            for gone in known - found.keys()
            if registry.async_get_entity_id(platform, DOMAIN, gone) is None
        )
        new = [key for key in found if key not in known]
        known.update(new)
        if new:
            async_add_entities(entity_class(coordinator, *found[key]) for key in new)

    update()
    entry.async_on_unload(coordinator.async_add_listener(update))


@callback
def async_remove_entities(
    coordinator: XmrigCoordinator, descriptions: Iterable[EntityDescription]
) -> None:
    """Remove entities of a platform that the owner has no use for any more."""
    registry = er.async_get(coordinator.hass)
    platform = async_get_current_platform().domain
    for description in descriptions:
        key = unique_id(coordinator, description, None)
        if entity_id := registry.async_get_entity_id(platform, DOMAIN, key):
            registry.async_remove(entity_id)
