"""Measuring a miner with each number of its threads."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .api.models.values import number, stored_or_none, thread_number
from .const import DOMAIN, LOGGER, SAMPLE_TIME, SETTLE_TIME
from .coordinator import XmrigCoordinator
from .power_meter import GLITCH, PowerMeter


@dataclass(frozen=True)
class Row:
    """What was measured with a number of threads."""

    threads: int
    hashrate: float | None
    """H/s of the whole miner; None if it did not say."""
    power: float
    """W of the whole computer."""

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        if self.hashrate is None or not self.power:
            return None
        return number(self.hashrate / self.power)


class Calibration:
    """Walks the numbers of threads of a miner, and puts back what was there."""

    def __init__(
        self,
        coordinator: XmrigCoordinator,
        meter: PowerMeter,
        lock: asyncio.Lock,
        save: Callable[[], Awaitable[None]],
    ) -> None:
        """Initialize it; `lock` is held while it runs, `save` outlives this process."""
        self._coordinator = coordinator
        self._meter = meter
        self._lock = lock
        self._save = save
        self._cancelled: asyncio.Event | None = None
        self.threads_before: int | None = None
        """How many threads ran before; None once they do so again."""

    def load(self, threads_before: Any) -> None:
        """Take up a number of threads that was stored, or none.

        Raises ValueError for anything else.
        """
        self.threads_before = stored_or_none(threads_before, thread_number)

    @property
    def is_running(self) -> bool:
        """Return whether it runs, or is about to."""
        return self._cancelled is not None

    async def async_run(self) -> list[Row]:
        """Measure each number of threads, from all of them down to one.

        What was there before is put back however it ends; if the miner is away by
        then, once it is back. Returns what was measured, which is not all of it after
        `cancel`. Raises ServiceValidationError without a meter that measures, while
        the miner rests, or while it is being calibrated already; HomeAssistantError as
        commands do, and if the meter falls silent or the miner is disturbed.
        """
        self.refuse_while_running()
        if self._meter.sensor is None:
            raise self._refusal("no_power_sensor")
        if not self._meter.threads_running:
            raise self._refusal("not_mining")
        if self._meter.measured() is None:
            raise self._refusal("power_sensor_unavailable")
        cancelled = self._cancelled = asyncio.Event()
        try:
            async with self._lock:
                return await self._async_walk(cancelled)
        finally:
            self._cancelled = None

    @callback
    def cancel(self) -> None:
        """End it, with what was measured so far."""
        if self._cancelled:
            self._cancelled.set()

    def refuse_while_running(self) -> None:
        """Raise ServiceValidationError while it runs."""
        if self.is_running:
            raise self._refusal("already_calibrating")

    async def async_put_back(self) -> None:
        """Let as many threads run as before a calibration that could not do so."""
        async with self._lock:
            await self._async_put_back()

    async def _async_walk(self, cancelled: asyncio.Event) -> list[Row]:
        """Measure each number of threads, with the lock held."""
        full = self._meter.model.threads
        if self.threads_before is None:
            snapshot = self._coordinator.data
            self.threads_before = snapshot.threads or full
        await self._save()
        rows: list[Row] = []
        try:
            for threads in range(full, 0, -1):
                await self._async_set_threads(threads)
                row = await self._async_measure(threads, cancelled)
                if row is None:
                    break
                rows.append(row)
        finally:
            await self._async_put_back()
        return rows

    async def _async_measure(
        self, threads: int, cancelled: asyncio.Event
    ) -> Row | None:
        """Let the miner settle, and return the middle of some readings."""
        watts: list[float] = []
        hashrates: list[float] = []
        cpu_hashrates: list[float] = []
        delay: float = SETTLE_TIME
        while len(watts) < GLITCH:
            with suppress(TimeoutError):
                await asyncio.wait_for(cancelled.wait(), delay)
            delay = SAMPLE_TIME
            await self._coordinator.async_refresh()
            if cancelled.is_set():
                return None
            if not self._coordinator.last_update_success:
                raise self._failure("cannot_connect")
            if self._meter.threads_running != threads:
                raise self._failure("calibration_disturbed")
            if (measured := self._meter.measured()) is None:
                raise self._failure("power_sensor_unavailable")
            watts.append(measured)
            hashrate = self._coordinator.data.summary.hashrate.seconds_10
            if hashrate is not None:
                hashrates.append(hashrate)
            if self._meter.cpu_hashrate is not None:
                cpu_hashrates.append(self._meter.cpu_hashrate)
        row = Row(threads, _middle(hashrates), median(watts))
        self._meter.measure_anew(threads, row.power, _middle(cpu_hashrates))
        return row

    async def _async_set_threads(self, threads: int) -> None:
        """Let some threads run, whatever the limit."""
        async with self._coordinator.command() as miner:
            await miner.set_threads(threads, self._coordinator.data.cpu_profile)

    async def _async_put_back(self) -> None:
        """Let as many threads run as before, if they do not yet, with the lock held."""
        if self.threads_before is None:
            return
        try:
            await self._async_set_threads(self.threads_before)
        except HomeAssistantError as error:
            LOGGER.debug("The threads could not be put back yet: %s", error)
        else:
            self.threads_before = None
            await self._save()

    def _refusal(self, key: str) -> ServiceValidationError:
        """Return the error of an action that cannot be taken as things are."""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )

    def _failure(self, key: str) -> HomeAssistantError:
        """Return the error of an action that went wrong."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name},
        )


def _middle(values: list[float]) -> float | None:
    """Return the median of what was read; None if that is nothing."""
    return median(values) if values else None
