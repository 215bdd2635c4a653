"""The config entry of a proxy: set-up, unloading, removal."""

from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import Platform
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .addresses import async_follow_identity, is_miner_of
from .api.exceptions import XmrigError
from .api.models import ProxySummary
from .api.proxy import Proxy
from .certificate_issues import async_update_connection_issues
from .command import Commands
from .connection import async_create_proxy_client, async_wait_for_reply
from .proxy.coordinator import ProxyCoordinator
from .proxy.runtime import ProxyConfigEntry, ProxyRuntimeData
from .repairs import async_delete_issues, async_follow_issues
from .storage import async_load_state, async_remove

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
]


async def async_create_proxy(
    hass: HomeAssistant, entry: ProxyConfigEntry
) -> ProxyRuntimeData:
    """Return the runtime data of a proxy after its first poll.

    Raises ConfigEntryNotReady if it cannot be read.
    """
    client = async_create_proxy_client(hass, entry.data)
    if hass.state is not CoreState.running:
        await async_wait_for_reply(entry, client)
    state, save = await async_load_state(hass, entry)

    def is_expected(summary: ProxySummary) -> bool:
        return is_miner_of(hass, entry, summary.identity)

    @callback
    def handle_result(error: XmrigError | None) -> None:
        async_update_connection_issues(hass, entry, error)

    proxy = Proxy(client, state, save, is_expected=is_expected)
    coordinator = ProxyCoordinator(hass, entry, proxy, handle_result)
    await coordinator.async_config_entry_first_refresh()
    async_follow_identity(hass, entry, coordinator)
    return ProxyRuntimeData(coordinator=coordinator, commands=Commands(coordinator))


async def async_start_proxy(hass: HomeAssistant, entry: ProxyConfigEntry) -> None:
    """Add the entities and issues of a proxy."""
    coordinator = entry.runtime_data.coordinator
    _async_reload_for_workers(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if coordinator.needs_workers:
        # Whether they are needed is known once the entities exist
        await coordinator.async_refresh_once()
    async_follow_issues(coordinator)


@callback
def _async_reload_for_workers(hass: HomeAssistant, entry: ProxyConfigEntry) -> None:
    """Reload the config entry once the user chose or removed a worker.

    An update listener would forbid the connection form to reload the entry.
    """
    chosen = set(entry.subentries)
    is_scheduled = False

    @callback
    def handle_change(change: ConfigEntryChange, changed: ConfigEntry[Any]) -> None:
        nonlocal is_scheduled
        if changed is entry and entry.subentries.keys() != chosen and not is_scheduled:
            is_scheduled = True
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, handle_change)
    )


async def async_close_proxy(entry: ProxyConfigEntry) -> None:
    """Stop polling, and wait for the last command."""
    await entry.runtime_data.coordinator.async_close()


async def async_unload_proxy(hass: HomeAssistant, entry: ProxyConfigEntry) -> bool:
    """Unload a proxy after its last command."""
    await async_close_proxy(entry)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry, ignored=False)
    return unloaded


async def async_remove_proxy(hass: HomeAssistant, entry: ProxyConfigEntry) -> None:
    """Delete what is stored about a proxy that was removed."""
    async_delete_issues(hass, entry, ignored=True)
    await async_remove(hass, entry.entry_id)
