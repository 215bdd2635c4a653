"""Pauses, resumes and starts a miner, and waits for the result."""

from .client import Action
from .confirm import confirm
from .exceptions import Command, XmrigBackendError, XmrigError, XmrigNotConfirmedError
from .miner_link import MinerLink
from .models import Backends, BackendType, Summary


class Mining:
    """Controls mining, and confirms the result.

    Its methods are called during the miner's turn in the queue. They raise
    XmrigNotConfirmedError if the miner does not show the result in time.
    """

    def __init__(self, link: MinerLink) -> None:
        """Initialize the controls of a miner."""
        self._link = link

    async def pause(self) -> None:
        """Pause the miner."""
        await self._set_paused(Action.PAUSE, is_paused=True)

    async def resume(self) -> None:
        """Resume the miner."""
        await self._set_paused(Action.RESUME, is_paused=False)

    async def resume_if_paused(self) -> None:
        """Resume the miner if it is paused, as it may be after a start."""
        summary = await confirm(
            self._link.summary, lambda _: True, command=Command.START
        )
        if summary.paused:
            await self.resume()

    async def running_backends(self) -> frozenset[BackendType]:
        """Return the backends that run, including those that may.

        A backend without a driver or device is enabled in the config only; a backend
        that is missing from a damaged reply may run.
        """
        backends = await self._link.backends()
        config = await self._link.config()
        return config.enabled - backends.disabled

    async def may_have_threads(self) -> bool:
        """Return whether threads run, or may run if the reply is damaged."""
        _, backends = await confirm(
            self._read_both,
            lambda both: (
                (both[1].complete and bool(both[1].enabled)) or _has_started(*both)
            ),
            command=Command.START,
        )
        return bool(backends.threads) or not backends.complete

    async def wait_until_started(self, failure: XmrigError | None) -> None:
        """Wait until threads run; see `confirm` for `failure`."""
        await confirm(
            self._read_both,
            lambda both: _has_started(*both),
            command=Command.START,
            failure=failure,
        )

    async def wait_until_stopped(self) -> None:
        """Wait until all backends are disabled."""
        await confirm(
            self._link.backends,
            lambda backends: backends.are_disabled(()),
            command=Command.STOP,
        )

    async def wait_until_set(self, backend: BackendType, *, enabled: bool) -> None:
        """Wait until a backend is enabled or disabled.

        Raises XmrigBackendError if the miner does not enable it.
        """

        def is_set(backends: Backends) -> bool:
            found = backends.by_type.get(backend)
            if found is None or found.enabled is not enabled:
                return False
            return enabled or backends.complete

        try:
            await confirm(self._link.backends, is_set, command=Command.SET_BACKEND)
        except XmrigNotConfirmedError as err:
            if not enabled:
                raise
            raise XmrigBackendError(
                f"{self._link.client.address} found nothing to run {backend} on"
            ) from err

    async def _set_paused(self, action: Action, *, is_paused: bool) -> None:
        """Pause or resume the miner, and wait until it shows."""
        failure = await self._link.perform_action(action)
        await confirm(
            self._link.summary,
            lambda summary: summary.paused is is_paused,
            command=Command(action),
            failure=failure,
        )

    async def _read_both(self) -> tuple[Summary, Backends]:
        """Read the replies that show whether threads run."""
        return await self._link.summary(), await self._link.backends()


def _has_started(summary: Summary, backends: Backends) -> bool:
    """Return whether threads run, or will start once the miner is ready.

    There are no threads before the pool's first job, and while the first dataset is
    built.
    """
    return bool(backends.enabled) and bool(
        backends.threads
        or not summary.connection.is_connected
        or summary.hashrate_highest is None
    )
