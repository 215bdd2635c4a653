"""Measuring a miner with each number of its threads."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..api.models.values import number, stored_or_none, thread_number
from ..const import DOMAIN, LOGGER, SAMPLE_TIME, SETTLE_TIME
from ..coordinator import CommandRunner, XmrigCoordinator
from .file import PowerFile
from .meter import MEDIAN_WINDOW, PowerMeter

MAX_MISSED = 30
"""Readings in a row that may be missing or old: five minutes, as long as the slowest
power sensors take to report."""


@dataclass(frozen=True)
class CalibrationResult:
    """What was measured with a number of threads."""

    threads: int
    hashrate: float | None
    """H/s of the whole miner; None if it is unknown."""
    power: float
    """W of the whole computer."""

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        if self.hashrate is None or not self.power:
            return None
        return number(self.hashrate / self.power)


@dataclass(frozen=True)
class _Sample:
    """One reading of power and hashrates."""

    watts: float
    hashrate: float | None
    cpu_hashrate: float | None


class Calibration:
    """Measures a miner with each number of threads, and restores those from before."""

    def __init__(
        self,
        coordinator: XmrigCoordinator,
        command: CommandRunner,
        meter: PowerMeter,
        lock: asyncio.Lock,
        file: PowerFile,
    ) -> None:
        """Initialize the calibration; `lock` is held while it runs."""
        self._coordinator = coordinator
        self._command = command
        self._meter = meter
        self._lock = lock
        self._file = file
        self._cancelled: asyncio.Event | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_closed = False
        self._is_disturbed = False
        """Whether other threads ran at the last reading. One reply is no proof of it:
        the backends do not name their miner, and may be those of another one."""
        self.threads_before: int | None = None
        """How many threads ran before; None once they do so again."""

    def load(self, threads_before: Any) -> None:
        """Restore a number of threads that was stored, or none.

        Raises ValueError for anything else.
        """
        self.threads_before = stored_or_none(threads_before, thread_number)

    @property
    def is_running(self) -> bool:
        """Return whether it runs, or is about to."""
        return self._cancelled is not None

    async def async_run(self) -> list[CalibrationResult]:
        """Measure each number of threads, from all of them down to one.

        The threads from before are restored however it ends; if the miner is
        unreachable by then, once it is back. Returns what was measured, which is not
        all of it after `cancel`.

        Raises ServiceValidationError without a power sensor that measures, while the
        miner does not mine, or while it is being calibrated already;
        HomeAssistantError as commands do, and if the power sensor stops reporting or
        the miner is disturbed.
        """
        self.refuse_while_running()
        if self._is_closed:
            raise self._failure("closed")
        if self._meter.sensor is None:
            raise self._refusal("no_power_sensor")
        if not self._meter.threads_running:
            raise self._refusal("not_mining")
        if self._meter.measured() is None:
            raise self._refusal("power_sensor_unavailable")
        cancelled = self._cancelled = asyncio.Event()
        self._idle.clear()
        try:
            async with self._lock:
                return await self._async_measure_all(cancelled)
        finally:
            self._cancelled = None
            self._idle.set()

    @callback
    def cancel(self) -> None:
        """End it; `async_run` returns what was measured so far."""
        if self._cancelled:
            self._cancelled.set()

    async def async_close(self) -> None:
        """End it, wait until the threads are restored, and refuse later ones."""
        self._is_closed = True
        self.cancel()
        await self._idle.wait()

    def refuse_while_running(self) -> None:
        """Raise ServiceValidationError while it runs."""
        if self.is_running:
            raise self._refusal("already_calibrating")

    async def async_restore_threads(self) -> None:
        """Restore the threads from before a calibration that could not do so."""
        async with self._lock:
            await self._async_restore_threads()

    async def _async_measure_all(
        self, cancelled: asyncio.Event
    ) -> list[CalibrationResult]:
        """Measure each number of threads, with the lock held."""
        results: list[CalibrationResult] = []
        if cancelled.is_set():
            return results
        full = self._meter.model.threads
        if self.threads_before is None:
            self.threads_before = self._coordinator.data.threads or full
        try:
            await self._file.async_save()
            for threads in range(full, 0, -1):
                changes = threads != self._meter.threads_running
                # What was reported before does not belong to these threads
                since = dt_util.utcnow() if changes else None
                await self._async_set_threads(threads)
                result = await self._async_measure(threads, since, cancelled)
                if result is None:
                    break
                results.append(result)
        finally:
            await self._async_restore_threads()
        return results

    async def _async_measure(
        self, threads: int, since: datetime | None, cancelled: asyncio.Event
    ) -> CalibrationResult | None:
        """Wait until the miner has settled, and return the median of some readings.

        None if it was cancelled.
        """
        self._is_disturbed = False
        samples: list[_Sample] = []
        missed = 0
        delay: float = SETTLE_TIME
        while len(samples) < MEDIAN_WINDOW:
            with suppress(TimeoutError):
                await asyncio.wait_for(cancelled.wait(), delay)
            if cancelled.is_set():
                return None
            delay = SAMPLE_TIME
            await self._coordinator.async_refresh()
            if cancelled.is_set():
                return None
            if sample := self._sample(threads, since):
                missed = 0
                samples.append(sample)
            elif (missed := missed + 1) >= MAX_MISSED:
                raise self._failure("power_sensor_unavailable")
        result = CalibrationResult(
            threads,
            _median([sample.hashrate for sample in samples]),
            median(sample.watts for sample in samples),
        )
        self._meter.replace_measurement(
            threads,
            result.power,
            _median([sample.cpu_hashrate for sample in samples]),
        )
        return result

    def _sample(self, threads: int, since: datetime | None) -> _Sample | None:
        """Return a reading; None if it is incomplete or from before the change.

        Raises HomeAssistantError if the miner or the power sensor is unavailable, or
        other threads run at two readings in a row.
        """
        if not self._coordinator.last_update_success:
            raise self._coordinator.last_exception or self._failure("cannot_connect")
        snapshot = self._coordinator.data
        if not snapshot.is_complete:
            return None
        was_disturbed = self._is_disturbed
        self._is_disturbed = self._meter.threads_running != threads
        if self._is_disturbed:
            if was_disturbed:
                raise self._failure("calibration_disturbed")
            return None
        if self._meter.measured() is None:
            raise self._failure("power_sensor_unavailable")
        if (watts := self._meter.measured(since)) is None:
            return None
        return _Sample(
            watts, snapshot.summary.hashrate.seconds_10, self._meter.cpu_hashrate
        )

    async def _async_set_threads(self, threads: int) -> None:
        """Run a number of threads, whatever the limit."""
        async with self._command() as miner:
            await miner.set_threads(threads, self._coordinator.data.cpu_profile)

    async def _async_restore_threads(self) -> None:
        """Restore the threads from before, if that is still due, with the lock held."""
        if self.threads_before is None:
            return
        try:
            await self._async_set_threads(self.threads_before)
        except HomeAssistantError as error:
            LOGGER.debug("The threads could not be restored yet: %s", error)
        else:
            self.threads_before = None
            with suppress(HomeAssistantError):
                await self._file.async_save()

    def _refusal(self, key: str) -> ServiceValidationError:
        """Return the error of an action that is not possible now."""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )

    def _failure(self, key: str) -> HomeAssistantError:
        """Return the error of an action that failed."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )


def _median(values: Iterable[float | None]) -> float | None:
    """Return the median of some readings; None without readings."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
