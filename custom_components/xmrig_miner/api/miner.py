"""Commands to a miner, each done only when the miner shows it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace

from .client import XmrigClient
from .command_queue import CommandQueue
from .config_editor import SETTLE, ConfigEditor
from .confirm import confirm
from .document import Change
from .exceptions import (
    Command,
    XmrigBackendError,
    XmrigError,
    XmrigLimitedError,
    XmrigNotConfirmedError,
    XmrigRefusedError,
)
from .intent import Steps, steps_after_restart, update_wanted_state
from .link import MinerLink
from .models import Backends, BackendType, Config, PauseRule, Summary
from .snapshot import Snapshot
from .state import MinerState, Request, StateStore
from .thread_profiles import active_profile, shortened, thread_count


class Miner:
    """One miner, commanded by at most one task at a time.

    Every command raises XmrigConnectionError, XmrigAuthenticationError,
    XmrigReadOnlyError, XmrigRefusedError or XmrigResponseError as the client does,
    XmrigAnotherMinerError if a different miner answers, XmrigStorageError if what is
    needed to undo it cannot be stored, XmrigClosedError after `close`, and
    XmrigNotConfirmedError if the miner accepted the command but does not show its
    result. Those that change the config also raise XmrigUnsafeConfigError and
    XmrigConflictError.
    """

    def __init__(
        self,
        client: XmrigClient,
        state: MinerState,
        save: Callable[[MinerState], Awaitable[None]],
        *,
        is_expected: Callable[[Summary], bool] = lambda _: True,
    ) -> None:
        """Initialize the miner.

        `save` makes a state outlive this process, and raises XmrigStorageError if it
        cannot. `is_expected` tells the miner from others by its summary.
        """
        self.client = client
        self.link = MinerLink(client, is_expected)
        self.queue = CommandQueue()
        self._store = StateStore(state, save)
        self._editor = ConfigEditor(self.link, self._store)
        self._requested_threads = 0

    @property
    def state(self) -> MinerState:
        """Return what is known about the miner beyond what it shows."""
        return self._store.state

    async def read_config(self) -> Config:
        """Read the config, again if it is another one than before."""
        return await self._editor.read()

    async def close(self) -> None:
        """Wait for the command that runs, and refuse all later ones."""
        await self.queue.close()

    async def pause(self) -> None:
        """Pause: pool, threads and dataset stay, and hashing stops."""
        async with self._command(), self._requesting(mining=False):
            await self._pause()

    async def resume(self) -> None:
        """Resume after a pause.

        XMRig does not resume while its own rules for battery and activity say pause,
        although it answers OK (src/core/Miner.cpp:523). Raises XmrigLimitedError if it
        will only resume once the power limit allows it.
        """
        async with self._command(), self._requesting(mining=True):
            if not self.state.request.limited:
                await self._resume()
        self._raise_if_limited()

    async def stop(self) -> None:
        """Stop for good: disable every backend, and remember which were enabled.

        XMRig's own `stop` lasts until the pool's next job only (src/core/
        Miner.cpp:622), a config lasts beyond a restart.
        """
        async with self._command(), self._requesting(mining=False):
            await self._editor.edit(lambda config: config.with_backends(()))
            await confirm(
                self.link.backends,
                lambda backends: backends.are_disabled(()),
                command=Command.STOP,
            )

    async def start(self) -> None:
        """Enable the backends that were on before the stop, and resume if paused.

        When nothing is remembered that this miner has, it is the CPU. Raises
        XmrigLimitedError if it will only mine once the power limit allows it.
        """
        async with self._command(), self._requesting(mining=True):
            await self._start()
        self._raise_if_limited()

    async def pause_for_power_limit(self) -> None:
        """Pause because there is no power to mine, whether or not it is to mine.

        From then on `resume` and `start` only note what is wanted.
        """
        async with self._command() as summary:
            if summary.paused and not self.state.request.limited:
                await self._note_pause_at_miner()
            request = replace(self.state.request, limited=True)
            async with self._changing_request(request):
                if not summary.paused:
                    await self._pause()

    async def resume_after_power_limit(self) -> None:
        """Resume after `pause_for_power_limit`, unless the miner is to rest.

        A miner that its own rules keep from resuming does so later by itself.
        """
        if not self.state.request.limited:
            return
        async with self._command():
            try:
                if self.state.request.mining is not False:
                    await self._resume()
            except XmrigNotConfirmedError:
                if (await self.read_config()).pause_rules:
                    await self._note_unlimited()
                raise
            await self._note_unlimited()

    async def set_backend(self, backend: BackendType, *, enabled: bool) -> None:
        """Enable or disable a backend; without any the miner is stopped.

        Raises XmrigBackendError if there is no driver or device for it.
        """

        def change(config: Config) -> Config:
            others = config.enabled - {backend}
            return config.with_backends(others | {backend} if enabled else others)

        def shows(backends: Backends) -> bool:
            found = backends.by_type.get(backend)
            if found is None or found.enabled is not enabled:
                return False
            return enabled or backends.complete

        async with self._command():
            running = frozenset() if enabled else await self._running()
            stops = running == {backend}
            async with self._requesting(mining=False) if stops else nullcontext():
                await self._editor.edit(
                    change,
                    note=lambda state: (
                        replace(state, backends=running) if stops else state
                    ),
                )
                try:
                    await confirm(
                        self.link.backends, shows, command=Command.SET_BACKEND
                    )
                except XmrigNotConfirmedError as err:
                    if not enabled:
                        raise
                    raise XmrigBackendError(
                        f"{self.client.address} found nothing to run {backend} on"
                    ) from err

    async def set_pause_rule(self, rule: PauseRule, *, enabled: bool) -> None:
        """Turn a rule on or off; the user's number of seconds comes back with it."""

        def change(config: Config) -> Config:
            value = self.state.user_config(config).document.get(rule)
            return Config(
                {**config.document, rule.value: (value or True) if enabled else False}
            )

        async with self._command():
            await self._editor.edit(change)

    async def set_threads(self, threads: int, profile: str | None) -> None:
        """Let the CPU mine with its first few threads, whatever the algorithm.

        Each profile is shortened to them, and has its full length again when there are
        as many as in the user's own profile of the given name. Of calls that wait for
        each other the last one counts.
        """
        self._requested_threads = threads
        async with self._command():
            await self._set_threads(self._requested_threads, profile)

    async def select_pool(self, label: str) -> None:
        """Put one of the user's pools before the others, which stay behind it.

        Raises XmrigRefusedError if there is none of that label.
        """

        def change(config: Config) -> Config:
            user_config = self.state.user_config(config)
            if label not in user_config.pool_labels:
                raise XmrigRefusedError(f"{self.client.address} has no pool {label}")
            return config.with_pool_first(
                user_config.pools, user_config.pool_labels.index(label)
            )

        async with self._command():
            await self._editor.edit(change)

    async def edit(self, change: Callable[[Config], Config]) -> list[Change]:
        """Change the config by a function of it, and return what that changed."""
        async with self._command():
            return await self._editor.edit(change, by_user=True)

    async def preview(self, change: Callable[[Config], Config]) -> list[Change]:
        """Return what `edit` would change; raises what it would refuse."""
        async with self._command():
            return await self._editor.preview(change)

    async def restore(self) -> list[Change]:
        """Give back all values of the config that were changed from here.

        What was changed externally since stays as it is.
        """
        async with self._command():
            return await self._editor.edit(
                self.state.original_config,
                by_user=True,
                note=lambda state: replace(state, threads=None),
            )

    async def accept_payout(self, config: Config) -> None:
        """Accept the pools and wallets of a config as the user's."""
        async with self.queue.command():
            await self._store.store(
                replace(self.state, payout=config.payout, pending_payout=None)
            )

    async def restore_wanted_state(self, snapshot: Snapshot) -> bool:
        """Tell a miner that restarted what it is to do; return if it did not do so."""
        async with self._command():
            steps = steps_after_restart(self.state, snapshot)
            if steps.pause:
                await self._pause()
            if steps.start:
                await self._start()
            if steps.threads is not None:
                await self._set_threads(steps.threads, snapshot.cpu_profile)
            return steps != Steps()

    async def pause_again(self) -> bool:
        """Pause a miner that its own rules resumed although it is to rest."""
        async with self._command():
            await self._pause()
            return True

    async def observe(
        self, before: Snapshot | None, snapshot: Snapshot, started: float | None
    ) -> list[str]:
        """Take a poll into account, and return what changed externally in the config.

        `before` is the last complete snapshot, `started` when the miner's process
        started. To be called during the poll's turn, so that no command comes between
        the snapshot and this.
        """
        if snapshot.config and snapshot.is_fresh:
            self._editor.observe(snapshot.config)
        state = update_wanted_state(self.state, before, snapshot)
        await self._store.note(replace(state, started=started))
        return self._editor.take_external_changes()

    @asynccontextmanager
    async def _command(self) -> AsyncIterator[Summary]:
        """Wait for a turn, and make sure that the miner takes commands."""
        async with self.queue.command():
            yield await self.link.verify()

    def _requesting(self, *, mining: bool) -> AbstractAsyncContextManager[None]:
        """Store that the miner is to mine, or not, while it is told so."""
        return self._changing_request(
            Request(mining=mining, here=True, limited=self.state.request.limited)
        )

    @asynccontextmanager
    async def _changing_request(self, request: Request) -> AsyncIterator[None]:
        """Store what is requested before a command is sent, and how it ended after.

        Where it is unknown whether the command took effect, both are kept until a poll
        shows it.
        """
        before = self.state
        writes = self.link.writes
        await self._store.store(before.with_request(request))
        try:
            yield
        except XmrigError:
            if self.link.writes == writes:
                # Nothing was sent or accepted: it is as unknown as before, if it was
                await self._store.note(
                    replace(
                        self.state,
                        request=before.request,
                        previous_request=before.previous_request,
                    )
                )
            raise
        await self._store.note(self.state.with_request_done())

    async def _note_pause_at_miner(self) -> None:
        """Store that a user paused the miner since the last poll.

        That outranks the limit. A pause by the miner's own rules is no decision.
        """
        if (await self.read_config()).pause_rules:
            return
        request = self.state.request
        here = request.here and request.mining is False
        request = replace(request, mining=False, here=here)
        await self._store.store(replace(self.state, request=request))

    async def _note_unlimited(self) -> None:
        """Note that the power limit no longer pauses the miner."""
        request = replace(self.state.request, limited=False)
        await self._store.note(replace(self.state, request=request))

    def _raise_if_limited(self) -> None:
        if self.state.request.limited:
            raise XmrigLimitedError(
                f"The power limit of {self.client.address} leaves no thread"
            )

    async def _pause(self) -> None:
        """Pause, during the command's turn."""
        failure = await self.link.write(self.client.pause)
        await self._confirm_paused(True, Command.PAUSE, failure)

    async def _resume(self) -> None:
        """Resume, during the command's turn."""
        failure = await self.link.write(self.client.resume)
        await self._confirm_paused(False, Command.RESUME, failure)

    async def _confirm_paused(
        self, paused: bool, command: Command, failure: XmrigError | None
    ) -> None:
        await confirm(
            self.link.summary,
            lambda summary: summary.paused is paused,
            command=command,
            failure=failure,
        )

    async def _start(self) -> None:
        """Start, during the command's turn."""
        running = await self._running()

        def change(config: Config) -> Config:
            if running:
                return config
            remembered = self.state.backends & config.backends.keys()
            return config.with_backends(
                config.enabled | (remembered or {BackendType.CPU})
            )

        failure = None
        if not await self._editor.edit(change) and not await self._may_run():
            # Ended by XMRig's own `stop`: any config makes it start them again,
            # without waiting for the next job (src/core/Miner.cpp:632).
            failure = await self._editor.rewrite()
            await asyncio.sleep(SETTLE)
        await confirm(
            self._read_both,
            lambda both: _has_started(*both),
            command=Command.START,
            failure=failure,
        )
        if not self.state.request.limited:
            summary = await confirm(
                self.link.summary, lambda _: True, command=Command.START
            )
            if summary.paused:
                await self._resume()

    async def _running(self) -> frozenset[BackendType]:
        """Return the backends that are enabled, or may be for all that is known.

        One without a driver or device is on in the config only, and one that is missing
        in a damaged reply may run.
        """
        backends = await self.link.backends()
        config = await self.link.config()
        return config.enabled - backends.disabled

    async def _may_run(self) -> bool:
        """Return whether threads run, for all that is known."""
        _, backends = await confirm(
            self._read_both,
            lambda both: (
                (both[1].complete and bool(both[1].enabled)) or _has_started(*both)
            ),
            command=Command.START,
        )
        return bool(backends.threads) or not backends.complete

    async def _read_both(self) -> tuple[Summary, Backends]:
        """Read what shows whether threads run."""
        return await self.link.summary(), await self.link.backends()

    async def _set_threads(self, threads: int, profile: str | None) -> None:
        """Cap the CPU threads, during the command's turn."""

        cap: int | None = None

        def change(config: Config) -> Config:
            nonlocal cap
            profiles = self.state.user_config(config).profiles
            name = active_profile(profiles, profile)
            full = thread_count(profiles[name]) if name else None
            cap = threads if full and threads < full else None
            if cap is None:
                return config.with_profiles(profiles)
            return config.with_profiles(
                {name: shortened(value, cap) for name, value in profiles.items()}
            )

        await self._editor.edit(change, note=lambda state: replace(state, threads=cap))


def _has_started(summary: Summary, backends: Backends) -> bool:
    """Return whether a miner has threads, or what it waits for comes from elsewhere.

    It has none before the pool's first job, and while it builds its first dataset.
    """
    return bool(backends.enabled) and bool(
        backends.threads
        or not summary.connection.is_connected
        or summary.hashrate_highest is None
    )
