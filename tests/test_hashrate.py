"""Hashrates continue across a change of threads, which empties XMRig's windows."""

from datetime import timedelta
from typing import Any

import pytest

from simulator.jsonvalue import Json

from .common import Rig
from .controls import MINING, set_threads
from .watts import EFFICIENCY, METER, NO_CARDS, NUMBERS, report, set_up

THREAD = 430
"""H/s of a thread of the simulated computer."""
CARD = 950

WINDOWS = {"hashrate_1m": 60, "hashrate_15m": 900}

NEAR = 0.1
"""Relative tolerance of an average: half of it for noise that is not shown, the rest
for the ten seconds after a change."""


def shown(rig: Rig, key: str) -> float:
    """Return the state of a hashrate as a number."""
    return float(rig.state(f"sensor.{key}"))


class Truth:
    """The real hashrates, by the second."""

    def __init__(self, rig: Rig, threads: int = 4) -> None:
        """Start with a miner that has hashed with a number of threads for long."""
        self._rig = rig
        self._rates = [float(threads * THREAD)] * 900

    async def pass_time(self, seconds: int) -> None:
        """Let time pass with the current threads."""
        for _ in range(seconds // 10):
            self._rates += [self._rig.simulator.hashrate] * 10
            await self._rig.poll()

    def mean(self, seconds: int) -> float:
        """Return the mean over the last seconds."""
        return sum(self._rates[-seconds:]) / seconds


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_means_survive_changes_of_threads(running: Rig) -> None:
    """For any number of threads, and any number of changes."""
    truth = Truth(running)
    for threads, seconds in ((1, 30), (4, 20), (3, 10), (2, 70), (4, 120), (1, 600)):
        await set_threads(running, threads)
        for _ in range(seconds // 10):
            await truth.pass_time(10)
            for key, window in WINDOWS.items():
                expected = truth.mean(window)
                assert shown(running, key) == pytest.approx(expected, rel=NEAR), key


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_a_change_of_threads_leaves_no_gap(rig: Rig) -> None:
    """The last hashrate of a thread is used until the 10 s window is full."""
    report(rig, 100)
    await set_up(rig, {**NUMBERS, **METER})
    for threads in (1, 3, 4, 2):
        await set_threads(rig, threads)
        hashes = threads * THREAD
        assert rig.simulator.miner.hashrate_totals()[0] is None
        for _ in range(3):
            assert shown(rig, "hashrate") == pytest.approx(hashes)
            assert shown(rig, "efficiency") == pytest.approx(hashes / 100, rel=0.01)
            assert rig.state("sensor.status") == "mining"
            await rig.pass_time(timedelta(seconds=4))
        assert rig.state(EFFICIENCY) == str(hashes / 100)


@pytest.mark.parametrize("options", [{"gpus": 0, "threads": 64}])
async def test_one_thread_of_many_shows_at_once(running: Rig) -> None:
    """Although the hashrate changes by less than its jitter."""
    before = shown(running, "hashrate")
    await set_threads(running, 63)
    assert shown(running, "hashrate") == pytest.approx(before * 63 / 64, rel=0.001)


async def test_cards_hash_on_while_threads_change(
    all_enabled: None, running: Rig
) -> None:
    """The miner's own total is null as long as one backend's is."""
    await set_threads(running, 2)
    assert running.simulator.miner.hashrate_totals()[0] is None
    assert shown(running, "hashrate") == pytest.approx(2 * THREAD + CARD)
    assert shown(running, "cpu_hashrate") == pytest.approx(2 * THREAD)
    assert shown(running, "cuda_hashrate") == pytest.approx(CARD)
    assert shown(running, "hashrate_15m") == pytest.approx(4 * THREAD + CARD, rel=0.05)
    assert shown(running, "cpu_hashrate_15m") == pytest.approx(4 * THREAD, rel=0.05)


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_a_pause_is_part_of_the_mean(running: Rig) -> None:
    """Even if the number of threads changes during it."""
    truth = Truth(running)
    await truth.pass_time(60)
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    assert running.state("sensor.hashrate") == "0"
    await truth.pass_time(30)
    assert shown(running, "hashrate_1m") == pytest.approx(truth.mean(60), rel=0.2)
    assert shown(running, "hashrate_15m") == pytest.approx(truth.mean(900), rel=NEAR)
    await running.turn(MINING, on=True)
    await truth.pass_time(30)
    assert shown(running, "hashrate_15m") == pytest.approx(truth.mean(900), rel=NEAR)


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_a_restart_starts_again(running: Rig) -> None:
    """Hashes of the previous process do not count."""
    await running.poll(3)
    running.simulator.restart()
    await running.poll(2)
    assert running.state("sensor.hashrate_1m") == "unknown"
    assert running.state("sensor.hashrate_15m") == "unknown"


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_another_algorithm_starts_again(running: Rig) -> None:
    """Hashes of algorithms cannot be compared."""
    await running.poll(3)

    def edit(config: Json) -> Any:
        config["cpu"]["rx/wow"] = [0, 1, 2]

    running.simulator.edit_config(edit)
    running.simulator.surroundings.algorithm = "rx/wow"
    running.simulator.advance(30)
    await running.poll()
    assert running.state("sensor.algorithm") == "rx/wow"
    assert running.state("sensor.hashrate_15m") == "unknown"
