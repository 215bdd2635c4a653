"""What happens to a proxy from poll to poll, by its replies alone."""

from collections.abc import Iterable
from typing import Any

import pytest

from custom_components.xmrig_miner.api.activity import MAX_PATHS, Activity
from custom_components.xmrig_miner.api.models import ProxySummary, Workers
from custom_components.xmrig_miner.api.models.proxy_summary import Upstreams
from custom_components.xmrig_miner.api.proxy_activity import (
    MAX_NAMES,
    ProxyActivityLog,
    ProxyActivityType as Type,
)
from custom_components.xmrig_miner.api.proxy_snapshot import STARTUP, ProxySnapshot


def workers(
    online: Iterable[str] = (), offline: Iterable[str] = (), mode: Any = "rig_id"
) -> Workers:
    """Return workers by their names."""
    rows = [(name, 1) for name in online] + [(name, 0) for name in offline]
    return Workers.from_json(
        {
            "mode": mode,
            "workers": [
                [name, "192.0.2.1", connections, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                for name, connections in rows
            ],
        }
    )


def snapshot(
    listed: Workers | None = None,
    *,
    active: int | None = 1,
    miners: int = 2,
    uptime: int = 100,
) -> ProxySnapshot:
    """Return a proxy with a pool and two miners."""
    upstreams = Upstreams(active=active, error=0, total=1)
    return ProxySnapshot(
        summary=ProxySummary(
            upstreams=upstreams, miners=miners, uptime=uptime, version="6.26.0"
        ),
        workers=listed,
    )


class Log:
    """Events from poll to poll."""

    def __init__(self) -> None:
        """Start without polls."""
        self.log = ProxyActivityLog()

    def __call__(
        self,
        proxy: ProxySnapshot,
        *,
        restarted: bool = False,
        paths: tuple[str, ...] = (),
    ) -> list[Activity]:
        """Return the events of a poll."""
        return list(self.log.observe(proxy, restarted=restarted, changed_paths=paths))

    def types(self, listed: Workers) -> list[tuple[Any, Any]]:
        """Return what a list of workers shows, and of which workers."""
        return [
            (activity.type, activity.facts["workers"])
            for activity in self(snapshot(listed))
        ]


def test_a_restart_and_a_config() -> None:
    """Both are reported with details, even at the first poll."""
    paths = tuple(f"pools.{number}" for number in range(MAX_PATHS + 1))
    log = Log()
    assert log(snapshot(uptime=9), restarted=True, paths=paths) == [
        Activity(Type.RESTARTED, {"uptime": 9, "version": "6.26.0"}),
        Activity(Type.CONFIG_CHANGED, {"paths": list(paths[:MAX_PATHS])}),
    ]
    assert log(snapshot()) == []


def test_a_pool_that_is_lost() -> None:
    """Once, and once that it is back; what is unknown in between changes nothing."""
    log = Log()
    lost, unknown = snapshot(active=0), snapshot(active=None)
    assert log(unknown) == []
    assert log(snapshot()) == []
    assert log(unknown) == []
    assert log(lost) == [Activity(Type.POOL_LOST, {"miners": 2})]
    assert log(lost) == []
    assert log(unknown) == []
    assert log(snapshot(miners=3)) == [Activity(Type.POOL_BACK, {"miners": 3})]
    assert log(snapshot()) == []


def test_a_pool_that_was_never_there() -> None:
    """It is not lost, but it comes back."""
    log = Log()
    assert log(snapshot(active=0, uptime=STARTUP)) == []
    assert log(snapshot()) == [Activity(Type.POOL_BACK, {"miners": 2})]


def test_workers_come_and_go() -> None:
    """One is gone after two readings without it, and returns if it is still listed."""
    log = Log()
    both, one = workers("ab"), workers("a", "b")
    assert log.types(both) == []
    assert log.types(one) == []
    assert log.types(workers("a", "b")) == [(Type.WORKER_GONE, ["b"])]
    assert log.types(workers("a", "b")) == []
    assert log.types(workers("ab")) == [(Type.WORKER_RETURNED, ["b"])]
    assert log.types(workers("abc")) == [(Type.WORKER_APPEARED, ["c"])]
    assert log.types(workers("abc")) == []


def test_a_short_break() -> None:
    """A worker that is away for one reading only has neither gone nor returned."""
    log = Log()
    log.types(workers("ab"))
    for _ in range(2):
        assert log.types(workers("a", "b")) == []
        assert log.types(workers("ab")) == []


def test_a_poll_without_a_new_reading() -> None:
    """The same list counts once, and so does none."""
    log = Log()
    log.types(workers("ab"))
    one = workers("a", "b")
    assert log.types(one) == []
    assert log.types(one) == []
    assert log(snapshot(None)) == []
    assert log.types(workers("a", "b")) == [(Type.WORKER_GONE, ["b"])]


def test_several_at_once() -> None:
    """In a fixed order: those that appeared, returned and are gone."""
    log = Log()
    log.types(workers("ab", "c"))
    log.types(workers("b", "ac"))
    assert log.types(workers("bcd", "a")) == [
        (Type.WORKER_APPEARED, ["d"]),
        (Type.WORKER_RETURNED, ["c"]),
        (Type.WORKER_GONE, ["a"]),
    ]


def test_a_pool_and_workers_in_one_poll() -> None:
    """All of it is told."""
    log = Log()
    log(snapshot(workers("ab")))
    activities = log(snapshot(workers("abc"), active=0))
    assert [activity.type for activity in activities] == [
        Type.POOL_LOST,
        Type.WORKER_APPEARED,
    ]


def test_other_names_are_other_workers() -> None:
    """Rows that are named by something else are new workers."""
    log = Log()
    log.types(workers("ab"))
    log.types(workers("a", "b"))
    assert log.types(workers("x", "b", mode="agent")) == []
    assert log.types(workers("xy", "b", mode="agent")) == [
        (Type.WORKER_APPEARED, ["y"])
    ]


@pytest.mark.parametrize(
    ("mode", "facts"),
    [
        (
            "rig_id",
            {
                "count": MAX_NAMES + 1,
                "workers": [f"rig{number:02}" for number in range(MAX_NAMES)],
            },
        ),
        ("password", {"count": MAX_NAMES + 1}),
    ],
)
def test_names_in_events(mode: str, facts: dict[str, object]) -> None:
    """No more than can be recorded, sorted, and no passwords."""
    names = [f"rig{number:02}" for number in range(MAX_NAMES + 1)]
    log = Log()
    log(snapshot(workers(mode=mode)))
    assert log(snapshot(workers(reversed(names), mode=mode))) == [
        Activity(Type.WORKER_APPEARED, facts)
    ]
