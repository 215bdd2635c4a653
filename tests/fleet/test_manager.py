"""The manager distributes the surplus of the house over its miners."""

import asyncio
from datetime import timedelta

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.manager import Mode
from custom_components.xmrig_miner.manager.sources import TOGETHER
from simulator.faults import Fault
from simulator.http import Reply
from tests.common import Rig
from tests.controls import MINING
from tests.watts import NUMBERS, threads_hashing

from .house import GRID, MODE, THREAD, THREADS, House, set_dashboard


async def test_the_surplus_is_mined_and_no_more(house: House) -> None:
    """All miners together draw what the sun leaves."""
    house.sun = 5.5 * THREAD
    await house.set_up()
    await house.pass_time(120)
    assert sum(house.threads) == 5
    assert float(house.manager.state("sensor.surplus")) == pytest.approx(10, abs=1)
    house.sun = 2.5 * THREAD
    await house.pass_time(20)
    assert sum(house.threads) == 2
    house.sun = 1000
    await house.pass_time(180)
    assert house.threads == [THREADS] * 3
    assert house.manager.state("sensor.reason") == "everything_at_full"
    house.sun = 0
    await house.pass_time(20)
    assert house.threads == [0] * 3
    assert house.manager.state("sensor.reason") == "no_surplus"


@pytest.mark.parametrize(("mode", "threads"), [("off", 0), ("full", THREADS)])
async def test_off_and_full_need_no_meter(
    house: House, mode: str, threads: int
) -> None:
    """One tap is enough."""
    house.sun = 3 * THREAD
    await house.set_up()
    await house.pass_time(60)
    await house.manager.call("select", "select_option", MODE, option=mode)
    await house.pass_time(60)
    assert house.threads == [threads] * 3


async def test_manual_gives_the_miners_back(house: House) -> None:
    """They are as without a manager."""
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    await house.manager.call("select", "select_option", MODE, option="manual")
    await house.pass_time(30)
    assert house.threads == [THREADS] * 3


async def test_a_miner_that_was_away_is_given_back_once_it_returns(
    house: House,
) -> None:
    """The mode became manual while it was not set up, or Home Assistant was killed."""
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    entries = house.hass.config_entries
    away = house.rigs[0].entry
    await entries.async_unload(away.entry_id)
    await house.manager.call("select", "select_option", MODE, option="manual")
    await house.pass_time(30)
    assert house.threads == [0, THREADS, THREADS]
    await entries.async_unload(house.entry.entry_id)
    await entries.async_setup(away.entry_id)
    await house.pass_time(30)
    assert house.threads == [0, THREADS, THREADS]
    await entries.async_setup(house.entry.entry_id)
    await house.pass_time(30)
    assert house.threads == [THREADS] * 3


@pytest.mark.parametrize("change", ["mode", "managed"])
async def test_a_miner_that_reloads_is_given_back(house: House, change: str) -> None:
    """Its release was due at that time."""
    await house.set_up()
    await house.pass_time(60)
    rig = house.rigs[0]
    entries = house.hass.config_entries
    await entries.async_unload(rig.entry.entry_id)
    runtime = house.entry.runtime_data
    if change == "mode":
        await runtime.async_change(mode=Mode.MANUAL)
    else:
        await runtime.async_change_member(rig.entry.entry_id, is_managed=False)
    await house.pass_time(10)
    await entries.async_setup(rig.entry.entry_id)
    await house.pass_time(30)
    assert house.threads[0] == THREADS


async def test_after_manual_the_miners_are_commanded_again(house: House) -> None:
    """Including those that had nothing to restore, so that there was nothing to do."""
    house.sun = 1000
    await house.set_up()
    await house.pass_time(120)
    assert house.threads == [THREADS] * 3
    for mode in ("manual", "off"):
        await house.manager.call("select", "select_option", MODE, option=mode)
        await house.pass_time(30)
    assert house.threads == [0] * 3


async def test_a_miner_that_is_not_managed_is_left_alone(house: House) -> None:
    """What it draws is not there for the others."""
    await house.set_up()
    await house.pass_time(60)
    first, *others = house.rigs
    await first.turn("switch.managed", on=False)
    await house.pass_time(30)
    assert house.threads == [THREADS, 0, 0]
    house.sun = 6.5 * THREAD
    await house.pass_time(120)
    assert house.threads[0] == THREADS
    assert sum(house.threads[1:]) == 2
    assert others


