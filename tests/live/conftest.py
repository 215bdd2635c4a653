"""Fixtures for tests of a real Home Assistant."""

import asyncio
from collections.abc import Callable
import os

import pytest

from scripts.runner.process import VENV


def pytest_asyncio_loop_factories() -> dict[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    """Let real time pass: Home Assistant is a process of its own."""
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True, scope="module")
def newest_home_assistant() -> None:
    """Skip these tests if the newest Home Assistant is not installed."""
    if not (VENV / ".done").exists():
        reason = "the newest Home Assistant is missing: run scripts/setup run"
        if os.environ.get("XMRIG_TESTS_REQUIRE_MINER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
