"""The miner's connection to its pools (base/net/stratum).

Connecting takes no time: a pool accepts or rejects at once. The order in which pools
are tried, and the summary in between, are exact.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Protocol

from .algorithms import Algorithm
from .jsonvalue import Json
from .pool import is_enabled, split_url
from .surroundings import Surroundings

_TICK = 1000
_POOL_IP = "203.0.113.7"
_TLS_FINGERPRINT = "3f" * 32


class Miner(Protocol):
    """The miner that a network belongs to. Times are in ms."""

    surroundings: Surroundings
    config: Json
    started: int
    now: int

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Run an action later."""

    def can_mine(self, algorithm: Algorithm | None) -> bool:
        """Return whether a backend has threads for an algorithm."""

    def set_job(self, algorithm: Algorithm) -> None:
        """Mine a job of the pool in use."""

    def pool_lost(self) -> None:
        """Stop mining: no pool is connected."""


@dataclass
class Statistics:
    """The summary's values about the connection and its shares (NetworkState.cpp)."""

    pool: str = ""
    ip: str | None = None
    tls: str | None = None
    fingerprint: str | None = None
    algorithm: Algorithm | None = None
    difficulty: int = 0
    connected_at: int | None = None
    failures: int = 0
    accepted: int = 0
    rejected: int = 0
    hashes: int = 0
    best: list[int] = field(default_factory=lambda: [0] * 10)
    latencies: list[int] = field(default_factory=list)

    def disconnected(self) -> None:
        """Record that no pool is connected; the name of the last one is kept."""
        self.connected_at = None
        self.difficulty = 0
        self.ip = self.tls = self.fingerprint = None
        self.failures += 1
        self.latencies.clear()

    def share(self, difficulty: int, actual: int, latency: int) -> None:
        """Record an accepted share."""
        self.accepted += 1
        self.hashes += difficulty
        self.best = sorted([*self.best, actual], reverse=True)[:10]
        self.latencies.append(latency)

    def uptime(self, now: int) -> int:
        """Return the ms since the pool was connected; 0 if none is."""
        return 0 if self.connected_at is None else now - self.connected_at

    def average_time(self, now: int) -> int:
        """Return the average ms between shares; 0 before the first."""
        return self.uptime(now) // len(self.latencies) if self.latencies else 0

    @property
    def ping(self) -> int:
        """Median ms from submitting a share to the pool's reply; 0 before the first."""
        return sorted(self.latencies)[len(self.latencies) // 2] if self.latencies else 0


class _Client:
    """The connection to one pool."""

    def __init__(self, network: Network, index: int, pool: Json) -> None:
        self.index = index
        self.pool = pool
        self.failures = 0
        self.is_connected = False
        self._network = network
        self._serial = 0

    @property
    def algorithm(self) -> Algorithm | None:
        """The algorithm that the pool requests."""
        return self._network.miner.surroundings.algorithm_of(self.pool["algo"])

    def connect(self) -> None:
        """Try to connect; retry after the retry pause."""
        miner = self._network.miner
        self._serial += 1
        if not miner.surroundings.is_reachable(self.pool["url"]) or not miner.can_mine(
            self.algorithm
        ):
            return self._fail()
        self.failures = 0
        self.is_connected = True
        self._network.logged_in(self)
        self._network.job(self)
        return self._await_job(self._serial)

    def disconnect(self) -> None:
        """Disconnect from the pool for good."""
        self._serial += 1
        self.is_connected = False
        self.failures = 0

    def lose(self) -> None:
        """Handle that the pool is gone, or that its job cannot be mined."""
        if self.is_connected:
            self._fail()

    def _await_job(self, serial: int) -> None:
        miner = self._network.miner

        def arrive() -> None:
            if serial != self._serial:
                return
            if not miner.can_mine(self.algorithm):
                # "incompatible/disabled algorithm detected, reconnect", Client.cpp
                self._fail()
                return
            self._network.job(self)
            self._await_job(serial)

        miner.after(miner.surroundings.job_interval_ms, arrive)

    def _fail(self) -> None:
        self._serial += 1
        serial = self._serial
        self.is_connected = False
        self.failures += 1
        miner = self._network.miner
        # Retries happen at the first tick of the network's timer after the pause
        ready = miner.now + miner.config["retry-pause"] * 1000
        ticks = (ready - miner.started) // _TICK + 1

        def retry() -> None:
            if serial == self._serial:
                self.connect()

        miner.after(miner.started + ticks * _TICK - miner.now, retry)
        self._network.closed(self)


class Network:
    """Selects a pool: the first one, or another while that is unreachable."""

    def __init__(self, miner: Miner) -> None:
        """Create a network without pools; `configure` connects it."""
        self.miner = miner
        self.statistics = Statistics()
        self._clients: list[_Client] = []
        self._index = 0
        self._active: _Client | None = None

    @property
    def active(self) -> Json | None:
        """The pool in use."""
        return self._active.pool if self._active else None

    def configure(self, config: Json) -> None:
        """Disconnect from the old pools, and connect to the first new one."""
        had_failover = len(self._clients) > 1
        for client in self._clients:
            client.disconnect()
        self._active = None
        if had_failover:
            # With a single pool, the miner does not notice: until the new pool answers,
            # it shows the old connection and keeps mining its job
            self._stop_mining()
        pools = [pool for pool in config["pools"] if is_enabled(pool)]
        self._clients = [_Client(self, i, pool) for i, pool in enumerate(pools)]
        self._index = 0
        self.miner.after(0, self._clients[0].connect)

    def reachability_changed(self) -> None:
        """Cut the connections to pools that went away."""
        for client in self._clients:
            if not self.miner.surroundings.is_reachable(client.pool["url"]):
                client.lose()

    def logged_in(self, client: _Client) -> None:
        """Use the pool if it is the first one, or if none is in use."""
        chosen = client if client.index == 0 or not self._active else self._active
        for other in self._clients[1:]:
            if other is not chosen:
                other.disconnect()
        if chosen is not self._active:
            self._index = chosen.index
            self._active = chosen
            self._note_connection(chosen.pool)

    def job(self, client: _Client) -> None:
        """Pass a job of the pool in use to the miner."""
        if client is self._active and client.algorithm:
            self.statistics.algorithm = client.algorithm
            self.statistics.difficulty = self.miner.surroundings.difficulty
            self.miner.set_job(client.algorithm)

    def closed(self, client: _Client) -> None:
        """Stop mining if the pool in use is gone, and fail over when due."""
        if client is self._active:
            self._active = None
            self._stop_mining()
        if len(self._clients) == 1:
            return
        if self._index == 0 and client.failures < self.miner.config["retries"]:
            return
        if self._index == client.index and self._index + 1 < len(self._clients):
            self._index += 1
            self._clients[self._index].connect()

    def _stop_mining(self) -> None:
        self.statistics.disconnected()
        self.miner.pool_lost()

    def _note_connection(self, pool: Json) -> None:
        host, port = split_url(pool["url"]) or ("", 0)
        statistics = self.statistics
        statistics.pool = f"{host}:{port}"
        statistics.ip = _address(host)
        statistics.tls = "TLSv1.3" if pool["tls"] else None
        statistics.fingerprint = (
            _TLS_FINGERPRINT if pool["tls"] and not pool["tls-fingerprint"] else None
        )
        statistics.connected_at = self.miner.now

    def to_json(self, api_version: int) -> tuple[Json, Json]:
        """Return `results` and `connection` of the summary."""
        statistics = self.statistics
        now = self.miner.now
        average = statistics.average_time(now)
        log: dict[str, list[Any]] = {"error_log": []} if api_version == 1 else {}
        results = {
            "diff_current": statistics.difficulty,
            "shares_good": statistics.accepted,
            "shares_total": statistics.accepted + statistics.rejected,
            "avg_time": average // 1000,
            "avg_time_ms": average,
            "hashes_total": statistics.hashes,
            "best": statistics.best,
            **log,
        }
        connection = {
            "pool": statistics.pool,
            "ip": statistics.ip,
            "uptime": statistics.uptime(now) // 1000,
            "uptime_ms": statistics.uptime(now),
            "ping": statistics.ping,
            "failures": statistics.failures,
            "tls": statistics.tls,
            "tls-fingerprint": statistics.fingerprint,
            "algo": statistics.algorithm.name if statistics.algorithm else None,
            "diff": statistics.difficulty,
            "accepted": statistics.accepted,
            "rejected": statistics.rejected,
            "avg_time": average // 1000,
            "avg_time_ms": average,
            "hashes_total": statistics.hashes,
            **log,
        }
        return results, connection


def _address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return _POOL_IP
