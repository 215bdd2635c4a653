"""Helpers for tests of commands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
import json
from typing import Any

import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.document import merge_patch
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType, Config, PauseRule
from custom_components.xmrig_miner.api.pause_reason import PauseReason, pause_reason
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState
from simulator import Simulator
from tests.sessions import open_session

TOKEN = "s3cret"

type Command = Callable[[Miner], Awaitable[Any]]

COMMANDS: dict[str, Command] = {
    "pause": Miner.pause,
    "resume": Miner.resume,
    "stop": Miner.stop,
    "start": Miner.start,
}

BACKUP = "backup.example.org:3333"
CAP = 1


def patch(change: dict[str, Any]) -> Command:
    """Return the command to merge a patch into the config."""
    return lambda miner: miner.edit(
        lambda config: Config(merge_patch(config.document, change))
    )


WRITES: dict[str, Command] = {
    "threads": lambda miner: miner.set_threads(CAP, "rx"),
    "pool": lambda miner: miner.select_pool(BACKUP),
    "backend_on": lambda miner: miner.set_backend(BackendType.OPENCL, enabled=True),
    "backend_off": lambda miner: miner.set_backend(BackendType.CUDA, enabled=False),
    "rule": lambda miner: miner.set_pause_rule(PauseRule.BATTERY, enabled=True),
    "patch": patch({"retries": 7, "cpu": {"yield": False}}),
    "removal": patch({"print-time": None}),
    "wallet": patch({"pools": [{"url": BACKUP, "user": "OTHER"}]}),
}
"""Commands that change the initial config."""

every_command = pytest.mark.parametrize("command", COMMANDS)
every_write = pytest.mark.parametrize("command", WRITES)


class Rig(Simulator):
    """A simulated miner that has been running for a while, in the loop's time.

    It has two CPU threads and three cards; the two OpenCL cards are off.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Set up the miner."""
        defaults: dict[str, Any] = {
            "gpus": 3,
            "threads": 2,
            "uptime": 1000,
            "clock": asyncio.get_running_loop().time,
            "config": {"opencl": {"enabled": False}, "print-time": 30},
        }
        super().__init__(**defaults | kwargs)

    @property
    def enabled(self) -> set[BackendType]:
        """Return the backends that the config enables."""
        return {name for name in BackendType if self.config[name]["enabled"]}

    def count(self, method: str, path: str) -> int:
        """Return the number of requests of a kind."""
        return sum((item.method, item.path) == (method, path) for item in self.requests)


@asynccontextmanager
async def commanding(
    rig: Simulator, state: MinerState | None = None, *, token: str | None = TOKEN
) -> AsyncIterator[tuple[Miner, list[MinerState]]]:
    """Yield a miner for commands, and a list of the states that it saved."""
    saved: list[MinerState] = []

    async def save(state: MinerState) -> None:
        # Yields to other tasks, like writing a file.
        await asyncio.sleep(0)
        saved.append(state)

    async with open_session() as session:
        client = XmrigClient(session, rig.host, rig.port, token=token)
        miner = Miner(client, state or MinerState(), save)
        try:
            yield miner, saved
        finally:
            await miner.close()


def as_written(state: MinerState) -> MinerState:
    """Return a state after storing and loading it."""
    return MinerState.from_json(json.loads(json.dumps(state.as_json())))


@dataclass(frozen=True)
class Poll:
    """A snapshot of a miner, and the external changes of its config."""

    snapshot: Snapshot
    changed_paths: list[str]

    @property
    def reason(self) -> PauseReason | None:
        """Return why the miner does not mine."""
        return pause_reason(self.snapshot)


async def poll(miner: Miner, before: Poll | None = None) -> Poll:
    """Poll a miner as the coordinator does."""
    async with miner.queue.poll():
        summary, backends, config = await asyncio.gather(
            miner.link.summary(), miner.link.backends(), miner.link.config()
        )
        snapshot = Snapshot(
            summary=summary,
            backends=backends,
            config=config,
            state=miner.state,
            is_fresh=not miner.is_overwritten(config),
        )
        last = before.snapshot if before else None
        paths = await miner.observe(last, snapshot, None)
        return Poll(replace(snapshot, state=miner.state), paths)
