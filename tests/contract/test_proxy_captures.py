"""The simulated proxy compared with recordings of the real one in each state."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

import pytest

from simulator import ProxySimulator, StratumMiner, rapidjson
from simulator.proxy_config import read_proxy_config
from tests.targets import Json

from .proxies import TOKEN
from .test_captures import order, shape
from .wire import ask, exchange, parse, request

CAPTURES = Path(__file__).parent.parent / "fixtures" / "proxy"
_STATES = sorted(path for path in CAPTURES.glob("*") if path.is_dir())
_FILES = sorted(path for path in CAPTURES.glob("*/*.json") if path.stem != "errors")
_CONFIGS = [path for path in _FILES if path.stem == "config"]
_POOLS: list[Json] = [
    {
        "algo": "cn-pico",
        "url": "127.0.0.1:13333",
        "user": "WALLET13333",
        "pass": "pool-secret",
        "keepalive": True,
    }
]


def _name(path: Path) -> str:
    return str(path.relative_to(CAPTURES))


@pytest.mark.parametrize("path", _FILES, ids=_name)
def test_printed(path: Path) -> None:
    """The simulator's printer prints what the proxy printed."""
    text = path.read_text(encoding="utf-8")
    assert rapidjson.dumps(rapidjson.loads(text), breaks_lists=True) == text


@pytest.mark.parametrize("path", _CONFIGS, ids=_name)
def test_config(path: Path) -> None:
    """Reading a config that the proxy printed changes nothing, not even its order."""
    text = path.read_text(encoding="utf-8")
    config = read_proxy_config(rapidjson.loads(text), (6, 26, 0), {})
    assert rapidjson.dumps(config, breaks_lists=True) == text


def test_no_secret_is_recorded() -> None:
    """All that could be one is made up."""
    found: dict[str, set[Any]] = {}

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            for key, member in value.items():
                found.setdefault(key, set()).add(json.dumps(member))
                collect(member)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    for path in _FILES:
        collect(json.loads(path.read_text(encoding="utf-8")))
    assert found["access-token"] == {'"proxy-secret"'}
    assert found["access-password"] == {"null"}
    assert found["pass"] == {'"pool-secret"'}
    assert found["user"] == {'"WALLET13333"'}


def _nothing(_: ProxySimulator) -> None:
    pass


def _connect(proxy: ProxySimulator) -> StratumMiner:
    miner = StratumMiner()
    proxy.connect(miner)
    return miner


def _one_miner_new(proxy: ProxySimulator) -> None:
    _connect(proxy)
    proxy.advance(12)


def _one_miner(proxy: ProxySimulator) -> StratumMiner:
    miner = _connect(proxy)
    proxy.advance(13)
    proxy.process.share(miner, 1428)
    proxy.advance(7)
    return miner


def _pool_rejects(proxy: ProxySimulator) -> None:
    miner = _one_miner(proxy)
    for _ in range(6):
        proxy.process.share(miner, rejected=True)
    proxy.advance(40)


# What leads to a state, from the start of the proxy
_WAYS: dict[str, Callable[[ProxySimulator], Any]] = {
    "no_pool": _nothing,
    "restarted": lambda proxy: proxy.advance(2),
    "no_miners": lambda proxy: proxy.advance(6),
    "one_miner_new": _one_miner_new,
    "one_miner": _one_miner,
    "pool_rejects": _pool_rejects,
}


@pytest.mark.parametrize("state", _WAYS)
async def test_state(state: str, socket_enabled: None) -> None:
    """In the same state the simulator prints the same, byte for byte.

    Except for what the computer and the clock have in it.
    """
    async with ProxySimulator(
        token=TOKEN,
        pools=_POOLS,
        proxy_id="e36901a1fad0bdd4",
        config={"http": {"port": 0}},
        clock=lambda: 0.0,
    ) as proxy:
        _WAYS[state](proxy)
        for name in ("summary", "workers"):
            text = (CAPTURES / state / f"{name}.json").read_text(encoding="utf-8")
            captured = json.loads(text)
            reply = await ask(proxy, request("GET", f"/1/{name}", token=TOKEN))
            shown = json.loads(reply.body)
            if name == "summary":
                shown["resources"] = captured["resources"]
            for row, real in zip(
                shown.get("workers") if name == "workers" else (),
                captured["workers"] if name == "workers" else (),
                strict=True,
            ):
                assert bool(row[7]) is bool(real[7])
                row[7] = real[7]
            assert rapidjson.dumps(shown, breaks_lists=True) == text


