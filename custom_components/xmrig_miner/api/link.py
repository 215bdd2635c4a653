"""Requests to one miner, which verify that it is the one that answers."""

from collections.abc import Awaitable, Callable

from .client import Action, XmrigClient
from .exceptions import (
    XmrigAnotherMinerError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from .models import Backends, Config, Summary


class MinerLink:
    """Reads from one miner and writes to it, and to no other one at its address.

    Its methods raise what the client raises, and XmrigAnotherMinerError.
    """

    def __init__(
        self, client: XmrigClient, is_expected: Callable[[Summary], bool]
    ) -> None:
        """Initialize the link.

        `is_expected` returns whether a summary comes from the miner.
        """
        self.client = client
        self.writes = 0
        """How many writes may have reached the miner: a reply read before the last of
        them is out of date."""
        self.on_unreachable: Callable[[XmrigError], None] = lambda _: None
        """Called when the miner cannot be reached, or does not reply in time."""
        self._is_expected = is_expected

    async def summary(self) -> Summary:
        """Return the summary, once it is verified who sent it."""
        summary = await self._report_unreachable(self.client.summary())
        if not self._is_expected(summary):
            if summary.lacks_identity:
                raise XmrigResponseError(
                    f"{self.client.address} sent a reply without its id"
                )
            raise XmrigAnotherMinerError(
                f"Another miner answers at {self.client.address}", summary.identity
            )
        return summary

    async def verify(self) -> Summary:
        """Return the summary, if a command would reach the miner and be accepted.

        Raises XmrigReadOnlyError if the API is read-only.
        """
        summary = await self.summary()
        if summary.restricted:
            raise XmrigReadOnlyError(f"The API of {self.client.address} is read-only")
        return summary

    async def backends(self) -> Backends:
        """Return the backends. They do not say which miner sent them."""
        return await self._report_unreachable(self.client.backends())

    async def config(self) -> Config:
        """Return the config. It does not say which miner sent it."""
        return await self._with_full_access(self.client.config())

    async def post_config(self, config: Config) -> XmrigError | None:
        """Replace the config of the miner, once it is verified that it is that one.

        Returns the error after which it is unknown whether that took effect, None if
        the miner accepted it. Raises the errors that say that it did not.
        """
        return await self._write(lambda: self.client.post_config(config))

    async def perform_action(self, action: Action) -> XmrigError | None:
        """Tell the miner to pause or resume; see `post_config` for what is returned."""
        return await self._write(lambda: self.client.perform_action(action))

    async def _write(self, send: Callable[[], Awaitable[None]]) -> XmrigError | None:
        await self.summary()
        try:
            await self._with_full_access(send())
        except (XmrigTimeoutError, XmrigInterruptedError, XmrigResponseError) as error:
            self.writes += 1
            return error
        self.writes += 1
        return None

    async def _with_full_access[ReplyT](self, call: Awaitable[ReplyT]) -> ReplyT:
        """Await a call that needs full access.

        A 403 may be about the token, a read-only API, or a momentary fault: the summary
        shows which.
        """
        try:
            return await self._report_unreachable(call)
        except XmrigReadOnlyError:
            if (await self.summary()).restricted is not False:
                raise
            raise XmrigRefusedError(
                f"{self.client.address} refused a call, though its API is not read-only"
            ) from None

    async def _report_unreachable[ReplyT](self, call: Awaitable[ReplyT]) -> ReplyT:
        """Await a call, and report if the miner cannot be reached."""
        try:
            return await call
        except XmrigInterruptedError:
            # A connection that was reset says nothing about the next one
            raise
        except XmrigConnectionError as error:
            self.on_unreachable(error)
            raise
