"""XMRig in Home Assistant."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.storage import Store

from .api.memory import Memory
from .api.miner import Miner
from .const import DOMAIN, STORAGE_VERSION
from .coordinator import XmrigConfigEntry, XmrigCoordinator, async_create_client

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.SENSOR,
    Platform.SWITCH,
]


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, object]]:
    """Return where the memory of a miner is kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}")


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
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Unload a miner."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: XmrigConfigEntry) -> None:
    """Forget a miner that was removed."""
    await _store(hass, entry.entry_id).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: XmrigConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether a device may be removed by hand: a card that is gone may."""
    backends = entry.runtime_data.data.backends
    cards = {f"{entry.entry_id}_{gpu.key}" for gpu in backends.gpus} if backends else {}
    return device.identifiers.isdisjoint(
        (DOMAIN, identifier) for identifier in (entry.entry_id, *cards)
    )
