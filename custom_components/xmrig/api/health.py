"""Signs that something is wrong with a miner."""

from collections import deque
from dataclasses import dataclass, field

from .snapshot import Snapshot, Status

FIXED_TRUNCATION = (6, 22, 2)
"""The version of XMRig since which no reply is cut off (xmrig/xmrig pull 3569)."""

SHARES = 100
"""So many shares it takes to judge by."""


def is_outdated(version: str | None) -> bool:
    """Return whether replies of a version may be cut off."""
    if version is None:
        return False
    numbers = version.partition("-")[0].split(".")
    if not all(number.isdecimal() for number in numbers):
        return False
    return tuple(map(int, numbers)) < FIXED_TRUNCATION


def lacks_huge_pages(snapshot: Snapshot) -> bool:
    """Return whether RandomX, which gains most by them, is mined without huge pages."""
    pages = snapshot.summary.hugepages
    return (
        snapshot.status is Status.MINING
        and (snapshot.summary.algo or "").startswith("rx/")
        and bool(pages.total)
        and pages.allocated == 0
    )


@dataclass
class Health:
    """What it takes more than one snapshot to see."""

    _idle_since: float | None = None
    _shares: deque[tuple[int, int]] = field(default_factory=deque)

    def observe(self, snapshot: Snapshot, *, now: float, restarted: bool) -> None:
        """Take a snapshot into account; `now` is a clock that nobody sets."""
        # Once no window has a hash left, it looks like one that has yet to start.
        says_mining = snapshot.status is Status.MINING or (
            snapshot.status is Status.STARTING and self._idle_since is not None
        )
        if not says_mining or snapshot.summary.hashrate.seconds_10 != 0:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        total = snapshot.summary.results.shares_total
        rejected = snapshot.summary.results.shares_rejected
        if total is None or rejected is None:
            return
        if restarted or (self._shares and total < self._shares[-1][0]):
            self._shares.clear()
        if not self._shares or total > self._shares[-1][0]:
            self._shares.append((total, rejected))
        while len(self._shares) > 1 and self._shares[1][0] <= total - SHARES:
            self._shares.popleft()

    def idle_for(self, now: float) -> float:
        """Return for how many seconds the miner has mined without a hash."""
        return 0 if self._idle_since is None else now - self._idle_since

    @property
    def reject_rate(self) -> float | None:
        """Return the share of the last hundred shares that was rejected, in %."""
        if not self._shares:
            return None
        (first_total, first_rejected), (total, rejected) = (
            self._shares[0],
            self._shares[-1],
        )
        if total - first_total < SHARES:
            return None
        return 100 * (rejected - first_rejected) / (total - first_total)
