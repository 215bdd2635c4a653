"""One poll of one miner: the snapshot that every entity reads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
import time
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .addresses import is_miner_of, label
from .api.activity import Activity, ActivityType, detect_activities
from .api.client import XmrigClient
from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigClosedError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigLimitedError,
    XmrigResponseError,
)
from .api.health import Health
from .api.identity import MinerIdentity
from .api.intent import is_resumed_by_rule
from .api.miner import Miner
from .api.models import Backends, Config, Summary
from .api.restart import RestartDetector
from .api.snapshot import Snapshot
from .api.state import MinerState
from .const import CONF_KEEP_STATE, DOMAIN, GRACE, LOGGER, SCAN_INTERVAL
from .errors import error_key, is_invalid_request
from .identity_issue import async_update_identity_issue

if TYPE_CHECKING:
    from .power_control import PowerControl

type XmrigConfigEntry = ConfigEntry[XmrigCoordinator]


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> XmrigClient:
    """Return a client for the miner of a config entry's data.

    Raises ValueError for a host that cannot be part of a URL.
    """
    return XmrigClient(
        async_get_clientsession(hass, verify_ssl=data[CONF_VERIFY_SSL]),
        data[CONF_HOST],
        data[CONF_PORT],
        token=data.get(CONF_ACCESS_TOKEN),
        ssl=data[CONF_SSL],
    )


@dataclass
class _Endpoint[ReplyT]:
    """An endpoint without whose reply the rest can do for a while."""

    read: Callable[[], Awaitable[ReplyT]]
    reply: ReplyT | None = None
    is_fresh: bool = False
    """Whether the reply is that of the last reading."""
    _writes: int = 0
    _failing_since: float | None = None

    async def refresh(self, writes: int) -> None:
        """Read it again; if that fails, keep the last reply for the time of grace.

        `writes` counts what was sent to the miner: a reply from before the last of it
        is out of date.
        """
        now = time.monotonic()
        try:
            self.reply = await self.read()
        except XmrigError as error:
            LOGGER.debug("Reading a part of the miner failed: %s", error)
            self.is_fresh = False
            if self._failing_since is None:
                self._failing_since = now
            if writes != self._writes or now - self._failing_since >= GRACE:
                self.reply = None
        else:
            self.is_fresh = True
            self._writes = writes
            self._failing_since = None

    def drop(self) -> None:
        """Forget the last reply."""
        self.reply = None
        self.is_fresh = False


@dataclass(frozen=True, kw_only=True)
class _Timed:
    """A summary, and when it was requested and arrived, by the monotonic clock."""

    summary: Summary
    sent: float
    received: float


class XmrigCoordinator(DataUpdateCoordinator[Snapshot]):
    """Polls one miner."""

    config_entry: XmrigConfigEntry
    device_id: str
    """Of the miner in the device registry, through which its cards are reached."""
    activities: tuple[Activity, ...] = ()
    """What happened between the last two polls."""
    another_miner: MinerIdentity | None = None
    """The miner that answered at the last poll in place of the right one."""
    power: PowerControl
    """Set right after the coordinator was made."""
    restarted = False
    """Whether the miner restarted between the last two polls."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: XmrigConfigEntry,
        state: MinerState,
        save: Callable[[MinerState], Awaitable[None]],
    ) -> None:
        """Initialize the coordinator; see `Miner` for `state` and `save`."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=SCAN_INTERVAL,
        )
        self.miner = Miner(
            async_create_client(hass, entry.data),
            state,
            save,
            is_expected=self._is_expected,
        )
        self.miner.link.on_unreachable = self._handle_unreachable
        self._backends: _Endpoint[Backends] = _Endpoint(self.miner.link.backends)
        self._config: _Endpoint[Config] = _Endpoint(self.miner.read_config)
        self._restarts = RestartDetector(started=state.started)
        self._restricted: bool | None = None
        self.health = Health()
        self._best_share = 0
        self._last_complete: Snapshot | None = None
        self._is_polling = False
        self._may_reauthenticate = True
        self._restart_seen = False
        self._restore_due = False
        self._resumed_by_rule = False
        self._restored = False
        self._changed_paths: list[str] = []
        self._shared_refresh: asyncio.Task[None] | None = None

    async def async_close(self) -> None:
        """End all polls and commands, and wait for the one that runs."""
        await self.async_shutdown()
        await self.miner.close()

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner, and restore what it is to do if it restarted."""
        self.activities = ()
        try:
            snapshot = await self._async_poll()
            if await self._async_restore(snapshot):
                # What it does now is what is wanted, and its start is no news again.
                snapshot = await self._async_poll()
        except XmrigClosedError:
            # Unloaded while the poll waited: nothing reads a new snapshot any more
            return self.data
        # Only now: the second poll may have failed.
        self.restarted, self._restart_seen = self._restart_seen, False
        self.activities = tuple(self._activities(snapshot))
        self.health.observe(snapshot, now=time.monotonic(), restarted=self.restarted)
        self._async_update_device(snapshot.summary)
        return snapshot

    async def _async_poll(self) -> Snapshot:
        """Read the miner once, between two commands."""
        async with self.miner.queue.poll():
            # A command that ends from now on needs another poll
            self._shared_refresh = None
            self._is_polling = True
            try:
                timed = await self._async_read()
            finally:
                self._is_polling = False
            restarted = self._restarts.observe(
                timed.summary,
                sent=timed.sent,
                received=timed.received,
                wall=time.time(),
            )
            if restarted:
                self._restart_seen = self._restore_due = True
            snapshot = self._snapshot(timed.summary, restarted=restarted)
            if not self._restore_due:
                before = self._last_complete
                self._changed_paths += await self.miner.observe(
                    before, snapshot, self._restarts.started
                )
                snapshot = replace(snapshot, state=self.miner.state)
                self._resumed_by_rule = not snapshot.restricted and is_resumed_by_rule(
                    snapshot.state, before, snapshot
                )
            if snapshot.is_complete:
                self._last_complete = snapshot
            return snapshot

    async def _async_read(self) -> _Timed:
        """Read all endpoints side by side, so that their replies belong together.

        The config waits for the first summary: a read-only API refuses it, and XMRig
        prints each refusal to its console.
        """
        writes = self.miner.link.writes
        reads = [self._backends.refresh(writes)]
        if was_readable := self._restricted is False:
            reads.append(self._config.refresh(writes))
        # All are over before a command begins, whichever of them fails.
        timed, *failures = await asyncio.gather(
            self._async_summary(), *reads, return_exceptions=True
        )
        if self.another_miner is not None:
            # The other replies are from that miner too
            self._backends.drop()
            self._config.drop()
        for failure in (timed, *failures):
            if isinstance(failure, BaseException):
                raise failure
        if TYPE_CHECKING:
            assert isinstance(timed, _Timed)
        # A reply that was cut off may not say it.
        if timed.summary.restricted is not None:
            self._restricted = timed.summary.restricted
        if self._restricted:
            self._config.drop()
        elif not was_readable:
            await self._config.refresh(writes)
        return timed

    def _snapshot(self, summary: Summary, *, restarted: bool) -> Snapshot:
        """Return what was read, and what still serves of the poll before."""
        for endpoint in (self._backends, self._config):
            if restarted and not endpoint.is_fresh:
                endpoint.drop()
        restricted = self._restricted is True
        return Snapshot(
            summary=summary,
            backends=self._backends.reply,
            config=self._config.reply,
            restricted=restricted,
            state=self.miner.state,
            is_fresh=self._backends.is_fresh and (restricted or self._config.is_fresh),
        )

    async def _async_restore(self, snapshot: Snapshot) -> bool:
        """Tell the miner again what it is to do; return whether it has to be read again.

        That is after a restart, and after XMRig's own rules ended a pause that was
        requested from here. It waits until enough of the miner is known.
        """
        if self._restore_due:
            keep_state = self.config_entry.options.get(CONF_KEEP_STATE, True)
            if snapshot.restricted or not keep_state:
                self._restore_due = False
                return True
            if snapshot.is_mining is None or not snapshot.is_fresh:
                return False
            done = await self._async_try(self.miner.restore_wanted_state(snapshot))
        elif self._resumed_by_rule:
            done = await self._async_try(self.miner.pause_again())
        else:
            return False
        if done is None:
            return False
        self._restore_due = self._resumed_by_rule = False
        self._restored = self._restored or done
        return True

    async def _async_try(self, command: Awaitable[bool]) -> bool | None:
        """Return what a command of this side returns; None to try it again later."""
        try:
            return await command
        except XmrigClosedError:
            raise
        except (XmrigInterruptedError, XmrigResponseError) as error:
            LOGGER.debug("Restoring the state of %s has to wait: %s", self.name, error)
            return None
        except (XmrigAnotherMinerError, XmrigConnectionError) as error:
            raise self._update_failed(error) from error
        except XmrigError as error:
            LOGGER.warning("The state of %s was not restored: %s", self.name, error)
            return False

    def _activities(self, snapshot: Snapshot) -> Iterator[Activity]:
        """Yield what happened since the poll before."""
        paths, self._changed_paths = self._changed_paths, []
        # A restart between two runs of Home Assistant is reported at the first poll.
        yield from detect_activities(
            self.data or snapshot,
            snapshot,
            restarted=self.restarted,
            changed_paths=paths,
        )
        best_share = snapshot.summary.results.best_share or 0
        if self.data is not None and best_share > self._best_share:
            yield Activity(ActivityType.BEST_SHARE, {"difficulty": best_share})
        self._best_share = max(self._best_share, best_share)
        if self._restored:
            self._restored = False
            state = snapshot.state
            yield Activity(
                ActivityType.STATE_RESTORED,
                {"mining": state.request.mining, "threads": state.threads},
            )

    async def _async_summary(self) -> _Timed:
        """Read the summary, without which the miner counts as unreachable.

        A refused token does not end the polls: the next one may be accepted, as after
        a token that was revoked and restored.
        """
        sent = time.monotonic()
        try:
            summary = await self.miner.link.summary()
        except XmrigAnotherMinerError as error:
            self._set_another_miner(error.found)
            raise self._update_failed(error) from error
        except XmrigAuthenticationError as error:
            self._may_reauthenticate = True
            self.config_entry.async_start_reauth(self.hass)
            raise self._update_failed(error) from error
        except XmrigError as error:
            raise self._update_failed(error) from error
        self._set_another_miner(None)
        if self._may_reauthenticate:
            self._may_reauthenticate = False
            for flow in self.config_entry.async_get_active_flows(
                self.hass, {SOURCE_REAUTH}
            ):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return _Timed(summary=summary, sent=sent, received=time.monotonic())

    def _set_another_miner(self, found: MinerIdentity | None) -> None:
        """Note which miner answers in place of this one; None if it is this one."""
        self.another_miner = found
        async_update_identity_issue(self.hass, self.config_entry, found)

    def _is_expected(self, summary: Summary) -> bool:
        """Return whether a summary comes from the miner of this entry."""
        found = summary.identity
        return is_miner_of(self.hass, self.config_entry, found)

    def _update_failed(self, error: XmrigError) -> UpdateFailed:
        """Return the error of a poll."""
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=error_key(error),
            translation_placeholders=self._placeholders(error),
        )

    def _placeholders(self, error: XmrigError) -> dict[str, str]:
        """Return what fills the gaps in the text of an error."""
        placeholders = {"name": self.name}
        if isinstance(error, XmrigAnotherMinerError):
            placeholders["found"] = label(error.found)
        if isinstance(error, XmrigLimitedError):
            placeholders["limit"] = str(self.power.limit.watts)
            placeholders["minimum"] = str(self.power.meter.minimum_power)
        return placeholders

    @callback
    def _handle_unreachable(self, error: XmrigError) -> None:
        """Show at once that the miner went away during a command."""
        self.miner.queue.fail_waiting()
        if not self._is_polling:
            self.async_set_update_error(self._update_failed(error))

    @asynccontextmanager
    async def command(self) -> AsyncIterator[Miner]:
        """Lend the miner for a command: translate its errors, and poll afterwards.

        The poll comes before the command is over, so that whatever waited for it finds
        the states that it brought about. There is none where the miner cannot be
        reached: it would only take another timeout to say so.
        """
        failure: XmrigError | None = None
        try:
            yield self.miner
        except XmrigError as error:
            failure = error
        if not isinstance(
            failure, XmrigConnectionError | XmrigClosedError
        ) or isinstance(failure, XmrigInterruptedError):
            await self.async_refresh_once()
        if failure is None:
            return
        is_invalid = is_invalid_request(failure)
        raise (ServiceValidationError if is_invalid else HomeAssistantError)(
            translation_domain=DOMAIN,
            translation_key=error_key(failure),
            translation_placeholders=self._placeholders(failure),
        ) from failure

    async def async_refresh_once(self) -> None:
        """Poll; commands that end before that poll has begun share it."""
        if self._shared_refresh is None or self._shared_refresh.done():
            self._shared_refresh = self.hass.async_create_task(
                self.async_refresh(), f"{DOMAIN} refresh after a command"
            )
        await asyncio.shield(self._shared_refresh)

    def idle_for(self) -> float:
        """Return for how many seconds the miner has mined without a hash."""
        return self.health.idle_for(time.monotonic())

    @callback
    def _async_update_device(self, summary: Summary) -> None:
        """Keep the device up to date: XMRig may have been updated or renamed."""
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, self.config_entry.entry_id)},
            manufacturer="XMRig",
            model=summary.cpu.brand or summary.cpu.arch,
            name=summary.worker_id or self.config_entry.title,
            sw_version=summary.version,
        )
        self.device_id = device.id
