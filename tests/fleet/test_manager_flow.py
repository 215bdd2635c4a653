"""The manager is added in three ways, and reads what the user chooses."""

import asyncio
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.xmrig_miner.const import CONF_READ_ONLY, DOMAIN
from custom_components.xmrig_miner.fleet.house import House, Price
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind, entries_of_kind
from custom_components.xmrig_miner.manager import Flow, Sources
from custom_components.xmrig_miner.storage import XmrigStore
from simulator import Simulator
from tests.common import Rig, connection
from tests.forms import add, check_texts, choose, entered, submit
from tests.test_translations import TEXTS
from tests.watts import NUMBERS, set_up

from .house import GRID, set_dashboard

GRID_SOURCE = {"type": "grid", "stat_rate": GRID}

SENSORS = {
    GRID: "W",
    **{f"sensor.l{phase}": "W" for phase in (1, 2, 3, 4)},
    "sensor.import": "kW",
    "sensor.export": "kW",
    "sensor.battery": "W",
    "sensor.charge": "W",
    "sensor.discharge": "W",
    "sensor.level": PERCENTAGE,
    "sensor.price": "EUR/kWh",
    "sensor.energy": "kWh",
    "sensor.roof": "W",
}


@pytest.fixture
async def miner(rig: Rig) -> Rig:
    """Return a miner whose watts are known, and sensors of the house."""
    for sensor, unit in SENSORS.items():
        rig.hass.states.async_set(sensor, "0", {ATTR_UNIT_OF_MEASUREMENT: unit})
    await set_up(rig, NUMBERS)
    return rig


def manager_of(hass: HomeAssistant) -> Any:
    """Return the config entry of the manager."""
    [entry] = entries_of_kind(hass, EntryKind.MANAGER)
    return entry


def house_of(hass: HomeAssistant) -> House:
    """Return the sensors that the manager reads."""
    house: House = manager_of(hass).runtime_data.coordinator.house
    return house


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Add the integration once more."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


async def add_manager(hass: HomeAssistant) -> ConfigFlowResult:
    """Select the manager in the menu."""
    return await choose(hass, await start(hass), "manager")


def discovered(hass: HomeAssistant) -> list[Any]:
    """Return the cards that offer the manager."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
    ]


# --- The menu -----------------------------------------------------------------


async def test_the_menu_is_shown_only_while_there_is_a_choice(
    hass: HomeAssistant, miner: Rig
) -> None:
    """Not for the first miner, nor once there is a manager."""
    menu = await start(hass)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["miner", "manager"]
    form = await choose(hass, menu, "miner")
    assert form["step_id"] == "user"
    await set_dashboard(hass, GRID_SOURCE)
    result = await choose(hass, await add_manager(hass), "dashboard")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (await start(hass))["step_id"] == "user"
    await hass.config_entries.async_remove(miner.entry.entry_id)
    assert (await start(hass))["step_id"] == "user"


async def test_the_energy_dashboard_is_two_taps(
    hass: HomeAssistant, miner: Rig
) -> None:
    """The menu names the sensor that it found."""
    await set_dashboard(hass, GRID_SOURCE)
    menu = await add_manager(hass)
    assert menu["step_id"] == "manager"
    assert menu["description_placeholders"] == {"sensors": "grid"}
    result = await choose(hass, menu, "dashboard")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = manager_of(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "Mining manager"
    assert entry.data == {"kind": "manager"}
    assert house_of(hass) == House(sources=Sources(grid=Flow((GRID,))))


async def test_a_dashboard_without_a_grid_sensor_is_reported(
    hass: HomeAssistant, miner: Rig
) -> None:
    """It can be added there and checked again, or the sensors chosen here."""
    menu = await add_manager(hass)
    assert menu["step_id"] == "no_grid"
    assert menu["menu_options"] == ["sources", "manager"]
    again = await hass.config_entries.flow.async_configure(menu["flow_id"])
    assert again["step_id"] == "no_grid"
    await set_dashboard(hass, {"type": "grid", "stat_rate": "sensor.unknown"})
    menu = await choose(hass, menu, "manager")
    assert menu["step_id"] == "manager"
    assert menu["description_placeholders"] == {"sensors": "sensor.unknown"}
    form = await choose(hass, menu, "sources")
    assert form["step_id"] == "sources"


async def test_there_is_one_manager(hass: HomeAssistant, miner: Rig) -> None:
    """Two forms that were open at once make one."""
    await set_dashboard(hass, GRID_SOURCE)
    first, second = await add_manager(hass), await add_manager(hass)
    await choose(hass, first, "dashboard")
    result = await choose(hass, second, "dashboard")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "manager_exists"
    assert manager_of(hass)


async def test_a_miner_is_added_beside_the_manager(
    hass: HomeAssistant, miner: Rig, loopback: None
) -> None:
    """And is managed."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    async with Simulator(worker_id="rig-two", uptime=1000, watch_delay=0) as other:
        result = await add(hass, connection(other))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert hass.states.is_state("switch.rig_two_managed", "on")