async def test_a_miner_that_the_user_switched_off_rests(house: House) -> None:
    """Until it is switched on again."""
    house.sun = 1000
    await house.set_up()
    await house.pass_time(120)
    await house.rigs[1].turn(MINING, on=False)
    await house.pass_time(60)
    assert house.threads == [THREADS, 0, THREADS]
    await house.rigs[1].turn(MINING, on=True)
    await house.pass_time(60)
    assert house.threads == [THREADS] * 3


@pytest.mark.parametrize("sun", [0, 5.5 * THREAD])
@pytest.mark.parametrize("path", ["/backends", "/config"])
async def test_a_miner_whose_replies_are_cut_is_left_alone(
    house: House, sun: float, path: str
) -> None:
    """It keeps its threads, which count; the others share what they leave.

    A command to it would do nothing: repeated every second, it taught wrong watts.
    """
    house.sun = 1000
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [THREADS] * 3
    one, *_ = house.rigs
    cut = Fault("cut", instead=Reply(200, body=b'[{"type": "c'), path=path)
    one.simulator.fail(cut, 9)
    await house.pass_time(20)
    house.sun = sun
    await house.pass_time(60)
    assert sum(house.threads) == max(THREADS, sun // THREAD)
    plan = house.entry.runtime_data.coordinator.data.plan
    assert plan.draw == house.mined
    assert one.entry.entry_id not in {step.member for step in plan.state.watts.steps}
    await house.pass_time(60)
    assert sum(house.threads) == sun // THREAD


async def test_settings_survive_a_restart(house: House) -> None:
    """Mode, numbers, and what was set for a member."""
    await house.set_up()
    await house.pass_time(20)
    await house.manager.call("select", "select_option", MODE, option="off")
    await house.manager.call("number", "set_value", "number.reserve", value=150)
    await house.rigs[0].call("number", "set_value", "number.priority", value=3)
    await house.manager.reload()
    assert house.manager.state(MODE) == "off"
    assert house.manager.state("number.reserve") == "150.0"
    assert float(house.rigs[0].state("number.priority")) == 3
    await house.pass_time(60)
    assert house.threads == [0] * 3


async def test_a_manager_that_is_removed_gives_the_miners_back(house: House) -> None:
    """With what belongs to it on their devices."""
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    assert "switch.managed" in house.rigs[0].entities
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert house.threads == [THREADS] * 3
    for rig in house.rigs:
        assert not {"switch.managed", "number.priority"} & rig.entities.keys()
    await house.pass_time(30)
    registry = er.async_get(house.hass)
    assert not er.async_entries_for_config_entry(registry, house.entry.entry_id)
    assert not {"switch.managed", "number.priority"} & house.rigs[0].entities.keys()


async def test_a_manager_that_is_disabled_gives_the_miners_back(house: House) -> None:
    """Nothing would ever release them; they are members again once it is enabled."""
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    entries = house.hass.config_entries
    await entries.async_set_disabled_by(house.entry.entry_id, ConfigEntryDisabler.USER)
    await house.pass_time(30)
    assert house.threads == [THREADS] * 3
    await entries.async_set_disabled_by(house.entry.entry_id, None)
    await house.pass_time(60)
    assert house.threads == [0] * 3


async def test_a_manager_that_was_removed_while_a_miner_was_away(house: House) -> None:
    """The miner is released once it is back."""
    await house.set_up()
    await house.pass_time(60)
    await house.rigs[0].simulator.go_offline()
    await house.hass.config_entries.async_unload(house.rigs[0].entry.entry_id)
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.rigs[0].simulator.go_online()
    await house.hass.config_entries.async_setup(house.rigs[0].entry.entry_id)
    await house.pass_time(60)
    assert house.threads == [THREADS] * 3


@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_a_manager_that_is_gone_while_a_miner_is_set_up(
    house: House, how: str
) -> None:
    """The miner, which answers late, is released as well."""
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    entries = house.hass.config_entries
    rig = house.rigs[0]
    rig.simulator.fault = "slow"
    reload = house.hass.async_create_task(entries.async_reload(rig.entry.entry_id))
    await asyncio.sleep(1)
    assert rig.entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    if how == "removed":
        await entries.async_remove(house.entry.entry_id)
    else:
        user = ConfigEntryDisabler.USER
        await entries.async_set_disabled_by(house.entry.entry_id, user)
    await reload
    rig.simulator.fault = None
    await house.pass_time(30)
    assert house.threads == [THREADS] * 3


async def test_what_is_shown_stays_until_all_meters_have_reported(
    house: House,
) -> None:
    """Between the report of the grid and that of the battery, the two do not fit."""
    battery = "sensor.battery"

    def charge(watts: float) -> None:
        house.hass.states.async_set(battery, f"{-watts}", {"unit_of_measurement": "W"})

    def shown() -> list[str]:
        keys = ("reason", "surplus", "budget")
        return [house.manager.state(f"sensor.{key}") for key in keys]

    charge(0)
    await set_dashboard(
        house.hass,
        {"type": "grid", "stat_rate": GRID},
        {"type": "battery", "stat_rate": battery},
    )
    house.report()
    await house.manager.set_up()
    house.sun = 1.5 * THREAD
    # The battery does not report without a change, and the manager waits for it
    await house.pass_time(TOGETHER + 30)
    before = shown()
    assert before == ["no_surplus", "10", "30"]
    house.sun = 0.5 * THREAD
    house.report()
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert shown() == before
    charge(THREAD)
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert shown() == before
    await house.manager.pass_time(timedelta(seconds=2))
    assert shown() == ["no_surplus", "10", "30"]


async def test_it_follows_the_energy_dashboard(house: House) -> None:
    """The user names another meter there."""
    house.sun = 500
    await house.set_up(stat_rate="sensor.another")
    await house.pass_time(60)
    assert house.threads == [0] * 3
    assert house.manager.state("sensor.reason") == "meter_silent"
    await house.name_meter({"stat_rate": GRID})
    await house.pass_time(180)
    assert house.threads == [THREADS] * 3
    await house.name_meter({})
    await house.pass_time(30)
    assert house.threads == [0] * 3


async def test_a_member_that_is_removed_leaves_its_share(house: House) -> None:
    """The others mine with it."""
    house.sun = 2.5 * THREAD
    await house.set_up()
    await house.pass_time(120)
    busy = max(house.rigs, key=lambda rig: threads_hashing(rig.simulator))
    await house.hass.config_entries.async_remove(busy.entry.entry_id)
    busy.simulator.miner.pause()
    await house.pass_time(180)
    assert sum(house.threads) == 2
    assert house.manager.state("sensor.miners") == "2"


@pytest.mark.parametrize("count", [0, 1])
async def test_few_members(hass: HomeAssistant, trio: list[Rig], count: int) -> None:
    """None at all is no error."""
    for rig in trio[count:]:
        await hass.config_entries.async_remove(rig.entry.entry_id)
    house = House(hass, trio)
    await house.set_up()
    await house.pass_time(30)
    assert house.manager.state("sensor.miners") == str(count)
    assert (house.manager.state("sensor.reason") == "unknown") is (count == 0)


async def test_nothing_is_left_behind(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """No timer, no listener, no error."""
    await house.set_up()
    for _ in range(3):
        await house.pass_time(20)
        await house.manager.reload()
    await house.hass.config_entries.async_unload(house.entry.entry_id)
    house.report()
    await house.pass_time(30)
    assert not [item for item in caplog.records if item.levelname == "ERROR"]


class CardsOnly(House):
    """A house with a miner whose cards draw 80 W."""

    @property
    def mined(self) -> float:
        """Return the power of the cards in W."""
        return 80 if self.rigs[0].simulator.is_hashing else 0


@pytest.mark.parametrize("options", [{"gpus": 1}])
async def test_cards_that_report_no_power_draw_what_the_user_stated(
    hass: HomeAssistant, running: Rig
) -> None:
    """The miner is on or off as a whole: 80 W in this case."""
    for gpu in running.simulator.gpus:
        gpu.power = gpu.idle_power = 0
    hass.config_entries.async_update_entry(running.entry, options=NUMBERS)
    await running.reload()
    await running.turn("switch.cpu_backend", on=False)
    house = CardsOnly(hass, [running])
    house.sun = 79
    await house.set_up()
    await house.pass_time(120)
    assert not running.simulator.is_hashing
    house.sun = 81
    await house.pass_time(60)
    assert running.simulator.is_hashing
    assert house.manager.state("sensor.mining_power") == "80"
