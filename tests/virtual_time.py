"""An event loop with virtual time, which jumps to the next timer.

Sockets are real, and so are threads. The time stands still while one of them is busy, so
every timeout and every delay is kept, and a day of polls takes seconds. Only the clock of
the loop jumps: give its `time` to a simulated miner as the clock, so that both agree, or
use `run`, in which all clocks jump.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from datetime import datetime, timedelta
import selectors
import socket
import time
from typing import Any, override
from unittest.mock import patch

import freezegun
from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component import patch_time

from .frozen_time import frozen_time

IN_FLIGHT = 0.0005
"""Seconds of real time that a loopback packet may take."""

IN_HANDSHAKE = 0.02
"""The same until a connection is accepted or refused. On a busy computer, a refusal came
later than other packets, and a connection that is refused at once counted as lost."""

IN_THREAD = 0.002
"""Seconds that a function in a thread takes."""

MICROSECONDS = 1_000_000
"""Per second. A frozen clock has no finer resolution."""

_EPOCH = datetime(1970, 1, 1)

# As pytest-socket, which forbids others, leaves it
_Socket = socket.SocketType


class _Selector(selectors.DefaultSelector):
    """Advances the time instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.now: float | None = None
        self.on_jump: Callable[[float], object] = lambda _: None
        self.threads = 0
        self._microseconds = 0
        self._connections: set[int] = set()

    def jump(self) -> None:
        """Let the time jump from now on."""
        self._move(round(time.monotonic() * MICROSECONDS))

    def _move(self, microseconds: int) -> None:
        # Added up as whole numbers: aiohttp rounds what is past a second up to the next
        self._microseconds += microseconds
        self.now = self._microseconds / MICROSECONDS

    @override
    def register(
        self, fileobj: Any, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if _is_connection(key.fd):
            self._connections.add(key.fd)
        return key

    @override
    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._connections.discard(key.fd)
        return key

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.now is None:
            return super().select(timeout)
        # A thread wakes the loop through the loop's own socket
        if self.threads:
            return super().select(None)
        if not (events := super().select(self._patience())):
            step = max(1, round(timeout * MICROSECONDS))
            self._move(step)
            self.on_jump(step / MICROSECONDS)
        return events

    def _patience(self) -> float:
        """Return how long the time stands still for what other sockets send."""
        if not self._connections:
            return 0
        registered = self.get_map()
        writes = any(
            registered[fd].events & selectors.EVENT_WRITE for fd in self._connections
        )
        return IN_HANDSHAKE if writes else IN_FLIGHT


def _is_connection(fd: int) -> bool:
    """Return whether a socket is neither the loop's own nor listening."""
    # With any family, type and protocol: to find them out takes three calls more
    probe = _Socket(socket.AF_INET, socket.SOCK_STREAM, 0, fd)
    try:
        family = probe.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN)
        return family != socket.AF_UNIX and not probe.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        )
    finally:
        probe.detach()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that waits in real time only for sockets and threads."""

    def __init__(self, *, jumps: bool = True, threads: bool = True) -> None:
        """Start the time; unless it `jumps`, it is real until it is told to jump.

        Without `threads`, the loop itself runs what they would, in the same order each
        time, and faster.
        """
        self._jumping = _Selector()
        self._has_threads = threads
        super().__init__(self._jumping)
        # The real one is lost when it is added to a time since 1970
        self._clock_resolution = 1 / MICROSECONDS
        if jumps:
            self.jump()

    def jump(self) -> None:
        """Let the time jump from now on."""
        self._jumping.jump()

    @override
    def time(self) -> float:
        """Return the seconds of the loop's clock, which begins as the monotonic one."""
        return time.monotonic() if self._jumping.now is None else self._jumping.now

    @override
    def call_later[*Ts](
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        # A timer is due a microsecond early, before the time has moved: waiting for a
        # deadline that is less than that away would never end
        least = 2 / MICROSECONDS if delay > 0 else 0
        return super().call_later(max(delay, least), callback, *args, context=context)

    def follow(self, move: Callable[[float], object]) -> None:
        """At each jump of time, call a function with its seconds."""
        self._jumping.on_jump = move

    @override
    def run_in_executor[*Ts, ResultT](
        self, executor: Executor | None, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        if not self._has_threads:
            return self._run_soon(func, *args)
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._count_down)
        return future

    def _run_soon[*Ts, ResultT](
        self, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        """Call a function here, a moment later in which others go on."""
        future: asyncio.Future[ResultT] = self.create_future()

        def call() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:  # noqa: BLE001  Raised where it is awaited
                future.set_exception(error)

        self.call_later(IN_THREAD, call)
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


def _seconds() -> float:
    """Return the frozen time since 1970, a tenth of the work that freezegun makes of it."""
    return (freezegun.api.get_current_time() - _EPOCH).total_seconds()


@contextmanager
def _no_real_time() -> Iterator[None]:
    """Freeze time for every module, until the end of the block.

    By default freezegun leaves out those that wait for threads, and looks at the stack
    of each call to find them.
    """
    before = freezegun.config.settings.default_ignore_list
    freezegun.configure(default_ignore_list=[])
    try:
        with patch.multiple(
            freezegun.api, fake_time=_seconds, _get_fake_monotonic=_seconds
        ):
            yield
    finally:
        freezegun.configure(default_ignore_list=before)


def run[ResultT](
    main: Callable[[FrozenDateTimeFactory], Coroutine[Any, Any, ResultT]],
    start: str,
    *,
    threads: bool = True,
) -> ResultT:
    """Run a coroutine from a point in time on, and return its result.

    All clocks jump with that of the loop; see `VirtualLoop` for `threads`.
    """
    # Like Home Assistant's test helpers in pytest
    vars(freezegun.api).update(
        FakeDatetime=patch_time.HAFakeDatetime,
        datetime_to_fakedatetime=patch_time.ha_datetime_to_fakedatetime,
    )
    with _no_real_time(), frozen_time(start) as clock:
        loop = VirtualLoop(threads=threads)
        # Of a number, freezegun makes a date first
        loop.follow(lambda seconds: clock.tick(timedelta(seconds=seconds)))
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(main(clock))
