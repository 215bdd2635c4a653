"""Other changes of the config: backends, rules, patches, and other writers."""

import asyncio
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from custom_components.xmrig_miner.api.document import merge_patch
from custom_components.xmrig_miner.api.exceptions import (
    XmrigBackendError,
    XmrigConnectionError,
)
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import BackendType, Config, PauseRule
from custom_components.xmrig_miner.api.snapshot import Status
from tests.targets import ALGORITHM, Target

from .rig import FAILOVER, Controller, Wire

LASTING = 5
"""Seconds after which a change that was overwritten was written again."""

_PATCH = {"print-time": 11, "cpu": {"yield": False, "rx": None, ALGORITHM: [1]}}


def _patched(config: Config) -> Config:
    return Config(merge_patch(config.document, _PATCH))


async def test_backend_off_and_on(wire: Wire, miner: Miner) -> None:
    """Without the CPU nothing mines, with it everything is as before."""
    await miner.set_backend(BackendType.CPU, enabled=False)
    assert (await wire.snapshot()).status is Status.STOPPED
    assert await wire.threads() == []
    await miner.set_backend(BackendType.CPU, enabled=True)
    assert len(await wire.threads()) == 2
    await wire.mines()
    await wire.assert_as_first()


async def test_backend_without_a_device(wire: Wire, miner: Miner) -> None:
    """The error says that there is none, and the config can be restored."""
    assert BackendType.OPENCL in (await wire.client.backends()).by_type
    with pytest.raises(XmrigBackendError):
        await miner.set_backend(BackendType.OPENCL, enabled=True)
    await wire.mines()
    await miner.restore()
    await wire.assert_as_first()


@pytest.mark.parametrize(
    "start_change",
    [lambda document: document.update({"pause-on-active": 90, "watch": False})],
    ids=[""],
)
async def test_pause_rules(wire: Wire, miner: Miner) -> None:
    """The user's number of seconds is restored."""
    await miner.set_pause_rule(PauseRule.ACTIVITY, enabled=False)
    await miner.set_pause_rule(PauseRule.BATTERY, enabled=True)
    config = await wire.config()
    assert config["pause-on-active"] is False
    assert config["pause-on-battery"] is True
    await miner.set_pause_rule(PauseRule.ACTIVITY, enabled=True)
    assert (await wire.config())["pause-on-active"] == 90
    await miner.restore()
    await wire.assert_as_first()


async def test_patch(wire: Wire, miner: Miner) -> None:
    """A dry run returns the changes of the patch, and does not write them."""
    previewed = await miner.preview(_patched)
    await wire.assert_as_first()
    assert await miner.edit(_patched) == previewed
    config = await wire.config()
    assert (config["print-time"], config["cpu"]["yield"]) == (11, False)
    assert await wire.threads() == [(1, 1)]
    await miner.restore()
    assert len(await wire.threads()) == 2
    await wire.assert_as_first()


async def test_two_writers_at_once(
    target: Target, wire: Wire, controller: Controller, session: aiohttp.ClientSession
) -> None:
    """Both changes take effect, and each writer can undo its own."""
    other = Controller((await Wire.open(target, session)).client)
    await asyncio.gather(
        controller.miner.set_threads(1, ALGORITHM),
        other.miner.select_pool(target.pools[1]),
    )
    # One of them may have overwritten the other
    await target.elapse(LASTING)
    await asyncio.sleep(LASTING)

    async def have_both() -> bool:
        config = await wire.config()
        return (
            len(config["cpu"][ALGORITHM]) == 1
            and config["pools"][0]["url"] == target.pools[1]
            and len(await wire.threads()) == 1
        )

    await target.eventually(have_both, timeout=0)
    await other.miner.restore()
    await controller.miner.restore()
    await target.eventually(lambda: wire.is_at(0), timeout=FAILOVER)
    await wire.assert_as_first()
    await other.close()


@pytest.mark.parametrize("arrives", [True, False], ids=["after PUT", "before PUT"])
async def test_killed_while_writing(
    target: Target, wire: Wire, controller: Controller, arrives: bool
) -> None:
    """Whether or not a write arrived, the original values are known."""
    client = controller.miner.client
    post_config = client.post_config

    async def post_and_kill(config: Config) -> Any:
        if arrives:
            await post_config(config)
        await target.kill()
        if not arrives:
            await post_config(config)

    with (
        patch.object(client, "post_config", post_and_kill),
        pytest.raises(XmrigConnectionError),
    ):
        await controller.miner.set_threads(1, ALGORITHM)
    await target.restart()
    await target.eventually(wire.threads)
    assert len(await wire.threads()) == (1 if arrives else 2)
    again = controller.as_restarted()
    assert (await wire.snapshot(again)).user_threads == 2
    await again.restore()
    assert len(await wire.threads()) == 2
    await wire.assert_as_first()
