"""Fewer threads and all of them again, for every form of profile."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.miner import Miner
from tests.targets import ALGORITHM, Json, Target

from .rig import Controller, Wire, lasting_at_most

# Unused profiles are capped too, and have to be restored as well
_OTHERS: Json = {
    "cn": [[1, 0], [2, 3]],
    "cn-lite": {"intensity": 1, "threads": 2, "affinity": -1},
    "rx": [0, 1],
    "rx/wow": [1, 0],
    "rx/arq": "rx/wow",
    "cn-lite/0": False,
}


def _starts_with(cpu: Json) -> Any:
    """Return a function that sets these profiles."""
    return lambda document: document["cpu"].update(_OTHERS | cpu)


_TUNED = _starts_with({ALGORITHM: [[1, 0], [2, 3]]})


@pytest.mark.parametrize(
    ("start_change", "one", "both"),
    [
        pytest.param(_TUNED, [(1, 0)], [(1, 0), (2, 3)], id="tuned"),
        pytest.param(
            _starts_with({ALGORITHM: [1, 0]}), [(1, 1)], [(1, 1), (1, 0)], id="plain"
        ),
        pytest.param(
            _starts_with({ALGORITHM: {"intensity": 2, "threads": 2, "affinity": -1}}),
            [(2, -1)],
            [(2, -1), (2, -1)],
            id="object",
        ),
        pytest.param(
            _starts_with({ALGORITHM: "mine", "mine": [[2, 0], [1, 1]]}),
            [(2, 0)],
            [(2, 0), (1, 1)],
            id="alias",
        ),
    ],
)
async def test_down_and_up(
    target: Target,
    wire: Wire,
    miner: Miner,
    one: list[tuple[int, int]],
    both: list[tuple[int, int]],
) -> None:
    """It takes a second or two each way, without a reconnection."""
    assert await wire.threads() == both
    connected_for = await wire.connected_for()
    profile = (await wire.snapshot()).cpu_profile
    async with lasting_at_most(2.0, target):
        await miner.set_threads(1, profile)
    assert await wire.threads() == one
    assert (await wire.config())["cpu"]["rx/wow"] == [1]
    async with lasting_at_most(2.0, target):
        await miner.set_threads(2, profile)
    assert await wire.threads() == both
    await wire.mines()
    summary = await wire.client.summary()
    assert (summary.connection.uptime_ms or 0) > connected_for
    assert summary.connection.failures == 0
    await wire.assert_as_first()


@pytest.mark.parametrize("start_change", [_TUNED], ids=[""])
async def test_restart_while_paused_and_capped(
    target: Target, wire: Wire, controller: Controller, miner: Miner
) -> None:
    """Both are restored, even if the config file was replaced."""
    await miner.pause()
    await miner.set_threads(1, ALGORITHM)
    await target.kill()
    target.write_disk(wire.first)
    await target.restart()
    await target.eventually(wire.threads)
    again = controller.as_restarted()
    assert await again.restore_wanted_state(await wire.snapshot(again))
    assert await wire.is_paused()
    assert await wire.threads() == [(1, 0)]
    assert not await again.restore_wanted_state(await wire.snapshot(again))
    await again.restore()
    await again.resume()
    await wire.mines()
    await wire.assert_as_first()
