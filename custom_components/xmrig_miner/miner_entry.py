"""The config entry of a miner: set-up, unloading, removal."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr

from .addresses import async_follow_identity, is_expected_at
from .api.client import XmrigClient
from .api.exceptions import XmrigError
from .api.miner import Miner
from .api.models import Summary
from .certificate_issues import async_update_connection_issues
from .command import Commands
from .connection import async_create_client, async_wait_for_reply
from .const import DOMAIN
from .coordinator import XmrigCoordinator
from .entity import is_removable
from .fleet.energy import async_offer_manager
from .kinds import EntryKind, entries_of_kind
from .power.control import PowerControl
from .repairs import async_delete_issues, async_follow_issues
from .runtime import XmrigConfigEntry, XmrigRuntimeData
from .storage import async_load_state, async_remove
from .takeover.statistics import async_renew_units
from .takeover.steps import async_continue_import, async_return_entities

PLATFORMS = [
    Platform.SWITCH,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
]


async def async_create_miner(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> XmrigRuntimeData:
    """Return the runtime data of a miner after its first poll.

    Raises ConfigEntryNotReady if it cannot be read.
    """
    await async_continue_import(hass, entry)
    client = async_create_client(hass, entry.data)
    if hass.state is not CoreState.running:
        await async_wait_for_reply(entry, client)
    miner = await _async_miner(hass, entry, client)

    @callback
    def handle_result(error: XmrigError | None) -> None:
        async_update_connection_issues(hass, entry, error)

    coordinator = XmrigCoordinator(hass, entry, miner, handle_result)
    commands = Commands(coordinator)
    power = PowerControl(hass, coordinator, commands.run)
    commands.limit_text = power.limit.async_text
    await power.async_load(has_manager=_has_manager(hass))
    try:
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryNotReady:
        # It may have restored the config, and would verify later that it lasts
        await coordinator.async_close()
        raise
    async_follow_identity(hass, entry, coordinator)
    power.async_start()
    return XmrigRuntimeData(coordinator=coordinator, commands=commands, power=power)


async def async_start_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Add the entities and issues of a miner."""
    # Dashboards that Home Assistant generates show entities in the order in which they
    # were added: Mining comes first
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS[:1])
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS[1:])
    async_follow_issues(entry.runtime_data.coordinator)
    _async_follow_access(hass, entry)
    await async_renew_units(hass, entry)
    await async_offer_manager(hass)
    if not _has_manager(hass):
        # One that was removed since the set-up began has released only loaded miners
        entry.runtime_data.power.async_release()


@callback
def _async_follow_access(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Offer the manager once a miner that was read-only can be controlled."""
    coordinator = entry.runtime_data.coordinator
    was_restricted = coordinator.data.restricted

    @callback
    def update() -> None:
        nonlocal was_restricted
        is_opened = was_restricted and not coordinator.data.restricted
        was_restricted = coordinator.data.restricted
        if is_opened:
            entry.async_create_background_task(
                hass, async_offer_manager(hass), f"{DOMAIN} offer"
            )

    entry.async_on_unload(coordinator.async_add_listener(update))


async def async_close_miner(entry: XmrigConfigEntry) -> None:
    """Stop everything that reads from a miner or writes to it.

    The calibration is stopped first, because it has to restore the threads.
    """
    runtime = entry.runtime_data
    await runtime.power.calibration.async_close()
    await runtime.coordinator.async_close()
    await runtime.power.async_close()


async def async_unload_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Unload a miner after its last command."""
    await async_close_miner(entry)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry, ignored=False)
    return unloaded


async def async_remove_miner(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Delete what is stored about a miner that was removed."""
    async_delete_issues(hass, entry, ignored=True)
    async_return_entities(hass, entry)
    await async_remove(hass, entry.entry_id)


def is_card_removable(entry: XmrigConfigEntry, device: dr.DeviceEntry) -> bool:
    """Return whether the user may delete a device: only a card that is gone."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    prefix = f"{entry.entry_id}_"
    snapshot = entry.runtime_data.coordinator.data
    return all(
        identifier.startswith(prefix)
        and is_removable(snapshot, identifier.removeprefix(prefix))
        for _, identifier, *_ in device.identifiers
    )


def _has_manager(hass: HomeAssistant) -> bool:
    """Return whether there is a manager that may control miners.

    One whose set-up failed for good released them.
    """
    return any(
        entry.state is not ConfigEntryState.SETUP_ERROR
        for entry in entries_of_kind(hass, EntryKind.MANAGER, include_disabled=False)
    )


async def _async_miner(
    hass: HomeAssistant, entry: XmrigConfigEntry, client: XmrigClient
) -> Miner:
    """Return the miner of a config entry, with what is stored about it."""
    state, save = await async_load_state(hass, entry)

    def is_expected(summary: Summary) -> bool:
        return is_expected_at(hass, entry, summary.identity)

    return Miner(
        client,
        state,
        save,
        is_expected=is_expected,
    )
