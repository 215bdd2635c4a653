"""Tests of the options."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import EntitySelector, NumberSelector
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KEEP_STATE,
    CONF_MAX_TEMPERATURE,
    CONF_POWER_INTERVAL,
    CONF_POWER_SENSOR,
    CONF_SLEEP_AFTER,
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_TEMPERATURE_SENSOR,
    CONF_WAKE_ENTITY,
    CONF_WAKE_MAC,
    DOMAIN,
)
from custom_components.xmrig_miner.options_flow import SECTIONS
from tests.common import Rig
from tests.forms import check_texts, entered, in_sections, sections
from tests.test_translations import TEXTS
from tests.watts import METER, NUMBERS


async def options_of(rig: Rig) -> ConfigFlowResult:
    """Open the form of the options."""
    return await rig.hass.config_entries.options.async_init(rig.entry.entry_id)


async def submit(
    rig: Rig, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit the form, and wait for a reload."""
    result = await rig.hass.config_entries.options.async_configure(
        form["flow_id"], in_sections(form, user_input)
    )
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    return result


def suggested(form: ConfigFlowResult, key: str) -> object:
    """Return the suggested value of a field."""
    return entered(form).get(key)


async def test_the_state_is_kept_unless_that_is_turned_off(running: Rig) -> None:
    """The form shows the choice, which applies at once."""
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
async def test_invalid_powers_are_reported(
    running: Rig, wrong: dict[str, int], error: str
) -> None:
    """The form keeps them, and succeeds once they are corrected."""
    form = await options_of(running)
    form = await submit(running, form, wrong)
    assert form["errors"] == {"power": error}
    for key, value in wrong.items():
        assert suggested(form, key) == value
    right = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 180}
    result = await submit(running, form, right)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options.items() >= right.items()


async def test_a_meter_of_another_miner_is_named(running: Rig) -> None:
    """Its watts would count twice. The same form with its own meter is right."""
    used = {CONF_POWER_SENSOR: "sensor.plug"}
    other = MockConfigEntry(domain=DOMAIN, title="cellar", data={}, options=used)
    other.add_to_hass(running.hass)
    form = await submit(running, await options_of(running), used)
    assert form["errors"] == {"power": "sensor_of_another_miner"}
    assert form["description_placeholders"] == {"other": "cellar"}
    assert suggested(form, CONF_POWER_SENSOR) == "sensor.plug"
    await running.hass.config_entries.async_remove(other.entry_id)
    for _ in range(2):
        result = await submit(running, await options_of(running), used)
        assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_every_field_has_a_name_and_a_description(running: Rig) -> None:
    """And no text is unused."""
    form = await options_of(running)
    assert form["step_id"] == "init"
    check_texts(form, TEXTS["options"])
    texts = TEXTS["options"]["step"]["init"]["sections"]
    assert set(texts) == set(sections(form)) == set(SECTIONS)
    for name, part in sections(form).items():
        fields = set(map(str, part.schema.schema))
        assert fields == set(texts[name]["data"])
        assert fields == set(texts[name]["data_description"])


@pytest.mark.parametrize("watts", [METER, NUMBERS, {**METER, **NUMBERS}])
async def test_where_watts_come_from_is_chosen_and_taken_back(
    running: Rig, watts: dict[str, Any]
) -> None:
    """The power entities are added and removed at once."""
    result = await submit(running, await options_of(running), watts)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options == {
        CONF_KEEP_STATE: True,
        CONF_POWER_INTERVAL: 15,
        CONF_SLEEP_AFTER: 30,
        **watts,
    }
    assert "sensor.power" in running.entities
    form = await options_of(running)
    for key, value in watts.items():
        assert suggested(form, key) == value
    await submit(running, form, {})
    assert running.entry.options == {
        CONF_KEEP_STATE: True,
        CONF_POWER_INTERVAL: 15,
        CONF_SLEEP_AFTER: 30,
    }
    assert "sensor.power" not in running.entities


async def test_the_interval_is_whole_seconds(running: Rig) -> None:
    """The frontend's slider sends a float."""
    await submit(running, await options_of(running), {CONF_POWER_INTERVAL: 30.0})
    assert repr(running.entry.options[CONF_POWER_INTERVAL]) == "30"


