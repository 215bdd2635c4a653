"""One poll of one miner: the snapshot that every entity reads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .api.client import XmrigClient
from .api.exceptions import XmrigAuthenticationError, XmrigError
from .api.miner import Miner
from .api.models import Backends, Config, Snapshot, Summary
from .const import CONFIG_INTERVAL, DOMAIN, GRACE, LOGGER, SCAN_INTERVAL
from .errors import error_key

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
        self._restricted = False

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner, between two commands."""
        async with self.miner.lock:
            summary, _ = await asyncio.gather(
                self._async_summary(), self._backends.refresh()
            )
            # A reply that was cut off may say nothing of it.
            if summary.restricted is not None:
                self._restricted = summary.restricted
            if self._restricted:
                self._config.answer = None
            elif self._config.is_older_than(CONFIG_INTERVAL):
                await self._config.refresh()
        self._async_update_device(summary)
        return Snapshot(
            summary=summary,
            backends=self._backends.answer,
            config=self._config.answer,
            restricted=self._restricted,
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
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=error_key(error),
                translation_placeholders={"name": self.name},
            ) from error
        finally:
            self._config.read_at = None
            await self.async_refresh()

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
