"""Changing a miner's config: the one way in which it is ever written."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from .client import XmrigClient
from .commander import Commander
from .document import MISSING, Change, changes, includes, same, value_at, with_value
from .exceptions import (
    XmrigConflictError,
    XmrigNotConfirmedError,
    XmrigUnsafeConfigError,
)
from .memory import Memory
from .models import Config

SETTLE = 0.7
"""Seconds for which a change has to last. Somebody who read the config before it was
applied may still overwrite it: what they wrote shows within the miner's half second."""

ATTEMPTS = 5
"""How often a change is made again that somebody else overwrote."""


@dataclass(frozen=True)
class _Write:
    """A write of the config that did not last."""

    before: Config
    made: list[Change]
    memory: Memory


class ConfigWriter(Commander):
    """Reads the config fresh, changes it, writes it, and looks if that lasts."""

    def __init__(
        self,
        client: XmrigClient,
        memory: Memory,
        save: Callable[[Memory], Awaitable[None]],
    ) -> None:
        """Initialize the writer; `save` makes a memory outlive this process."""
        super().__init__(client, memory, save)
        self.written: Config | None = None
        """The config as it was last written; for the one who polls to take away."""

    async def edit(self, change: Callable[[Config], Config]) -> list[Change]:
        """Change the config by a function of it, and return what that changed."""
        async with self.lock:
            return await self._edit(change, by_owner=True)

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change; raises what it would refuse."""
        config = await self._config()
        return _safe_changes(config, change(config))

    async def _edit(
        self, change: Callable[[Config], Config], *, by_owner: bool = False
    ) -> list[Change]:
        """Change the config, with the lock held.

        What is needed to undo it is saved before it is written, so that nothing is
        lost whenever either side is cut off. What is written by the owner, rather than
        by a control, is what a control has to give back from then on.
        """
        tried: _Write | None = None
        for _ in range(ATTEMPTS):
            before = await self._config()
            after = change(before)
            made = _safe_changes(before, after)
            if made:
                memory = self.memory.with_write(before, after, by_owner=by_owner)
                if before.enabled and not after.enabled:
                    memory = replace(memory, backends=before.enabled)
                if await self._save_if_new(memory) and not same(
                    (await self._config()).document, before.document
                ):
                    continue
                await self._send(self.client.put_config(after))
                try:
                    await self._confirm_change(before, made)
                except XmrigNotConfirmedError:
                    if tried:
                        await self._take_back(tried, before)
                    raise
                tried = _Write(before, made, memory)
            if tried is None:
                return []
            if shown := await self._lasting(tried.made):
                self.written = _with_shown(after, shown, tried.made)
                await self._remember_write(tried, shown)
                return tried.made
        raise XmrigConflictError(
            f"The config of {self.client.address} is being changed elsewhere"
        )

    async def _remember_write(self, write: _Write, shown: Config) -> None:
        """Remember that a write lasts, and what the miner made of it."""
        memory = self.memory.with_write_read_as(shown, write.made).with_write_done()
        if write.before.payees.keys() == memory.payees:
            # Who changes a wallet from here is the owner.
            memory = replace(memory, payees=frozenset(shown.payees))
        await self._save_if_new(memory)

    async def _take_back(self, tried: _Write, now: Config) -> None:
        """Undo a write of which the miner made something else than was asked for.

        A value out of range it replaces by a default. That it was the miner, rather
        than somebody else, shows when the same write again changes nothing.
        """
        await self._save_if_new(tried.memory.with_write_read_as(now, tried.made))
        await self._send(self.client.put_config(tried.before))
        await self._confirm_change(now, [])

    async def _confirm_change(self, before: Config, made: list[Change]) -> None:
        """Wait until the config is another one than before.

        Raises XmrigNotConfirmedError if it stays the same, unless it shows the changes
        all the same: removing what is the default anyway changes nothing.
        """

        async def read() -> bool:
            return not same((await self._config()).document, before.document)

        try:
            await self._confirm(read, bool, "set_config")
        except XmrigNotConfirmedError:
            if not _shows(before, made):
                raise

    async def _lasting(self, made: list[Change]) -> Config | None:
        """Return the config if it shows changes, and goes on showing them."""
        if not _shows(await self._config(), made):
            return None
        await asyncio.sleep(SETTLE)
        config = await self._config()
        return config if _shows(config, made) else None


def _safe_changes(before: Config, after: Config) -> list[Change]:
    """Return what differs between two configs.

    Raises XmrigUnsafeConfigError if that would cut the owner off: a missing `http`
    object turns the API off, and a restricted one cannot be turned back over it.
    """
    made = list(changes(before.document, after.document))
    if made and not isinstance(after.document.get("http"), dict):
        raise XmrigUnsafeConfigError("A config without http would turn off the API")
    if any(change.path[:1] == ("http",) for change in made):
        raise XmrigUnsafeConfigError("The http object is not changed over HTTP")
    if made and not any(pool.get("enabled", True) for pool in after.pools):
        raise XmrigUnsafeConfigError("A miner needs a pool that is enabled")
    return made


def _shows(config: Config, made: list[Change]) -> bool:
    """Return whether a config has the new values, whatever the miner filled in."""
    return all(
        change.new is MISSING
        or includes(value_at(config.document, change.path), change.new)
        for change in made
    )


def _with_shown(after: Config, shown: Config, made: list[Change]) -> Config:
    """Return a config that was written, with what the miner filled into it."""
    document = after.document
    for change in made:
        document = with_value(
            document, change.path, value_at(shown.document, change.path)
        )
    return Config(document)
