"""Troubles of a miner, of its network, and of what answers in its place."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
import copy
from dataclasses import dataclass, replace
import itertools
from typing import Any
from unittest.mock import patch

from homeassistant.helpers.aiohttp_client import async_get_clientsession

from simulator import FAULTS, Fault, SimulatedMiner
from simulator.http import Reply, Request
from simulator.jsonvalue import Json
from tests.api.client.test_garbage import GARBAGE, INTERRUPTED, hang, trickle
from tests.common import Rig
from tests.homes import LASTING

from . import network

ENDPOINTS = {
    "/summary": "the summary",
    "/backends": "the backends",
    "/config": "the config",
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A fault that lasts for a while."""

    group: str
    name: str
    during: Callable[[Rig], AbstractAsyncContextManager[None]]
    lasts: str = ""
    """What remains afterwards, and the user can remove."""
    polls_after: int = 1
    """Polls until the miner has recovered."""
    prepare: Callable[[Rig], None] = lambda _: None
    """Called before the miner is set up."""
    has_tls: bool = False


def troubles() -> Iterator[Trouble]:
    """Yield all faults."""
    yield from _of_all_replies()
    yield from _of_one_endpoint()
    yield from _of_values()
    yield from _of_another_program()
    yield from _of_the_miner()
    for reached, name, during in network.rows():
        yield Trouble(
            group=reached.group,
            name=name,
            during=during,
            prepare=reached.prepare,
            has_tls=reached.certificate is not None,
            polls_after=network.POLLS_AFTER.get(name, 1),
        )


