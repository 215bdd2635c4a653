"""One poll of one miner or proxy: the snapshot that every entity reads."""

from abc import abstractmethod
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from random import random
import time
from typing import Any, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .api.activity import Activity, ActivityLog
from .api.config_commands import ConfigCommands
from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigClosedError,
    XmrigConnectionError,
    XmrigDeniedError,
    XmrigError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
    XmrigResponseError,
    XmrigStorageError,
)
from .api.health import Health
from .api.miner import Miner
from .api.models import BaseSummary
from .api.polled import ProcessReader
from .api.reader import MinerReader
from .api.snapshot import Snapshot
from .const import CONF_IMPORT, CONF_KEEP_STATE, DOMAIN, LOGGER, SCAN_INTERVAL

_MOMENTARY = (
    XmrigAuthenticationError,
    XmrigDeniedError,
    XmrigInterruptedError,
    XmrigResponseError,
)
"""Errors after which a command may succeed later; if they last, polls report them."""

type CommandRunner = Callable[[], AbstractAsyncContextManager[Miner]]
"""Runs a command; see `Commands.run`."""


class ProcessCoordinator[SnapshotT, ProcessT: ConfigCommands[Any]](
    DataUpdateCoordinator[SnapshotT]
):
    """Polls one process of XMRig: a miner or a proxy."""

    config_entry: ConfigEntry[Any]
    device_id: str
    """ID in the device registry; cards and workers are connected via it."""
    activities: tuple[Activity, ...] = ()
    """What happened between the last two polls that succeeded."""
    may_sleep = False
    """Whether it may be unreachable because its computer sleeps."""
    _reader: ProcessReader[SnapshotT]

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        process: ProcessT,
        on_result: Callable[[XmrigError | None], None],
    ) -> None:
        """Initialize the coordinator.

        `on_result` is called with the error of each poll, None if it succeeded, and
        with that of a command that could not reach the process.
        """
        # always_update stays on: two snapshots are never equal (uptime, memory), and
        # energy and the power limit are calculated at every poll
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            # Until the second poll: miners that are set up together, as at startup,
            # would all be polled in the same second, and block the event loop for long
            update_interval=SCAN_INTERVAL * random(),
        )
        self.process = process
        self._on_result = on_result
        self._may_reauthenticate = True
        self._shared_refresh: asyncio.Task[None] | None = None
        self._polls_before_refresh = 0
        self._device_facts: dict[str, Any] = {}
        process.link.on_unreachable = self._handle_unreachable

    async def async_close(self) -> None:
        """End all polls and commands, and wait for the running one."""
        await self.async_shutdown()
        await self.process.close()

    async def async_refresh_once(self) -> None:
        """Poll; callers that ask before that poll has begun share it."""
        refresh = self._shared_refresh
        polls = self._reader.polls
        if refresh is None or refresh.done() or polls != self._polls_before_refresh:
            self._polls_before_refresh = polls
            refresh = self._shared_refresh = self.hass.async_create_task(
                self.async_refresh(), f"{DOMAIN} refresh after a command"
            )
        await asyncio.shield(refresh)

    @override
    async def _async_update_data(self) -> SnapshotT:
        """Update, with errors in the user's language."""
        # The user may have renamed it
        self.name = self.config_entry.title
        # The first update may have polled twice, to restore the requested state
        if self._reader.polls:
            self.update_interval = SCAN_INTERVAL
        try:
            return await self._async_update()
        except XmrigError as error:
            if isinstance(error, XmrigClosedError) and self.last_update_success:
                # Unloaded while the poll waited: until then, the last one is shown
                return self.data
            raise self._update_failed(error) from error

    @abstractmethod
    async def _async_update(self) -> SnapshotT:
        """Poll, and do what is due according to the poll."""

    async def _async_poll(self) -> SnapshotT:
        """Read once, and report the result and a rejected token.

        A rejected token does not end the polls: it may be accepted again later.
        """
        try:
            snapshot = await self._reader.poll()
        except XmrigError as error:
            self._on_result(error)
            if isinstance(error, XmrigAuthenticationError):
                self._may_reauthenticate = True
                self.config_entry.async_start_reauth(self.hass)
            raise
        self._on_result(None)
        if self._may_reauthenticate:
            self._may_reauthenticate = False
            for flow in self.config_entry.async_get_active_flows(
                self.hass, {SOURCE_REAUTH}
            ):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return snapshot

    @callback
    def _handle_unreachable(self, error: XmrigError) -> None:
        """Show immediately that it became unreachable during a command."""
        self._on_result(error)
        self.process.queue.fail_waiting()
        if not self._reader.is_polling:
            was_reachable = self.last_update_success
            self.async_set_update_error(self._update_failed(error))
            if was_reachable and self.may_sleep:
                # Like the line above would have done
                self.async_update_listeners()

    def _update_failed(self, error: XmrigError) -> UpdateFailed:
        """Return the error of a poll, which is not logged while the computer sleeps."""
        if self.may_sleep and self.last_update_success:
            self.last_update_success = False
            LOGGER.debug("%s went to sleep: %s", self.name, error)
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=error.key,
            translation_placeholders={"name": self.name, **error.placeholders},
        )

    @callback
    def _async_update_device(self, summary: BaseSummary, **facts: Any) -> None:
        """Keep the device up to date: XMRig may have been updated or renamed."""
        entry = self.config_entry
        # An imported miner keeps the name that its entities are named after
        worker_id = None if CONF_IMPORT in entry.data else summary.worker_id
        facts |= {"name": worker_id or entry.title, "sw_version": summary.version}
        if facts == self._device_facts:
            return
        self._device_facts = facts
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            # No configuration_url: XMRig serves no page, only 401 or 404 to a browser
            identifiers={(DOMAIN, entry.entry_id)},
            manufacturer="XMRig",
            **facts,
        )
        self.device_id = device.id


