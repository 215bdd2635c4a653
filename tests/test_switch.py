"""The switch shows what the miner does, and the miner does what it shows."""

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator

SWITCH = "switch.rig_one_mining"


async def test_turning_off_pauses_and_turning_on_resumes(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator
) -> None:
    """Once the action is over, switch, status and hashrate say what the miner does."""
    assert hass.states.get(SWITCH).state == "on"
    await hass.services.async_call(
        "switch", "turn_off", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )
    assert simulator.miner.is_paused
    assert hass.states.get(SWITCH).state == "off"
    assert hass.states.get("sensor.rig_one_status").state == "paused"
    assert hass.states.get("sensor.rig_one_hashrate").state == "0"
    await hass.services.async_call(
        "switch", "turn_on", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )
    assert not simulator.miner.is_paused
    assert hass.states.get(SWITCH).state == "on"
