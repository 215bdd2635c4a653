"""A frozen clock that starts and is read fast.

At each start, freezegun searches all 2,600 modules for functions of time, which takes
12 ms of CPU. Here it searches modules without any only once, and others again once they
have grown. At each call of such a function, it looks for callers that need the real
time, such as `threading`. These have the real functions anyway, except where they are
called by their module's name.
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
        self._all: dict[str, ModuleType] = {}
        self.modules: dict[str, ModuleType] = {}

    def find_modules(self) -> None:
        """Set the modules that have functions of time, and new ones."""
        if self._all != sys.modules:
            self._all = sys.modules.copy()
            self.modules = {
                name: module
                for name, module in self._all.items()
                if _without_time.get(name) is not module
            }

    def note_modules(self) -> None:
        """Note modules in which freezegun found no function of time by now."""
        for name, module in list(self.modules.items()):
            _, found = freezegun.api._GLOBAL_MODULES_CACHE.get(name, ("", [None]))  # noqa: SLF001
            if not found:
                _without_time[name] = module
                del self.modules[name]


_SYSTEM = _System()


def _size(module: ModuleType) -> str:
    """Return what changes when a module gets more attributes, for example by an import."""
    return f"{id(module)}-{len(getattr(module, '__dict__', ()))}"


@contextmanager
def frozen_time(start: str | datetime) -> Iterator[FrozenDateTimeFactory]:
    """Freeze all clocks at a point in time, and yield the clock to move."""

    def fake_time() -> float:
        return (clock.time_to_freeze - _EPOCH).total_seconds()

    def fake_monotonic() -> float:
        return fake_time() - _ahead.get(id(clock), 0)

    _SYSTEM.find_modules()
    with (
        patch.multiple(
            freezegun.api,
            sys=_SYSTEM,
            _get_module_attributes_hash=_size,
            fake_time=fake_time,
            fake_monotonic=fake_monotonic,
        ),
        freezegun.freeze_time(start) as clock,
    ):
        assert isinstance(clock, FrozenDateTimeFactory)
        _SYSTEM.note_modules()
        try:
            yield clock
        finally:
            _SYSTEM.find_modules()
            _ahead.pop(id(clock), None)


def set_forward(clock: FrozenDateTimeFactory, seconds: float) -> None:
    """Set the wall clock forward, or back if negative; the monotonic clock goes on."""
    _ahead[id(clock)] = _ahead.get(id(clock), 0) + seconds
    clock.tick(seconds)
