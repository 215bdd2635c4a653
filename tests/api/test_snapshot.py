"""Tests of the values of a snapshot."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.document import with_values
from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    Config,
    Hashrate,
    PauseRule,
    Summary,
)
from custom_components.xmrig_miner.api.snapshot import Snapshot, Status
from custom_components.xmrig_miner.api.state import MinerState
from tests.api.captures import NEW, OLD, VERSIONS, capture, snapshot
from tests.api.odd import BACKENDS, CONFIG, SUMMARY, everywhere, read_snapshot


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_0_while_paused(version: str) -> None:
    """The draining window of a paused miner is not shown."""
    paused = snapshot(version, "paused")
    assert paused.summary.hashrate.seconds_10
    assert paused.hashrate_now(paused.summary.hashrate) == 0
    assert paused.hashrate_now(paused.summary.hashrate, BackendType.CPU) == 0


def test_hashrate_is_0_while_paused_even_if_unknown() -> None:
    """A paused GPU has no hashrate at all."""
    paused = Snapshot(summary=Summary(paused=True))
    assert paused.hashrate_now(Hashrate()) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_0_while_stopped(version: str) -> None:
    """A stopped backend has no hashrate."""
    stopped = snapshot(version, "stopped_by_config")
    assert stopped.hashrate_now(Hashrate(), BackendType.CPU) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_of_a_miner_that_mines(version: str) -> None:
    """It is the reported value, and 0 for a disabled backend."""
    known = snapshot(version, "mining")
    hashrate = known.summary.hashrate
    assert hashrate.seconds_10
    assert known.hashrate_now(hashrate) == hashrate.seconds_10
    assert known.hashrate_now(hashrate, BackendType.CPU) == hashrate.seconds_10
    assert known.hashrate_now(Hashrate(), BackendType.CUDA) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_hashrate_is_unknown_while_its_window_fills(version: str) -> None:
    """Null is not 0."""
    known = snapshot(version, "warming_up")
    assert known.hashrate_now(known.summary.hashrate) is None


def test_hashrate_of_a_backend_that_the_answer_was_cut_before() -> None:
    """A missing backend is unknown, not disabled."""
    backends = Backends.from_json(BACKENDS[:2], complete=False)
    known = Snapshot(summary=Summary.from_json(SUMMARY), backends=backends)
    assert known.hashrate_now(Hashrate(), BackendType.CUDA) is None


def test_paused_comes_before_the_pool() -> None:
    """A paused miner without a pool is shown as paused."""
    summary = replace(snapshot(NEW, "pool_unreachable").summary, paused=True)
    assert Snapshot(summary=summary).status is Status.PAUSED


@pytest.mark.parametrize(
    ("connected", "enabled", "status"),
    [
        (True, True, Status.STARTING),
        (True, None, None),
        (False, True, Status.NO_POOL),
        (False, None, None),
    ],
)
def test_without_a_hash_the_backends_have_to_be_on(
    connected: bool, enabled: bool | None, status: Status | None
) -> None:
    """Else it may be stopped, which is not known either."""
    ip = "203.0.113.7" if connected else None
    connection = {"ip": ip, "uptime": int(connected), "pool": "a:1"}
    summary = Summary.from_json({"paused": False, "connection": connection})
    backends = Backends.from_json([{"type": "cpu", "enabled": enabled}])
    assert Snapshot(summary=summary, backends=backends).status is status
    assert Snapshot(summary=summary).status is None


def test_a_hash_of_the_miner_is_enough() -> None:
    """Its backends may be of a moment before."""
    known = replace(snapshot(NEW, "mining"), backends=cards())
    assert known.status is Status.MINING


def test_pause_rules_are_those_of_the_config() -> None:
    """None without one."""
    known = Snapshot(summary=Summary(), config=Config({"pause-on-battery": True}))
    assert known.pause_rules == {PauseRule.BATTERY}
    assert Snapshot(summary=Summary()).pause_rules == frozenset()


def test_backends_that_contradict_the_config() -> None:
    """A CPU that the config enables is not disabled: these may be of another miner.

    A config from an earlier poll says nothing about it.
    """
    mining = snapshot(NEW, "mining")
    backends = snapshot(NEW, "stopped_by_config").backends
    wrong = replace(mining, backends=backends)
    assert mining.is_complete
    assert mining.config_agrees
    assert not wrong.is_complete
    assert not wrong.config_agrees
    assert wrong.status is None
    assert replace(wrong, is_fresh=False).status is Status.STOPPED
    assert replace(wrong, config=None).status is Status.STOPPED


def test_stopped_comes_before_paused() -> None:
    """A stopped miner that is paused is shown as stopped."""
    stopped = snapshot(NEW, "stopped_by_config")
    summary = replace(stopped.summary, paused=True)
    assert replace(stopped, summary=summary).status is Status.STOPPED


def test_a_gpu_without_its_window_hides_no_cpu_that_mines() -> None:
    """The total is null as long as any backend lacks a window."""
    summary = replace(snapshot(NEW, "mining").summary, hashrate=Hashrate())
    backends = Backends.from_json(BACKENDS)
    assert Snapshot(summary=summary, backends=backends).status is Status.MINING


def test_without_backends_it_is_unknown_if_it_is_stopped() -> None:
    """A miner without a hashrate may be starting or stopped."""
    summary = snapshot(NEW, "stopped_by_rpc").summary
    known = Snapshot(summary=summary)
    assert (known.status, known.is_mining) == (None, None)


def test_without_backends_a_hashrate_is_enough() -> None:
    """A hashing miner is mining."""
    known = Snapshot(summary=snapshot(NEW, "mining").summary)
    assert known.status is Status.MINING


OFF = [{"type": name, "enabled": False} for name in BackendType]


@pytest.mark.parametrize(
    ("backends", "status"),
    [
        (Backends.from_json(OFF), Status.STOPPED),
        (Backends.from_json([*OFF, {"type": "new"}]), Status.STOPPED),
        (Backends.from_json(OFF, complete=False), None),
        (Backends.from_json(OFF[:1]), None),
        (Backends.from_json(OFF[1:]), None),
        (Backends.from_json([]), None),
        (Backends.from_json([*OFF[:2], {"type": "cuda"}]), None),
        (Backends.from_json([*OFF[:2], {"type": "cuda", "enabled": None}]), None),
        (Backends.from_json([{**item, "enabled": "0"} for item in OFF]), None),
        (None, None),
    ],
    ids=[
        "all off",
        "all known ones off",
        "cut",
        "cpu only",
        "no cpu",
        "none",
        "one does not say",
        "one says null",
        "other types",
        "not read",
    ],
)
def test_stopped_is_what_all_backends_say(
    backends: Backends | None, status: Status | None
) -> None:
    """A missing backend is unknown, not disabled."""
    summary = snapshot(NEW, "stopped_by_rpc").summary
    assert {"opencl", "cuda"} < {*summary.features}
    known = Snapshot(summary=summary, backends=backends)
    assert known.status is status
    assert known.is_mining is (None if status is None else False)
    assert not known.is_complete


def test_an_xmrig_without_graphics_lists_none() -> None:
    """It was built without GPU backends, so its CPU decides."""
    summary = replace(snapshot(NEW, "stopped_by_rpc").summary, features=("http", "tls"))
    backends = Backends.from_json(OFF[:1])
    assert Snapshot(summary=summary, backends=backends).status is Status.STOPPED


def test_a_miner_with_threads_before_its_first_pool() -> None:
    """MoneroOcean's build measures algorithms before it connects, with pauses between."""
    known = snapshot(NEW, "mining")
    lost = replace(known.summary.connection, ip=None, uptime=0, uptime_ms=0)
    never = replace(lost, pool=None)
    assert (
        replace(known, summary=replace(known.summary, connection=never)).status
        is Status.STARTING
    )
    assert (
        replace(known, summary=replace(known.summary, connection=lost)).status
        is Status.NO_POOL
    )