@pytest.mark.parametrize("path", _STATES, ids=_name)
async def test_shape(path: Path, socket_enabled: None) -> None:
    """In every state the simulator's documents have the same keys and types."""
    miner = StratumMiner(hashrate=170)
    async with ProxySimulator(
        token=TOKEN,
        pools=_POOLS,
        miners=[miner],
        uptime=100,
        restricted=path.name == "restricted",
        clock=lambda: 0.0,
    ) as proxy:
        proxy.advance(60)
        for name in ("summary", "workers"):
            captured = json.loads((path / f"{name}.json").read_text(encoding="utf-8"))
            reply = await ask(proxy, request("GET", f"/1/{name}", token=TOKEN))
            shown = reply.json()
            assert order(shown) == order(captured)
            if isinstance(captured["workers"], list):
                rows = captured["workers"]
                assert [shape(row) for row in rows] == [
                    shape(shown["workers"][0]) for _ in rows
                ]
                del shown["workers"], captured["workers"]
            assert shape(shown) == shape(captured)


REQUESTS: dict[str, bytes] = {
    "PATCH": request("PATCH", "/1/summary", token=TOKEN),
    "OPTIONS": request("OPTIONS", "/1/summary", token=None),
    "rpc ": request("POST", "/json_rpc", b'{"id": 1}', token=TOKEN),
    "rpc batch": request("POST", "/json_rpc", b"[]", token=TOKEN),
    "rpc not json": request("POST", "/json_rpc", b"{a: 1}", token=TOKEN),
    "no token": request("GET", "/1/summary", token=None),
    "wrong token": request("GET", "/1/summary", token="wrong"),
    "PUT /1/config {}": request("PUT", "/1/config", b"{}", token=TOKEN),
    "PUT /1/config []": request("PUT", "/1/config", b"[]", token=TOKEN),
    "PUT /1/config not json": request("PUT", "/1/config", b"nope", token=TOKEN),
    "PUT /1/config no pools": request(
        "PUT", "/1/config", b'{"pools": []}', token=TOKEN
    ),
    "POST with charset": request(
        "POST",
        "/json_rpc",
        b"{}",
        token=TOKEN,
        content_type="application/json; charset=utf-8",
    ),
    **{
        f"GET {path}": request("GET", path, token=TOKEN)
        for path in (
            *("/1/summary/", "/1/summary?x=1", "/2/backends", "/1/threads"),
            *("/2/workers", "/2/miners", "/1/workers", "/1/miners", "/2/dmi", "/"),
        )
    },
    **{
        f"rpc {method}": request(
            "POST",
            "/json_rpc",
            json.dumps({"method": method, "id": 1}).encode(),
            token=TOKEN,
        )
        for method in ("pause", "resume", "stop", "start")
    },
}


@pytest.mark.parametrize("case", REQUESTS)
async def test_refusal(case: str, socket_enabled: None) -> None:
    """A call is answered with the recorded status and body."""
    path = CAPTURES / "no_pool" / "errors.json"
    captured = json.loads(path.read_text(encoding="utf-8"))[case]
    async with ProxySimulator(token=TOKEN, pools=_POOLS) as proxy:
        replies = parse(await exchange(proxy, REQUESTS[case]))
    assert len(replies) == (2 if case.startswith("rpc") else 1)
    reply = replies[0]
    assert (reply.status, reply.body.decode()) == (captured["status"], captured["body"])
