"""One poll of one miner: the snapshot that every entity reads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import time
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .api.activity import Activity, ActivityType, between
from .api.client import XmrigClient
from .api.exceptions import (
    XmrigAuthenticationError,
    XmrigConnectionError,
    XmrigError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigUnsafeConfigError,
)
from .api.health import Health
from .api.lifetime import Life
from .api.miner import Miner
from .api.models import Backends, Config, Snapshot, Summary
from .const import (
    CONF_KEEP_STATE,
    CONFIG_INTERVAL,
    DOMAIN,
    GRACE,
    LOGGER,
    SCAN_INTERVAL,
)
from .errors import error_key

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
class _Endpoint[AnswerT]:
    """An endpoint without whose answer the rest can do for a while."""

    read: Callable[[], Awaitable[AnswerT]]
    answer: AnswerT | None = None
    read_at: float | None = None
    failing_since: float | None = None

    @property
    def is_fresh(self) -> bool:
        """Return whether the answer is that of the last reading."""
        return self.read_at is not None and self.failing_since is None

    def is_older_than(self, seconds: float) -> bool:
        """Return whether the answer was read longer ago than that, or never."""
        return self.read_at is None or time.monotonic() - self.read_at >= seconds

    async def refresh(self) -> None:
        """Read it again; if that fails, keep the last answer for the time of grace."""
        now = time.monotonic()
        try:
            self.answer = await self.read()
        except XmrigError as error:
            LOGGER.debug("Reading a part of the miner failed: %s", error)
            self.failing_since = self.failing_since or now
            if now - self.failing_since >= GRACE:
                self.answer = None
        else:
            self.read_at = now
            self.failing_since = None


class XmrigCoordinator(DataUpdateCoordinator[Snapshot]):
    """Polls one miner."""

    config_entry: XmrigConfigEntry
    device_id: str
    """Of the miner in the device registry; its cards are children of it."""
    activities: tuple[Activity, ...] = ()
    """What happened between the last two polls."""
    power: PowerControl | None = None
    """None if the owner did not say where watts come from."""
    restarted = False
    """Whether the miner restarted between the last two polls."""

    def __init__(
        self, hass: HomeAssistant, entry: XmrigConfigEntry, miner: Miner
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=SCAN_INTERVAL,
        )
        self.miner = miner
        self._backends: _Endpoint[Backends] = _Endpoint(miner.client.backends)
        self._config: _Endpoint[Config] = _Endpoint(miner.client.config)
        self._life = Life(started=miner.memory.started)
        self._restricted = False
        self.health = Health()
        self._best_share = 0
        self._put_back_due = False
        self._restart_seen = False
        self._restored = False

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner, and put it back to what is wanted if it restarted."""
        self.activities = ()
        snapshot = await self._async_poll()
        if self._put_back_due:
            restored = await self._async_put_back(snapshot)
            self._put_back_due = restored is None
            if restored is not None:
                self._restored = restored
                # What it does now is what is wanted, and its start is no news again.
                snapshot = await self._async_poll()
        # Only now: the second poll may have failed.
        self.restarted, self._restart_seen = self._restart_seen, False
        self.activities = tuple(self._activities(snapshot, restored=self._restored))
        self._restored = False
        self.health.observe(snapshot, now=time.monotonic(), restarted=self.restarted)
        self._async_update_device(snapshot.summary)
        return snapshot

    async def _async_poll(self) -> Snapshot:
        """Read the miner once, between two commands."""
        async with self.miner.lock:
            # Both are over before a command begins, whichever of them fails.
            summary, failure = await asyncio.gather(
                self._async_summary(), self._backends.refresh(), return_exceptions=True
            )
            if isinstance(summary, BaseException):
                raise summary
            if failure:
                raise failure
            if self._life.observe(summary, now=time.monotonic(), wall=time.time()):
                self._restart_seen = self._put_back_due = True
                self._config.read_at = None
            elif self.miner.written:
                self._config.read_at = None
            # A reply that was cut off may say nothing of it.
            if summary.restricted is not None:
                self._restricted = summary.restricted
            if self._restricted:
                self._config.answer = None
            elif self._config.is_older_than(CONFIG_INTERVAL):
                await self._config.refresh()
            snapshot = Snapshot(
                summary=summary,
                backends=self._backends.answer,
                config=self._config.answer,
                restricted=self._restricted,
            )
            # Old answers are from before a command, or before the restart.
            is_fresh = self._backends.is_fresh and (
                self._restricted or self._config.is_fresh
            )
            if is_fresh and not self._put_back_due:
                await self.miner.adopt(snapshot, self._life.started)
            return snapshot

    async def _async_put_back(self, snapshot: Snapshot) -> bool | None:
        """Ask a miner that restarted for what is wanted, and return if it was.

        None is for later, when more of the miner is known.
        """
        keep_state = self.config_entry.options.get(CONF_KEEP_STATE, True)
        if snapshot.restricted or not keep_state:
            return False
        if snapshot.is_mining is None:
            return None
        try:
            return await self.miner.put_back(snapshot)
        except (XmrigConnectionError, XmrigResponseError) as error:
            LOGGER.debug("Putting %s back has to wait: %s", self.name, error)
            return None
        except XmrigError as error:
            LOGGER.warning("%s could not be put back: %s", self.name, error)
        return False

    def _activities(self, snapshot: Snapshot, *, restored: bool) -> Iterator[Activity]:
        """Yield what happened since the poll before."""
        written = None
        if self.data is None or snapshot.config is not self.data.config:
            written, self.miner.written = self.miner.written, None
        # A restart that nobody watched is told of at the first poll.
        yield from between(
            self.data or snapshot, snapshot, restarted=self.restarted, written=written
        )
        best_share = snapshot.summary.results.best_share or 0
        if self.data is not None and best_share > self._best_share:
            yield Activity(ActivityType.BEST_SHARE, {"difficulty": best_share})
        self._best_share = max(self._best_share, best_share)
        if restored:
            memory = self.miner.memory
            yield Activity(
                ActivityType.STATE_RESTORED,
                {"mining": memory.mining, "threads": memory.threads},
            )

    async def _async_summary(self) -> Summary:
        """Read the summary, without which the miner counts as away."""
        try:
            return await self.miner.client.summary()
        except XmrigAuthenticationError as error:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN,
                translation_key=error_key(error),
                translation_placeholders={"name": self.name},
            ) from error
        except XmrigError as error:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=error_key(error),
                translation_placeholders={"name": self.name},
            ) from error

    @asynccontextmanager
    async def command(self) -> AsyncIterator[Miner]:
        """Lend the miner for a command: translate its errors, and poll afterwards.

        The poll comes before the command is over, so that whoever waited for it finds
        the states that it brought about. It reads the config too, which may just have
        been written.
        """
        try:
            yield self.miner
        except XmrigError as error:
            # What was asked for is at fault, rather than that it went wrong.
            is_invalid = isinstance(
                error, XmrigReadOnlyError | XmrigRefusedError | XmrigUnsafeConfigError
            )
            raise (ServiceValidationError if is_invalid else HomeAssistantError)(
                translation_domain=DOMAIN,
                translation_key=error_key(error),
                translation_placeholders={"name": self.name},
            ) from error
        finally:
            await self.async_refresh_all()

    async def async_refresh_all(self) -> None:
        """Poll at once, and the config too."""
        self._config.read_at = None
        await self.async_refresh()

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
