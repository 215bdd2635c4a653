"""A miner, its controller, and its original state."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import json
from typing import Any, Self

import aiohttp

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState
from tests.targets import JOB_INTERVAL, Target

TWO_JOBS = 2 * JOB_INTERVAL + 0.5
"""Seconds with two jobs, which undo temporary changes."""

FAILOVER = 8.0
"""Seconds in which the miner switches to another pool, or back to the first."""


class Wire:
    """The state of a miner, read independently of its commands."""

    def __init__(self, target: Target, client: XmrigClient, first: str) -> None:
        """Initialize the reader; `first` is the original config file."""
        self.target = target
        self.client = client
        self.first = first

    @classmethod
    async def open(cls, target: Target, session: aiohttp.ClientSession) -> Self:
        """Return a reader of a miner without any commands yet."""
        client = XmrigClient(session, target.host, target.port, token=target.token)
        await client.summary()
        return cls(target, client, target.read_disk())

    async def snapshot(self, miner: Miner | None = None) -> Snapshot:
        """Return the snapshot of the miner."""
        return Snapshot(
            summary=await self.client.summary(),
            backends=await self.client.backends(),
            config=await self.client.config(),
            state=miner.state if miner else MinerState(),
        )

    async def config(self) -> dict[str, Any]:
        """Return the config as the miner holds it."""
        return (await self.client.config()).document

    async def is_paused(self) -> bool:
        """Return whether the miner is paused."""
        return (await self.client.summary()).paused is True

    async def threads(self) -> list[tuple[int | None, int | None]]:
        """Return the CPU threads, each as intensity and core."""
        cpu = (await self.client.backends()).by_type[BackendType.CPU]
        return [(thread.intensity, thread.affinity) for thread in cpu.threads]

    async def connected_for(self) -> int:
        """Return the age of the pool connection in ms; 0 without one."""
        return (await self.client.summary()).connection.uptime_ms or 0

    async def is_at(self, pool: int) -> bool:
        """Return whether the miner uses a pool of its original config."""
        connection = (await self.client.summary()).connection
        return connection.pool == self.target.pools[pool] and connection.ip is not None

    async def shares(self) -> int:
        """Return how many shares were found since the miner started."""
        return (await self.client.summary()).results.shares_total or 0

    async def finds_shares(self, within: float) -> bool:
        """Return whether a share is found within some seconds."""
        before = await self.shares()
        for _ in range(round(within / 0.25)):
            await self.target.elapse(0.25)
            if await self.shares() > before:
                return True
        return False

    async def rests(self, during: float) -> None:
        """Wait until no share is found during some seconds: at once if simulated.

        A share that the real miner has found before may still be counted.
        """

        async def is_at_rest() -> bool:
            return not await self.finds_shares(within=during)

        await self.target.eventually(is_at_rest, timeout=0)

    async def mines(self) -> None:
        """Wait until the miner finds shares, which takes long on a busy computer."""
        assert await self.finds_shares(within=self.target.patience)

    async def assert_as_first(self) -> None:
        """Check that the config is the original one, in memory and on disk."""
        assert await self.config() == json.loads(self.first)
        assert self.target.read_disk() == self.first


class Controller:
    """Commands a miner, and stores its state."""

    def __init__(self, client: XmrigClient) -> None:
        """Initialize the controller."""
        self.saved = MinerState()
        self.miner = Miner(client, self.saved, self._save)
        self._miners = [self.miner]

    def as_restarted(self) -> Miner:
        """Return the miner as after a restart, with the stored state only."""
        memory = MinerState.from_json(json.loads(json.dumps(self.saved.as_json())))
        self._miners.append(Miner(self.miner.client, memory, self._save))
        return self._miners[-1]

    async def close(self) -> None:
        """End all that was started."""
        for miner in self._miners:
            await miner.close()

    async def _save(self, memory: MinerState) -> None:
        # Yields to other tasks, like writing a file.
        await asyncio.sleep(0)
        self.saved = memory


@contextlib.asynccontextmanager
async def lasting_at_most(seconds: float, target: Target) -> AsyncIterator[None]:
    """Check the duration of a block, by the time of a simulator.

    That of a real miner depends on how busy the computer is; `--times` measures it.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    yield
    assert loop.time() - started <= seconds or not target.is_simulated
