"""Fixtures: a house with the manager."""

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Rig
from tests.watts import NUMBERS

from .house import House, know_hashrates


@pytest.fixture
async def house(hass: HomeAssistant, trio: list[Rig]) -> House:
    """Return a house with three miners that draw 20 W per thread."""
    for rig in trio:
        hass.config_entries.async_update_entry(rig.entry, options=NUMBERS)
        await rig.reload()
        know_hashrates(rig)
    return House(hass, trio)
