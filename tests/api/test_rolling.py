"""Tests of filling the gaps of hashrates."""

from dataclasses import dataclass, field
from itertools import repeat

import pytest

from custom_components.xmrig_miner.api.models import (
    Backend,
    Backends,
    BackendType,
    Hashrate,
    Summary,
)
from custom_components.xmrig_miner.api.rolling import (
    MAX_BRIDGE,
    MAX_GAP,
    MINUTE,
    QUARTER,
    Hashrates,
    RollingHashrates,
)
from custom_components.xmrig_miner.api.snapshot import Snapshot

CPU, CUDA = BackendType.CPU, BackendType.CUDA
EMPTY = Hashrate()


def windows(*values: float | None) -> Hashrate:
    """Return a hashrate; omitted windows equal the last one."""
    ten, one, fifteen = (*values, *repeat(values[-1], 3 - len(values)))
    return Hashrate(seconds_10=ten, minute_1=one, minutes_15=fifteen)


def backend(name: BackendType, hashrate: Hashrate, threads: int) -> Backend:
    """Return a backend that is enabled."""
    return Backend(
        type=name,
        enabled=True,
        hashrate=hashrate,
        reply=[{}] * threads,
    )


@dataclass
class Polled:
    """A polled miner, by default with its CPU only."""

    rolling: RollingHashrates = field(default_factory=RollingHashrates)
    now: float = 1000
    algo: str | None = "rx/0"

    def poll(
        self,
        *backends: Backend,
        after: float = 10,
        paused: bool = False,
        restarted: bool = False,
        complete: bool = True,
        total: Hashrate = EMPTY,
    ) -> Hashrates:
        """Return the hashrates after some seconds."""
        self.now += after
        summary = Summary(algo=self.algo, paused=paused, hashrate=total)
        by_type = {item.type: item for item in backends}
        snapshot = Snapshot(
            summary=summary, backends=Backends(by_type=by_type, complete=complete)
        )
        return self.rolling.observe(snapshot, now=self.now, restarted=restarted)

    def cpu(self, threads: int, *values: float | None, after: float = 10) -> Hashrate:
        """Return the CPU's hashrate after some seconds with a number of threads."""
        reply = windows(*values) if values else EMPTY
        return self.poll(backend(CPU, reply, threads), after=after)[CPU]


@pytest.fixture
def polled() -> Polled:
    """Return a miner that has hashed 400 H/s with four threads for a long time."""
    polled = Polled()
    polled.cpu(4, 400)
    return polled


def test_full_windows_are_taken_as_they_are(polled: Polled) -> None:
    """XMRig samples more often than it is polled."""
    assert polled.cpu(4, 410, 405, 402) == windows(410, 405, 402)


def test_the_last_hashrate_of_a_thread_bridges_an_empty_window(polled: Polled) -> None:
    """All threads are assumed to be equal."""
    assert polled.cpu(1).seconds_10 == 100
    assert polled.cpu(8).seconds_10 == 800


def test_a_number_of_threads_hashes_as_it_did_last(polled: Polled) -> None:
    """Threads beyond the number of cores add little."""
    polled.cpu(8, 500)
    polled.cpu(2, 220)
    assert polled.cpu(4).seconds_10 == 400
    assert polled.cpu(8).seconds_10 == 500
    assert polled.cpu(1).seconds_10 == 110


def test_a_bridge_ends(polled: Polled) -> None:
    """A window that stays empty has another cause."""
    assert polled.cpu(1, after=0).seconds_10 == 100
    assert polled.cpu(1, after=MAX_BRIDGE).seconds_10 == 100
    assert polled.cpu(1, after=0.1) == EMPTY
    polled.cpu(1, 90)
    assert polled.cpu(2).seconds_10 == 180


def test_a_window_that_fills_ends_a_bridge(polled: Polled) -> None:
    """The next one has the full time again."""
    polled.cpu(1, after=0)
    polled.cpu(1, 90, after=MAX_BRIDGE)
    polled.cpu(2, after=0)
    assert polled.cpu(2, after=MAX_BRIDGE).seconds_10 == 180


def test_threads_that_never_hashed_are_unknown() -> None:
    """A miner that just started has no previous hashrate."""
    assert Polled().cpu(4) == EMPTY


def test_no_threads_hash_nothing(polled: Polled) -> None:
    """A stopped backend has no windows, and continues as before."""
    assert polled.cpu(0).seconds_10 == 0
    polled.cpu(0, after=5 * MAX_BRIDGE)
    assert polled.cpu(4).seconds_10 == 400


def test_a_backend_that_is_off_hashed_nothing_as_far_as_is_known() -> None:
    """An enabled backend that has not started yet may have hashed."""
    polled = Polled()
    off = Backend(type=CPU, enabled=False)
    assert polled.poll(off)[CPU] == windows(0)
    assert polled.poll(off)[CPU] == windows(0)
    assert polled.poll(backend(CUDA, EMPTY, 0))[CUDA] == windows(0, None)


