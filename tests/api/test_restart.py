"""Tests of detecting restarts, and counting across them."""

from typing import Any, NamedTuple

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.models import Summary
from custom_components.xmrig_miner.api.restart import (
    TOLERANCE,
    TOLERANCE_AWAY,
    LifetimeCounter,
    RestartDetector,
)

NOW = 1_000_000.0
WALL = 1_790_000_000.0


class Poll(NamedTuple):
    """A poll and its reply; all times are in s since the first poll."""

    received: float
    uptime: Any
    connected: float | None = None
    hashes: int | None = None
    took: float = 0
    paused: bool | None = None

    def observed_by(self, detector: RestartDetector) -> bool:
        """Return whether a detector reports a restart."""
        return detector.observe(
            summary(self.uptime, self.connected, self.hashes, self.paused),
            sent=NOW + self.received - self.took,
            received=NOW + self.received,
            wall=WALL + self.received,
        )


def summary(
    uptime: Any,
    connected: float | None = None,
    hashes: int | None = None,
    paused: bool | None = None,
) -> Summary:
    """Return a summary with the uptime of the miner and of its connection, in s."""
    connection = {} if connected is None else {"uptime_ms": int(connected * 1000)}
    results = {} if hashes is None else {"hashes_total": hashes}
    return Summary.from_json(
        {
            "uptime": uptime,
            "connection": connection,
            "results": results,
            "paused": paused,
        }
    )


def restarts(*polls: Poll) -> list[bool]:
    """Return the restarts that are detected at polls."""
    detector = RestartDetector()
    return [poll.observed_by(detector) for poll in polls]


SAME_PROCESS = {
    "on and on": [Poll(0, 500, 490), Poll(10, 510, 500)],
    "rounding": [Poll(0, 500, 490), Poll(10, 509, 499), Poll(21, 519, 510)],
    "a little behind": [Poll(0, 500, 490), Poll(10, 506, 500)],
    "not asked for long": [Poll(0, 500, 490), Poll(3600, 4100, 4090)],
    "the pool lost": [Poll(0, 500, 490), Poll(10, 510, 0)],
    "the pool found": [Poll(0, 500, 0), Poll(10, 510, 5)],
    # A clock that was set
    "clock back": [Poll(0, 500, 490), Poll(10, 480, 500)],
    "clock back far": [Poll(0, 500, 490), Poll(10, 10, 500)],
    "clock back, the pool lost": [Poll(0, 500, 490, 8), Poll(10, 480, 0, 8)],
    "clock back without a pool": [Poll(0, 500, 0), Poll(10, 480, 0)],
    "clock forward": [Poll(0, 500, 490), Poll(10, 4110, 500)],
    "and on": [Poll(0, 500, 490), Poll(10, 400, 500), Poll(20, 410, 510)],
    "clock back far, just connected": [Poll(0, 500, 0.5), Poll(10, 10, 10.5)],
    "clock back far, just connected, and counting": [
        Poll(0, 500, 0.5, 40),
        Poll(10, 10, 10.5, 41),
    ],
    "clock back far, its connection a little younger": [
        Poll(0, 500, 5),
        Poll(10, 10, 10),
    ],
    "clock back far, not asked for long": [
        Poll(0, 100_000, 0.5),
        Poll(20_000, 20_000, 20_000.5),
    ],
    "just as far behind as a reply may be": [Poll(0, 2, 0), Poll(10, 2 + 10 - 5, 0)],
    "before its start": [
        Poll(0, 500, 490),
        Poll(10, 2**64 - 9, 500),
        Poll(20, 520, 510),
    ],
    "far forward and back": [
        Poll(0, 500, 0, 8),
        Poll(10, 10**8, 0, 8),
        Poll(20, 520, 0, 8),
    ],
    "not said": [Poll(0, 500, 490), Poll(10, None), Poll(20, 520, 510)],
    "not said at first": [Poll(0, None), Poll(10, 5, 5)],
    # A frozen uptime: a cache, or a suspended virtual machine
    "frozen": [Poll(0, 14835, 14000, 9), *[Poll(n, 14835, 14000, 9) for n in range(8)]],
    "frozen for long": [Poll(0, 500, 490, 9), Poll(90_000, 500, 490, 9)],
    "frozen, with a wrong count": [Poll(0, 500, 490, 9), Poll(10, 500, 490, 8)],
    "frozen and young": [Poll(0, 8, 5, 9), Poll(10, 8, 5, 9), Poll(20, 8, 5, 9)],
    "frozen, young and paused": [
        Poll(0, 8, 5, 9, paused=False),
        Poll(10, 8, 5, 9, paused=True),
        Poll(20, 8, 5, 9, paused=True),
    ],
    "frozen without a pool": [Poll(0, 8, 0, 9), Poll(10, 8, 0, 9)],
    "frozen, then on": [Poll(0, 500, 490), Poll(3600, 500, 490), Poll(3610, 510, 500)],
    "frozen, then set": [
        Poll(0, 500, 490),
        Poll(3600, 500, 490),
        Poll(3610, 4110, 500),
    ],
    # A late reply was valid at some time since its request
    "late": [Poll(0, 500, 490), Poll(17, 510, 500, took=7), Poll(20, 520, 510)],
    "late both times": [Poll(0, 500, 490, took=9), Poll(18, 509, 499, took=9)],
    "late at first": [Poll(9, 500, 490, took=9), Poll(10, 510, 500)],
    "late and young": [Poll(0, 1, 0), Poll(17, 9, 0, took=9), Poll(20, 21, 0)],
    "late after its connection was lost": [
        Poll(9, 500, 490, took=9),
        Poll(18, 501, 0, took=9),
    ],
}