def _fault(fault: Fault) -> Callable[[Rig], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        with patch.dict(FAULTS, trouble=fault):
            rig.simulator.fault = "trouble"
            yield
            rig.simulator.fault = None

    return during


def _once(fault: Fault) -> Callable[[Rig], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        rig.simulator.fail(fault)
        yield

    return during


def _of_all_replies() -> Iterator[Trouble]:
    for fault in FAULTS.values():
        yield Trouble(
            group="Every request", name=fault.description, during=_fault(fault)
        )


def _of_one_endpoint() -> Iterator[Trouble]:
    for path, endpoint in ENDPOINTS.items():
        for name, fault in FAULTS.items():
            if fault.path or (name == "truncated" and path == "/config"):
                continue
            yield Trouble(
                group=f"Only requests of {endpoint}",
                name=fault.description,
                during=_fault(replace(fault, path=path)),
            )


def _changed(path: str, change: Callable[[Any], Any]) -> Fault:
    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        return replace(reply, document=change(copy.deepcopy(reply.document)))

    return Fault("", distort=distort, path=path, methods=("GET",))


def _with(**values: Any) -> Callable[[Any], Any]:
    return lambda document: document | values


def _of_values() -> Iterator[Trouble]:
    changes: dict[str, Fault] = {
        "the uptime jumps to ten years": _changed(
            "/summary", _with(uptime=315_000_000)
        ),
        "the uptime is negative": _changed("/summary", _with(uptime=-5)),
        "the uptime stands still": _changed("/summary", _with(uptime=1000)),
        "the uptime is missing": _changed(
            "/summary", lambda it: _without(it, "uptime")
        ),
        "the id is empty": _changed("/summary", _with(id="")),
        "the worker is another one": _changed("/summary", _with(worker_id="renamed")),
        "the version is missing": _changed("/summary", _with(version=None)),
        "the hashrate is missing": _changed("/summary", _with(hashrate=None)),
        "the hashrate is negative": _changed(
            "/summary", _with(hashrate={"total": [-1, -1, -1], "highest": -1})
        ),
        "the results are missing": _changed("/summary", _with(results={})),
        "the connection is missing": _changed("/summary", _with(connection=None)),
        "paused is a text": _changed("/summary", _with(paused="no")),
        "a counter is above 64 bits": _changed(
            "/summary", _with(results={"shares_good": 2**70, "shares_total": 2**70})
        ),
        "another kind of program": _changed("/summary", _with(kind="proxy")),
        "the summary is a list": _changed("/summary", lambda _: []),
        "no backends": _changed("/backends", lambda _: []),
        "a backend of an unknown type": _changed(
            "/backends", lambda it: [{"type": "quantum", "enabled": True}, *it]
        ),
        "only the first backend": _changed("/backends", lambda it: it[:1]),
        "the backends are an object": _changed("/backends", lambda _: {}),
        "no backend is enabled": _changed(
            "/backends", lambda it: [item | {"enabled": False} for item in it]
        ),
        "256 CPU threads": _changed("/backends", lambda it: _many_threads(it, 256)),
        "5,000 CPU threads": _changed("/backends", lambda it: _many_threads(it, 5000)),
        "the config is a list": _changed("/config", lambda _: []),
        "the config is empty": _changed("/config", lambda _: {}),
        "the config without pools": _changed("/config", _with(pools=[])),
        "the config with a pool that is a number": _changed(
            "/config", lambda it: it | {"pools": [*it["pools"], 5]}
        ),
        "the config without the CPU": _changed(
            "/config", lambda it: _without(it, "cpu")
        ),
        "the config has more than 1 MiB": _changed(
            "/config", _with(comment="x" * 2_000_000)
        ),
        "the config is nested deeply": _changed("/config", _with(comment=_nested(60))),
        "the config has an infinite number": _changed(
            "/config", _with(retries=float("inf"))
        ),
    }
    for name, fault in changes.items():
        yield Trouble(group="Values", name=name, during=_fault(fault))
    cards = _changed("/backends", _sixteen_cards)
    yield Trouble(group="Values", name="16 cards in one reply", during=_once(cards))
    yield Trouble(
        group="Values",
        name="16 cards",
        during=_fault(cards),
        lasts="60 entities unavailable",
    )


def _without(document: Json, key: str) -> Json:
    return {name: value for name, value in document.items() if name != key}


def _nested(depth: int) -> Any:
    return [_nested(depth - 1)] if depth else 0


def _many_threads(backends: list[Json], number: int) -> list[Json]:
    cpu, *others = backends
    return [cpu | {"threads": [cpu["threads"][0]] * number}, *others]


def _sixteen_cards(backends: list[Json]) -> list[Json]:
    def card(thread: Json, index: int) -> Json:
        return thread | {"index": index, "bus_id": f"{index + 1:02x}:00.0"}

    return [
        item | {"threads": [card(item["threads"][0], index) for index in range(16)]}
        if item["type"] != "cpu" and item.get("threads")
        else item
        for item in backends
    ]


def _of_another_program() -> Iterator[Trouble]:
    answers = {**GARBAGE, **INTERRUPTED, "no reply": hang, "a byte per second": trickle}
    for name, answer in answers.items():
        yield Trouble(
            group="Another program on the miner's port",
            name=name,
            during=network.replaced(answer),
        )


def _of_the_miner() -> Iterator[Trouble]:
    for name, during in _MINER.items():
        # Jobs of the pool come every 20 s
        # What is restored after a restart, or was lost, shows at the second one
        polls = 4 if name.startswith("the pool asks") else 2 if name in _LASTS else 1
        yield Trouble(
            group="The miner and its computer",
            name=name,
            during=during,
            lasts=_LASTS.get(name, ""),
            polls_after=polls,
        )


@asynccontextmanager
async def _offline(rig: Rig) -> AsyncIterator[None]:
    await rig.simulator.go_offline()
    yield
    await rig.simulator.go_online()


@asynccontextmanager
async def _killed(rig: Rig) -> AsyncIterator[None]:
    await rig.simulator.kill()
    yield
    rig.simulator.restart()


@asynccontextmanager
async def _restarted(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.restart()
    yield


@asynccontextmanager
async def _restart_loop(rig: Rig) -> AsyncIterator[None]:
    def restart(_: Request) -> None:
        rig.simulator.restart()

    rig.simulator.on_reply = restart
    yield
    rig.simulator.on_reply = None


@asynccontextmanager
async def _no_pool(rig: Rig) -> AsyncIterator[None]:
    urls = [pool["url"] for pool in rig.simulator.config["pools"]]
    for url in urls:
        rig.simulator.set_pool_reachable(url, False)
    yield
    for url in urls:
        rig.simulator.set_pool_reachable(url, True)


@asynccontextmanager
async def _first_pool(rig: Rig) -> AsyncIterator[None]:
    url = rig.simulator.config["pools"][0]["url"]
    rig.simulator.set_pool_reachable(url, False)
    yield
    rig.simulator.set_pool_reachable(url, True)


@asynccontextmanager
async def _rejected(rig: Rig) -> AsyncIterator[None]:
    for _ in range(150):
        rig.simulator.reject_share()
    yield
    for _ in range(150):
        rig.simulator.accept_share()


def _edited(
    edit: Callable[[Json], None], undo: Callable[[Json], None]
) -> Callable[[Rig], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        rig.simulator.edit_config(edit)
        yield
        rig.simulator.edit_config(undo)

    return during


def _set(*path: str, value: Any) -> Callable[[Json], None]:
    def edit(document: Json) -> None:
        target = document
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value

    return edit


def _wallet(wallet: str) -> Callable[[Json], None]:
    def edit(document: Json) -> None:
        document["pools"][0]["user"] = wallet

    return edit


@asynccontextmanager
async def _damaged_file(rig: Rig) -> AsyncIterator[None]:
    text = rig.simulator.surroundings.disk
    rig.simulator.write_disk(text[: len(text) // 2])
    yield
    rig.simulator.write_disk(text)


@asynccontextmanager
async def _console(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.rpc_direct("pause")
    yield
    rig.simulator.rpc_direct("resume")


@asynccontextmanager
async def _console_stop(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.rpc_direct("stop")
    yield


@asynccontextmanager
async def _algorithm(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.set_algorithm("rx/wow")
    yield
    rig.simulator.set_algorithm("rx/0")


@asynccontextmanager
async def _clock_forward(rig: Rig) -> AsyncIterator[None]:
    rig.freezer.tick(7200)
    yield


@asynccontextmanager
async def _miner_clock_forward(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.advance(7200)
    yield


@asynccontextmanager
async def _card_lost(rig: Rig) -> AsyncIterator[None]:
    bus_id = rig.simulator.gpus[0].bus_id
    rig.simulator.lose_gpu(bus_id)
    yield


@asynccontextmanager
async def _session_closed(rig: Rig) -> AsyncIterator[None]:
    connector = async_get_clientsession(rig.hass).connector
    assert connector
    with patch.object(connector, "connect", side_effect=OSError("no route")):
        yield


def _after_each_change(
    delay: float, happen: Callable[[Rig, Json], object]
) -> Callable[[Rig], AbstractAsyncContextManager[None]]:
    """Let something happen some seconds after each change of the config.

    It is called with the config as it was before all of them.
    """

    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        first = copy.deepcopy(rig.simulator.config)
        later = asyncio.get_running_loop().call_later

        def on_reply(request: Request) -> None:
            if request.method == "PUT":
                later(delay, happen, rig, first)

        rig.simulator.on_reply = on_reply
        yield
        await asyncio.sleep(LASTING)
        rig.simulator.on_reply = None

    return during


def _restart(rig: Rig, _: Json) -> None:
    rig.simulator.restart()


def _overwrite(rig: Rig, first: Json) -> None:
    rig.simulator.edit_config(lambda _: first)


@asynccontextmanager
async def _not_kept(rig: Rig) -> AsyncIterator[None]:
    rig.simulator.surroundings.is_writable = False
    yield
    await asyncio.sleep(LASTING)
    rig.simulator.restart()
    rig.simulator.surroundings.is_writable = True


@asynccontextmanager
async def _algorithms(rig: Rig) -> AsyncIterator[None]:
    algorithms = itertools.cycle(["rx/wow", "rx/0"])

    def on_request(request: Request) -> None:
        if request.path == "/2/summary":
            rig.simulator.surroundings.algorithm = next(algorithms)

    rig.simulator.on_request = on_request
    yield
    rig.simulator.on_request = None
    rig.simulator.set_algorithm("rx/0")


_MINER: dict[str, Callable[[Rig], AbstractAsyncContextManager[None]]] = {
    "is off": _offline,
    "crashes, and is started again later": _killed,
    "restarts once": _restarted,
    "restarts after every reply": _restart_loop,
    "there is no route to it": _session_closed,
    "no pool can be reached": _no_pool,
    "the first pool cannot be reached": _first_pool,
    "the pool rejects 150 shares in a row": _rejected,
    "the pool asks for another algorithm": _algorithm,
    "the pool asks for another algorithm at each poll": _algorithms,
    "is paused at its console": _console,
    "is stopped at its console": _console_stop,
    "its config file is cut off": _damaged_file,
    "its API becomes read-only": _edited(
        _set("http", "restricted", value=True),
        _set("http", "restricted", value=False),
    ),
    "its token changes": _edited(
        _set("http", "access-token", value="another"),
        _set("http", "access-token", value="s3cret"),
    ),
    "its token is removed": _edited(
        _set("http", "access-token", value=None),
        _set("http", "access-token", value="s3cret"),
    ),
    "a wallet changes": _edited(_wallet("OTHER"), _wallet("WALLET")),
    "the CPU backend is disabled": _edited(
        _set("cpu", "enabled", value=False), _set("cpu", "enabled", value=True)
    ),
    "it gets fewer threads": _edited(
        _set("cpu", "rx", value=[0]), _set("cpu", "rx", value=[0, 1, 2, 3])
    ),
    "restarts 0.3 s after each change of its config": _after_each_change(0.3, _restart),
    "cannot write its config file, and restarts after changes": _not_kept,
    "another program undoes each change after 0.6 s": _after_each_change(
        0.6, _overwrite
    ),
    "another miner answers one poll": _once(
        _changed("/summary", _with(id="0123456789abcdef", worker_id="other"))
    ),
    "loses its card": _card_lost,
    "the clock of Home Assistant jumps two hours ahead": _clock_forward,
    "the clock of the miner jumps two hours ahead": _miner_clock_forward,
}

_LASTS = {
    "cannot write its config file, and restarts after changes": "config_not_kept",
    "another program undoes each change after 0.6 s": "change_lost",
}
"""Repairs that remain until a change lasts."""
