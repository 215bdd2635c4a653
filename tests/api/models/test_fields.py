"""Tests that each field is read from its own place, and up to its own maximum."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.api.models import (
    MAX_UPTIME,
    Backend,
    Backends,
    BackendType,
    Connection,
    Cpu,
    GpuHealth,
    Hashrate,
    HugePages,
    ProxyHashrate,
    ProxySummary,
    Results,
    Summary,
    Thread,
    Worker,
    WorkerMode,
    Workers,
)
from custom_components.xmrig_miner.api.models.proxy_summary import (
    ProxyResults,
    Upstreams,
)

BASE: dict[str, Any] = {
    "id": "e36901a1fad0bdd4",
    "worker_id": "rig-one",
    "uptime": 11,
    "restricted": True,
    "version": "6.26.0",
    "ua": "XMRig/6.26.0",
    "donate_level": 2,
}
SUMMARY = BASE | {
    "resources": {
        "memory": {"free": 12, "total": 13, "resident_set_memory": 14},
        "load_average": [1.5, 2.5, 3.5],
    },
    "features": ["api", "opencl"],
    "results": {
        "diff_current": 15,
        "shares_good": 16,
        "shares_total": 17,
        "avg_time": 18,
        "hashes_total": 19,
        "best": [20, 21],
    },
    "algo": "rx/0",
    "connection": {
        "pool": "pool.example.org:1",
        "ip": "10.0.0.1",
        "uptime": 22,
        "uptime_ms": 23,
        "ping": 24,
        "failures": 25,
        "tls": "TLSv1.3",
    },
    "cpu": {"brand": "CPU", "cores": 26, "threads": 27, "arch": "x86_64"},
    "paused": False,
    "hashrate": {"total": [4.5, 5.5, 6.5], "highest": 7.5},
    "hugepages": [28, 29],
}
HEALTH = {
    "temperature": 60,
    "power": 120,
    "clock": 1500,
    "mem_clock": 7000,
    "fan_speed": [40, 50],
    "rpm": 1800,
}
BACKEND: dict[str, Any] = {
    "type": "opencl",
    "enabled": True,
    "profile": "rx",
    "hashrate": [1.5, 2.5, 3.5],
    "msr": True,
    "platform": {"vendor": "AMD"},
    "threads": [
        {
            "hashrate": [4.5, 5.5, 6.5],
            "affinity": 3,
            "intensity": 512,
            "index": 1,
            "board": "RX 580",
            "name": "gfx803",
            "bus_id": "03:00.0",
            "health": HEALTH,
        }
    ],
}
PROXY = BASE | {
    "donated": 0.5,
    "hashrate": {"total": [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]},
    "miners": {"now": 30, "max": 31},
    "workers": 32,
    "upstreams": {"active": 33, "error": 34, "total": 35},
    "results": {
        "accepted": 36,
        "rejected": 37,
        "invalid": 38,
        "expired": 39,
        "latency": 40,
    },
}


def test_a_summary() -> None:
    """Of a miner."""
    assert Summary.from_json(SUMMARY) == Summary(
        **BASE,
        memory_free=12,
        memory_total=13,
        memory_resident=14,
        load_average=(1.5, 2.5, 3.5),
        features=("api", "opencl"),
        results=Results(
            diff_current=15,
            shares_good=16,
            shares_total=17,
            avg_time=18,
            hashes_total=19,
            best_share=20,
        ),
        algo="rx/0",
        connection=Connection(
            pool="pool.example.org:1",
            ip="10.0.0.1",
            uptime=22,
            uptime_ms=23,
            ping=24,
            failures=25,
            tls="TLSv1.3",
        ),
        cpu=Cpu(brand="CPU", cores=26, threads=27, arch="x86_64"),
        paused=False,
        hashrate=Hashrate(seconds_10=4.5, minute_1=5.5, minutes_15=6.5),
        hashrate_highest=7.5,
        hugepages=HugePages(allocated=28, total=29),
        complete=True,
        reply=SUMMARY,
    )
    cut = Summary.from_json(SUMMARY, complete=False)
    assert cut.complete is False
    assert cut.document == SUMMARY


def test_a_summary_of_a_proxy() -> None:
    """It reports thousands of hashes."""
    assert ProxySummary.from_json(PROXY) == ProxySummary(
        **BASE,
        donated=0.5,
        hashrate=ProxyHashrate(minutes_10=20, hour_1=30, hours_24=50, average=60),
        miners=30,
        miners_max=31,
        workers=32,
        upstreams=Upstreams(active=33, error=34, total=35),
        results=ProxyResults(
            accepted=36, rejected=37, invalid=38, expired=39, latency=40
        ),
        complete=True,
        reply=PROXY,
    )
    cut = ProxySummary.from_json(PROXY, complete=False)
    assert cut.complete is False
    assert cut.identity == MinerIdentity(
        id="e36901a1fad0bdd4", worker_id="rig-one", kind=Kind.PROXY
    )


def test_backends() -> None:
    """With the threads of a card."""
    health = GpuHealth(
        temperature=60, power=120, clock=1500, memory_clock=7000, fan_speed=50, rpm=1800
    )
    thread = Thread(
        hashrate=Hashrate(seconds_10=4.5, minute_1=5.5, minutes_15=6.5),
        affinity=3,
        intensity=512,
        index=1,
        name="RX 580",
        bus_id="03:00.0",
        health=health,
    )
    backend = Backend(
        type=BackendType.OPENCL,
        enabled=True,
        profile="rx",
        hashrate=Hashrate(seconds_10=1.5, minute_1=2.5, minutes_15=3.5),
        msr=True,
        vendor="AMD",
        reply=BACKEND["threads"],
    )
    assert Backends.from_json([BACKEND]) == Backends(
        by_type={BackendType.OPENCL: backend}, complete=True, reply=[BACKEND]
    )
    assert backend.threads == (thread,)
    [card] = backend.gpus
    assert (card.backend, card.index) == (BackendType.OPENCL, 1)
    assert (card.manufacturer, card.name, card.bus_id) == ("AMD", "RX 580", "03:00.0")
    assert (card.hashrate, card.health) == (thread.hashrate, health)


def test_workers() -> None:
    """Each row has its values in order."""
    row = ["rig", "10.0.0.2", 1, 2, 3, 4, 9**9, 6500, 0.01, 0.02, 0.03, 0.04, 0.05]
    workers = Workers.from_json({"mode": "agent", "workers": [row]})
    assert workers == Workers(WorkerMode.AGENT, {"rig": row})
    assert workers.online == {"rig"}
    assert workers.get("rig") == Worker(
        connections=1,
        accepted=2,
        rejected=3,
        invalid=4,
        last_share=6.5,
        hashrate=ProxyHashrate(minutes_10=20, hour_1=30, hours_24=50),
    )


@pytest.mark.parametrize(
    ("connections", "is_online"), [(0, False), (1, True), (2, True), (None, None)]
)
def test_a_worker_is_online_with_any_connection(
    connections: int | None, *, is_online: bool | None
) -> None:
    """A row that ends before them says nothing."""
    row = ["rig", "10.0.0.2", connections]
    workers = Workers.from_json({"mode": "rig_id", "workers": [row, ["other", "ip"]]})
    worker = workers.get("rig")
    assert worker is not None
    assert worker.is_online is is_online
    assert workers.online == ({"rig"} if is_online else set())


@pytest.mark.parametrize("mode", WorkerMode)
def test_what_names_workers(mode: WorkerMode) -> None:
    """Users and passwords are secret, and so is what is unknown."""
    workers = Workers.from_json({"mode": mode.value})
    assert workers.mode is mode
    assert workers.rows == {}
    is_secret = mode in (WorkerMode.USER, WorkerMode.PASSWORD)
    assert workers.has_secret_names is is_secret
    assert Workers.from_json({}).has_secret_names is True


@pytest.mark.parametrize(
    ("name", "maximum"),
    [
        ("temperature", 250),
        ("power", 10_000),
        ("clock", 100_000),
        ("mem_clock", 100_000),
        ("rpm", 100_000),
        ("fan_speed", 200),
    ],
)
def test_the_maximum_of_a_sensor(name: str, maximum: float) -> None:
    """A driver that cannot read it may report all bits set."""
    field = "memory_clock" if name == "mem_clock" else name
    for value, read in ((maximum, maximum), (maximum + 1, None)):
        sent = [value] if name == "fan_speed" else value
        assert getattr(GpuHealth.from_json({name: sent}), field) == read


def test_the_maximum_of_an_uptime() -> None:
    """Of the process, and of its connection in two units."""
    for more in (0, 1):
        found = Summary.from_json(
            {
                "uptime": MAX_UPTIME + more,
                "connection": {
                    "uptime": MAX_UPTIME + more,
                    "uptime_ms": 1000 * MAX_UPTIME + more,
                },
            }
        )
        values = (found.uptime, found.connection.uptime, found.connection.uptime_ms)
        expected = (MAX_UPTIME, MAX_UPTIME, 1000 * MAX_UPTIME)
        assert values == ((None,) * 3 if more else expected)


@pytest.mark.parametrize(("sent", "read"), [(100, 100), (100.1, None), (0, 0)])
def test_the_donation_of_a_proxy_is_a_percentage(sent: float, read: Any) -> None:
    """More is absurd."""
    assert ProxySummary.from_json({"donated": sent}).donated == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        # A thousandth of what JavaScript can hold exactly
        (9_007_199_254_740, 9_007_199_254_740_000),
        (9_007_199_254_740.5, None),
        (9_007_199_254_741, None),
        (0.4999, 500),
        ("1", None),
    ],
)
def test_the_hashrate_of_a_proxy(sent: Any, read: float | None) -> None:
    """It is a whole number of hashes per second."""
    assert ProxyHashrate.from_json([0, sent]).minutes_10 == read


@pytest.mark.parametrize("length", range(8))
def test_lists_of_a_proxy_of_any_length(length: int) -> None:
    """What is missing at the end is unknown."""
    rates = ProxyHashrate.from_json([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0][:length])
    assert rates == ProxyHashrate(
        minutes_10=2000.0 if length > 1 else None,
        hour_1=3000.0 if length > 2 else None,
        hours_24=5000.0 if length > 4 else None,
        average=6000.0 if length > 5 else None,
    )


@pytest.mark.parametrize("value", [None, 5, "text", [], {}])
def test_sections_of_another_type(value: Any) -> None:
    """All values of them are missing."""
    names = ("resources", "results", "connection", "cpu", "hashrate", "hugepages")
    empty = Summary.from_json(dict.fromkeys(names, value))
    assert empty == Summary(reply=empty.reply)
    of_proxy = ("hashrate", "miners", "upstreams", "results")
    empty_proxy = ProxySummary.from_json(dict.fromkeys(of_proxy, value))
    assert empty_proxy == ProxySummary(reply=empty_proxy.reply)
