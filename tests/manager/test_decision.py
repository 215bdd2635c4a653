"""Each reading of the meter and each end of a wait leads to the right threads."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.manager import (
    Curve,
    Meters,
    Mode,
    Prices,
    Reading,
    Reason,
)
from custom_components.xmrig_miner.manager.heat import STEP_TIME
from custom_components.xmrig_miner.manager.members import LEFT_OUT, OFFLINE_KEPT
from custom_components.xmrig_miner.manager.response import LONGEST
from custom_components.xmrig_miner.manager.sleep import Sleep
from custom_components.xmrig_miner.manager.sleep_rules import Phase, SleepRules
from custom_components.xmrig_miner.manager.state import SILENT, ManagerState, Shown
from custom_components.xmrig_miner.manager.watts import ASSUMED

from .common import House, line, miner

# --- Following the surplus ----------------------------------------------------


def test_the_surplus_is_mined() -> None:
    """What would be exported feeds as many threads as fit."""
    house = House(miner())
    plan = house.run(0, -50)
    assert plan.targets == {"a": 2}
    assert plan.reason is Reason.NO_SURPLUS
    assert (plan.surplus, plan.budget, plan.draw) == (10, 50, 40)
    assert house.run(15, -10).targets == {}


def test_a_reading_right_after_a_step_is_not_spent_twice() -> None:
    """The meter may not have seen yet what was taken."""
    house = House(miner())
    house.run(0, -50)
    plan = house.run(3, -50)
    assert plan.targets == {}
    assert plan.reason is Reason.METER_SETTLING
    assert not plan.is_gathering
    assert house.run(16, -10).targets == {}


def test_a_plan_may_show_what_the_one_before_it_showed() -> None:
    """While some sensors have yet to report."""
    house = House(miner(), reserve=5)
    before = replace(house.run(0, -50), reason=Reason.PRICE)
    plan = house.at(15, 300)
    shown = plan.shown_as(before)
    figures = (shown.reason, shown.surplus, shown.budget)
    assert figures == (before.reason, before.surplus, before.budget)
    assert shown.targets == plan.targets == {"a": 0}


def test_less_is_applied_at_once() -> None:
    """Even if the member changed a moment ago."""
    house = House(miner())
    house.run(0, -50)
    assert house.run(6, 35).targets == {"a": 0}


def test_it_decides_again_when_the_wait_ends() -> None:
    """More waits until the last change has settled, and needs no new reading."""
    house = House(miner(settle=20), miner("b", max_threads=0))
    house.run(0, -30)
    plan = house.run(10, -50)
    assert plan.targets == {}
    assert plan.reason is Reason.WAITING_TO_STEP_UP
    assert plan.wake_at == 20
    assert house.run(20).targets == {"a": 3}


def test_it_decides_again_when_the_meter_would_have_shown_a_step() -> None:
    """If it does not, it is silent."""
    house = House(miner())
    house.run(0, -50)
    assert house.run(15, -10).wake_at == SILENT
    assert house.run(SILENT).wake_at == SILENT + LONGEST
    assert house.run(SILENT + LONGEST).wake_at is None


def test_several_members_have_one_budget() -> None:
    """They do not fight each other."""
    house = House(miner("a"), miner("b"))
    house.run(0, -90)
    assert sum(count or 0 for count in house.threads.values()) == 4
    for now in range(15, 300, 15):
        assert house.run(now, -10).targets == {}


def test_the_reserve_is_exported() -> None:
    """Below zero it may be bought."""
    plan = House(miner(), reserve=20).run(0, -50)
    assert (plan.targets, plan.budget) == ({"a": 1}, 30)
    assert House(miner()).run(0, 50).budget == 0
    assert House(miner(), reserve=-20).run(0, -50).targets == {"a": 3}


def test_at_full_that_is_the_reason() -> None:
    """Nothing more can be had."""
    house = House(miner())
    plan = house.run(0, -500)
    assert plan.targets == {"a": 4}
    assert plan.reason is Reason.EVERYTHING_AT_FULL


def test_a_miner_that_starts_up_is_the_reason() -> None:
    """It will use what is left over."""
    house = House(miner(threads=None, is_online=False, sleep=SleepRules(after=600)))
    house.state = ManagerState(sleepers={"a": Sleep(phase=Phase.WAKING, since=0)})
    assert house.run(10, -500).reason is Reason.WAKING


def test_a_member_whose_power_is_still_to_be_learned_takes_part() -> None:
    """With a power that is assumed until then."""
    house = House(miner(size=4, curve=None))
    assert house.run(0, -4 * ASSUMED).targets == {"a": 4}


def test_without_members_there_is_nothing_to_say() -> None:
    """The surplus is known all the same."""
    plan = House().run(0, -500)
    assert (plan.targets, plan.reason, plan.surplus) == ({}, None, 500)
    assert House(mode=Mode.OFF).run(0).reason is None


@pytest.mark.parametrize("mode", [Mode.SMART, Mode.FULL])
@pytest.mark.parametrize("away", [{"is_online": False}, {"is_steerable": False}])
def test_there_is_no_reason_if_no_member_can_be_changed(
    mode: Mode, away: dict[str, Any]
) -> None:
    """Not everything is at full if the user switched all miners off."""
    house = House(miner(**away), mode=mode)
    assert house.run(0, -500).reason is None
    assert house.run(15, 500).reason is None


def test_a_thread_is_kept_where_the_pool_wants_it() -> None:
    """Each has one, also in the night."""
    house = House(miner("a"), miner("b"), keep_mining=True)
    assert house.run(0, 300).targets == {"a": 1, "b": 1}
    house.meters = Meters(grid=None)
    assert house.run(15).targets == {}


def test_a_load_that_is_switched_is_not_kept_on() -> None:
    """It has no thread that could be kept."""
    house = House(miner("gpu", curve=Curve.on_off(300)), keep_mining=True)
    assert house.run(0, 300).targets == {}


# --- Modes --------------------------------------------------------------------


def test_off_rests_all() -> None:
    """Whatever the sun does."""
    house = House(miner("a", 4), miner("b", 1), mode=Mode.OFF)
    plan = house.run(0, -500)
    assert plan.targets == {"a": 0, "b": 0}
    assert (plan.reason, plan.budget) == (Reason.OFF, 0)


def test_full_needs_no_meter() -> None:
    """Every member runs all threads that its user allows."""
    house = House(miner("a"), miner("b", max_threads=3), mode=Mode.FULL)
    plan = house.run(0)
    assert plan.targets == {"a": 4, "b": 3}
    assert plan.reason is Reason.EVERYTHING_AT_FULL
    assert plan.budget == 140


def test_manual_leaves_the_members_alone() -> None:
    """Nothing is changed."""
    house = House(miner("a", 3), mode=Mode.MANUAL)
    plan = house.run(0, 500)
    assert plan.targets == {}
    assert plan.reason is None
    assert not plan.is_gathering


@pytest.mark.parametrize(
    ("before", "is_left_alone"), [(None, True), (Mode.SMART, True), (Mode.OFF, False)]
)
def test_what_the_user_did_to_one_that_sleeps_lasts_until_another_mode(
    before: Mode | None, *, is_left_alone: bool
) -> None:
    """After a start of Home Assistant, the mode is not another one."""
    house = House(miner(sleep=SleepRules(after=600)))
    sleepers = {"a": Sleep(is_left_alone=True)}
    house.state = ManagerState(sleepers=sleepers, mode=before)
    state = house.run(0).state
    assert state.mode is Mode.SMART
    assert state.sleepers["a"].is_left_alone is is_left_alone


# --- Bounds and members that are left alone -----------------------------------


def test_the_limits_of_the_user_hold() -> None:
    """A power limit is one of the whole computer."""
    house = House(miner("a", max_threads=1), miner("b", max_watts=85))
    assert house.run(0, -500).targets == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "values", [{"is_steerable": False}, {"curve": None}, {"threads": None}]
)
def test_some_take_no_part(values: dict[str, object]) -> None:
    """One that is not managed, whose watts are not known, or that says nothing yet."""
    house = House(miner("a", **{"threads": 2, **values}), miner("b"))  # type: ignore[arg-type]
    assert house.run(0, -50).targets == {"b": 2}


def test_what_another_member_begins_to_draw_is_no_step_of_the_house() -> None:
    """The meter shows it, and so does the model."""
    house = House(miner("a", 0), miner("b", 0, is_steerable=False))
    house.run(0, -50)
    house.change("b", threads=2)
    assert house.run(15, 30).targets == {"a": 0}
    assert house.run(30, -10).surplus == pytest.approx(10)


def test_what_is_noticed_may_have_been_there_for_a_while() -> None:
    """It is not given away before the meter shows it for sure."""
    house = House(miner("a", 0), miner("b", 0, is_steerable=False))
    house.run(0, 0)
    house.change("b", threads=2)
    plan = house.run(15, -50)
    assert plan.targets == {}
    assert plan.reason is Reason.METER_SETTLING
    assert house.run(30, -50).targets == {"a": 2}


def test_a_member_that_fails_twice_is_left_out() -> None:
    """For five minutes; its share goes to the others."""
    house = House(miner("a", curve=line(each=10)), miner("b"))
    assert house.at(0, -40).targets == {"a": 4}
    house.state = house.state.with_result("a", ok=False, now=2)
    assert house.at(15, -40).targets == {"a": 4}
    house.state = house.state.with_result("a", ok=False, now=17)
    assert house.run(30, -40).targets == {"b": 2}
    # By then, the meter would have shown the step to 2 threads
    assert house.run(30 + SILENT + LONGEST, 0).wake_at == 17 + LEFT_OUT
    assert house.run(320, 0).targets == {"a": 4, "b": 0}


def test_a_command_that_is_lost_is_sent_again() -> None:
    """Without a result within a minute, it is ignored."""
    house = House(miner())
    assert house.at(0, -50).targets == {"a": 2}
    assert house.at(30).targets == {}
    assert house.at(75, -50).targets == {"a": 2}


def test_a_command_on_its_way_counts_as_done() -> None:
    """Its power is not given away again."""
    house = House(miner("a"), miner("b"))
    assert house.at(0, -80).targets == {"a": 4}
    assert house.at(15, 0).targets == {}


# --- Members out of reach -----------------------------------------------------


def test_the_share_of_a_member_that_went_offline_is_kept_for_a_minute() -> None:
    """It may be back in a moment."""
    house = House(miner("a"), miner("b"))
    house.run(0, -80)
    house.change("a", is_online=False, threads=None)
    plan = house.run(15, -80)
    assert plan.targets == {}
    assert plan.wake_at == 15 + OFFLINE_KEPT
    assert house.run(60, -80).targets == {}
    assert house.run(76, -80).targets == {"b": 4}


def test_others_are_not_reduced_where_a_member_only_cannot_be_reached() -> None:
    """The meter shows that it goes on."""
    house = House(miner("a"), miner("b"))
    house.run(0, -160)
    house.change("a", is_online=False, threads=None)
    for now in (15, 60, 90, 300):
        assert house.run(now, 0).targets == {}


def test_the_plug_of_a_member_out_of_reach_says_what_it_draws() -> None:
    """Nothing has to be kept for it."""
    house = House(miner("a", plug_watts=40), miner("b", plug_watts=40))
    house.run(0, -80)
    house.change("a", is_online=False, threads=None, plug_watts=2)
    assert house.run(15, -80).targets == {"b": 4}


def test_a_member_that_is_back_takes_part_again() -> None:
    """At once."""
    house = House(miner("a", curve=line(each=10)), miner("b"))
    house.change("a", is_online=False, threads=None)
    assert house.run(0, -40).targets == {"b": 2}
    house.change("a", is_online=True, threads=0)
    assert house.run(30, 0).targets == {"a": 4, "b": 0}


def test_a_member_that_is_removed_was_no_step() -> None:
    """What it drew is the house's from then on."""
    house = House(miner("a"), miner("b", 4, is_steerable=False))
    house.run(0, -40)
    assert house.threads["a"] == 2
    del house.members["b"]
    plan = house.run(15, 0)
    assert plan.targets == {}
    assert plan.surplus == pytest.approx(0)


