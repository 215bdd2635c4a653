"""Fixtures for tests in a browser."""

from collections.abc import AsyncGenerator, Generator
import re

import aiohttp
from playwright.async_api import Browser, Page
import pytest

from scripts.runner.client import Client
from scripts.runner.process import VENV
from tests.live.running import Run, free_port, remove_all
from tests.missing import missing

from .chromium import chromium, find
from .user import User, logged_in_to, window

FAILED = pytest.StashKey[bool]()
"""Whether the last phase of a test has failed."""

WANTED = re.compile("access token|Could not connect|another certificate")
"""Errors that tests cause: a token was changed, or a miner was stopped."""


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    """Skip these tests if the newest Home Assistant or Chromium is not installed."""
    if not find() or not (VENV / ".done").exists():
        raise missing(
            "Home Assistant or Chromium is missing: run scripts/setup run browser"
        )


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
        assert not [line for line in run.errors if not WANTED.search(line)]
    finally:
        run.kill()


@pytest.fixture(scope="module")
async def client(run: Run) -> AsyncGenerator[Client]:
    """Return a client of the HTTP API, which prepares and checks.

    The automations of the demo are off, so that only tests switch miners.
    """
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, run.url)
        await client.call("automation.turn_off", entity_id="all")
        yield client


@pytest.fixture(scope="module")
async def nothing(client: Client) -> None:
    """Remove all miners and the manager; the Energy dashboard knows the house."""
    await remove_all(client)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell fixtures whether the test has failed."""
    report = yield
    item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="module")
async def desktop(browser: Browser) -> AsyncGenerator[Page]:
    """Return the page of `user`.

    All tests of a module share it: to load and compile the frontend anew took half of the
    CPU of most of them.
    """
    async with window(browser) as context:
        yield await context.new_page()


@pytest.fixture
async def user(
    desktop: Page, run: Run, request: pytest.FixtureRequest
) -> AsyncGenerator[User]:
    """Return a user at a desktop, who sees no error in the console in the end."""
    await desktop.emulate_media(
        color_scheme="null", forced_colors="null", reduced_motion="null"
    )
    async with logged_in_to(desktop, run.url) as user:
        yield user
        if request.node.stash[FAILED]:
            print(await user.screen())  # noqa: T201
        assert not user.complaints
