"""Store what the manager has learned about the meter, the house and the miners."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..manager import ManagerState
from ..storage import XmrigStore, async_load, learned_store
from .coordinator import FleetCoordinator

SAVE_DELAY = 900
"""Seconds before a change is saved. It is long because every step changes something."""

SLEEP_SAVE_DELAY = 1
"""Seconds before a change of the sleeping miners is saved. If it were lost because Home
Assistant is killed, nothing would wake them."""


async def async_load_learned(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> ManagerState:
    """Return a new state of the manager, with what it has learned before."""
    store = learned_store(hass, entry.entry_id)
    return await async_load(hass, entry, store, ManagerState.from_json)


class LearnedFile:
    """Saves what the manager learns, until it is closed."""

    def __init__(self, coordinator: FleetCoordinator) -> None:
        """Initialize the file."""
        entry = coordinator.config_entry
        self._coordinator = coordinator
        self._store: XmrigStore = learned_store(coordinator.hass, entry.entry_id)
        self._saved = self._content()
        self._is_scheduled = False
        entry.async_on_unload(coordinator.async_add_listener(self._handle_decision))

    @callback
    def _handle_decision(self) -> None:
        """Schedule a save if anything was learned; it is also done at shutdown."""
        content = self._content()
        if content == self._saved:
            return
        is_urgent = content["sleepers"] != self._saved["sleepers"]
        self._saved = content
        # Each call puts off a save that is scheduled, also those before it is due
        if is_urgent or not self._is_scheduled:
            self._is_scheduled = True
            self._store.async_delay_save(
                self._content_to_save, SLEEP_SAVE_DELAY if is_urgent else SAVE_DELAY
            )

    @callback
    def _content_to_save(self) -> dict[str, Any]:
        """Return the content for a save that was scheduled."""
        self._is_scheduled = False
        return self._content()

    async def async_close(self) -> None:
        """Save now; an error is only logged."""
        try:
            await self._store.async_save(self._content())
        except HomeAssistantError as error:
            LOGGER.warning("What the manager learned was not saved: %s", error)

    def _content(self) -> dict[str, Any]:
        """Return what the manager has learned as JSON."""
        return self._coordinator.state.as_json()
