"""The base of all entities, and how they are added and removed."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, override

from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)
from homeassistant.helpers.event import async_track_state_change_event

from .api.models import BackendType, Gpu
from .api.snapshot import Snapshot, Status
from .const import DOMAIN
from .coordinator import ProcessCoordinator, XmrigCoordinator
from .kinds import AnyConfigEntry
from .power.meter import PowerMeter
from .process_entity import ProcessEntity
from .runtime import XmrigRuntimeData


class XmrigEntity(ProcessEntity[XmrigCoordinator]):
    """An entity of a miner or one of its graphics cards."""

    def __init__(
        self,
        runtime: XmrigRuntimeData,
        description: EntityDescription,
        gpu: Gpu | None = None,
    ) -> None:
        """Initialize the entity, on the device of the card if one is given."""
        coordinator = runtime.coordinator
        super().__init__(coordinator, description)
        self.runtime = runtime
        if gpu:
            self._attr_unique_id = entity_unique_id(coordinator, description, gpu)
            self._attr_device_info = _card_info(coordinator, gpu)

    @property
    @override
    def snapshot(self) -> Snapshot:
        """Return the last poll of the miner."""
        return self.coordinator.data


class XmrigMeterEntity(XmrigEntity):
    """An entity that follows the user's power meter as well as the miner."""

    @property
    def _meter(self) -> PowerMeter:
        """Return the power meter."""
        return self.runtime.power.meter

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the meter."""
        await super().async_added_to_hass()
        if self._meter.sensor:
            self.async_on_remove(
                async_track_state_change_event(
                    self.hass, self._meter.sensor, self._handle_meter
                )
            )

    @callback
    def _handle_meter(self, _: Event[EventStateChangedData] | datetime) -> None:
        """Update the state from the meter."""
        self._handle_coordinator_update()


def entity_unique_id(
    coordinator: ProcessCoordinator[Any, Any],
    description: EntityDescription,
    gpu: Gpu | None,
) -> str:
    """Return the unique ID of an entity."""
    card = f"{gpu.key}_" if gpu else ""
    return f"{coordinator.config_entry.entry_id}_{card}{description.key}"


def _card_info(coordinator: XmrigCoordinator, gpu: Gpu) -> DeviceInfo:
    """Return the device of a card.

    Not a child device of the miner: that would show the miner's manufacturer and model.
    """
    miner = dr.async_get(coordinator.hass).async_get(coordinator.device_id)
    name = miner and (miner.name_by_user or miner.name)
    return DeviceInfo(
        identifiers={(DOMAIN, f"{coordinator.config_entry.entry_id}_{gpu.key}")},
        manufacturer=gpu.manufacturer,
        model=gpu.name,
        name=f"{name or coordinator.name} {gpu.label}",
        via_device_id=coordinator.device_id,
    )


@callback
def async_update_cards(coordinator: XmrigCoordinator, gpus: Iterable[Gpu]) -> None:
    """Keep the devices of cards up to date: a card may have been replaced."""
    registry = dr.async_get(coordinator.hass)
    for gpu in gpus:
        registry.async_get_or_create(
            config_entry_id=coordinator.config_entry.entry_id,
            **_card_info(coordinator, gpu),
        )


def is_removable(snapshot: Snapshot, key: str) -> bool:
    """Return whether a card is gone, or the user disabled its backend.

    Cards are also missing while the miner is starting or stopped, and in truncated
    replies.
    """
    name = next((name for name in BackendType if key.startswith(f"{name}_")), None)
    if name is None or snapshot.backends is None or not snapshot.is_complete:
        return False
    backend = snapshot.backends.by_type.get(name)
    if backend is None:
        # Another build of XMRig, without this backend
        return True
    if backend.thread_count:
        return all(thread.index is not None for thread in backend.threads) and all(
            gpu.key != key for gpu in backend.gpus
        )
    # A backend that is only enabled in the config has found no card
    is_wanted = snapshot.config is not None and name in snapshot.config.enabled
    is_idle = snapshot.status is Status.STOPPED and not is_wanted
    return backend.enabled is False and not is_idle


@callback
def async_setup_entities[_DescriptionT: EntityDescription, _GpuT: Gpu | None](
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entity_class: Callable[[Any, _DescriptionT, _GpuT], Entity],
    supported: Callable[[Any], Iterable[tuple[_DescriptionT, _GpuT]]],
    *,
    controls: bool = False,
    has_value: Callable[[Any, _DescriptionT, _GpuT], bool] | None = None,
) -> None:
    """Add the entities that a miner or proxy supports, now and later.

    Controls exist only while the API is not read-only. An entity without a value is
    added once it has one, or if it is in the registry from before.
    """
    runtime = entry.runtime_data
    coordinator: ProcessCoordinator[Any, Any] = runtime.coordinator
    registry = er.async_get(coordinator.hass)
    platform = async_get_current_platform().domain
    added: set[str] = set()
    last: list[tuple[_DescriptionT, _GpuT]] = []

    def is_registered(key: str) -> bool:
        return registry.async_get_entity_id(platform, DOMAIN, key) is not None

    @callback
    def update() -> None:
        nonlocal last
        found: dict[str, tuple[_DescriptionT, _GpuT]] = {}
        candidates: list[tuple[_DescriptionT, _GpuT]] = []
        if controls and coordinator.data.restricted:
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
                if entity.domain == platform:
                    registry.async_remove(entity.entity_id)
        else:
            candidates = list(supported(coordinator.data))
            if has_value is None and candidates == last:
                # As at almost every poll: all of them have been added
                return
        last = candidates
        for description, gpu in candidates:
            key = entity_unique_id(coordinator, description, gpu)
            if (
                has_value is None
                or has_value(coordinator.data, description, gpu)
                or is_registered(key)
            ):
                found[key] = (description, gpu)
        # A removed entity may come back; an entity missing from one reply is not
        # removed
        added.difference_update(
            gone for gone in added - found.keys() if not is_registered(gone)
        )
        new = [key for key in found if key not in added]
        added.update(new)
        if new:
            async_add_entities(entity_class(runtime, *found[key]) for key in new)

    update()
    entry.async_on_unload(coordinator.async_add_listener(update))


@callback
def async_remove_entities(
    coordinator: XmrigCoordinator, descriptions: Iterable[EntityDescription]
) -> None:
    """Remove entities of a platform that the user's options no longer have."""
    registry = er.async_get(coordinator.hass)
    platform = async_get_current_platform().domain
    for description in descriptions:
        key = entity_unique_id(coordinator, description, None)
        if entity_id := registry.async_get_entity_id(platform, DOMAIN, key):
            registry.async_remove(entity_id)
