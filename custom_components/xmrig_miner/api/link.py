"""Requests to one miner or proxy, with verification of its identity."""

from collections.abc import Awaitable, Callable

from .base_client import BaseClient
from .exceptions import (
    XmrigAnotherKindError,
    XmrigAnotherMinerError,
    XmrigConnectionError,
    XmrigDeniedError,
    XmrigError,
    XmrigInterruptedError,
    XmrigReadOnlyError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from .models import BaseSummary, Config


class Link[SummaryT: BaseSummary]:
    """Reads from and writes to one miner or proxy, and nothing else at its address.

    Its methods raise what the client raises, and XmrigAnotherMinerError.
    """

    def __init__(
        self, client: BaseClient[SummaryT], is_expected: Callable[[SummaryT], bool]
    ) -> None:
        """Initialize the link.

        `is_expected` returns whether a summary is from that miner or proxy.
        """
        self.address = client.address
        self._base = client
        self.writes = 0
        """Number of writes that may have reached the miner: replies read before the
        last one are out of date."""
        self.on_unreachable: Callable[[XmrigError], None] = lambda _: None
        """Called when the miner cannot be reached, or does not reply in time."""
        self._is_expected = is_expected

    async def summary(self) -> SummaryT:
        """Return the summary after verifying its sender."""
        try:
            summary = await self.report_unreachable(self._base.summary())
        except XmrigAnotherKindError as error:
            raise XmrigAnotherMinerError(str(error), error.found) from error
        if not self._is_expected(summary):
            if summary.lacks_identity:
                raise XmrigResponseError(f"{self.address} sent a reply without its id")
            raise XmrigAnotherMinerError(
                f"Another miner answers at {self.address}", summary.identity
            )
        return summary

    async def verify(self) -> SummaryT:
        """Return the summary if a command would reach the miner and be accepted.

        Raises XmrigReadOnlyError if the API is read-only.
        """
        summary = await self.summary()
        if summary.restricted:
            raise XmrigReadOnlyError(f"The API of {self.address} is read-only")
        return summary

    async def config(self) -> Config:
        """Return the config. It does not say which miner sent it."""
        return await self._with_full_access(self._base.config())

    async def post_config(self, config: Config) -> XmrigError | None:
        """Replace the config after verifying which miner answers.

        Returns the error after which it is unknown whether the write took effect, or
        None if the miner accepted it. Raises errors that rule it out.
        """
        return await self.write(lambda: self._base.post_config(config))

    async def write(self, send: Callable[[], Awaitable[None]]) -> XmrigError | None:
        """Send a write after verifying which miner answers; see `post_config`."""
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

        A 403 may be due to the token, a read-only API, or a momentary fault: the
        summary tells which.
        """
        try:
            return await self.report_unreachable(call)
        except XmrigReadOnlyError:
            if (await self.summary()).restricted is not False:
                raise
            raise XmrigDeniedError(
                f"{self.address} refused a call, though its API is not read-only"
            ) from None

    async def report_unreachable[ReplyT](self, call: Awaitable[ReplyT]) -> ReplyT:
        """Await a call, and report an unreachable miner."""
        try:
            return await call
        except XmrigInterruptedError:
            # A connection that was reset says nothing about the next one
            raise
        except XmrigConnectionError as error:
            self.on_unreachable(error)
            raise
