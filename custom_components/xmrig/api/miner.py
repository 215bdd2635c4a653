"""What one asks of a miner, each done only when the miner shows it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from .client import XmrigClient
from .config_writer import ConfigWriter
from .document import Change, same
from .exceptions import XmrigBackendError, XmrigNotConfirmedError, XmrigRefusedError
from .memory import Memory
from .models import BackendType, Config, PauseRule, Snapshot, Status
from .thread_profiles import active_profile, shortened, thread_count


class Miner(ConfigWriter):
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
        super().__init__(client, memory, save)
        self._threads = 0
        self._is_mining: bool | None = None

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
