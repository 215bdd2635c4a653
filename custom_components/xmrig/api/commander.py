"""Commanding a miner, and being sure of it: what all commands have in common."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from .client import XmrigClient
from .exceptions import XmrigNotConfirmedError, XmrigReadOnlyError
from .memory import Memory
from .models import Backends, Config, Summary

CONFIRM_TIMEOUT = 5
"""Seconds until a command that does not show has failed. XMRig applies a posted config
about half a second after its answer (src/base/io/Watcher.h:53)."""

CONFIRM_INTERVAL = 0.1
"""Seconds between two looks at what the miner shows."""


class Commander:
    """Sends commands, waits until they show, and remembers what has to outlive them."""

    def __init__(
        self,
        client: XmrigClient,
        memory: Memory,
        save: Callable[[Memory], Awaitable[None]],
    ) -> None:
        """Initialize the commander; `save` makes a memory outlive this process."""
        self.client = client
        self.memory = memory
        self._save = save
        self.lock = asyncio.Lock()
        """Held by every command, and by whoever polls: what is read while a command
        is under way belongs to neither side of it."""

    async def _remember(self, **changed: Any) -> None:
        """Remember some fields of the memory."""
        await self._save_if_new(replace(self.memory, **changed))

    async def _save_if_new(self, memory: Memory) -> bool:
        """Save a memory, and return whether it is another one than before."""
        if memory == self.memory:
            return False
        await self._save(memory)
        self.memory = memory
        return True

    async def _config(self) -> Config:
        """Read the config, which needs full access as a command does."""
        return await self._send(self.client.config())

    async def _send[AnswerT](self, call: Awaitable[AnswerT]) -> AnswerT:
        """Make a call that needs full access, and return its answer.

        A token that went bad is told from a read-only API: both are a 403 to such a
        call, but only a bad token is a 403 to the summary too.
        """
        try:
            return await call
        except XmrigReadOnlyError:
            await self.client.summary()
            raise

    async def _confirm[AnswerT: (Summary, Backends, bool)](
        self,
        read: Callable[[], Awaitable[AnswerT]],
        shows: Callable[[AnswerT], bool],
        command: str,
    ) -> None:
        """Wait until an answer of the miner shows the result of a command."""
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                while not shows(await read()):
                    await asyncio.sleep(CONFIRM_INTERVAL)
        except TimeoutError as err:
            raise XmrigNotConfirmedError(
                f"{self.client.address} took {command}, but does not show it"
            ) from err
