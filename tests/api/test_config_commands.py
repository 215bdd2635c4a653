"""Tests of commands that change a config, by the replies of a stand-in for a miner."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import copy
from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.config_commands import ConfigCommands
from custom_components.xmrig_miner.api.config_editor import SETTLE
from custom_components.xmrig_miner.api.document import Change, merge_patch
from custom_components.xmrig_miner.api.exceptions import (
    XmrigClosedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
)
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.models import Config, Summary
from custom_components.xmrig_miner.api.state import MinerState

from .stub import ADDRESS, DOCUMENT, EditableClient

POOLS: list[dict[str, Any]] = [
    {"url": "pool.example.org:1", "user": "WALLET"},
    {"url": "backup.example.org:2", "user": "WALLET", "enabled": False},
]
BACKUP = "backup.example.org:2"
CHANGE = Change(path=("retries",), old=5, new=7)

LASTING = 2 * SETTLE
"""Seconds after which a change is known to last."""


class Commands(ConfigCommands[MinerLink]):
    """Commands to a stand-in, and what they stored."""

    def __init__(
        self, client: EditableClient | None = None, state: MinerState = MinerState()
    ) -> None:
        """Initialize the commands."""
        self.client = client or EditableClient(delay=0)
        self.saved: list[MinerState] = []
        super().__init__(self.client.link(), state, self._save)

    async def _save(self, state: MinerState) -> None:
        self.saved.append(state)

    async def patch(self, **values: Any) -> list[Change]:
        """Change values on behalf of the user."""
        return await self.edit(
            lambda config: Config(merge_patch(config.document, values))
        )

    def overwrite(self) -> None:
        """Put the first config back, as a program that read it earlier does."""
        self.client.document = copy.deepcopy(DOCUMENT)

    @property
    def retries(self) -> list[int]:
        """Return the value of each config that was sent."""
        return [posted["retries"] for posted in self.client.posted]


type Make = Callable[..., Commands]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Return what makes commands, which end with the test."""
    made: list[Commands] = []

    def make_commands(*args: Any, **kwargs: Any) -> Commands:
        made.append(Commands(*args, **kwargs))
        return made[-1]

    yield make_commands
    for commands in made:
        await commands.close()


@pytest.fixture
def commands(make: Make) -> Commands:
    """Return commands to a miner that shows each change at once."""
    return make()


def is_idle() -> bool:
    """Return whether no task runs but the test's own."""
    return asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_change(commands: Commands) -> None:
    """It is sent, stored as the user's, and returned."""
    assert await commands.patch(retries=7) == [CHANGE]
    assert commands.retries == [7]
    shown = Config(commands.client.document)
    assert commands.state is commands.saved[-1]
    assert commands.state.user_config(shown).document["retries"] == 7
    assert commands.state.original_config(shown).document["retries"] == 5
    assert (await commands.read_config()).document["retries"] == 7
    assert commands.link.address == ADDRESS


async def test_a_preview(commands: Commands) -> None:
    """It returns the changes, and leaves nothing behind."""
    changes = await commands.preview(
        lambda config: Config(config.document | {"retries": 7})
    )
    assert changes == [CHANGE]
    assert commands.client.posted == []
    assert commands.saved == []
    assert is_idle()


async def test_a_command_without_a_change(commands: Commands) -> None:
    """There is nothing that has to last."""
    assert await commands.patch(retries=5) == []
    assert is_idle()


async def test_a_pool_is_selected(commands: Commands) -> None:
    """It is enabled and comes first; the user's config keeps its order."""
    commands.client.document["pools"] = POOLS
    await commands.select_pool(BACKUP)
    first, second = commands.client.document["pools"]
    assert (first["url"], first["enabled"]) == (BACKUP, True)
    assert second == POOLS[0]
    user_config = commands.state.user_config(Config(commands.client.document))
    assert user_config.document["pools"] == POOLS
    # The labels are those of the user's config
    await commands.select_pool("pool.example.org:1")
    assert commands.client.document["pools"] == [POOLS[0] | {"enabled": True}, POOLS[1]]


async def test_an_unknown_pool(commands: Commands) -> None:
    """It is named, with the miner, and nothing is sent."""
    with pytest.raises(XmrigRefusedError, match=f"{ADDRESS} has no pool {BACKUP}"):
        await commands.select_pool(BACKUP)
    assert commands.client.posted == []


async def test_a_restored_config(make: Make) -> None:
    """What was written from here is gone, the limit of threads as well."""
    commands = make(state=MinerState(threads=1))
    await commands.patch(retries=7)
    commands.client.document["print-time"] = 1
    changes = await commands.restore()
    assert changes == [Change(path=("retries",), old=7, new=5)]
    assert commands.client.document == DOCUMENT | {"print-time": 1}
    assert commands.state.threads is None
    assert commands.state.all_edits.edits == ()
    assert commands.state.control_edits.edits == ()


