"""Polls a proxy: all endpoints in parallel, but the workers only once a minute."""

import time
from typing import override

from .models import Workers
from .polled import Endpoint, PolledReplies, ProcessReader
from .proxy import Proxy
from .proxy_snapshot import ProxySnapshot
from .restart import Reading, has_restarted

WORKERS_INTERVAL = 60
"""Seconds between two reads of the workers. The shown hashrates cover ten minutes, and
calculating a day-old list of a thousand workers takes the proxy 7 ms."""

_EARLY = 5
"""Seconds by which a poll may be early and still read the workers."""


class ProxyReader(ProcessReader[ProxySnapshot]):
    """Polls a proxy, and keeps what only several polls reveal."""

    _read_at = 0.0
    """Monotonic time when the workers were last read."""
    _writes = 0
    """Number of writes by then."""

    def __init__(self, proxy: Proxy) -> None:
        """Initialize the reader."""
        self._proxy = proxy
        self._workers: Endpoint[Workers | None] = Endpoint(self._read_workers)
        super().__init__(PolledReplies(proxy.link, proxy.read_config, self._workers))
        self._last: Reading | None = None
        """The last summary with an uptime."""
        self.needs_workers = False
        """Whether anything uses the workers."""
        self.must_read_workers = False
        """Whether the next poll has to read them, even if they are not due."""

    @override
    async def poll(self) -> ProxySnapshot:
        """Read the proxy once; see `ProcessReader`."""
        async with self._proxy.queue.poll():
            replies, timed = self._replies, await self._replies.read()
            if (uptime := timed.summary.uptime) is not None:
                reading = Reading(
                    sent=timed.sent,
                    received=timed.received,
                    uptime=uptime,
                    counts=(
                        timed.summary.results.accepted,
                        timed.summary.results.invalid,
                        timed.summary.miners_max,
                        timed.summary.workers,
                    ),
                )
                if self._last is not None and has_restarted(self._last, reading):
                    # All rows are gone
                    self._restart_seen = True
                    self._workers.drop()
                    replies.drop_stale()
                self._last = reading
            config = replies.config
            if (
                config.reply
                and config.is_fresh
                and not self._proxy.is_overwritten(config.reply)
            ):
                self._changed_paths += await self._proxy.observe(config.reply)
            return ProxySnapshot(
                summary=timed.summary,
                workers=self._workers.reply,
                config=config.reply,
                restricted=replies.is_restricted,
                state=self._proxy.state,
            )

    @property
    def has_read_workers(self) -> bool:
        """Return whether the last attempt to read the workers succeeded."""
        return self._workers.is_fresh

    async def _read_workers(self) -> Workers | None:
        """Return the workers; those of an earlier poll until the next read is due."""
        if not (self.needs_workers or self.must_read_workers):
            return None
        now, writes = time.monotonic(), self._proxy.link.writes
        before = self._workers.reply
        is_due = (
            self.must_read_workers
            or before is None
            or now - self._read_at >= WORKERS_INTERVAL - _EARLY
            # A new config may name workers by something else
            or writes != self._writes
        )
        if not is_due:
            return before
        self.must_read_workers = False
        workers = await self._proxy.link.workers()
        for _ in range(2):
            # Rows stay until a restart, or until they are named by something else. If
            # another proxy had the address for a moment, its workers must not be shown
            if before is None or before.rows.keys() <= workers.rows.keys():
                break
            before, workers = workers, await self._proxy.link.workers()
        self._read_at, self._writes = now, writes
        return workers
