"""Power control of a miner: connects the meter, the calibration and the limit."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..coordinator import CommandRunner, XmrigCoordinator
from .calibration import Calibration
from .file import PowerFile
from .limit import PowerLimit
from .meter import PowerMeter
from .options import PowerOptions
from .table import CalibrationResult


class PowerControl:
    """Measures or estimates the power of a miner, and keeps it below a limit.

    Without power options, it only restores the threads that an earlier limit or
    calibration removed.
    """

    def __init__(
        self, hass: HomeAssistant, coordinator: XmrigCoordinator, command: CommandRunner
    ) -> None:
        """Initialize the power control."""
        self._hass = hass
        self._coordinator = coordinator
        self._lock = asyncio.Lock()
        self._file = PowerFile(hass, coordinator.config_entry, self._as_json)
        options = PowerOptions.from_options(coordinator.config_entry.options)
        self.is_configured = options.is_complete
        """Whether the options name a power sensor or an estimate."""
        self.meter = PowerMeter(hass, coordinator)
        self.calibration = Calibration(
            coordinator, command, self.meter, self._lock, self._file
        )
        self.limit = PowerLimit(
            hass,
            coordinator,
            command,
            self.meter,
            self.calibration,
            self._lock,
            self._file,
        )

    @property
    def is_active(self) -> bool:
        """Return whether it affects the number of threads."""
        return (
            self.is_configured
            or self.limit.managed_threads is not None
            or self._has_to_give_back
        )

    @property
    def _has_to_give_back(self) -> bool:
        """Return whether an earlier limit or calibration still holds back threads."""
        return self.limit.is_limiting or self.calibration.threads_before is not None

    async def async_load(self, *, has_manager: bool) -> None:
        """Restore the learned model and the settings.

        A limit whose options were removed is cleared for good, without waiting for the
        miner, which may be unreachable for a long time. So is the allowance of a
        manager that no longer exists.
        """
        await self._file.async_load(self._load)
        is_cleared = not self.is_configured and self.limit.clear()
        is_released = not has_manager and self.limit.release()
        if is_cleared or is_released:
            await self._file.async_save()

    @callback
    def async_start(self) -> None:
        """Follow the miner until it is unloaded."""
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._coordinator.async_add_listener(self._handle_poll))
        self._handle_poll()

    @callback
    def async_release(self) -> None:
        """Remove the allowance of a manager that no longer exists."""
        if self.limit.release():
            self._file.schedule_save()
            self._handle_poll()

    async def async_calibrate(self) -> list[CalibrationResult]:
        """Run a calibration, then apply the limit; see `Calibration.async_run`."""
        try:
            return await self.calibration.async_run(self.limit.user_cap)
        finally:
            # The limit may have changed during the calibration.
            await self.limit.async_apply_quietly()

    @callback
    def _handle_poll(self) -> None:
        """Learn from a poll, and apply the limit if necessary."""
        if not self.is_active:
            return
        if not self._coordinator.last_update_success:
            self.meter.reset_operating_point()
            return
        model = self.meter.model
        self.meter.observe()
        if self.meter.model != model:
            self._file.schedule_save()
        if self._lock.locked() or self.calibration.is_running:
            return
        if not self.limit.can_decide:
            return
        if self.calibration.threads_before is not None:
            self._create_background_task(self.calibration.async_restore_threads())
            return
        self.limit.detect_user_cap()
        if self.limit.is_due:
            self._create_background_task(self.limit.async_apply_quietly())

    def _create_background_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the background, since a callback cannot await it."""
        self._coordinator.config_entry.async_create_background_task(
            self._hass, coroutine, f"{DOMAIN} power"
        )

    def _load(self, stored: Mapping[str, Any] | None) -> None:
        """Restore what `_as_json` returned, if anything.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if stored is not None:
            self.meter.load(stored["meter"])
            self.limit.load(stored["limit"])
            # Another meter may have measured something else
            is_same = self.meter.is_meter_of(stored["meter"])
            results = stored.get("calibration", ()) if is_same else ()
            self.calibration.load(stored["threads_before"], results)

    def _as_json(self) -> dict[str, Any]:
        """Return the learned model and the settings as JSON values."""
        return {
            "meter": self.meter.as_json(),
            "limit": self.limit.as_json(),
            "threads_before": self.calibration.threads_before,
            "calibration": [result.as_json() for result in self.calibration.results],
        }

    async def async_close(self) -> None:
        """Wait for running changes, and save pending data.

        Must be called after the calibration and the miner are closed: changes that wait
        for their turn are then refused.
        """
        async with self._lock:
            await self._file.async_close()
            self.limit.close()
