"""The simulator compared with recordings of the real miner in each state."""

from collections.abc import Awaitable, Callable
import json
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator, rapidjson
from tests.targets import Json

from .wire import ask, exchange, parse, request

_CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"
_FILES = sorted(_CAPTURES.glob("*/*/*.json"))
_STATES = sorted(path for path in _CAPTURES.glob("*/*") if path.is_dir())
_DOCUMENTS = ("summary", "backends", "config")
_POOLS: list[Json] = [
    {"url": "127.0.0.1:13333", "user": "WALLET", "pass": "x", "algo": "rx/0"},
    {"url": "127.0.0.1:13334", "user": "WALLET2", "pass": "x", "algo": "rx/0"},
]


def _name(path: Path) -> str:
    return str(path.relative_to(_CAPTURES))


def shape(value: Any) -> Any:
    """Return the document with types in place of values.

    How many names a list has depends on the computer and on the build.
    """
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(element, str) for element in value):
            return ["str"]
        return [shape(element) for element in value]
    return type(value).__name__


@pytest.mark.parametrize("path", _FILES, ids=_name)
def test_printed(path: Path) -> None:
    """The simulator's printer prints what the miner printed."""
    text = path.read_text(encoding="utf-8")
    assert rapidjson.dumps(rapidjson.loads(text)) == text


async def _mining(_simulator: Simulator) -> None:
    pass


async def _paused(simulator: Simulator) -> None:
    simulator.rpc_direct("pause")
    simulator.advance(3)


async def _paused_15_seconds(simulator: Simulator) -> None:
    simulator.rpc_direct("pause")
    simulator.advance(15)


async def _stopped_by_rpc(simulator: Simulator) -> None:
    simulator.rpc_direct("stop")
    simulator.advance(1)


async def _stopped_by_config(simulator: Simulator) -> None:
    simulator.edit_config(lambda document: document["cpu"].update(enabled=False))
    # The older version was recorded before its next job made it leave the pool
    simulator.advance(15 if simulator.version == "6.26.0" else 1)


async def _pool_unreachable(simulator: Simulator) -> None:
    await _stopped_by_config(simulator)
    simulator.set_pool_reachable(_POOLS[1]["url"], False)

    def swap(document: Json) -> None:
        document["cpu"]["enabled"] = True
        document["pools"].reverse()

    simulator.edit_config(swap)
    simulator.advance(5)


async def _restricted(simulator: Simulator) -> None:
    def change(document: Json) -> None:
        document["http"]["restricted"] = True
        document["retries"] = 6

    # Threads that are new, on a connection that is new
    simulator.edit_config(lambda document: document["cpu"].update(enabled=False))
    simulator.advance(1)
    simulator.edit_config(lambda document: document["cpu"].update(enabled=True))
    simulator.advance(1)
    simulator.edit_config(change)
    simulator.advance(8)


# The initial uptime of a state, and what leads to it
_WAYS: dict[str, tuple[float, Callable[[Simulator], Awaitable[None]]]] = {
    "starting": (0.1, _mining),
    "warming_up": (12, _mining),
    "mining": (86, _mining),
    "mining_16_minutes": (954, _mining),
    "paused": (86, _paused),
    "paused_15_seconds": (86, _paused_15_seconds),
    "stopped_by_rpc": (86, _stopped_by_rpc),
    "stopped_by_config": (86, _stopped_by_config),
    "pool_unreachable": (86, _pool_unreachable),
    "restricted": (86, _restricted),
}


@pytest.mark.parametrize("path", _STATES, ids=_name)
async def test_state(path: Path, socket_enabled: None) -> None:
    """In the same state the simulator's documents have the same keys and types."""
    uptime, bring_about = _WAYS[path.name]
    async with Simulator(
        version=path.parent.name.removeprefix("xmrig-"),
        threads=1 if path.name == "mining_16_minutes" else 2,
        difficulty=131_076,
        pools=_POOLS,
        uptime=uptime,
        config={"colors": False, "cpu": {"huge-pages": False}},
        clock=lambda: 0.0,
    ) as simulator:
        await bring_about(simulator)
        for name in _DOCUMENTS:
            captured = json.loads((path / f"{name}.json").read_text(encoding="utf-8"))
            reply = await ask(simulator, request("GET", f"/2/{name}"))
            shown = reply.json()
            assert order(shown) == order(captured)
            assert shape(shown) == shape(captured)


def order(value: Any) -> Any:
    """Return the keys in their order, which comparing dictionaries leaves out."""
    if isinstance(value, dict):
        return [(key, order(member)) for key, member in value.items()]
    if isinstance(value, list):
        return [order(element) for element in value if isinstance(element, dict)]
    return None


_PAUSE = b'{"method": "pause", "id": 1}'
_NO_POOLS = b'{"pools": []}'
_REFUSED = {
    "no_token": request("GET", "/2/summary", token=None),
    "wrong_token": request("GET", "/2/summary", token="wrong"),
    "not_found": request("GET", "/1/threads"),
    "unknown_method": request("POST", "/json_rpc", b'{"method": "start", "id": 1}'),
    "config_bad_json": request("PUT", "/2/config", b"{a: 1}"),
    "config_no_pools": request("PUT", "/2/config", _NO_POOLS),
    "wrong_content_type": request("PUT", "/2/config", b"{}", content_type="text/plain"),
    "restricted_pause": request("POST", "/json_rpc", _PAUSE),
    "restricted_config_read": request("GET", "/2/config"),
    "restricted_config_write": request("PUT", "/2/config", b"{}"),
}


@pytest.mark.parametrize("version", ["6.26.0", "6.22.2"])
@pytest.mark.parametrize("case", _REFUSED)
async def test_refusal(version: str, case: str, socket_enabled: None) -> None:
    """A call is rejected with the recorded status and body."""
    path = _CAPTURES / f"xmrig-{version}" / "errors.json"
    captured = json.loads(path.read_text(encoding="utf-8"))[case]
    restricted = case.startswith("restricted")
    async with Simulator(version=version, restricted=restricted) as simulator:
        reply = parse(await exchange(simulator, _REFUSED[case]))[0]
    assert (reply.status, reply.body.decode()) == (captured["status"], captured["body"])