INCOMPLETE: dict[str, Callable[[Snapshot], Snapshot]] = {
    "left from before": lambda known: replace(known, is_fresh=False),
    "no backends": lambda known: replace(known, backends=None),
    "cut backends": lambda known: replace(
        known, backends=Backends.from_json(BACKENDS, complete=False)
    ),
    "a backend is missing": lambda known: replace(
        known, backends=Backends.from_json(OFF[:2])
    ),
    "no config": lambda known: replace(known, config=None),
    "no status": lambda known: replace(
        known, summary=replace(known.summary, paused=None)
    ),
}


@pytest.mark.parametrize("state", ["mining", "paused", "stopped_by_config"])
@pytest.mark.parametrize("version", VERSIONS)
def test_complete(version: str, state: str) -> None:
    """All replies of one poll are complete."""
    assert snapshot(version, state).is_complete


@pytest.mark.parametrize("name", INCOMPLETE)
def test_incomplete(name: str) -> None:
    """Decisions need a complete snapshot."""
    assert INCOMPLETE[name](snapshot(NEW, "mining")).is_complete is False


def test_complete_without_a_config() -> None:
    """A read-only API has no config."""
    known = replace(snapshot(NEW, "mining"), config=None, restricted=True)
    assert known.is_complete


def with_profile(config: Config, name: str, profile: Any) -> Config:
    """Return a config with another thread profile."""
    return Config(with_values(config.document, [(("cpu", name), profile)]))


