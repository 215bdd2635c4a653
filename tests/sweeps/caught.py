"""Reads whose failure is caught right where they are made, whatever it is."""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
import inspect
from typing import Any
from unittest.mock import patch

from custom_components.xmrig_miner.api.confirm import confirm
from custom_components.xmrig_miner.api.polled import Endpoint
from custom_components.xmrig_miner.api.transport import Transport

_CATCHERS = {confirm.__code__, Endpoint.refresh.__code__}


class Reads:
    """Knows of each request whether a failure of it is caught."""

    def __init__(self) -> None:
        """Know of none."""
        self._sent: defaultdict[str, deque[bool]] = defaultdict(deque)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what is sent, until the end of the block."""
        request = Transport.request

        async def watch(
            transport: Transport, method: str, path: str, **options: Any
        ) -> tuple[int, bytes]:
            self._sent[f"{method} /{path}"].append(_is_caught())
            return await request(transport, method, path, **options)

        with patch.object(Transport, "request", watch):
            yield

    def is_next_caught(self, name: str) -> bool:
        """Return whether a failure of the request that came in is caught.

        Those of the same name come in as they were sent. False if it was not watched.
        """
        sent = self._sent[name]
        return bool(sent) and sent.popleft()


def _is_caught() -> bool:
    """Return whether one of those that wait for this call catches every failure."""
    frame = inspect.currentframe()
    while frame:
        if frame.f_code in _CATCHERS:
            return True
        frame = frame.f_back
    return False
