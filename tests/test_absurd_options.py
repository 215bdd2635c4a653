"""Absurd options and meter readings are ignored."""

import math
from typing import Any

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.data_entry_flow import InvalidData
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.json import json_bytes
import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KEEP_STATE,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
)
from custom_components.xmrig_miner.power.model import MAX_WATTS
from custom_components.xmrig_miner.power.options import PowerOptions
from tests.forms import in_sections

from .common import Rig
from .controls import THREADS, writes
from .watts import (
    EFFICIENCY,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    POWER,
    full_load,
    report,
    set_up,
    value,
)

ABSURD = {
    "watts": {CONF_IDLE_POWER: 1.6e308, CONF_FULL_POWER: 1.7e308},
    "integers": {CONF_IDLE_POWER: 10**17, CONF_FULL_POWER: 10**18},
    "infinite": {CONF_IDLE_POWER: 0, CONF_FULL_POWER: math.inf},
    "not a number": {CONF_IDLE_POWER: math.nan, CONF_FULL_POWER: math.nan},
    "text": {CONF_IDLE_POWER: "60", CONF_FULL_POWER: "140"},
    "lists": {CONF_IDLE_POWER: [60], CONF_FULL_POWER: {"watts": 140}},
    "below zero": {CONF_IDLE_POWER: -2, CONF_FULL_POWER: -1},
    "no sensor": {CONF_POWER_SENSOR: ["sensor.plug"]},
    "no entity": {CONF_POWER_SENSOR: "plug"},
}


@pytest.mark.parametrize("chosen", ABSURD.values(), ids=ABSURD.keys())
async def test_absurd_options_are_none(rig: Rig, chosen: dict[str, Any]) -> None:
    """The miner is set up as without options."""
    await set_up(rig, chosen)
    assert rig.is_loaded
    assert LIMIT not in rig.entities
    json_bytes([state.as_dict() for state in rig.hass.states.async_all()])


@pytest.mark.parametrize("chosen", ABSURD.values(), ids=ABSURD.keys())
@pytest.mark.parametrize("options", [NO_CARDS])
async def test_one_absurd_option_hides_no_other(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """A valid meter or estimate is still used."""
    await set_up(rig, chosen | (METER if CONF_IDLE_POWER in chosen else NUMBERS))
    assert rig.is_loaded
    assert POWER in rig.entities
    report(rig, 100)
    await rig.poll(5)
    assert value(rig, POWER) in (100, 140)
    json_bytes([state.as_dict() for state in rig.hass.states.async_all()])


@pytest.mark.parametrize(
    ("stored", "interval"),
    [
        (None, 15),
        (30, 30),
        (5, 5),
        (600, 600),
        (4, 15),
        (601, 15),
        (-1, 15),
        (10**30, 15),
        (math.inf, 15),
        ("30", 15),
        ([30], 15),
        (True, 15),
    ],
)
def test_the_interval(stored: Any, interval: int) -> None:
    """Invalid values are replaced by the default."""
    assert PowerOptions.from_options({CONF_POWER_INTERVAL: stored}).interval == interval


@pytest.mark.parametrize(
    "user_input",
    [
        {CONF_IDLE_POWER: 60, CONF_FULL_POWER: MAX_WATTS + 1},
        {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 1.7e308},
        {CONF_IDLE_POWER: 60, CONF_FULL_POWER: math.inf},
        {CONF_POWER_INTERVAL: 1.7e308},
        {CONF_POWER_INTERVAL: math.nan},
    ],
)
async def test_the_form_refuses_absurd_numbers(
    running: Rig, user_input: dict[str, Any]
) -> None:
    """Even through the API, without a browser that checks them."""
    flow = running.hass.config_entries.options
    form = await flow.async_init(running.entry.entry_id)
    with pytest.raises(InvalidData):
        await flow.async_configure(form["flow_id"], in_sections(form, user_input))
    assert not running.entry.options


@pytest.mark.parametrize(
    "user_input",
    [
        {CONF_IDLE_POWER: 60, CONF_FULL_POWER: math.nan},
        {CONF_IDLE_POWER: math.nan, CONF_FULL_POWER: 140},
    ],
)
async def test_the_form_reports_what_is_not_a_number(
    running: Rig, user_input: dict[str, Any]
) -> None:
    """NaN is neither above nor below a bound."""
    flow = running.hass.config_entries.options
    form = await flow.async_init(running.entry.entry_id)
    form = await flow.async_configure(form["flow_id"], in_sections(form, user_input))
    assert form["errors"] == {"power": "power_order"}
    await flow.async_configure(
        form["flow_id"], in_sections(form, {CONF_KEEP_STATE: True})
    )
    await running.hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("options", [NO_CARDS])
@pytest.mark.parametrize("shown", ["1e308", "9" * 255, "1e5000", str(MAX_WATTS + 1)])
async def test_an_absurd_meter_measures_nothing(rig: Rig, shown: str) -> None:
    """However often it repeats."""
    await set_up(rig, METER | NUMBERS)
    for _ in range(12):
        report(rig, shown)
        await rig.poll()
    assert full_load(rig) == 140
    assert value(rig, POWER) == 140
    json_bytes([state.as_dict() for state in rig.hass.states.async_all()])


@pytest.mark.parametrize("options", [NO_CARDS])
@pytest.mark.parametrize(
    ("name", "power"), [(THREADS, {}), (THREADS, NUMBERS), (LIMIT, NUMBERS)]
)
async def test_a_number_is_not_set_to_what_is_not_one(
    rig: Rig, name: str, power: dict[str, Any]
) -> None:
    """It is neither below the minimum nor above the maximum."""
    await set_up(rig, power)
    before = rig.state(name)
    for absurd in (math.nan, math.inf, -math.inf, 1.7e308):
        with pytest.raises(ServiceValidationError):
            await rig.hass.services.async_call(
                "number",
                "set_value",
                {ATTR_ENTITY_ID: rig.entity_id(name), "value": absurd},
                blocking=True,
            )
    await rig.poll()
    assert rig.state(name) == before
    assert writes(rig.simulator) == 0


@pytest.mark.parametrize("options", [NO_CARDS])
async def test_a_miner_that_draws_next_to_nothing_has_no_efficiency(rig: Rig) -> None:
    """It would be infinite."""
    await set_up(rig, METER)
    for _ in range(3):
        report(rig, "1e-320")
        await rig.poll()
    assert value(rig, POWER) == 0
    assert rig.state(EFFICIENCY) == "unknown"