# --- Meter --------------------------------------------------------------------


def test_without_a_meter_nothing_is_bought() -> None:
    """An unavailable meter is silent at once."""
    house = House(miner())
    house.run(0, -50)
    house.meters = Meters(grid=None)
    plan = house.run(10)
    assert plan.targets == {"a": 0}
    assert plan.reason is Reason.METER_SILENT
    assert (plan.surplus, plan.budget) == (None, 0)
    assert house.run(30, -50).targets == {"a": 2}


def test_a_constant_reading_is_not_silence() -> None:
    """A battery holds the grid at zero for hours."""
    house = House(miner())
    house.run(0, -50)
    house.run(15, -10)
    for now in range(30, 7200, 600):
        assert house.at(now).reason is not Reason.METER_SILENT


def test_no_report_after_a_step_is_silence() -> None:
    """A step of ours does not show."""
    house = House(miner())
    house.run(0, -50)
    plan = house.run(100)
    assert plan.targets == {}
    assert plan.wake_at == 120
    house.run(119)
    plan = house.run(121)
    assert plan.targets == {"a": 0}
    assert plan.reason is Reason.METER_SILENT
    assert house.run(300).targets == {}
    assert house.run(340, -50).targets == {"a": 2}


def test_a_step_that_a_meter_need_not_show_is_no_silence() -> None:
    """One that reports only changes of 10 W may not show a small thread."""
    house = House(miner(curve=line(each=8)))
    house.run(0, -12)
    assert house.at(200).reason is not Reason.METER_SILENT


