"""The reply of `GET /2/backends`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
import re
from typing import Any, Self

from ..limits import MAX_CARDS, MAX_THREADS, clean_json
from .backend_type import BackendType
from .hashrate import Hashrate
from .values import boolean, integer, items, members, reading, text

# A sensor that cannot be read may report all bits set, far above these maximums.
MAX_TEMPERATURE = 250
"""°C."""
MAX_POWER = 10_000
"""W of one card."""
MAX_CLOCK = 100_000
"""MHz."""
MAX_FAN_SPEED = 200
"""Percent; drivers may report slightly more than 100."""
MAX_RPM = 100_000

MAX_NAME = 200
"""Maximum length of a card's name, with room for what is added to it."""

# As XMRig prints it (src/backend/common/misc/PciTopology.h:64), with or without the PCI
# domain that other tools prepend. 00:00.0 is the root of the bus.
_BUS_ID = re.compile(r"([0-9a-f]{4,8}:)?(?!00:00\.0)[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")

_TYPES: dict[str | None, BackendType] = {item.value: item for item in BackendType}

_MANUFACTURERS = {
    "advanced micro devices": "AMD",
    "amd": "AMD",
    "intel": "Intel",
    "nvidia": "NVIDIA",
}
"""Manufacturers of graphics cards, by prefixes of platform and card names."""


@dataclass(frozen=True, kw_only=True)
class GpuHealth:
    """Readings of a GPU's sensors, each None if XMRig could not read it."""

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
        data = members(value)
        fans = [reading(item, MAX_FAN_SPEED) for item in items(data.get("fan_speed"))]
        return cls(
            temperature=reading(data.get("temperature"), MAX_TEMPERATURE),
            power=reading(data.get("power"), MAX_POWER),
            clock=reading(data.get("clock"), MAX_CLOCK),
            memory_clock=reading(data.get("mem_clock"), MAX_CLOCK),
            fan_speed=max((fan for fan in fans if fan is not None), default=None),
            rpm=reading(data.get("rpm"), MAX_RPM),
        )


