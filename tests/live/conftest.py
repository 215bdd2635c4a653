"""Fixtures for tests of a real Home Assistant."""

import asyncio
from collections.abc import Callable

import pytest

from scripts.runner.process import VENV
from tests.missing import missing


def pytest_asyncio_loop_factories() -> dict[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    """Let real time pass: Home Assistant is a process of its own."""
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True, scope="module")
def newest_home_assistant() -> None:
    """Skip these tests if the newest Home Assistant is not installed."""
    if not (VENV / ".done").exists():
        raise missing("the newest Home Assistant is missing: run scripts/setup run")
