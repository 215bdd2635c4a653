"""Automations that compete for surplus are reported, and handed over to the manager."""

from collections.abc import AsyncGenerator, Generator
from typing import Any
from unittest.mock import patch

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.blueprint.models import Blueprint, DomainBlueprints
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    EVENT_HOMEASSISTANT_STARTED,
    STATE_ON,
)
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.fleet.automation_issue import AUTOMATIONS_COMPETE
from custom_components.xmrig_miner.fleet.runtime import FLEET
from custom_components.xmrig_miner.storage import XmrigStore
from tests.blueprints.house import load
from tests.common import Rig
from tests.fixing import Fix, issues
from tests.forms import choose

from .house import GRID, House, set_dashboard

LIMIT = "number.power_limit"
MINING = "switch.mining"
FOLLOW = "follow_surplus"
SWITCH = "on_off_by_surplus"

type Automation = dict[str, Any]


@pytest.fixture(autouse=True)
def blueprints() -> Generator[None]:
    """Let Home Assistant find the blueprints, in any folder."""

    @callback
    def load_blueprint(_: DomainBlueprints, path: str) -> Blueprint:
        return load(path.rpartition("/")[2].removesuffix(".yaml"))

    with patch.object(DomainBlueprints, "_load_blueprint", load_blueprint):
        yield