ANOTHER_PROCESS = {
    "at once": [Poll(0, 500, 490), Poll(10, 3, 2)],
    "not connected yet": [Poll(0, 500, 490), Poll(10, 3, 0)],
    "never connected": [Poll(0, 500, 0), Poll(10, 3, 0)],
    "away, back with more": [Poll(0, 500, 490), Poll(3600, 1800, 1790)],
    "away, back with less": [Poll(0, 500, 490), Poll(600, 400, 390)],
    "young": [Poll(0, 30, 20), Poll(10, 4)],
    "as old as the time since": [Poll(0, 500, 0), Poll(10, 10 + 5, 0)],
    "connected, as the one before never was": [Poll(0, 500, 0), Poll(10, 8, 7)],
    "connected for a little longer than it lives": [
        Poll(0, 500, 0),
        Poll(10, 3, 3 + 5),
    ],
    "not said": [Poll(0, 500, 490), Poll(10, None), Poll(20, 8, 7)],
    "late": [Poll(0, 500, 490, took=9), Poll(18, 3, 2, took=9)],
    "after a clock that was set": [
        Poll(0, 500, 490),
        Poll(10, 400, 500),
        Poll(20, 4, 3),
    ],
    "as old as the one before": [Poll(0, 8, 7, 40), Poll(12, 8, 7, 0)],
    "as old, and not paused anymore": [
        Poll(0, 8, 7, 0, paused=True),
        Poll(10, 8, 7, 0, paused=False),
    ],
    "as old, with a younger connection": [Poll(0, 10, 8), Poll(10, 10, 7)],
    "as many shares as the one before": [
        Poll(0, 500, 490, 40),
        Poll(600, 300, 290, 40),
    ],
    "with a clock that was set back": [Poll(0, 5000, 4990, 40), Poll(10, 900, 5, 0)],
    "at once, after one that had just connected": [
        Poll(0, 500, 5, 40),
        Poll(10, 9, 10, 0),
    ],
    "at once, after a paused one that had just connected": [
        Poll(0, 10, 0.7, 0, paused=True),
        Poll(10, 9, 9.5, 0, paused=False),
    ],
}


@pytest.mark.parametrize("name", SAME_PROCESS)
def test_the_same_process(name: str) -> None:
    """An adjusted clock, a late reply, or a lost pool is not a restart."""
    assert not any(restarts(*SAME_PROCESS[name]))


@pytest.mark.parametrize("name", ANOTHER_PROCESS)
def test_another_process(name: str) -> None:
    """Its uptime and that of its connection are lower than expected."""
    polls = ANOTHER_PROCESS[name]
    assert restarts(*polls) == [False] * (len(polls) - 1) + [True]


@pytest.mark.parametrize("connected", [0, TOLERANCE_AWAY, 500])
@pytest.mark.parametrize("younger", [0, TOLERANCE_AWAY, TOLERANCE_AWAY + 1])
def test_a_restart_between_two_runs_of_this_side(
    younger: int, connected: float
) -> None:
    """The clocks of two machines may differ by a minute; a connection tells too."""
    detector = RestartDetector(started=WALL - 500)
    restarted = Poll(0, 500 - younger, connected).observed_by(detector)
    assert restarted is (younger > TOLERANCE_AWAY and connected < 500)


@pytest.mark.parametrize(
    ("back", "is_unknown"),
    [(0, False), (TOLERANCE_AWAY, False), (TOLERANCE_AWAY + 1, True), (WALL, True)],
)
def test_a_clock_that_shows_a_time_before_the_start(
    back: float, is_unknown: bool
) -> None:
    """It was set back, so that it tells nothing of a restart."""
    detector = RestartDetector(started=WALL + back)
    assert not detector.is_unknown
    assert not Poll(0, 0, 0).observed_by(detector)
    assert detector.is_unknown is is_unknown
    # From then on, the monotonic clock tells
    assert not Poll(10, 10, 10).observed_by(detector)
    assert not detector.is_unknown
    assert Poll(20, 0, 0).observed_by(detector)


