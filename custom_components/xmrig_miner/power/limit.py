"""The power limit of a miner."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
import math
import time
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_call_later

from ..api.document import Change
from ..api.exceptions import XmrigNotConfirmedError
from ..api.health import is_outdated
from ..api.limits import MAX_THREADS
from ..api.models.values import number, stored_or_none, thread_number
from ..api.snapshot import Snapshot
from ..const import DOMAIN, LOGGER
from ..coordinator import CommandRunner, XmrigCoordinator
from .calibration import Calibration
from .file import PowerFile
from .meter import PowerMeter
from .options import PowerOptions
from .thread_cap import ThreadCaps, cap_of, target_threads


class PowerLimit:
    """Keeps the power of a miner below a limit by reducing its threads or pausing it.

    A thread cap set by the user remains a maximum, and a miner paused by the user stays
    paused. The lower of the limit and the manager's allowance applies. Decisions are
    made only on complete snapshots.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: XmrigCoordinator,
        command: CommandRunner,
        meter: PowerMeter,
        calibration: Calibration,
        lock: asyncio.Lock,
        file: PowerFile,
    ) -> None:
        """Initialize the limit; `lock` is held while threads are changed."""
        self._hass = hass
        self._coordinator = coordinator
        self._command = command
        self._meter = meter
        self._calibration = calibration
        self._lock = lock
        self._setting = asyncio.Lock()
        """Held while a limit or an allowance is saved: if that fails, the one before it
        counts again, even if several are set at the same time."""
        self._file = file
        options = PowerOptions.from_options(coordinator.config_entry.options)
        self.interval = options.interval
        """Seconds to wait after a change before adding threads."""
        self._watts: float | None = None
        self._managed: int | None = None
        self._caps = ThreadCaps()
        self._requested_threads: int | None = None
        self._changed_at = -math.inf
        self._retry: CALLBACK_TYPE | None = None

    def load(self, data: Mapping[str, Any]) -> None:
        """Restore the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        caps = ThreadCaps.from_json(data)
        self._watts = stored_or_none(data["watts"], number)
        self._managed = stored_or_none(data.get("managed"), thread_number)
        self._caps = caps

    def as_json(self) -> dict[str, Any]:
        """Return the limit, the manager's allowance and the caps as JSON values."""
        return {
            "watts": self._watts,
            "managed": self._managed,
            **self._caps.as_json(),
        }

    @property
    def _snapshot(self) -> Snapshot:
        return self._coordinator.data

    @property
    def managed_threads(self) -> int | None:
        """Return the threads that a manager allows, 0 to pause; None without one."""
        return self._managed

    @property
    def user_cap(self) -> int | None:
        """Return the most threads that the user allows; None for all."""
        return self._caps.user

    def max_threads(self, full: int) -> int:
        """Return how many of `full` threads the user allows."""
        return self._caps.max_threads(full)

    @property
    def set_watts(self) -> float | None:
        """Return the limit in W; None without one."""
        return self._watts

    @property
    def is_rest_managed(self) -> bool:
        """Return whether the manager causes a pause: the limit alone allows threads."""
        return self._managed is not None and self._threads_within_watts() != 0

    @property
    def text(self) -> tuple[str, dict[str, str]]:
        """Return the translation key and placeholders for why no thread may run."""
        if self.is_rest_managed:
            return "managed_rest", {}
        return "limited", {
            "limit": str(round(self._watts or 0)),
            "minimum": str(self._meter.minimum_power),
        }

    async def async_text(self) -> tuple[str, dict[str, str]] | None:
        """Return the translation key and placeholders for why the miner does not mine yet.

        None if it does by now: threads that fit are added at once, instead of after the
        wait, because the user asked for them.

        Raises HomeAssistantError as commands do.
        """
        if self._threads_within_limit() == 0:
            return self.text
        await self.async_apply(waits=False)
        is_held = self._snapshot.state.request.limited
        return ("limit_postponed", {}) if is_held else None

    @property
    def is_due(self) -> bool:
        """Return whether the threads have to change now instead of after the wait."""
        target, current = self._target_threads(), self._current_threads()
        if target is None or current is None or target == current:
            return False
        return target < current or self._retry is None or self._wait() <= 0

    @property
    def is_limiting(self) -> bool:
        """Return whether the limit currently restricts the miner."""
        return bool(self._caps.limit) or self._snapshot.state.request.limited

    @property
    def can_decide(self) -> bool:
        """Return whether the last poll is enough to change threads.

        XMRig before 6.22.2 cuts off its replies for 15 minutes after each such change. A
        limit that waited for a complete one would be that late.
        """
        snapshot = self._snapshot
        return snapshot.is_complete or (snapshot.shows_cpu and is_outdated(snapshot))

    def clear(self) -> bool:
        """Remove the limit, and return whether there was one.

        The miner does not change until the limit is applied.
        """
        was_set = self._watts is not None
        self._watts = None
        return was_set

    def release(self) -> bool:
        """Remove the manager's allowance, and return whether there was one.

        The miner does not change until the limit is applied.
        """
        was_managed = self._managed is not None
        self._managed = None
        return was_managed

    async def async_set(self, watts: float) -> None:
        """Set the limit in W; full-load power or more means no limit.

        A reduction is applied at once. An increase waits until the last change has
        settled, and then uses the current limit. A limit that could not be applied
        stays set and is retried at each poll; one that could not be saved is discarded.

        Raises HomeAssistantError as commands do, and if applying it has to wait for a
        complete reply.
        """
        async with self._setting:
            full_load = self._meter.full_load
            before = self._watts
            self._watts = (
                None if full_load is not None and watts >= full_load else watts
            )
            if self._watts != before:
                try:
                    await self._file.async_save()
                except HomeAssistantError:
                    self._watts = before
                    raise
        if not self.can_decide:
            await self._coordinator.async_refresh_once()
        if not await self.async_apply():
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="limit_postponed",
                translation_placeholders={"name": self._coordinator.name},
            )

    async def async_set_managed(self, threads: int | None) -> None:
        """Set how many threads the manager allows; 0 to pause, None for any number.

        It is applied at once: the manager knows which changes have not settled. Like a
        limit, it stays set if it could not be applied.

        Raises HomeAssistantError as commands do.
        """
        async with self._setting:
            before, self._managed = self._managed, threads
            if threads != before:
                try:
                    await self._file.async_save()
                except HomeAssistantError:
                    self._managed = before
                    raise
        if not self._meter.model.threads and self._coordinator.last_update_success:
            # A miner without power options has not been observed yet
            self._meter.observe()
        await self.async_apply(waits=False)

    async def async_set_threads(self, threads: int) -> None:
        """Set the user's maximum number of threads; the limit may allow fewer.

        A paused miner stays paused. Also without a limit, so that a manager that begins
        in the same moment finds the user's cap.

        Raises ServiceValidationError during a calibration, HomeAssistantError as
        commands do.
        """
        self._calibration.refuse_while_running()
        self._requested_threads = threads
        async with self._lock:
            # If several calls wait for the lock, the first one sets what the last one
            # asks for, and the others find it done
            if (requested := self._take_requested_threads()) is None:
                return
            threads = requested
            fitting = self._threads_within_limit()
            allowed = min(threads, fitting) if fitting else threads
            limit = frozenset({allowed} if allowed < threads else ())
            full = self._snapshot.user_threads or self._meter.model.threads
            user_cap = cap_of(threads, full)
            before = self._caps
            pending = before.limit | limit
            self._caps = ThreadCaps(user=user_cap, limit=pending)
            due = self._calibration.threads_before
            self._calibration.threads_before = None
            try:
                await self._file.async_save()
                async with self._command() as miner:
                    await miner.set_threads(allowed, self._snapshot.cpu_profile)
            except HomeAssistantError, asyncio.CancelledError:
                # If it took effect anyway, the next poll detects that.
                self._caps = replace(before, limit=pending)
                self._calibration.threads_before = due
                self._file.schedule_save()
                self._return_requested_threads(threads)
                raise
            self._caps = ThreadCaps(user=user_cap, limit=limit)
            self._file.schedule_save()

    def _take_requested_threads(self) -> int | None:
        """Return the number of threads that was asked for last; None if it is set."""
        requested, self._requested_threads = self._requested_threads, None
        return requested

    def _return_requested_threads(self, threads: int) -> None:
        """Let the next call that waits try what failed, unless it was replaced."""
        if self._requested_threads is None:
            self._requested_threads = threads

    async def async_restore_config(self) -> list[Change]:
        """Revert all config changes made from Home Assistant, and return the changes.

        Also removes the limit, which would otherwise reduce the threads again within
        seconds, unless the config could not be restored.

        Raises ServiceValidationError during a calibration or while a manager is in
        control, HomeAssistantError as commands do.
        """
        self._calibration.refuse_while_running()
        if self._managed is not None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="managed",
                translation_placeholders={"name": self._coordinator.name},
            )
        async with self._lock:
            self._cancel_retry()
            async with self._command() as miner:
                changes = await miner.restore()
                # A miner on battery, for example, resumes by itself later
                with suppress(XmrigNotConfirmedError):
                    await miner.resume_after_power_limit()
                if self._forget():
                    # If that fails, it is tried again later
                    with suppress(HomeAssistantError):
                        await self._file.async_save()
            return changes

    def _forget(self) -> bool:
        """Forget the limit and all caps, and return whether there was anything."""
        before = self._watts, self._caps, self._calibration.threads_before
        self._watts, self._caps = None, ThreadCaps()
        self._calibration.threads_before = None
        return before != (None, ThreadCaps(), None)

    async def async_apply(self, *, waits: bool = True) -> bool:
        """Apply the limit now.

        With `waits`, threads are added only once the last change has settled.

        Returns False if a complete reply is needed first. Raises HomeAssistantError as
        commands do.
        """
        if self._calibration.is_running:
            return True
        async with self._lock:
            self._cancel_retry()
            if self._calibration.threads_before is not None:
                # A calibration still has to restore the previous threads
                return True
            if not self.can_decide:
                return self._fits_all and not self.is_limiting
            self.detect_user_cap()
            target, current = self._target_threads(), self._current_threads()
            if target is None or current is None or target == current:
                return True
            if waits and target > current and (wait := self._wait()) > 0:
                self._schedule_retry(wait)
            else:
                await self._async_apply_threads(target)
            return True

    async def async_apply_quietly(self) -> None:
        """Apply the limit in the background; the next poll retries after a failure."""
        if not self._coordinator.last_update_success:
            return
        try:
            await self.async_apply()
        except HomeAssistantError as error:
            LOGGER.debug("The power limit could not be applied: %s", error)

    @callback
    def detect_user_cap(self) -> None:
        """Treat a thread cap that the limit did not set as the user's."""
        snapshot = self._snapshot
        current, full = snapshot.threads, snapshot.user_threads
        if self.can_decide and current is not None and full is not None:
            self._caps = self._caps.detect_user_cap(current=current, full=full)

    @callback
    def close(self) -> None:
        """Cancel a scheduled retry."""
        self._cancel_retry()

    async def _async_apply_threads(self, threads: int) -> None:
        """Run a number of threads, or pause for 0; called with the lock held."""
        if threads:
            # Save first, or the cap would be taken for the user's after a crash.
            self._caps = self._caps.about_to_set(threads)
            await self._file.async_save()
        try:
            async with self._command() as miner:
                if threads:
                    if self._snapshot.threads is not None:
                        await miner.set_threads(*self._cap_for(threads))
                    await miner.resume_after_power_limit()
                else:
                    await miner.pause_for_power_limit()
        finally:
            self._changed_at = time.monotonic()
        if threads:
            self._caps = self._caps.with_threads_set(
                threads, full=self._meter.model.threads
            )
            self._file.schedule_save()

    def _cap_for(self, threads: int) -> tuple[int, str | None]:
        """Return the arguments of `Miner.set_threads` to run a number of threads.

        Where the limit leaves all of an algorithm's threads, the user's cap is left:
        other algorithms may have more threads than that.
        """
        if threads == self._caps.max_threads(self._meter.model.threads):
            return self._caps.user or MAX_THREADS, None
        return threads, self._snapshot.cpu_profile

    def _target_threads(self) -> int | None:
        """Return how many threads should run; None if the limit does not decide."""
        if self._snapshot.restricted or not self.can_decide:
            return None
        return target_threads(
            self._caps,
            full=self._full_threads,
            fitting=self._threads_within_limit(),
            is_limiting=self.is_limiting,
        )

    def _current_threads(self) -> int | None:
        """Return how many threads run, 0 if paused by the limit; None if unknown."""
        if self._snapshot.state.request.limited:
            return 0
        if self._snapshot.threads is None and not self._meter.uses_cpu:
            return self._full_threads
        return self._snapshot.threads

    @property
    def _full_threads(self) -> int:
        """Return all threads; 0 if unknown, 1 for a miner that is only on or off."""
        return self._meter.model.threads or (0 if self._meter.uses_cpu else 1)

    @property
    def _fits_all(self) -> bool:
        """Return whether there is neither a limit nor a manager."""
        return self._watts is None and self._managed is None

    def _threads_within_limit(self) -> int | None:
        """Return how many threads limit and manager allow; None without either."""
        bounds = (self._threads_within_watts(), self._managed)
        return min((bound for bound in bounds if bound is not None), default=None)

    def _threads_within_watts(self) -> int | None:
        """Return how many threads the limit alone allows; None without a limit."""
        if self._watts is None:
            return None
        return self._meter.threads_within(self._watts)

    def _wait(self) -> float:
        """Return the seconds until the last change has settled; <= 0 if it has."""
        return self._changed_at + self.interval - time.monotonic()

    @callback
    def _schedule_retry(self, delay: float) -> None:
        """Schedule the limit to be applied after a delay in seconds."""
        if not self._file.is_closed:
            self._retry = async_call_later(
                self._hass, delay, HassJob(self._handle_retry)
            )

    @callback
    def _cancel_retry(self) -> None:
        """Cancel the timer, if it is running."""
        if self._retry:
            self._retry()
            self._retry = None

    @callback
    def _handle_retry(self, _now: datetime) -> None:
        """Apply the limit after the delay."""
        self._retry = None
        self._coordinator.config_entry.async_create_background_task(
            self._hass, self.async_apply_quietly(), f"{DOMAIN} power limit"
        )
