"""Events: what happened to a miner between two polls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .snapshot import Snapshot

MAX_PATHS = 100
"""Maximum number of changed values in an event, to keep it small enough to record."""


class ActivityType(StrEnum):
    """Kinds of events."""

    RESTARTED = "restarted"
    POOL_CHANGED = "pool_changed"
    ALGORITHM_CHANGED = "algorithm_changed"
    BEST_SHARE = "best_share"
    CONFIG_CHANGED = "config_changed"
    STATE_RESTORED = "state_restored"


@dataclass(frozen=True)
class Activity:
    """One event with its facts, which contain no wallet, password or token."""

    type: StrEnum
    facts: dict[str, Any] = field(default_factory=dict)


def detect_activities(
    before: Snapshot, after: Snapshot, *, restarted: bool, changed_paths: Sequence[str]
) -> Iterator[Activity]:
    """Yield what happened between two snapshots.

    `changed_paths` are the values of the config that were changed externally.
    """
    if restarted:
        yield Activity(
            ActivityType.RESTARTED,
            {"uptime": after.summary.uptime, "version": after.summary.version},
        )
    if pool := _changed(before.summary.connection.pool, after.summary.connection.pool):
        yield Activity(ActivityType.POOL_CHANGED, pool)
    if algorithm := _changed(before.summary.algo, after.summary.algo):
        yield Activity(ActivityType.ALGORITHM_CHANGED, algorithm)
    if changed_paths:
        paths = list(changed_paths)[:MAX_PATHS]
        yield Activity(ActivityType.CONFIG_CHANGED, {"paths": paths})


@dataclass
class ActivityLog:
    """Detects what happened to a miner from poll to poll."""

    _before: Snapshot | None = None
    """The last poll, with the last known pool and algorithm."""
    _best_share: int = 0

    def observe(
        self,
        snapshot: Snapshot,
        *,
        restarted: bool,
        restored: bool,
        changed_paths: Sequence[str],
    ) -> tuple[Activity, ...]:
        """Return what happened since the previous poll.

        `restored` is whether the request was restored after a restart.
        """
        # A restart while Home Assistant was down is reported at the first poll
        activities = list(
            detect_activities(
                self._before or snapshot,
                snapshot,
                restarted=restarted,
                changed_paths=changed_paths,
            )
        )
        best_share = snapshot.summary.results.best_share or 0
        if self._before is not None and best_share > self._best_share:
            activities.append(
                Activity(ActivityType.BEST_SHARE, {"difficulty": best_share})
            )
        self._best_share = max(self._best_share, best_share)
        if restored:
            facts = {
                "mining": snapshot.state.request.mining,
                "threads": snapshot.state.threads,
            }
            activities.append(Activity(ActivityType.STATE_RESTORED, facts))
        self._before = _with_last_known(self._before, snapshot)
        return tuple(activities)


def _with_last_known(before: Snapshot | None, after: Snapshot) -> Snapshot:
    """Return a snapshot in which unknown values are replaced by the last known ones.

    A miner names no pool while it is connecting, and no algorithm until its first job.
    """
    summary = after.summary
    if before is None or (summary.algo and summary.connection.pool):
        return after
    last = before.summary
    pool = summary.connection.pool or last.connection.pool
    return replace(
        after,
        summary=replace(
            summary,
            algo=summary.algo or last.algo,
            connection=replace(summary.connection, pool=pool),
        ),
    )


def _changed(before: str | None, after: str | None) -> dict[str, str] | None:
    """Return both values if they differ and both are known."""
    if before is None or after is None or before == after:
        return None
    return {"before": before, "after": after}
