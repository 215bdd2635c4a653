"""Reads all endpoints of a miner or a proxy in parallel."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import logging
import time
from typing import TYPE_CHECKING, Any

from .exceptions import XmrigAnotherMinerError, XmrigError
from .link import Link
from .models import BaseSummary, Config

_LOGGER = logging.getLogger(__name__)

GRACE = 60
"""Seconds for which the last reply of a failing endpoint is still used."""


@dataclass
class Endpoint[ReplyT]:
    """An endpoint whose last reply is used for a while if it fails."""

    read: Callable[[], Awaitable[ReplyT]]
    reply: ReplyT | None = None
    is_fresh: bool = False
    """Whether the last attempt to read it succeeded."""
    _writes: int = 0
    _failing_since: float | None = None

    async def refresh(self, writes: int) -> None:
        """Read the endpoint; if that fails, keep the last reply for GRACE seconds.

        `writes` is the number of writes sent to the miner: replies from before the last
        one are out of date.
        """
        now = time.monotonic()
        try:
            self.reply = await self.read()
        except XmrigError as error:
            _LOGGER.debug("Reading a part of the miner failed: %s", error)
            self.is_fresh = False
            if self._failing_since is None:
                self._failing_since = now
            if writes != self._writes or now - self._failing_since >= GRACE:
                self.reply = None
        else:
            self.is_fresh = True
            self._writes = writes
            self._failing_since = None

    def drop(self) -> None:
        """Drop the last reply."""
        self.reply = None
        self.is_fresh = False


@dataclass(frozen=True, kw_only=True)
class TimedSummary[SummaryT: BaseSummary]:
    """A summary, and when it was requested and arrived, by the monotonic clock."""

    summary: SummaryT
    sent: float
    received: float


class PolledReplies[SummaryT: BaseSummary]:
    """The last replies of all endpoints; all but the summary may be missing."""

    def __init__(
        self,
        link: Link[SummaryT],
        read_config: Callable[[], Awaitable[Config]],
        *others: Endpoint[Any],
    ) -> None:
        """Initialize the replies; `others` are endpoints that need no full access."""
        self.config: Endpoint[Config] = Endpoint(read_config)
        self.polls = 0
        """Number of polls that have begun."""
        self.is_polling = False
        self._link = link
        self._others = others
        self._restricted: bool | None = None

    @property
    def is_restricted(self) -> bool:
        """Return whether the API is read-only, even if the last reply does not say it."""
        return self._restricted is True

    async def read(self) -> TimedSummary[SummaryT]:
        """Read all endpoints in parallel, so that their replies are of the same moment.

        Raises the errors of reading the summary.
        """
        self.polls += 1
        self.is_polling = True
        try:
            return await self._read()
        finally:
            self.is_polling = False

    def drop_stale(self) -> None:
        """Drop the replies of earlier polls: they are from before a restart."""
        for endpoint in (*self._others, self.config):
            if not endpoint.is_fresh:
                endpoint.drop()

    async def _read(self) -> TimedSummary[SummaryT]:
        """Read all endpoints.

        The config waits for the first summary: a read-only API rejects the request, and
        XMRig prints each rejection to its console.
        """
        writes = self._link.writes
        reads = [endpoint.refresh(writes) for endpoint in self._others]
        if was_readable := self._restricted is False:
            reads.append(self.config.refresh(writes))
        # All requests have to end before a command begins, even if one fails
        timed, *failures = await asyncio.gather(
            self._read_summary(), *reads, return_exceptions=True
        )
        if isinstance(timed, BaseException):
            # Another miner may have sent the other replies, and did if it sent this one
            is_other = isinstance(timed, XmrigAnotherMinerError)
            for endpoint in (*self._others, self.config):
                if endpoint.is_fresh or is_other:
                    endpoint.drop()
        for failure in (timed, *failures):
            if isinstance(failure, BaseException):
                raise failure
        if TYPE_CHECKING:
            assert isinstance(timed, TimedSummary)
        # A truncated reply may not contain it
        if timed.summary.restricted is not None:
            self._restricted = timed.summary.restricted
        if self._restricted:
            self.config.drop()
        elif not was_readable:
            await self.config.refresh(writes)
        return timed

    async def _read_summary(self) -> TimedSummary[SummaryT]:
        """Read the summary; without it, the miner counts as unreachable."""
        sent = time.monotonic()
        summary = await self._link.summary()
        return TimedSummary(summary=summary, sent=sent, received=time.monotonic())


class ProcessReader[SnapshotT](ABC):
    """Polls a miner or a proxy, and keeps its events until they are taken."""

    def __init__(self, replies: PolledReplies[Any]) -> None:
        """Initialize the reader."""
        self._replies = replies
        self._restart_seen = False
        self._changed_paths: list[str] = []

    @abstractmethod
    async def poll(self) -> SnapshotT:
        """Read once, between two commands.

        Raises the errors of reading the summary; other replies may be missing.
        """

    @property
    def polls(self) -> int:
        """Return how many polls have begun."""
        return self._replies.polls

    @property
    def is_polling(self) -> bool:
        """Return whether a poll is running."""
        return self._replies.is_polling

    def take_restart(self) -> bool:
        """Return whether there was a restart since the last call."""
        seen, self._restart_seen = self._restart_seen, False
        return seen

    def take_changed_paths(self) -> list[str]:
        """Return the paths of external changes of the config since the last call."""
        paths, self._changed_paths = self._changed_paths, []
        return paths
