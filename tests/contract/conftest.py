"""Fixtures: each miner that a case is run against."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from tests.targets import ALGORITHM, TARGETS, Json, Target, open_target


def pytest_asyncio_loop_factories() -> dict[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    """Let real time pass: a real miner has no other."""
    return {"real": asyncio.new_event_loop}


@pytest.fixture
def start_change() -> Callable[[Json], object] | None:
    """Return a function that changes the config that the miner starts with.

    A case that needs that parametrizes this fixture.
    """
    return None


@pytest.fixture
def algorithm() -> str:
    """Return the algorithm of the pools; a case may parametrize this fixture."""
    return ALGORITHM


@pytest.fixture(params=TARGETS)
async def target(
    request: pytest.FixtureRequest,
    start_change: Callable[[Json], object] | None,
    algorithm: str,
    tmp_path: Path,
    socket_enabled: None,
) -> AsyncGenerator[Target]:
    """Return a miner that has just been started."""
    async with open_target(request.param, tmp_path, start_change, algorithm) as target:
        yield target
