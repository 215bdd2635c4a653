"""After the connection, the form asks what the computer draws; it can wait."""

from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KIND,
    CONF_POWER_SENSOR,
    DOMAIN,
)
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind, entries_of_kind
from simulator import Simulator
from tests.common import Rig, connection, entry_for
from tests.fleet.house import GRID, set_dashboard
from tests.forms import choose, entered, start, submit_one
from tests.watts import NUMBERS

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def reach(hass: HomeAssistant, simulator: Simulator) -> ConfigFlowResult:
    """Fill in the connection, and return the form of the power."""
    form = await submit_one(hass, await start(hass), connection(simulator))
    if form["step_id"] == "read_only":
        form = await submit_one(hass, form, {"next_step_id": "agree"})
    assert form["step_id"] == "power"
    return form


def report(hass: HomeAssistant, entity_id: str, **attributes: Any) -> None:
    """Let a power sensor report something."""
    attributes = {
        ATTR_DEVICE_CLASS: SensorDeviceClass.POWER,
        ATTR_UNIT_OF_MEASUREMENT: "W",
        **attributes,
    }
    hass.states.async_set(entity_id, "100", attributes)


@pytest.mark.parametrize(
    "power", [{}, NUMBERS, {CONF_POWER_SENSOR: "sensor.plug"}], ids=str
)
async def test_a_plug_two_numbers_or_later(
    hass: HomeAssistant, simulator: Simulator, power: dict[str, Any]
) -> None:
    """Each is one form, and stored as the options store it."""
    form = await reach(hass, simulator)
    assert form["description_placeholders"] == {"name": "rig-one"}
    result = await submit_one(hass, form, power)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.options == power
    assert entry.state is ConfigEntryState.LOADED
    assert bool(hass.states.get("number.rig_one_power_limit")) is bool(power)


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({CONF_IDLE_POWER: 60}, {CONF_FULL_POWER: "power_incomplete"}),
        ({CONF_FULL_POWER: 140}, {CONF_IDLE_POWER: "power_incomplete"}),
        (
            {CONF_IDLE_POWER: 140, CONF_FULL_POWER: 60},
            {CONF_FULL_POWER: "power_order"},
        ),
    ],
)
async def test_errors_are_shown_at_their_field(
    hass: HomeAssistant,
    simulator: Simulator,
    wrong: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """What was entered is kept, and can be put right."""
    form = await submit_one(hass, await reach(hass, simulator), wrong)
    assert form["errors"] == errors
    assert entered(form) == wrong
    result = await submit_one(hass, form, NUMBERS)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_browser_that_was_reloaded(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """It shows the form again."""
    form = await reach(hass, simulator)
    again = await hass.config_entries.flow.async_configure(form["flow_id"])
    assert again["step_id"] == "power"


async def test_the_address_that_was_added_meanwhile(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """There is still only one entry for it."""
    form = await reach(hass, simulator)
    entry_for(simulator).add_to_hass(hass)
    result = await submit_one(hass, form, {})
    assert result["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_no_entity_of_a_miner_is_a_meter(
    hass: HomeAssistant, running: Rig, loopback: None
) -> None:
    """Not that of another one either."""
    hass.config_entries.async_update_entry(running.entry, options=NUMBERS)
    await running.reload()
    async with Simulator(worker_id="rig", uptime=1000, watch_delay=0) as other:
        form = await reach(hass, other)
        assert CONF_POWER_SENSOR not in entered(form)
        own = running.entity_id("sensor.power")
        with pytest.raises(InvalidData):
            await submit_one(hass, form, {CONF_POWER_SENSOR: own})


async def test_no_meter_of_another_miner(
    hass: HomeAssistant, running: Rig, loopback: None
) -> None:
    """Its watts would count twice. It is not suggested either."""
    report(hass, "sensor.cellar")
    used = {CONF_POWER_SENSOR: "sensor.cellar"}
    hass.config_entries.async_update_entry(running.entry, options=used)
    async with Simulator(worker_id="cellar", uptime=1000, watch_delay=0) as other:
        form = await reach(hass, other)
        assert entered(form) == {}
        form = await submit_one(hass, form, used)
        assert form["errors"] == {CONF_POWER_SENSOR: "sensor_of_another_miner"}
        assert form["description_placeholders"] == {
            "name": "cellar",
            "other": "rig-one",
        }
        assert entered(form) == used
        result = await submit_one(hass, form, NUMBERS)
        assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_two_forms_with_the_same_meter(
    hass: HomeAssistant, simulator: Simulator, loopback: None
) -> None:
    """The second one to end asks again."""
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    report(hass, GRID)
    report(hass, "sensor.cellar")
    used = {CONF_POWER_SENSOR: "sensor.cellar"}
    menu = await submit_one(hass, await reach(hass, simulator), used)
    async with Simulator(worker_id="cellar", uptime=1000, watch_delay=0) as other:
        second = await submit_one(hass, await reach(hass, other), used)
        await choose(hass, second, "without_manager")
    form = await submit_one(hass, menu, {"next_step_id": "without_manager"})
    assert form["errors"] == {CONF_POWER_SENSOR: "sensor_of_another_miner"}
    menu = await submit_one(hass, form, NUMBERS)
    result = await choose(hass, menu, "without_manager")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == NUMBERS


# --- The plug that is suggested -----------------------------------------------


@pytest.mark.parametrize(
    ("entity_id", "name"),
    [
        ("sensor.rig_one_power", "Power"),
        ("sensor.plug_7", "RIG-ONE plug"),
        ("sensor.office_rig_one_plug_power", "Power"),
    ],
)
async def test_the_plug_that_is_called_as_the_miner_is_suggested(
    hass: HomeAssistant, simulator: Simulator, entity_id: str, name: str
) -> None:
    """By its entity ID or its name."""
    report(hass, "sensor.grid")
    report(hass, "sensor.rig_ones_neighbour")
    report(hass, entity_id, friendly_name=name)
    assert entered(await reach(hass, simulator)) == {CONF_POWER_SENSOR: entity_id}


@pytest.mark.parametrize("place", ["device", "renamed", "area", "area_of_device"])
async def test_the_plug_whose_place_is_called_as_the_miner_is_suggested(
    hass: HomeAssistant, simulator: Simulator, place: str
) -> None:
    """By its device or its area, with any name of the sensor."""
    plug = MockConfigEntry(domain="plug")
    plug.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=plug.entry_id,
        identifiers={("plug", "1")},
        name="rig one" if place == "device" else "Plug",
    )
    entity = er.async_get(hass).async_get_or_create(
        "sensor",
        "plug",
        "1",
        suggested_object_id="socket",
        original_name="Power",
        device_id=device.id,
    )
    area = ar.async_get(hass).async_create("Rig One").id
    if place == "renamed":
        dr.async_get(hass).async_update_device(device.id, name_by_user="rig-one")
    if place == "area":
        er.async_get(hass).async_update_entity(entity.entity_id, area_id=area)
    if place == "area_of_device":
        dr.async_get(hass).async_update_device(device.id, area_id=area)
    report(hass, "sensor.another")
    report(hass, entity.entity_id)
    form = await reach(hass, simulator)
    assert entered(form) == {CONF_POWER_SENSOR: entity.entity_id}


async def test_a_name_goes_before_a_place(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """In an area there may be many plugs."""
    entity = er.async_get(hass).async_get_or_create("sensor", "plug", "1")
    area = ar.async_get(hass).async_create("Rig One").id
    er.async_get(hass).async_update_entity(entity.entity_id, area_id=area)
    report(hass, entity.entity_id)
    report(hass, "sensor.rig_one")
    form = await reach(hass, simulator)
    assert entered(form) == {CONF_POWER_SENSOR: "sensor.rig_one"}


async def test_nothing_is_guessed(hass: HomeAssistant, simulator: Simulator) -> None:
    """Two that fit are none, and so is what measures no power."""
    report(hass, "sensor.rig_one_left")
    report(hass, "sensor.rig_one_right")
    report(hass, "sensor.rig_one", device_class="energy")
    assert entered(await reach(hass, simulator)) == {}


async def test_a_short_name_is_in_too_many_others(
    hass: HomeAssistant, loopback: None
) -> None:
    """It is not looked for."""
    report(hass, "sensor.pc")
    async with Simulator(worker_id="pc", uptime=1000) as simulator:
        assert entered(await reach(hass, simulator)) == {}


# --- The manager --------------------------------------------------------------


async def test_the_manager_is_added_with_the_miner(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """From nothing to mining on surplus in one form, and no card shows meanwhile."""
    events: list[tuple[str, str]] = []
    hass.config_entries.flow.async_subscribe_flow(
        lambda change, flow_id: events.append((change, flow_id))
    )
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    report(hass, GRID)
    menu = await submit_one(hass, await reach(hass, simulator), NUMBERS)
    assert menu["step_id"] == "solar"
    again = await hass.config_entries.flow.async_configure(menu["flow_id"])
    assert again["step_id"] == "solar"
    result = await choose(hass, menu, "with_manager")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "rig-one"
    [manager] = entries_of_kind(hass, EntryKind.MANAGER)
    assert manager.data == {"kind": "manager"}
    assert manager.unique_id == MANAGER_ID
    assert manager.state is ConfigEntryState.LOADED
    assert hass.states.is_state("select.mining_manager_mode", "smart")
    assert hass.states.is_state("switch.rig_one_managed", "on")
    assert hass.config_entries.flow.async_progress() == []
    assert not events


@pytest.mark.parametrize("option", ["with_manager", "without_manager"])
async def test_the_address_that_was_added_while_the_manager_was_offered(
    hass: HomeAssistant, simulator: Simulator, option: str
) -> None:
    """The form ends, and adds nothing."""
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    menu = await submit_one(hass, await reach(hass, simulator), NUMBERS)
    entry_for(simulator).add_to_hass(hass)
    result = await choose(hass, menu, option)
    assert result["reason"] == "already_configured"
    assert not entries_of_kind(hass, EntryKind.MANAGER)


async def test_only_the_miner(hass: HomeAssistant, simulator: Simulator) -> None:
    """The card offers the manager later."""
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    menu = await submit_one(hass, await reach(hass, simulator), NUMBERS)
    result = await choose(hass, menu, "without_manager")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not entries_of_kind(hass, EntryKind.MANAGER)
    assert len(hass.config_entries.flow.async_progress()) == 1


@pytest.mark.parametrize("why", ["no_grid", "no_watts", "manager", "ignored"])
async def test_the_manager_is_not_offered(
    hass: HomeAssistant, simulator: Simulator, why: str
) -> None:
    """Where it would know no surplus or no watts, is there, or is not wanted."""
    if why != "no_grid":
        await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    if why in ("manager", "ignored"):
        is_ignored = why == "ignored"
        MockConfigEntry(
            domain=DOMAIN,
            unique_id=MANAGER_ID,
            source=SOURCE_IGNORE if is_ignored else SOURCE_USER,
            data={} if is_ignored else {CONF_KIND: EntryKind.MANAGER.value},
        ).add_to_hass(hass)
    options = {} if why == "no_watts" else NUMBERS
    result = await submit_one(hass, await reach(hass, simulator), options)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_the_manager_is_not_offered_for_a_miner_it_cannot_control(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Neither by the form nor by a card: its API is read-only."""
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    result = await submit_one(hass, await reach(hass, simulator), NUMBERS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress()


async def test_a_sensor_is_deleted_while_the_form_is_open(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """It is refused at its field, which may then be left empty."""
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="plug")
    form = await reach(hass, simulator)
    registry.async_remove("sensor.plug")
    form = await submit_one(hass, form, {CONF_POWER_SENSOR: "sensor.plug"})
    assert form["errors"] == {CONF_POWER_SENSOR: "entity_deleted"}
    assert form["description_placeholders"] == {
        "name": "rig-one",
        "wrong": "sensor.plug",
    }
    result = await submit_one(hass, form, {})
    assert result["result"].options == {}


async def test_a_sensor_is_renamed_while_the_form_is_open(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Its new ID is stored."""
    er.async_get(hass).async_get_or_create(
        "sensor", "test", "1", suggested_object_id="plug"
    )
    form = await reach(hass, simulator)
    er.async_get(hass).async_update_entity("sensor.plug", new_entity_id="sensor.desk")
    result = await submit_one(hass, form, {CONF_POWER_SENSOR: "sensor.plug"})
    assert result["result"].options == {CONF_POWER_SENSOR: "sensor.desk"}
