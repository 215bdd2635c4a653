"""What is read from the replies of a real proxy, in each recorded state."""

from dataclasses import replace
import json
from pathlib import Path

import pytest

from custom_components.xmrig_miner.api.models import (
    ProxyHashrate,
    ProxySummary,
    WorkerMode,
    Workers,
)
from custom_components.xmrig_miner.api.models.proxy_summary import Upstreams
from custom_components.xmrig_miner.api.proxy_snapshot import ProxySnapshot, ProxyStatus
from tests.api.captures import FIXTURES

CAPTURES = FIXTURES / "proxy"
STATES = sorted(path.name for path in CAPTURES.iterdir() if path.is_dir())

MINING, NO_MINERS, NO_POOL = ProxyStatus


def read(state: str) -> ProxySnapshot:
    """Return the snapshot of a recorded state."""

    def document(name: str) -> dict[str, object]:
        found = json.loads((Path(CAPTURES) / state / f"{name}.json").read_bytes())
        assert isinstance(found, dict)
        return found

    return ProxySnapshot(
        summary=ProxySummary.from_json(document("summary")),
        workers=Workers.from_json(document("workers")),
    )


@pytest.mark.parametrize("state", STATES)
def test_every_recorded_state_is_read(state: str) -> None:
    """Nothing is missing in it."""
    snapshot = read(state)
    summary, workers = snapshot.summary, snapshot.workers
    assert summary.identity.worker_id == "proxy-one"
    assert summary.version == "6.26.0"
    assert summary.restricted is (state == "restricted")
    assert None not in vars(summary.upstreams).values()
    assert None not in vars(summary.results).values()
    assert None not in vars(summary.hashrate).values()
    assert workers is not None
    assert workers.mode is not None
    assert len(workers.rows) == summary.workers
    for name in workers.rows:
        worker = workers.get(name)
        assert worker is not None
        assert worker.is_online is (name in workers.online)
        assert worker.accepted is not None


@pytest.mark.parametrize(
    ("state", "status", "connected", "online"),
    [
        ("no_pool", None, None, 0),
        ("restarted", None, None, 0),
        ("no_miners", NO_MINERS, True, 0),
        ("one_miner", MINING, True, 1),
        ("mining", MINING, True, 3),
        ("one_of_three_paused", MINING, True, 3),
        ("one_of_three_gone", MINING, True, 2),
        ("it_came_back", MINING, True, 3),
        ("pool_lost", NO_POOL, False, 3),
        ("pool_back", MINING, True, 3),
        ("pool_rejects", MINING, True, 1),
        ("first_pool_dead", MINING, True, 3),
        # Of four miners, two have one name
        ("two_miners_one_rig_id", MINING, True, 3),
        ("restricted", MINING, True, 3),
        # It counts its miners every four seconds
        ("all_gone", MINING, True, 0),
        ("workers_by_none", MINING, True, None),
    ],
)
def test_status(
    state: str,
    status: ProxyStatus | None,
    connected: bool | None,
    online: int | None,
) -> None:
    """What the proxy does, in each recorded state."""
    snapshot = read(state)
    assert snapshot.status is status
    assert snapshot.is_pool_connected is connected
    assert snapshot.workers_online == online


def snapshot_with(
    *, uptime: int | None = 100, miners: int | None = 0, **upstreams: int | None
) -> ProxySnapshot:
    """Return a snapshot of a proxy with some connections to its pool."""
    summary = replace(
        read("no_miners").summary,
        uptime=uptime,
        miners=miners,
        upstreams=Upstreams(**{"active": 0, "error": 0, "total": 0, **upstreams}),
    )
    return ProxySnapshot(summary=summary)


@pytest.mark.parametrize(
    ("snapshot", "status"),
    [
        # In the mode "simple", there is no connection without miners
        (snapshot_with(), NO_MINERS),
        (snapshot_with(total=1), NO_MINERS),
        (snapshot_with(miners=2, error=2, total=2), NO_POOL),
        (snapshot_with(error=1, total=1), NO_POOL),
        (snapshot_with(uptime=6, error=1, total=1), NO_POOL),
        (snapshot_with(miners=2), NO_POOL),
        (snapshot_with(uptime=6, miners=2), None),
        (snapshot_with(uptime=6), None),
        (snapshot_with(uptime=None), None),
        (snapshot_with(miners=None, active=1), None),
        (snapshot_with(active=None), None),
        (snapshot_with(miners=3, active=1, error=1, total=2), MINING),
    ],
)
def test_status_without_a_recording(
    snapshot: ProxySnapshot, status: ProxyStatus | None
) -> None:
    """Missing connections are no fault while none are needed, or just after a start."""
    assert snapshot.status is status


@pytest.mark.parametrize(
    ("uptime", "shown"),
    [
        (599, (None, None, None)),
        (600, (2.0, None, None)),
        (3599, (2.0, None, None)),
        (3600, (2.0, 3.0, None)),
        (86_400, (2.0, 3.0, 5.0)),
        (None, (None, None, None)),
    ],
)
def test_a_hashrate_is_known_once_its_window_is_full(
    uptime: int | None, shown: tuple[float | None, ...]
) -> None:
    """Until then the proxy divides by a time that has not passed yet."""
    rates = ProxyHashrate(minutes_10=2.0, hour_1=3.0, hours_24=5.0)
    summary = replace(read("mining").summary, uptime=uptime, hashrate=rates)
    snapshot = ProxySnapshot(summary=summary)
    assert (
        snapshot.hashrate_10m,
        snapshot.hashrate_1h,
        snapshot.hashrate_24h,
    ) == shown


