"""Count the energy used for mining, and store it on disk."""

import asyncio
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..manager import Account, Inputs, Plan
from ..storage import async_load, energy_store

SAVE_DELAY = 60
"""Seconds before counted energy is saved. It is not shown until then."""


class EnergyAccount:
    """Counts the energy used for mining.

    It only shows what it has saved, or tried to save. Otherwise a total could be lower
    after Home Assistant was killed, which its statistics would read as a meter reset.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Initialize the account."""
        self._hass = hass
        self._entry = entry
        self._store = energy_store(hass, entry.entry_id)
        self._counted = Account()
        self.shown = Account()
        self._timer: CALLBACK_TYPE | None = None
        self._saving = asyncio.Lock()
        self._is_failing = False

    async def async_load(self) -> None:
        """Load the saved account.

        Raises ConfigEntryNotReady if the disk cannot be read.
        """
        account = await async_load(
            self._hass, self._entry, self._store, Account.from_json
        )
        self._counted = self.shown = account.on_day(_today())

    @callback
    def async_count(self, inputs: Inputs, plan: Plan, now: float) -> None:
        """Count the energy up to `now`, after which mining draws what is planned."""
        day = _today()
        before = self._counted
        self._counted = before.counted(
            now,
            plan.draw,
            inputs.meters,
            is_silent=inputs.meters.reported_at is not None and plan.state.is_silent,
            price=inputs.prices.importing,
            day=day,
        )
        self.shown = self.shown.on_day(day)
        if self._counted.as_json() != before.as_json() and self._timer is None:
            self._timer = async_call_later(
                self._hass, SAVE_DELAY, HassJob(self._async_save)
            )

    async def async_close(self) -> None:
        """Save anything not saved yet, and wait until a running save has ended.

        The file of an entry that is removed would otherwise be written after that.
        """
        if self._timer is not None:
            self._timer()
            await self._async_save()
        async with self._saving:
            pass

    async def _async_save(self, _now: datetime | None = None) -> None:
        """Save the counted energy, and show it even if saving fails."""
        self._timer = None
        async with self._saving:
            account = self._counted
            try:
                await self._store.async_save(account.as_json())
            except HomeAssistantError as error:
                if not self._is_failing:
                    LOGGER.warning(
                        "The energy of %s was not saved: %s", self._entry.title, error
                    )
                self._is_failing = True
            else:
                self._is_failing = False
            self.shown = account


def _today() -> str:
    """Return the date in the time zone of Home Assistant."""
    return dt_util.now().date().isoformat()
