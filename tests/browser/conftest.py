"""Fixtures for tests in a browser."""

from collections.abc import AsyncGenerator, Generator
import os

import aiohttp
from playwright.async_api import Browser
import pytest

from scripts.runner.client import Client
from scripts.runner.miner import ENTRIES
from scripts.runner.process import VENV
from tests.live.running import Run, free_port

from .chromium import chromium, find
from .user import User, logged_in


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    """Skip these tests if the newest Home Assistant or Chromium is not installed."""
    if find() and (VENV / ".done").exists():
        return
    reason = "Home Assistant or Chromium is missing: run scripts/setup run browser"
    if os.environ.get("XMRIG_TESTS_REQUIRE_MINER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def browser(installed: None) -> AsyncGenerator[Browser]:
    """Return Chromium."""
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def run(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[Run]:
    """Return the demo of scripts/run: two miners, a house and the manager."""
    run = Run(tmp_path_factory.mktemp("config"), "--simulator-port", str(free_port()))
    try:
        run.start()
        yield run
        # A miner whose token was changed is an error
        assert not [line for line in run.errors if "access token" not in line]
    finally:
        run.kill()


@pytest.fixture(scope="module")
async def client(run: Run) -> AsyncGenerator[Client]:
    """Return a client of the HTTP API, which prepares and checks."""
    async with aiohttp.ClientSession() as session:
        yield await Client.connect(session, run.url)


@pytest.fixture(scope="module")
async def nothing(client: Client) -> None:
    """Remove all miners and the manager; the Energy dashboard knows the house."""
    for entry in await client.get(f"{ENTRIES}?domain=xmrig_miner"):
        await client.delete(f"{ENTRIES}/{entry['entry_id']}")


@pytest.fixture
async def user(browser: Browser, run: Run) -> AsyncGenerator[User]:
    """Return a user at a desktop, who sees no error in the console in the end."""
    async with logged_in(browser, run.url) as user:
        yield user
        assert not user.complaints
