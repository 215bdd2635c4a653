"""What an instance of the integration may leave behind in the process."""

import asyncio
from collections.abc import Iterator
import functools
from pathlib import Path
from typing import Any

from homeassistant.core import HassJob, async_get_hass
from homeassistant.helpers.storage import Store
from homeassistant.util.async_ import get_scheduled_timer_handles

from custom_components.xmrig_miner.const import DOMAIN

from .home import ENTRY_ID

MANAGER = f"{DOMAIN}.fleet"
"""Modules of the manager, which has an entry of its own."""

OTHER_TASKS = ("simulator", "sweeps")
"""Parts of what tasks are called that belong to the test."""


class Resources:
    """The tasks, timers and open files that there are."""

    def __init__(self) -> None:
        """Take note of them."""
        self.tasks = asyncio.all_tasks()
        self.timers = {
            id(handle): handle
            for handle in get_scheduled_timer_handles(asyncio.get_running_loop())
            if not handle.cancelled()
        }
        self.files = len(list(Path("/proc/self/fd").iterdir()))

    def left_since(self, before: Resources) -> Iterator[str]:
        """Yield those of the integration that are still there."""
        for task in self.tasks - before.tasks:
            if not any(name in repr(task) for name in OTHER_TASKS):
                yield f"task left: {task!r}"
        for key, handle in self.timers.items():
            if key not in before.timers and _is_ours(handle):
                yield f"timer left: {handle!r}"
        if self.files > before.files:
            yield f"{self.files - before.files} files or sockets left open"


def _is_ours(handle: asyncio.TimerHandle) -> bool:
    """Return whether a timer is one of the integration or of its files.

    Those that Home Assistant ends itself when it stops are not meant.
    """
    # What a timer calls has no public name
    callback_name, arguments_name = "_callback", "_args"
    seen: list[Any] = [
        getattr(handle, callback_name, None),
        *(getattr(handle, arguments_name, None) or ()),
    ]
    jobs = [item for item in seen if isinstance(item, HassJob)]
    if any(job.cancel_on_shutdown for job in jobs) and async_get_hass().is_stopping:
        return False
    seen += [job.target for job in jobs]
    for item in seen[:]:
        function = item.func if isinstance(item, functools.partial) else item
        seen += [function, getattr(function, "__self__", None)]
    return any(
        (isinstance(item, Store) and ENTRY_ID in item.key)
        or any(
            DOMAIN in module and MANAGER not in module
            for module in (str(getattr(item, "__module__", "")), type(item).__module__)
        )
        for item in seen
    )
