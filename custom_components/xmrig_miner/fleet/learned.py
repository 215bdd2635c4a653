"""Keeping on disk what the manager learned about the meter, the house and the miners."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..manager import ManagerState
from ..storage import XmrigStore, async_load, learned_store
from .coordinator import FleetCoordinator

SAVE_DELAY = 900
"""Seconds after which it is saved: it changes with each step."""

SLEEP_SAVE_DELAY = 1
"""Seconds after which it is saved that a miner sleeps: without it, nothing would wake it
once Home Assistant was killed."""


async def async_load_learned(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> ManagerState:
    """Return a new state of the manager with what it learned before."""
    store = learned_store(hass, entry.entry_id)
    return await async_load(hass, entry, store, ManagerState.from_json)


class LearnedFile:
    """Saves what is learned, until it is closed."""

    def __init__(self, coordinator: FleetCoordinator) -> None:
        """Initialize the file."""
        entry = coordinator.config_entry
        self._coordinator = coordinator
        self._store: XmrigStore = learned_store(coordinator.hass, entry.entry_id)
        self._saved = self._content()
        entry.async_on_unload(coordinator.async_add_listener(self._handle_decision))

    @callback
    def _handle_decision(self) -> None:
        """Save before long what was learned, also when Home Assistant stops."""
        content = self._content()
        if content == self._saved:
            return
        is_urgent = content["sleepers"] != self._saved["sleepers"]
        self._saved = content
        self._store.async_delay_save(
            self._content, SLEEP_SAVE_DELAY if is_urgent else SAVE_DELAY
        )

    async def async_close(self) -> None:
        """Save what is not saved yet; an error is only logged."""
        try:
            await self._store.async_save(self._content())
        except HomeAssistantError as error:
            LOGGER.warning("What the manager learned was not saved: %s", error)

    def _content(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return self._coordinator.data.plan.state.as_json()
