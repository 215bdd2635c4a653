"""Everything that is known about a proxy at one moment."""

from dataclasses import dataclass
from enum import StrEnum

from .base_snapshot import BaseSnapshot
from .models import ProxySummary, WorkerMode, Workers
from .models.proxy_summary import DAY, HOUR, MINUTES_10

STARTUP = 30
"""Seconds after a start in which a missing connection to a pool is no fault: the proxy
first counts connections after 4 seconds."""


class ProxyStatus(StrEnum):
    """What a proxy is doing."""

    MINING = "mining"
    """Miners and a pool are connected."""
    NO_MINERS = "no_miners"
    NO_POOL = "no_pool"
    """Its miners do not notice, and keep mining for nothing."""


@dataclass(frozen=True, kw_only=True)
class ProxySnapshot(BaseSnapshot):
    """Everything that is known about a proxy at one moment."""

    summary: ProxySummary
    workers: Workers | None = None
    """None if nothing uses them, or if they could not be read for a while."""

    @property
    def status(self) -> ProxyStatus | None:
        """Return what the proxy is doing; None if it is unknown."""
        upstreams, miners = self.summary.upstreams, self.summary.miners
        if upstreams.active is None or miners is None:
            return None
        if upstreams.active:
            return ProxyStatus.MINING if miners else ProxyStatus.NO_MINERS
        if upstreams.error or miners:
            is_known = upstreams.total or self._is_full(STARTUP)
            return ProxyStatus.NO_POOL if is_known else None
        # Without miners, no connection may be needed
        return ProxyStatus.NO_MINERS if self._is_full(STARTUP) else None

    @property
    def is_pool_connected(self) -> bool | None:
        """Return whether a pool is connected; None while none is needed."""
        if self.summary.upstreams.active:
            return True
        return False if self.status is ProxyStatus.NO_POOL else None

    @property
    def hashrate_10m(self) -> float | None:
        """Return the hashrate over 10 minutes in H/s; None until they have passed."""
        return self._window(self.summary.hashrate.minutes_10, MINUTES_10)

    @property
    def hashrate_1h(self) -> float | None:
        """Return the hashrate over an hour in H/s; None until it has passed."""
        return self._window(self.summary.hashrate.hour_1, HOUR)

    @property
    def hashrate_24h(self) -> float | None:
        """Return the hashrate over a day in H/s; None until it has passed."""
        return self._window(self.summary.hashrate.hours_24, DAY)

    @property
    def workers_online(self) -> int | None:
        """Return how many workers have a connected miner; None if there is no list."""
        if self.workers is None or self.workers.mode is WorkerMode.NONE:
            return None
        return len(self.workers.online)

    def _window(self, value: float | None, seconds: int) -> float | None:
        """Return a hashrate once its window is full.

        From the start, the proxy divides by the whole window (xmrig-proxy
        src/proxy/TickingCounter.h).
        """
        return value if self._is_full(seconds) else None

    def _is_full(self, seconds: int) -> bool:
        """Return whether the proxy has been running for this long."""
        uptime = self.summary.uptime
        return uptime is not None and uptime >= seconds
