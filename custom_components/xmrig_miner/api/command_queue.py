"""Running the commands and polls of one miner one at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from .exceptions import XmrigClosedError, XmrigConnectionError, XmrigError


class CommandQueue:
    """Runs commands and polls one at a time, in the order of their arrival.

    Polls take turns too: replies that are read during a command would mix states from
    before and after it. Commands that wait fail together when the miner becomes
    unreachable: each of them would otherwise wait for its own timeout.
    """

    def __init__(self) -> None:
        """Initialize the queue."""
        self._lock = asyncio.Lock()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Return whether the queue accepts no more commands."""
        return self._closed

    @asynccontextmanager
    async def poll(self) -> AsyncIterator[None]:
        """Wait for the poll's turn.

        Raises XmrigClosedError once the queue is closed.
        """
        async with self._lock:
            self._raise_if_closed()
            yield

    @asynccontextmanager
    async def command(self) -> AsyncIterator[None]:
        """Wait for the command's turn.

        Raises XmrigClosedError once the queue is closed, and XmrigConnectionError if
        the miner becomes unreachable first.
        """
        self._raise_if_closed()
        await self._acquire()
        try:
            yield
        finally:
            self._lock.release()

    def fail_waiting(self) -> None:
        """Fail all waiting commands, because the miner is unreachable."""
        self._fail_waiting(
            lambda: XmrigConnectionError(
                "The miner became unreachable while the command waited"
            )
        )

    async def close(self) -> None:
        """Reject further commands and polls, and wait for the one that runs."""
        self._closed = True
        self._fail_waiting(_closed)
        async with self._lock:
            pass

    async def _acquire(self) -> None:
        """Acquire the lock, or raise the error that ends the wait."""
        failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        acquiring = asyncio.ensure_future(self._lock.acquire())
        self._waiting.add(failing)
        either: set[asyncio.Future[Any]] = {acquiring, failing}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if failing.done():
                failing.result()
        except BaseException:
            acquiring.cancel()
            await asyncio.gather(acquiring, return_exceptions=True)
            if not acquiring.cancelled():
                self._lock.release()
            raise
        finally:
            self._waiting.discard(failing)
            # Once it has failed, this keeps asyncio from logging the error
            failing.cancel()

    def _fail_waiting(self, error: Callable[[], XmrigError]) -> None:
        for failing in self._waiting:
            if not failing.done():
                failing.set_exception(error())

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise _closed()


def _closed() -> XmrigClosedError:
    return XmrigClosedError("The miner was unloaded")
