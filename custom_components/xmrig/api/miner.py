"""What one asks of a miner, each done only when the miner shows it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .client import XmrigClient
from .document import MISSING, Change, changes, includes, same, value_at, with_value
from .exceptions import (
    XmrigBackendError,
    XmrigConflictError,
    XmrigNotConfirmedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)
from .memory import Memory
from .models import Backends, BackendType, Config, PauseRule, Snapshot, Status, Summary
from .thread_profiles import active_profile, shortened, thread_count

CONFIRM_TIMEOUT = 5
"""Seconds until a command that does not show has failed. XMRig applies a posted config
about half a second after its answer (src/base/io/Watcher.h:53)."""

CONFIRM_INTERVAL = 0.1
"""Seconds between two looks at what the miner shows."""

SETTLE = 0.7
"""Seconds for which a change has to last. Somebody who read the config before it was
applied may still overwrite it: what they wrote shows within the miner's half second."""

ATTEMPTS = 5
"""How often a change is made again that somebody else overwrote."""


class PauseReason(StrEnum):
    """Why a miner does not mine."""

    NONE = "none"
    """It does."""
    ASKED_HERE = "asked_here"
    AT_THE_MINER = "at_the_miner"
    POWER_LIMIT = "power_limit"
    BATTERY = "battery"
    ACTIVITY = "activity"
    BATTERY_OR_ACTIVITY = "battery_or_activity"


@dataclass(frozen=True)
class _Write:
    """A write of the config that did not last."""

    before: Config
    made: list[Change]
    memory: Memory


