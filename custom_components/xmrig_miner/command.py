"""Commands to a miner: their errors in the user's language, and the poll after them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .api.exceptions import (
    XmrigClosedError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigLimitedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)
from .api.miner import Miner
from .const import DOMAIN
from .coordinator import XmrigCoordinator

type LimitText = tuple[str, Mapping[str, str]]
"""A translation key, and what is filled into its text."""

_INVALID_REQUEST = (
    XmrigLimitedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)
"""What was requested is at fault, rather than that it went wrong."""


class MinerCommands:
    """Runs commands to one miner."""

    def __init__(self, coordinator: XmrigCoordinator) -> None:
        """Initialize the commands."""
        self._coordinator = coordinator
        self.limit_text: Callable[[], LimitText] = lambda: ("limited", {})
        """Returns the text for the error that a power limit leaves no thread."""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Miner]:
        """Lend the miner for a command: translate its errors, and poll afterwards.

        The poll comes before the command is over, so that whatever waited for it finds
        the states that it brought about. There is none where the miner cannot be
        reached: it would only take another timeout to say so.
        """
        failure: XmrigError | None = None
        try:
            yield self._coordinator.miner
        except XmrigError as error:
            failure = error
        if failure is None or _may_have_arrived(failure):
            await self._coordinator.async_refresh_once()
        if failure is not None:
            raise self._translated(failure) from failure

    def _translated(self, error: XmrigError) -> HomeAssistantError:
        """Return an error in the user's language."""
        key, placeholders = error.key, error.placeholders
        if isinstance(error, XmrigLimitedError):
            key, placeholders = self.limit_text()
        is_invalid = isinstance(error, _INVALID_REQUEST)
        return (ServiceValidationError if is_invalid else HomeAssistantError)(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name, **placeholders},
        )


def _may_have_arrived(error: XmrigError) -> bool:
    """Return whether the miner can be asked what became of a command that failed."""
    return isinstance(error, XmrigInterruptedError) or not isinstance(
        error, (XmrigClosedError, XmrigConnectionError)
    )
