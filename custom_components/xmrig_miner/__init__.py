"""XMRig in Home Assistant."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .card_names import async_follow_names
from .certificates import with_verification
from .const import DOMAIN
from .fleet.automation_issue import async_watch_automations
from .fleet.entry import (
    async_close_manager,
    async_create_manager,
    async_remove_manager,
    async_start_manager,
    async_unload_manager,
)
from .frontend import async_register_details, async_serve_module
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .miner_entry import (
    async_close_miner,
    async_create_miner,
    async_remove_miner,
    async_start_miner,
    async_unload_miner,
    is_card_removable,
)
from .proxy_entry import (
    async_close_proxy,
    async_create_proxy,
    async_remove_proxy,
    async_start_proxy,
    async_unload_proxy,
)
from .renamed_entities import async_follow_entities
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


@dataclass(frozen=True, kw_only=True)
class _Lifecycle:
    """How config entries of a kind are set up, unloaded and removed."""

    create: Callable[[HomeAssistant, AnyConfigEntry], Awaitable[Any]]
    """Returns the runtime data; called before `start`."""
    start: Callable[[HomeAssistant, AnyConfigEntry], Awaitable[None]]
    close: Callable[[AnyConfigEntry], Awaitable[None]]
    """Ends all activity; also called when Home Assistant stops."""
    unload: Callable[[HomeAssistant, AnyConfigEntry], Awaitable[bool]]
    remove: Callable[[HomeAssistant, AnyConfigEntry], Awaitable[None]]
    is_device_removable: Callable[[AnyConfigEntry, dr.DeviceEntry], bool] = (
        lambda _entry, _device: False
    )


_LIFECYCLES = {
    EntryKind.MINER: _Lifecycle(
        create=async_create_miner,
        start=async_start_miner,
        close=async_close_miner,
        unload=async_unload_miner,
        remove=async_remove_miner,
        is_device_removable=is_card_removable,
    ),
    EntryKind.MANAGER: _Lifecycle(
        create=async_create_manager,
        start=async_start_manager,
        close=async_close_manager,
        unload=async_unload_manager,
        remove=async_remove_manager,
    ),
    EntryKind.PROXY: _Lifecycle(
        create=async_create_proxy,
        start=async_start_proxy,
        close=async_close_proxy,
        unload=async_unload_proxy,
        remove=async_remove_proxy,
    ),
}


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all config entries share."""
    async_setup_services(hass)
    async_watch_automations(hass)
    async_follow_names(hass)
    async_follow_entities(hass)
    async_register_details(hass)
    async_serve_module(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Migrate a config entry; return False for one of a later version."""
    if entry.version > 1:
        return False
    if entry.minor_version < 2:
        hass.config_entries.async_update_entry(
            entry, data=with_verification(entry.data), minor_version=2
        )
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Set up a config entry."""
    lifecycle = _LIFECYCLES[entry_kind(entry)]
    entry.runtime_data = await lifecycle.create(hass, entry)
    if hass.is_stopping:
        # The event that closes it has been fired
        await lifecycle.close(entry)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="not_loaded",
            translation_placeholders={"name": entry.title},
        )

    async def close(_: Event) -> None:
        await lifecycle.close(entry)

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, close))
    await lifecycle.start(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Unload a config entry."""
    return await _LIFECYCLES[entry_kind(entry)].unload(hass, entry)


async def async_remove_entry(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Clean up after a config entry that was removed."""
    await _LIFECYCLES[entry_kind(entry)].remove(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AnyConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether the user may delete a device."""
    return _LIFECYCLES[entry_kind(entry)].is_device_removable(entry, device)
