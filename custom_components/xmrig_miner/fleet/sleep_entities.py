"""Entities of the manager on the devices of miners that may sleep.

They belong to the manager so that they stay available while the miner is unreachable: a
miner that is asleep when Home Assistant starts cannot be set up.
"""

from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN
from ..manager import SleepState
from .entity import FleetEntity
from .runtime import FleetConfigEntry, FleetRuntimeData


def setup_sleep_entities(
    entry: FleetConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entity_class: type[SleepEntity],
    description: EntityDescription,
) -> None:
    """Keep an entity for each miner that may sleep, and remove it once it may not."""
    runtime = entry.runtime_data
    hass = runtime.coordinator.hass
    entities, devices = er.async_get(hass), dr.async_get(hass)
    prefix = f"{entry.entry_id}_{description.key}_"
    added: set[str] = set()

    @callback
    def update() -> None:
        states = sleep_states(runtime)
        for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
            miner = entity.unique_id.removeprefix(prefix)
            if entity.unique_id.startswith(prefix) and miner not in states:
                entities.async_remove(entity.entity_id)
                added.discard(miner)
        for miner in states.keys() - added:
            # A miner that was never set up has no device yet
            if device := _device_of(devices, miner):
                added.add(miner)
                async_add_entities([entity_class(runtime, description, miner, device)])

    update()
    entry.async_on_unload(runtime.coordinator.async_add_listener(update))


def _device_of(devices: dr.DeviceRegistry, miner: str) -> dr.DeviceEntry | None:
    """Return the device of a miner by its config entry ID; None without one."""
    return next(
        (
            device
            for device in dr.async_entries_for_config_entry(devices, miner)
            if (DOMAIN, miner) in device.identifiers
        ),
        None,
    )


def sleep_states(runtime: FleetRuntimeData) -> dict[str, SleepState]:
    """Return the state to show of each miner that may sleep, by config entry ID."""
    return {
        item.id: state
        for item in runtime.coordinator.data.figures
        if (state := item.sleep_state)
    }


class SleepEntity(FleetEntity):
    """An entity of the manager on the device of a miner."""

    def __init__(
        self,
        runtime: FleetRuntimeData,
        description: EntityDescription,
        miner: str,
        device: dr.DeviceEntry,
    ) -> None:
        """Initialize the entity; `miner` is the config entry ID of the miner."""
        super().__init__(runtime, description)
        self._miner = miner
        self._attr_unique_id = f"{self._attr_unique_id}_{miner}"
        self._attr_device_info = None
        self.device_entry = device


class SleepSensor(SleepEntity, SensorEntity):
    """Whether a miner's computer is asleep."""

    def __init__(
        self,
        runtime: FleetRuntimeData,
        description: EntityDescription,
        miner: str,
        device: dr.DeviceEntry,
    ) -> None:
        """Initialize the sensor; `miner` is the config entry ID of the miner."""
        super().__init__(runtime, description, miner, device)
        self._attr_native_value = sleep_states(runtime).get(miner)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it changed."""
        value = sleep_states(self.runtime).get(self._miner)
        if value is not None and value != self._attr_native_value:
            self._attr_native_value = value
            self.async_write_ha_state()