# --- The card -----------------------------------------------------------------


async def test_the_card_appears_once_there_are_watts_and_a_meter(
    hass: HomeAssistant, rig: Rig
) -> None:
    """Whichever comes last."""
    await rig.set_up()
    await set_dashboard(hass, GRID_SOURCE)
    assert not discovered(hass)
    hass.config_entries.async_update_entry(rig.entry, options=NUMBERS)
    await rig.reload()
    [card] = discovered(hass)
    assert card["context"]["title_placeholders"] == {"name": "Mining manager"}
    result = await choose(hass, card, "dashboard")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert manager_of(hass).state is ConfigEntryState.LOADED


async def test_the_card_appears_when_the_meter_comes_last(
    hass: HomeAssistant, miner: Rig
) -> None:
    """Once, even if the dashboard and the miner change repeatedly."""
    assert not discovered(hass)
    await set_dashboard(hass, GRID_SOURCE)
    await set_dashboard(hass, GRID_SOURCE)
    await miner.reload()
    assert len(discovered(hass)) == 1


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_the_card_appears_once_a_miner_is_no_longer_read_only(
    hass: HomeAssistant, rig: Rig
) -> None:
    """The manager could not control it before."""
    hass.config_entries.async_update_entry(
        rig.entry, data={**rig.entry.data, CONF_READ_ONLY: True}, options=NUMBERS
    )
    await rig.set_up()
    await set_dashboard(hass, GRID_SOURCE)
    assert not discovered(hass)
    rig.simulator.edit_config(lambda config: config["http"].update(restricted=False))
    rig.simulator.restart()
    await rig.poll()
    assert len(discovered(hass)) == 1


async def test_the_card_goes_when_the_manager_is_added_otherwise(
    hass: HomeAssistant, miner: Rig
) -> None:
    """There is nothing left to add."""
    await set_dashboard(hass, GRID_SOURCE)
    assert discovered(hass)
    await choose(hass, await add_manager(hass), "dashboard")
    assert not discovered(hass)
    await miner.reload()
    assert not discovered(hass)


async def test_a_card_that_was_ignored_does_not_come_back(
    hass: HomeAssistant, miner: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """The menu still adds the manager, and the ignored offer is no miner."""
    assert await async_setup_component(hass, "config", {})
    await set_dashboard(hass, GRID_SOURCE)
    [card] = discovered(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "config_entries/ignore_flow",
            "flow_id": card["flow_id"],
            "title": "Mining manager",
        }
    )
    assert (await client.receive_json())["success"]
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not discovered(hass)
    await miner.reload()
    await set_dashboard(hass, GRID_SOURCE)
    assert not discovered(hass)
    [ignored] = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.source == SOURCE_IGNORE
    ]
    assert ignored.unique_id == MANAGER_ID
    assert entries_of_kind(hass, EntryKind.MINER) == [miner.entry]
    result = await choose(hass, await add_manager(hass), "dashboard")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_no_second_card_while_one_is_filled_in(
    hass: HomeAssistant, miner: Rig
) -> None:
    """A discovery that comes twice is one."""
    await set_dashboard(hass, GRID_SOURCE)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data={"again": True}
    )
    assert result["reason"] == "already_in_progress"


