"""The environment of a miner's process, which outlives the process."""

from collections.abc import Callable
from dataclasses import dataclass, field
import time

from .algorithms import Algorithm, find
from .forks import XMRIG, Fork
from .hardware import Computer
from .pool import split_url


@dataclass
class Surroundings:
    """The computer, its disk, and the pools.

    Times are in seconds unless the name says ms.
    """

    clock: Callable[[], float]
    computer: Computer = field(default_factory=Computer)
    disk: str = ""
    is_writable: bool = True
    """Whether the miner has a config file that it may write to."""
    identity: str = ""
    fork: Fork = XMRIG
    algorithm: str = "rx/0"
    difficulty: int = 100_000
    job_interval: float = 20.0
    dataset_time: float = 10.0
    watch_delay: float = 0.5
    share_latency_ms: int = 24
    reject_every: int = 0
    on_battery: bool = False
    user_active: bool = False
    offset: float = 0.0
    dead_pools: set[tuple[str, int]] = field(default_factory=set)
    wall: Callable[[], float] = time.time
    """Seconds since 1970, which only a proxy reports."""

    def now_ms(self) -> int:
        """Return the ms of the steady clock."""
        return int((self.clock() + self.offset) * 1000)

    @property
    def job_interval_ms(self) -> int:
        """How often a pool sends a job."""
        return max(1, round(self.job_interval * 1000))

    def algorithm_of(self, asked: str | None) -> Algorithm | None:
        """Return the algorithm of a pool: the one in the config, or the pool's own."""
        return find(asked) or find(self.algorithm)

    def is_reachable(self, url: str) -> bool:
        """Whether the pool answers."""
        return split_url(url) not in self.dead_pools
