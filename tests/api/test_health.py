"""Tests of the detection of problems."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.health import (
    Health,
    is_outdated,
    lacks_huge_pages,
)
from custom_components.xmrig_miner.api.models import Backends, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot

from .captures import VERSIONS, snapshot as captured

MINUTE = 60.0


def snapshot(
    hashrate: list[float | None] | None = None,
    *,
    good: int | None = 0,
    rejected: int = 0,
    **summary: Any,
) -> Snapshot:
    """Return the snapshot of a connected miner with these hashrates in H/s."""
    total = None if good is None else good + rejected
    return Snapshot(
        summary=Summary.from_json(
            {
                "paused": False,
                "algo": "rx/0",
                "hugepages": [10, 10],
                "connection": {"ip": "203.0.113.7", "uptime": 100},
                "hashrate": {"total": hashrate or [100.0, 100.0, 100.0]},
                "results": {"shares_good": good, "shares_total": total},
            }
            | summary
        ),
        backends=Backends.from_json([{"type": "cpu", "enabled": True}]),
    )


def said(
    version: str | None, ua: str | None, *, summary: bool = True, backends: bool = True
) -> Snapshot:
    """Return the snapshot of a miner of a version, complete or truncated."""
    return Snapshot(
        summary=Summary(version=version, ua=ua, complete=summary),
        backends=Backends(complete=backends),
    )


@pytest.mark.parametrize(
    ("version", "outdated"),
    [
        ("6.22.1", True),
        ("6.9.0", True),
        ("5.11.3", True),
        ("6.22", True),
        ("6.22.2", False),
        ("6.26.0", False),
        ("6.100.0", False),
        ("10.0.0", False),
        ("7", False),
    ],
)
def test_outdated_releases(version: str, outdated: bool) -> None:
    """Versions are compared as numbers, whether or not replies are complete."""
    for whole in (True, False):
        snapshot = said(version, f"XMRig/{version} (Linux x86_64)", summary=whole)
        assert is_outdated(snapshot) is outdated


@pytest.mark.parametrize(
    ("version", "ua"),
    [
        ("3.4.9", "XMRigCC/3.4.9 (Linux x86_64)"),
        ("6.26.0-mo4", "XMRig/6.26.0-mo4 (Linux x86_64)"),
        ("6.20.0-mo1", "XMRig/6.20.0-mo1 (Linux x86_64)"),
        ("6.21.4-dev", "XMRig/6.21.4-dev (Linux x86_64)"),
        ("1.0.0", "xmrig-fork/1.0.0"),
        # The config replaces it.
        ("6.22.1", "my miner"),
        ("6.22.1", None),
        ("unknown", "XMRig/unknown"),
        ("6.22.x", "XMRig/6.22.x"),
        ("6..1", "XMRig/6..1"),
        pytest.param("6." * 3000 + "1", "XMRig/6", id="many numbers"),
        pytest.param("6." + "1" * 5000, "XMRig/6", id="many digits"),
        pytest.param("\u0666.1", "XMRig/6", id="other digits"),
    ],
)
def test_other_builds_are_judged_by_their_replies(version: str, ua: str | None) -> None:
    """Their version numbers differ: only a truncated reply shows it."""
    assert not is_outdated(said(version, ua))
    assert is_outdated(said(version, ua, summary=False))
    assert is_outdated(said(version, ua, backends=False))
    unread = Snapshot(summary=Summary(version=version, ua=ua), backends=None)
    assert not is_outdated(unread)


@pytest.mark.parametrize("whole", [True, False])
def test_an_unknown_version_is_not_outdated(whole: bool) -> None:
    """There is no version to update."""
    assert is_outdated(said(None, None, summary=whole)) is False


@pytest.mark.parametrize(
    ("sent", "lacking"),
    [
        ({"hugepages": [0, 1172]}, True),
        ({"hugepages": [0, 1172], "algo": "rx/wow"}, True),
        ({"hugepages": [1172, 1172]}, False),
        ({"hugepages": [4, 1172]}, False),
        ({"hugepages": [0, 0]}, False),
        ({"hugepages": [0, 1172], "algo": "cn/r"}, False),
        ({"hugepages": [0, 1172], "algo": None}, False),
        ({"hugepages": [0, 1172], "paused": True}, False),
        ({"hugepages": False}, False),
        ({"hugepages": None}, False),
    ],
)
def test_lack_of_huge_pages(sent: dict[str, Any], lacking: bool) -> None:
    """It matters, and is known, only while RandomX is mined."""
    assert lacks_huge_pages(snapshot(**sent)) is lacking


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_miner_is_judged(version: str) -> None:
    """Neither version truncates replies."""
    assert not is_outdated(captured(version, "mining"))


def test_mining_without_a_hash_is_timed() -> None:
    """From the first poll that shows it."""
    health = Health()
    for minute in range(4):
        state = snapshot([0.0, 0.0, 50.0])
        health.observe(state, now=minute * MINUTE, restarted=False)
    assert health.idle_for(now=4 * MINUTE) == 4 * MINUTE


def test_it_does_not_end_when_the_last_window_is_empty() -> None:
    """After 15 minutes all windows are empty, and the time continues."""
    health = Health()
    for minute in range(20):
        state = snapshot([0.0, 0.0, 50.0 if minute < 15 else 0.0])
        health.observe(state, now=minute * MINUTE, restarted=False)
    assert health.idle_for(now=20 * MINUTE) == 20 * MINUTE


@pytest.mark.parametrize(
    "state",
    [
        snapshot([1.0, 0.0, 50.0]),
        snapshot([0.0, 0.0, 50.0], paused=True),
        snapshot([0.0, 0.0, 50.0], connection={"uptime": 0, "ip": None, "pool": "a:1"}),
        snapshot([None, None, None]),
        Snapshot(
            summary=snapshot([0.0, 0.0, 50.0]).summary,
            backends=Backends.from_json([{"type": "cpu", "enabled": False}]),
        ),
    ],
    ids=["a hash", "paused", "no pool", "unknown", "stopped"],
)
def test_it_ends_when_there_is_a_reason_or_a_hash(state: Snapshot) -> None:
    """Then the time starts again."""
    health = Health()
    health.observe(snapshot([0.0, 0.0, 50.0]), now=0, restarted=False)
    health.observe(state, now=MINUTE, restarted=False)
    assert health.idle_for(now=2 * MINUTE) == 0
    health.observe(snapshot([0.0, 0.0, 50.0]), now=3 * MINUTE, restarted=False)
    assert health.idle_for(now=4 * MINUTE) == MINUTE


def test_a_miner_that_has_never_hashed_is_starting() -> None:
    """Starting does not count: the miner does not report that it mines."""
    health = Health()
    health.observe(snapshot([0.0, 0.0, 0.0]), now=0, restarted=False)
    assert health.idle_for(now=MINUTE) == 0


def rate(*polls: tuple[int | None, int], restarts: tuple[int, ...] = ()) -> Any:
    """Return the rejection rate after polls of good and rejected shares."""
    health = Health()
    for index, (good, rejected) in enumerate(polls):
        state = snapshot(good=good, rejected=rejected)
        health.observe(state, now=index, restarted=index in restarts)
    return health.reject_rate


def test_a_reject_rate_takes_a_hundred_shares() -> None:
    """With fewer shares, the rate is unknown."""
    assert Health().reject_rate is None
    assert rate((5000, 4000)) is None
    assert rate((0, 0), (50, 49)) is None
    assert rate((0, 0), (90, 10)) == 10
    assert rate((5000, 4000), (5100, 4000)) == 0
    assert rate((5000, 4000), (5090, 4010)) == 10


def test_only_the_last_hundred_shares_are_judged() -> None:
    """Older ones are dropped."""
    assert rate((0, 0), (0, 50), (50, 50), (100, 50)) == 0
    assert rate((0, 0), (0, 50), (50, 50), (99, 50)) == pytest.approx(5000 / 149)
    bad_first = [(0, 0), *((share, 20) for share in range(0, 300, 10))]
    assert rate(*bad_first) == 0


def test_another_process_is_judged_by_its_own_shares() -> None:
    """Its counters restart, even if the restart was not detected."""
    assert rate((0, 0), (50, 50), (0, 0), (10, 0)) is None
    assert rate((0, 0), (50, 50), (60, 60), restarts=(2,)) is None
    assert rate((0, 0), (50, 50), (10, 0), (110, 0)) == 0
    # Fewer shares than before, but more than were rejected before
    found = rate((0, 0), (50, 50), (90, 0), (100, 100))
    assert found == pytest.approx(100 * 100 / 110)


def test_missing_shares_are_waited_for() -> None:
    """A reply may be truncated."""
    assert rate((0, 0), (None, 0), (94, 6)) == 6


def test_rejected_shares_that_are_not_said_are_waited_for() -> None:
    """All shares without the good ones say nothing of a rate."""
    health = Health()
    for now, results in enumerate(
        (
            {"shares_good": 0, "shares_total": 0},
            {"shares_total": 50},
            {"shares_good": 94, "shares_total": 100},
            {"shares_total": 150},
        )
    ):
        health.observe(snapshot(results=results), now=now, restarted=False)
    assert health.reject_rate == 6


def test_polls_between_two_shares_change_nothing() -> None:
    """The shares are what counts, not the polls."""
    assert rate(*[(0, 0)] * 3, *[(50, 50)] * 3) == 50
