"""What is logged that should not be."""

import asyncio
import logging
import traceback
from typing import override

SET_UP = "Setup of config entry"
"""What Home Assistant logs of a set-up that is cancelled."""


class LogErrors(logging.Handler):
    """Keeps what is logged as an error or with a traceback.

    Two are right: a miner that cannot be polled, which is logged once as an error, and a
    set-up that Home Assistant ended when it stopped.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.exc_info and (error := record.exc_info[1]):
            if isinstance(error, asyncio.CancelledError) and SET_UP in message:
                return
            *_, last = traceback.extract_tb(error.__traceback__)
            self.found.append(
                f"{message}: {error!r} in {last.name} ({last.filename}:{last.lineno})"
            )
        elif "Traceback" in message:
            self.found.append(message)
        elif record.levelno >= logging.ERROR and not (
            record.name.startswith("custom_components.xmrig_miner")
        ):
            self.found.append(f"{record.name}: {message}")