@pytest.fixture(autouse=True)
async def no_timers(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Turn off all automations at the end: their timers would outlast the test."""
    yield
    for entity_id in hass.states.async_entity_ids(AUTOMATION):
        await turn(hass, entity_id, on=False)


def made(
    rig: Rig, blueprint: str = FOLLOW, *, id: str | None = None, **inputs: Any
) -> Automation:
    """Return an automation for a miner from a blueprint."""
    control = {FOLLOW: ("power_limit", LIMIT), SWITCH: ("mining", MINING)}
    name, key = control[blueprint]
    return {
        "id": id or rig.entry.title,
        "alias": f"Surplus for {id or rig.entry.title}",
        "use_blueprint": {
            "path": f"ha-xmrig/{blueprint}.yaml",
            "input": {name: rig.entity_id(key), "grid_power": GRID, **inputs},
        },
    }


async def automate(hass: HomeAssistant, *automations: Automation) -> None:
    """Add automations."""
    hass.states.async_set(GRID, "0", {ATTR_UNIT_OF_MEASUREMENT: "W"})
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: [*automations]})
    await hass.async_block_till_done()


async def edit(hass: HomeAssistant, *automations: Automation) -> None:
    """Replace all automations like the editor, which then reloads them."""
    with patch(
        "homeassistant.config.load_yaml_config_file",
        return_value={AUTOMATION: [*automations]},
    ):
        await hass.services.async_call(AUTOMATION, "reload", blocking=True)
    await hass.async_block_till_done()


async def turn(hass: HomeAssistant, entity_id: str, *, on: bool) -> None:
    """Turn an automation on or off."""
    await hass.services.async_call(
        AUTOMATION,
        "turn_on" if on else "turn_off",
        {"entity_id": entity_id},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)


def told(hass: HomeAssistant) -> str | None:
    """Return which automations the repair names; None without it."""
    if issue := issues(hass).get(AUTOMATIONS_COMPETE):
        assert issue.translation_placeholders
        return issue.translation_placeholders["automations"]
    return None


def is_on(hass: HomeAssistant, rig: Rig) -> bool:
    """Return whether the automation for a miner is on."""
    entity_id = f"automation.surplus_for_{rig.entry.title.replace('-', '_')}"
    state = hass.states.get(entity_id)
    assert state
    return state.state == STATE_ON


ONE = "automation.surplus_for_rig_one"
BOTH = "Surplus for rig-one, Surplus for rig-two"


# --- Two automations ----------------------------------------------------------


@pytest.mark.parametrize("blueprint", [FOLLOW, SWITCH])
async def test_two_miners_on_one_meter(
    hass: HomeAssistant, house: House, blueprint: str
) -> None:
    """As long as both automations are on."""
    one, two, three = house.rigs
    await automate(hass, made(one), made(two, blueprint))
    assert told(hass) == BOTH
    await turn(hass, ONE, on=False)
    assert told(hass) is None
    await turn(hass, ONE, on=True)
    assert told(hass) == BOTH
    await edit(hass, made(one), made(two, blueprint), made(three))
    assert (
        told(hass) == "Surplus for rig-one, Surplus for rig-three, Surplus for rig-two"
    )
    await edit(hass, made(one))
    assert told(hass) is None


async def test_the_same_sensor_of_a_meter_with_two(
    hass: HomeAssistant, house: House
) -> None:
    """In whichever role each automation reads it; other sensors do not count."""
    one, two, _ = house.rigs
    await automate(hass, made(one, grid_export="sensor.export"))
    assert told(hass) is None
    await edit(
        hass,
        made(one, grid_export="sensor.export"),
        made(two, grid_power="sensor.export", grid_sign="export"),
    )
    assert told(hass) == BOTH
    await edit(
        hass,
        made(one, grid_export="sensor.export"),
        made(two, grid_power="sensor.another", battery_power=GRID),
    )
    assert told(hass) is None


async def test_other_automations_do_not_count(
    hass: HomeAssistant, house: House
) -> None:
    """Neither by their variables, nor where they are invalid."""
    one, two, _ = house.rigs
    other = made(two)
    other["use_blueprint"]["input"]["power_limit"] = "number.of_a_charger"
    broken = made(two, id="broken")
    del broken["use_blueprint"]["input"]["power_limit"]
    plain = {
        "alias": "Plain",
        "triggers": [],
        "actions": [],
        "variables": {"grid_power": GRID},
    }
    await automate(hass, made(one), other, broken, plain)
    assert len(hass.states.async_entity_ids(AUTOMATION)) == 4
    assert told(hass) is None


async def test_an_automation_that_the_user_took_control_of(
    hass: HomeAssistant, house: House
) -> None:
    """It has the blueprint's variables, and competes in the same way."""
    one, two, _ = house.rigs
    taken = {
        "alias": "Taken",
        "triggers": [],
        "actions": [],
        "variables": {"mining": two.entity_id(MINING), "grid_power": GRID},
    }
    await automate(hass, made(one), taken)
    assert told(hass) == "Surplus for rig-one, Taken"


async def test_a_miner_that_is_gone(hass: HomeAssistant, house: House) -> None:
    """A disabled one, too: nothing is commanded there."""
    one, two, three = house.rigs
    await automate(hass, made(one), made(two), made(three))
    assert told(hass)
    await hass.config_entries.async_set_disabled_by(
        three.entry.entry_id, ConfigEntryDisabler.USER
    )
    assert told(hass) == BOTH
    await hass.config_entries.async_remove(two.entry.entry_id)
    assert told(hass) is None


async def test_a_repair_that_is_ignored_stays_so(
    hass: HomeAssistant, house: House
) -> None:
    """Also when an automation is edited; not for other automations."""
    one, two, three = house.rigs
    await automate(hass, made(one), made(two))
    ir.async_ignore_issue(hass, DOMAIN, AUTOMATIONS_COMPETE, True)
    await edit(hass, made(one), made(two, margin=10))
    assert told(hass) == BOTH
    assert issues(hass)[AUTOMATIONS_COMPETE].dismissed_version
    await edit(hass, made(one), made(three))
    assert told(hass) == "Surplus for rig-one, Surplus for rig-three"
    assert not issues(hass)[AUTOMATIONS_COMPETE].dismissed_version


@pytest.fixture
def starting(hass: HomeAssistant) -> None:
    """Put Home Assistant into its starting state."""
    hass.set_state(CoreState.not_running)


async def test_nothing_is_reported_while_home_assistant_starts(
    starting: None, hass: HomeAssistant, house: House
) -> None:
    """The states of automations are restored one after the other."""
    one, two, _ = house.rigs
    await automate(hass, made(one), made(two))
    assert told(hass) is None
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert told(hass) == BOTH


# --- With the manager ---------------------------------------------------------


async def test_an_automation_for_a_managed_miner(
    hass: HomeAssistant, house: House
) -> None:
    """One is enough, until one of the two leaves the miner alone."""
    one, _, _ = house.rigs
    await automate(hass, made(one, grid_power="sensor.another"))
    assert told(hass) is None
    await house.set_up()
    assert told(hass) == "Surplus for rig-one"
    await one.turn("switch.managed", on=False)
    assert told(hass) is None
    await one.turn("switch.managed", on=True)
    assert told(hass) == "Surplus for rig-one"
    for option, name in (("manual", None), ("smart", "Surplus for rig-one")):
        await house.manager.call(
            "select", "select_option", "select.mode", option=option
        )
        assert told(hass) == name
    await hass.config_entries.async_unload(house.entry.entry_id)
    assert told(hass) is None


# --- The fix ------------------------------------------------------------------


async def fixing(hass: HomeAssistant, client: ClientSessionGenerator) -> Fix:
    """Open the dialog of the repair."""
    return await Fix.start(hass, client, issues(hass)[AUTOMATIONS_COMPETE])


async def test_the_fix_adds_the_manager(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """Nothing changes before it is there; then it controls the miners."""
    one, two, three = house.rigs
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    await automate(hass, made(one), made(two, SWITCH))
    await one.call("number", "set_value", LIMIT, value=0)
    await two.turn(MINING, on=False)
    fix = await fixing(hass, hass_client)
    assert fix.step["step_id"] == "add_manager"
    assert fix.step["description_placeholders"] == {"automations": BOTH}
    await fix.submit()
    assert fix.step["reason"] == "add_manager"
    kind, flow_id = fix.step["next_flow"]
    assert kind == "config_flow"
    assert told(hass) == BOTH
    assert is_on(hass, one)
    house.sun = 500
    house.report()
    menu = hass.config_entries.flow.async_get(flow_id)
    await choose(hass, menu, "dashboard")
    assert FLEET in hass.data
    assert told(hass) is None
    assert not is_on(hass, one)
    assert not is_on(hass, two)
    for rig in (one, two, three):
        await rig.poll(6)
        house.report()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert two.state(MINING) == STATE_ON
    assert one.state(LIMIT) == str(one.full_state(LIMIT).attributes["max"])
    assert house.threads == [4, 4, 4]


async def two_unmanaged(hass: HomeAssistant, house: House) -> tuple[Rig, Rig]:
    """Return two miners that automations control, and not the manager."""
    one, two, _ = house.rigs
    await house.set_up()
    for rig in (one, two):
        await rig.turn("switch.managed", on=False)
    await automate(hass, made(one), made(two))
    return one, two


async def test_the_fix_hands_over_to_the_manager(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """If it does not control the miners, its mode is changed so that it does."""
    one, two = await two_unmanaged(hass, house)
    fix = await fixing(hass, hass_client)
    assert fix.step["step_id"] == "hand_over"
    await fix.submit()
    assert fix.step["type"] == "create_entry"
    assert told(hass) is None
    for rig in (one, two):
        assert not is_on(hass, rig)
        await rig.poll()
        assert rig.state("switch.managed") == STATE_ON


async def test_a_miner_that_cannot_be_commanded_is_handed_over(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """One is offline, the other not set up."""
    one, two, _ = house.rigs
    await house.set_up()
    await automate(hass, made(one, SWITCH), made(two))
    fix = await fixing(hass, hass_client)
    await one.simulator.go_offline()
    await hass.config_entries.async_unload(two.entry.entry_id)
    await fix.submit()
    assert fix.step["type"] == "create_entry"
    assert not is_on(hass, one)
    assert not is_on(hass, two)


async def test_a_manager_that_leaves_all_alone(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """Its mode is the user's: nothing is turned off."""
    one, two, _ = house.rigs
    await house.set_up()
    await house.manager.call("select", "select_option", "select.mode", option="manual")
    await automate(hass, made(one), made(two))
    fix = await fixing(hass, hass_client)
    await fix.submit()
    assert fix.step["reason"] == "manager_inactive"
    assert told(hass) == BOTH


async def test_what_changed_while_the_form_was_open(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """It is shown, and needs another answer."""
    one, two, three = house.rigs
    await automate(hass, made(one), made(two))
    fix = await fixing(hass, hass_client)
    await edit(hass, made(one), made(two), made(three))
    await fix.submit()
    assert fix.step["step_id"] == "add_manager"
    assert "rig-three" in fix.step["description_placeholders"]["automations"]
    await house.set_up()
    await fix.submit()
    assert fix.step["step_id"] == "hand_over"
    await edit(hass, made(one))
    await fix.submit()
    assert fix.step["description_placeholders"] == {
        "automations": "Surplus for rig-one"
    }
    await edit(hass)
    await fix.submit()
    assert fix.step["reason"] == "resolved"


async def test_an_automation_stays_on_if_the_manager_cannot_have_its_miner(
    hass: HomeAssistant, house: House, hass_client: ClientSessionGenerator
) -> None:
    """Nothing would control the miner otherwise."""
    one, two = await two_unmanaged(hass, house)
    fix = await fixing(hass, hass_client)
    error = HomeAssistantError("The disk is full")
    with patch.object(XmrigStore, "async_save", side_effect=error):
        await fix.submit()
    assert fix.step["reason"] == "not_handed_over"
    assert {is_on(hass, rig) for rig in (one, two)} == {True}


@pytest.mark.parametrize("has_manager", [True, False])
async def test_settings_that_cannot_be_stored(
    hass: HomeAssistant,
    house: House,
    hass_client: ClientSessionGenerator,
    has_manager: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says so."""
    one, two, _ = house.rigs
    await set_dashboard(hass, {"type": "grid", "stat_rate": GRID})
    await automate(hass, made(one), made(two))
    with patch(
        "custom_components.xmrig_miner.fleet.automation_issue.async_hand_over",
        side_effect=HomeAssistantError("The disk is full"),
    ):
        if has_manager:
            await house.set_up()
        fix = await fixing(hass, hass_client)
        await fix.submit()
        if has_manager:
            assert fix.step["reason"] == "not_handed_over"
        else:
            await house.set_up()
    assert "The disk is full" in caplog.text
    assert told(hass) == BOTH
    assert {is_on(hass, rig) for rig in (one, two)} == {True}
