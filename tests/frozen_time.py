"""A frozen clock that starts and is read fast.

At each start, freezegun searches all 2,600 modules for functions of time, which takes
12 ms of CPU. Here it searches modules without any only once. At each call of such a
function, it looks for callers that need the real time, such as `threading`. These have
the real functions anyway, except where they are called by their module's name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
import sys
from types import ModuleType
from unittest.mock import patch

import freezegun
from freezegun.api import FrozenDateTimeFactory

_EPOCH = datetime(1970, 1, 1)

_ahead: dict[int, float] = {}
"""Seconds by which a clock was set forward, by its ID."""

_without_time: dict[str, ModuleType] = {}
"""Modules in which freezegun found no function of time, by name."""


class _System:
    """Replaces the module `sys` in freezegun, which reads `modules` several times."""

    def __init__(self) -> None:
        self.find_modules()

    def find_modules(self) -> None:
        """Set the modules that have functions of time, and new ones."""
        self.modules = {
            name: module
            for name, module in sys.modules.items()
            if _without_time.get(name) is not module
        }


@contextmanager
def frozen_time(start: str | datetime) -> Iterator[FrozenDateTimeFactory]:
    """Freeze all clocks at a point in time, and yield the clock to move."""

    def fake_time() -> float:
        return (clock.time_to_freeze - _EPOCH).total_seconds()

    def fake_monotonic() -> float:
        return fake_time() - _ahead.get(id(clock), 0)

    with (
        patch.multiple(
            freezegun.api,
            sys=(system := _System()),
            fake_time=fake_time,
            fake_monotonic=fake_monotonic,
        ),
        freezegun.freeze_time(start) as clock,
    ):
        assert isinstance(clock, FrozenDateTimeFactory)
        for name, module in system.modules.items():
            _, found = freezegun.api._GLOBAL_MODULES_CACHE.get(name, ("", [None]))  # noqa: SLF001
            if not found:
                _without_time[name] = module
        try:
            yield clock
        finally:
            system.find_modules()
            _ahead.pop(id(clock), None)


def set_forward(clock: FrozenDateTimeFactory, seconds: float) -> None:
    """Set the wall clock forward, or back if negative; the monotonic clock goes on."""
    _ahead[id(clock)] = _ahead.get(id(clock), 0) + seconds
    clock.tick(seconds)
