"""Miners to command."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import json
from typing import Any

import aiohttp
import pytest

from custom_components.xmrig.api.client import XmrigClient
from custom_components.xmrig.api.miner import Miner
from custom_components.xmrig.api.models import BackendType
from custom_components.xmrig.api.state import MinerState
from simulator import Simulator

TOKEN = "s3cret"

type Command = Callable[[Miner], Awaitable[Any]]

COMMANDS: dict[str, Command] = {
    "pause": Miner.pause,
    "resume": Miner.resume,
    "stop": Miner.stop,
    "start": Miner.start,
}

every_command = pytest.mark.parametrize("command", COMMANDS)


class Rig(Simulator):
    """A simulated miner that has been at work for a while, in the time of the loop.

    It has two CPU threads and three cards, of which the two of OpenCL are off.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Set the miner up."""
        defaults: dict[str, Any] = {
            "gpus": 3,
            "threads": 2,
            "uptime": 1000,
            "clock": asyncio.get_running_loop().time,
            "config": {"opencl": {"enabled": False}},
        }
        super().__init__(**defaults | kwargs)

    @property
    def enabled(self) -> set[BackendType]:
        """Return the backends that the config switches on."""
        return {name for name in BackendType if self.config[name]["enabled"]}

    def count(self, method: str, path: str) -> int:
        """Return how many requests of a kind there were."""
        return sum((item.method, item.path) == (method, path) for item in self.requests)


@asynccontextmanager
async def commanding(
    rig: Simulator, state: MinerState | None = None, *, token: str | None = TOKEN
) -> AsyncIterator[tuple[Miner, list[MinerState]]]:
    """Yield a miner to command, and a list of the states that it saved."""
    saved: list[MinerState] = []

    async def save(state: MinerState) -> None:
        # Gives way to others, as writing a file does.
        await asyncio.sleep(0)
        saved.append(state)

    async with aiohttp.ClientSession() as session:
        client = XmrigClient(session, rig.host, rig.port, token=token)
        yield Miner(client, state or MinerState(), save), saved


def as_written(state: MinerState) -> MinerState:
    """Return a state as it comes back from a file."""
    return MinerState.from_json(json.loads(json.dumps(state.as_json())))