class XmrigCoordinator(ProcessCoordinator[Snapshot, Miner]):
    """Polls one miner."""

    restarted = False
    """Whether the miner restarted between the last two polls."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        miner: Miner,
        on_result: Callable[[XmrigError | None], None],
    ) -> None:
        """Initialize the coordinator; see `ProcessCoordinator`."""
        super().__init__(hass, entry, miner, on_result)
        self.miner = miner
        self.health = Health()
        self._reader: MinerReader = MinerReader(miner)
        self._log = ActivityLog()
        self._restored = False
        self._is_unconfirmed = False
        """Whether a command that restores the state was sent, and its result not seen."""
        self._logged_failure: str | None = None

    @property
    def keeps_config(self) -> bool | None:
        """Return whether the miner keeps changes of its config over a restart."""
        return self._reader.keeps_config

    def idle_for(self) -> float:
        """Return how many seconds the miner has been mining without a hash."""
        return self.health.idle_for(time.monotonic())

    @override
    async def _async_update(self) -> Snapshot:
        """Poll the miner, and restore the requested state if it restarted."""
        snapshot = await self._async_poll()
        if await self._async_restore(snapshot):
            # Read again, so that the events compare with the restored state
            snapshot = await self._async_poll()
        # Not earlier: the second poll may fail
        self.restarted = self._reader.take_restart()
        restored, self._restored = self._restored, False
        self.activities = self._log.observe(
            snapshot,
            restarted=self.restarted,
            restored=restored,
            changed_paths=self._reader.take_changed_paths(),
        )
        self.health.observe(snapshot, now=time.monotonic(), restarted=self.restarted)
        cpu = snapshot.summary.cpu
        self._async_update_device(snapshot.summary, model=cpu.brand or cpu.arch)
        return snapshot

    async def _async_restore(self, snapshot: Snapshot) -> bool:
        """Restore the requested state; return whether the miner has to be read again.

        It is restored after a restart, after XMRig's own rules ended a pause that was
        requested from here, and when such a pause is over. It waits until the miner's
        state is known.
        """
        if self._reader.is_pause_over:
            self._reader.is_pause_over = False
            return bool(await self._async_try(self.miner.end_pause()))
        if self._reader.restore_due:
            keep_state = self.config_entry.options.get(CONF_KEEP_STATE, True)
            if snapshot.restricted or not keep_state:
                self._reader.restore_due = False
                return True
            is_known = snapshot.is_fresh and snapshot.config_agrees
            if snapshot.is_mining is None or not is_known:
                return False
            done = await self._async_send(self.miner.restore_wanted_state(snapshot))
        elif self._reader.resumed_by_rule:
            done = await self._async_send(self.miner.pause_again())
        else:
            if self._is_unconfirmed and snapshot.is_mining is not None:
                self._is_unconfirmed = False
                self._restored = self._restored or not snapshot.is_mining
            return False
        if done is None:
            return False
        self._reader.restore_due = self._reader.resumed_by_rule = False
        self._restored = self._restored or done or self._is_unconfirmed
        self._is_unconfirmed = False
        return True

    async def _async_send(self, command: Awaitable[bool]) -> bool | None:
        """Return the result of a command that restores the state, like `_async_try`.

        If its result was not seen after it was sent, the next poll shows it.
        """
        writes = self.miner.link.writes
        done: bool | None = None
        try:
            done = await self._async_try(command)
        finally:
            if done is None and self.miner.link.writes != writes:
                self._is_unconfirmed = True
        return done

    async def _async_try(self, command: Awaitable[bool]) -> bool | None:
        """Return the result of a command; None to try it again later.

        A pause that does not end or does not last is retried at each poll, but the same
        failure is logged once.
        """
        try:
            done = await command
        except _MOMENTARY as error:
            LOGGER.debug("Restoring the state of %s has to wait: %s", self.name, error)
            return None
        except XmrigAnotherMinerError, XmrigClosedError, XmrigConnectionError:
            raise
        except XmrigError as error:
            is_new = self._logged_failure != (failure := str(error))
            if is_new:
                self._logged_failure = failure
                LOGGER.warning("The state of %s was not restored: %s", self.name, error)
            # One command may get lost, and the disk may have space again later
            is_lost = is_new and isinstance(error, XmrigNotConfirmedError)
            if is_lost or isinstance(error, XmrigStorageError):
                return None
            self._is_unconfirmed = False
            return False
        self._logged_failure = None
        return done
