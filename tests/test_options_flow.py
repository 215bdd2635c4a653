"""What a user may choose about a miner."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.xmrig.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KEEP_STATE,
)
from tests.common import Rig


async def options_of(rig: Rig) -> ConfigFlowResult:
    """Open the form of the options."""
    return await rig.hass.config_entries.options.async_init(rig.entry.entry_id)


async def submit(
    rig: Rig, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit the form, and wait for the reload if that comes of it."""
    result = await rig.hass.config_entries.options.async_configure(
        form["flow_id"], user_input
    )
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    return result


def suggested(form: ConfigFlowResult, key: str) -> object:
    """Return what a field of the form is filled with."""
    schema = form["data_schema"]
    assert schema is not None
    return get_schema_suggested_value(schema.schema, key)


async def test_the_state_is_kept_unless_that_is_turned_off(running: Rig) -> None:
    """The choice shows in the form, and counts at once."""
    form = await options_of(running)
    assert suggested(form, CONF_KEEP_STATE) is None
    assert not running.entry.options
    polls = running.asked("/2/summary")
    result = await submit(running, form, {CONF_KEEP_STATE: False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options[CONF_KEEP_STATE] is False
    assert running.is_loaded
    assert running.asked("/2/summary") == polls + 1
    form = await options_of(running)
    assert suggested(form, CONF_KEEP_STATE) is False


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({CONF_IDLE_POWER: 60}, "power_incomplete"),
        ({CONF_FULL_POWER: 180}, "power_incomplete"),
        ({CONF_IDLE_POWER: 180, CONF_FULL_POWER: 60}, "power_order"),
        ({CONF_IDLE_POWER: 60, CONF_FULL_POWER: 60}, "power_order"),
    ],
)
async def test_watts_that_make_no_sense_are_told(
    running: Rig, wrong: dict[str, int], error: str
) -> None:
    """The form keeps them, and works once they are mended."""
    form = await options_of(running)
    form = await submit(running, form, wrong)
    assert form["errors"] == {"base": error}
    for key, value in wrong.items():
        assert suggested(form, key) == value
    right = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 180}
    result = await submit(running, form, right)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options.items() >= right.items()