class Miner:
    """One miner, commanded by at most one task at a time.

    Every command raises XmrigConnectionError, XmrigAuthenticationError,
    XmrigReadOnlyError, XmrigRefusedError or XmrigResponseError as the client does, and
    XmrigNotConfirmedError if the miner took the command but does not show its result.
    Those that change the config also raise XmrigUnsafeConfigError and
    XmrigConflictError.
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
        self._threads = 0
        self._is_mining: bool | None = None
        self.written: Config | None = None
        """The config as it was last written; for the one who polls to take away."""
        self.lock = asyncio.Lock()
        """Held by every command, and by whoever polls: what is read while a command
        is under way belongs to neither side of it."""

    async def pause(self) -> None:
        """Pause: pool, threads and dataset stay, and hashing rests."""
        async with self.lock:
            await self._pause()
            await self._remember(mining=False, asked_here=True)

    async def resume(self) -> None:
        """Resume after a pause.

        XMRig does not resume while its own rules for battery and activity say pause,
        although it answers OK (src/core/Miner.cpp:523).
        """
        async with self.lock:
            if not self.memory.limited:
                await self._resume()
            await self._remember(mining=True, asked_here=True)

    async def stop(self) -> None:
        """Stop for good: disable every backend, and remember which were enabled.

        XMRig's own `stop` lasts until the pool's next job only (src/core/
        Miner.cpp:622), a config lasts beyond a restart.
        """
        async with self.lock:
            await self._edit(lambda config: config.with_backends(()))
            await self._confirm(
                self.client.backends,
                lambda backends: backends.complete and not backends.enabled,
                "stop",
            )
            await self._remember(mining=False, asked_here=True)

    async def start(self) -> None:
        """Enable the backends that were on before the stop, and resume if paused.

        When nothing is remembered that this miner has, it is the CPU.
        """
        async with self.lock:
            await self._start()
            await self._remember(mining=True, asked_here=True)

    async def hold(self) -> None:
        """Pause because there is no power to mine, whoever wants it to mine.

        From then on `resume` and `start` only take down what is wanted.
        """
        async with self.lock:
            memory = replace(self.memory, limited=True)
            paused = (await self.client.summary()).paused
            if paused and memory.mining is None:
                if not (await self._config()).pause_rules:
                    memory = replace(memory, mining=False, asked_here=False)
            # First, so that nobody else is taken for who paused it.
            await self._save_if_new(memory)
            if not paused:
                await self._pause()

    async def release(self) -> None:
        """Resume after `hold`, unless somebody wants it to rest.

        A miner that its own rules keep from resuming does so later by itself.
        """
        async with self.lock:
            if not self.memory.limited:
                return
            try:
                if self.memory.mining is not False:
                    await self._resume()
            except XmrigNotConfirmedError:
                if (await self._config()).pause_rules:
                    await self._remember(limited=False)
                raise
            await self._remember(limited=False)

    async def set_backend(self, backend: BackendType, *, enabled: bool) -> None:
        """Enable or disable a backend; without any the miner is stopped.

        Raises XmrigBackendError if there is no driver or device for it.
        """

        def change(config: Config) -> Config:
            others = config.enabled - {backend}
            return config.with_backends(others | {backend} if enabled else others)

        async with self.lock:
            made = await self._edit(change)
            try:
                await self._confirm(
                    self.client.backends,
                    lambda backends: (backend in backends.enabled) is enabled,
                    "set_backend",
                )
            except XmrigNotConfirmedError as err:
                if not enabled:
                    raise
                raise XmrigBackendError(
                    f"{self.client.address} found nothing to run {backend} on"
                ) from err
            if made and not enabled and not (await self.client.backends()).enabled:
                await self._remember(
                    mining=False, asked_here=True, backends=frozenset({backend})
                )

    async def set_pause_rule(self, rule: PauseRule, *, enabled: bool) -> None:
        """Turn a rule on or off; the owner's number of seconds comes back with it."""

        def change(config: Config) -> Config:
            owners = self.memory.owners(config).document.get(rule)
            return Config(
                {**config.document, rule.value: (owners or True) if enabled else False}
            )

        async with self.lock:
            await self._edit(change)

    async def set_threads(self, threads: int, profile: str | None) -> None:
        """Let the CPU mine with its first few threads, whatever the algorithm.

        Each profile is shortened to them, and as long as it was again when there are
        as many as in the owner's own profile of the given name. Of calls that wait
        for each other the last one counts.
        """
        self._threads = threads
        async with self.lock:
            await self._set_threads(self._threads, profile)

    async def select_pool(self, label: str) -> None:
        """Put one of the owner's pools before the others, which stay behind it.

        Raises XmrigRefusedError if there is none of that label.
        """

        def change(config: Config) -> Config:
            owners = self.memory.owners(config)
            if label not in owners.pool_labels:
                raise XmrigRefusedError(f"{self.client.address} has no pool {label}")
            return config.with_pool_first(owners.pools, owners.pool_labels.index(label))

        async with self.lock:
            await self._edit(change)

    async def edit(self, change: Callable[[Config], Config]) -> list[Change]:
        """Change the config by a function of it, and return what that changed."""
        async with self.lock:
            return await self._edit(change, by_owner=True)

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change; raises what it would refuse."""
        config = await self._config()
        return _safe_changes(config, change(config))

    async def restore(self) -> list[Change]:
        """Give back all those values of the config that were changed from here.

        What somebody else has changed since stays as it is.
        """
        async with self.lock:
            made = await self._edit(self.memory.original, by_owner=True)
            await self._remember(threads=None)
            return made

    async def put_back(self, snapshot: Snapshot) -> bool:
        """Ask again for what a miner that restarted should do; return if it was."""
        async with self.lock:
            put_back = False
            wants_pause = self.memory.mining is False or self.memory.limited
            if wants_pause and snapshot.is_mining:
                await self._pause()
                put_back = True
            elif self.memory.mining and not wants_pause and snapshot.is_mining is False:
                # By its own rules it has paused by itself, and would not resume.
                if snapshot.status is Status.STOPPED or not snapshot.pause_rules:
                    await self._start()
                    put_back = True
            wanted = self.memory.threads
            if wanted is not None and self.thread_cap(snapshot) != wanted:
                await self._set_threads(wanted, snapshot.cpu_profile)
                put_back = True
            return put_back

    async def adopt(self, snapshot: Snapshot, started: float | None) -> None:
        """Take what a miner does by itself or by a person's hand for what is wanted.

        A pause that may be due to the miner's own rules is nobody's wish. To be called
        with the lock held, so that no command is between the snapshot and this.
        """
        memory = replace(self.memory, started=started)
        shown = snapshot.is_mining
        wanted = memory.mining
        if wanted is None and not snapshot.pause_rules:
            wanted = self._is_mining
        if shown and (memory.limited or wanted is False):
            memory = replace(memory, mining=True, asked_here=False, limited=False)
        elif (
            shown is False
            and wanted
            and not memory.limited
            and not snapshot.pause_rules
        ):
            memory = replace(memory, mining=False, asked_here=False)
        if shown is not None:
            self._is_mining = shown
        if snapshot.config:
            if memory.threads is not None:
                memory = replace(memory, threads=self.thread_cap(snapshot))
            if memory.payees is None:
                memory = replace(memory, payees=frozenset(snapshot.config.payees))
        await self._save_if_new(memory)

    async def accept_payees(self, config: Config) -> None:
        """Take the pools and wallets of a config for the owner's."""
        async with self.lock:
            await self._remember(payees=frozenset(config.payees))

    def pause_reason(self, snapshot: Snapshot) -> PauseReason | None:
        """Return why the miner does not mine; None if it is not known whether it does.

        XMRig shows one and the same pause for a person's hand and for its own rules, so
        these are named when they are on (src/core/Miner.cpp:682).
        """
        if snapshot.is_mining is None:
            return None
        if snapshot.is_mining:
            return PauseReason.NONE
        if self.memory.mining is False and self.memory.asked_here:
            return PauseReason.ASKED_HERE
        if self.memory.limited and self.memory.mining is not False:
            return PauseReason.POWER_LIMIT
        rules = snapshot.pause_rules
        if snapshot.status is Status.STOPPED or not rules:
            return PauseReason.AT_THE_MINER
        if len(rules) > 1:
            return PauseReason.BATTERY_OR_ACTIVITY
        if PauseRule.BATTERY in rules:
            return PauseReason.BATTERY
        return PauseReason.ACTIVITY

    def preferred_pool(self, config: Config) -> str | None:
        """Return the label of the pool that is tried first; None if it is unknown."""
        owners = self.memory.owners(config)
        first = next((pool for pool in config.pools if pool.get("enabled", True)), None)
        for label, pool in zip(owners.pool_labels, owners.pools, strict=True):
            if first is not None and same(
                {**pool, "enabled": True}, {**first, "enabled": True}
            ):
                return label
        return None

    def owners_threads(self, snapshot: Snapshot) -> int | None:
        """Return how many CPU threads the owner set up; None if that is not known."""
        if snapshot.config is None:
            return None
        profiles = self.memory.owners(snapshot.config).profiles
        name = active_profile(profiles, snapshot.cpu_profile)
        return thread_count(profiles[name]) if name else None

    def threads(self, snapshot: Snapshot) -> int | None:
        """Return how many CPU threads run while mining; None if that is not known."""
        if snapshot.config is None:
            return None
        profiles = snapshot.config.profiles
        name = active_profile(profiles, snapshot.cpu_profile)
        return thread_count(profiles[name]) if name else None

    def thread_cap(self, snapshot: Snapshot) -> int | None:
        """Return how many CPU threads the miner is held to; None if it is not."""
        threads = self.threads(snapshot)
        return None if threads == self.owners_threads(snapshot) else threads

    async def _pause(self) -> None:
        """Pause, with the lock held."""
        await self._send(self.client.pause())
        await self._confirm(
            self.client.summary, lambda summary: summary.paused is True, "pause"
        )

    async def _resume(self) -> None:
        """Resume, with the lock held."""
        await self._send(self.client.resume())
        await self._confirm(
            self.client.summary, lambda summary: summary.paused is False, "resume"
        )

    async def _start(self) -> None:
        """Start, with the lock held."""
        found = await self.client.backends()

        def change(config: Config) -> Config:
            # One without a driver or device is on in the config only.
            if found.enabled:
                return config
            remembered = self.memory.backends & config.backends.keys()
            return config.with_backends(
                config.enabled | (remembered or {BackendType.CPU})
            )

        if not await self._edit(change) and not found.threads:
            # Ended by XMRig's own `stop`: any config makes it start them again,
            # without waiting for the next job (src/core/Miner.cpp:632).
            await self._send(self.client.put_config(await self._config()))
        await self._confirm(
            self.client.backends, lambda backends: bool(backends.enabled), "start"
        )
        if not self.memory.limited and (await self.client.summary()).paused:
            await self._resume()

    async def _set_threads(self, threads: int, profile: str | None) -> None:
        """Cap the CPU threads, with the lock held."""
        cap: int | None = None

        def change(config: Config) -> Config:
            nonlocal cap
            profiles = self.memory.owners(config).profiles
            name = active_profile(profiles, profile)
            full = thread_count(profiles[name]) if name else None
            cap = threads if full and threads < full else None
            if cap is None:
                return config.with_profiles(profiles)
            return config.with_profiles(
                {name: shortened(value, cap) for name, value in profiles.items()}
            )

        await self._edit(change)
        await self._remember(threads=cap)

    async def _edit(
        self, change: Callable[[Config], Config], *, by_owner: bool = False
    ) -> list[Change]:
        """Change the config, with the lock held: the one way in which it is written.

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

    async def _remember(self, **changed: Any) -> None:
        """Remember some fields of the memory."""
        await self._save_if_new(replace(self.memory, **changed))

    async def _save_if_new(self, memory: Memory) -> bool:
        """Save a memory, and return whether it is another one than before."""
        if memory == self.memory:
            return False
        await self._save(memory)
        self.memory = memory
        return True

    async def _config(self) -> Config:
        """Read the config, which needs full access as a command does."""
        return await self._send(self.client.config())

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

    async def _confirm[AnswerT: (Summary, Backends, bool)](
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
