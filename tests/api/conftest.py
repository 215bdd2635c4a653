"""What the tests of the API share."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable

import aiohttp
from hypothesis import settings
import pytest
import pytest_socket

from tests.sessions import open_session

from .virtual_loop import VirtualLoop

settings.register_profile("api", deadline=None, database=None, max_examples=60)
settings.load_profile("api")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Let time jump, so that every time-out is kept as it is."""
    return {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
def configure_event_loop() -> None:
    """Leave the loop's time alone, which Home Assistant sets to the monotonic one."""


@pytest.fixture(autouse=True)
def quick_confirmation() -> None:
    """Give miners the time that they are given in use: it does not pass."""


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Let tests speak to this machine over either internet protocol."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the loop's debug mode off: it doubles the time of many connections."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session as a caller would hand it in."""
    async with open_session() as client_session:
        yield client_session
