"""Tests of the examples for many miners."""

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.script import DOMAIN as SCRIPT
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_mock_service

from simulator.jsonvalue import Json
from tests.common import Rig
from tests.controls import POOL

from .examples import Examples

PAGE = Examples("docs/fleets.md")
PAUSE = "Pause all miners for two hours"
MOVE = "Move all miners to another pool"
HEAT_PUMP = "binary_sensor.heat_pump"


def test_each_example_has_a_test() -> None:
    """Every example is run."""
    assert PAGE.languages == ["yaml", "yaml"]
    assert len(PAGE) == 2
    assert PAGE.code(PAUSE)
    assert PAGE.code(MOVE)


async def test_a_pause_of_all_miners(trio: list[Rig]) -> None:
    """Its end is shown at each of them."""
    hass = trio[0].hass
    automation = {"id": "example", "alias": "Example", **PAGE.yaml(PAUSE)}
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: [automation]})
    await hass.async_block_till_done()
    hass.states.async_set(HEAT_PUMP, "off")
    await hass.async_block_till_done()
    hass.states.async_set(HEAT_PUMP, "on")
    await hass.async_block_till_done(wait_background_tasks=True)
    for rig in trio:
        assert rig.simulator.miner.is_paused
        assert rig.state("sensor.paused_until") != "unknown"


async def test_a_pool_for_all_miners(trio: list[Rig]) -> None:
    """Those without it are named, the others move."""
    hass = trio[0].hass
    calls = async_mock_service(hass, "notify", "notify")

    def remove_second_pool(config: Json) -> None:
        del config["pools"][1]

    trio[1].simulator.edit_config(remove_second_pool)
    await trio[0].poll()
    scripts = {SCRIPT: {"example": PAGE.yaml(MOVE)}}
    assert await async_setup_component(hass, SCRIPT, scripts)
    await hass.services.async_call(SCRIPT, "example", blocking=True)
    await hass.async_block_till_done()
    pool = "backup.example.org:3333"
    assert [rig.state(POOL) == pool for rig in trio] == [True, False, True]
    assert [call.data["message"] for call in calls] == ["Not moved: rig-two"]
