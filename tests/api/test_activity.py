"""Tests of the events between two polls."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.activity import (
    MAX_PATHS,
    Activity,
    ActivityType,
    detect_activities,
)
from custom_components.xmrig_miner.api.models import Connection, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot

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
