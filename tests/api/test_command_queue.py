"""Tests of the queue: one command or poll at a time, without useless waiting."""

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
    """A queue, and the order of the turns."""

    def __init__(self) -> None:
        """Start with an idle queue."""
        self.queue = CommandQueue()
        self.order: list[str] = []
        self.go_on = asyncio.Event()

    async def command(self, name: str) -> None:
        """Take a turn, and keep it until released."""
        async with self.queue.command():
            self.order.append(name)
            await self.go_on.wait()

    async def poll(self, name: str) -> None:
        """Take the turn of a poll, and end it at once."""
        async with self.queue.poll():
            self.order.append(name)

    async def start(self, name: str) -> asyncio.Task[None]:
        """Start a command, and let it run until it waits."""
        task = asyncio.create_task(self.command(name))
        await idle()
        return task

    async def start_poll(self, name: str) -> asyncio.Task[None]:
        """Start a poll, and let it run until it waits."""
        task = asyncio.create_task(self.poll(name))
        await idle()
        return task


async def idle() -> None:
    """Let all tasks run until they wait."""
    await asyncio.sleep(0.001)


async def is_free(queue: CommandQueue) -> bool:
    """Return whether a poll gets its turn at once."""
    try:
        async with asyncio.timeout(1), queue.poll():
            return True
    except TimeoutError:
        return False
    except XmrigClosedError:
        # It had its turn, and was rejected then
        return True


@asynccontextmanager
async def started(*names: str) -> AsyncIterator[tuple[Turns, list[asyncio.Task[None]]]]:
    """Yield started commands: the first one has its turn, the others wait."""
    turns = Turns()
    tasks = [await turns.start(name) for name in names]
    yield turns, tasks
    turns.go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await is_free(turns.queue)


async def test_turns_come_in_order() -> None:
    """Polls wait like commands."""
    async with started("one", "two") as (turns, tasks):
        assert not await is_free(turns.queue)
        poll = await turns.start_poll("poll")
        tasks.append(await turns.start("three"))
        assert turns.order == ["one"]
        turns.go_on.set()
        await asyncio.gather(poll, *tasks)
        assert turns.order == ["one", "two", "poll", "three"]


async def test_a_command_waits_for_a_poll() -> None:
    """No command runs during a poll."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
        assert turns.order == []
    await idle()
    assert turns.order == ["one"]
    turns.go_on.set()
    await task


async def test_commands_that_wait_fail_together() -> None:
    """Each would only wait for its timeout; the running one fails by itself."""
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
    """A poll detects that the miner is back."""
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
    """It fails, and the turn goes to the next one."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
    # The lock is free, and its waiter is about to be woken
    turns.queue.fail_waiting()
    with pytest.raises(XmrigConnectionError):
        await task
    assert turns.order == []
    assert await is_free(turns.queue)
    await turns.start_poll("poll")
    assert turns.order == ["poll"]


async def test_a_command_that_comes_between_two_turns_waits_like_the_others() -> None:
    """It does not overtake a command that waited for the end of a poll."""
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
    """Whether it waits or runs, the others continue."""
    async with started("0", "1", "2") as (turns, tasks):
        tasks[number].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[number]
        turns.go_on.set()
        others = [task for task in tasks if task is not tasks[number]]
        await asyncio.gather(*others)
        assert {*turns.order} >= {"0", "1", "2"} - {str(number)}


async def test_a_command_that_is_cancelled_as_its_turn_comes() -> None:
    """It returns the turn that it had just got."""
    turns = Turns()
    async with turns.queue.poll():
        task = await turns.start("one")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turns.order == []
    assert await is_free(turns.queue)


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
    """No turn is lost, for example if Home Assistant stops."""
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
    assert await is_free(turns.queue)


async def test_an_error_gives_the_turn_back() -> None:
    """Whatever the error is."""
    queue = CommandQueue()
    with pytest.raises(ZeroDivisionError):
        async with queue.command():
            raise ZeroDivisionError
    assert await is_free(queue)
    async with queue.command():
        assert not await is_free(queue)


async def test_close_waits_for_the_command_that_runs() -> None:
    """Waiting commands and polls fail."""
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
    """Even while the last command runs."""
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
    """It is rejected like all others."""
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
