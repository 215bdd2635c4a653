"""Pause, resume, stop and start, confirmed at the miner."""

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.snapshot import Status
from tests.targets import Target

from .rig import TWO_JOBS, Controller, Wire


async def test_pause_lasts_until_resumed(wire: Wire, miner: Miner) -> None:
    """A new job does not end a pause, and the config is unchanged."""
    await miner.pause()
    assert await wire.is_paused()
    await wire.rests(TWO_JOBS)
    assert await wire.is_paused()
    assert await wire.is_at(0)
    await miner.resume()
    assert not await wire.is_paused()
    await wire.mines()
    await wire.assert_as_first()


async def test_stop_lasts_until_started(
    target: Target, wire: Wire, controller: Controller
) -> None:
    """A new job does not end a stop; start restores the config and resumes.

    Who starts it may have forgotten all but what was saved.
    """
    await controller.miner.pause()
    await controller.miner.stop()
    await target.elapse(TWO_JOBS)
    assert await wire.threads() == []
    await controller.as_restarted().start()
    assert len(await wire.threads()) == 2
    assert not await wire.is_paused()
    await wire.mines()
    await wire.assert_as_first()


async def test_stop_outlives_the_miner(
    target: Target, wire: Wire, miner: Miner
) -> None:
    """It is in the config, and can also be undone without a start."""
    await miner.stop()
    await target.restart()
    assert (await wire.snapshot()).status is Status.STOPPED
    await miner.restore()
    await wire.mines()
    await wire.assert_as_first()


async def test_start_after_the_miners_own_stop(
    target: Target, wire: Wire, miner: Miner
) -> None:
    """Threads that an external `stop` ended do not wait for the next job."""
    await wire.client.perform_action(Action.STOP)
    assert await wire.threads() == []
    await miner.start()
    assert len(await wire.threads()) == 2
    await wire.mines()
    await wire.assert_as_first()
