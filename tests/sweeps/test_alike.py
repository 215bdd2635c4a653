"""Failures that look alike to all that uses the client, so that one stands for both."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.confirm import confirm
from custom_components.xmrig_miner.api.exceptions import Command, XmrigError
from custom_components.xmrig_miner.api.link import Link
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.api.polled import Endpoint
from custom_components.xmrig_miner.api.proxy import ProxyLink
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from simulator import ProxySimulator, Simulator
from simulator.base import BaseSimulator
from tests.virtual_time import run

from .home import NOW
from .kinds import ALIKE, ALIKE_IF_CAUGHT
from .trial import is_paused


@dataclass
class Seen:
    """What a caller of the client can find out about a request."""

    reply: Any = None
    error: type[XmrigError] | None = None
    key: str | None = None
    placeholders: Mapping[str, str] | None = None
    seconds: float = 0
    port: int = 0
    disk: str = ""
    is_paused: bool = False
    is_unreachable: bool = False
    """Whether it was reported that the miner cannot be reached."""


async def _change_config(client: XmrigClient) -> None:
    config = await client.config()
    await client.post_config(Config.from_json({**config.document, "retries": 7}))


WORKERS = "GET /1/workers"

REQUESTS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "GET /2/summary": XmrigClient.summary,
    "GET /2/backends": XmrigClient.backends,
    "GET /2/config": XmrigClient.config,
    WORKERS: ProxyClient.workers,
    "PUT /2/config": _change_config,
    "POST /json_rpc": lambda client: client.perform_action(Action.PAUSE),
}


@asynccontextmanager
async def _process(
    name: str, port: int
) -> AsyncIterator[tuple[BaseSimulator[Any], Any]]:
    """Run what serves a request, on a given port or on any, and lend a client of it."""
    is_proxy = name == WORKERS
    async with (
        (
            ProxySimulator(uptime=1000, port=port)
            if is_proxy
            else Simulator(uptime=1000, job_interval=100_000, port=port)
        ) as simulator,
        aiohttp.ClientSession() as session,
    ):
        kind_of_client = ProxyClient if is_proxy else XmrigClient
        yield (
            simulator,
            kind_of_client(
                session, simulator.host, simulator.port, token=simulator.token
            ),
        )


async def _see(
    clock: FrozenDateTimeFactory, name: str, kind: str | None, port: int = 0
) -> Seen:
    """Send a request that fails, to a miner that differs by its port at most."""
    seen = Seen()
    async with _process(name, port) as (simulator, client):
        if kind:
            simulator.fail_next(2 if name.startswith("PUT") else 1, kind)
        began = clock()
        try:
            seen.reply = await REQUESTS[name](client)
        except XmrigError as error:
            seen.error = type(error)
            seen.key = error.key
            seen.placeholders = error.placeholders
        seen.seconds = (clock() - began).total_seconds()
        seen.port = simulator.port
        seen.disk = simulator.surroundings.disk
        seen.is_paused = is_paused(simulator)
    return seen


@pytest.mark.parametrize(
    ("name", "kind", "other"),
    [(name, *pair) for name, alike in ALIKE.items() for pair in alike.items()],
)
def test_they_look_alike(name: str, kind: str, other: str | None) -> None:
    """Error, reply, time and the miner afterwards are the same."""
    seen = run(lambda clock: _see(clock, name, kind), NOW)
    assert seen == run(lambda clock: _see(clock, name, other, seen.port), NOW)


type Read = Callable[[], Awaitable[Any]]

READS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "GET /2/summary": Link.summary,
    "GET /2/backends": MinerLink.backends,
    "GET /2/config": Link.config,
    WORKERS: ProxyLink.workers,
}


async def _polled(read: Read) -> Any:
    """Read as a poll does."""
    endpoint = Endpoint(read)
    await endpoint.refresh(0)
    return endpoint.reply, endpoint.is_fresh


async def _confirmed(read: Read) -> Any:
    """Read until there is a reply."""
    return await confirm(read, lambda _: True, command=Command.START)


async def _see_caught(
    clock: FrozenDateTimeFactory,
    name: str,
    kind: str,
    catch: Callable[[Read], Awaitable[Any]],
    port: int = 0,
) -> Seen:
    """Send a read that fails where every failure is caught."""
    seen = Seen()
    async with _process(name, port) as (simulator, client):
        kind_of_link = ProxyLink if name == WORKERS else MinerLink
        link = kind_of_link(client, lambda _: True)

        def note(_: XmrigError) -> None:
            seen.is_unreachable = True

        link.on_unreachable = note
        simulator.fail_next(1, kind)
        began = clock()
        seen.reply = await catch(lambda: READS[name](link))
        seen.seconds = (clock() - began).total_seconds()
        seen.port = simulator.port
    return seen


@pytest.mark.parametrize("catch", [_polled, _confirmed])
@pytest.mark.parametrize(
    ("name", "kind", "other"),
    [
        (name, *pair)
        for name, alike in ALIKE_IF_CAUGHT.items()
        for pair in alike.items()
    ],
)
def test_they_look_alike_where_they_are_caught(
    name: str,
    kind: str,
    other: str,
    catch: Callable[[Read], Awaitable[Any]],
) -> None:
    """The reply in the end, what is known of the failure, and the time are the same."""
    seen = run(lambda clock: _see_caught(clock, name, kind, catch), NOW)
    assert seen == run(
        lambda clock: _see_caught(clock, name, other, catch, seen.port), NOW
    )
