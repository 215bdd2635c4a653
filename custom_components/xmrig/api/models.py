"""What a miner says: its summary, backends and config, and what follows from them.

Field names are XMRig's own. Anything may be missing: XMRig omits and nulls much, older
versions cut replies off, and a value of another type than XMRig's counts as missing
too. Missing is None (or an empty tuple), never 0: a zero is a reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import math
from typing import Any, Self

from .document import with_value
from .thread_profiles import profiles_of

MAX_UPTIME = 10 * 365 * 24 * 3600
"""Seconds. More is the sign of a clock that was set back: XMRig subtracts wall clock
times without a sign (src/base/api/Api.cpp:188)."""


class Status(StrEnum):
    """What a miner is doing."""

    MINING = "mining"
    STARTING = "starting"
    """Enabled and connected, but there is no hashrate yet."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """No backend is enabled."""
    NO_POOL = "no_pool"
    """Not connected to any pool."""


class BackendType(StrEnum):
    """The kinds of backend that XMRig can be built with."""

    CPU = "cpu"
    OPENCL = "opencl"
    CUDA = "cuda"


class PauseRule(StrEnum):
    """Rules of its own by which XMRig pauses and resumes, by their config keys."""

    BATTERY = "pause-on-battery"
    ACTIVITY = "pause-on-active"


def _text(value: Any) -> str | None:
    """Return a string that is not empty."""
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _integer(value: Any) -> int | None:
    """Return an integer that fits into 64 bits; XMRig's counters may fill them."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**63) <= value < 2**64 else None


def _boolean(value: Any) -> bool | None:
    """Return a boolean."""
    return value if isinstance(value, bool) else None


def _list(value: Any) -> list[Any]:
    """Return a list, empty if it is something else."""
    return value if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    """Return an object, empty if it is something else."""
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    """Return the strings of a list."""
    return tuple(item for item in _list(value) if isinstance(item, str))


def _reading(value: Any) -> float | None:
    """Return a health reading, of which 0 means that it could not be read.

    The structures behind it are zero-initialised (XMRig src/backend/cuda/wrappers/
    CudaDevice.cpp:119, src/backend/opencl/OclThread.cpp:110).
    """
    return _number(value) or None


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum, None if there is nothing to add or a part is missing."""
    total = None
    for value in values:
        if value is None:
            return None
        total = value + (total or 0)
    return total


@dataclass(frozen=True, kw_only=True)
class Hashrate:
    """Hashrates in H/s over three windows, each None until the window is full."""

    seconds_10: float | None = None
    minute_1: float | None = None
    minutes_15: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the hashrates of a list of three."""
        windows = [_number(item) for item in _list(value)[:3]]
        windows += [None] * (3 - len(windows))
        return cls(seconds_10=windows[0], minute_1=windows[1], minutes_15=windows[2])

    @classmethod
    def total(cls, hashrates: Iterable[Hashrate]) -> Self:
        """Return the sums, each None where a part of it is missing."""
        parts = list(hashrates)
        return cls(
            seconds_10=_sum(part.seconds_10 for part in parts),
            minute_1=_sum(part.minute_1 for part in parts),
            minutes_15=_sum(part.minutes_15 for part in parts),
        )

    @property
    def is_hashing(self) -> bool:
        """Return whether there was any hash in any window."""
        return bool(self.seconds_10 or self.minute_1 or self.minutes_15)