@pytest.mark.parametrize("late", [0, 25, 30, 31])
def test_the_start_is_stored_again_only_if_it_moved(late: int) -> None:
    """Each time it is written to disk, so a little is left as it was."""
    detector = RestartDetector()
    Poll(0, 500, 490).observed_by(detector)
    Poll(60, 560 - late, 550).observed_by(detector)
    assert detector.started == WALL - 500 + (late if late > 30 else 0)


@pytest.mark.parametrize("next_count", [100, 120, 150])
def test_a_jump_is_confirmed_by_a_count_that_follows(next_count: int) -> None:
    """One that is as high, or higher by as much as is plausible."""
    counter = LifetimeCounter()
    counter.update(100, restarted=False, max_step=50)
    assert (counter.total, counter.last) == (0, None)
    counter.update(next_count, restarted=False, max_step=50)
    assert (counter.total, counter.last) == (next_count, next_count)


def test_a_count_that_fell_confirms_no_jump_of_another_process() -> None:
    """It was that of the process before."""
    counter = LifetimeCounter(100, 100)
    counter.update(50, restarted=False, max_step=50)
    counter.update(60, restarted=True, max_step=50)
    assert counter.total == 100
    counter.update(61, restarted=False, max_step=50)
    assert counter.total == 161


def test_a_restart_is_seen_once() -> None:
    """It is reported only once."""
    polls = (Poll(0, 500, 490), Poll(10, 3, 2), Poll(20, 13, 12), Poll(30, 23, 22))
    assert restarts(*polls) == [False, True, False, False]


@given(
    steps=st.lists(
        st.tuples(st.floats(0.1, 100), st.floats(0, 10), st.floats(0, 1)), min_size=2
    ),
    uptime=st.integers(0, 10**6),
)
def test_no_delay_is_a_restart(
    steps: list[tuple[float, float, float]], uptime: int
) -> None:
    """The uptime may be from any time within a request."""
    detector = RestartDetector()
    now = 0.0
    for pause, took, share in steps:
        sent = now + pause
        now = sent + took
        poll = Poll(now, int(uptime + sent + took * share), took=took)
        assert not poll.observed_by(detector)


@given(
    before=st.integers(100, 10**6),
    away=st.floats(20, 10**5),
    share=st.floats(0, 0.9),
    took=st.floats(0, 9),
)
def test_every_restart_is_seen(
    before: int, away: float, share: float, took: float
) -> None:
    """However long the miner was unreachable."""
    uptime = int(away * share)
    polls = (Poll(0, before), Poll(away + took, uptime, took=took))
    # Except if the process is as old as the previous one would be
    is_unclear = uptime >= before + away - TOLERANCE or uptime == before
    assert restarts(*polls)[1] is not is_unclear


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
def test_the_time_between_two_runs(
    uptime: int, connected: int, restarted: bool
) -> None:
    """The start of the process is stored, by the local clock."""
    detector = RestartDetector(started=WALL - 500)
    assert Poll(0, uptime, connected).observed_by(detector) is restarted


def test_the_start_follows_the_clock() -> None:
    """So that adjusting the clock is not taken for a restart."""
    detector = RestartDetector()
    Poll(0, 500, 490).observed_by(detector)
    assert detector.started == WALL - 500
    Poll(11, 401, 501).observed_by(detector)
    assert detector.started == WALL + 11 - 401
    later = RestartDetector(started=detector.started)
    assert not Poll(1000, 1390, 9).observed_by(later)


