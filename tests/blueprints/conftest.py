"""A house with a meter and a miner for automations from blueprints."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Rig

from .house import FULL_POWER, IDLE_POWER, House


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner of four threads without cards."""
    return {"threads": 4, "gpus": 0}


@pytest.fixture
async def house(
    hass: HomeAssistant, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[House]:
    """Return a house with a miner that draws 40 W at rest and 20 W for each thread."""
    hass.config_entries.async_update_entry(
        rig.entry, options={"idle_power": IDLE_POWER, "full_power": FULL_POWER}
    )
    house = House(rig)
    loop_time = hass.loop.time
    monkeypatch.setattr(hass.loop, "time", lambda: loop_time() + house.ahead)
    await rig.set_up()
    yield house
    await house.stop()
