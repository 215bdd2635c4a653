"""Stores what is requested of a miner, before and after the commands for it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from .exceptions import XmrigError
from .miner_link import MinerLink
from .state import Request, StateStore


class RequestStore:
    """Stores whether a miner should mine.

    Its methods are called during the miner's turn in the queue.
    """

    def __init__(self, link: MinerLink, store: StateStore) -> None:
        """Initialize the store."""
        self._link = link
        self._store = store

    @property
    def current(self) -> Request:
        """Return the current request."""
        return self._store.state.request

    def requesting(
        self, *, mining: bool, until: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Store whether the miner should mine, before and after the command for it.

        `until` is when a pause ends by itself, in seconds since 1970; None for never.
        """
        return self.changing(
            Request(mining=mining, here=True, limited=self.current.limited, until=until)
        )

    @asynccontextmanager
    async def changing(self, request: Request) -> AsyncIterator[None]:
        """Store a request before a command is sent, and its outcome afterwards.

        If it is unknown whether the command took effect, the previous request is kept
        too, until a poll shows the result. Raises XmrigStorageError.
        """
        before = self._store.state
        writes = self._link.writes
        await self._store.store(before.with_request(request))
        try:
            yield
        except XmrigError:
            if self._link.writes == writes:
                # Nothing was sent or accepted: the command had no effect
                await self._store.record(
                    replace(
                        self._store.state,
                        request=before.request,
                        previous_request=before.previous_request,
                    )
                )
            raise
        await self._store.record(self._store.state.with_request_done())

    async def store_user_pause(self) -> None:
        """Store that the user paused the miner externally.

        Raises XmrigStorageError.
        """
        request = self.current
        here = request.here and request.mining is False
        request = replace(request, mining=False, here=here)
        await self._store.store(replace(self._store.state, request=request))

    async def record_resumed(self) -> None:
        """Record that the miner resumes as soon as its own rules allow it."""
        await self._store.record(self._store.state.with_request_done())

    async def record_unlimited(self) -> None:
        """Record that the power limit no longer pauses the miner."""
        request = replace(self.current, limited=False)
        await self._store.record(replace(self._store.state, request=request))