async def test_a_disabled_manager_is_there(hass: HomeAssistant, miner: Rig) -> None:
    """It is enabled again rather than added twice."""
    MockConfigEntry(
        domain=DOMAIN,
        unique_id=MANAGER_ID,
        data={"kind": "manager"},
        disabled_by=ConfigEntryDisabler.USER,
    ).add_to_hass(hass)
    await set_dashboard(hass, GRID_SOURCE)
    assert not discovered(hass)
    assert (await start(hass))["step_id"] == "user"


# --- Sensors that are chosen by hand ------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "house"),
    [
        (
            {"grid_power": [GRID]},
            House(sources=Sources(grid=Flow((GRID,)))),
        ),
        (
            {"grid_power": [GRID], "grid_inverted": True},
            House(sources=Sources(grid=Flow((), (GRID,)))),
        ),
        (
            {"grid_power": ["sensor.l1", "sensor.l2", "sensor.l3"]},
            House(sources=Sources(grid=Flow(("sensor.l1", "sensor.l2", "sensor.l3")))),
        ),
        (
            {"grid_power": ["sensor.import"], "grid_export": ["sensor.export"]},
            House(sources=Sources(grid=Flow(("sensor.import",), ("sensor.export",)))),
        ),
        (
            {
                "grid_power": [GRID],
                "battery_power": ["sensor.battery"],
                "battery_inverted": True,
                "battery_level": "sensor.level",
                "import_price_sensor": "sensor.price",
                "export_price": 0,
                "solar_power": ["sensor.roof", "sensor.l1", "sensor.l2", "sensor.l3"],
            },
            House(
                sources=Sources(
                    grid=Flow((GRID,)),
                    battery=Flow((), ("sensor.battery",)),
                    battery_level="sensor.level",
                ),
                importing=Price(sensor="sensor.price"),
                exporting=Price(number=0),
                solar=Flow(("sensor.roof", "sensor.l1", "sensor.l2", "sensor.l3")),
            ),
        ),
        (
            {
                "grid_power": [GRID],
                "battery_power": ["sensor.charge"],
                "battery_discharge": ["sensor.discharge"],
                "import_price": 0.3,
            },
            House(
                sources=Sources(
                    grid=Flow((GRID,)),
                    battery=Flow(("sensor.charge",), ("sensor.discharge",)),
                ),
                importing=Price(number=0.3),
            ),
        ),
    ],
)
async def test_sensors_are_chosen_by_hand(
    hass: HomeAssistant, miner: Rig, chosen: dict[str, Any], house: House
) -> None:
    """Signed either way, two directions, phases; battery, prices and panels."""
    form = await choose(hass, await add_manager(hass), "sources")
    result = await submit(hass, form, chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert house_of(hass) == house
    form = await choose(hass, await reconfigure(hass), "sources")
    assert entered(form) == {
        key: value for key, value in chosen.items() if value is not False
    }


async def reconfigure(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the form that changes the manager."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={
            "source": SOURCE_RECONFIGURE,
            "entry_id": manager_of(hass).entry_id,
        },
    )


