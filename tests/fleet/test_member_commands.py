"""Commands of the manager to its members, without Home Assistant and miners."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.fleet.commands import MemberCommands
from tests.stand_ins import Entry, Hass


class Bench:
    """Two miners, whose commands take until they are let through."""

    def __init__(self) -> None:
        """Start with miners that answer at once."""
        self.miners = [Entry("rig-1"), Entry("rig-2")]
        self.hass = Hass(*self.miners)
        self.calls = self.hass.calls
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        for miner in self.miners:
            limit = SimpleNamespace(async_set_managed=self._set(miner.entry_id))
            miner.runtime_data.power = SimpleNamespace(limit=limit)
        self.commands = MemberCommands(
            cast(Any, self.hass),
            cast(Any, Entry("manager", "manager")),
            lambda entry_id, ok: self.calls.append((entry_id, ok)),
            lambda: self.calls.append("done"),
        )

    def _set(self, entry_id: str) -> Any:
        async def call(threads: int | None) -> None:
            self.calls.append((entry_id, "set", threads))
            await self.gate.wait()
            if self.error:
                raise self.error

        return call

    async def command(self, threads: int | None = 3) -> list[Any]:
        """Return what a command to the first miner does."""
        self.calls.clear()
        self.commands.async_command("rig-1", threads)
        await self.commands.async_close()
        return list(self.calls)


@pytest.fixture
def bench() -> Bench:
    """Return two miners."""
    return Bench()


async def test_a_command(bench: Bench) -> None:
    """Its result is told, and then that nothing is left to do."""
    for threads in (3, None, 0):
        assert await bench.command(threads) == [
            ("rig-1", "set", threads),
            ("rig-1", True),
            "done",
        ]


async def test_a_command_that_fails(bench: Bench) -> None:
    """That is told, too; the next one is sent."""
    bench.error = HomeAssistantError("no route")
    for _ in range(2):
        failed = [("rig-1", "set", 3), ("rig-1", False), "done"]
        assert await bench.command() == failed


@pytest.mark.parametrize("how", ["removed", "not loaded"])
async def test_a_miner_that_is_gone(bench: Bench, how: str) -> None:
    """It cannot be commanded."""
    if how == "removed":
        del bench.hass.entries[0]
    else:
        bench.miners[0].state = ConfigEntryState.NOT_LOADED
    assert await bench.command() == [("rig-1", False), "done"]


async def test_commands_that_come_meanwhile(bench: Bench) -> None:
    """Only the last one is sent, once the running one has ended."""
    bench.gate.clear()
    bench.commands.async_command("rig-1", 1)
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert "xmrig_miner manager" in names
    await asyncio.sleep(0)
    bench.commands.async_command("rig-1", 2)
    bench.commands.async_command("rig-1", None)
    # Another miner does not wait
    bench.commands.async_command("rig-2", 4)
    await asyncio.sleep(0)
    assert bench.calls == [("rig-1", "set", 1), ("rig-2", "set", 4)]
    bench.calls.clear()
    bench.gate.set()
    await bench.commands.async_close()
    assert [call for call in bench.calls if call[0] == "rig-1"] == [
        ("rig-1", True),
        ("rig-1", "set", None),
        ("rig-1", True),
    ]
    assert ("rig-2", True) in bench.calls
    assert bench.calls.count("done") == 2


async def test_a_bug_in_a_command(bench: Bench) -> None:
    """It does not block those that follow."""
    bench.error = ValueError("bug")
    assert await bench.command() == [("rig-1", "set", 3)]
    bench.error = None
    assert (await bench.command())[-1] == "done"
