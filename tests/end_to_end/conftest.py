"""Fixtures: each miner and its controllers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import aiohttp
from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner.api.miner import Miner
from tests.contract.proxies import (
    PROXIES,
    ProxyTarget,
    SimulatedProxyTarget,
    open_proxy,
)
from tests.frozen_time import frozen_time
from tests.sessions import open_session
from tests.targets import PAIRS, TARGETS, Json, SimulatedTarget, Target, open_target
from tests.virtual_time import VirtualLoop

from .rig import Controller, Wire


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualLoop]]:
    """Let time jump with simulated miners only; the timeouts are the same."""
    return {"virtual": partial(VirtualLoop, jumps=False)}


@pytest.fixture
def start_change() -> Callable[[Json], object] | None:
    """Return a function that changes the config that the miner starts with.

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
    """Return a miner that has just been started."""
    async with open_target(request.param, tmp_path, start_change) as target:
        with jumping_time(target):
            yield target


@pytest.fixture(params=PAIRS)
async def pair(
    request: pytest.FixtureRequest, tmp_path: Path, loopback: None
) -> AsyncGenerator[list[Target]]:
    """Return two miners that have just been started, one of each version."""

    def rename(document: Json) -> None:
        document["api"]["worker-id"] = "rig-two"

    first, second = request.param
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    async with (
        open_target(first, folders[0]) as one,
        open_target(second, folders[1], rename) as two,
    ):
        with jumping_time(one, two):
            yield [one, two]


@pytest.fixture(params=PROXIES)
async def proxy(
    request: pytest.FixtureRequest, tmp_path: Path, loopback: None
) -> AsyncGenerator[ProxyTarget]:
    """Return a proxy that has just been started."""
    async with open_proxy(request.param, tmp_path) as target:
        with jumping_time(target):
            yield target


@contextmanager
def jumping_time(*targets: Target | ProxyTarget) -> Iterator[None]:
    """Let all clocks jump with the loop's clock if the miners are simulated."""
    with ExitStack() as stack:
        simulated = [
            item
            for item in targets
            if isinstance(item, SimulatedTarget | SimulatedProxyTarget)
        ]
        if simulated:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.jump()
            for target in simulated:
                target.simulator.surroundings.clock = loop.time
            clock = stack.enter_context(frozen_time(dt_util.utcnow()))
            loop.follow(clock.tick)
        yield


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session of the caller."""
    async with open_session() as client_session:
        yield client_session


@pytest.fixture
async def wire(target: Target, session: aiohttp.ClientSession) -> Wire:
    """Return a reader of the miner that is independent of its commands."""
    return await Wire.open(target, session)


@pytest.fixture
async def controller(wire: Wire) -> AsyncGenerator[Controller]:
    """Return a new controller of the miner."""
    controller = Controller(wire.client)
    yield controller
    await controller.close()


@pytest.fixture
def miner(controller: Controller) -> Miner:
    """Return the miner, for commands."""
    return controller.miner
