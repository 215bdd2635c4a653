"""The switch shows what the miner does, and the miner does what it shows."""

from tests.common import Rig

MINING = "switch.mining"


async def test_turning_off_pauses_and_turning_on_resumes(running: Rig) -> None:
    """Once the action is over, switch, status and hashrate say what the miner does."""
    assert running.state(MINING) == "on"
    await running.turn(MINING, on=False)
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state("sensor.status") == "paused"
    assert running.state("sensor.hashrate") == "0"
    await running.turn(MINING, on=True)
    assert not running.simulator.miner.is_paused
    assert running.state(MINING) == "on"
