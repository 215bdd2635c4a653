"""XMRig in Home Assistant."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .api.exceptions import XmrigStorageError
from .api.state import MinerState
from .const import DOMAIN
from .coordinator import XmrigConfigEntry, XmrigCoordinator
from .entity import is_removable
from .power_control import PowerControl
from .repairs import async_delete_issues, async_update_issues
from .services import async_setup_services
from .storage import state_store
from .stored_data import async_load, async_remove

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all miners share."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Set up a miner."""
    store = state_store(hass, entry.entry_id)

    async def save(state: MinerState) -> None:
        try:
            await store.async_save(state.as_json())
        except HomeAssistantError as error:
            raise XmrigStorageError(f"{entry.title}: {error}") from error

    state = await async_load(hass, entry, store, MinerState.from_json)
    coordinator = XmrigCoordinator(hass, entry, state, save)
    coordinator.power = PowerControl(hass, coordinator)
    await coordinator.power.async_load()
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    coordinator.power.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    @callback
    def update_issues() -> None:
        async_update_issues(coordinator)

    async def stop(_: Event) -> None:
        await _async_close(coordinator)

    update_issues()
    entry.async_on_unload(coordinator.async_add_listener(update_issues))
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Unload a miner, once its last command is over."""
    await _async_close(entry.runtime_data)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry, ignored=False)
    return unloaded


async def _async_close(coordinator: XmrigCoordinator) -> None:
    """End all that reads from a miner or writes to it.

    A calibration first, which gives back the threads that it took.
    """
    await coordinator.power.async_close()
    await coordinator.async_close()


async def async_remove_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Forget a miner that was removed."""
    async_delete_issues(hass, entry, ignored=True)
    await async_remove(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: XmrigConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether the user may delete a device: a card that is gone."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    prefix = f"{entry.entry_id}_"
    return all(
        identifier.startswith(prefix)
        and is_removable(entry.runtime_data.data, identifier.removeprefix(prefix))
        for _, identifier in device.identifiers
    )
