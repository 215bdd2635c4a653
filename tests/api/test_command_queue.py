"""Tests of whose turn it is: one command or poll at a time, and no waiting in vain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import gc

import pytest

from custom_components.xmrig_miner.api.command_queue import CommandQueue
from custom_components.xmrig_miner.api.exceptions import (
    XmrigClosedError,
    XmrigConnectionError,
)


class Turns:
    """A queue, and the order in which turns were had."""

    def __init__(self) -> None:
        """Start with a queue that is free."""
        self.queue = CommandQueue()
        self.order: list[str] = []
        self.go_on = asyncio.Event()

    async def command(self, name: str) -> None:
        """Have a turn, and keep it until all may go on."""
        async with self.queue.command():
            self.order.append(name)
            await self.go_on.wait()

    async def poll(self, name: str) -> None:
        """Have the turn of a poll, which does not last."""
        async with self.queue.poll():
            self.order.append(name)

    async def start(self, name: str) -> asyncio.Task[None]:
        """Start a command, and let it come as far as it can."""
        task = asyncio.create_task(self.command(name))
        await idle()
        return task

    async def start_poll(self, name: str) -> asyncio.Task[None]:
        """Start a poll, and let it come as far as it can."""
        task = asyncio.create_task(self.poll(name))
        await idle()
        return task


async def idle() -> None:
    """Let every task come as far as it can."""
    await asyncio.sleep(0.001)


@asynccontextmanager
async def started(*names: str) -> AsyncIterator[tuple[Turns, list[asyncio.Task[None]]]]:
    """Yield commands that were started: the first one has its turn, the others wait."""
    turns = Turns()
    tasks = [await turns.start(name) for name in names]
    yield turns, tasks
    turns.go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not turns.queue.is_busy


async def test_turns_come_in_order() -> None:
    """Polls wait like commands do, and are not kept waiting longer."""
    async with started("one", "two") as (turns, tasks):
        assert turns.queue.is_busy
        poll = await turns.start_poll("poll")
        tasks.append(await turns.start("three"))
        assert turns.order == ["one"]
        turns.go_on.set()
        await asyncio.gather(poll, *tasks)
        assert turns.order == ["one", "two", "poll", "three"]


async def test_a_command_waits_for_a_poll() -> None:
    """No command changes what is being read."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
        assert turns.order == []
    await idle()
    assert turns.order == ["one"]
    turns.go_on.set()
    await task


async def test_commands_that_wait_fail_together() -> None:
    """They would only wait for a time-out each; the one that runs finds out itself."""
    async with started(*map(str, range(9))) as (turns, tasks):
        turns.queue.fail_waiting()
        await idle()
        assert [task.done() for task in tasks] == [False] + [True] * 8
        for task in tasks[1:]:
            with pytest.raises(XmrigConnectionError):
                await task
        turns.go_on.set()
        await tasks[0]
        assert turns.order == ["0"]


async def test_polls_do_not_fail_with_the_commands() -> None:
    """A poll is what finds out that the miner is back."""
    async with started("one", "two") as (turns, tasks):
        poll = await turns.start_poll("poll")
        turns.queue.fail_waiting()
        turns.go_on.set()
        await poll
        with pytest.raises(XmrigConnectionError):
            await tasks[1]
        assert turns.order == ["one", "poll"]


async def test_a_command_that_comes_later_does_not_fail() -> None:
    """The miner may be back."""
    async with started("one", "two") as (turns, tasks):
        turns.queue.fail_waiting()
        tasks.append(await turns.start("three"))
        turns.go_on.set()
        await tasks[2]
        assert turns.order == ["one", "three"]


