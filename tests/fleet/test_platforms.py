"""All entities of the manager, with all that Home Assistant keeps and shows of them."""

from unittest.mock import patch

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.xmrig_miner.fleet.entry import PLATFORMS

from .house import GRID, House


# Miners that may sleep have its buttons: see test_sleep.py
@pytest.mark.parametrize(
    "platform", [item for item in PLATFORMS if item != Platform.BUTTON]
)
async def test_platform(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    all_enabled: None,
    house: House,
    platform: Platform,
    snapshot: SnapshotAssertion,
) -> None:
    """A manager of three miners, which knows what power costs."""
    house.sun = 100
    hass.states.async_set("sensor.price", "0.3", {ATTR_UNIT_OF_MEASUREMENT: "EUR/kWh"})
    with patch("custom_components.xmrig_miner.fleet.entry.PLATFORMS", [platform]):
        await house.set_up(stat_rate=GRID, entity_energy_price="sensor.price")
        await snapshot_platform(hass, entity_registry, snapshot, house.entry.entry_id)
        await hass.config_entries.async_unload(house.entry.entry_id)
