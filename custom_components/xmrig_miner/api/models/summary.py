"""The reply of `GET /2/summary`."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from ..identity import Kind
from ..privacy import connected_pool
from .base_summary import MAX_UPTIME, BaseSummary, base_values
from .hashrate import Hashrate, HugePages
from .values import boolean, integer, items, members, number, text, texts


@dataclass(frozen=True, kw_only=True)
class Results:
    """Shares and hashes since the process started."""

    diff_current: int | None = None
    shares_good: int | None = None
    shares_total: int | None = None
    avg_time: int | None = None
    """Average seconds per share of this connection; 0 before the first."""
    hashes_total: int | None = None
    """Total difficulty of accepted shares, not the number of hashes tried."""
    best_share: int | None = None
    """Difficulty of the best share; None before the first."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `results` of a summary."""
        data = members(value)
        # Best first, padded with 0
        best = items(data.get("best"))
        return cls(
            diff_current=integer(data.get("diff_current")),
            shares_good=integer(data.get("shares_good")),
            shares_total=integer(data.get("shares_total")),
            avg_time=integer(data.get("avg_time")),
            hashes_total=integer(data.get("hashes_total")),
            best_share=integer(best[0], minimum=1) if best else None,
        )

    @property
    def shares_rejected(self) -> int | None:
        """Return how many shares the pool did not accept."""
        if self.shares_total is None or self.shares_good is None:
            return None
        return max(0, self.shares_total - self.shares_good)

    @property
    def reject_rate(self) -> float | None:
        """Return the percentage of rejected shares; None before the first share."""
        if self.shares_rejected is None or not self.shares_total:
            return None
        return 100 * self.shares_rejected / self.shares_total


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The connection to the pool."""

    pool: str | None = None
    """Host and port of the last pool, even after the connection was lost; None if the
    text may contain more than that."""
    ip: str | None = None
    uptime: int | None = None
    """Seconds, by the monotonic clock; 0 when not connected."""
    uptime_ms: int | None = None
    ping: int | None = None
    """Median milliseconds from submitting a share to the reply; 0 before the first."""
    failures: int | None = None
    """Disconnects since the process started."""
    tls: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `connection` of a summary."""
        data = members(value)
        return cls(
            pool=connected_pool(text(data.get("pool"))),
            ip=text(data.get("ip")),
            uptime=integer(data.get("uptime"), MAX_UPTIME),
            uptime_ms=integer(data.get("uptime_ms"), MAX_UPTIME * 1000),
            ping=integer(data.get("ping")),
            failures=integer(data.get("failures")),
            tls=text(data.get("tls")),
        )

    @property
    def is_connected(self) -> bool | None:
        """Return whether the miner is connected to a pool."""
        if self.ip:
            return True
        uptime = self.uptime_ms if self.uptime_ms is not None else self.uptime
        return None if uptime is None else uptime > 0


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The processor."""

    brand: str | None = None
    """None on RISC-V."""
    cores: int | None = None
    threads: int | None = None
    arch: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `cpu` of a summary."""
        data = members(value)
        return cls(
            brand=text(data.get("brand")),
            cores=integer(data.get("cores")),
            threads=integer(data.get("threads")),
            arch=text(data.get("arch")),
        )


@dataclass(frozen=True, kw_only=True)
class Summary(BaseSummary):
    """The reply of `GET /2/summary` of a miner."""

    kind: ClassVar[Kind] = Kind.MINER

    memory_free: int | None = None
    """Bytes, of the host."""
    memory_total: int | None = None
    memory_resident: int | None = None
    """Bytes, of the miner itself."""
    load_average: tuple[float | None, ...] = (None, None, None)
    """Over 1, 5 and 15 minutes."""
    features: tuple[str, ...] = ()
    """The features that this XMRig was built with, whether in use or not."""
    results: Results = field(default_factory=Results)
    algo: str | None = None
    """None before the first job."""
    connection: Connection = field(default_factory=Connection)
    cpu: Cpu = field(default_factory=Cpu)
    paused: bool | None = None
    hashrate: Hashrate = field(default_factory=Hashrate)
    hashrate_highest: float | None = None
    """H/s over the best 10 s with the current algorithm."""
    hugepages: HugePages = field(default_factory=HugePages)

    @classmethod
    def from_json(cls, document: dict[str, Any], *, complete: bool = True) -> Self:
        """Return the summary of a reply."""
        resources = members(document.get("resources"))
        memory = members(resources.get("memory"))
        load = [number(item) for item in items(resources.get("load_average"))[:3]]
        hashrate = members(document.get("hashrate"))
        return cls(
            **base_values(document),
            memory_free=integer(memory.get("free")),
            memory_total=integer(memory.get("total")),
            memory_resident=integer(memory.get("resident_set_memory")),
            load_average=(*load, *[None] * (3 - len(load))),
            features=texts(document.get("features")),
            results=Results.from_json(document.get("results")),
            algo=text(document.get("algo")),
            connection=Connection.from_json(document.get("connection")),
            cpu=Cpu.from_json(document.get("cpu")),
            paused=boolean(document.get("paused")),
            hashrate=Hashrate.from_json(hashrate.get("total")),
            hashrate_highest=number(hashrate.get("highest")),
            hugepages=HugePages.from_json(document.get("hugepages")),
            complete=complete,
            reply=document,
        )