async def test_a_command_fails_though_its_turn_has_just_come() -> None:
    """Both at once: it fails, and the turn goes to the next one."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
    # The lock is free now, and its waiter is to be woken
    turns.queue.fail_waiting()
    with pytest.raises(XmrigConnectionError):
        await task
    assert turns.order == []
    assert not turns.queue.is_busy
    await turns.start_poll("poll")
    assert turns.order == ["poll"]


async def test_a_command_that_comes_between_two_turns_waits_like_the_others() -> None:
    """As one that follows a poll at once, while another had waited for its end."""
    turns = Turns()
    async with turns.queue.poll():
        one = await turns.start("one")
    asyncio.get_running_loop().call_later(0.001, turns.queue.fail_waiting)
    with pytest.raises(XmrigConnectionError):
        async with asyncio.timeout(1):
            await turns.command("two")
    assert turns.order == ["one"]
    turns.go_on.set()
    await one


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_command_that_is_cancelled_gives_its_turn_back(number: int) -> None:
    """Whether it waits or runs, the others come on."""
    async with started("0", "1", "2") as (turns, tasks):
        tasks[number].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[number]
        turns.go_on.set()
        others = [task for task in tasks if task is not tasks[number]]
        await asyncio.gather(*others)
        assert {*turns.order} >= {"0", "1", "2"} - {str(number)}


async def test_a_command_that_is_cancelled_as_its_turn_comes() -> None:
    """It had the turn without knowing, and gives it back."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turns.order == []
    assert not turns.queue.is_busy


async def test_a_command_that_is_cancelled_as_it_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is logged of the failure, which is no news to one that has gone."""
    async with started("one", "two") as (turns, tasks):
        turns.queue.fail_waiting()
        task = tasks.pop()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        # asyncio logs an error that was not retrieved when its future is deleted
        del task
        gc.collect()
        assert caplog.text == ""


async def test_commands_that_had_their_turn_are_forgotten() -> None:
    """Home Assistant runs for months."""

    queue = CommandQueue()

    async def futures_after(commands: int) -> int:
        for _ in range(commands):
            async with queue.command():
                pass
        gc.collect()
        return sum(isinstance(item, asyncio.Future) for item in gc.get_objects())

    assert await futures_after(9) == await futures_after(1)


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("steps", range(4))
async def test_a_command_that_is_cancelled_twice(steps: int, waits: bool) -> None:
    """As when Home Assistant stops during that: no turn is lost."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
        if waits:
            task.cancel()
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
    if not waits:
        task.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await idle()
    assert not turns.queue.is_busy


async def test_an_error_gives_the_turn_back() -> None:
    """Whatever went wrong in it."""
    queue = CommandQueue()
    with pytest.raises(ZeroDivisionError):
        async with queue.command():
            raise ZeroDivisionError
    assert not queue.is_busy
    async with queue.command():
        assert queue.is_busy


async def test_close_waits_for_the_command_that_runs() -> None:
    """Those that wait for their turn fail, and so does a poll."""
    async with started("one", "two") as (turns, tasks):
        poll = await turns.start_poll("poll")
        closing = asyncio.create_task(turns.queue.close())
        await idle()
        assert turns.queue.is_closed
        assert not closing.done()
        with pytest.raises(XmrigClosedError):
            await tasks[1]
        turns.go_on.set()
        await closing
        assert tasks[0].done()
        with pytest.raises(XmrigClosedError):
            await poll
        assert turns.order == ["one"]


async def test_a_queue_that_is_closed_takes_nothing() -> None:
    """At once, also while the last command runs."""
    async with started("one") as (turns, _):
        closing = asyncio.create_task(turns.queue.close())
        await idle()
        with pytest.raises(XmrigClosedError):
            async with turns.queue.command():
                pass
        assert not closing.done()
        turns.go_on.set()
        await closing
        for turn in (turns.queue.command(), turns.queue.poll()):
            with pytest.raises(XmrigClosedError):
                async with turn:
                    pass


async def test_a_command_whose_turn_comes_as_the_queue_is_closed() -> None:
    """It is refused like all the others."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
    closing = asyncio.create_task(turns.queue.close())
    with pytest.raises(XmrigClosedError):
        await task
    await closing
    assert turns.order == []


async def test_closing_twice() -> None:
    """An entry may be unloaded and then removed."""
    queue = CommandQueue()
    assert queue.is_closed is False
    await queue.close()
    await queue.close()
    assert queue.is_closed