def test_a_backend_that_was_switched_off_hashed_before(polled: Polled) -> None:
    """Its share of the averages decreases over time."""
    off = Backend(type=CPU, enabled=False)
    found = polled.poll(off)[CPU]
    assert found.seconds_10 == 0
    assert found.minute_1 == pytest.approx(50 * 400 / MINUTE)
    found = polled.poll(off, after=50)[CPU]
    assert found.minute_1 == 0
    assert found.minutes_15 == pytest.approx(840 * 400 / QUARTER)


def test_zero_is_no_hashrate_of_threads(polled: Polled) -> None:
    """Without a pool, they are idle."""
    assert polled.cpu(2, 0).seconds_10 == 0
    assert polled.cpu(2).seconds_10 == 200


def test_the_means_are_of_what_was_hashed(polled: Polled) -> None:
    """Each reading covers the time since the previous one."""
    found = polled.cpu(1)
    assert found.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    assert found.minutes_15 == pytest.approx((890 * 400 + 10 * 100) / QUARTER)
    found = polled.cpu(1, 120, None, None, after=25)
    hashes = 10 * 100 + 25 * 120
    assert found.minute_1 == pytest.approx((25 * 400 + hashes) / MINUTE)
    assert found.minutes_15 == pytest.approx((865 * 400 + hashes) / QUARTER)


def test_the_means_forget_what_is_older_than_they_are(polled: Polled) -> None:
    """After their window, they only include the new threads."""
    for _ in range(5):
        assert polled.cpu(1, 100, None, None).minute_1 != 100
    assert polled.cpu(1, 100, None, None).minute_1 == pytest.approx(100)
    for _ in range(83):
        assert polled.cpu(1, 100, None, None).minutes_15 != pytest.approx(100)
    assert polled.cpu(1, 100, None, None).minutes_15 == pytest.approx(100)


def test_the_time_before_the_first_poll_is_known_by_the_windows() -> None:
    """Threads may change right after the first poll."""
    polled = Polled()
    polled.cpu(4, 500, 400, 200)
    found = polled.cpu(1, 100, None, None)
    assert found.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    hashes = 200.0 * QUARTER
    longer_ago = (hashes - 400 * MINUTE) / (QUARTER - MINUTE)
    hashes += 10 * 100 - 10 * longer_ago
    assert found.minutes_15 == pytest.approx(hashes / QUARTER)


def test_a_window_that_fills_later_adds_to_the_time_before() -> None:
    """At the first poll, the miner had run for less than 15 minutes."""
    polled = Polled()
    polled.cpu(4, 400, 400, None)
    assert polled.cpu(4, 400, None, None).minutes_15 is None
    polled.cpu(4, 400, 400, 300)
    found = polled.cpu(1, 100, None, None)
    assert found.minutes_15 == pytest.approx((890 * 300 + 10 * 100) / QUARTER, rel=0.01)


def test_windows_that_contradict_the_counts_are_left_out() -> None:
    """A longer time cannot have fewer hashes."""
    polled = Polled()
    polled.cpu(4, 400, 400, 1)
    assert polled.cpu(1, 100, None, None).minutes_15 is None


def test_more_hashes_than_were_counted_are_left_out() -> None:
    """A window only fills in the time before the known counts."""
    polled = Polled()
    polled.cpu(4, 400, 400, None)
    polled.cpu(4, 400, 1e6, 400)
    assert polled.cpu(4, 400, None, None) == windows(400)


def test_a_mean_waits_for_its_time_to_pass() -> None:
    """As XMRig's own averages after a start."""
    polled = Polled()
    for _ in range(7):
        assert polled.cpu(4, 400, None, None).minute_1 is None or polled.now > 1060
    assert polled.cpu(4, 400, None, None).minute_1 == pytest.approx(400)


def test_a_gap_between_polls_is_not_made_up(polled: Polled) -> None:
    """The hashes of an unreachable miner are unknown."""
    assert polled.cpu(1, 100, None, None, after=MAX_GAP).minute_1 == 100
    assert polled.cpu(1, 100, None, None, after=MAX_GAP + 1).minute_1 is None


def test_what_is_unknown_has_no_mean(polled: Polled) -> None:
    """Nor have longer periods around it."""
    polled.cpu(1, after=0)
    assert polled.cpu(1, after=MAX_BRIDGE + 1) == EMPTY
    assert polled.cpu(1, 100, None, None) == windows(100, None)


def test_what_is_unknown_is_not_counted_afterwards(polled: Polled) -> None:
    """Though the polls go on, and few enough seconds are missing."""
    for _ in range(0, MAX_BRIDGE + 10, 10):
        assert polled.cpu(1).seconds_10 == 100
    assert polled.cpu(1) == EMPTY
    assert polled.cpu(1, 100, None, None) == windows(100, None)