NO_HEALTH = GpuHealth()
"""For CPU threads, of which there may be hundreds."""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A graphics card, with the totals of the worker threads that share it."""

    backend: BackendType
    index: int
    """The position among the cards; it shifts if an earlier card is removed."""
    manufacturer: str | None = None
    name: str | None = None
    """The model, without the manufacturer."""
    bus_id: str | None = None
    """The place on the PCI bus; None if unknown, or reported by several cards."""
    hashrate: Hashrate = field(default_factory=Hashrate)
    health: GpuHealth = field(default_factory=GpuHealth)

    @property
    def key(self) -> str:
        """Return a key that is unique among the cards of the miner.

        It stays the same while the card remains in its place.
        """
        return f"{self.backend}_{self.bus_id or self.index}"

    @property
    def label(self) -> str:
        """Return the name and place, so that identical cards differ."""
        place = self.bus_id or f"#{self.index}"
        return f"{(self.name or 'GPU')[:MAX_NAME]} ({place})"


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A worker thread. Several threads may share a GPU."""

    hashrate: Hashrate
    affinity: int | None = None
    """The core it is bound to; -1 for none."""
    intensity: int | None = None
    index: int | None = None
    """The card; None on the CPU."""
    name: str | None = None
    bus_id: str | None = None
    """The place of the card on the PCI bus."""
    health: GpuHealth = field(default_factory=GpuHealth)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return a thread of a backend's `threads`."""
        data = members(value)
        health = data.get("health")
        return cls(
            hashrate=Hashrate.from_json(data.get("hashrate")),
            affinity=integer(data.get("affinity"), minimum=-1),
            intensity=integer(data.get("intensity")),
            index=integer(data.get("index"), MAX_CARDS - 1),
            # OpenCL has the marketing name under `board`, and `gfx1030` under `name`.
            name=text(data.get("board")) or text(data.get("name")),
            bus_id=_bus_id(data.get("bus_id")),
            health=GpuHealth.from_json(health) if health else NO_HEALTH,
        )


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend. While it does not run, it has no hashrate and no threads."""

    type: BackendType
    enabled: bool | None = None
    """For a GPU backend, also whether its library and a device were found."""
    profile: str | None = None
    hashrate: Hashrate = field(default_factory=Hashrate)
    msr: bool | None = None
    """Whether model specific registers of the CPU were set."""
    vendor: str | None = None
    """The vendor of the OpenCL platform."""
    reply: list[Any] = field(default_factory=list, repr=False)
    """The threads as they were reported, at most MAX_THREADS."""

    @classmethod
    def from_json(cls, backend_type: BackendType, data: Mapping[str, Any]) -> Self:
        """Return a backend from a reply."""
        return cls(
            type=backend_type,
            enabled=boolean(data.get("enabled")),
            profile=text(data.get("profile")),
            hashrate=Hashrate.from_json(data.get("hashrate")),
            msr=boolean(data.get("msr")),
            vendor=text(members(data.get("platform")).get("vendor")),
            reply=items(data.get("threads"))[:MAX_THREADS],
        )

    @property
    def thread_count(self) -> int:
        """Return how many worker threads there are."""
        return len(self.reply)

    @cached_property
    def threads(self) -> tuple[Thread, ...]:
        """Return the worker threads.

        They are read when needed: a CPU may have hundreds, of which polls only need the
        number.
        """
        return tuple(map(Thread.from_json, self.reply))

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """Return the cards in use, with the threads of each added up."""
        if self.type is BackendType.CPU:
            return ()
        cards: dict[int, list[Thread]] = {}
        for thread in self.threads:
            if thread.index is not None:
                cards.setdefault(thread.index, []).append(thread)
        bus_ids = {
            index: next((thread.bus_id for thread in threads if thread.bus_id), None)
            for index, threads in cards.items()
        }
        # XMRig leaves out the PCI domain, without which some ids are not unique
        uses = Counter(bus_ids.values())
        return tuple(
            self._gpu(
                index, threads, bus_ids[index] if uses[bus_ids[index]] == 1 else None
            )
            for index, threads in cards.items()
        )

    def _gpu(self, index: int, threads: list[Thread], bus_id: str | None) -> Gpu:
        """Return the card that some threads share."""
        name = threads[0].name
        manufacturer = "NVIDIA" if self.type is BackendType.CUDA else None
        manufacturer = manufacturer or _manufacturer(self.vendor) or _manufacturer(name)
        for prefix in (f"{manufacturer} ", f"{manufacturer}(R) "):
            name = name and name.removeprefix(prefix)
        return Gpu(
            backend=self.type,
            index=index,
            manufacturer=manufacturer,
            name=name,
            bus_id=bus_id,
            hashrate=Hashrate.total(thread.hashrate for thread in threads),
            health=threads[0].health,
        )


@dataclass(frozen=True, kw_only=True)
class Backends:
    """The reply of `GET /2/backends`, by type: its order may change."""

    by_type: Mapping[BackendType, Backend] = field(default_factory=dict)
    complete: bool = True
    """Whether the reply was complete, with no more threads than MAX_THREADS."""
    reply: list[Any] = field(default_factory=list, repr=False)
    """The whole reply, also with values that cannot be stored or sent."""

    @classmethod
    def from_json(cls, document: list[Any], *, complete: bool = True) -> Self:
        """Return the backends from a reply; unknown types are left out."""
        backends = {}
        for item in document:
            data = members(item)
            if backend_type := _TYPES.get(text(data.get("type"))):
                backends[backend_type] = Backend.from_json(backend_type, data)
                if len(items(data.get("threads"))) > MAX_THREADS:
                    complete = False
        return cls(by_type=backends, complete=complete, reply=document)

    @cached_property
    def document(self) -> tuple[Any, ...]:
        """Return the whole reply, without values that cannot be stored or sent."""
        return tuple(clean_json(self.reply))

    @property
    def enabled(self) -> frozenset[BackendType]:
        """Return the backends that are enabled, hashing or not."""
        return frozenset(
            backend.type for backend in self.by_type.values() if backend.enabled
        )

    @property
    def disabled(self) -> frozenset[BackendType]:
        """Return the backends that are reported as disabled; others may be unknown."""
        return frozenset(
            backend.type
            for backend in self.by_type.values()
            if backend.enabled is False
        )

    def are_disabled(self, backends: Iterable[BackendType]) -> bool:
        """Return whether all backends are disabled.

        The given ones and the CPU have to be listed: if any is missing, the reply may
        be damaged.
        """
        return (
            self.complete
            and self.by_type.keys() >= {BackendType.CPU, *backends}
            and all(backend.enabled is False for backend in self.by_type.values())
        )

    @cached_property
    def threads(self) -> int:
        """Return how many worker threads there are."""
        return sum(backend.thread_count for backend in self.by_type.values())

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """Return the cards in use by any backend."""
        return tuple(gpu for backend in self.by_type.values() for gpu in backend.gpus)


def _bus_id(value: Any) -> str | None:
    """Return the place of a card on the PCI bus; None for "n/a"."""
    bus_id = (text(value) or "").lower()
    return bus_id if _BUS_ID.fullmatch(bus_id) else None


def _manufacturer(name: str | None) -> str | None:
    """Return the manufacturer in the name of a platform or card."""
    name = (name or "").lower()
    return next(
        (_MANUFACTURERS[start] for start in _MANUFACTURERS if name.startswith(start)),
        None,
    )