@pytest.mark.parametrize(
    ("chosen", "errors", "wrong"),
    [
        ({"grid_power": []}, {"grid_power": "grid_missing"}, ""),
        (
            {"grid_power": ["sensor.energy"]},
            {"grid_power": "no_power"},
            "sensor.energy",
        ),
        ({"grid_power": ["sensor.gone"]}, {"grid_power": "no_power"}, "sensor.gone"),
        (
            {"grid_power": [f"sensor.l{phase}" for phase in (1, 2, 3, 4)]},
            {"grid_power": "too_many_phases"},
            "",
        ),
        ({"grid_power": [GRID, GRID]}, {"grid_power": "sensor_twice"}, GRID),
        (
            {"grid_power": [GRID], "grid_export": [GRID]},
            {"grid_export": "sensor_twice"},
            GRID,
        ),
        (
            {
                "grid_power": ["sensor.import"],
                "grid_export": ["sensor.export"],
                "grid_inverted": True,
            },
            {"grid_inverted": "two_directions"},
            "",
        ),
        (
            {"grid_power": [GRID], "battery_power": [GRID]},
            {"battery": "sensor_twice"},
            GRID,
        ),
        (
            {"grid_power": [GRID], "battery_discharge": ["sensor.discharge"]},
            {"battery": "one_direction"},
            "",
        ),
        (
            {
                "grid_power": [GRID],
                "import_price_sensor": "sensor.price",
                "import_price": 0.3,
            },
            {"prices": "two_prices"},
            "",
        ),
        (
            {"grid_power": [GRID], "solar_power": ["sensor.energy"]},
            {"solar": "no_power"},
            "sensor.energy",
        ),
    ],
)
async def test_errors_are_shown_at_their_fields(
    hass: HomeAssistant,
    miner: Rig,
    chosen: dict[str, Any],
    errors: dict[str, str],
    wrong: str,
) -> None:
    """At the field, or at the section that it is in; and can be put right."""
    form = await choose(hass, await add_manager(hass), "sources")
    form = await submit(hass, form, chosen)
    assert form["errors"] == errors
    assert form["description_placeholders"] == {"wrong": wrong}
    assert entered(form) == {key: value for key, value in chosen.items() if value}
    result = await submit(hass, form, {"grid_power": [GRID]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_sensor_that_is_unavailable_has_its_unit_in_the_registry(
    hass: HomeAssistant, miner: Rig
) -> None:
    """As that of an inverter at night."""
    sensor = er.async_get(hass).async_get_or_create(
        "sensor", "meter", "1", unit_of_measurement="kW"
    )
    form = await choose(hass, await add_manager(hass), "sources")
    result = await submit(hass, form, {"grid_power": [sensor.entity_id]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_no_entity_of_the_integration_is_a_meter(
    hass: HomeAssistant, miner: Rig
) -> None:
    """It would follow itself."""
    form = await choose(hass, await add_manager(hass), "sources")
    with pytest.raises(InvalidData):
        await submit(hass, form, {"grid_power": [miner.entity_id("sensor.power")]})


# --- Changing it --------------------------------------------------------------


async def test_the_sensors_can_be_changed_and_the_dashboard_followed_again(
    hass: HomeAssistant, miner: Rig
) -> None:
    """While the dashboard is not followed, its changes do not matter."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    form = await choose(hass, await reconfigure(hass), "sources")
    assert entered(form) == {}
    result = await submit(hass, form, {"grid_power": ["sensor.l1"]})
    assert result["reason"] == "reconfigure_successful"
    assert house_of(hass).sources.grid == Flow(("sensor.l1",))
    await set_dashboard(hass, {"type": "grid", "stat_rate": "sensor.l2"})
    assert house_of(hass).sources.grid == Flow(("sensor.l1",))
    result = await choose(hass, await reconfigure(hass), "dashboard")
    assert result["reason"] == "reconfigure_successful"
    assert house_of(hass).sources.grid == Flow(("sensor.l2",))
    await set_dashboard(hass, GRID_SOURCE)
    assert house_of(hass).sources.grid == Flow((GRID,))


async def configure(hass: HomeAssistant, data: dict[str, Any]) -> ConfigFlowResult:
    """Fill in the options of the manager, which show the current settings."""
    entry = manager_of(hass)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    settings = entry.runtime_data.settings
    shown = {
        "earnings": settings.earnings,
        "price_limit": settings.price_limit,
        **entry.options,
    }
    assert entered(form) == {
        key: value for key, value in shown.items() if value is not None
    }
    result = await hass.config_entries.options.async_configure(form["flow_id"], data)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def test_numbers_of_the_manager_can_be_emptied(
    hass: HomeAssistant, miner: Rig
) -> None:
    """An entity cannot do that."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    data = {"earnings": 0.02, "price_limit": 0.1, "earnings_sensor": "sensor.earnings"}
    result = await configure(hass, data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert manager_of(hass).options == {"earnings_sensor": "sensor.earnings"}
    settings = manager_of(hass).runtime_data.settings
    assert (settings.earnings, settings.price_limit) == (0.02, 0.1)
    await configure(hass, {})
    assert manager_of(hass).options == {}
    settings = manager_of(hass).runtime_data.settings
    assert (settings.earnings, settings.price_limit) == (None, None)


async def test_sensors_are_renamed_while_a_form_is_open(
    hass: HomeAssistant, miner: Rig
) -> None:
    """Their new IDs are stored, twice even: in a list, and as one sensor."""
    registry = er.async_get(hass)
    for name in ("meter", "income"):
        registry.async_get_or_create(
            "sensor", "test", name, suggested_object_id=name, unit_of_measurement="W"
        )
    form = await choose(hass, await add_manager(hass), "sources")
    registry.async_update_entity("sensor.meter", new_entity_id="sensor.house")
    await submit(hass, form, {"grid_power": ["sensor.meter"]})
    assert house_of(hass).sources.grid == Flow(("sensor.house",))
    form = await hass.config_entries.options.async_init(manager_of(hass).entry_id)
    registry.async_update_entity("sensor.income", new_entity_id="sensor.earned")
    await hass.config_entries.options.async_configure(
        form["flow_id"], {"earnings_sensor": "sensor.income"}
    )
    assert manager_of(hass).options == {"earnings_sensor": "sensor.earned"}
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("grid_power", "grid_power"),
        ("grid_export", "grid_export"),
        ("battery_level", "battery"),
        ("import_price_sensor", "prices"),
    ],
)
async def test_a_sensor_is_deleted_while_the_form_is_open(
    hass: HomeAssistant, miner: Rig, key: str, place: str
) -> None:
    """It is refused at its field, or at its section."""
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="gone")
    form = await choose(hass, await add_manager(hass), "sources")
    registry.async_remove("sensor.gone")
    gone = ["sensor.gone"] if place == key else "sensor.gone"
    form = await submit(hass, form, {"grid_power": ["sensor.l1"], key: gone})
    assert form["errors"] == {place: "entity_deleted"}
    assert form["description_placeholders"] == {"wrong": "sensor.gone"}
    # The ID alone says nothing: another integration may have it by now
    hass.states.async_set("sensor.gone", "1", {ATTR_UNIT_OF_MEASUREMENT: "W"})
    result = await submit(hass, form, {"grid_power": ["sensor.l1"], key: gone})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_sensor_of_earnings_is_deleted_while_the_form_is_open(
    hass: HomeAssistant, miner: Rig
) -> None:
    """It is refused, and no other setting is changed."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="income")
    entry = manager_of(hass)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    registry.async_remove("sensor.income")
    data = {"earnings": 0.02, "earnings_sensor": "sensor.income"}
    form = await hass.config_entries.options.async_configure(form["flow_id"], data)
    assert form["errors"] == {"earnings_sensor": "entity_deleted"}
    assert form["description_placeholders"] == {"wrong": "sensor.income"}
    assert entered(form) == data
    check_texts(form, TEXTS["options"])
    assert entry.runtime_data.settings.earnings is None


async def test_options_of_a_manager_that_cannot_be_saved(
    hass: HomeAssistant, miner: Rig
) -> None:
    """The form says so, and keeps what was entered."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    data = {"earnings": 0.02}
    with patch.object(
        type(manager_of(hass).runtime_data.store),
        "async_save",
        side_effect=HomeAssistantError,
    ):
        form = await configure(hass, data)
    assert form["errors"] == {"base": "not_written"}
    assert entered(form) == data
    await hass.config_entries.async_unload(manager_of(hass).entry_id)
    result = await hass.config_entries.options.async_init(manager_of(hass).entry_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def away(hass: HomeAssistant, how: str) -> None:
    """Remove or disable the manager."""
    entry_id = manager_of(hass).entry_id
    if how == "removed":
        await hass.config_entries.async_remove(entry_id)
    else:
        await hass.config_entries.async_set_disabled_by(
            entry_id, ConfigEntryDisabler.USER
        )


@pytest.mark.parametrize(
    ("how", "reason"), [("removed", "manager_removed"), ("disabled", "not_loaded")]
)
async def test_options_of_a_manager_that_is_gone_meanwhile(
    hass: HomeAssistant, miner: Rig, how: str, reason: str
) -> None:
    """The form ends, and says so."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    form = await hass.config_entries.options.async_init(manager_of(hass).entry_id)
    await away(hass, how)
    result = await hass.config_entries.options.async_configure(form["flow_id"], {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)


@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_options_of_a_manager_that_is_gone_while_they_are_saved(
    hass: HomeAssistant, hass_storage: dict[str, Any], miner: Rig, how: str
) -> None:
    """The form ends, says so, and leaves no file of a removed manager."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    store = manager_of(hass).runtime_data.store
    form = await hass.config_entries.options.async_init(manager_of(hass).entry_id)
    save = type(store).async_save

    async def save_late(self: XmrigStore, data: dict[str, Any]) -> None:
        if self is store:
            hass.async_create_task(away(hass, how))
            for _ in range(100):
                await asyncio.sleep(0)
        await save(self, data)

    with patch.object(type(store), "async_save", save_late):
        result = await hass.config_entries.options.async_configure(form["flow_id"], {})
    await hass.async_block_till_done(wait_background_tasks=True)
    # Its removal ends later
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")
    assert (store.key in hass_storage) is (how == "disabled")


@pytest.mark.parametrize("option", ["dashboard", "sources"])
async def test_the_manager_is_removed_while_it_is_reconfigured(
    hass: HomeAssistant, miner: Rig, option: str
) -> None:
    """The form ends, and says so."""
    await set_dashboard(hass, GRID_SOURCE)
    await choose(hass, await add_manager(hass), "dashboard")
    menu = await reconfigure(hass)
    await away(hass, "removed")
    result = await choose(hass, menu, option)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "manager_removed"


@pytest.mark.parametrize("is_loaded", [True, False])
async def test_a_chosen_sensor_that_is_renamed_is_followed(
    hass: HomeAssistant, miner: Rig, is_loaded: bool
) -> None:
    """The user has nothing to do."""
    registry = er.async_get(hass)
    sensor = registry.async_get_or_create(
        "sensor", "meter", "1", unit_of_measurement="W"
    )
    form = await choose(hass, await add_manager(hass), "sources")
    chosen = {"grid_power": [GRID], "grid_export": [sensor.entity_id]}
    await submit(hass, form, chosen)
    registry.async_update_entity(sensor.entity_id, name="Another name")
    if not is_loaded:
        await hass.config_entries.async_unload(manager_of(hass).entry_id)
    registry.async_update_entity(sensor.entity_id, new_entity_id="sensor.renamed")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert house_of(hass).sources.grid == Flow((GRID,), ("sensor.renamed",))
    assert manager_of(hass).data["sources"] == {
        "grid_power": [GRID],
        "grid_export": ["sensor.renamed"],
    }
