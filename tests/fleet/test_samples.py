"""Reports of the sensors of the house, on the clock of the manager."""

from datetime import timedelta
from itertools import count
from unittest.mock import PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.xmrig_miner.fleet.coordinator import FleetCoordinator
from custom_components.xmrig_miner.fleet.samples import Samples

from .house import GRID, House


async def test_a_report_is_one_reading_however_often_it_is_seen(house: House) -> None:
    """Two clocks are never read at the same time: the manager would learn from copies."""
    await house.set_up()
    coordinator: FleetCoordinator = house.entry.runtime_data.coordinator
    before = coordinator.data.plan.state
    now = count(house.hass.loop.time(), 0.00001)
    with patch.object(FleetCoordinator, "_now", PropertyMock(side_effect=now)):
        for _ in range(5):
            coordinator.async_decide()
    after = coordinator.data.plan.state
    assert after is not before
    assert (after.watts.shown, after.shown) == (before.watts.shown, before.shown)


async def test_the_clock_of_the_house_may_jump(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A computer without a battery for its clock sets it once it is online."""
    samples = Samples(hass)
    hass.states.async_set(GRID, "1", force_update=True)
    freezer.tick(5)
    reported = 100
    assert samples.read([GRID], 105)[GRID].at == reported
    for jump in (timedelta(hours=1), timedelta(hours=-2)):
        freezer.tick(jump)
        assert samples.read([GRID], 115)[GRID].at == reported
        hass.states.async_set(GRID, "1", force_update=True)
        assert samples.read([GRID], 120)[GRID].at == 120
        freezer.tick()
        hass.states.async_set(GRID, "1", force_update=True)
        freezer.tick(20)
        reported = 110
        assert samples.read([GRID], 130)[GRID].at == reported
