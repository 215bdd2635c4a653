"""Fixtures: each miner there is, and who commands it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import aiohttp
import pytest

from custom_components.xmrig_miner.api.miner import Miner
from tests.targets import TARGETS, Json, SimulatedTarget, Target, open_target

from .rig import Owner, Wire


@pytest.fixture
def quick_confirmation() -> None:
    """Give a real miner the time that it is given in use."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the loop's debug mode off: it doubles the time of many connections."""


@pytest.fixture
def start_change() -> Callable[[Json], object] | None:
    """Return what changes the config that the miner starts with.

    A case that needs that parametrizes this fixture.
    """
    return None


@pytest.fixture(params=TARGETS)
async def target(
    request: pytest.FixtureRequest,
    start_change: Callable[[Json], object] | None,
    tmp_path: Path,
    loopback: None,
) -> AsyncGenerator[Target]:
    """Return a miner that has just been started.

    A simulated one takes a config sooner, so less time is given to it.
    """
    api = "custom_components.xmrig_miner.api"
    async with open_target(request.param, tmp_path, start_change) as target:
        with ExitStack() as stack:
            if isinstance(target, SimulatedTarget):
                target.simulator.surroundings.watch_delay = 0.03
                stack.enter_context(patch(f"{api}.confirm.CONFIRM_INTERVAL", 0.01))
                stack.enter_context(patch(f"{api}.config_editor.SETTLE", 0.05))
            yield target


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session as a caller would hand it in."""
    async with aiohttp.ClientSession() as client_session:
        yield client_session


@pytest.fixture
async def wire(target: Target, session: aiohttp.ClientSession) -> Wire:
    """Return what shows the miner beside whoever commands it."""
    return await Wire.open(target, session)


@pytest.fixture
def owner(wire: Wire) -> Owner:
    """Return somebody who has not commanded the miner yet."""
    return Owner(wire.client)


@pytest.fixture
def miner(owner: Owner) -> Miner:
    """Return the miner, to be commanded."""
    return owner.miner
