"""Commands to a miner or a proxy: their errors in the user's language, and the poll after them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .api.config_commands import ConfigCommands
from .api.exceptions import (
    XmrigClosedError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigLimitedError,
    XmrigNotMiningError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)
from .const import DOMAIN
from .coordinator import ProcessCoordinator

type Text = tuple[str, Mapping[str, str]]
"""A translation key and its placeholders."""

_INVALID_REQUEST = (
    XmrigLimitedError,
    XmrigNotMiningError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigUnsafeConfigError,
)
"""Errors of an invalid request, as opposed to a failure."""


class Commands[ProcessT: ConfigCommands[Any]]:
    """Runs commands to one miner or proxy."""

    def __init__(self, coordinator: ProcessCoordinator[Any, ProcessT]) -> None:
        """Initialize the commands."""
        self._coordinator = coordinator
        self.limit_text: Callable[[], Awaitable[Text | None]] = _limit_text
        """Returns the text for the error that the power limit leaves no thread.

        None if it leaves some, which run by then.
        """

    @asynccontextmanager
    async def run(self) -> AsyncIterator[ProcessT]:
        """Run a command: translate its errors, and poll before it returns.

        So callers find the new states as soon as the command is done. There is no poll
        if the miner is unreachable: it would only take another timeout.
        """
        failure: XmrigError | None = None
        try:
            yield self._coordinator.process
        except XmrigError as error:
            failure = error
        if failure is None or _may_have_arrived(failure):
            await self._coordinator.async_refresh_once()
        if isinstance(failure, XmrigLimitedError):
            if text := await self.limit_text():
                raise self._translated(failure, text) from failure
        elif failure is not None:
            text = failure.key, failure.placeholders
            raise self._translated(failure, text) from failure

    def _translated(self, error: XmrigError, text: Text) -> HomeAssistantError:
        """Return an error in the user's language."""
        key, placeholders = text
        is_invalid = isinstance(error, _INVALID_REQUEST)
        return (ServiceValidationError if is_invalid else HomeAssistantError)(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._coordinator.name, **placeholders},
        )


async def _limit_text() -> Text:
    """Return the text for a process without a power limit."""
    return "limited", {}


def _may_have_arrived(error: XmrigError) -> bool:
    """Return whether a failed command may have taken effect."""
    return isinstance(error, XmrigInterruptedError) or not isinstance(
        error, (XmrigClosedError, XmrigConnectionError)
    )
