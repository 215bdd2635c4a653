"""Changing a miner's config: the only way in which it is written."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Any

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
from .link import Link
from .models import Config
from .privacy import redacted_path
from .state import MinerState, StateStore

_LOGGER = logging.getLogger(__name__)

SETTLE = 0.7
"""Seconds for which a change has to last. A client that read the config before the
change was applied may still overwrite it; that shows within half a second."""

ATTEMPTS = 5
"""Maximum number of attempts to write a change that is overwritten externally."""


@dataclass(frozen=True)
class _Edit:
    """What a command changes; see `ConfigEditor.edit`."""

    change: Callable[[Config], Config]
    by_user: bool
    update: Callable[[MinerState], MinerState]


@dataclass(frozen=True)
class _Write:
    """A write of the config that may yet be overwritten."""

    before: Config
    after: Config
    changes: list[Change]
    state: MinerState


@dataclass(frozen=True)
class _Shown:
    """A write that the miner has shown, but not yet for SETTLE seconds."""

    edit: _Edit
    write: _Write
    shown: list[Change]
    """What it changed of what the miner shows."""
    attempts: int
    """How often it may be written again."""
    until: float
    """When it has lasted, by the clock of the event loop."""
    uptime: int | None
    """Seconds since the start of the process that showed it."""

    @property
    def due_in(self) -> float:
        """Return in how many seconds it has lasted."""
        return self.until - asyncio.get_running_loop().time()


class ConfigEditor:
    """Reads the config, changes it, writes it, and verifies that the change lasts.

    Its methods are called during the miner's turn in the queue. After `edit`, `settle`
    has to be called once it is due; the next `edit` calls it if that comes first.
    """

    def __init__(self, link: Link[Any], store: StateStore) -> None:
        """Initialize the editor."""
        self._link = link
        self._store = store
        self._last: Config | None = None
        """The config as it was last read."""
        self._unobserved: Config | None = None
        """The same before any was observed."""
        self._written: tuple[Config, list[Change]] | None = None
        """The last write, until the miner shows it."""
        self._shown: _Shown | None = None
        self._uptime: int | None = None
        """Seconds since the start of the process that was last read."""
        self._has_id = True
        """Whether that process has an id."""
        self._external_paths: list[str] = []
        self.is_change_lost = False
        """Whether the last change was overwritten, and could not be written again."""

    @property
    def due_in(self) -> float | None:
        """Return in how many seconds `settle` is due; None if it is not needed."""
        return None if self._shown is None else self._shown.due_in

    def is_overwritten(self, config: Config) -> bool:
        """Return whether a config lacks a change that `settle` will write again."""
        return self._shown is not None and _is_reverted(config, self._shown.shown)

    async def edit(
        self,
        change: Callable[[Config], Config],
        *,
        by_user: bool = False,
        update: Callable[[MinerState], MinerState] = lambda state: state,
    ) -> list[Change]:
        """Change the config, wait until the miner shows it, and return the changes.

        `change` returns the new config for the current one, or raises ValueError if there
        is none; `update` returns the new state for the current one. The state, with what
        is needed to undo the change, is stored before the config is written, so that
        nothing is lost if either side crashes.
        `by_user` makes the new values the user's own: a control later restores them.
        """
        await self.settle()
        return await self._write(_Edit(change, by_user, update), None, ATTEMPTS)

    async def settle(self) -> None:
        """Verify that the last change lasts, and write it again if it was overwritten.

        Waits until it has been shown for SETTLE seconds. Raises no error: the command
        is over. `is_change_lost` says if the change could not be written again.
        """
        shown, self._shown = self._shown, None
        if shown is None:
            return
        try:
            await self._settle(shown)
        except asyncio.CancelledError:
            # With a later command: whether this one lasts is still to be verified
            self._shown = shown
            raise

    async def _settle(self, shown: _Shown) -> None:
        """Verify that a change lasts; see `settle`."""
        await asyncio.sleep(max(0, shown.due_in))
        write = shown.write
        try:
            if not _is_reverted(await self._read_once_more(), shown.shown):
                self.is_change_lost = False
                return
        except XmrigError as error:
            _LOGGER.debug("Whether a change lasts is unknown: %s", error)
            return
        before, now = shown.uptime, self._uptime
        if before is not None and now is not None and now < before:
            # Another process, which the next poll compares and restores
            return
        # All is as it was before the miner showed the write: its values are not external
        if self._last is not None:
            old = ((change.path, change.old) for change in write.changes)
            self._last = Config(with_values(self._last.document, old))
        await self._store.record(self._store.state.with_ledgers_of(write.state))
        try:
            await self._write(shown.edit, write, shown.attempts)
        except (XmrigError, ValueError) as error:
            _LOGGER.debug("A change was overwritten, and is lost: %s", error)
            self.is_change_lost = True

    def give_up(self) -> None:
        """Leave the last change as it is, whether or not it lasts."""
        self._shown = None

    async def _write(
        self, edit: _Edit, write: _Write | None, attempts: int
    ) -> list[Change]:
        """Write a change until it shows, and return the changes.

        `write` is the last write of it, if there was one. If nothing was sent, or it was
        refused, the state stays as it was: a restart would bring what failed.
        """
        stored, writes = self._store.state, self._link.writes
        try:
            return await self._write_until_shown(edit, write, attempts)
        except XmrigError:
            if self._link.writes == writes:
                await self._store.record(stored)
            raise

    async def _write_until_shown(
        self, edit: _Edit, write: _Write | None, attempts: int
    ) -> list[Change]:
        """Write a change until it shows; see `_write`."""
        for left in reversed(range(attempts)):
            before = await (self._read() if write is None else self._read_until())
            self.observe(before)
            after = edit.change(before)
            state = self._store.state.without_overwritten_edits(before)
            if not json_equal(before.document, after.document):
                state = state.with_write(before, after, by_user=edit.by_user)
            planned = await self._plan(before, after, edit.update(state))
            if planned is None:
                continue
            if planned.changes:
                await self._send(planned, write)
                write = planned
            if write is None:
                return []
            shown = await self._read_until()
            if _contains(shown, write.changes):
                await self._finish(write, shown)
                self._shown = _Shown(
                    edit,
                    write,
                    [item for item in write.changes if not _is_reverted(shown, [item])],
                    left,
                    asyncio.get_running_loop().time() + SETTLE,
                    self._uptime,
                )
                return write.changes
        raise XmrigConflictError(
            f"The config of {self._link.address} keeps changing externally"
        )

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change, and raise the errors that it would raise."""
        config = await self._read()
        return safe_changes(config, change(config), has_id=self._has_id)

    async def rewrite(self) -> XmrigError | None:
        """Write the config unchanged: XMRig then starts threads that ended.

        Returns the error after which it is unknown whether the miner received it.
        """
        config = await self._read()
        return await self._link.post_config(config)

    async def read(self) -> Config:
        """Read the config; twice if it differs from the last one.

        Unlike the summary, it does not identify its miner: if another miner has the
        address for a moment, its config must not be used, nor mistaken for an external
        change.
        """
        config = await self._link.config()
        # After a restart, polls are not observed until the state is restored
        last = self._last or self._unobserved
        for _ in range(2):
            if last is None or json_equal(last.document, config.document):
                break
            last, config = config, await self._link.config()
        if self._last is None:
            self._unobserved = config
        return config

    def observe(self, config: Config) -> None:
        """Process a config that was read, and collect external changes."""
        if self._last is not None and config is not self._last:
            self._external_paths += [
                redacted_path(change.path)
                for change in diff(self._last.document, config.document)
                if not self._is_written(change)
            ]
        self._last = config
        if self._written and _contains(config, self._written[1]):
            self._written = None

    def take_external_changes(self) -> list[str]:
        """Return the paths of external changes since the last call."""
        paths = list(dict.fromkeys(self._external_paths))
        self._external_paths = []
        return paths

    def _is_written(self, change: Change) -> bool:
        """Return whether a change is the result of the last write.

        XMRig fills in what is missing in a config that it receives.
        """
        if self._written is None:
            return False
        written = value_at(self._written[0].document, change.path)
        return written is MISSING or json_contains(change.new, written)

    async def _plan(
        self, before: Config, after: Config, state: MinerState
    ) -> _Write | None:
        """Prepare the write of a change, store the state, and return the write.

        Returns None if the config changed meanwhile and has to be read again.
        """
        changes = safe_changes(before, after, has_id=self._has_id)
        if await self._store.store(state) and changes:
            config = await self.read()
            if not json_equal(config.document, before.document):
                return None
        return _Write(before, after, changes, state)

    async def _send(self, write: _Write, previous: _Write | None) -> None:
        """Write the config, and wait until it has changed."""
        try:
            await self._put(write.after, write.before, write.changes)
        except XmrigNotConfirmedError:
            if previous:
                await self._revert(previous, write.before)
            raise

    async def _put(self, after: Config, before: Config, changes: list[Change]) -> None:
        """Send a config, and wait until a different one than before shows."""
        previous, self._written = self._written, (after, changes)
        try:
            failure = await self._link.post_config(after)
        except XmrigError:
            # It did not arrive: if its values show later, they are external
            self._written = previous
            raise
        if failure is None and _contains(before, changes):
            # Removing a value that equals its default changes nothing visible
            await asyncio.sleep(SETTLE)
            return
        await confirm(
            self.read,
            lambda config: not json_equal(config.document, before.document),
            command=Command.SET_CONFIG,
            failure=failure,
        )

    async def _revert(self, write: _Write, now: Config) -> None:
        """Revert a write whose values the miner replaced.

        XMRig replaces a value that is out of range by a default. If the same write
        again changes nothing, the miner did it, not an external change.
        """
        await self._store.store(write.state.with_reported_values(now, write.changes))
        replaced = {redacted_path(change.path) for change in write.changes}
        self._external_paths = [
            path for path in self._external_paths if path not in replaced
        ]
        changes = list(diff(now.document, write.before.document))
        await self._put(write.before, now, changes)

    async def _finish(self, write: _Write, shown: Config) -> None:
        """Record that a write shows, with the values that the miner shows for it."""
        reported = with_values(
            write.after.document,
            (
                (change.path, value_at(shown.document, change.path))
                for change in write.changes
            ),
        )
        self._written = Config(reported), write.changes
        self.observe(shown)
        state = self._store.state.with_reported_values(shown, write.changes)
        await self._store.record(state.with_write_done(shown))

    async def _read(self) -> Config:
        """Read the config, and verify afterwards which miner answers."""
        config = await self.read()
        summary = await self._link.summary()
        self._uptime, self._has_id = summary.uptime, bool(summary.id)
        return config

    async def _read_once_more(self) -> Config:
        """Read the config, a second time if the first one fails."""
        try:
            return await self._read()
        except XmrigError:
            return await self._read()

    async def _read_until(self) -> Config:
        """Read the config after a write; retry for as long as `confirm` does."""
        return await confirm(self._read, lambda _: True, command=Command.SET_CONFIG)


def _is_reverted(config: Config, changes: list[Change]) -> bool:
    """Return whether a value is as it was before changes.

    A client that writes what it read earlier does that. Any other value is a change of
    its own, made after this one.
    """
    return any(
        json_equal(value_at(config.document, change.path), change.old)
        for change in changes
    )


def _contains(config: Config, changes: list[Change]) -> bool:
    """Return whether a config has the new values; the miner may have added some."""
    return all(
        change.new is MISSING
        or json_contains(value_at(config.document, change.path), change.new)
        for change in changes
    )
