"""Tests of telling a miner's processes apart, and counting across them."""

from dataclasses import asdict
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig.api.lifetime import Life, LifetimeCounter
from custom_components.xmrig.api.models import Summary

NOW = 1_000_000.0
WALL = 1_790_000_000.0


def summary(uptime: Any, connected: float | None = None) -> Summary:
    """Return what a miner says of its own age and that of its connection, in s."""
    connection = {} if connected is None else {"uptime_ms": int(connected * 1000)}
    return Summary.from_json({"uptime": uptime, "connection": connection})


def restarts(*polls: tuple[float, Any, float | None]) -> list[bool]:
    """Return what is seen at polls, each at so many s, of two ages in s."""
    life = Life()
    return [
        life.observe(summary(uptime, connected), now=NOW + at, wall=WALL + at)
        for at, uptime, connected in polls
    ]


@pytest.mark.parametrize(
    "polls",
    [
        pytest.param([(0, 500, 490), (10, 510, 500)], id="on and on"),
        pytest.param([(0, 500, 490), (10, 509, 499), (21, 519, 510)], id="rounding"),
        pytest.param([(0, 500, 490), (10, 506, 500)], id="a little behind"),
        pytest.param([(0, 500, 490), (3600, 4100, 4090)], id="not asked for long"),
        pytest.param([(0, 500, 490), (10, 510, 0)], id="the pool lost"),
        pytest.param([(0, 500, 0), (10, 510, 5)], id="the pool found"),
        pytest.param([(0, 500, 490), (10, 480, 500)], id="clock back"),
        pytest.param([(0, 500, 490), (10, 10, 500)], id="clock back far"),
        pytest.param([(0, 500, 490), (10, 4110, 500)], id="clock forward"),
        pytest.param([(0, 500, 490), (10, 400, 500), (20, 410, 510)], id="and on"),
        pytest.param([(0, 500, 490), (10, 2**64 - 9, 500)], id="before its start"),
        pytest.param([(0, 500, 490), (10, None, None), (20, 520, 510)], id="not said"),
        pytest.param([(0, None, None), (10, 5, 5)], id="not said at first"),
    ],
)
def test_the_same_process(polls: list[tuple[float, Any, float | None]]) -> None:
    """A clock that was set, or a pool that was lost, is no restart."""
    assert not any(restarts(*polls))


@pytest.mark.parametrize(
    "polls",
    [
        pytest.param([(0, 500, 490), (10, 3, 2)], id="at once"),
        pytest.param([(0, 500, 490), (10, 3, 0)], id="not connected yet"),
        pytest.param([(0, 500, 0), (10, 3, 0)], id="never connected"),
        pytest.param([(0, 500, 490), (3600, 1800, 1790)], id="away, back with more"),
        pytest.param([(0, 500, 490), (600, 400, 390)], id="away, back with less"),
        pytest.param([(0, 30, 20), (10, 4, None)], id="young"),
        pytest.param([(0, 500, 490), (10, None, None), (20, 8, 7)], id="not said"),
    ],
)
def test_another_process(polls: list[tuple[float, Any, float | None]]) -> None:
    """Its uptime is less than it would have been, and so is its connection's."""
    assert restarts(*polls)[-1]
    assert not any(restarts(*polls)[:-1])


def test_a_restart_is_seen_once() -> None:
    """The process goes on afterwards."""
    assert restarts((0, 500, 490), (10, 3, 2), (20, 13, 12), (30, 23, 22)) == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("uptime", "connected", "restarted"),
    [
        (500, 490, False),
        (480, 470, False),
        (380, 490, False),
        (4000, 490, False),
        (380, 370, True),
        (5, 0, True),
    ],
)
def test_the_time_when_nobody_watched(
    uptime: int, connected: int, restarted: bool
) -> None:
    """When the process started is known from before, by the clock of this side."""
    life = Life(started=WALL - 500)
    assert life.observe(summary(uptime, connected), now=NOW, wall=WALL) is restarted


def test_the_start_follows_the_clock_by_which_it_is_told() -> None:
    """So that a clock set while watching is no restart later on."""
    life = Life()
    life.observe(summary(500, 490), now=NOW, wall=WALL)
    assert life.started == WALL - 500
    life.observe(summary(401, 501), now=NOW + 11, wall=WALL + 11)
    assert life.started == WALL + 11 - 401
    later = Life(started=life.started)
    assert not later.observe(summary(1390, 9), now=NOW, wall=WALL + 1000)


def test_the_start_does_not_waver() -> None:
    """It is saved whenever it changes, which is not at every poll."""
    life = Life()
    for at in range(0, 600, 10):
        uptime = 500 + at + (at // 10) % 2
        life.observe(summary(uptime, uptime), now=NOW + at, wall=WALL + at)
    assert life.started == WALL - 500


LIVES = st.lists(
    st.lists(st.integers(0, 1000), min_size=1, max_size=5).map(sorted), max_size=5
)


@given(LIVES)
def test_counts_of_all_lives_add_up(lives: list[list[int]]) -> None:
    """Nothing is counted twice, and what was counted before is not lost."""
    counter = LifetimeCounter()
    for number, counts in enumerate(lives):
        for index, count in enumerate(counts):
            counter.update(count, restarted=number > 0 and index == 0)
            # Home Assistant may restart at any time.
            counter = LifetimeCounter(**asdict(counter))
            counter.update(count, restarted=False)
    assert counter.total == sum(counts[-1] for counts in lives)


def test_a_count_that_fell_began_anew() -> None:
    """Even if the restart was not noticed."""
    counter = LifetimeCounter()
    for count in (10, 12, 3, None, 4):
        counter.update(count, restarted=False)
    assert counter.total == 16


def test_a_count_that_is_not_said_is_waited_for() -> None:
    """A reply may have been cut off, also right after a restart."""
    counter = LifetimeCounter()
    counter.update(10, restarted=False)
    counter.update(None, restarted=True)
    counter.update(12, restarted=False)
    assert counter.total == 22
