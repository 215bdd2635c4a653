"""Hashrates with their gaps filled, by what was counted from poll to poll."""

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
from custom_components.xmrig_miner.api.models.backends import Thread
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
    """Return a hashrate by its windows; those left out are as the last one."""
    ten, one, fifteen = (*values, *repeat(values[-1], 3 - len(values)))
    return Hashrate(seconds_10=ten, minute_1=one, minutes_15=fifteen)


def backend(name: BackendType, hashrate: Hashrate, threads: int) -> Backend:
    """Return a backend that is enabled."""
    return Backend(
        type=name,
        enabled=True,
        hashrate=hashrate,
        threads=tuple(repeat(Thread(hashrate=EMPTY), threads)),
    )


@dataclass
class Polled:
    """A miner that is polled, with its CPU alone unless said otherwise."""

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
    """Return a miner that has hashed 400 H/s with four threads for long."""
    polled = Polled()
    polled.cpu(4, 400)
    return polled


def test_full_windows_are_taken_as_they_are(polled: Polled) -> None:
    """XMRig counts more often than it is polled."""
    assert polled.cpu(4, 410, 405, 402) == windows(410, 405, 402)


def test_the_last_hashrate_of_a_thread_bridges_an_empty_window(polled: Polled) -> None:
    """It is the same for all of them, as far as is known."""
    assert polled.cpu(1).seconds_10 == 100
    assert polled.cpu(8).seconds_10 == 800


def test_a_number_of_threads_hashes_as_it_did_last(polled: Polled) -> None:
    """More threads than cores add little."""
    polled.cpu(8, 500)
    polled.cpu(2, 220)
    assert polled.cpu(4).seconds_10 == 400
    assert polled.cpu(8).seconds_10 == 500
    assert polled.cpu(1).seconds_10 == 110


def test_a_bridge_ends(polled: Polled) -> None:
    """A window that stays empty is no change of threads."""
    assert polled.cpu(1, after=0).seconds_10 == 100
    assert polled.cpu(1, after=MAX_BRIDGE).seconds_10 == 100
    assert polled.cpu(1, after=0.1) == EMPTY
    polled.cpu(1, 90)
    assert polled.cpu(2).seconds_10 == 180


def test_a_window_that_fills_ends_a_bridge(polled: Polled) -> None:
    """The next one has its whole time again."""
    polled.cpu(1, after=0)
    polled.cpu(1, 90, after=MAX_BRIDGE)
    polled.cpu(2, after=0)
    assert polled.cpu(2, after=MAX_BRIDGE).seconds_10 == 180


def test_threads_that_never_hashed_are_unknown() -> None:
    """A miner that just started has no hashrate to go by."""
    assert Polled().cpu(4) == EMPTY


def test_no_threads_hash_nothing(polled: Polled) -> None:
    """A backend that was stopped loses its windows, and goes on as it did."""
    assert polled.cpu(0).seconds_10 == 0
    polled.cpu(0, after=5 * MAX_BRIDGE)
    assert polled.cpu(4).seconds_10 == 400


def test_a_backend_that_is_off_hashed_nothing_as_far_as_is_known() -> None:
    """One that is on and has yet to start may have."""
    polled = Polled()
    off = Backend(type=CPU, enabled=False)
    assert polled.poll(off)[CPU] == windows(0)
    assert polled.poll(off)[CPU] == windows(0)
    assert polled.poll(backend(CUDA, EMPTY, 0))[CUDA] == windows(0, None)


def test_a_backend_that_was_switched_off_hashed_before(polled: Polled) -> None:
    """It comes to rest in the means as the windows move on."""
    off = Backend(type=CPU, enabled=False)
    found = polled.poll(off)[CPU]
    assert found.seconds_10 == 0
    assert found.minute_1 == pytest.approx(50 * 400 / MINUTE)
    found = polled.poll(off, after=50)[CPU]
    assert found.minute_1 == 0
    assert found.minutes_15 == pytest.approx(840 * 400 / QUARTER)


def test_zero_says_nothing_of_the_threads(polled: Polled) -> None:
    """A pool that is lost lets them rest."""
    assert polled.cpu(2, 0).seconds_10 == 0
    assert polled.cpu(2).seconds_10 == 200


def test_the_means_are_of_what_was_hashed(polled: Polled) -> None:
    """Each reading stands for the time since the one before."""
    found = polled.cpu(1)
    assert found.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    assert found.minutes_15 == pytest.approx((890 * 400 + 10 * 100) / QUARTER)
    found = polled.cpu(1, 120, None, None, after=25)
    hashes = 10 * 100 + 25 * 120
    assert found.minute_1 == pytest.approx((25 * 400 + hashes) / MINUTE)
    assert found.minutes_15 == pytest.approx((865 * 400 + hashes) / QUARTER)


def test_the_means_forget_what_is_older_than_they_are(polled: Polled) -> None:
    """After a minute, or a quarter of an hour, they are of the new threads alone."""
    for _ in range(5):
        assert polled.cpu(1, 100, None, None).minute_1 != 100
    assert polled.cpu(1, 100, None, None).minute_1 == pytest.approx(100)
    for _ in range(83):
        assert polled.cpu(1, 100, None, None).minutes_15 != pytest.approx(100)
    assert polled.cpu(1, 100, None, None).minutes_15 == pytest.approx(100)


