"""Polling a miner: all endpoints in parallel, and what only several polls reveal."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
import logging
import time
from typing import TYPE_CHECKING

from .exceptions import XmrigAnotherMinerError, XmrigError
from .intent import is_pause_over, is_resumed_by_rule
from .miner import Miner
from .models import Backends, Config, Summary
from .restart import RestartDetector
from .rolling import RollingHashrates
from .snapshot import Snapshot

_LOGGER = logging.getLogger(__name__)

GRACE = 60
"""Seconds for which the last reply of a failing endpoint is still used."""


@dataclass
class _Endpoint[ReplyT]:
    """An endpoint whose last reply is used for a while if it fails."""

    read: Callable[[], Awaitable[ReplyT]]
    reply: ReplyT | None = None
    is_fresh: bool = False
    """Whether the last attempt to read it succeeded."""
    _writes: int = 0
    _failing_since: float | None = None

    async def refresh(self, writes: int) -> None:
        """Read it again; if that fails, keep the last reply for GRACE seconds.

        `writes` is how many writes were sent to the miner: a reply from before the last
        of them is out of date.
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
        """Forget the last reply."""
        self.reply = None
        self.is_fresh = False


@dataclass(frozen=True, kw_only=True)
class _TimedSummary:
    """A summary, and when it was requested and arrived, by the monotonic clock."""

    summary: Summary
    sent: float
    received: float


class MinerReader:
    """Polls a miner, and keeps what takes more than one poll to detect."""

    def __init__(self, miner: Miner) -> None:
        """Initialize the reader."""
        self._miner = miner
        self._backends: _Endpoint[Backends] = _Endpoint(miner.link.backends)
        self._config: _Endpoint[Config] = _Endpoint(miner.read_config)
        self._restarts = RestartDetector(started=miner.state.started)
        self._hashrates = RollingHashrates()
        self._restricted: bool | None = None
        self._last_complete: Snapshot | None = None
        self._previous_backends: Backends | None = None
        self._restart_seen = False
        self._changed_paths: list[str] = []
        self.polls = 0
        """How many polls have begun."""
        self.is_polling = False
        self.restore_due = False
        """Whether the miner restarted, and the request was not restored yet."""
        self.resumed_by_rule = False
        """Whether XMRig's own rules ended a pause that was requested from here."""
        self.is_pause_over = False
        """Whether a pause that was requested until a time has to end now."""

    async def poll(self) -> Snapshot:
        """Read the miner once, between two commands.

        Raises the errors of reading the summary; other replies may be missing.
        """
        async with self._miner.queue.poll():
            self.polls += 1
            self.is_polling = True
            try:
                timed = await self._read()
            finally:
                self.is_polling = False
            restarted = self._restarts.observe(
                timed.summary,
                sent=timed.sent,
                received=timed.received,
                wall=time.time(),
            )
            if restarted:
                self._restart_seen = self.restore_due = True
            snapshot = self._snapshot(timed.summary, restarted=restarted)
            hashrates = self._hashrates.observe(
                snapshot, now=timed.received, restarted=restarted
            )
            snapshot = replace(snapshot, hashrates=hashrates)
            if not self.restore_due:
                snapshot = await self._observe(snapshot)
            if snapshot.is_complete:
                self._last_complete = snapshot
            self._previous_backends = snapshot.backends
            return snapshot

    def take_restart(self) -> bool:
        """Return whether the miner restarted since the last call."""
        seen, self._restart_seen = self._restart_seen, False
        return seen

    def take_changed_paths(self) -> list[str]:
        """Return the paths of external changes of the config since the last call."""
        paths, self._changed_paths = self._changed_paths, []
        return paths

    async def _read(self) -> _TimedSummary:
        """Read all endpoints side by side, so that their replies belong together.

        The config waits for the first summary: a read-only API refuses it, and XMRig
        prints each refusal to its console.
        """
        writes = self._miner.link.writes
        reads = [self._backends.refresh(writes)]
        if was_readable := self._restricted is False:
            reads.append(self._config.refresh(writes))
        # All have ended before a command begins, whichever of them fails
        timed, *failures = await asyncio.gather(
            self._read_summary(), *reads, return_exceptions=True
        )
        if isinstance(timed, XmrigAnotherMinerError):
            # The other replies are from that miner too
            self._backends.drop()
            self._config.drop()
        for failure in (timed, *failures):
            if isinstance(failure, BaseException):
                raise failure
        if TYPE_CHECKING:
            assert isinstance(timed, _TimedSummary)
        # A truncated reply may not contain it
        if timed.summary.restricted is not None:
            self._restricted = timed.summary.restricted
        if self._restricted:
            self._config.drop()
        elif not was_readable:
            await self._config.refresh(writes)
        return timed

    async def _read_summary(self) -> _TimedSummary:
        """Read the summary, without which the miner counts as unreachable."""
        sent = time.monotonic()
        summary = await self._miner.link.summary()
        return _TimedSummary(summary=summary, sent=sent, received=time.monotonic())

    def _snapshot(self, summary: Summary, *, restarted: bool) -> Snapshot:
        """Return what was read, and what is still used of earlier polls."""
        for endpoint in (self._backends, self._config):
            if restarted and not endpoint.is_fresh:
                endpoint.drop()
        restricted = self._restricted is True
        return Snapshot(
            summary=summary,
            backends=self._backends.reply,
            config=self._config.reply,
            restricted=restricted,
            state=self._miner.state,
            is_fresh=self._backends.is_fresh and (restricted or self._config.is_fresh),
            previous_backends=self._previous_backends,
        )

    async def _observe(self, snapshot: Snapshot) -> Snapshot:
        """Update the miner's stored state, and return the snapshot with it."""
        before = self._last_complete
        self._changed_paths += await self._miner.observe(
            before, snapshot, self._restarts.started
        )
        snapshot = replace(snapshot, state=self._miner.state)
        self.resumed_by_rule = not snapshot.restricted and is_resumed_by_rule(
            snapshot.state, before, snapshot
        )
        self.is_pause_over = not snapshot.restricted and is_pause_over(
            snapshot.state, time.time()
        )
        return snapshot
