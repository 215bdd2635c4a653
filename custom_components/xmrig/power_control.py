"""Watts of a miner: the parts that know and steer them, and how they work together."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback

from .calibration import Calibration, Row
from .const import DOMAIN, POWER_SAVE_DELAY
from .coordinator import XmrigCoordinator
from .options import PowerOptions
from .power_limit import PowerLimit
from .power_meter import PowerMeter
from .storage import power_store
from .stored_data import async_load


async def async_setup_power(
    hass: HomeAssistant, coordinator: XmrigCoordinator
) -> PowerControl | None:
    """Return the power control of a miner; None if its owner wants none.

    A limit of theirs from before is lifted then.
    """
    power = PowerControl(hass, coordinator)
    await power.async_load()
    if PowerOptions.from_options(coordinator.config_entry.options).is_complete:
        power.async_follow()
        return power
    power.limit.lift()
    if power.limit.holds or power.calibration.threads_before is not None:
        power.async_follow()
    return None


class PowerControl:
    """Measures or estimates the power of a miner, and keeps it below a limit."""

    def __init__(self, hass: HomeAssistant, coordinator: XmrigCoordinator) -> None:
        """Initialize the power control."""
        self._hass = hass
        self._coordinator = coordinator
        self._store = power_store(hass, coordinator.config_entry.entry_id)
        self._save_due = False
        self._is_stopped = False
        self._lock = asyncio.Lock()
        self.meter = PowerMeter(hass, coordinator)
        self.calibration = Calibration(
            coordinator, self.meter, self._lock, self._async_save
        )
        self.limit = PowerLimit(
            hass,
            coordinator,
            self.meter,
            self.calibration,
            self._lock,
            self._async_save,
            self._save_soon,
        )

    async def async_load(self) -> None:
        """Take up what was learned and set before."""
        await async_load(
            self._hass, self._coordinator.config_entry, self._store, self._load
        )

    @callback
    def async_follow(self) -> None:
        """Follow the miner until it is unloaded."""
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._coordinator.async_add_listener(self._handle_poll))
        self._handle_poll()

    async def async_calibrate(self) -> list[Row]:
        """Measure each number of threads as `Calibration.async_run` does."""
        try:
            return await self.calibration.async_run()
        finally:
            # It may have been set to something else meanwhile.
            if not self._is_stopped:
                await self.limit.async_apply_quietly()

    @callback
    def _handle_poll(self) -> None:
        """Learn from a poll, and see whether the limit is still kept."""
        if not self._coordinator.last_update_success:
            self.meter.forget_doing()
            return
        model = self.meter.model
        self.meter.observe()
        if self.meter.model != model:
            self._save_soon()
        if self._lock.locked() or self.calibration.is_running:
            return
        if self.calibration.threads_before is not None:
            self._later(self.calibration.async_put_back())
            return
        self.limit.heed()
        if self.limit.is_due:
            self._later(self.limit.async_apply_quietly())

    def _later(self, task: Coroutine[Any, Any, None]) -> None:
        """Do something that a callback cannot wait for."""
        self._coordinator.config_entry.async_create_background_task(
            self._hass, task, f"{DOMAIN} power"
        )

    @callback
    def _save_soon(self) -> None:
        """Write what was learned and set to disk before long."""
        if not self._save_due:
            self._save_due = True
            self._store.async_delay_save(self._as_json, POWER_SAVE_DELAY)

    async def _async_save(self) -> None:
        """Write what was learned and set to disk."""
        await self._store.async_save(self._as_json())

    def _load(self, stored: Mapping[str, Any] | None) -> None:
        """Take up what `_as_json` gave, if anything.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if stored is not None:
            self.meter.load(stored["meter"])
            self.limit.load(stored["limit"])
            self.calibration.load(stored["threads_before"])

    def _as_json(self) -> dict[str, Any]:
        """Return what was learned and set as JSON values."""
        self._save_due = False
        return {
            "meter": self.meter.as_json(),
            "limit": self.limit.as_json(),
            "threads_before": self.calibration.threads_before,
        }

    async def async_close(self) -> None:
        """Leave the miner alone, and what was learned on disk."""
        self._is_stopped = True
        self.limit.cancel()
        self.calibration.cancel()
        if self._save_due:
            await self._async_save()
