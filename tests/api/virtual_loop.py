"""An event loop with virtual time, which jumps to the next timer.

Sockets are real, and no clock but that of the loop is changed. So every time-out and
every delay is kept as it is, and a minute of them takes a moment. Give its `time` to a
simulated miner as the clock: miner and loop then agree.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
import selectors
import socket
import time
from typing import Any, override

IN_FLIGHT = 0.003
"""Seconds for which a loopback packet may take from one end to the other."""

# As pytest-socket, which forbids others, leaves it
_Socket = socket.SocketType


class _Selector(selectors.DefaultSelector):
    """Moves the time instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.now: float | None = None
        self.on_jump: Callable[[float], object] = lambda _: None
        self.threads = 0

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.now is None:
            return super().select(timeout)
        # A thread wakes the loop by a socket of the loop's own
        if self.threads:
            return super().select(None)
        if not (events := super().select(IN_FLIGHT if self._has_connections else 0)):
            self.now += timeout
            self.on_jump(timeout)
        return events

    @property
    def _has_connections(self) -> bool:
        """Return whether something may be on its way from one socket to another."""
        return any(_is_connection(key.fd) for key in self.get_map().values())


def _is_connection(fd: int) -> bool:
    """Return whether a socket is neither the loop's own nor one that listens."""
    probe = _Socket(fileno=fd)
    try:
        return probe.family != socket.AF_UNIX and not probe.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        )
    finally:
        probe.detach()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that waits in real time only for sockets and threads."""

    def __init__(self, *, jumps: bool = True) -> None:
        """Start the time; unless it `jumps`, it is real until it is told to jump."""
        self._jumping = _Selector()
        super().__init__(self._jumping)
        if jumps:
            self.jump()

    def jump(self) -> None:
        """Let the time jump from now on."""
        self._jumping.now = time.monotonic()

    @override
    def time(self) -> float:
        """Return the seconds of the loop's clock, which begins as the monotonic one."""
        return time.monotonic() if self._jumping.now is None else self._jumping.now

    def follow(self, move: Callable[[float], object]) -> None:
        """Call a function with the seconds by which the time jumps, at each jump."""
        self._jumping.on_jump = move

    @override
    def run_in_executor[*Ts, ResultT](
        self, executor: Executor | None, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._count_down)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self._jumping.threads += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
            self._jumping.threads -= 1

    def _count_down(self, _: Any) -> None:
        self._jumping.threads -= 1
