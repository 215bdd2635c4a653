"""Fixtures of the API's tests."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_socket

from tests.sessions import open_session


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow connections to this machine over IPv4 and IPv6."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session that the test manages."""
    async with open_session() as client_session:
        yield client_session
