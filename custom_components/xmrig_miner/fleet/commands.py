"""Commands that the manager sends to its members."""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN, LOGGER
from ..runtime import XmrigRuntimeData
from .members import loaded_miners


class MemberCommands:
    """Sets the threads that members may use, with one command per member at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        on_result: Callable[[str, bool], None],
        on_done: Callable[[], None],
    ) -> None:
        """Initialize the commands.

        `on_result` is called after each command, with the config entry ID of the member
        and whether the command succeeded. `on_done` is called once no more commands are
        pending for a member.
        """
        self._hass = hass
        self._entry = entry
        self._on_result = on_result
        self._on_done = on_done
        self._wanted: dict[str, int | None] = {}
        """Threads to set next, by config entry ID; None removes the bound."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @callback
    def async_command(self, entry_id: str, threads: int | None) -> None:
        """Set the threads of a member, after any running command; None for no bound."""
        self._wanted[entry_id] = threads
        if entry_id not in self._tasks:
            self._tasks[entry_id] = self._entry.async_create_background_task(
                self._hass,
                self._async_command(entry_id),
                f"{DOMAIN} manager",
                # An eager task could finish before it is stored here
                eager_start=False,
            )

    async def async_close(self) -> None:
        """Wait for running commands."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _async_command(self, entry_id: str) -> None:
        """Send commands to a member until none is pending."""
        try:
            while entry_id in self._wanted:
                ok = await self._async_set(entry_id, self._wanted.pop(entry_id))
                self._on_result(entry_id, ok)
        finally:
            del self._tasks[entry_id]
        self._on_done()

    async def _async_set(self, entry_id: str, threads: int | None) -> bool:
        """Set the threads of a member, and return whether that succeeded."""
        entry = self._hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry not in loaded_miners(self._hass):
            return False
        runtime: XmrigRuntimeData = entry.runtime_data
        try:
            await runtime.power.limit.async_set_managed(threads)
        except HomeAssistantError as error:
            LOGGER.debug("%s could not be commanded: %s", entry.title, error)
            return False
        return True
