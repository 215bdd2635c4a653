"""Storage of the learned power model and the power settings of a miner."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN, LOGGER, POWER_SAVE_DELAY
from ..storage import async_load, power_store


class PowerFile:
    """The power file of a miner. Nothing is written after it is closed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        content: Callable[[], dict[str, Any]],
    ) -> None:
        """Initialize the file; `content` returns the data to save."""
        self._hass = hass
        self._entry = entry
        self._store = power_store(hass, self._entry.entry_id)
        self._content = content
        self._timer: CALLBACK_TYPE | None = None
        self._lock = asyncio.Lock()
        self.is_closed = False

    async def async_load(self, parse: Callable[[dict[str, Any] | None], None]) -> None:
        """Pass the saved data to `parse`, or None if there is none."""
        await async_load(self._hass, self._entry, self._store, parse)

    async def async_save(self) -> None:
        """Save now.

        Raises HomeAssistantError if the file cannot be written, or is closed.
        """
        async with self._lock:
            if self.is_closed:
                raise self._error("closed")
            self._cancel_timer()
            try:
                await self._store.async_save(self._content())
            except HomeAssistantError as error:
                self.schedule_save()
                raise self._error("not_stored") from error

    @callback
    def schedule_save(self) -> None:
        """Schedule a save, so that it includes further changes."""
        if self._timer is None and not self.is_closed:
            self._timer = async_call_later(
                self._hass, POWER_SAVE_DELAY, HassJob(self._async_save_later)
            )

    async def async_close(self) -> None:
        """Save pending changes, and write nothing afterwards."""
        if self._timer is not None:
            await self._async_save_later()
        async with self._lock:
            self.is_closed = True
            self._cancel_timer()

    async def _async_save_later(self, _now: datetime | None = None) -> None:
        """Save in the background; errors are only logged."""
        try:
            await self.async_save()
        except HomeAssistantError as error:
            LOGGER.warning(
                "The power of %s was not saved: %s", self._entry.title, error
            )

    @callback
    def _cancel_timer(self) -> None:
        """Cancel the timer, if it is running."""
        if self._timer is not None:
            self._timer()
            self._timer = None

    def _error(self, key: str) -> HomeAssistantError:
        """Return a translated error."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._entry.title},
        )
