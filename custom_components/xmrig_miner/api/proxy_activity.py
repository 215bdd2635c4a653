"""Events: what happened to a proxy between two polls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .activity import MAX_PATHS, Activity
from .models import WorkerMode, Workers
from .proxy_snapshot import ProxySnapshot

MAX_NAMES = 50
"""Maximum number of workers named in an event, to keep it small enough to record."""


class ProxyActivityType(StrEnum):
    """Kinds of events."""

    RESTARTED = "restarted"
    CONFIG_CHANGED = "config_changed"
    POOL_LOST = "pool_lost"
    """The miners keep mining for nothing."""
    POOL_BACK = "pool_back"
    WORKER_APPEARED = "worker_appeared"
    WORKER_GONE = "worker_gone"
    WORKER_RETURNED = "worker_returned"


@dataclass
class _WorkerLog:
    """Detects from reading to reading which workers come and go."""

    _before: Workers | None = None
    _online: frozenset[str] = frozenset()
    """The workers that are online, or were online at the reading before last."""
    _absent: frozenset[str] = frozenset()
    """The workers among them that were offline at the last reading."""

    def observe(self, workers: Workers) -> Iterator[Activity]:
        """Yield what happened since the previous reading, if this is a new one.

        A worker is gone once it is offline in two readings. If the proxy names workers
        differently than before, all rows are different workers.
        """
        before, self._before = self._before, workers
        if workers is before:
            return
        if before is None or before.mode is not workers.mode:
            self._online, self._absent = workers.online, frozenset()
            return
        new = workers.online - self._online
        absent = self._online - workers.online
        gone = absent & self._absent
        self._online = (self._online | new) - gone
        self._absent = absent - gone
        known = before.rows.keys()
        for kind, names in (
            (ProxyActivityType.WORKER_APPEARED, new - known),
            (ProxyActivityType.WORKER_RETURNED, new & known),
            (ProxyActivityType.WORKER_GONE, gone),
        ):
            if names:
                yield Activity(kind, _facts(names, workers))


@dataclass
class ProxyActivityLog:
    """Detects what happened to a proxy from poll to poll."""

    _is_connected: bool | None = None
    """Whether a pool was connected, as far as last known."""
    _workers: _WorkerLog = field(default_factory=_WorkerLog)

    def observe(
        self,
        snapshot: ProxySnapshot,
        *,
        restarted: bool,
        changed_paths: Sequence[str],
    ) -> tuple[Activity, ...]:
        """Return what happened since the previous poll.

        `changed_paths` are the values of the config that were changed externally.
        """
        activities: list[Activity] = []
        summary = snapshot.summary
        if restarted:
            facts = {"uptime": summary.uptime, "version": summary.version}
            activities.append(Activity(ProxyActivityType.RESTARTED, facts))
        if changed_paths:
            paths = list(changed_paths)[:MAX_PATHS]
            activities.append(
                Activity(ProxyActivityType.CONFIG_CHANGED, {"paths": paths})
            )
        is_connected = snapshot.is_pool_connected
        if is_connected is not None:
            if self._is_connected is not None and is_connected != self._is_connected:
                kind = (
                    ProxyActivityType.POOL_BACK
                    if is_connected
                    else ProxyActivityType.POOL_LOST
                )
                activities.append(Activity(kind, {"miners": summary.miners}))
            self._is_connected = is_connected
        if snapshot.workers:
            activities += self._workers.observe(snapshot.workers)
        return tuple(activities)


def _facts(names: Iterable[str], workers: Workers) -> dict[str, object]:
    """Return how many workers an event is about, and some of their names."""
    shown = sorted(names)
    facts: dict[str, object] = {"count": len(shown)}
    if workers.mode is not WorkerMode.PASSWORD:
        facts["workers"] = [workers.shown_name(name) for name in shown[:MAX_NAMES]]
    return facts
