"""Commands to a miner or a proxy: their errors in the user's language, and the poll after them."""

from collections.abc import AsyncIterator, Callable, Mapping
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

type LimitText = tuple[str, Mapping[str, str]]
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
        self.limit_text: Callable[[], LimitText] = lambda: ("limited", {})
        """Returns the text for the error that the power limit leaves no thread."""

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
    """Return whether a failed command may have taken effect."""
    return isinstance(error, XmrigInterruptedError) or not isinstance(
        error, (XmrigClosedError, XmrigConnectionError)
    )
