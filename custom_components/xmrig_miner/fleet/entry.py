"""Set up, unload and remove the config entry of the manager."""

import asyncio

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN, LOGGER
from ..runtime import XmrigConfigEntry
from ..storage import async_load, async_remove, manager_store
from .account import EnergyAccount
from .coordinator import FleetCoordinator
from .energy import async_follow_house
from .learned import LearnedFile, async_load_learned
from .members import loaded_miners
from .runtime import FLEET, FleetConfigEntry, FleetRuntimeData
from .settings import FleetSettings
from .sleep_issues import SleepIssues, async_delete_sleep_issues
from .source_issues import SourceIssues, async_delete_source_issues

PLATFORMS = [
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

MEMBER_KEYS = ("managed", "priority")
"""Translation keys of the entities that miners have only with a manager."""


async def async_create_manager(
    hass: HomeAssistant, entry: FleetConfigEntry
) -> FleetRuntimeData:
    """Load what is stored, and return the runtime data of the manager.

    Raises ConfigEntryNotReady if the disk cannot be read: the members keep their current
    threads until it can. After any other error they are released.
    """
    try:
        return await _async_create(hass, entry)
    except ConfigEntryNotReady:
        raise
    except Exception:
        await _async_release_members(hass)
        raise


async def _async_create(
    hass: HomeAssistant, entry: FleetConfigEntry
) -> FleetRuntimeData:
    store = manager_store(hass, entry.entry_id)
    settings = await async_load(hass, entry, store, FleetSettings.from_json)
    account = EnergyAccount(hass, entry)
    await account.async_load()
    house = await async_follow_house(hass, entry)
    state = await async_load_learned(hass, entry)
    coordinator = FleetCoordinator(hass, entry, house, settings, account, state)
    return FleetRuntimeData(
        coordinator=coordinator, store=store, learned=LearnedFile(coordinator)
    )


async def async_start_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Add the entities and issues of the manager, and start deciding.

    After an error, nothing of it goes on, and the members are released.
    """
    coordinator = entry.runtime_data.coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    try:
        coordinator.async_start()
        SourceIssues(coordinator).async_start()
        SleepIssues(coordinator).async_start()
    except Exception:
        # Home Assistant does not unload an entry whose set-up failed
        await async_unload_manager(hass, entry)
        await _async_release_members(hass)
        raise
    hass.data[FLEET] = entry.runtime_data


async def async_close_manager(entry: FleetConfigEntry) -> None:
    """Stop deciding, wait for running commands, and save what was learned."""
    await entry.runtime_data.async_close()


async def async_unload_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> bool:
    """Unload the manager; its members keep their current threads.

    One that is disabled releases them: it may never return.
    """
    hass.data.pop(FLEET, None)
    await async_close_manager(entry)
    if entry.disabled_by:
        await _async_release_members(hass)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_source_issues(hass, entry, ignored=False)
    return unloaded


async def async_remove_manager(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Remove what is stored of the manager, and release all its members."""
    async_delete_source_issues(hass, entry, ignored=True)
    async_delete_sleep_issues(hass, ignored=True)
    await async_remove(hass, entry.entry_id)
    registry = er.async_get(hass)
    for entity in list(registry.entities.values()):
        # A member's settings are entities on the device of its miner
        if entity.platform == DOMAIN and entity.translation_key in MEMBER_KEYS:
            registry.async_remove(entity.entity_id)
    await _async_release_members(hass)


async def _async_release_members(hass: HomeAssistant) -> None:
    """Remove the bound of all miners; one that is away is released once it is back."""
    await asyncio.gather(*map(_async_release, loaded_miners(hass)))


async def _async_release(member: XmrigConfigEntry) -> None:
    try:
        await member.runtime_data.power.limit.async_set_managed(None)
    except HomeAssistantError as error:
        LOGGER.debug("%s could not be released yet: %s", member.title, error)