@pytest.mark.parametrize(
    "wrong",
    [
        {CONF_POWER_INTERVAL: 4},
        {CONF_POWER_INTERVAL: 601},
        {CONF_IDLE_POWER: -1, CONF_FULL_POWER: 100},
        {CONF_IDLE_POWER: 10, CONF_FULL_POWER: -100},
        {CONF_POWER_SENSOR: "not an entity"},
        {CONF_POWER_SENSOR: "switch.plug"},
    ],
)
async def test_what_no_form_would_send_is_refused(
    running: Rig, wrong: dict[str, Any]
) -> None:
    """Nothing changes."""
    form = await options_of(running)
    with pytest.raises(InvalidData):
        await submit(running, form, wrong)
    assert not running.entry.options


async def test_a_miner_is_not_its_own_meter(running: Rig) -> None:
    """It would measure itself."""
    await submit(running, await options_of(running), NUMBERS)
    form = await options_of(running)
    own = running.entity_id("sensor.power")
    with pytest.raises(InvalidData):
        await submit(running, form, {CONF_POWER_SENSOR: own})
    assert running.entry.options.items() >= NUMBERS.items()


async def test_only_meters_of_power_are_offered(running: Rig) -> None:
    """Sensors with the device class power."""
    schema = sections(await options_of(running))["power"].schema
    selector = schema.schema[CONF_POWER_SENSOR]
    assert isinstance(selector, EntitySelector)
    assert selector.config["domain"] == ["sensor"]
    assert selector.config["device_class"] == ["power"]
    for key in (CONF_IDLE_POWER, CONF_FULL_POWER):
        number = schema.schema[key]
        assert isinstance(number, NumberSelector)
        assert number.config["unit_of_measurement"] == "W"


