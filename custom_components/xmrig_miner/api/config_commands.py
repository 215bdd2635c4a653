"""Commands that change a config, for miners and proxies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from .command_queue import CommandQueue
from .config_editor import ConfigEditor
from .document import Change
from .exceptions import XmrigError, XmrigRefusedError
from .link import Link
from .models import Config
from .state import MinerState, StateStore


class ConfigCommands[LinkT: Link[Any]]:
    """A miner or a proxy that runs one command at a time.

    Every command raises what the client raises, XmrigAnotherMinerError if something
    else answers, XmrigStorageError if the information to undo it cannot be stored,
    XmrigNotConfirmedError if it was accepted but has no visible result, and
    XmrigClosedError after `close`. Those that change the config also raise
    XmrigUnsafeConfigError and XmrigConflictError. They end when the change shows; a
    task that `close` ends writes it again if another writer overwrites it right after.
    """

    def __init__(
        self,
        link: LinkT,
        state: MinerState,
        save: Callable[[MinerState], Awaitable[None]],
    ) -> None:
        """Initialize the commands; see `Miner` for the arguments."""
        self.link = link
        self.queue = CommandQueue()
        self._store = StateStore(state, save)
        self._editor = ConfigEditor(link, self._store)
        self._settling: asyncio.Task[None] | None = None

    @property
    def state(self) -> MinerState:
        """Return what is stored."""
        return self._store.state

    async def read_config(self) -> Config:
        """Read the config; twice if it differs from the last one."""
        return await self._editor.read()

    @property
    def is_change_lost(self) -> bool:
        """Return whether the last change of the config was overwritten for good."""
        return self._editor.is_change_lost

    def is_overwritten(self, config: Config) -> bool:
        """Return whether a config lacks a change that is about to be written again."""
        return self._editor.is_overwritten(config)

    def forget_change(self) -> None:
        """Leave the last change as it is: the process that showed it is gone."""
        self._editor.give_up()

    async def close(self) -> None:
        """Reject further commands, and wait for the running one."""
        await self.queue.close()
        if self._settling:
            self._settling.cancel()
            await asyncio.wait([self._settling])

    async def select_pool(self, label: str) -> None:
        """Move one of the user's pools to the front, and enable it.

        Raises XmrigRefusedError if no pool has the label.
        """

        def change(config: Config) -> Config:
            user_config = self.state.user_config(config)
            if label not in user_config.pool_labels:
                raise XmrigRefusedError(f"{self.link.address} has no pool {label}")
            return config.with_pool_first(label, user_config)

        async with self._command():
            await self._editor.edit(change)

    async def edit(self, change: Callable[[Config], Config]) -> list[Change]:
        """Change the config on behalf of the user, and return the changes.

        `change` returns the new config, or raises ValueError; it is called again if the
        config changes meanwhile.
        """
        async with self._command():
            return await self._editor.edit(change, by_user=True)

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change, and raise the errors that it would raise."""
        async with self._command():
            return await self._editor.preview(change)

    async def restore(self) -> list[Change]:
        """Revert all config values that were written from here.

        Values that were changed externally since then are kept.
        """
        async with self._command():
            return await self._editor.edit(
                self.state.original_config,
                by_user=True,
                update=lambda state: replace(state, threads=None),
            )

    async def accept_payout(self, config: Config) -> None:
        """Accept the pools and wallets of a config as the user's."""
        async with self.queue.command():
            await self._store.store(
                replace(self.state, payout=config.payout, pending_payout=None)
            )

    @asynccontextmanager
    async def _command(self) -> AsyncIterator[Any]:
        """Wait for a turn, verify that commands are taken, and yield the summary."""
        async with self.queue.command():
            summary = await self.link.verify()
            try:
                yield summary
            finally:
                if self._editor.due_in is not None and (
                    self._settling is None or self._settling.done()
                ):
                    self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Verify that a change lasts, once that is due, in a turn of its own."""
        while (due_in := self._editor.due_in) is not None:
            if due_in > 0:
                await asyncio.sleep(due_in)
                continue
            try:
                async with self.queue.command():
                    # A command that had its turn first may have changed more
                    if (self._editor.due_in or 0) <= 0:
                        await self._editor.settle()
            except XmrigError:
                # Closed, or unreachable
                self._editor.give_up()