def test_hashrates_are_in_hashes_per_second() -> None:
    """The proxy reports thousands, rounded down to ten."""
    assert read("mining").summary.hashrate.minutes_10 == 40


@pytest.mark.parametrize(
    ("state", "mode", "secret"),
    [
        ("workers_by_rig_id", WorkerMode.RIG_ID, False),
        ("workers_by_user", WorkerMode.USER, True),
        ("workers_by_password", WorkerMode.PASSWORD, True),
        ("workers_by_agent", WorkerMode.AGENT, False),
        ("workers_by_ip", WorkerMode.IP, False),
    ],
)
def test_names_of_workers(state: str, mode: WorkerMode, secret: bool) -> None:
    """They are wallets or passwords in two modes."""
    workers = read(state).workers
    assert workers is not None
    assert workers.mode is mode
    assert workers.has_secret_names is secret


def test_a_worker_is_read() -> None:
    """With its counts and hashrates."""
    workers = read("pool_lost").workers
    assert workers is not None
    worker = workers.get("rig-a")
    assert worker is not None
    assert (worker.accepted, worker.rejected, worker.invalid) == (15, 0, 7)
    assert worker.last_share == 1795558432.374
    assert workers.get("rig-z") is None


WALLET = "4" + "A1b2C3d4E5" * 9 + "wxyz"


@pytest.mark.parametrize(
    ("mode", "name", "shown"),
    [
        ("rig_id", "attic", "attic"),
        ("rig_id", WALLET, "…wxyz"),
        ("agent", "XMRig/6.26.0", "XMRig/6.26.0"),
        ("user", "attic", "**REDACTED**"),
        ("user", WALLET, "…wxyz"),
        ("password", "attic", "**REDACTED**"),
        ("password", WALLET, "**REDACTED**"),
        ("of a later version", "attic", "**REDACTED**"),
        ("of a later version", WALLET, "**REDACTED**"),
    ],
)
def test_names_that_may_be_secret_are_masked(mode: str, name: str, shown: str) -> None:
    """Of a wallet the end is shown, by which its user knows it."""
    workers = Workers.from_json({"mode": mode, "workers": [[name]]})
    assert workers.shown_name(name) == shown


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("rig", "rig"),
        (" rig", "rig"),
        ("rig\n1", "rig 1"),
        ("r" * 255, "r" * 255),
        ("r" * 300, "r" * 255),
    ],
)
def test_names_are_one_line_that_can_be_shown(name: str, read: str) -> None:
    """Miners choose them."""
    workers = Workers.from_json({"mode": "rig_id", "workers": [[name]]})
    assert list(workers.rows) == [read]


@pytest.mark.parametrize(
    ("milliseconds", "read"),
    [(0, None), (1, 0.001), (32503680000000, 32503680000), (32503680000001, None)],
)
def test_when_the_last_share_was(milliseconds: int, read: float | None) -> None:
    """0 is before the first; later than a calendar shows is absurd."""
    row = ["rig", "127.0.0.1", 1, 9, 0, 0, 9000, milliseconds]
    worker = Workers.from_json({"mode": "rig_id", "workers": [row]}).get("rig")
    assert worker is not None
    assert worker.last_share == read


@pytest.mark.parametrize(
    ("hashes", "shown"),
    [
        # With 500 to 510 H/s over ten minutes, it submitted up to 306,000 in them
        (0, (None, None, None)),
        (306_000, (None, None, None)),
        (306_001, (500, None, None)),
        (468_000, (500, None, None)),
        (468_001, (500, 120, None)),
        (2_592_001, (500, 120, 20)),
        (None, (None, None, None)),
    ],
)
def test_a_window_of_a_worker_is_none_until_it_is_full(
    hashes: int | None, shown: tuple[float | None, ...]
) -> None:
    """The proxy divides by the whole window, however long the worker has mined."""
    row = ["rig", "127.0.0.1", 1, 9, 0, 0, hashes, 1, 0.5, 0.5, 0.12, 0.04, 0.02]
    worker = Workers.from_json({"mode": "rig_id", "workers": [row]}).get("rig")
    assert worker is not None
    rates = worker.hashrate
    assert (rates.minutes_10, rates.hour_1, rates.hours_24) == shown


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        [None],
        [7, "127.0.0.1", 1],
        [""],
        {"name": "rig-a"},
    ],
)
def test_a_row_without_a_name_is_left_out(row: object) -> None:
    """All others stay."""
    workers = Workers.from_json({"mode": "rig_id", "workers": [row, ["rig-a"]]})
    assert list(workers.rows) == ["rig-a"]
    worker = workers.get("rig-a")
    assert worker is not None
    assert worker.is_online is None
    assert worker.last_share is None
    assert worker.hashrate.minutes_10 is None


def test_absurd_rows() -> None:
    """Values of other types are missing; of two rows with one name the first counts."""
    workers = Workers.from_json(
        {
            "mode": "color",
            "workers": [
                ["rig-a", 5, "1", -1, 2**70, True, 1.5, 10**18, "0.1", -1.0],
                ["rig-a", "127.0.0.1", 3],
                ["rig\n" + "b" * 400, "127.0.0.1", 1],
            ],
        }
    )
    assert workers.mode is None
    assert workers.has_secret_names
    worker = workers.get("rig-a")
    assert worker is not None
    assert worker.connections is worker.accepted is worker.rejected is None
    assert worker.invalid is worker.last_share is None
    assert worker.hashrate == ProxyHashrate()
    assert len(workers.online) == 1
    assert all(len(name) <= 255 and name.isprintable() for name in workers.rows)
