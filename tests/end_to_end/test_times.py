"""How long commands take on the real miner, measured with `--times` alone.

That they wait for nothing but replies is tested in moved time, in
tests/api/miner/test_lasting.py and tests/api/miner/test_pause.py. These figures depend
on the machine.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from statistics import median
import sys
import time

import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import PauseRule
from tests.targets import ALGORITHM, REAL_TARGETS, Target

from .rig import Wire

ROUNDS = 5
LOOK = 0.005
"""Seconds between two looks at the miner."""

CONFIG_COMMANDS: tuple[Callable[[Miner, Target], Awaitable[object]], ...] = (
    lambda miner, _: miner.set_threads(1, ALGORITHM),
    lambda miner, _: miner.set_threads(2, ALGORITHM),
    lambda miner, _: miner.set_pause_rule(PauseRule.BATTERY, enabled=True),
    lambda miner, _: miner.set_pause_rule(PauseRule.BATTERY, enabled=False),
    lambda miner, target: miner.select_pool(target.pools[1]),
    lambda miner, _: miner.restore(),
)


@pytest.fixture(autouse=True)
def only_if_asked_for(request: pytest.FixtureRequest) -> None:
    """Skip unless times are to be measured."""
    if not request.config.getoption("--times"):
        pytest.skip("measured with --times")


async def _shows(wire: Wire) -> float:
    """Return when the config of the miner is another one than now."""
    before = await wire.config()
    while True:
        with suppress(XmrigError):
            if await wire.config() != before:
                return time.monotonic()
        await asyncio.sleep(LOOK)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", REAL_TARGETS, indirect=True)
async def test_times(target: Target, wire: Wire, miner: Miner) -> None:
    """Pausing takes some replies; a change of the config ends soon after it shows."""
    pauses, changes, took = [], [], []
    for _ in range(ROUNDS):
        for command in (miner.pause, miner.resume):
            started = time.monotonic()
            await command()
            pauses.append(time.monotonic() - started)
        for change in CONFIG_COMMANDS:
            await asyncio.sleep(1)
            showing = asyncio.create_task(_shows(wire))
            await asyncio.sleep(5 * LOOK)
            started = time.monotonic()
            await change(miner, target)
            ended = time.monotonic()
            changes.append(ended - await showing)
            took.append(ended - started)
    await miner.close()
    for name, times in (
        ("pause and resume", pauses),
        ("change of the config, after it shows", changes),
        ("change of the config, in all", took),
    ):
        sys.stdout.write(
            f"{name}: median {median(times) * 1e3:.0f} ms, most {max(times) * 1e3:.0f}\n"
        )
