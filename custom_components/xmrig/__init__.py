"""XMRig in Home Assistant."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.storage import Store
from homeassistant.helpers.typing import ConfigType

from .api.memory import Memory
from .api.miner import Miner
from .const import DOMAIN, STORAGE_VERSION
from .coordinator import XmrigConfigEntry, XmrigCoordinator, async_create_client
from .power_control import async_setup_power, power_store
from .repairs import async_delete_issues, async_update_issues
from .services import async_setup_services

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


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, object]]:
    """Return where the memory of a miner is kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}", private=True)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all miners share."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Set up a miner."""
    store = _store(hass, entry.entry_id)

    async def save(memory: Memory) -> None:
        await store.async_save(memory.as_json())

    client = async_create_client(hass, entry.data)
    miner = Miner(client, Memory.from_json(await store.async_load()), save)
    coordinator = XmrigCoordinator(hass, entry, miner)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    coordinator.power = await async_setup_power(hass, coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    @callback
    def update_issues() -> None:
        async_update_issues(coordinator)

    update_issues()
    entry.async_on_unload(coordinator.async_add_listener(update_issues))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Unload a miner."""
    async_delete_issues(hass, entry, ignored=False)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Forget a miner that was removed."""
    async_delete_issues(hass, entry, ignored=True)
    await _store(hass, entry.entry_id).async_remove()
    await power_store(hass, entry.entry_id).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: XmrigConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether a device may be removed by hand: a card that is gone may.

    As long as the miner did not say which cards it has, none is gone.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return False
    backends = entry.runtime_data.data.backends
    if backends is None or not backends.complete:
        return False
    cards = {f"{entry.entry_id}_{gpu.key}" for gpu in backends.gpus}
    return device.identifiers.isdisjoint(
        (DOMAIN, identifier) for identifier in (entry.entry_id, *cards)
    )
