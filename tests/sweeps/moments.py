"""The moments of a command at which something may be done to its entry."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from homeassistant.helpers.storage import Store

from .commands import COMMANDS
from .failures import prepare
from .folding import before_poll, is_folded
from .home import ENTRY_ID, Home


@dataclass(frozen=True)
class Moment:
    """When something is done to the entry: at an await of the command."""

    at: str
    """`received`: before the miner acts on a request. `acted`: after that, before its
    response. `stored`: when a file is about to be written."""
    number: int
    """Of the request or of the file, from 1."""
    name: str
    """What is asked for, or which file it is."""
    is_read: bool = False
    """Whether it changes nothing, neither at the miner nor on disk."""

    def __str__(self) -> str:
        """Return it as a problem is reported."""
        return f"{self.at} {self.number} ({self.name})"


_moments: dict[str, tuple[list[Moment], int]] = {}


async def moments(home: Home, name: str) -> tuple[list[Moment], int]:
    """Return the moments of a command at which it waits for something.

    Also returns how many there are with those that are equal, of which two are enough,
    and with all requests of the poll at the end, which are sent at once: the last of
    them is enough.
    """
    if name not in _moments:
        stored: list[str] = []

        async def note(store: Store[Any]) -> None:
            stored.append(store.key.replace(ENTRY_ID, "*"))

        command = COMMANDS[name]
        async with home.trial(options=command.options, **command.miner) as trial:
            await prepare(trial, command)
            with saving(note):
                await command.run(trial.rig)
        found = [Moment("stored", number, key) for number, key in enumerate(stored, 1)]
        folded = 0
        side_by_side = range(before_poll(trial.requests), len(trial.requests) - 1)
        for index, request in enumerate(trial.requests):
            if is_folded(trial.requests, index) or index in side_by_side:
                folded += 1
                continue
            at = index + 1, request.name
            found.append(Moment("received", *at, request.is_read))
            if not request.is_read:
                found.append(Moment("acted", *at))
        _moments[name] = found, len(found) + folded
    return _moments[name]


@contextmanager
def saving(hook: Callable[[Store[Any]], Awaitable[None]]) -> Iterator[None]:
    """Call a hook before a file of the entry is written, until the end of the block."""
    save = Store.async_save

    async def hooked(store: Store[Any], data: Any) -> None:
        if ENTRY_ID in store.key:
            await hook(store)
        await save(store, data)

    with patch.object(Store, "async_save", hooked):
        yield
