"""Everything that is known about a miner at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from .base_snapshot import BaseSnapshot
from .models import Backends, BackendType, Config, Gpu, Hashrate, PauseRule, Summary


class Status(StrEnum):
    """What a miner is doing."""

    MINING = "mining"
    STARTING = "starting"
    """Enabled and connected, but without a hashrate yet."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """No backend is enabled."""
    NO_POOL = "no_pool"
    """Not connected to any pool."""


@dataclass(frozen=True, kw_only=True)
class Snapshot(BaseSnapshot):
    """Everything that is known about a miner at one moment.

    All decisions are based on this alone, because its replies and its stored state are
    of the same moment.
    """

    summary: Summary
    backends: Backends | None = None
    """None if they could not be read for a while."""
    hashrates: Mapping[BackendType | None, Hashrate] = field(default_factory=dict)
    """The hashrates with their gaps filled, where possible; that of the whole miner is
    under None."""
    is_fresh: bool = True
    """Whether all replies are from this poll, none from an earlier one."""
    previous_backends: Backends | None = None
    """The backends of the previous poll."""

    @cached_property
    def is_complete(self) -> bool:
        """Return whether nothing is missing, so that decisions can be based on this."""
        return (
            self.is_fresh
            and self.status is not None
            and self.backends is not None
            and self.backends.complete
            and self.backends.by_type.keys() >= self._built_backends
            and (self.restricted or self.config_agrees)
        )

    @property
    def shows_cpu(self) -> bool:
        """Return whether it is certain that the CPU is in use, and with which threads.

        This is in a reply that was cut off at its first hashrate, too.
        """
        cpu = self.backends and self.backends.by_type.get(BackendType.CPU)
        return bool(
            self.is_fresh
            and self.summary.paused is not None
            and cpu
            and cpu.enabled
            and self.config_agrees
        )

    def is_certain(self, gpu: Gpu) -> bool:
        """Return whether a card exists, and is not an artefact of a damaged reply.

        It must be listed twice. At the first poll, its place on the bus is enough.
        """
        before = self.previous_backends
        if before is None:
            return gpu.bus_id is not None
        # A reply that is still used, because the next one failed, counts once
        return before is not self.backends and any(
            card.key == gpu.key for card in before.gpus
        )

    @property
    def config_agrees(self) -> bool:
        """Return whether the config is known and enables the running backends.

        Otherwise, the backends are from another moment or another miner. A GPU backend
        that the config enables does not run without a driver and a card; the CPU does.
        """
        if self.config is None or self.backends is None:
            return False
        wanted, running = self.config.enabled, self.backends.enabled
        return running <= wanted and not self._is_cpu_contradicted

    @property
    def _is_cpu_contradicted(self) -> bool:
        """Return whether the CPU is disabled in the backends, but not in the config."""
        return bool(
            self.config
            and self.backends
            and BackendType.CPU in self.config.enabled & self.backends.disabled
        )

    @property
    def _built_backends(self) -> frozenset[BackendType]:
        """Return the listed backends that this XMRig was built with."""
        built = (BackendType.OPENCL, BackendType.CUDA)
        return frozenset(
            (
                BackendType.CPU,
                *(name for name in built if name in self.summary.features),
            )
        )

    @cached_property
    def status(self) -> Status | None:
        """Return what the miner is doing; None if it is unknown."""
        backends = self.backends
        if backends and backends.are_disabled(self._built_backends):
            # What contradicts the config of the same moment may be of another miner
            is_unknown = self.is_fresh and self._is_cpu_contradicted
            return None if is_unknown else Status.STOPPED
        if self.summary.paused is None:
            return None
        if self.summary.paused:
            return Status.PAUSED
        if self.summary.connection.is_connected is False:
            if self.summary.connection.pool is None and self.cpu_profile:
                # MoneroOcean's build measures algorithms before it connects
                return Status.STARTING
            return Status.NO_POOL if backends and backends.enabled else None
        if self.is_hashing or any(item.is_hashing for item in self.hashrates.values()):
            # XMRig's own windows are empty for 10 s after each change of threads
            return Status.MINING
        return Status.STARTING if backends and backends.enabled else None

    @property
    def is_hashing(self) -> bool:
        """Return whether any window of any backend has a hash."""
        # The total lacks a window if any backend lacks it
        hashrates = [self.summary.hashrate]
        if self.backends:
            hashrates += [item.hashrate for item in self.backends.by_type.values()]
        return any(hashrate.is_hashing for hashrate in hashrates)

    @property
    def cpu_profile(self) -> str | None:
        """Return the name of the thread profile in use; None before the first job."""
        cpu = self.backends and self.backends.by_type.get(BackendType.CPU)
        return cpu.profile if cpu else None

    @property
    def pause_rules(self) -> frozenset[PauseRule]:
        """Return the enabled rules by which the miner pauses itself."""
        return self.config.pause_rules if self.config else frozenset()

    @property
    def is_mining(self) -> bool | None:
        """Return whether the miner is neither paused nor stopped."""
        if self.status is None:
            return None
        return self.status not in (Status.PAUSED, Status.STOPPED)

    def is_enabled(self, backend: BackendType) -> bool | None:
        """Return whether a backend is enabled; None if it is unknown."""
        found = self.backends and self.backends.by_type.get(backend)
        return found.enabled if found else None

    def has_hardware(self, backend: BackendType) -> bool:
        """Return whether the computer is known to have the hardware of a backend.

        A GPU backend has threads only with a device, and gets thread profiles in the
        config only after it found one.
        """
        if backend is BackendType.CPU:
            return True
        if self.backends is None or backend not in self.backends.by_type:
            return False
        return bool(self.backends.by_type[backend].thread_count) or (
            self.config is not None and self.config.has_cards(backend)
        )

    def hashrate(self, backend: BackendType | None = None) -> Hashrate:
        """Return the hashrate of the miner or a backend, with its gaps filled."""
        if (filled := self.hashrates.get(backend)) is not None:
            return filled
        if backend is None:
            return self.summary.hashrate
        found = self.backends and self.backends.by_type.get(backend)
        return found.hashrate if found else Hashrate()

    @property
    def peak_hashrate(self) -> float | None:
        """Return the highest known hashrate of the miner, in H/s."""
        windows = self.hashrate()
        known = (
            self.summary.hashrate_highest,
            windows.seconds_10,
            windows.minute_1,
            windows.minutes_15,
        )
        return max((value for value in known if value), default=None)

    def hashrate_now(
        self, hashrate: Hashrate, backend: BackendType | None = None
    ) -> float | None:
        """Return the current value of a hashrate in H/s: that of the last 10 s.

        It is 0 as soon as the miner is paused, although XMRig's windows still drain.
        """
        if self.status in (Status.PAUSED, Status.STOPPED):
            return 0
        if backend and self.is_enabled(backend) is False:
            return 0
        return hashrate.seconds_10

    @property
    def active_threads(self) -> int | None:
        """Return how many worker threads hash, with those of cards; None if unknown.

        XMRig also lists them while it is paused.
        """
        if self.backends is None:
            return None
        return 0 if self.status is Status.PAUSED else self.backends.threads

    @property
    def threads(self) -> int | None:
        """Return how many CPU threads run while mining; None if that is unknown."""
        return self._thread_count(self.config)

    @property
    def user_threads(self) -> int | None:
        """Return how many CPU threads the user configured; None if that is unknown."""
        return self._thread_count(self.user_config)

    @property
    def thread_cap(self) -> int | None:
        """Return the limit of CPU threads in effect; None if there is none.

        The longest profile shows it: that of the current algorithm may be shorter.
        """
        if self.config is None or self.user_config is None:
            return None
        threads = self.config.thread_count(None)
        return None if threads == self.user_config.thread_count(None) else threads

    def _thread_count(self, config: Config | None) -> int | None:
        """Return how many CPU threads a config has for the profile in use."""
        return None if config is None else config.thread_count(self.cpu_profile)
