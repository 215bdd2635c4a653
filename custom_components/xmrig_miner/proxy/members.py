"""Find out which miners in Home Assistant mine through a proxy."""

from dataclasses import dataclass
import ipaddress

from ..api.models import Config, Summary
from ..api.models.values import integer, items, members
from ..api.privacy import PoolAddress


@dataclass(frozen=True, kw_only=True)
class ProxyPlace:
    """How miners reach a proxy, and the names of its workers."""

    host: str
    """The host at which Home Assistant reaches the proxy."""
    ports: frozenset[int] | None = None
    """Ports that accept miners; None if the config of the proxy is unknown."""
    workers: frozenset[str] = frozenset()
    """Names of the workers that are online."""

    def has_miner(self, host: str, summary: Summary) -> bool:
        """Return whether a miner is connected to the proxy; `host` is the miner's.

        If the address is inconclusive, for example behind a router, the worker name
        decides.
        """
        connection = summary.connection
        pool = PoolAddress.parse(connection.pool or "")
        if not connection.is_connected or pool is None:
            return False
        is_port = self.ports is not None and int(pool.port[1:] or 0) in self.ports
        if self.ports is not None and not is_port:
            return False
        if self.host in (pool.host, connection.ip):
            return True
        if host == self.host and _is_loopback(connection.ip):
            return True
        return is_port and summary.worker_id in self.workers


def ports_of(config: Config | None) -> frozenset[int] | None:
    """Return the ports on which a proxy accepts miners; None if unknown."""
    if config is None:
        return None
    ports = (
        integer(members(item).get("port"))
        for item in items(config.document.get("bind"))
    )
    return frozenset(filter(None, ports))


def _is_loopback(ip: str | None) -> bool:
    """Return whether an IP address is a loopback address."""
    try:
        return ipaddress.ip_address(ip or "").is_loopback
    except ValueError:
        return False
