"""The config entry of the manager: set-up, unloading, removal."""

from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..storage import async_load, manager_store
from .coordinator import FleetCoordinator
from .dashboard import House, house_of
from .members import loaded_miners
from .runtime import FLEET, FleetConfigEntry, FleetRuntimeData
from .settings import FleetSettings

PLATFORMS = [Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH]

MEMBER_KEYS = ("managed", "priority")
"""Entities of the miners that are there only with a manager."""

_FOLLOWS: HassKey[bool] = HassKey(f"{DOMAIN}_follows_energy_dashboard")
"""The Energy dashboard's listener cannot be removed again, so there is only one."""


async def async_setup_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> bool:
    """Set up the manager."""
    store = manager_store(hass, entry.entry_id)
    settings = await async_load(hass, entry, store, FleetSettings.from_json)
    coordinator = FleetCoordinator(hass, entry, await _async_house(hass), settings)
    entry.runtime_data = FleetRuntimeData(coordinator=coordinator, store=store)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_start()
    hass.data[FLEET] = entry.runtime_data

    async def stop(_: Event) -> None:
        await coordinator.async_close()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    return True


async def async_unload_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> bool:
    """Unload the manager; the members keep the threads that they have."""
    hass.data.pop(FLEET, None)
    await entry.runtime_data.coordinator.async_close()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Forget the manager, and give all members their threads back."""
    await manager_store(hass, entry.entry_id).async_remove()
    registry = er.async_get(hass)
    for entity in list(registry.entities.values()):
        # What the user set for a member is on the device of that miner
        if entity.platform == DOMAIN and entity.translation_key in MEMBER_KEYS:
            registry.async_remove(entity.entity_id)
    for member in loaded_miners(hass):
        try:
            await member.runtime_data.power.limit.async_set_managed(None)
        except HomeAssistantError as error:
            LOGGER.debug("%s could not be released yet: %s", member.title, error)


def is_no_device_removable(_entry: FleetConfigEntry, _device: dr.DeviceEntry) -> bool:
    """Return that the only device of the manager stays."""
    return False


async def _async_house(hass: HomeAssistant) -> House:
    """Return the sensors of the house, and follow changes of them."""
    manager = await async_get_manager(hass)

    async def update() -> None:
        if runtime := hass.data.get(FLEET):
            preferences: Any = manager.data
            runtime.coordinator.async_set_house(house_of(preferences))

    if not hass.data.get(_FOLLOWS):
        hass.data[_FOLLOWS] = True
        manager.async_listen_updates(update)
    return house_of(manager.data)
