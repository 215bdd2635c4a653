"""Tests of what follows from all answers together."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig.api.models import Backends, BackendType, Hashrate, Summary
from custom_components.xmrig.api.snapshot import Snapshot, Status
from tests.api.captures import NEW, OLD, VERSIONS, capture, snapshot
from tests.api.odd import BACKENDS, CONFIG, SUMMARY, everywhere, read_snapshot


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_0_while_paused(version: str) -> None:
    """A window that drains makes a paused miner look alive."""
    paused = snapshot(version, "paused")
    assert paused.summary.hashrate.seconds_10
    assert paused.hashrate_now(paused.summary.hashrate) == 0
    assert paused.hashrate_now(paused.summary.hashrate, BackendType.CPU) == 0


def test_hashrate_is_0_while_paused_even_if_unknown() -> None:
    """A GPU that is paused has no hashrate at all."""
    paused = Snapshot(summary=Summary(paused=True))
    assert paused.hashrate_now(Hashrate()) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_0_while_stopped(version: str) -> None:
    """A stopped backend has no hashrate, and mines nothing."""
    stopped = snapshot(version, "stopped_by_config")
    assert stopped.hashrate_now(Hashrate(), BackendType.CPU) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_of_a_miner_that_mines(version: str) -> None:
    """Otherwise it is what the miner says, and 0 of a backend that is off."""
    known = snapshot(version, "mining")
    hashrate = known.summary.hashrate
    assert hashrate.seconds_10
    assert known.hashrate_now(hashrate) == hashrate.seconds_10
    assert known.hashrate_now(hashrate, BackendType.CPU) == hashrate.seconds_10
    assert known.hashrate_now(Hashrate(), BackendType.CUDA) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_unknown_while_its_window_fills(version: str) -> None:
    """A null is no 0."""
    known = snapshot(version, "warming_up")
    assert known.hashrate_now(known.summary.hashrate) is None


def test_hashrate_of_a_backend_that_the_answer_was_cut_before() -> None:
    """What is not known of a backend is not that it is off."""
    backends = Backends.from_json(BACKENDS[:2], complete=False)
    known = Snapshot(summary=Summary.from_json(SUMMARY), backends=backends)
    assert known.hashrate_now(Hashrate(), BackendType.CUDA) is None


def test_paused_comes_before_the_pool() -> None:
    """Who paused a miner without a pool looks for the pause."""
    summary = replace(snapshot(NEW, "pool_unreachable").summary, paused=True)
    assert Snapshot(summary=summary).status is Status.PAUSED


def test_stopped_comes_before_paused() -> None:
    """A stopped miner has nothing to pause."""
    stopped = snapshot(NEW, "stopped_by_config")
    summary = replace(stopped.summary, paused=True)
    assert replace(stopped, summary=summary).status is Status.STOPPED


def test_a_gpu_without_its_window_hides_no_cpu_that_mines() -> None:
    """The total is null as long as any one backend lacks a window."""
    summary = replace(snapshot(NEW, "mining").summary, hashrate=Hashrate())
    backends = Backends.from_json(BACKENDS)
    assert Snapshot(summary=summary, backends=backends).status is Status.MINING


def test_without_backends_nobody_knows_if_it_is_stopped() -> None:
    """A miner without hashrate may be starting, or have no backend that is on."""
    summary = snapshot(NEW, "stopped_by_rpc").summary
    known = Snapshot(summary=summary)
    assert (known.status, known.is_mining) == (None, None)


def test_without_backends_a_hashrate_still_says_it_all() -> None:
    """What hashes is mining."""
    known = Snapshot(summary=snapshot(NEW, "mining").summary)
    assert known.status is Status.MINING


def test_a_list_that_was_cut_off_does_not_mean_stopped() -> None:
    """The backend that is on may be behind the cut."""
    document = [{"type": "cpu", "enabled": False}]
    summary = snapshot(NEW, "warming_up").summary
    cut = Backends.from_json(document, complete=False)
    assert Snapshot(summary=summary, backends=cut).status is None
    whole = Backends.from_json(document)
    assert Snapshot(summary=summary, backends=whole).status is Status.STOPPED


def test_an_old_miner_in_its_first_minutes() -> None:
    """A summary that ends in its hashrates says enough for a status."""
    document = capture(OLD, "mining", "summary")
    document["hashrate"] = {"total": [1207.19]}
    del document["hugepages"]
    backends = Backends.from_json(
        capture(OLD, "mining", "backends")[:1], complete=False
    )
    known = Snapshot(
        summary=Summary.from_json(document, complete=False), backends=backends
    )
    assert known.status is Status.MINING
    assert known.hashrate_now(known.summary.hashrate) == 1207.19
    assert known.summary.hashrate.minutes_15 is None


def test_a_summary_that_was_cut_before_it_says_if_it_is_paused() -> None:
    """Then there is no status, rather than a guessed one."""
    document = capture(OLD, "paused", "summary")
    del document["paused"]
    known = Snapshot(
        summary=Summary.from_json(document, complete=False),
        backends=Backends.from_json(capture(OLD, "paused", "backends")),
    )
    assert (known.status, known.is_mining) == (None, None)


@pytest.mark.parametrize(
    "value", [None, True, -1, 0, 2**70, 1.5, float("inf"), "", "1", [], {}], ids=repr
)
def test_the_same_value_everywhere(value: Any) -> None:
    """Answers with nothing but nulls, or nothing but anything else, can be read."""
    read_snapshot(
        everywhere(SUMMARY, value),
        everywhere(BACKENDS, value),
        everywhere(CONFIG, value),
    )
