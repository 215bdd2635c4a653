"""All that is known of a miner at one moment, and what follows from it."""

from dataclasses import dataclass, field
from enum import StrEnum

from .backends import Backends, BackendType
from .config import Config, PauseRule
from .hashrate import Hashrate
from .summary import Summary


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
        return Status.STARTING if self.backends and self.backends.enabled else None

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
