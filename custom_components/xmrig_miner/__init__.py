"""XMRig in Home Assistant."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .fleet.entry import (
    async_remove_manager,
    async_setup_manager,
    async_unload_manager,
    is_no_device_removable,
)
from .kinds import EntryKind, entry_kind
from .miner_entry import (
    async_remove_miner,
    async_setup_miner,
    async_unload_miner,
    is_card_removable,
)
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


@dataclass(frozen=True, kw_only=True)
class _Lifecycle:
    """What is done with a config entry of a kind."""

    setup: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[bool]]
    unload: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[bool]]
    remove: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[None]]
    is_device_removable: Callable[[ConfigEntry[Any], dr.DeviceEntry], bool]


_LIFECYCLES = {
    EntryKind.MINER: _Lifecycle(
        setup=async_setup_miner,
        unload=async_unload_miner,
        remove=async_remove_miner,
        is_device_removable=is_card_removable,
    ),
    EntryKind.MANAGER: _Lifecycle(
        setup=async_setup_manager,
        unload=async_unload_manager,
        remove=async_remove_manager,
        is_device_removable=is_no_device_removable,
    ),
}


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all config entries share."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Set up a config entry."""
    return await _LIFECYCLES[entry_kind(entry)].setup(hass, entry)


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Unload a config entry."""
    return await _LIFECYCLES[entry_kind(entry)].unload(hass, entry)


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Clean up after a config entry that was removed."""
    await _LIFECYCLES[entry_kind(entry)].remove(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ConfigEntry[Any], device: dr.DeviceEntry
) -> bool:
    """Return whether the user may delete a device."""
    return _LIFECYCLES[entry_kind(entry)].is_device_removable(entry, device)