def test_a_meter_that_reports_the_same_after_a_step_is_silent() -> None:
    """It hangs, though it reports, and is heard again when that changes."""
    house = House(miner())
    house.run(0, -80)
    assert house.threads == {"a": 4}
    for now in range(10, 290, 10):
        assert house.run(now, -80).reason is not Reason.METER_SILENT
    for now in range(300, 2000, 10):
        assert house.run(now, -80).reason is Reason.METER_SILENT
    assert house.threads == {"a": 0}
    assert house.run(2000, -81).targets == {"a": 4}


def test_steps_that_cancel_each_other_are_not_missed() -> None:
    """The meter cannot show what is over before it reports."""
    house = House(miner())
    house.run(0, -80)
    house.change("a", threads=0)
    house.run(10, 0)
    house.change("a", threads=4)
    house.settings = replace(house.settings, mode=Mode.FULL)
    house.run(10.5)
    for now in range(20, 900, 10):
        assert not house.run(now, 0).state.is_silent


def test_several_sensors_are_waited_for() -> None:
    """Import reports that it fell to zero before export reports that it rose."""
    house = House(miner())
    house.run(0, 0, parts=2)
    plan = house.at(15, -50, parts=2, since=0)
    assert plan.targets == {}
    assert plan.wake_at == 16
    assert plan.reason is Reason.METER_SETTLING
    assert plan.surplus == 50
    assert plan.state.shown == Shown(0, 0, 0)
    plan = house.at(16)
    assert plan.targets == {"a": 2}
    assert plan.state.shown == Shown(-50, 15, 15)
    assert plan.state.household.at == 15
    # The next time, they are waited for again
    assert house.at(30, -60, parts=2, since=16).is_gathering


