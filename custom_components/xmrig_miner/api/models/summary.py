"""What `GET /2/summary` says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..identity import MinerIdentity
from ..limits import clean_json
from ..privacy import connected_pool
from .hashrate import Hashrate, HugePages
from .values import boolean, integer, items, members, number, text, texts

MAX_UPTIME = 10 * 365 * 24 * 3600
"""Seconds. More is the sign of a clock that was set back: XMRig subtracts wall clock
times without a sign (src/base/api/Api.cpp:188)."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """What the miner found since its process started."""

    diff_current: int | None = None
    shares_good: int | None = None
    shares_total: int | None = None
    avg_time: int | None = None
    """Seconds of this connection per share; 0 before the first."""
    avg_time_ms: int | None = None
    hashes_total: int | None = None
    """Sum of the difficulty of accepted shares, not of the hashes tried."""
    best: tuple[int, ...] = ()
    """Difficulties of the best shares, best first, filled up with 0.

    It ends before the first that is unknown, so that no other passes for a better one.
    """

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `results` of a summary."""
        data = members(value)
        best: list[int] = []
        for item in map(integer, items(data.get("best"))):
            if item is None:
                break
            best.append(item)
        return cls(
            diff_current=integer(data.get("diff_current")),
            shares_good=integer(data.get("shares_good")),
            shares_total=integer(data.get("shares_total")),
            avg_time=integer(data.get("avg_time")),
            avg_time_ms=integer(data.get("avg_time_ms")),
            hashes_total=integer(data.get("hashes_total")),
            best=tuple(best),
        )

    @property
    def shares_rejected(self) -> int | None:
        """Return how many shares the pool did not accept."""
        if self.shares_total is None or self.shares_good is None:
            return None
        return max(0, self.shares_total - self.shares_good)

    @property
    def reject_rate(self) -> float | None:
        """Return the rejected shares in % of all; None before the first share."""
        if self.shares_rejected is None or not self.shares_total:
            return None
        return 100 * self.shares_rejected / self.shares_total

    @property
    def best_share(self) -> int | None:
        """Return the difficulty of the best share; None before the first."""
        return self.best[0] or None if self.best else None


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The connection to the pool."""

    pool: str | None = None
    """The last pool connected to (host:port), also after it was lost; None if it may
    hold more than that."""
    ip: str | None = None
    uptime: int | None = None
    """Seconds, by the steady clock; 0 when not connected."""
    uptime_ms: int | None = None
    ping: int | None = None
    """Milliseconds from submitting a share to the answer, the median; 0 before one."""
    failures: int | None = None
    """Disconnects since the process started."""
    tls: str | None = None
    tls_fingerprint: str | None = None
    algo: str | None = None
    diff: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    avg_time: int | None = None
    avg_time_ms: int | None = None
    hashes_total: int | None = None

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
            tls_fingerprint=text(data.get("tls-fingerprint")),
            algo=text(data.get("algo")),
            diff=integer(data.get("diff")),
            accepted=integer(data.get("accepted")),
            rejected=integer(data.get("rejected")),
            avg_time=integer(data.get("avg_time")),
            avg_time_ms=integer(data.get("avg_time_ms")),
            hashes_total=integer(data.get("hashes_total")),
        )

    @property
    def is_connected(self) -> bool | None:
        """Return whether there is a pool at the other end."""
        if self.ip:
            return True
        uptime = self.uptime_ms if self.uptime_ms is not None else self.uptime
        return None if uptime is None else uptime > 0


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The processor; brand to proc_info are absent on ARM and RISC-V."""

    brand: str | None = None
    family: int | None = None
    model: int | None = None
    stepping: int | None = None
    proc_info: int | None = None
    aes: bool | None = None
    avx2: bool | None = None
    is_64_bit: bool | None = None
    l2: int | None = None
    """Bytes."""
    l3: int | None = None
    """Bytes."""
    cores: int | None = None
    threads: int | None = None
    packages: int | None = None
    nodes: int | None = None
    backend: str | None = None
    msr: str | None = None
    """Name of the preset of model specific registers, "none" if there is none."""
    assembly: str | None = None
    arch: str | None = None
    flags: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `cpu` of a summary."""
        data = members(value)
        return cls(
            brand=text(data.get("brand")),
            family=integer(data.get("family")),
            model=integer(data.get("model")),
            stepping=integer(data.get("stepping")),
            proc_info=integer(data.get("proc_info")),
            aes=boolean(data.get("aes")),
            avx2=boolean(data.get("avx2")),
            is_64_bit=boolean(data.get("64_bit")),
            l2=integer(data.get("l2")),
            l3=integer(data.get("l3")),
            cores=integer(data.get("cores")),
            threads=integer(data.get("threads")),
            packages=integer(data.get("packages")),
            nodes=integer(data.get("nodes")),
            backend=text(data.get("backend")),
            msr=text(data.get("msr")),
            assembly=text(data.get("assembly")),
            arch=text(data.get("arch")),
            flags=texts(data.get("flags")),
        )


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `GET /2/summary` says."""

    id: str | None = None
    """Names the miner, but changes with its HTTP port and network cards, and is absent
    when there was no network at its start (src/base/api/Api.cpp:229)."""
    worker_id: str | None = None
    uptime: int | None = None
    """Seconds since the process started, by a clock that may be set."""
    restricted: bool | None = None
    memory_free: int | None = None
    """Bytes, of the host."""
    memory_total: int | None = None
    memory_resident: int | None = None
    """Bytes used by the miner itself."""
    load_average: tuple[float | None, ...] = (None, None, None)
    """Over 1, 5 and 15 minutes."""
    hardware_concurrency: int | None = None
    features: tuple[str, ...] = ()
    """What this XMRig was built with, in use or not."""
    results: Results = field(default_factory=Results)
    algo: str | None = None
    """None before the first job."""
    connection: Connection = field(default_factory=Connection)
    version: str | None = None
    kind: str | None = None
    ua: str | None = None
    cpu: Cpu = field(default_factory=Cpu)
    donate_level: int | None = None
    """Percent."""
    paused: bool | None = None
    algorithms: tuple[str, ...] = ()
    hashrate: Hashrate = field(default_factory=Hashrate)
    hashrate_highest: float | None = None
    """H/s, the best 10 s with the current algorithm."""
    hugepages: HugePages = field(default_factory=HugePages)
    complete: bool = True
    """Whether the reply was whole."""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The reply itself, without what cannot be stored and sent."""

    @classmethod
    def from_json(cls, document: dict[str, Any], *, complete: bool = True) -> Self:
        """Return the summary of a reply."""
        document = clean_json(document)
        resources = members(document.get("resources"))
        memory = members(resources.get("memory"))
        load = [number(item) for item in items(resources.get("load_average"))[:3]]
        hashrate = members(document.get("hashrate"))
        return cls(
            id=text(document.get("id")),
            worker_id=text(document.get("worker_id")),
            uptime=integer(document.get("uptime"), MAX_UPTIME),
            restricted=boolean(document.get("restricted")),
            memory_free=integer(memory.get("free")),
            memory_total=integer(memory.get("total")),
            memory_resident=integer(memory.get("resident_set_memory")),
            load_average=(*load, *[None] * (3 - len(load))),
            hardware_concurrency=integer(resources.get("hardware_concurrency")),
            features=texts(document.get("features")),
            results=Results.from_json(document.get("results")),
            algo=text(document.get("algo")),
            connection=Connection.from_json(document.get("connection")),
            version=text(document.get("version")),
            kind=text(document.get("kind")),
            ua=text(document.get("ua")),
            cpu=Cpu.from_json(document.get("cpu")),
            donate_level=integer(document.get("donate_level"), 100),
            paused=boolean(document.get("paused")),
            algorithms=texts(document.get("algorithms")),
            hashrate=Hashrate.from_json(hashrate.get("total")),
            hashrate_highest=number(hashrate.get("highest")),
            hugepages=HugePages.from_json(document.get("hugepages")),
            complete=complete,
            document=document,
        )

    @property
    def identity(self) -> MinerIdentity:
        """Return the identity of the miner that sent this."""
        return MinerIdentity(id=self.id, worker_id=self.worker_id)

    @property
    def lacks_identity(self) -> bool:
        """Return whether the reply was cut off before the names of the miner."""
        return not (self.complete or self.id or self.worker_id)
