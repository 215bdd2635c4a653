"""The config entry of a miner: set-up, unloading, removal."""

import asyncio
from contextlib import suppress

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import device_registry as dr

from .addresses import is_miner_of
from .api.client import XmrigClient
from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigConnectionError,
    XmrigError,
    XmrigStorageError,
)
from .api.miner import Miner
from .api.models import Summary
from .api.state import MinerState
from .certificate_issues import async_update_certificate_issues
from .command import MinerCommands
from .connection import async_create_client
from .const import DOMAIN
from .coordinator import XmrigCoordinator
from .entity import is_removable
from .fleet.energy import async_offer_manager
from .identity_issue import async_update_identity_issue
from .kinds import EntryKind, entries_of_kind
from .power.control import PowerControl
from .repairs import async_delete_issues, async_update_issues
from .runtime import XmrigConfigEntry, XmrigRuntimeData
from .storage import async_load, async_remove, state_store

PLATFORMS = [
    Platform.SWITCH,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
]


START_TIMEOUT = 1
"""Seconds for which the start of Home Assistant waits for a miner. Most are off because
their computer is, which takes five to notice."""


async def async_create_miner(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> XmrigRuntimeData:
    """Return the runtime data of a miner that was read once.

    Raises ConfigEntryNotReady if it cannot be read.
    """
    client = async_create_client(hass, entry.data)
    if hass.state is not CoreState.running:
        await _async_wait_for_reply(entry, client)
    miner = await _async_miner(hass, entry, client)

    @callback
    def handle_result(error: XmrigError | None) -> None:
        async_update_certificate_issues(hass, entry, error)
        if isinstance(error, XmrigAnotherMinerError):
            async_update_identity_issue(hass, entry, error.found)
        elif error is None:
            async_update_identity_issue(hass, entry, None)

    coordinator = XmrigCoordinator(hass, entry, miner, handle_result)
    commands = MinerCommands(coordinator)
    power = PowerControl(hass, coordinator, commands.run)
    commands.limit_text = lambda: power.limit.text
    managers = entries_of_kind(hass, EntryKind.MANAGER, include_disabled=False)
    await power.async_load(has_manager=bool(managers))
    await coordinator.async_config_entry_first_refresh()
    power.async_start()
    return XmrigRuntimeData(coordinator=coordinator, commands=commands, power=power)


async def async_start_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Add the entities and issues of a miner."""
    runtime = entry.runtime_data
    # Dashboards that Home Assistant generates show entities in the order in which they
    # were added: Mining comes first
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS[:1])
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS[1:])

    @callback
    def update_issues() -> None:
        async_update_issues(runtime.coordinator)

    async def stop(_: Event) -> None:
        await _async_close(runtime)

    update_issues()
    entry.async_on_unload(runtime.coordinator.async_add_listener(update_issues))
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    await async_offer_manager(hass)


async def async_unload_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Unload a miner, once its last command is over."""
    await _async_close(entry.runtime_data)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry, ignored=False)
    return unloaded


async def async_remove_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Delete what is stored about a miner that was removed."""
    async_delete_issues(hass, entry, ignored=True)
    await async_remove(hass, entry.entry_id)


def is_card_removable(entry: XmrigConfigEntry, device: dr.DeviceEntry) -> bool:
    """Return whether the user may delete a device: a card that is gone."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    prefix = f"{entry.entry_id}_"
    snapshot = entry.runtime_data.coordinator.data
    return all(
        identifier.startswith(prefix)
        and is_removable(snapshot, identifier.removeprefix(prefix))
        for _, identifier in device.identifiers
    )


async def _async_wait_for_reply(entry: XmrigConfigEntry, client: XmrigClient) -> None:
    """Wait for a moment until a miner replies; errors show at the first poll.

    Raises ConfigEntryNotReady if it does not, after which Home Assistant tries again as
    soon as it has started.
    """
    try:
        async with asyncio.timeout(START_TIMEOUT):
            with suppress(XmrigError):
                await client.summary()
    except TimeoutError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key=XmrigConnectionError.key,
            translation_placeholders={"name": entry.title},
        ) from error


async def _async_miner(
    hass: HomeAssistant, entry: XmrigConfigEntry, client: XmrigClient
) -> Miner:
    """Return the miner of a config entry, with what is stored about it."""
    store = state_store(hass, entry.entry_id)

    async def save(state: MinerState) -> None:
        try:
            await store.async_save(state.as_json())
        except HomeAssistantError as error:
            raise XmrigStorageError(f"{entry.title}: {error}") from error

    def is_expected(summary: Summary) -> bool:
        return is_miner_of(hass, entry, summary.identity)

    return Miner(
        client,
        await async_load(hass, entry, store, MinerState.from_json),
        save,
        is_expected=is_expected,
    )


async def _async_close(runtime: XmrigRuntimeData) -> None:
    """Stop everything that reads from a miner or writes to it.

    A calibration first, which gives back the threads that it took.
    """
    await runtime.power.async_close()
    await runtime.coordinator.async_close()
