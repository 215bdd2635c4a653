"""Polling a proxy: all endpoints side by side, and the workers only now and then."""

import time
from typing import override

from .models import Workers
from .polled import Endpoint, PolledReplies, ProcessReader
from .proxy import Proxy
from .proxy_snapshot import ProxySnapshot

WORKERS_INTERVAL = 60
"""Seconds between two reads of the workers. What is shown of them is over ten minutes,
and a list of a thousand that is a day old takes the proxy 7 ms to calculate."""

_EARLY = 5
"""Seconds by which a poll may come too early, and yet be the one for the workers."""


class ProxyReader(ProcessReader[ProxySnapshot]):
    """Polls a proxy, and keeps what takes more than one poll to detect."""

    def __init__(self, proxy: Proxy) -> None:
        """Initialize the reader."""
        self._proxy = proxy
        self._workers: Endpoint[Workers | None] = Endpoint(self._read_workers)
        super().__init__(PolledReplies(proxy.link, proxy.read_config, self._workers))
        self._read_at: float | None = None
        """When the workers were read, by the monotonic clock; None to read them next."""
        self._writes = 0
        self._uptime = 0
        self.needs_workers = False
        """Whether anything needs the workers."""
        self.must_read_workers = False
        """Whether the next poll has to read them, even if they are not due."""

    @override
    async def poll(self) -> ProxySnapshot:
        """Read the proxy once; see `ProcessReader`."""
        async with self._proxy.queue.poll():
            timed = await self._replies.read()
            replies, uptime = self._replies, timed.summary.uptime
            if uptime is not None:
                if uptime < self._uptime:
                    # All rows are gone
                    self._restart_seen = True
                    self._read_at = None
                    self._workers.drop()
                    replies.drop_stale()
                self._uptime = uptime
            config = replies.config
            if config.reply and config.is_fresh:
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
        """Return the workers, of an earlier poll while they are not due."""
        if not (self.needs_workers or self.must_read_workers):
            self._read_at = None
            return None
        now, writes = time.monotonic(), self._proxy.link.writes
        is_due = (
            self.must_read_workers
            or self._read_at is None
            or now - self._read_at >= WORKERS_INTERVAL - _EARLY
            # A config may name workers by something else
            or writes != self._writes
        )
        if not is_due:
            return self._workers.reply
        self.must_read_workers = False
        workers = await self._proxy.link.workers()
        self._read_at, self._writes = now, writes
        return workers
