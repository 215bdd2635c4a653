"""An event loop with a virtual clock, which jumps to the next timer.

Sockets and threads are real. The clock stands still while any of them is busy, so a day
of polls and timers passes in seconds and every delay is kept.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
import math
import selectors
import time
from typing import Any, override

import freezegun
from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component import patch_time

IN_FLIGHT = 0.0005
"""Seconds for which the kernel may take a loopback packet from one end to the other."""

IN_THREAD = 0.002
"""Seconds that a function takes which a thread would run."""

THREAD = 0.01
"""Seconds between two looks whether a thread is done."""


class _Selector(selectors.DefaultSelector):
    """Moves the clock instead of sleeping."""

    def __init__(self, clock: FrozenDateTimeFactory) -> None:
        super().__init__()
        self._clock = clock
        self.now = time.monotonic()
        self.threads = 0
        self.listeners = 0

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if self.threads or timeout is None:
            return super().select(THREAD)
        if len(self.get_map()) > self.listeners and (
            events := super().select(IN_FLIGHT)
        ):
            return events
        # Rounded up: the frozen clock knows no less than a microsecond.
        self._clock.tick(timedelta(microseconds=math.ceil(timeout * 1e6)))
        self.now = time.monotonic()
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """Waits for threads in real time, or runs without them."""

    def __init__(self, selector: _Selector, *, threads: bool) -> None:
        self._jumping = selector
        self._has_threads = threads
        super().__init__(selector)
        # The real one is lost when it is added to a time since 1970.
        self._clock_resolution = 1e-6

    @override
    def time(self) -> float:
        """Return what `time.monotonic` does, which takes freezegun much longer."""
        return self._jumping.now

    @override
    def run_in_executor[*Ts, ResultT](
        self, executor: Executor | None, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        if not self._has_threads:
            return self._run_soon(func, *args)
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._done)
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
        await super().shutdown_default_executor(timeout)
        self._jumping.threads -= 1

    def _done(self, _: Any) -> None:
        self._jumping.threads -= 1


@contextmanager
def _no_real_time() -> Iterator[None]:
    """Freeze time for every module, until the end of the block.

    By default freezegun leaves out those that wait for threads, and looks at the stack
    of each call to find them.
    """
    before = freezegun.config.settings.default_ignore_list
    freezegun.configure(default_ignore_list=[])
    try:
        yield
    finally:
        freezegun.configure(default_ignore_list=before)


def run[ResultT](
    main: Callable[[FrozenDateTimeFactory], Coroutine[Any, Any, ResultT]],
    start: str,
    *,
    listeners: int,
    threads: bool = True,
) -> ResultT:
    """Run a coroutine from a point in time on, and return what it returns.

    `listeners` is how many sockets are open while none of them is in use: the loop's
    own, and those that listen. Without `threads`, the loop itself runs what they would:
    the same each time, and faster.
    """
    # As Home Assistant's test helpers do in pytest
    vars(freezegun.api).update(
        FakeDatetime=patch_time.HAFakeDatetime,
        datetime_to_fakedatetime=patch_time.ha_datetime_to_fakedatetime,
    )
    with _no_real_time(), freezegun.freeze_time(start) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        selector = _Selector(clock)
        selector.listeners = listeners
        with asyncio.Runner(
            loop_factory=lambda: _Loop(selector, threads=threads)
        ) as runner:
            return runner.run(main(clock))
