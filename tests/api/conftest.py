"""Fixtures of the API's tests."""

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
    """Use virtual time, so that timeouts keep their values."""
    return {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
def configure_event_loop() -> None:
    """Keep the loop's time, which Home Assistant sets to the monotonic clock."""


@pytest.fixture(autouse=True)
def quick_confirmation() -> None:
    """Keep the timeouts of production: virtual time makes them instant."""


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow connections to this machine over IPv4 and IPv6."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Turn off the loop's debug mode, which doubles the time of many connections."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session of the caller."""
    async with open_session() as client_session:
        yield client_session
