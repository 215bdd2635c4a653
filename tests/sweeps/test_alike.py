"""Failures that look alike to all that uses the client, so that one stands for both."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from simulator import ProxySimulator, Simulator
from tests.virtual_time import run

from .home import NOW
from .kinds import ALIKE
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


async def _see(
    clock: FrozenDateTimeFactory, name: str, kind: str | None, port: int = 0
) -> Seen:
    """Send a request that fails, to a miner that differs by its port at most."""
    seen = Seen()
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
        client = kind_of_client(
            session, simulator.host, simulator.port, token=simulator.token
        )
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
