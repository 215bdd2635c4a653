"""Tests of the events between two polls."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.activity import (
    MAX_PATHS,
    Activity,
    ActivityLog,
    ActivityType,
    detect_activities,
)
from custom_components.xmrig_miner.api.models import Connection, Results, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState, Request

KNOWN = Snapshot(
    summary=Summary(
        uptime=12,
        version="6.26.0",
        algo="rx/0",
        connection=Connection(pool="a.example.org:1"),
    )
)


def changed(**values: Any) -> Snapshot:
    """Return a snapshot with another summary."""
    return replace(KNOWN, summary=replace(KNOWN.summary, **values))


def detected(
    before: Snapshot, after: Snapshot, *, restarted: bool = False, paths: Any = ()
) -> list[Activity]:
    """Return the detected activities."""
    return list(
        detect_activities(before, after, restarted=restarted, changed_paths=paths)
    )


@pytest.mark.parametrize(
    "after",
    [
        KNOWN,
        changed(uptime=22),
        changed(algo=None),
        changed(connection=Connection()),
        changed(version="6.26.1"),
    ],
    ids=["the same", "later", "no algorithm said", "no pool said", "another version"],
)
def test_nothing_happened(after: Snapshot) -> None:
    """A missing value is not a change, and neither is its return."""
    assert detected(KNOWN, after) == []
    assert detected(after, KNOWN) == []


def test_what_changed_is_named() -> None:
    """The old and the new value are named, in a fixed order."""
    after = changed(algo="kawpow", connection=Connection(pool="b.example.org:1"))
    assert detected(KNOWN, after, restarted=True, paths=["retries"]) == [
        Activity(ActivityType.RESTARTED, {"uptime": 12, "version": "6.26.0"}),
        Activity(
            ActivityType.POOL_CHANGED,
            {"before": "a.example.org:1", "after": "b.example.org:1"},
        ),
        Activity(ActivityType.ALGORITHM_CHANGED, {"before": "rx/0", "after": "kawpow"}),
        Activity(ActivityType.CONFIG_CHANGED, {"paths": ["retries"]}),
    ]


def test_a_restart_is_named_once() -> None:
    """Also if it was while Home Assistant was not running."""
    assert [one.type for one in detected(KNOWN, KNOWN, restarted=True)] == [
        ActivityType.RESTARTED
    ]


def test_an_event_names_no_more_paths_than_can_be_recorded() -> None:
    """A config with thousands of changes causes one small event."""
    paths = [f"cpu.key{number}" for number in range(100_000)]
    (activity,) = detected(KNOWN, KNOWN, paths=paths)
    assert activity.type is ActivityType.CONFIG_CHANGED
    assert activity.facts == {"paths": paths[:MAX_PATHS]}


def logged(
    log: ActivityLog,
    snapshot: Snapshot,
    *,
    restarted: bool = False,
    restored: bool = False,
    paths: Any = (),
) -> tuple[Activity, ...]:
    """Return what a log detects at a poll."""
    return log.observe(
        snapshot, restarted=restarted, restored=restored, changed_paths=paths
    )


@pytest.mark.parametrize(
    ("unknown", "after", "activity"),
    [
        (
            changed(algo=None),
            changed(algo="kawpow"),
            Activity(
                ActivityType.ALGORITHM_CHANGED, {"before": "rx/0", "after": "kawpow"}
            ),
        ),
        (
            changed(connection=Connection()),
            changed(connection=Connection(pool="b.example.org:1")),
            Activity(
                ActivityType.POOL_CHANGED,
                {"before": "a.example.org:1", "after": "b.example.org:1"},
            ),
        ),
    ],
    ids=["algorithm", "pool"],
)
def test_a_change_while_it_was_unknown(
    unknown: Snapshot, after: Snapshot, activity: Activity
) -> None:
    """It is reported once it is known again, compared with the last known value."""
    log = ActivityLog()
    assert [logged(log, one) for one in (KNOWN, unknown, unknown)] == [()] * 3
    assert logged(log, after) == (activity,)
    assert logged(log, after) == ()


def test_what_is_known_again_and_the_same_is_no_change() -> None:
    """A miner says no algorithm and no pool while it is connecting."""
    log = ActivityLog()
    unknown = changed(algo=None, connection=Connection())
    assert [logged(log, one) for one in (KNOWN, unknown, KNOWN)] == [()] * 3


def test_a_first_poll_while_the_miner_is_connecting() -> None:
    """What it then connects to is no change."""
    log = ActivityLog()
    unknown = changed(algo=None, connection=Connection())
    assert [logged(log, one) for one in (unknown, KNOWN)] == [()] * 2


def test_the_first_poll_has_none_to_be_compared_with() -> None:
    """What is known without it is reported: a restart, and what changed meanwhile."""
    assert logged(ActivityLog(), changed(results=Results(best_share=9))) == ()
    told = logged(ActivityLog(), KNOWN, restarted=True, paths=["retries"])
    assert told == (
        Activity(ActivityType.RESTARTED, {"uptime": 12, "version": "6.26.0"}),
        Activity(ActivityType.CONFIG_CHANGED, {"paths": ["retries"]}),
    )


def test_each_poll_is_compared_with_the_one_before() -> None:
    """So each event is reported once."""
    log = ActivityLog()
    told = [logged(log, changed(algo=algo)) for algo in ("a", "b", "b", "a")]
    assert told == [
        (),
        (Activity(ActivityType.ALGORITHM_CHANGED, {"before": "a", "after": "b"}),),
        (),
        (Activity(ActivityType.ALGORITHM_CHANGED, {"before": "b", "after": "a"}),),
    ]


def test_a_best_share_beats_all_before() -> None:
    """Those of the first poll too, and those of before a restart."""
    log = ActivityLog()
    polls = [7, 7, 9, None, 9, 8, 10, 0, 11]
    told = [logged(log, changed(results=Results(best_share=best))) for best in polls]
    assert [activities[0].facts for activities in told if activities] == [
        {"difficulty": 9},
        {"difficulty": 10},
        {"difficulty": 11},
    ]
    assert {one.type for activities in told for one in activities} == {
        ActivityType.BEST_SHARE
    }


def test_the_first_share_of_all_is_the_best() -> None:
    """Even of the lowest difficulty."""
    log = ActivityLog()
    logged(log, KNOWN)
    best = changed(results=Results(best_share=1))
    assert logged(log, best) == (Activity(ActivityType.BEST_SHARE, {"difficulty": 1}),)


def test_what_was_restored_is_reported_last() -> None:
    """With what the miner does since."""
    log = ActivityLog()
    logged(log, KNOWN)
    state = MinerState(request=Request(mining=False), threads=3)
    snapshot = replace(changed(results=Results(best_share=9)), state=state)
    restored = logged(log, snapshot, restored=True)
    assert [one.type for one in restored] == [
        ActivityType.BEST_SHARE,
        ActivityType.STATE_RESTORED,
    ]
    assert restored[1].facts == {"mining": False, "threads": 3}
    assert logged(log, snapshot) == ()
