"""Holding a miner to a number of watts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
import math
import time
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from .api.miner import Miner
from .api.models.values import number, stored, stored_or_none, thread_number
from .api.snapshot import Snapshot
from .calibration import Calibration
from .const import DOMAIN, LOGGER
from .coordinator import XmrigCoordinator
from .options import PowerOptions
from .power_meter import PowerMeter


class PowerLimit:
    """Holds a miner to a number of watts by its threads, or by pausing it.

    A person's own cap of threads stays a maximum, and what a person paused rests.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: XmrigCoordinator,
        meter: PowerMeter,
        calibration: Calibration,
        lock: asyncio.Lock,
        save: Callable[[], Awaitable[None]],
        save_soon: Callable[[], None],
    ) -> None:
        """Initialize it; `lock` is held for a change, `save` outlives this process."""
        self._hass = hass
        self._coordinator = coordinator
        self._meter = meter
        self._calibration = calibration
        self._lock = lock
        self._save = save
        self._save_soon = save_soon
        options = PowerOptions.from_options(coordinator.config_entry.options)
        self._interval = options.interval
        self._watts: float | None = None
        self._own: frozenset[int] = frozenset()
        """The cap that the limit set, and the one that it is about to set; a cap that
        is none of these is a person's."""
        self._persons: int | None = None
        """The cap that a person wants; None for none."""
        self._asked: int | None = None
        self._changed_at = -math.inf
        self._retry: CALLBACK_TYPE | None = None

    def load(self, data: Mapping[str, Any]) -> None:
        """Take up what `as_json` gave.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        watts, persons = data["watts"], data["persons"]
        own = frozenset(stored(cap, thread_number) for cap in data["own"])
        self._persons = stored_or_none(persons, thread_number)
        self._watts = stored_or_none(watts, number)
        self._own = own

    def as_json(self) -> dict[str, Any]:
        """Return the limit, and how it is kept, as JSON values."""
        return {
            "watts": self._watts,
            "own": sorted(self._own),
            "persons": self._persons,
        }

    @property
    def _miner(self) -> Miner:
        return self._coordinator.miner

    @property
    def _snapshot(self) -> Snapshot:
        return self._coordinator.data

    @property
    def watts(self) -> int | None:
        """Return the limit in W, which is the full load while there is none."""
        full_load = self._meter.full_load
        if self._watts is None or full_load is None:
            return full_load
        return min(round(self._watts), full_load)

    @property
    def is_due(self) -> bool:
        """Return whether the miner does other than it should, and nothing waits."""
        allowed, let = self._allowed(), self._let()
        if allowed is None or let is None or allowed == let:
            return False
        return allowed < let or self._retry is None or self._wait() <= 0

    @property
    def holds(self) -> bool:
        """Return whether the miner is held back."""
        return bool(self._own) or self._snapshot.state.request.limited

    def lift(self) -> None:
        """Set no limit from now on, without doing anything about it yet."""
        self._watts = None

    async def async_set(self, watts: float) -> None:
        """Hold the miner to a limit in W; the full load is none.

        Less is done at once. More waits until the last change has settled, and is what
        the limit is by then. Raises HomeAssistantError as commands do.
        """
        full_load = self._meter.full_load
        self._watts = None if full_load is not None and watts >= full_load else watts
        # Who follows the sun sets it all day long: no reason to wear out a disk.
        self._save_soon()
        await self.async_apply()

    async def async_set_threads(self, threads: int) -> None:
        """Let a person choose the most threads, of which the limit may take some.

        Raises ServiceValidationError during a calibration, HomeAssistantError as
        commands do.
        """
        self._calibration.refuse_while_running()
        self._asked = threads
        async with self._lock:
            # Of calls that wait for each other the last one counts.
            threads = self._asked
            self._persons = threads if threads < self._meter.model.threads else None
            within = self._within()
            allowed = min(threads, within) if within else threads
            self._own = frozenset({allowed} if allowed < threads else ())
            await self._save()
            async with self._coordinator.command() as miner:
                await miner.set_threads(allowed, self._snapshot.cpu_profile)

    async def async_apply(self) -> None:
        """Let as many threads run as should, now or once the last change settled.

        Raises HomeAssistantError as commands do.
        """
        if self._calibration.is_running:
            return
        async with self._lock:
            self.cancel()
            self.heed()
            allowed, let = self._allowed(), self._let()
            if allowed is None or let is None or allowed == let:
                return
            if allowed > let and (wait := self._wait()) > 0:
                self._retry = async_call_later(
                    self._hass, wait, HassJob(self._handle_retry)
                )
                return
            await self._async_let(allowed)

    async def async_apply_quietly(self) -> None:
        """Apply the limit without anybody waiting for it; the next poll tries again."""
        try:
            await self.async_apply()
        except HomeAssistantError as error:
            LOGGER.debug("The power limit could not be applied: %s", error)

    @callback
    def cancel(self) -> None:
        """Do not come back to the limit by itself."""
        if self._retry:
            self._retry()
            self._retry = None

    @callback
    def heed(self) -> None:
        """Take a cap that was not set by the limit for one that a person wants."""
        cap = self._snapshot.threads
        full = self._snapshot.user_threads
        if cap is None or full is None:
            return
        # Another algorithm may have fewer threads in all.
        known = self._own | {self._persons or full}
        if cap not in {min(count, full) for count in known}:
            self._persons = cap if cap < full else None
            self._own = frozenset()

    async def _async_let(self, threads: int) -> None:
        """Let so many threads run, with the lock held; 0 pauses the miner."""
        if threads:
            # First, so that nobody else is taken for who set it.
            self._own |= {threads}
            await self._save()
        try:
            async with self._coordinator.command() as miner:
                if threads:
                    await miner.set_threads(threads, self._snapshot.cpu_profile)
                    await miner.resume_after_power_limit()
                else:
                    await miner.pause_for_power_limit()
        finally:
            self._changed_at = time.monotonic()
        if threads:
            self._own = frozenset({threads} if threads != self._wanted else ())

    def _allowed(self) -> int | None:
        """Return how many threads should run; None if that is not decided here.

        Without a limit nothing is, once what the limit held back runs again.
        """
        wanted = self._wanted
        if wanted is None or self._snapshot.restricted:
            return None
        if (within := self._within()) is None:
            return wanted if self.holds else None
        return min(wanted, within)

    def _within(self) -> int | None:
        """Return how many threads fit into the limit; None if there is no limit."""
        return None if self._watts is None else self._meter.threads_within(self._watts)

    def _wait(self) -> float:
        """Return for how many seconds the last change has yet to settle."""
        return self._changed_at + self._interval - time.monotonic()

    @property
    def _wanted(self) -> int | None:
        """Return how many threads should run but for the limit; None if unknown."""
        full = self._meter.model.threads
        return min(self._persons or full, full) or None

    def _let(self) -> int | None:
        """Return how many threads may run as things are; None if unknown."""
        if self._snapshot.state.request.limited:
            return 0
        return self._snapshot.threads

    @callback
    def _handle_retry(self, _now: datetime) -> None:
        """Do what had to wait."""
        self._retry = None
        self._coordinator.config_entry.async_create_background_task(
            self._hass, self.async_apply_quietly(), f"{DOMAIN} power limit"
        )
