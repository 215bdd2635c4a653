"""Signs that something is wrong with a miner."""

from collections import deque
from dataclasses import dataclass, field
import re

from .snapshot import Snapshot, Status

FIXED_TRUNCATION = (6, 22, 2)
"""The version of XMRig since which no reply is cut off (xmrig/xmrig pull 3569)."""

_RELEASE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,4}")

SHARES = 100
"""So many shares it takes to judge by."""


def is_outdated(snapshot: Snapshot) -> bool:
    """Return whether the miner cuts off its replies, which a later version does not.

    Releases of XMRig itself are judged by their number. Forks have numbers of their own,
    and a build in between may have the fix or not: of these a reply has to be cut off.
    """
    summary, backends = snapshot.summary, snapshot.backends
    if summary.version is None:
        return False
    if (summary.ua or "").startswith("XMRig/") and _RELEASE.fullmatch(summary.version):
        return tuple(map(int, summary.version.split("."))) < FIXED_TRUNCATION
    return not (summary.complete and (backends is None or backends.complete))


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
        """Take a snapshot into account; `now` is of the monotonic clock."""
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
