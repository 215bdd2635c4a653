"""What happened to a miner between two polls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .document import MISSING, changes
from .models import Config, Snapshot
from .privacy import shown_path


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
    """One event, with the facts of it; never a wallet, password or token."""

    type: ActivityType
    facts: dict[str, Any] = field(default_factory=dict)


def between(
    before: Snapshot, after: Snapshot, *, restarted: bool, written: Config | None
) -> Iterator[Activity]:
    """Yield what happened between two snapshots.

    `written` is the config as it was last written from here, if it was in between:
    only what differs from it was somebody else.
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
    if before.config and after.config:
        paths = [
            shown_path(change.path)
            for change in changes(
                (written or before.config).document, after.config.document
            )
            # What is missing in a config that is written, the miner fills in.
            if not (written and change.old is MISSING)
        ]
        if paths:
            yield Activity(ActivityType.CONFIG_CHANGED, {"paths": paths})


def _changed(before: str | None, after: str | None) -> dict[str, str] | None:
    """Return two values that differ, if both are known."""
    if before is None or after is None or before == after:
        return None
    return {"before": before, "after": after}
