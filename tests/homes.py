"""Several instances of Home Assistant that command one miner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
import json
from typing import Any

import aiohttp
import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.document import merge_patch
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType, Config, PauseRule
from custom_components.xmrig_miner.api.state import MinerState
from simulator import Simulator
from simulator.jsonvalue import Json
from tests.sessions import open_session

APPLIED = 0.75
"""Seconds in which the miner applies a changed config."""

LASTING = 20
"""Seconds after which nothing that was overwritten is written again."""

BACKUP = "backup.example.org:3333"
FULL = [[1, 0], [2, 3], 1, 2]
OPTIONS: dict[str, Any] = {
    "uptime": 1000,
    "gpus": 1,
    "config": {"cpu": {"rx": FULL}},
}

type Command = Callable[[Miner], Coroutine[Any, Any, Any]]


class HomeAssistant:
    """An instance of Home Assistant with its own disk that commands a miner."""

    def __init__(self, session: aiohttp.ClientSession, simulator: Simulator) -> None:
        """Start with nothing stored."""
        self.client = XmrigClient(
            session, simulator.host, simulator.port, token=simulator.token
        )
        self.disk: str | None = None
        self.on_save: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._miners: list[Miner] = []
        self.miner = self.start()

    def start(self) -> Miner:
        """Restart with what is on disk."""
        data = json.loads(self.disk) if self.disk else None
        self.miner = Miner(self.client, MinerState.from_json(data), self._save)
        self._miners.append(self.miner)
        return self.miner

    async def close(self) -> None:
        """End all that was started."""
        for miner in self._miners:
            await miner.close()

    async def _save(self, state: MinerState) -> None:
        await asyncio.sleep(0.001)
        self.disk = json.dumps(state.as_json())
        if self.on_save:
            await self.on_save()


@asynccontextmanager
async def homes(
    number: int,
) -> AsyncIterator[tuple[Simulator, list[HomeAssistant]]]:
    """Yield a miner and several instances of Home Assistant, in virtual time."""
    clock = asyncio.get_running_loop().time
    async with (
        Simulator(**OPTIONS, clock=clock) as simulator,
        open_session() as session,
    ):
        found = [HomeAssistant(session, simulator) for _ in range(number)]
        try:
            yield simulator, found
        finally:
            for home in found:
                await home.close()


def patch(change: Json) -> Command:
    """Return the command to merge a patch into the config."""
    return lambda miner: miner.edit(
        lambda config: Config(merge_patch(config.document, change))
    )


COMMANDS: dict[str, Command] = {
    "threads": lambda miner: miner.set_threads(2, "rx"),
    "pool": lambda miner: miner.select_pool(BACKUP),
    "backend": lambda miner: miner.set_backend(BackendType.CUDA, enabled=False),
    "rule": lambda miner: miner.set_pause_rule(PauseRule.ACTIVITY, enabled=True),
    "patch": patch({"cpu": {"cn": [[1, 3]]}, "retries": 7}),
    "stop": lambda miner: miner.stop(),
}

every_command = pytest.mark.parametrize("name", COMMANDS)
