"""Detects problems of a miner from its replies."""

from collections import deque
from dataclasses import dataclass, field
import re

from .snapshot import Snapshot, Status

FIXED_TRUNCATION = (6, 22, 2)
"""The first version of XMRig that truncates no replies (xmrig/xmrig pull 3569)."""

_RELEASE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,4}")

SHARES = 100
"""Number of shares that the rejection rate is calculated from."""


def is_outdated(snapshot: Snapshot) -> bool:
    """Return whether the miner truncates its replies, which later versions do not.

    XMRig releases are judged by their version. Forks have their own versions, and
    development builds may lack the fix: these are outdated if they truncate a reply.
    """
    summary, backends = snapshot.summary, snapshot.backends
    if summary.version is None:
        return False
    if (summary.ua or "").startswith("XMRig/") and _RELEASE.fullmatch(summary.version):
        return tuple(map(int, summary.version.split("."))) < FIXED_TRUNCATION
    return not (summary.complete and (backends is None or backends.complete))


def lacks_huge_pages(snapshot: Snapshot) -> bool:
    """Return whether RandomX, which needs huge pages most, runs without them."""
    pages = snapshot.summary.hugepages
    return (
        snapshot.status is Status.MINING
        and (snapshot.summary.algo or "").startswith("rx/")
        and bool(pages.total)
        and pages.allocated == 0
    )


@dataclass
class Health:
    """Detects problems that only several snapshots reveal."""

    _idle_since: float | None = None
    _shares: deque[tuple[int, int]] = field(default_factory=deque)

    def observe(self, snapshot: Snapshot, *, now: float, restarted: bool) -> None:
        """Process a snapshot; `now` is the monotonic time."""
        # Once all windows are empty, the miner seems not to have started yet
        reports_mining = snapshot.status is Status.MINING or (
            snapshot.status is Status.STARTING and self._idle_since is not None
        )
        if not reports_mining or snapshot.summary.hashrate.seconds_10 != 0:
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
        """Return how many seconds the miner has been mining without a hash."""
        return 0 if self._idle_since is None else now - self._idle_since

    @property
    def reject_rate(self) -> float | None:
        """Return the percentage of the last hundred shares that were rejected."""
        if not self._shares:
            return None
        (first_total, first_rejected), (total, rejected) = (
            self._shares[0],
            self._shares[-1],
        )
        if total - first_total < SHARES:
            return None
        return 100 * (rejected - first_rejected) / (total - first_total)
