"""The result of a day of mining: hashes on surplus, and energy that was bought."""

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
    """How much more the first threads draw than the last ones: clocks sink with load."""

    def mining(self, threads: int) -> float:
        """Return the power of some threads on top of the idle power, in W."""
        share = threads / self.threads
        return (self.full - self.idle) * share * (1 + self.bend * (1 - share))


class Shares:
    """Shares of what was added up in a day."""

    oracle: float
    on_surplus: float
    mined: float
    bought: float

    @property
    def share(self) -> float:
        """Return hashes on surplus in % of the oracle's."""
        return 100 * self.on_surplus / self.oracle

    @property
    def bought_share(self) -> float:
        """Return the energy bought in % of the energy of mining."""
        return 100 * self.bought / self.mined if self.mined else 0


@dataclass
class Score(Shares):
    """What was mined in a day, against an oracle.

    The oracle has the same steps of threads and no delay: each second it runs as many
    threads as the surplus of that second feeds whole.
    """

    rig: Rig
    oracle: float = 0
    """Thread seconds."""
    on_surplus: float = 0
    """Thread seconds, those of a second by the share of its energy that was not bought."""
    mined: float = 0
    """Ws."""
    bought: float = 0
    """Ws."""
    usable: float = 0
    """Ws of surplus, up to what all threads draw."""
    threads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make a table of the steps."""
        self._watts = [self.rig.mining(n) for n in range(self.rig.threads + 1)]

    def add(self, threads: int, surplus: float) -> None:
        """Take a second with some threads, and what was left over without them in W."""
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
        """Return how often mining began."""
        return sum(before == 0 < now for before, now in pairwise(self.threads))

    @property
    def changes(self) -> int:
        """Return how often the number of threads changed."""
        return sum(before != now for before, now in pairwise(self.threads))
