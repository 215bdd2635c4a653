"""Tests of the models with replies of real miners."""

from dataclasses import asdict

import pytest

from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    Hashrate,
    Summary,
)
from custom_components.xmrig_miner.api.snapshot import Status
from tests.api.captures import CAPTURES, NEW, VERSIONS, capture, read_all, snapshot

CAPTURED = [
    pytest.param(path.parts[-2], path.name, id="-".join(path.parts[-2:]))
    for path in sorted(CAPTURES.glob("*/*"))
    if path.is_dir()
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("mining", Status.MINING),
        ("paused", Status.PAUSED),
        ("paused_15_seconds", Status.PAUSED),
        ("pool_unreachable", Status.NO_POOL),
        ("restricted", Status.STARTING),
        ("starting", Status.STARTING),
        ("stopped_by_config", Status.STOPPED),
        ("stopped_by_rpc", Status.STARTING),
        ("warming_up", Status.STARTING),
    ],
)
def test_status(version: str, state: str, status: Status) -> None:
    """Each capture has the status of its name.

    After XMRig's own `stop` the pool's next job starts the miner again. The one
    that became restricted had just restarted its threads.
    """
    assert snapshot(version, state).status is status


def test_status_with_all_windows_full() -> None:
    """A miner that has run for sixteen minutes is mining."""
    assert snapshot(NEW, "mining_16_minutes").status is Status.MINING


@pytest.mark.parametrize(("version", "state"), CAPTURED)
def test_mining_is_neither_paused_nor_stopped(version: str, state: str) -> None:
    """The state of the switch follows from the status."""
    assert snapshot(version, state).is_mining is (
        not state.startswith(("paused", "stopped_by_config"))
    )


@pytest.mark.parametrize(("version", "state"), CAPTURED)
def test_everything_can_be_read(version: str, state: str) -> None:
    """All captures can be read."""
    read_all(snapshot(version, state))


@pytest.mark.parametrize(("version", "state"), CAPTURED)
def test_a_summary_is_in_the_model(version: str, state: str) -> None:
    """Other values are in the document."""
    document = capture(version, state, "summary")
    summary = Summary.from_json(document)
    resources = document["resources"]
    assert (summary.id, summary.worker_id) == (document["id"], "rig-one")
    assert (summary.uptime, summary.restricted) == (
        document["uptime"],
        document["restricted"],
    )
    assert {
        "free": summary.memory_free,
        "total": summary.memory_total,
        "resident_set_memory": summary.memory_resident,
    } == resources["memory"]
    assert list(summary.load_average) == resources["load_average"]
    assert list(summary.features) == document["features"]
    for field in ("algo", "version", "ua", "donate_level", "paused"):
        assert getattr(summary, field) == document[field]
    for model, part in (
        (summary.results, document["results"]),
        (summary.connection, document["connection"]),
        (summary.cpu, document["cpu"]),
    ):
        read = {name: value for name, value in asdict(model).items() if name in part}
        assert len(read) >= 4
        assert read == {name: part[name] for name in read}
    assert summary.results.best_share == (document["results"]["best"][0] or None)
    hashrate = summary.hashrate
    assert document["hashrate"]["total"] == [
        hashrate.seconds_10,
        hashrate.minute_1,
        hashrate.minutes_15,
    ]
    assert summary.hashrate_highest == document["hashrate"]["highest"]
    assert document["hugepages"] == [
        summary.hugepages.allocated,
        summary.hugepages.total,
    ]
    assert summary.complete
    assert summary.document == document


@pytest.mark.parametrize("version", VERSIONS)
def test_backends_of_a_cpu_miner(version: str) -> None:
    """The CPU mines with two threads, and no GPU is enabled."""
    document = capture(version, "mining", "backends")
    backends = Backends.from_json(document)
    assert list(backends.by_type) == list(BackendType)
    assert backends.enabled == {BackendType.CPU}
    assert (backends.threads, backends.gpus) == (2, ())
    cpu = backends.by_type[BackendType.CPU]
    assert (cpu.profile, cpu.msr) == ("rx", False)
    assert [
        (thread.intensity, thread.affinity, thread.hashrate.seconds_10)
        for thread in cpu.threads
    ] == [
        (item["intensity"], item["affinity"], item["hashrate"][0])
        for item in document[0]["threads"]
    ]
    assert backends.by_type[BackendType.CUDA].enabled is False
    assert backends.document == tuple(document)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("state", ["stopped_by_rpc", "stopped_by_config"])
def test_backends_without_threads(version: str, state: str) -> None:
    """A stopped backend has neither threads nor a hashrate."""
    backends = Backends.from_json(capture(version, state, "backends"))
    assert backends.threads == 0
    assert backends.by_type[BackendType.CPU].hashrate == Hashrate()
