"""Missing sensors of the house are reported, unavailable ones are not."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.fleet.source_issues import GONE
from tests.fixing import Fix, issues

from .house import GRID, THREAD, House, set_dashboard

REASON = "sensor.reason"


def raised(house: House) -> dict[str, str]:
    """Return the sensors that each repair of the manager names."""
    return {
        str(issue.translation_key): (issue.translation_placeholders or {})["sensors"]
        for issue in issues(house.hass).values()
    }


async def wait(house: House) -> None:
    """Let enough time pass for a sensor to count as gone, without reports."""
    for _ in range(GONE // 10 + 1):
        await house.manager.poll()


async def test_a_sensor_that_is_renamed(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """The Energy dashboard still has its old name; the fix leads to the form."""
    registry = er.async_get(house.hass)
    sensor = registry.async_get_or_create(
        "sensor", "meter", "1", suggested_object_id="grid", unit_of_measurement="W"
    )
    assert sensor.entity_id == GRID
    house.sun = 2.5 * THREAD
    await house.set_up()
    await house.pass_time(60)
    assert sum(house.threads) == 2
    registry.async_update_entity(GRID, new_entity_id="sensor.renamed")
    house.hass.states.async_remove(GRID)
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert house.manager.state(REASON) == "meter_silent"
    assert not raised(house)
    await wait(house)
    assert sum(house.threads) == 0
    assert raised(house) == {"sensors_missing": f"`{GRID}`"}
    [issue] = issues(house.hass).values()
    fix = await Fix.start(house.hass, hass_client, issue)
    assert fix.step["step_id"] == "confirm"
    await fix.submit()
    assert fix.step["reason"] == "reconfigure"
    kind, flow_id = fix.step["next_flow"]
    assert kind == "config_flow"
    form = house.hass.config_entries.flow.async_get(flow_id)
    assert form["context"]["entry_id"] == house.entry.entry_id
    await house.name_meter({"stat_rate": "sensor.renamed"})
    house.hass.states.async_set("sensor.renamed", "0", {"unit_of_measurement": "W"})
    await house.pass_time(20)
    assert not raised(house)
    assert house.manager.state(REASON) == "no_surplus"


async def test_a_dashboard_that_is_emptied_and_filled_again(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """It names no meter: another repair, which ends by itself."""
    house.sun = 500
    await house.set_up()
    await house.pass_time(60)
    await set_dashboard(house.hass)
    assert house.manager.state(REASON) == "meter_silent"
    await wait(house)
    assert sum(house.threads) == 0
    assert raised(house) == {"no_grid_power": ""}
    [issue] = issues(house.hass).values()
    fix = await Fix.start(house.hass, hass_client, issue)
    await house.name_meter({"stat_rate": GRID})
    await house.pass_time(10)
    assert not raised(house)
    await fix.submit()
    assert fix.step["reason"] == "resolved"


async def test_the_repair_names_what_is_missing_now(house: House) -> None:
    """After another change of the dashboard, not what was missing before."""
    await house.set_up(stat_rate="sensor.gone")
    await wait(house)
    assert raised(house) == {"sensors_missing": "`sensor.gone`"}
    await set_dashboard(house.hass)
    await wait(house)
    assert raised(house) == {"no_grid_power": ""}
    battery = {"type": "battery", "stat_rate": "sensor.a", "stat_soc": "sensor.b"}
    await set_dashboard(house.hass, {"type": "grid", "stat_rate": GRID}, battery)
    await wait(house)
    assert raised(house) == {"sensors_missing": "`sensor.a`, `sensor.b`"}


async def test_a_meter_that_is_unavailable_at_dusk(house: House) -> None:
    """An inverter sleeps: the miners rest, nothing is to be repaired."""
    house.sun = 500
    await house.set_up()
    await house.pass_time(60)
    house.hass.states.async_set(GRID, STATE_UNAVAILABLE)
    await wait(house)
    assert sum(house.threads) == 0
    assert house.manager.state(REASON) == "meter_silent"
    assert not raised(house)
    await house.pass_time(120)
    assert sum(house.threads) > 0


async def test_a_sensor_that_is_back_soon_was_not_gone(house: House) -> None:
    """As while its integration is reloaded."""
    await house.set_up()
    await house.pass_time(20)
    house.hass.states.async_remove(GRID)
    await house.manager.poll(GONE // 20)
    house.report()
    await house.manager.poll(GONE // 20)
    house.hass.states.async_remove(GRID)
    await house.manager.poll(GONE // 20)
    assert not raised(house)


async def test_nothing_is_gone_while_home_assistant_starts(house: House) -> None:
    """Sensors come one after the other."""
    house.hass.set_state(CoreState.not_running)
    await house.set_up(stat_rate="sensor.late")
    await wait(house)
    assert not raised(house)
    house.hass.set_state(CoreState.running)
    await wait(house)
    assert raised(house) == {"sensors_missing": "`sensor.late`"}


async def test_a_repair_that_is_ignored_stays_so(house: House) -> None:
    """Also when the manager is reloaded; not once it was repaired or removed."""
    await house.set_up(stat_rate="sensor.gone")
    await wait(house)
    [issue] = issues(house.hass).values()
    ir.async_ignore_issue(house.hass, DOMAIN, issue.issue_id, True)
    await house.manager.reload()
    await wait(house)
    [issue] = issues(house.hass).values()
    assert issue.dismissed_version
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert not issues(house.hass)


async def test_a_manager_that_is_unloaded_raises_nothing(
    hass: HomeAssistant, house: House
) -> None:
    """What was raised goes, what was waited for is not."""
    await house.set_up(stat_rate="sensor.gone")
    await wait(house)
    assert raised(house)
    await hass.config_entries.async_unload(house.entry.entry_id)
    assert not raised(house)
    await wait(house)
    assert not raised(house)


@pytest.mark.parametrize("source", [{}, {"stat_rate": "sensor.gone"}])
async def test_there_is_one_repair_however_long_it_lasts(
    house: House, source: dict[str, Any]
) -> None:
    """It is not raised again, which a user who ignored it would notice."""
    await house.set_up(**source or {"stat_energy_from": "sensor.energy"})
    await wait(house)
    [issue] = issues(house.hass).values()
    await wait(house)
    assert [*issues(house.hass).values()] == [issue]