def test_a_bridge_starts_again_after_a_pause(polled: Polled) -> None:
    """XMRig's windows are empty during it, and for a while afterwards."""
    assert polled.cpu(1, after=0).seconds_10 == 100
    polled.poll(backend(CPU, EMPTY, 1), paused=True, after=MAX_BRIDGE)
    assert polled.cpu(1).seconds_10 == 100
    assert polled.cpu(1, after=MAX_BRIDGE).seconds_10 == 100


def test_two_polls_at_once_are_one() -> None:
    """A command and its poll may be that quick."""
    polled = Polled()
    for _ in range(3):
        polled.cpu(4, 400, None, None, after=0)
    assert polled.cpu(4, 400, None, None, after=MINUTE) == windows(400, 400, None)


def test_a_pause_from_the_start_is_zero() -> None:
    """Not unknown, when its windows are gone."""
    polled = Polled()
    polled.poll(backend(CPU, windows(0), 4), paused=True)
    paused = polled.poll(backend(CPU, EMPTY, 4), paused=True)[CPU]
    assert paused == windows(0)


def test_a_pause_counts(polled: Polled) -> None:
    """A draining window has hashes from before; an empty one is 0."""
    paused = polled.poll(backend(CPU, windows(100, None), 4), paused=True)[CPU]
    assert paused.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    paused = polled.poll(backend(CPU, EMPTY, 4), paused=True)[CPU]
    assert paused.seconds_10 == 0
    assert paused.minute_1 == pytest.approx((40 * 400 + 10 * 100) / MINUTE)


def test_a_pause_is_no_hashrate_of_threads(polled: Polled) -> None:
    """Neither does a window that includes the pause."""
    polled.poll(backend(CPU, windows(100, None), 4), paused=True)
    polled.poll(backend(CPU, EMPTY, 4), paused=True, after=5 * MAX_BRIDGE)
    polled.cpu(4, 200, after=9)
    assert polled.cpu(4, after=0).seconds_10 == 400
    polled.cpu(4, 410, after=1)
    assert polled.cpu(4, after=0).seconds_10 == 410


def test_a_restart_forgets_everything(polled: Polled) -> None:
    """Its windows start again."""
    found = polled.poll(backend(CPU, EMPTY, 4), restarted=True)
    assert found == {CPU: EMPTY, None: EMPTY}


def test_another_algorithm_forgets_everything(polled: Polled) -> None:
    """A truncated reply without the algorithm is no change."""
    polled.algo = None
    assert polled.cpu(1).seconds_10 == 100
    polled.algo = "rx/0"
    assert polled.cpu(1).seconds_10 == 100
    polled.algo = "cn/r"
    assert polled.cpu(1) == EMPTY


def test_a_reply_that_was_cut_off_fills_nothing(polled: Polled) -> None:
    """Its number of threads is incomplete."""
    total = windows(7, None)
    cut = backend(CPU, EMPTY, 1)
    assert polled.poll(cut, complete=False, total=total) == {None: total}
    snapshot = Snapshot(summary=Summary(algo="rx/0", hashrate=total))
    found = polled.rolling.observe(snapshot, now=polled.now, restarted=False)
    assert found == {None: total}
    assert polled.cpu(1).seconds_10 == 100


def test_the_total_is_that_of_the_miner_where_it_has_one(polled: Polled) -> None:
    """Missing values are summed from the backends."""
    found = polled.poll(
        backend(CPU, EMPTY, 1), backend(CUDA, windows(50), 1), total=windows(None, 7, 9)
    )
    assert found[None] == windows(150, 7, 9)
    assert found[CUDA] == windows(50)
    assert found[CPU].seconds_10 == 100
    total = windows(149, 7, 9)
    assert polled.poll(backend(CPU, windows(100), 1), total=total)[None] == total


def test_a_total_lacks_what_one_backend_lacks(polled: Polled) -> None:
    """A card that just started has no previous hashrate."""
    found = polled.poll(backend(CPU, EMPTY, 1), backend(CUDA, EMPTY, 1))
    assert found[None] == EMPTY


def test_backends_that_rest_count_for_what_they_hashed(polled: Polled) -> None:
    """After the longest window, they no longer count."""
    polled.poll(backend(CPU, windows(400), 4), backend(CUDA, windows(90), 1))
    cards = backend(CUDA, EMPTY, 0)
    found = polled.poll(backend(CPU, EMPTY, 1), cards)
    assert found[None].seconds_10 == 100
    assert found[None].minute_1 == pytest.approx(
        (50 * 490 + 10 * 100) / MINUTE,
    )
    never = backend(BackendType.OPENCL, EMPTY, 0)
    found = polled.poll(backend(CPU, EMPTY, 1), cards, never)
    assert found[None].minutes_15 is not None


def test_a_miner_without_threads_has_what_it_says() -> None:
    """XMRig reports 0."""
    found = Polled().poll(backend(CPU, EMPTY, 0), total=windows(0))
    assert found[None] == windows(0)
