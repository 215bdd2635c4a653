"""Requests to one miner that make sure it is that one."""

from collections.abc import Awaitable, Callable

from .client import XmrigClient
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
    """Reads from one miner and writes to it, and to no other at its address.

    Reading raises what the client raises, and XmrigAnotherMinerError.
    """

    def __init__(
        self, client: XmrigClient, is_expected: Callable[[Summary], bool]
    ) -> None:
        """Initialize the link; `is_expected` tells the miner by its summary."""
        self.client = client
        self.writes = 0
        """How many writes may have reached the miner: a reply read before the last of
        them is out of date."""
        self.on_unreachable: Callable[[XmrigError], None] = lambda _: None
        """Called when the miner cannot be reached, or does not reply in time."""
        self._is_expected = is_expected

    async def summary(self) -> Summary:
        """Read the summary, and verify who sent it."""
        summary = await self._watched(self.client.summary())
        if not self._is_expected(summary):
            if summary.lacks_identity:
                raise XmrigResponseError(
                    f"{self.client.address} sent a reply without its id"
                )
            raise XmrigAnotherMinerError(
                f"Another miner answers at {self.client.address}",
                summary.identity,
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
        """Read the backends."""
        return await self._watched(self.client.backends())

    async def config(self) -> Config:
        """Read the config, which needs full access."""
        return await self._permitted(self.client.config())

    async def write(self, send: Callable[[], Awaitable[None]]) -> XmrigError | None:
        """Send a command to the miner, once it is verified that it is that one.

        Returns the error after which it is unknown whether the command took effect,
        None if the miner accepted it. Raises what says that it did not.
        """
        await self.summary()
        try:
            await self._permitted(send())
        except (XmrigTimeoutError, XmrigInterruptedError, XmrigResponseError) as error:
            self.writes += 1
            return error
        self.writes += 1
        return None

    async def _permitted[ReplyT](self, call: Awaitable[ReplyT]) -> ReplyT:
        """Await a call that needs full access.

        A 403 to such a call may be about the token or about a read-only API, or a fault
        of the moment: the summary tells.
        """
        try:
            return await self._watched(call)
        except XmrigReadOnlyError:
            if (await self.summary()).restricted is not False:
                raise
            raise XmrigRefusedError(
                f"{self.client.address} refused a call, though its API is not read-only"
            ) from None

    async def _watched[ReplyT](self, call: Awaitable[ReplyT]) -> ReplyT:
        """Await a call, and tell if the miner went away."""
        try:
            return await call
        except XmrigInterruptedError:
            # A connection that was reset says nothing about the next one
            raise
        except XmrigConnectionError as error:
            self.on_unreachable(error)
            raise
