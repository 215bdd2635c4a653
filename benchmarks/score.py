"""The result of a day of mining: hashes on surplus, and bought energy."""

from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True)
class Rig:
    """A mining computer, by its actual power."""

    name: str
    idle: float
    """Idle power in W. The computer is always on, so this is part of the house."""
    full: float
    """W with all threads."""
    threads: int = 16
    bend: float = 0.15
    """How much more power the first threads need than the last ones: clocks drop under
    load."""

    def mining(self, threads: int) -> float:
        """Return the power of some threads on top of the idle power, in W."""
        share = threads / self.threads
        return (self.full - self.idle) * share * (1 + self.bend * (1 - share))


class Shares:
    """Ratios of a day's totals."""

    oracle: float
    on_surplus: float
    mined: float
    bought: float

    @property
    def share(self) -> float:
        """Return hashes on surplus as a percentage of the oracle's."""
        return 100 * self.on_surplus / self.oracle

    @property
    def bought_share(self) -> float:
        """Return bought energy as a percentage of the energy of mining."""
        return 100 * self.bought / self.mined if self.mined else 0


@dataclass
class Score(Shares):
    """The result of a day, compared with an oracle.

    The oracle has the same steps of threads and no delay: each second, it runs as many
    threads as the surplus of that second can feed.
    """

    rig: Rig
    oracle: float = 0
    """Thread seconds."""
    on_surplus: float = 0
    """Thread seconds, weighted in each second by the fraction of energy that was not
    bought."""
    mined: float = 0
    """Ws."""
    bought: float = 0
    """Ws."""
    usable: float = 0
    """Ws of surplus, up to the power of all threads."""
    threads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Calculate the table of steps."""
        self._watts = [self.rig.mining(n) for n in range(self.rig.threads + 1)]

    def add(self, threads: int, surplus: float) -> None:
        """Add a second with a number of threads, and the surplus without them in W."""
        drawn = self._watts[threads]
        bought = min(drawn, max(0.0, drawn - surplus))
        self.mined += drawn
        self.bought += bought
        self.usable += min(self._watts[-1], max(0.0, surplus))
        if drawn:
            self.on_surplus += threads * (1 - bought / drawn)
        self.oracle += sum(step <= surplus for step in self._watts[1:])
        self.threads.append(threads)

    @property
    def starts(self) -> int:
        """Return how often mining started."""
        return sum(before == 0 < now for before, now in pairwise(self.threads))

    @property
    def changes(self) -> int:
        """Return how often the number of threads changed."""
        return sum(before != now for before, now in pairwise(self.threads))
