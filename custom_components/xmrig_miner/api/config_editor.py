"""Changing a miner's config: the one way in which it is ever written."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .config_safety import safe_changes
from .confirm import confirm
from .document import (
    MISSING,
    Change,
    diff,
    json_contains,
    json_equal,
    value_at,
    with_values,
)
from .exceptions import Command, XmrigConflictError, XmrigError, XmrigNotConfirmedError
from .link import MinerLink
from .models import Config
from .privacy import redacted_path
from .state import MinerState, StateStore

SETTLE = 0.7
"""Seconds for which a change has to last. A writer who read the config before it was
applied may still overwrite it: what they wrote shows within the miner's half second."""

ATTEMPTS = 5
"""How often a change is written again that was overwritten externally."""


@dataclass(frozen=True)
class _Write:
    """A write of the config that may yet be overwritten."""

    before: Config
    after: Config
    changes: list[Change]
    state: MinerState


class ConfigEditor:
    """Reads the config fresh, changes it, writes it, and checks that it lasts.

    Its methods are called while the miner's turn is held.
    """

    def __init__(self, link: MinerLink, store: StateStore) -> None:
        """Initialize the editor."""
        self._link = link
        self._store = store
        self.seen: Config | None = None
        """The config as it was last read or written."""
        self._unsettled: tuple[Config, list[Change]] | None = None
        self._external: list[str] = []

    async def edit(
        self,
        change: Callable[[Config], Config],
        *,
        by_user: bool = False,
        note: Callable[[MinerState], MinerState] = lambda state: state,
    ) -> list[Change]:
        """Change the config by a function of it, and return what that changed.

        What is needed to undo it is stored before it is written, so that nothing is
        lost whenever either side is cut off, together with what `note` makes of the
        state. `by_user` makes the new values the user's own: a control gives them back
        from then on.
        """
        write: _Write | None = None
        for _ in range(ATTEMPTS):
            before = await (self._read() if write is None else self._read_until())
            self.observe(before)
            after = change(before)
            state = self._store.state
            if not json_equal(before.document, after.document):
                state = state.with_write(before, after, by_user=by_user)
            planned = await self._plan(before, after, note(state))
            if planned is None:
                continue
            if planned.changes:
                await self._send(planned, write)
                write = planned
            if write is None:
                return []
            if shown := await self._wait_until_stable(write.changes):
                await self._finish(write, shown)
                return write.changes
        raise XmrigConflictError(
            f"The config of {self._link.client.address} keeps changing externally"
        )

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change; raises what it would refuse."""
        config = await self._read()
        return safe_changes(config, change(config))

    async def rewrite(self) -> XmrigError | None:
        """Write the config unchanged, which makes XMRig start threads that ended.

        Returns the error after which it is unknown whether it arrived.
        """
        config = await self._read()
        return await self._link.write(lambda: self._link.client.put_config(config))

    async def read(self) -> Config:
        """Read the config, again if it is another one than before.

        Unlike the summary it does not say which miner it is from: where an address
        changes hands for a moment, the config of another miner must be neither used
        nor taken for an external change.
        """
        config = await self._link.config()
        seen = self.seen
        for _ in range(2):
            if seen is None or json_equal(seen.document, config.document):
                break
            seen, config = config, await self._link.config()
        return config

    def observe(self, config: Config) -> None:
        """Take a config into account that was read, and note external changes."""
        if self.seen is not None:
            self._external += [
                redacted_path(change.path)
                for change in diff(self.seen.document, config.document)
                if not self._is_own(change)
            ]
        self.seen = config
        if self._unsettled and _contains(config, self._unsettled[1]):
            self._unsettled = None

    def take_external_changes(self) -> list[str]:
        """Return the paths of values that were changed externally since the last call."""
        paths, self._external = list(dict.fromkeys(self._external)), []
        return paths

    def _is_own(self, change: Change) -> bool:
        """Return whether a change is what was written from here.

        What is missing in a config that is written, the miner fills in.
        """
        if self._unsettled is None:
            return False
        written = value_at(self._unsettled[0].document, change.path)
        return written is MISSING or json_contains(change.new, written)

    async def _plan(
        self, before: Config, after: Config, state: MinerState
    ) -> _Write | None:
        """Return the write of a change, with its undo data stored.

        None if the config changed meanwhile, and has to be read again.
        """
        changes = safe_changes(before, after)
        if await self._store.store(state) and changes:
            config = await self.read()
            if not json_equal(config.document, before.document):
                return None
        return _Write(before, after, changes, state)

    async def _send(self, write: _Write, previous: _Write | None) -> None:
        """Write the config, and wait until another one than before shows."""
        try:
            await self._put(write.after, write.before, write.changes)
        except XmrigNotConfirmedError:
            if previous:
                await self._revert(previous, write.before)
            raise

    async def _put(self, after: Config, before: Config, changes: list[Change]) -> None:
        """Send a config, and wait until it shows."""
        unsettled, self._unsettled = self._unsettled, (after, changes)
        try:
            failure = await self._link.write(
                lambda: self._link.client.put_config(after)
            )
        except XmrigError:
            # It did not arrive, so what shows it later is external
            self._unsettled = unsettled
            raise
        if failure is None and _contains(before, changes):
            # Removing what is the default anyway changes nothing that shows
            return
        await confirm(
            self.read,
            lambda config: not json_equal(config.document, before.document),
            command=Command.SET_CONFIG,
            failure=failure,
        )

    async def _revert(self, write: _Write, now: Config) -> None:
        """Undo a write that the miner turned into something else.

        A value out of range it replaces by a default. That it was the miner, rather
        than an external change, shows when the same write again changes nothing.
        """
        await self._store.store(write.state.with_reported_values(now, write.changes))
        corrected = {redacted_path(change.path) for change in write.changes}
        self._external = [path for path in self._external if path not in corrected]
        changes = list(diff(now.document, write.before.document))
        await self._put(write.before, now, changes)

    async def _finish(self, write: _Write, shown: Config) -> None:
        """Note that a write lasts, and what the miner made of it."""
        # Values that the miner replaced are its answer to the write
        answer = with_values(
            write.after.document,
            (
                (change.path, value_at(shown.document, change.path))
                for change in write.changes
            ),
        )
        self._unsettled = Config(answer), write.changes
        self.observe(shown)
        state = self._store.state.with_reported_values(shown, write.changes)
        await self._store.note(state.with_write_done(shown))

    async def _wait_until_stable(self, changes: list[Change]) -> Config | None:
        """Return the config if it shows changes, and goes on showing them."""
        if not _contains(await self._read_until(), changes):
            return None
        await asyncio.sleep(SETTLE)
        config = await self._read_until()
        return config if _contains(config, changes) else None

    async def _read(self) -> Config:
        """Read the config, and verify afterwards that it is still that miner's."""
        config = await self.read()
        await self._link.summary()
        return config

    async def _read_until(self) -> Config:
        """Read the config after a write, however often that has to be tried."""
        return await confirm(self._read, lambda _: True, command=Command.SET_CONFIG)


def _contains(config: Config, changes: list[Change]) -> bool:
    """Return whether a config has the new values, whatever the miner filled in."""
    return all(
        change.new is MISSING
        or json_contains(value_at(config.document, change.path), change.new)
        for change in changes
    )
