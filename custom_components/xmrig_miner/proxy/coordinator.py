"""The coordinator of a proxy: polls it into the snapshot that all entities read."""

from collections.abc import Callable
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from ..api.exceptions import XmrigError
from ..api.proxy import Proxy
from ..api.proxy_activity import ProxyActivityLog
from ..api.proxy_reader import ProxyReader
from ..api.proxy_snapshot import ProxySnapshot, ProxyStatus
from ..const import CONF_NAMED_BY, DOMAIN
from ..coordinator import ProcessCoordinator

WORKERS = "workers"
"""Coordinator context of listeners that need the list of workers."""


class ProxyCoordinator(ProcessCoordinator[ProxySnapshot, Proxy]):
    """Polls a proxy."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        proxy: Proxy,
        on_result: Callable[[XmrigError | None], None],
    ) -> None:
        """Initialize the coordinator; see `ProcessCoordinator`."""
        super().__init__(hass, entry, proxy, on_result)
        self._reader: ProxyReader = ProxyReader(proxy)
        self._log = ProxyActivityLog()
        self._no_pool_since: float | None = None
        self.named_by: str | None = None
        """What the proxy named workers by when they were last read; None before."""

    @property
    def needs_workers(self) -> bool:
        """Return whether any entity needs the list of workers."""
        return WORKERS in self.async_contexts()

    @property
    def lost_workers(self) -> list[ConfigSubentry]:
        """Return the chosen workers that were named by something else when chosen."""
        if self.named_by is None:
            return []
        return [
            subentry
            for subentry in self.config_entry.subentries.values()
            if subentry.data[CONF_NAMED_BY] != self.named_by
        ]

    def no_pool_for(self) -> float:
        """Return for how many seconds the proxy has been without a pool."""
        since = self._no_pool_since
        return 0 if since is None else time.monotonic() - since

    async def async_read_workers(self) -> ProxySnapshot:
        """Poll now, including the workers, and return the snapshot.

        Raises HomeAssistantError if the workers cannot be read.
        """
        self._reader.must_read_workers = True
        await self.async_refresh_once()
        if not self.last_update_success and self.last_exception:
            raise self.last_exception
        # Another poll may have tried before, in vain
        if not self._reader.has_read_workers or self.data.workers is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="no_workers",
                translation_placeholders={"name": self.name},
            )
        return self.data

    @override
    async def _async_update(self) -> ProxySnapshot:
        """Poll the proxy, including its workers if they are needed and due."""
        self._reader.needs_workers = self.needs_workers
        snapshot = await self._async_poll()
        self.activities = self._log.observe(
            snapshot,
            restarted=self._reader.take_restart(),
            changed_paths=self._reader.take_changed_paths(),
        )
        if snapshot.workers:
            self.named_by = snapshot.workers.mode or "-"
        if snapshot.status is not ProxyStatus.NO_POOL:
            self._no_pool_since = None
        elif self._no_pool_since is None:
            self._no_pool_since = time.monotonic()
        self._async_update_device(
            snapshot.summary,
            model="xmrig-proxy",
            entry_type=dr.DeviceEntryType.SERVICE,
        )
        return snapshot