async def test_a_temperature_sensor_needs_a_maximum(running: Rig) -> None:
    """The maximum alone is that of the cards."""
    form = await options_of(running)
    sensor = {CONF_TEMPERATURE_SENSOR: "sensor.room"}
    form = await submit(running, form, sensor)
    assert form["errors"] == {"temperature": "temperature_incomplete"}
    assert suggested(form, CONF_TEMPERATURE_SENSOR) == "sensor.room"
    both = {**sensor, CONF_MAX_TEMPERATURE: 25}
    result = await submit(running, form, both)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options.items() >= both.items()
    result = await submit(
        running, await options_of(running), {CONF_MAX_TEMPERATURE: 70}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_TEMPERATURE_SENSOR not in running.entry.options


SLEEP = {CONF_SLEEP_ENTITY: "script.suspend"}
MAC = "AA-bb-cc-dd-ee-0f"


@pytest.mark.parametrize(
    ("chosen", "error"),
    [
        (SLEEP, "sleep_incomplete"),
        ({CONF_SLEEP_PLUG: "switch.plug"}, "sleep_incomplete"),
        ({CONF_WAKE_ENTITY: "button.wake"}, "sleep_incomplete"),
        ({CONF_WAKE_MAC: MAC}, "sleep_incomplete"),
        ({**SLEEP, CONF_WAKE_MAC: "aa:bb"}, "invalid_mac"),
        ({**SLEEP, CONF_WAKE_MAC: "aa:bb-cc:dd:ee:ff"}, "invalid_mac"),
    ],
)
async def test_a_computer_that_sleeps_has_to_wake(
    running: Rig, chosen: dict[str, Any], error: str
) -> None:
    """One without the other is an error, which is kept and can be corrected."""
    form = await options_of(running)
    form = await submit(running, form, chosen)
    assert form["errors"] == {"sleep": error}
    for key, value in chosen.items():
        assert suggested(form, key) == value
    right = {**SLEEP, CONF_WAKE_MAC: MAC, CONF_SLEEP_AFTER: 45.0}
    result = await submit(running, form, right)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options.items() >= right.items()
    assert repr(running.entry.options[CONF_SLEEP_AFTER]) == "45"


async def test_the_miner_is_removed_while_the_form_is_open(running: Rig) -> None:
    """The form ends, and says so."""
    form = await options_of(running)
    await running.hass.config_entries.async_remove(running.entry.entry_id)
    result = await submit(running, form, {CONF_KEEP_STATE: False})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_removed")
    check_texts(result, TEXTS["options"])


@pytest.mark.parametrize("names", [["sensor.office"], ["sensor.office", "sensor.desk"]])
async def test_entities_are_renamed_while_the_form_is_open(
    running: Rig, names: list[str]
) -> None:
    """Their new IDs are stored, though the form submits the old ones."""
    registry = er.async_get(running.hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="plug")
    registry.async_get_or_create("switch", "test", "2", suggested_object_id="plug")
    registry.async_get_or_create("sensor", "test", "3", suggested_object_id="heat")
    form = await options_of(running)
    before = "sensor.plug"
    for name in names:
        registry.async_update_entity(before, new_entity_id=name)
        before = name
    registry.async_update_entity("switch.plug", new_entity_id="switch.desk")
    # Another entity now has the ID, as the form shows
    registry.async_update_entity("sensor.heat", new_entity_id="sensor.warmth")
    registry.async_get_or_create("sensor", "test", "4", suggested_object_id="heat")
    chosen = {
        CONF_POWER_SENSOR: "sensor.plug",
        CONF_TEMPERATURE_SENSOR: "sensor.heat",
        CONF_MAX_TEMPERATURE: 80,
        CONF_WAKE_ENTITY: "button.wake",
        CONF_SLEEP_PLUG: "switch.plug",
    }
    result = await submit(running, form, chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    new = {CONF_POWER_SENSOR: before, CONF_SLEEP_PLUG: "switch.desk"}
    assert running.entry.options.items() >= (chosen | new).items()


DELETED = {
    CONF_POWER_SENSOR: "power",
    CONF_TEMPERATURE_SENSOR: "temperature",
    CONF_WAKE_ENTITY: "sleep",
    CONF_SLEEP_ENTITY: "sleep",
    CONF_SLEEP_PLUG: "sleep",
}
"""The options that name an entity, and their sections."""


@pytest.mark.parametrize("key", DELETED)
@pytest.mark.parametrize("is_renamed", [False, True])
async def test_an_entity_is_deleted_while_the_form_is_open(
    running: Rig, key: str, is_renamed: bool
) -> None:
    """It is refused, until it is back; others that have no ID of their own are not."""
    registry = er.async_get(running.hass)
    chosen = {
        CONF_POWER_SENSOR: "sensor.plug",
        CONF_TEMPERATURE_SENSOR: "sensor.heat",
        CONF_MAX_TEMPERATURE: 80,
        CONF_WAKE_ENTITY: "button.wake",
        CONF_SLEEP_ENTITY: "button.sleep",
        CONF_SLEEP_PLUG: "switch.plug",
    }
    gone = str(chosen[key])
    domain, _, name = gone.partition(".")
    registry.async_get_or_create(domain, "test", "1", suggested_object_id=name)
    form = await options_of(running)
    if is_renamed:
        registry.async_update_entity(gone, new_entity_id=f"{domain}.office")
        gone = f"{domain}.office"
    registry.async_remove(gone)
    form = await submit(running, form, chosen)
    assert form["errors"] == {DELETED[key]: "entity_deleted"}
    assert form["description_placeholders"] == {"wrong": gone}
    check_texts(form, TEXTS["options"])
    assert suggested(form, key) == chosen[key]
    assert not running.entry.options
    name = gone.partition(".")[2]
    registry.async_get_or_create(domain, "test", "1", suggested_object_id=name)
    result = await submit(running, form, chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert running.entry.options[key] == gone


async def test_a_meter_is_renamed_to_that_of_another_miner(running: Rig) -> None:
    """It is the same meter, which the form would not know by its old ID."""
    registry = er.async_get(running.hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="plug")
    form = await options_of(running)
    registry.async_update_entity("sensor.plug", new_entity_id="sensor.office")
    used = {CONF_POWER_SENSOR: "sensor.office"}
    other = MockConfigEntry(domain=DOMAIN, title="cellar", data={}, options=used)
    other.add_to_hass(running.hass)
    form = await submit(running, form, {CONF_POWER_SENSOR: "sensor.plug"})
    assert form["errors"] == {"power": "sensor_of_another_miner"}