async def test_accepted_pools(make: Make) -> None:
    """They are stored without a request, and none is pending."""
    state = MinerState(
        payout=frozenset({"old"}), pending_payout=frozenset({"new"}), threads=3
    )
    commands = make(state=state)
    config = Config(DOCUMENT)
    await commands.accept_payout(config)
    assert commands.state == replace(state, payout=config.payout, pending_payout=None)
    assert commands.saved == [commands.state]
    assert commands.client.calls == []
    assert commands.client.reads == 0


@pytest.mark.parametrize(
    "command",
    [
        lambda commands: commands.select_pool(BACKUP),
        lambda commands: commands.patch(retries=7),
        lambda commands: commands.preview(lambda config: config),
        lambda commands: commands.restore(),
    ],
)
async def test_a_read_only_miner(
    command: Callable[[Commands], Awaitable[object]], make: Make
) -> None:
    """No command is taken, and the config is not asked for: XMRig would log that."""
    commands = make(EditableClient(summaries=(Summary(restricted=True),)))
    with pytest.raises(XmrigReadOnlyError):
        await command(commands)
    assert commands.client.calls == ["summary"]
    assert commands.client.reads == 0


async def test_a_change_that_is_overwritten(commands: Commands) -> None:
    """Until it is written again, by itself, the config is known to lack it."""
    await commands.patch(retries=7)
    shown = Config(commands.client.document)
    commands.overwrite()
    assert commands.is_overwritten(Config(DOCUMENT)) is True
    assert commands.is_overwritten(shown) is False
    await asyncio.sleep(LASTING)
    assert commands.retries == [7, 7]
    assert commands.is_change_lost is False
    assert commands.is_overwritten(Config(DOCUMENT)) is True
    await asyncio.sleep(LASTING)
    assert commands.is_overwritten(Config(DOCUMENT)) is False
    assert is_idle()


async def test_each_of_several_changes_has_to_last(commands: Commands) -> None:
    """Whether the one before still has to, or has lasted."""
    await commands.patch(retries=7)
    await commands.patch(retries=8)
    # One task is enough for both
    assert len(asyncio.all_tasks()) == 2
    await asyncio.sleep(LASTING)
    assert is_idle()
    await commands.patch(retries=9)
    commands.client.document["retries"] = 8
    await asyncio.sleep(LASTING)
    assert commands.retries == [7, 8, 9, 9]


async def test_a_change_that_is_lost(make: Make) -> None:
    """That is known."""
    commands = make(EditableClient(delay=0, writes=(None, XmrigRefusedError(""))))
    await commands.patch(retries=7)
    assert commands.is_change_lost is False
    commands.overwrite()
    await asyncio.sleep(LASTING)
    assert commands.is_change_lost is True


async def test_a_change_of_a_process_that_is_gone(commands: Commands) -> None:
    """It is left alone."""
    await commands.patch(retries=7)
    commands.overwrite()
    commands.forget_change()
    assert commands.is_overwritten(Config(DOCUMENT)) is False
    await asyncio.sleep(LASTING)
    assert commands.retries == [7]


async def test_polls_need_not_wait_until_a_change_lasts(commands: Commands) -> None:
    """Even if a command made a further change right before it was due."""
    loop = asyncio.get_running_loop()
    await commands.patch(retries=7)
    async with commands.queue.poll():
        command = asyncio.create_task(commands.patch(retries=8))
        await asyncio.sleep(LASTING)
    await command
    began = loop.time()
    await asyncio.sleep(0.01)
    async with commands.queue.poll():
        assert loop.time() - began < SETTLE / 2


async def test_a_miner_that_becomes_unreachable(commands: Commands) -> None:
    """The wait for its turn ends, and so does the task."""
    await commands.patch(retries=7)
    commands.overwrite()
    async with commands.queue.poll():
        await asyncio.sleep(LASTING)
        commands.queue.fail_waiting()
        await asyncio.sleep(0.01)
        assert is_idle()
    assert commands.is_overwritten(Config(DOCUMENT)) is False
    assert commands.retries == [7]


async def test_the_end(commands: Commands) -> None:
    """Nothing runs on, and no command is taken."""
    await commands.patch(retries=7)
    commands.overwrite()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await commands.close()
    assert loop.time() - began < SETTLE / 2
    assert is_idle()
    for command in (commands.patch(retries=8), commands.accept_payout(Config({}))):
        with pytest.raises(XmrigClosedError):
            await command
    assert commands.retries == [7]


async def test_the_end_without_a_change(commands: Commands) -> None:
    """There is nothing to end."""
    await commands.close()
    assert commands.queue.is_closed


async def test_the_end_while_a_command_runs(make: Make) -> None:
    """It is waited for."""
    commands = make(EditableClient(delay=5))
    command = asyncio.create_task(commands.patch(retries=7))
    await asyncio.sleep(0.01)
    await commands.close()
    assert await command
    assert is_idle()
