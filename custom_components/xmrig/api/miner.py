"""What one asks of a miner, each done only when the miner shows it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from .client import XmrigClient
from .document import changes, value_at
from .exceptions import XmrigNotConfirmedError, XmrigReadOnlyError
from .models import Backends, BackendType, Config, Summary

CONFIRM_TIMEOUT = 5
"""Seconds until a command that does not show has failed. XMRig applies a posted config
about half a second after its answer (src/base/io/Watcher.h:53)."""

CONFIRM_INTERVAL = 0.1
"""Seconds between two looks at what the miner shows."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What has to be known about a miner beyond what it says."""

    backends: frozenset[BackendType] = frozenset()
    """The backends that were on before the miner was last stopped from here."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the memory that `as_json` gave, an empty one for None."""
        if data is None:
            return cls()
        return cls(backends=frozenset(map(BackendType, data["backends"])))

    def as_json(self) -> dict[str, Any]:
        """Return the memory as JSON values."""
        return {"backends": sorted(self.backends)}


class Miner:
    """One miner, commanded by at most one task at a time.

    Every command raises XmrigConnectionError, XmrigAuthenticationError,
    XmrigReadOnlyError, XmrigRefusedError or XmrigResponseError as the client does, and
    XmrigNotConfirmedError if the miner took the command but does not show its result.
    """

    def __init__(
        self,
        client: XmrigClient,
        memory: Memory,
        save: Callable[[Memory], Awaitable[None]],
    ) -> None:
        """Initialize the miner; `save` makes a memory outlive this process."""
        self.client = client
        self.memory = memory
        self._save = save
        self.lock = asyncio.Lock()
        """Held by every command, and by whoever polls: what is read while a command
        is under way belongs to neither side of it."""

    async def pause(self) -> None:
        """Pause: pool, threads and dataset stay, and hashing rests."""
        async with self.lock:
            await self._send(self.client.pause())
            await self._confirm(
                self.client.summary, lambda summary: summary.paused is True, "pause"
            )

    async def resume(self) -> None:
        """Resume after a pause.

        XMRig does not resume while its own rules for battery and activity say pause,
        although it answers OK (src/core/Miner.cpp:523).
        """
        async with self.lock:
            await self._resume()

    async def stop(self) -> None:
        """Stop for good: disable every backend, and remember which were enabled.

        XMRig's own `stop` lasts until the pool's next job only (src/core/
        Miner.cpp:622), a config lasts beyond a restart.
        """
        async with self.lock:
            config = await self._send(self.client.config())
            enabled = frozenset(
                backend for backend, is_on in config.backends.items() if is_on
            )
            if enabled:
                await self._remember(replace(self.memory, backends=enabled))
            await self._write(config, config.with_backends(()))
            await self._confirm(
                self.client.backends,
                lambda backends: backends.complete and not backends.enabled,
                "stop",
            )

    async def start(self) -> None:
        """Enable the backends that were on before the stop, and resume if paused.

        When nothing is remembered that this miner has, it is the CPU.
        """
        async with self.lock:
            config = await self._send(self.client.config())
            if not any(config.backends.values()):
                remembered = self.memory.backends & config.backends.keys()
                wanted = config.with_backends(remembered or {BackendType.CPU})
                await self._write(config, wanted)
            elif not (await self.client.backends()).threads:
                # Ended by XMRig's own `stop`: any config makes it start them again,
                # without waiting for the next job (src/core/Miner.cpp:632).
                await self._send(self.client.put_config(config))
            await self._confirm(
                self.client.backends, lambda backends: bool(backends.enabled), "start"
            )
            if (await self.client.summary()).paused:
                await self._resume()

    async def _resume(self) -> None:
        """Resume, with the lock held."""
        await self._send(self.client.resume())
        await self._confirm(
            self.client.summary, lambda summary: summary.paused is False, "resume"
        )

    async def _remember(self, memory: Memory) -> None:
        """Save a memory before anything depends on it."""
        if memory != self.memory:
            await self._save(memory)
            self.memory = memory

    async def _write(self, old: Config, new: Config) -> None:
        """Replace the config by one made from it, and wait until the change shows."""
        edits = list(changes(old.document, new.document))
        if not edits:
            return
        await self._send(self.client.put_config(new))
        await self._confirm(
            self.client.config,
            lambda config: all(
                value_at(config.document, edit.path) == edit.new for edit in edits
            ),
            "set_config",
        )

    async def _send[AnswerT](self, call: Awaitable[AnswerT]) -> AnswerT:
        """Make a call that needs full access, and return its answer.

        A token that went bad is told from a read-only API: both are a 403 to such a
        call, but only a bad token is a 403 to the summary too.
        """
        try:
            return await call
        except XmrigReadOnlyError:
            await self.client.summary()
            raise

    async def _confirm[AnswerT: (Summary, Backends, Config)](
        self,
        read: Callable[[], Awaitable[AnswerT]],
        shows: Callable[[AnswerT], bool],
        command: str,
    ) -> None:
        """Wait until an answer of the miner shows the result of a command."""
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                while not shows(await read()):
                    await asyncio.sleep(CONFIRM_INTERVAL)
        except TimeoutError as err:
            raise XmrigNotConfirmedError(
                f"{self.client.address} took {command}, but does not show it"
            ) from err