def test_sensors_that_had_their_time_are_not_waited_for() -> None:
    """As when nothing was decided in the meantime."""
    house = House(miner())
    house.run(0, 0, parts=2)
    house.meters = replace(house.meters, grid=Reading(-50, 15, 0))
    assert house.at(16).targets == {"a": 2}


def test_a_meter_of_several_sensors_that_reports_each_second_is_followed() -> None:
    """While one sensor is waited for, the other reports again."""
    house = House(miner())
    for second in range(10):
        house.run(second, 0, parts=2, since=second - 0.9)
    assert house.at(10, -50, parts=2, since=9.1).targets == {"a": 2}


def test_a_sensor_that_reports_all_the_time_is_not_waited_for_each_time() -> None:
    """The other one reports only changes."""
    house = House(miner())
    house.run(0, 0, parts=2)
    for half in range(20, 22):
        assert house.at(half / 2, -50, parts=2, since=0).targets == {}
    assert house.at(11, -50, parts=2, since=0).targets == {"a": 2}


# --- Battery and price --------------------------------------------------------


def test_the_battery_goes_first() -> None:
    """Below the one charge it gets all, above the other its charging is surplus."""
    house = House(miner(), battery_priority=50, battery_start=80)

    def at(now: float, level: float | None) -> Reason | None:
        return (
            house.run(
                now,
                0,
                battery=Reading(200, now, now),
                has_battery=True,
                has_level=True,
                battery_level=level,
                parts=2,
            ).reason
            and house.run(now + 1).reason
        )

    assert at(0, 40) is Reason.BATTERY_FIRST
    assert at(20, 70) is Reason.BATTERY_FIRST
    assert house.threads == {"a": 0}
    plan = house.run(22)
    assert (plan.surplus, plan.budget) == (200, 0)
    assert at(40, 81) is Reason.EVERYTHING_AT_FULL
    assert at(60, 55) is Reason.EVERYTHING_AT_FULL
    assert at(80, None) is Reason.EVERYTHING_AT_FULL
    assert at(100, 49) is Reason.BATTERY_FIRST
    # Its user removed the sensor
    house.meters = replace(house.meters, battery_level=None, has_level=False)
    assert house.run(120).reason is Reason.EVERYTHING_AT_FULL