@dataclass(frozen=True, kw_only=True)
class HugePages:
    """Huge pages in use and wanted; both 0 while nothing runs."""

    allocated: int | None = None
    total: int | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the pages of a list of two, as under /2 (under /1 it is a boolean)."""
        pages = _list(value)
        if len(pages) != 2:
            return cls()
        return cls(allocated=_integer(pages[0]), total=_integer(pages[1]))

    @property
    def percent(self) -> float | None:
        """Return the share of the wanted pages that is in use."""
        if self.allocated is None or not self.total:
            return None
        return 100 * self.allocated / self.total


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
    """Difficulties of the best shares, best first, filled up with 0."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `results` of a summary."""
        data = _object(value)
        best = (_integer(item) for item in _list(data.get("best")))
        return cls(
            diff_current=_integer(data.get("diff_current")),
            shares_good=_integer(data.get("shares_good")),
            shares_total=_integer(data.get("shares_total")),
            avg_time=_integer(data.get("avg_time")),
            avg_time_ms=_integer(data.get("avg_time_ms")),
            hashes_total=_integer(data.get("hashes_total")),
            best=tuple(item for item in best if item is not None),
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
    """The last pool connected to (host:port), also after it was lost."""
    ip: str | None = None
    uptime: int | None = None
    """Seconds, by a clock that nobody sets; 0 when not connected."""
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
        data = _object(value)
        return cls(
            pool=_text(data.get("pool")),
            ip=_text(data.get("ip")),
            uptime=_integer(data.get("uptime")),
            uptime_ms=_integer(data.get("uptime_ms")),
            ping=_integer(data.get("ping")),
            failures=_integer(data.get("failures")),
            tls=_text(data.get("tls")),
            tls_fingerprint=_text(data.get("tls-fingerprint")),
            algo=_text(data.get("algo")),
            diff=_integer(data.get("diff")),
            accepted=_integer(data.get("accepted")),
            rejected=_integer(data.get("rejected")),
            avg_time=_integer(data.get("avg_time")),
            avg_time_ms=_integer(data.get("avg_time_ms")),
            hashes_total=_integer(data.get("hashes_total")),
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
        data = _object(value)
        return cls(
            brand=_text(data.get("brand")),
            family=_integer(data.get("family")),
            model=_integer(data.get("model")),
            stepping=_integer(data.get("stepping")),
            proc_info=_integer(data.get("proc_info")),
            aes=_boolean(data.get("aes")),
            avx2=_boolean(data.get("avx2")),
            is_64_bit=_boolean(data.get("64_bit")),
            l2=_integer(data.get("l2")),
            l3=_integer(data.get("l3")),
            cores=_integer(data.get("cores")),
            threads=_integer(data.get("threads")),
            packages=_integer(data.get("packages")),
            nodes=_integer(data.get("nodes")),
            backend=_text(data.get("backend")),
            msr=_text(data.get("msr")),
            assembly=_text(data.get("assembly")),
            arch=_text(data.get("arch")),
            flags=_texts(data.get("flags")),
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
    """The reply itself."""

    @classmethod
    def from_json(cls, document: dict[str, Any], *, complete: bool = True) -> Self:
        """Return the summary of a reply."""
        resources = _object(document.get("resources"))
        memory = _object(resources.get("memory"))
        load = [_number(item) for item in _list(resources.get("load_average"))[:3]]
        hashrate = _object(document.get("hashrate"))
        uptime = _integer(document.get("uptime"))
        return cls(
            id=_text(document.get("id")),
            worker_id=_text(document.get("worker_id")),
            uptime=uptime if uptime is not None and 0 <= uptime < MAX_UPTIME else None,
            restricted=_boolean(document.get("restricted")),
            memory_free=_integer(memory.get("free")),
            memory_total=_integer(memory.get("total")),
            memory_resident=_integer(memory.get("resident_set_memory")),
            load_average=(*load, *[None] * (3 - len(load))),
            hardware_concurrency=_integer(resources.get("hardware_concurrency")),
            features=_texts(document.get("features")),
            results=Results.from_json(document.get("results")),
            algo=_text(document.get("algo")),
            connection=Connection.from_json(document.get("connection")),
            version=_text(document.get("version")),
            kind=_text(document.get("kind")),
            ua=_text(document.get("ua")),
            cpu=Cpu.from_json(document.get("cpu")),
            donate_level=_integer(document.get("donate_level")),
            paused=_boolean(document.get("paused")),
            algorithms=_texts(document.get("algorithms")),
            hashrate=Hashrate.from_json(hashrate.get("total")),
            hashrate_highest=_number(hashrate.get("highest")),
            hugepages=HugePages.from_json(document.get("hugepages")),
            complete=complete,
            document=document,
        )


@dataclass(frozen=True, kw_only=True)
class GpuHealth:
    """Readings of a GPU; 0 is what XMRig says when it could not read one."""

    temperature: float | None = None
    """°C."""
    power: float | None = None
    """W."""
    clock: float | None = None
    """MHz."""
    memory_clock: float | None = None
    """MHz."""
    fan_speed: float | None = None
    """Percent, of the fastest fan."""
    rpm: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return the `health` of a GPU thread."""
        data = _object(value)
        fans = [_reading(item) for item in _list(data.get("fan_speed"))]
        return cls(
            temperature=_reading(data.get("temperature")),
            power=_reading(data.get("power")),
            clock=_reading(data.get("clock")),
            memory_clock=_reading(data.get("mem_clock")),
            fan_speed=max((fan for fan in fans if fan is not None), default=None),
            rpm=_reading(data.get("rpm")),
        )


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A graphics card, with all the worker threads that share it."""

    backend: BackendType
    index: int
    name: str | None = None
    bus_id: str | None = None
    hashrate: Hashrate = field(default_factory=Hashrate)
    health: GpuHealth = field(default_factory=GpuHealth)

    @property
    def key(self) -> str:
        """Return what tells this card from the others of the miner."""
        return f"{self.backend}_{self.index}"


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A worker thread. On a GPU several may share the card of an index."""

    hashrate: Hashrate
    affinity: int | None = None
    """The core it is bound to, -1 for none."""
    intensity: int | None = None
    index: int | None = None
    """The card; None on the CPU."""
    name: str | None = None
    bus_id: str | None = None
    health: GpuHealth = field(default_factory=GpuHealth)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return a thread of a backend's `threads`."""
        data = _object(value)
        return cls(
            hashrate=Hashrate.from_json(data.get("hashrate")),
            affinity=_integer(data.get("affinity")),
            intensity=_integer(data.get("intensity")),
            index=_integer(data.get("index")),
            # OpenCL has the marketing name under `board`, and `gfx1030` under `name`.
            name=_text(data.get("board")) or _text(data.get("name")),
            bus_id=_text(data.get("bus_id")),
            health=GpuHealth.from_json(data.get("health")),
        )


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend; there is no hashrate and no thread while it does not run."""

    type: BackendType
    enabled: bool | None = None
    """For a GPU also whether its library and a device were found."""
    algo: str | None = None
    profile: str | None = None
    hashrate: Hashrate = field(default_factory=Hashrate)
    threads: tuple[Thread, ...] = ()
    hw_aes: bool | None = None
    priority: int | None = None
    msr: bool | None = None
    """Whether the model specific registers were set up."""
    asm: str | bool | None = None
    argon2_impl: str | None = None
    hugepages: HugePages = field(default_factory=HugePages)
    memory: int | None = None
    """Bytes of scratchpads."""
    platform: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, backend_type: BackendType, data: Mapping[str, Any]) -> Self:
        """Return a backend of a reply."""
        asm = data.get("asm")
        return cls(
            type=backend_type,
            enabled=_boolean(data.get("enabled")),
            algo=_text(data.get("algo")),
            profile=_text(data.get("profile")),
            hashrate=Hashrate.from_json(data.get("hashrate")),
            threads=tuple(map(Thread.from_json, _list(data.get("threads")))),
            hw_aes=_boolean(data.get("hw-aes")),
            priority=_integer(data.get("priority")),
            msr=_boolean(data.get("msr")),
            asm=asm if isinstance(asm, bool) else _text(asm),
            argon2_impl=_text(data.get("argon2-impl")),
            hugepages=HugePages.from_json(data.get("hugepages")),
            memory=_integer(data.get("memory")),
            platform=_object(data.get("platform")),
            versions=_object(data.get("versions")),
        )

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """Return the cards in use, the threads of each added up."""
        cards: dict[int, list[Thread]] = {}
        for thread in self.threads:
            if thread.index is not None:
                cards.setdefault(thread.index, []).append(thread)
        return tuple(
            Gpu(
                backend=self.type,
                index=index,
                name=threads[0].name,
                bus_id=threads[0].bus_id,
                hashrate=Hashrate.total(thread.hashrate for thread in threads),
                health=threads[0].health,
            )
            for index, threads in cards.items()
        )


@dataclass(frozen=True, kw_only=True)
class Backends:
    """What `GET /2/backends` says, by type: the order is no promise."""

    by_type: Mapping[BackendType, Backend] = field(default_factory=dict)
    complete: bool = True
    """Whether the reply was whole."""
    document: tuple[Any, ...] = field(default=(), repr=False)
    """The reply itself."""

    @classmethod
    def from_json(cls, document: list[Any], *, complete: bool = True) -> Self:
        """Return the backends of a reply; unknown types are left out."""
        known = set(BackendType)
        backends = {}
        for item in document:
            data = _object(item)
            if _text(data.get("type")) in known:
                backend_type = BackendType(data["type"])
                backends[backend_type] = Backend.from_json(backend_type, data)
        return cls(by_type=backends, complete=complete, document=tuple(document))

    @property
    def enabled(self) -> frozenset[BackendType]:
        """Return the backends that are switched on, hashing or not."""
        return frozenset(
            backend.type for backend in self.by_type.values() if backend.enabled
        )

    @property
    def threads(self) -> int:
        """Return how many worker threads there are."""
        return sum(len(backend.threads) for backend in self.by_type.values())

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """Return the cards in use by any backend."""
        return tuple(gpu for backend in self.by_type.values() for gpu in backend.gpus)


@dataclass(frozen=True)
class Config:
    """What `GET /2/config` says: secrets in clear, so it is never shown whole.

    The document is read-only; changing it is done on a copy.
    """

    document: dict[str, Any] = field(repr=False)

    @property
    def backends(self) -> dict[BackendType, bool]:
        """Return which backends the config has, and which of them it switches on."""
        return {
            backend_type: data.get("enabled") is True
            for backend_type in BackendType
            if (data := _object(self.document.get(backend_type)))
        }

    @property
    def enabled(self) -> frozenset[BackendType]:
        """Return the backends that the config switches on."""
        return frozenset(name for name, is_on in self.backends.items() if is_on)

    @property
    def profiles(self) -> dict[str, Any]:
        """Return the thread profiles of the CPU backend."""
        return profiles_of(_object(self.document.get("cpu")))

    @property
    def pools(self) -> list[dict[str, Any]]:
        """Return the pools, the first enabled one in use and the others behind it."""
        return [pool for pool in _list(self.document.get("pools")) if _object(pool)]

    def with_backends(self, enabled: Iterable[BackendType]) -> Config:
        """Return this config with just the given backends switched on."""
        switched_on = set(enabled)
        document = self.document
        for backend_type in self.backends:
            document = with_value(
                document, (backend_type.value, "enabled"), backend_type in switched_on
            )
        return Config(document)

    def with_profiles(self, profiles: Mapping[str, Any]) -> Config:
        """Return this config with some thread profiles replaced."""
        document = self.document
        for name, profile in profiles.items():
            document = with_value(document, ("cpu", name), profile)
        return Config(document)

    @property
    def pool_labels(self) -> list[str]:
        """Return what to call each pool: its host and port, numbered where alike."""
        labels: list[str] = []
        for pool in self.pools:
            label = str(pool.get("url", "")).rpartition("://")[2]
            number = 1 + sum(name.split(" ")[0] == label for name in labels)
            labels.append(label if number == 1 else f"{label} ({number})")
        return labels

    @property
    def pause_rules(self) -> frozenset[PauseRule]:
        """Return the rules by which the miner pauses itself."""
        return frozenset(rule for rule in PauseRule if self.document.get(rule))

    def with_pool_first(self, pools: list[dict[str, Any]], index: int) -> Config:
        """Return this config with one of the pools enabled, and the others behind."""
        chosen = {**pools[index], "enabled": True}
        return Config(
            {**self.document, "pools": [chosen, *pools[:index], *pools[index + 1 :]]}
        )


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that is known of a miner at one moment."""

    summary: Summary
    backends: Backends | None = None
    """None if they could not be read for a while."""
    config: Config | None = field(default=None, repr=False)
    """None if the API is read-only, or it could not be read for a while."""
    restricted: bool = False
    """Whether the API is read-only; a reply that was cut off may not say so itself."""

    @property
    def status(self) -> Status | None:
        """Return what the miner is doing; None if it did not say enough."""
        if self.backends and self.backends.complete and not self.backends.enabled:
            return Status.STOPPED
        if self.summary.paused is None:
            return None
        if self.summary.paused:
            return Status.PAUSED
        if self.summary.connection.is_connected is False:
            return Status.NO_POOL
        # The total is missing a window that any one of the backends is missing.
        hashrates = [self.summary.hashrate]
        if self.backends:
            hashrates += [item.hashrate for item in self.backends.by_type.values()]
        if any(hashrate.is_hashing for hashrate in hashrates):
            return Status.MINING
        return Status.STARTING if self.backends else None

    @property
    def cpu_profile(self) -> str | None:
        """Return the name of the thread profile in use; None before the first job."""
        cpu = self.backends and self.backends.by_type.get(BackendType.CPU)
        return cpu.profile if cpu else None

    @property
    def pause_rules(self) -> frozenset[PauseRule]:
        """Return which rules of its own the miner may have paused by."""
        return self.config.pause_rules if self.config else frozenset()

    @property
    def is_mining(self) -> bool | None:
        """Return whether the miner is neither paused nor stopped."""
        if self.status is None or self.backends is None:
            return None
        return self.status not in (Status.PAUSED, Status.STOPPED)

    def hashrate_now(
        self, hashrate: Hashrate, backend: BackendType | None = None
    ) -> float | None:
        """Return a hashrate of the last 10 s, in H/s, as it is at this moment.

        A miner that was just paused still shows what its window has left to drain.
        """
        if self.status in (Status.PAUSED, Status.STOPPED):
            return 0
        # A backend that is not even listed is unknown: the reply may have been cut off.
        if backend and self.backends and (found := self.backends.by_type.get(backend)):
            if found.enabled is False:
                return 0
        return hashrate.seconds_10
