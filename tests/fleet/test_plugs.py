"""Miners whose power is not known at first, or that only a plug shows, not at rest yet."""

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


@pytest.mark.parametrize("options", [{"gpus": 1}])
@pytest.mark.parametrize("uses_cpu", [True, False])
async def test_a_miner_with_a_card_needs_no_power_options(
    hass: HomeAssistant, running: Rig, uses_cpu: bool
) -> None:
    """It is on or off as a whole, by the power that the card reports."""
    house = Metered(hass, [running])
    house.sun = 1000
    await running.turn("switch.cpu_backend", on=uses_cpu)
    await house.set_up()
    await house.pass_time(120)
    for sun in (0, 1000, 0):
        house.sun = sun
        await house.pass_time(120)
        assert running.simulator.is_hashing is (sun > 0)


@pytest.mark.parametrize("options", [{"gpus": 1}])
async def test_cards_of_unknown_power_are_left_alone(
    hass: HomeAssistant, running: Rig
) -> None:
    """Neither the miner nor the user says what they draw."""
    for gpu in running.simulator.gpus:
        gpu.power = gpu.idle_power = 0
    await running.turn("switch.cpu_backend", on=False)
    house = Metered(hass, [running])
    await house.set_up()
    await house.pass_time(60)
    assert running.simulator.is_hashing