def test_what_is_taken_out_of_the_battery_is_no_surplus() -> None:
    """The grid shows zero all the while."""
    house = House(miner())

    def at(now: float, charging: float) -> None:
        house.run(
            now,
            0,
            battery=Reading(charging, now, now),
            has_battery=True,
            parts=2,
        )
        house.run(now + 1)

    at(0, 85)
    assert house.threads == {"a": 4}
    at(20, -30)
    assert house.threads == {"a": 2}
    at(40, -60)
    assert house.threads == {"a": 0}


def test_cheap_power_is_bought() -> None:
    """Below the limit of the price or the price at which mining pays."""
    house = House(miner(), price_limit=0.1)
    house.prices = Prices(importing=0.2)
    assert house.run(0, 300).reason is Reason.PRICE
    house.prices = Prices(importing=0.09)
    plan = house.run(15, 300)
    assert plan.targets == {"a": 4}
    assert plan.reason is Reason.EVERYTHING_AT_FULL
    assert plan.surplus == -380
    house.prices = Prices(importing=0.15, break_even=0.16)
    assert house.run(30, 380).targets == {}
    house.prices = Prices(importing=0.16, break_even=0.16)
    assert house.run(45, 380).targets == {"a": 0}


def test_without_a_limit_no_price_is_cheap() -> None:
    """Not even a negative one."""
    house = House(miner())
    house.prices = Prices(importing=-1)
    plan = house.run(0, 300)
    assert plan.targets == {}
    assert plan.reason is Reason.NO_SURPLUS


# --- Temperature --------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.SMART, Mode.FULL, Mode.MANUAL])
def test_a_temperature_takes_threads_away_in_every_mode(mode: Mode) -> None:
    """One by one, and gives them back once it is cooler."""
    house = House(miner(threads=4, max_temperature=80, temperature=70), mode=mode)
    house.run(0, -500)
    house.change("a", temperature=81)
    plan = house.run(60, -400)
    assert plan.targets == {"a": 3}
    assert plan.reason is (None if mode is Mode.MANUAL else Reason.TEMPERATURE)
    assert plan.wake_at == 60 + STEP_TIME
    assert house.run(plan.wake_at, -400).targets == {"a": 2}
    house.change("a", temperature=78)
    assert house.run(300, -400).targets == {}
    house.change("a", temperature=77)
    assert house.run(400, -400).targets == {"a": 3}
    assert house.run(460, -400).targets == {"a": 4}


def test_far_too_hot_takes_half() -> None:
    """A heat sink full of dust does not wait."""
    house = House(miner(threads=4, max_temperature=80, temperature=90), mode=Mode.FULL)
    assert house.run(0).targets == {"a": 2}


def test_too_hot_to_begin() -> None:
    """A room that is too warm without mining keeps it away, and says so."""
    house = House(miner(max_temperature=30, temperature=33))
    plan = house.run(0, -500)
    assert plan.targets == {}
    assert plan.reason is Reason.TEMPERATURE


def test_what_the_user_changed_while_it_was_hot_stays() -> None:
    """In manual mode, the manager only restores what it limited."""
    house = House(
        miner(threads=4, max_temperature=80, temperature=81), mode=Mode.MANUAL
    )
    assert house.run(0).targets == {"a": 3}
    house.change("a", threads=1, temperature=70)
    for now in (60, 120, 180, 240):
        assert house.run(now).targets == {}


def test_one_of_several_is_too_hot() -> None:
    """The surplus would feed more of its threads, and not the other one."""
    house = House(
        miner("a", max_temperature=80, temperature=70),
        miner("gpu", curve=Curve.on_off(300)),
    )
    house.run(0, -40)
    house.change("a", temperature=81)
    assert house.run(60, -40).targets == {"a": 1}
    assert house.run(75, -100).reason is Reason.TEMPERATURE