def test_the_time_before_the_first_poll_is_known_by_the_windows() -> None:
    """A change of threads may follow at once."""
    polled = Polled()
    polled.cpu(4, 500, 400, 200)
    found = polled.cpu(1, 100, None, None)
    assert found.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    hashes = 200.0 * QUARTER
    longer_ago = (hashes - 400 * MINUTE) / (QUARTER - MINUTE)
    hashes += 10 * 100 - 10 * longer_ago
    assert found.minutes_15 == pytest.approx(hashes / QUARTER)


def test_a_window_that_fills_later_tells_more_of_the_time_before() -> None:
    """The miner ran for less than a quarter of an hour at the first poll."""
    polled = Polled()
    polled.cpu(4, 400, 400, None)
    assert polled.cpu(4, 400, None, None).minutes_15 is None
    polled.cpu(4, 400, 400, 300)
    found = polled.cpu(1, 100, None, None)
    assert found.minutes_15 == pytest.approx((890 * 300 + 10 * 100) / QUARTER, rel=0.01)


def test_windows_that_contradict_the_counts_are_left_out() -> None:
    """Less was never hashed in more time."""
    polled = Polled()
    polled.cpu(4, 400, 400, 1)
    assert polled.cpu(1, 100, None, None).minutes_15 is None


def test_a_mean_waits_for_its_time_to_pass() -> None:
    """As XMRig's own do after a start."""
    polled = Polled()
    for _ in range(7):
        assert polled.cpu(4, 400, None, None).minute_1 is None or polled.now > 1060
    assert polled.cpu(4, 400, None, None).minute_1 == pytest.approx(400)


def test_a_gap_between_polls_is_not_made_up(polled: Polled) -> None:
    """What an unreachable miner did is unknown."""
    assert polled.cpu(1, 100, None, None, after=MAX_GAP).minute_1 == 100
    assert polled.cpu(1, 100, None, None, after=MAX_GAP + 1).minute_1 is None


def test_what_is_unknown_has_no_mean(polled: Polled) -> None:
    """Not even one of the time around it."""
    polled.cpu(1, after=0)
    assert polled.cpu(1, after=MAX_BRIDGE + 1) == EMPTY
    assert polled.cpu(1, 100, None, None) == windows(100, None)


def test_a_pause_counts(polled: Polled) -> None:
    """A window that drains says what was hashed before it; an empty one says 0."""
    paused = polled.poll(backend(CPU, windows(100, None), 4), paused=True)[CPU]
    assert paused.minute_1 == pytest.approx((50 * 400 + 10 * 100) / MINUTE)
    paused = polled.poll(backend(CPU, EMPTY, 4), paused=True)[CPU]
    assert paused.seconds_10 == 0
    assert paused.minute_1 == pytest.approx((40 * 400 + 10 * 100) / MINUTE)


def test_a_pause_says_nothing_of_the_threads(polled: Polled) -> None:
    """Nor does a window that still has the pause in it."""
    polled.poll(backend(CPU, windows(100, None), 4), paused=True)
    polled.poll(backend(CPU, EMPTY, 4), paused=True, after=5 * MAX_BRIDGE)
    polled.cpu(4, 200, after=9)
    assert polled.cpu(4, after=0).seconds_10 == 400
    polled.cpu(4, 410, after=1)
    assert polled.cpu(4, after=0).seconds_10 == 410


def test_a_restart_forgets_everything(polled: Polled) -> None:
    """It is another process."""
    found = polled.poll(backend(CPU, EMPTY, 4), restarted=True)
    assert found == {CPU: EMPTY, None: EMPTY}


def test_another_algorithm_forgets_everything(polled: Polled) -> None:
    """A reply that was cut off does not say which it is, which is none."""
    polled.algo = None
    assert polled.cpu(1).seconds_10 == 100
    polled.algo = "rx/0"
    assert polled.cpu(1).seconds_10 == 100
    polled.algo = "cn/r"
    assert polled.cpu(1) == EMPTY


def test_a_reply_that_was_cut_off_fills_nothing(polled: Polled) -> None:
    """The number of threads in it is not that of the miner."""
    total = windows(7, None)
    cut = backend(CPU, EMPTY, 1)
    assert polled.poll(cut, complete=False, total=total) == {None: total}
    snapshot = Snapshot(summary=Summary(algo="rx/0", hashrate=total))
    found = polled.rolling.observe(snapshot, now=polled.now, restarted=False)
    assert found == {None: total}
    assert polled.cpu(1).seconds_10 == 100


def test_the_total_is_that_of_the_miner_where_it_has_one(polled: Polled) -> None:
    """The sum of the backends stands in for what is missing."""
    found = polled.poll(
        backend(CPU, EMPTY, 1), backend(CUDA, windows(50), 1), total=windows(None, 7, 9)
    )
    assert found[None] == windows(150, 7, 9)
    assert found[CUDA] == windows(50)
    assert found[CPU].seconds_10 == 100


def test_a_total_lacks_what_one_backend_lacks(polled: Polled) -> None:
    """A card that just started has no hashrate to go by."""
    found = polled.poll(backend(CPU, EMPTY, 1), backend(CUDA, EMPTY, 1))
    assert found[None] == EMPTY


def test_backends_that_rest_count_for_what_they_hashed(polled: Polled) -> None:
    """And not at all, once that is longer ago than the longest window."""
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
    """XMRig says 0 of it."""
    found = Polled().poll(backend(CPU, EMPTY, 0), total=windows(0))
    assert found[None] == windows(0)