def capped(full: Any, now: Any) -> Snapshot:
    """Return a snapshot after a control replaced a thread profile."""
    known = snapshot(NEW, "mining")
    assert known.config
    before, after = (
        with_profile(known.config, str(known.cpu_profile), value)
        for value in (full, now)
    )
    state = MinerState().with_write(before, after, by_user=False).with_write_done(after)
    return replace(known, config=after, state=state)


def test_threads_are_capped() -> None:
    """The user's number is distinguished from the current one."""
    known = capped([0, 1, 2, 3], [0, 1])
    assert (known.threads, known.user_threads, known.thread_cap) == (2, 4, 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_active_threads(version: str) -> None:
    """XMRig lists them while it is paused, too."""
    mining, paused = snapshot(version, "mining"), snapshot(version, "paused")
    assert mining.backends
    assert paused.backends
    assert mining.active_threads == mining.backends.threads
    assert paused.backends.threads == mining.backends.threads
    assert mining.backends.threads > 0
    assert paused.active_threads == 0
    assert replace(paused, backends=None).active_threads is None


def test_threads_are_not_capped() -> None:
    """The current number is the user's, even if it is smaller than before."""
    known = capped([0, 1, 2, 3], [0, 1])
    assert known.config
    name = str(known.cpu_profile)
    changed = replace(known, config=with_profile(known.config, name, [3]))
    assert (changed.threads, changed.user_threads, changed.thread_cap) == (1, 1, None)


def test_threads_without_a_config() -> None:
    """They are unknown."""
    known = replace(capped([0, 1], [0]), config=None)
    assert (known.threads, known.user_threads, known.thread_cap) == (None, None, None)
    assert (known.pool_labels, known.preferred_pool) == ([], None)


def with_pools(*pools: dict[str, Any]) -> Snapshot:
    """Return a snapshot of a miner with these pools in its config."""
    return Snapshot(summary=Summary(), config=Config({"pools": list(pools)}))


A = {"url": "a.example.org:1", "user": "WALLET"}
B = {"url": "b.example.org:1", "user": "WALLET", "enabled": False}


@pytest.mark.parametrize(
    ("pools", "preferred"),
    [
        ([A, B], "a.example.org:1"),
        ([B, A], "a.example.org:1"),
        ([B], None),
        ([], None),
    ],
)
def test_preferred_pool(pools: list[dict[str, Any]], preferred: str | None) -> None:
    """It is the first enabled pool."""
    assert with_pools(*pools).preferred_pool == preferred


def test_preferred_pool_after_another_was_selected() -> None:
    """The labels stay in the user's order."""
    before = with_pools(A, B)
    assert before.config
    after = before.config.with_pool_first("b.example.org:1", before.config)
    state = MinerState().with_write(before.config, after, by_user=False)
    known = replace(before, config=after, state=state.with_write_done(after))
    assert known.pool_labels == ["a.example.org:1", "b.example.org:1"]
    assert known.preferred_pool == "b.example.org:1"


def test_an_old_miner_in_its_first_minutes() -> None:
    """A summary that ends at its hashrates is enough for a status."""
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


def test_a_summary_that_was_cut_before_its_pause() -> None:
    """The status is unknown."""
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
    """Replies with the same value everywhere can be read."""
    read_snapshot(
        everywhere(SUMMARY, value),
        everywhere(BACKENDS, value),
        everywhere(CONFIG, value),
    )


def cards(*threads: dict[str, Any], listed: bool = True) -> Backends:
    """Return backends, CUDA with these threads if it is listed at all."""
    cuda = {"type": "cuda", "enabled": True, "threads": list(threads)}
    return Backends.from_json([{"type": "cpu", "enabled": True}] + [cuda] * listed)


@pytest.mark.parametrize(
    ("backends", "config", "has_hardware"),
    [
        (cards({"index": 0}), None, True),
        (cards({"index": 0}), {}, True),
        (cards(), None, False),
        (cards(), {"cuda": {"enabled": True}}, False),
        (cards(), {"cuda": {"rx": [{"index": 0}]}}, True),
        # A backend that is not listed is not built in
        (cards(listed=False), {"cuda": {"rx": [{"index": 0}]}}, False),
        (None, {"cuda": {"rx": [{"index": 0}]}}, False),
    ],
)
def test_a_backend_has_hardware(
    backends: Backends | None, config: dict[str, Any] | None, has_hardware: bool
) -> None:
    """It has threads, or profiles for them."""
    known = Snapshot(
        summary=Summary(),
        backends=backends,
        config=None if config is None else Config(config),
    )
    assert known.has_hardware(BackendType.CUDA) is has_hardware
    assert known.has_hardware(BackendType.CPU) is True


ONE = {"index": 0}
PLACED = {"index": 0, "bus_id": "01:00.0"}


@pytest.mark.parametrize(
    ("before", "card", "is_certain"),
    [
        (None, ONE, False),
        (cards(), ONE, False),
        (cards({"index": 1}), ONE, False),
        (cards(ONE), ONE, True),
        (cards({"index": 1}, ONE), ONE, True),
        # At set-up a place on the bus is proof enough
        (None, PLACED, True),
        (cards(), PLACED, False),
        (cards(ONE), PLACED, False),
        (cards({"index": 1, "bus_id": "01:00.0"}), PLACED, True),
    ],
)
def test_a_card_has_to_be_listed_twice(
    before: Backends | None, card: dict[str, Any], is_certain: bool
) -> None:
    """One reply may be wrong about its place, or list cards that do not exist."""
    now = cards(card)
    (gpu,) = now.gpus
    known = Snapshot(summary=Summary(), backends=now, previous_backends=before)
    assert known.is_certain(gpu) is is_certain


def test_a_reply_that_is_still_used_does_not_list_a_card_twice() -> None:
    """The next reading failed."""
    reply = cards(PLACED)
    (gpu,) = reply.gpus
    known = Snapshot(summary=Summary(), backends=reply, previous_backends=reply)
    assert not known.is_certain(gpu)


def test_a_hashrate_is_the_one_with_its_gaps_filled() -> None:
    """Of the miner, and of each backend."""
    reply = [{"type": "cpu", "enabled": True, "hashrate": [3, 3, 3]}]
    known = Snapshot(
        summary=Summary(hashrate=Hashrate(seconds_10=2)),
        backends=Backends.from_json(reply),
    )
    assert known.hashrate() == Hashrate(seconds_10=2)
    cpu = Hashrate(seconds_10=3, minute_1=3, minutes_15=3)
    assert known.hashrate(BackendType.CPU) == cpu
    assert known.hashrate(BackendType.CUDA) == Hashrate()
    assert replace(known, backends=None).hashrate(BackendType.CPU) == Hashrate()
    miner, cpu = Hashrate(seconds_10=4), Hashrate(seconds_10=5)
    filled = replace(known, hashrates={None: miner, BackendType.CPU: cpu})
    assert filled.hashrate() == miner
    assert filled.hashrate(BackendType.CPU) == cpu
    assert filled.hashrate(BackendType.CUDA) == Hashrate()


@pytest.mark.parametrize("highest", range(4))
def test_the_peak_is_the_highest_of_all_that_is_known(highest: int) -> None:
    """XMRig's own is missing for as long as a window is."""
    values: list[float | None] = [None, 0, 8, 7]
    values[highest] = 9
    windows = dict(
        zip(("seconds_10", "minute_1", "minutes_15"), values[1:], strict=True)
    )
    summary = Summary(hashrate_highest=values[0], hashrate=Hashrate(**windows))
    assert Snapshot(summary=summary).peak_hashrate == 9
    assert Snapshot(summary=Summary()).peak_hashrate is None


CPU = {"type": "cpu", "enabled": True, "profile": "rx"}


@pytest.mark.parametrize(
    ("backends", "others", "shows_cpu"),
    [
        ([CPU], {}, True),
        ([CPU, {"type": "cuda", "enabled": True}], {}, False),
        ([CPU | {"enabled": False}], {}, False),
        ([{"type": "cpu"}], {}, False),
        ([], {}, False),
        (None, {}, False),
        ([CPU], {"is_fresh": False}, False),
        ([CPU], {"config": None}, False),
        ([CPU], {"config": Config({"cpu": {"enabled": False}})}, False),
        ([CPU], {"summary": Summary()}, False),
        ([CPU], {"summary": Summary(paused=True)}, True),
    ],
)
def test_the_cpu_in_a_reply_that_was_cut_off(
    backends: Any, others: dict[str, Any], shows_cpu: bool
) -> None:
    """What the config and the beginning of each reply say is enough."""
    reply = (
        backends if backends is None else Backends.from_json(backends, complete=False)
    )
    values: dict[str, Any] = {
        "summary": Summary(paused=False),
        "config": Config({"cpu": {"enabled": True}}),
        **others,
    }
    assert Snapshot(backends=reply, **values).shows_cpu is shows_cpu