def test_the_start_is_steady() -> None:
    """It does not change at every poll, so it is rarely saved."""
    detector = RestartDetector()
    for at in range(0, 600, 10):
        uptime = 500 + at + (at // 10) % 2
        Poll(at, uptime, uptime).observed_by(detector)
    assert detector.started == WALL - 500


STEP = 1000

PROCESSES = st.lists(
    st.lists(st.integers(1, STEP), min_size=1, max_size=5).map(sorted), max_size=5
)


def counted(*counts: int | None, last: int = 0, total: int = 0) -> int:
    """Return the total after counts without a detected restart."""
    counter = LifetimeCounter(total=total, last=last)
    for count in counts:
        counter.update(count, restarted=False, max_step=STEP)
    return counter.total


@given(PROCESSES)
def test_counts_of_all_processes_add_up(processes: list[list[int]]) -> None:
    """Nothing is counted twice, and nothing is lost."""
    counter = LifetimeCounter()
    for number, counts in enumerate(processes):
        for index, count in enumerate((0, *counts)):
            counter.update(count, restarted=number > 0 and index == 0, max_step=STEP)
            # Home Assistant may restart at any time, and stores these two values
            counter = LifetimeCounter(total=counter.total, last=counter.last)
            counter.update(count, restarted=False, max_step=STEP)
    assert counter.total == sum(counts[-1] for counts in processes)


@given(PROCESSES, st.data())
def test_one_wild_count_is_never_added(
    processes: list[list[int]], data: st.DataObject
) -> None:
    """A single wrong value is never added, wherever it occurs."""
    counts = [
        (count, number > 0 and index == 0)
        for number, process in enumerate(processes)
        for index, count in enumerate((0, *process, process[-1]))
    ]
    place = data.draw(st.integers(1, max(1, len(counts) - 2)))
    wild = data.draw(
        st.sampled_from([2**63, 2**64 - 1, -1]) | st.integers(2 * STEP, 2**70)
    )
    counter = LifetimeCounter()
    for number, (count, restarted) in enumerate(counts):
        if number == place and not restarted:
            counter.update(wild, restarted=False, max_step=STEP)
        counter.update(count, restarted=restarted, max_step=STEP)
    assert counter.total == sum(process[-1] for process in processes)


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        pytest.param((10, 12), 12, id="it rises"),
        pytest.param((10, 10), 10, id="it stays"),
        pytest.param((10, None, 12), 12, id="it is not said"),
        pytest.param((10, 3), 10, id="it fell"),
        pytest.param((10, 3, 4), 14, id="it fell and goes on from there"),
        pytest.param((10, 3, 3), 13, id="it fell and stays there"),
        pytest.param((10, 3, None, 4), 14, id="it fell, and was not said"),
        pytest.param((10, 0, 11), 11, id="one reply was wrong"),
        pytest.param((10, 0, 10, 0, 11), 11, id="each second reply was wrong"),
        pytest.param((10, 10 + STEP), 10 + STEP, id="as much as there can be"),
        pytest.param((10, 11 + STEP), 10, id="more than there can be"),
        pytest.param((10, 2**63, 11), 11, id="one wild value"),
        pytest.param((10, 2**63, None, 11), 11, id="one wild value, and none"),
        pytest.param((10, 5000, 5001), 5001, id="two that agree"),
        pytest.param((10, 2**63, 5000, 11), 11, id="two that do not agree"),
        pytest.param((10, 2**63, 5000, 5001), 5001, id="wild, then two that agree"),
        pytest.param((10, 3, 2**63, 11), 11, id="one too small, one too large"),
        pytest.param((10, 2**63, 3, 11), 11, id="one too large, one too small"),
        pytest.param((10, 2**62, 2**63, 11), 11, id="two that rise too much"),
        pytest.param((5000, 5001, 2, 2000, 5002), 5002, id="too small, then too large"),
        pytest.param((5000, 5001, 3000, 3001), 8002, id="much after it fell"),
        pytest.param((10, -1, 11), 11, id="less than none"),
    ],
)
def test_counts_are_taken_with_care(counts: tuple[int | None, ...], total: int) -> None:
    """A count that fell, or rose too much, must be confirmed by the next one."""
    assert counted(*counts) == total


def test_a_restart_that_was_seen_explains_a_count_that_fell() -> None:
    """It needs no confirmation."""
    counter = LifetimeCounter(total=10, last=10)
    counter.update(3, restarted=True, max_step=STEP)
    assert counter.total == 13


def test_a_count_that_did_not_fall_is_not_a_new_one() -> None:
    """A wrongly detected restart must not add everything again."""
    counter = LifetimeCounter(total=24, last=24)
    counter.update(24, restarted=True, max_step=STEP)
    counter.update(32, restarted=True, max_step=STEP)
    assert counter.total == 32


def test_a_restart_explains_no_wild_count() -> None:
    """Too large a rise must still be confirmed."""
    counter = LifetimeCounter(total=24, last=24)
    counter.update(2**63, restarted=True, max_step=STEP)
    counter.update(3, restarted=False, max_step=STEP)
    counter.update(4, restarted=False, max_step=STEP)
    assert counter.total == 28


def test_a_missing_count_after_a_restart_is_waited_for() -> None:
    """A reply may be truncated; the next ones have the new count."""
    counter = LifetimeCounter(total=10, last=10)
    counter.update(None, restarted=True, max_step=STEP)
    for count in (3, 4):
        counter.update(count, restarted=False, max_step=STEP)
    assert counter.total == 14


def test_the_first_count_of_all() -> None:
    """The count of a miner that has been running for long is included."""
    counter = LifetimeCounter()
    for count in (10**9, 10**9 + 5):
        counter.update(count, restarted=False, max_step=STEP)
    assert counter.total == 10**9 + 5
