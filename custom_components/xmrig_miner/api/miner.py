"""Commands to a miner, each of which waits for its result to show."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
import time

from .client import XmrigClient
from .config_commands import ConfigCommands
from .config_editor import SETTLE
from .exceptions import XmrigLimitedError, XmrigNotConfirmedError, XmrigNotMiningError
from .intent import Steps, is_pause_over, steps_after_restart, update_wanted_state
from .miner_link import MinerLink
from .mining import Mining
from .models import BackendType, Config, PauseRule, Summary
from .request_store import RequestStore
from .snapshot import Snapshot
from .state import MinerState


class Miner(ConfigCommands[MinerLink]):
    """A miner that runs one command at a time; see `ConfigCommands`."""

    def __init__(
        self,
        client: XmrigClient,
        state: MinerState,
        save: Callable[[MinerState], Awaitable[None]],
        *,
        is_expected: Callable[[Summary], bool] = lambda _: True,
    ) -> None:
        """Initialize the miner.

        `state` is the last saved state. `save` stores a state permanently, and raises
        XmrigStorageError if it cannot. `is_expected` returns whether a summary is from
        this miner; by default, any miner at the address is accepted.
        """
        super().__init__(MinerLink(client, is_expected), state, save)
        self.client = client
        self._mining = Mining(self.link)
        self._requests = RequestStore(self.link, self._store)

    async def pause(self) -> None:
        """Pause hashing. The pool connection, threads and dataset are kept."""
        async with self._command(), self._requests.requesting(mining=False):
            await self._mining.pause()

    async def pause_until(self, until: float) -> None:
        """Pause hashing until a time, in seconds since 1970; see `end_pause`.

        A repeated call only moves the end. Raises XmrigNotMiningError if the user
        paused or stopped the miner: it would later mine against the user's will.
        """
        async with self._command() as summary:
            is_off = self.state.request.until is None and (
                self.state.request.mining is False
                or await self._is_paused_by_user(summary)
            )
            if is_off or not await self._mining.running_backends():
                raise XmrigNotMiningError(f"{self.client.address} is off already")
            async with self._requests.requesting(mining=False, until=until):
                await self._mining.pause()

    async def end_pause(self) -> bool:
        """Resume after `pause_until`; return whether the pause was still in effect.

        If a power limit or the miner's own rules keep it paused, it resumes later.
        """
        async with self._command():
            # Since the poll, the user may have moved its end or resumed the miner
            if not is_pause_over(self.state, time.time()):
                return False
            try:
                async with self._requests.requesting(mining=True):
                    if not self.state.request.limited:
                        await self._mining.resume()
            except XmrigNotConfirmedError:
                if not (await self.read_config()).pause_rules:
                    raise
                await self._requests.record_resumed()
            return True

    async def resume(self) -> None:
        """Resume after a pause.

        XMRig does not resume while its own rules for battery and activity pause it,
        although it replies OK (src/core/Miner.cpp:523). Raises XmrigLimitedError if it
        will only resume once the power limit allows it.
        """
        async with self._command(), self._requests.requesting(mining=True):
            if not self.state.request.limited:
                await self._mining.resume()
        self._raise_if_limited()

    async def stop(self) -> None:
        """Disable all backends, and remember which were enabled.

        Unlike XMRig's own `stop`, which lasts until the pool's next job (src/core/
        Miner.cpp:622), this lasts across restarts of the miner.
        """
        async with self._command(), self._requests.requesting(mining=False):
            await self._editor.edit(lambda config: config.with_backends(()))
            await self._mining.wait_until_stopped()

    async def start(self) -> None:
        """Enable the backends that were enabled before the stop, and resume if paused.

        If none of them is known, enable the CPU. Raises XmrigLimitedError if the miner
        will only mine once the power limit allows it.
        """
        async with self._command(), self._requests.requesting(mining=True):
            await self._start()
        self._raise_if_limited()

    async def pause_for_power_limit(self) -> None:
        """Pause because the power limit leaves no thread.

        Until the limit allows it again, `resume` and `start` only store the request.
        """
        async with self._command() as summary:
            # A pause by the user since the last poll outranks the limit
            if await self._is_paused_by_user(summary):
                await self._requests.store_user_pause()
            request = replace(self.state.request, limited=True)
            async with self._requests.changing(request):
                if not summary.paused:
                    await self._mining.pause()

    async def resume_after_power_limit(self) -> None:
        """Resume after `pause_for_power_limit`, unless the user paused the miner.

        If the miner's own rules pause it, it resumes later by itself.
        """
        if not self.state.request.limited:
            return
        async with self._command():
            try:
                if self.state.request.mining is not False:
                    await self._mining.resume()
            except XmrigNotConfirmedError:
                if (await self.read_config()).pause_rules:
                    await self._requests.record_unlimited()
                raise
            await self._requests.record_unlimited()

    async def set_backend(self, backend: BackendType, *, enabled: bool) -> None:
        """Enable or disable a backend; disabling the last one stops the miner.

        Raises XmrigBackendError if there is no driver or device for it.
        """
        async with self._command():
            stops = not enabled and await self._mining.running_backends() == {backend}
            async with (
                self._requests.requesting(mining=False) if stops else nullcontext()
            ):
                await self._editor.edit(
                    lambda config: config.with_backend(backend, enabled=enabled),
                    update=lambda state: (
                        replace(state, backends=frozenset({backend}))
                        if stops
                        else state
                    ),
                )
                await self._mining.wait_until_set(backend, enabled=enabled)

    async def set_pause_rule(self, rule: PauseRule, *, enabled: bool) -> None:
        """Turn a rule on or off; on restores the user's number of seconds."""
        async with self._command():
            await self._editor.edit(
                lambda config: config.with_pause_rule(
                    rule, self.state.user_config(config), enabled=enabled
                )
            )

    async def set_threads(self, threads: int, profile: str | None) -> None:
        """Limit the CPU threads to the first ones of each profile.

        The limit is removed if the user's own profile of the given name has no more
        threads; without a name, the longest one.
        """
        async with self._command():
            await self._set_threads(threads, profile)

    async def restore_wanted_state(self, snapshot: Snapshot) -> bool:
        """Restore the request after a restart; return whether a command was needed."""
        async with self._command():
            steps = steps_after_restart(self.state, snapshot, time.time())
            if steps.pause:
                await self._mining.pause()
            if steps.start:
                await self._start()
            if steps.threads is not None:
                await self._set_threads(steps.threads, None)
            return steps != Steps()

    async def pause_again(self) -> bool:
        """Pause a miner that its own rules resumed against the request.

        Returns False if the request has changed since the poll that showed it.
        """
        async with self._command():
            if not self.state.request.wants_pause:
                return False
            await self._mining.pause()
            return True

    async def observe(
        self, before: Snapshot | None, snapshot: Snapshot, started: float | None
    ) -> list[str]:
        """Update the state after a poll, and return the config's external changes.

        `before` is the last complete snapshot, `started` the start of the miner's
        process in seconds since 1970. Call it during the poll's turn, so that no
        command comes between the snapshot and this.
        """
        if snapshot.config and snapshot.is_fresh:
            self._editor.observe(snapshot.config)
        state = update_wanted_state(self.state, before, snapshot)
        if state.started != started:
            state = replace(state, started=started)
        await self._store.record(state)
        return self._editor.take_external_changes()

    async def _is_paused_by_user(self, summary: Summary) -> bool:
        """Return whether neither the power limit nor the miner's own rules pause it.

        The last poll may be older than the user's pause at the miner.
        """
        return bool(
            summary.paused
            and not self.state.request.limited
            and not (await self.read_config()).pause_rules
        )

    def _raise_if_limited(self) -> None:
        if self.state.request.limited:
            raise XmrigLimitedError(
                f"The power limit of {self.client.address} leaves no thread"
            )

    async def _start(self) -> None:
        running = await self._mining.running_backends()
        changes = await self._editor.edit(
            lambda config: (
                config if running else config.with_any_backend(self.state.backends)
            )
        )
        failure = None
        if not changes and not await self._mining.may_have_threads():
            # XMRig's own `stop` ended them: any config makes it start them again,
            # without waiting for the next job (src/core/Miner.cpp:632)
            failure = await self._editor.rewrite()
            await asyncio.sleep(SETTLE)
        await self._mining.wait_until_started(failure)
        if not self.state.request.limited:
            await self._mining.resume_if_paused()

    async def _set_threads(self, threads: int, profile: str | None) -> None:
        cap: int | None = None

        def change(config: Config) -> Config:
            nonlocal cap
            user_config = self.state.user_config(config)
            cap = user_config.thread_cap(threads, profile)
            return config.with_thread_cap(cap, user_config)

        await self._editor.edit(
            change, update=lambda state: replace(state, threads=cap)
        )
