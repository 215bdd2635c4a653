"""Calibration: measuring a miner with different numbers of threads."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from statistics import median
import time
from typing import Any

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..api.limits import MAX_THREADS
from ..api.models.values import stored_or_none, thread_cap
from ..const import DOMAIN, LOGGER, SAMPLE_TIME, SETTLE_TIME
from ..coordinator import CommandRunner, XmrigCoordinator
from .file import PowerFile
from .meter import PowerMeter
from .reports import READINGS, Readings
from .table import CalibrationResult, counts_to_measure

MAX_MISSED = 30
"""Incomplete polls in a row after which the calibration fails: five minutes."""

MAX_SWITCHES = 10
"""Changes of the algorithm during one measurement after which the calibration fails. The
power limit waits for its end, and a pool may switch more often than a measurement takes."""


class Calibration:
    """Measures a miner with up to seven thread counts, then restores the threads."""

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
        """Whether a different number of threads ran at the last poll. One reply is not
        proof: backends do not identify their miner, and may belong to another one."""
        self.threads_before: int | None = None
        """The cap to restore, MAX_THREADS for none; None once it is restored."""
        self.results: list[CalibrationResult] = []
        """Results of the last calibration, from most threads to fewest."""
        self.progress: int | None = None
        """Progress in %; None while no calibration is running."""

    def load(self, threads_before: Any, results: Iterable[Any]) -> None:
        """Restore the stored number of threads, or None, and the last results.

        Raises TypeError or ValueError for anything else.
        """
        self.threads_before = stored_or_none(threads_before, thread_cap)
        self.results = [CalibrationResult.from_json(result) for result in results]

    @property
    def is_running(self) -> bool:
        """Return whether a calibration is running, or about to."""
        return self._cancelled is not None

    async def async_run(self, user_cap: int | None = None) -> list[CalibrationResult]:
        """Measure up to seven numbers of threads, from the maximum down to one.

        The maximum is the user's cap, or else all threads. The previous threads are
        always restored at the end; if the miner is unreachable then, as soon as it is
        back. Returns the results, which are incomplete after `cancel`.

        Raises ServiceValidationError without a working power sensor, while the miner is
        not mining, or during another calibration; HomeAssistantError as commands do,
        and if the power sensor reports nothing or the miner is disturbed.
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
                return await self._async_measure_all(cancelled, user_cap)
        finally:
            self._cancelled = None
            self.progress = None
            self._idle.set()

    @callback
    def cancel(self) -> None:
        """Cancel the calibration; `async_run` returns the results so far."""
        if self._cancelled:
            self._cancelled.set()

    async def async_close(self) -> None:
        """Cancel, wait until the threads are restored, and refuse new calibrations."""
        self._is_closed = True
        self.cancel()
        await self._idle.wait()

    def refuse_while_running(self) -> None:
        """Raise ServiceValidationError while a calibration is running."""
        if self.is_running:
            raise self._refusal("already_calibrating")

    async def async_restore_threads(self) -> None:
        """Restore the previous threads if a calibration could not do so."""
        async with self._lock:
            await self._async_restore_threads()

    async def _async_measure_all(
        self, cancelled: asyncio.Event, user_cap: int | None
    ) -> list[CalibrationResult]:
        """Measure each of the chosen numbers of threads; called with the lock held."""
        if cancelled.is_set():
            return []
        full = self._meter.model.threads
        counts = counts_to_measure(min(user_cap or full, full))
        if self.threads_before is None:
            if self._coordinator.data.config is None:
                # Without it, the threads to restore are unknown
                raise self._failure("cannot_connect")
            cap = self._coordinator.data.thread_cap
            self.threads_before = MAX_THREADS if cap is None else cap
        readings = Readings(time.monotonic())
        self.results, self.progress = [], 0
        unconfirmed: list[CalibrationResult] = []
        try:
            await self._file.async_save()
            for done, threads in enumerate(counts, 1):
                is_change = threads != self._meter.threads_running
                # Earlier reports do not belong to these threads
                since = time.monotonic() if is_change else self._meter.stable_since
                readings.begin(since, is_change=is_change)
                await self._async_set_threads(
                    threads, self._coordinator.data.cpu_profile
                )
                result = await self._async_measure(threads, readings, cancelled)
                if result is None:
                    return self.results
                self.progress = 100 * done // len(counts)
                unconfirmed.append(result)
                # Without a report since the start, the sensor may be stuck
                if readings.is_alive or len(counts) == 1:
                    self._accept(unconfirmed)
                    unconfirmed = []
            if unconfirmed:
                raise self._failure("power_sensor_unavailable")
        finally:
            await self._async_restore_threads()
        return self.results

    def _accept(self, results: Iterable[CalibrationResult]) -> None:
        """Add results to the table and to the power model."""
        for result in results:
            above = self.results[-1].threads if self.results else result.threads + 1
            self.results.append(result)
            self._meter.replace_measurement(
                result.threads,
                result.power - result.cards_power,
                result.cpu_hashrate,
                algorithm=result.algorithm,
                superseded=range(result.threads, above),
            )

    async def _async_measure(
        self, threads: int, readings: Readings, cancelled: asyncio.Event
    ) -> CalibrationResult | None:
        """Wait until the miner has settled, then measure it; None if cancelled.

        Raises HomeAssistantError if too many polls are incomplete, if the algorithm
        keeps changing, or as `_has_read`.
        """
        self._is_disturbed = False
        hashrates: list[float | None] = []
        cpu_hashrates: list[float | None] = []
        algorithm = self._coordinator.data.summary.algo
        missed = switches = 0
        delay: float = SETTLE_TIME
        while True:
            await _async_wait(cancelled, delay)
            if cancelled.is_set():
                return None
            delay = SAMPLE_TIME
            await self._coordinator.async_refresh()
            if cancelled.is_set():
                return None
            if not self._has_read(threads, readings):
                if (missed := missed + 1) >= MAX_MISSED:
                    raise self._failure("cannot_connect")
                continue
            missed = 0
            summary = self._coordinator.data.summary
            if summary.algo != algorithm:
                if (switches := switches + 1) >= MAX_SWITCHES:
                    raise self._failure("calibration_disturbed")
                # The window of the hashrate covers both algorithms
                algorithm = summary.algo
                hashrates.clear()
                cpu_hashrates.clear()
                continue
            hashrates.append(summary.hashrate.seconds_10)
            cpu_hashrates.append(self._meter.cpu_hashrate)
            watts = readings.watts(time.monotonic())
            if watts is not None and len(hashrates) >= READINGS:
                return CalibrationResult(
                    threads=threads,
                    hashrate=_median(hashrates),
                    cpu_hashrate=_median(cpu_hashrates),
                    power=watts,
                    cards_power=self._meter.cards_watts_now,
                    algorithm=algorithm,
                )

    def _has_read(self, threads: int, readings: Readings) -> bool:
        """Process a poll, and return whether it was usable.

        Raises HomeAssistantError if the miner or the power sensor is unavailable, or a
        different number of threads runs at two polls in a row.
        """
        if not self._coordinator.last_update_success:
            raise self._coordinator.last_exception or self._failure("cannot_connect")
        if not self._coordinator.data.is_complete:
            return False
        was_disturbed = self._is_disturbed
        self._is_disturbed = self._meter.threads_running != threads
        if self._is_disturbed:
            if was_disturbed:
                raise self._failure("calibration_disturbed")
            return False
        if (report := self._meter.report) is None:
            raise self._failure("power_sensor_unavailable")
        readings.add(report)
        return True

    async def _async_set_threads(self, threads: int, profile: str | None) -> None:
        """Run a number of threads, regardless of the limit; see `Miner.set_threads`."""
        async with self._command() as miner:
            await miner.set_threads(threads, profile)

    async def _async_restore_threads(self) -> None:
        """Restore the previous threads, if still due; called with the lock held."""
        if self.threads_before is None:
            return
        try:
            # The algorithm may have changed to one with more threads
            await self._async_set_threads(self.threads_before, None)
        except HomeAssistantError as error:
            LOGGER.debug("The threads could not be restored yet: %s", error)
        else:
            self.threads_before = None
            with suppress(HomeAssistantError):
                await self._file.async_save()

    def _refusal(self, key: str) -> ServiceValidationError:
        """Return the error for an action that is not possible now."""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )

    def _failure(self, key: str) -> HomeAssistantError:
        """Return the error for an action that failed."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )


async def _async_wait(cancelled: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until cancelled."""
    with suppress(TimeoutError):
        await asyncio.wait_for(cancelled.wait(), seconds)


def _median(values: Iterable[float | None]) -> float | None:
    """Return the median of the known values; None if there are none."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
