"""Miners whose power only a plug shows, which has never shown them at rest."""

from typing import override

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Rig
from tests.watts import METER, THREAD, choose, drawn, report

from .house import MODE, THREADS, House


class Metered(House):
    """A house with a miner and its plug."""

    @property
    def rig(self) -> Rig:
        """Return the miner."""
        return self.rigs[0]

    @property
    @override
    def mined(self) -> float:
        """Return the power of the computer in W."""
        return drawn(self.rig.simulator)

    @override
    def report(self) -> None:
        """Report by the plug, then by the meter."""
        report(self.rig, drawn(self.rig.simulator))
        super().report()


@pytest.fixture(params=[0, 1], ids=["processor", "card"])
def options(request: pytest.FixtureRequest) -> dict[str, int]:
    """Return the options of a miner without and with a card."""
    return {"gpus": request.param}


@pytest.fixture
async def metered(hass: HomeAssistant, running: Rig) -> Metered:
    """Return a house with a miner that mines at full power since it was added."""
    house = Metered(hass, [running])
    house.sun = 1000
    house.report()
    await choose(running, METER)
    await house.set_up()
    await house.pass_time(120)
    assert house.threads == [THREADS]
    return house


async def test_a_miner_that_has_never_rested_follows_the_surplus(
    metered: Metered,
) -> None:
    """Once it has rested, its power is known."""
    metered.sun = 0
    await metered.pass_time(60)
    assert not metered.rig.simulator.is_hashing
    await metered.pass_time(60)
    idle = metered.mined
    metered.sun = 1000
    await metered.pass_time(60)
    assert metered.threads == [THREADS]
    metered.sun = metered.mined - THREAD
    await metered.pass_time(120)
    assert idle < metered.mined <= metered.sun


async def test_off_is_off(metered: Metered) -> None:
    """Although its power at rest is not known."""
    await metered.manager.call("select", "select_option", MODE, option="off")
    await metered.pass_time(30)
    assert not metered.rig.simulator.is_hashing
