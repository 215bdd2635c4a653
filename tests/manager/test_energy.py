"""The energy of mining is charged to its sources, all of it and none twice."""

from dataclasses import astuple, replace
import json
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.manager.energy import (
    MAX_GAP,
    MAX_WAIT,
    Account,
    Energy,
    split,
)
from custom_components.xmrig_miner.manager.sources import Flow, Meters, Reading, Sample

HOUR = 3600
DAY = "2026-11-01"


class Count:
    """Counts the energy of mining by the readings of meters."""

    def __init__(self) -> None:
        """Start without readings."""
        self.account = Account()
        self.now = 0.0
        self.meters = Meters(grid=None)
        self.price: float | None = None
        self.day = DAY
        self.is_silent = False

    def at(
        self,
        now: float,
        watts: float,
        *,
        since: float | None = None,
        **meters: float | None,
    ) -> Account:
        """Process a time; `grid` and `battery` are new readings in W.

        Their oldest part was reported at `since`.
        """
        self.now = now
        oldest = now if since is None else since
        for name, value in meters.items():
            reading: Any = None if value is None else Reading(value, now, oldest)
            self.meters = replace(self.meters, **{name: reading})
        self.account = self.account.counted(
            now,
            watts,
            self.meters,
            is_silent=self.is_silent,
            price=self.price,
            day=self.day,
        )
        return self.account

    def last(self, seconds: float, watts: float, **meters: float | None) -> Account:
        """Keep a power for a while, with a reading every 10 s."""
        end = self.now + seconds
        while self.now < end:
            self.at(self.now + 10, watts, **meters)
        return self.account


def begun(watts: float, **meters: float | None) -> Count:
    """Return a count that starts with a power."""
    count = Count()
    count.at(0, watts, **meters)
    return count


def close(*parts: float) -> Any:
    """Return energy in kWh, apart from rounding."""
    return pytest.approx(parts)


@pytest.mark.parametrize(
    ("grid", "battery", "parts"),
    [
        pytest.param(-500, None, (1, 0, 0), id="export"),
        pytest.param(0, None, (1, 0, 0), id="the house is at zero"),
        pytest.param(400, None, (0.6, 0.4, 0), id="some is bought"),
        pytest.param(2500, None, (0, 1, 0), id="the house buys more than it mines"),
        pytest.param(0, -300, (0.7, 0, 0.3), id="a battery delivers some"),
        pytest.param(200, -300, (0.5, 0.2, 0.3), id="a battery and the grid"),
        pytest.param(800, -900, (0, 0.8, 0.2), id="what is bought comes first"),
        pytest.param(1500, 2000, (0, 1, 0), id="a battery charges from the grid"),
        pytest.param(-100, 900, (1, 0, 0), id="a battery charges from the sun"),
    ],
)
def test_the_sources_of_an_hour(
    grid: float, battery: float | None, parts: tuple[float, ...]
) -> None:
    """Of 1 kW of mining: bought first, then the battery's, and the rest is solar."""
    count = Count()
    count.meters = Meters(grid=None, has_battery=battery is not None)
    count.at(0, 1000, grid=grid, battery=battery)
    energy = count.last(HOUR, 1000, grid=grid, battery=battery).energy
    assert astuple(energy) == close(*parts, 0)


def test_a_step_is_charged_by_the_reading_that_has_seen_it() -> None:
    """Not by the plan that caused it, which is from before."""
    count = begun(0, grid=-1000)
    count.at(1, 900, grid=-1000)
    count.at(61, 0, grid=-100)
    assert astuple(count.account.energy) == close(0.015, 0, 0, 0)
    count.at(62, 0)
    # A cloud: what is bought is reported once
    count = begun(900, grid=-100)
    count.at(60, 0, grid=500)
    assert count.account.energy.grid == pytest.approx(0.5 / 60)


def test_it_waits_for_the_meter_but_not_in_all() -> None:
    """Members are looked at in between; the whole is known without any meter."""
    count = begun(600, grid=0)
    count.at(10, 600)
    count.at(20, 600)
    assert count.account.energy.total == 0
    assert count.account.total == pytest.approx(600 * 20 / 3_600_000)
    count.at(30, 600, grid=300)
    assert astuple(count.account.energy) == close(0.0025, 0.0025, 0, 0)
    assert count.account.waiting is None


def test_sensors_that_report_one_after_the_other() -> None:
    """What the first one reports belongs to the other's report, a moment later."""
    count = begun(500, grid=-100)
    count.meters = replace(count.meters, parts=2)
    assert count.at(10, 500, grid=500, since=0).waiting
    energy = count.at(10.4, 500, grid=-100, since=10).energy
    assert energy.grid == 0
    assert energy.solar > 0
    # The other one never reports
    assert count.at(20, 500, grid=500, since=10).waiting
    assert count.at(21, 500).energy.grid > 0
    # One of them does all the time, and the other one did a while ago
    for half in range(44, 600):
        count.at(half / 2, 500, grid=-100, since=20)
    assert count.account.waiting
    assert count.account.waiting.seconds < MAX_WAIT


def test_a_meter_that_reports_only_changes() -> None:
    """A battery holds it at zero for hours: what it showed last is still so."""
    count = begun(400, grid=100)
    energy = count.last(HOUR, 400).energy
    assert energy.unknown == 0
    assert energy.grid == pytest.approx(0.1, rel=0.04)
    count = begun(400, grid=100)
    count.price = 0.3
    assert count.last(MAX_WAIT - 10, 400).waiting
    account = count.at(MAX_WAIT, 400)
    assert account.waiting is None
    assert account.energy.grid == pytest.approx(0.1 * MAX_WAIT / HOUR)
    assert account.cost == pytest.approx(0.03 * MAX_WAIT / HOUR)


def test_a_meter_that_is_silent() -> None:
    """It does not show a step of ours, so nothing is known from then on."""
    count = begun(400, grid=-100)
    count.is_silent = True
    energy = count.last(HOUR, 400).energy
    assert energy.solar == energy.grid == 0
    assert energy.unknown == pytest.approx(0.4, rel=0.04)
    count.is_silent = False
    count.at(count.now + 10, 400, grid=-100)
    assert count.account.energy.solar <= 400 * (MAX_WAIT + 10) / 3_600_000


@pytest.mark.parametrize("has_battery", [False, True])
def test_an_unknown_meter(*, has_battery: bool) -> None:
    """Energy of no known source is counted apart, and no share is made of it."""
    count = Count()
    count.meters = Meters(grid=None, has_battery=has_battery)
    count.price = 0.3
    grid = {"grid": 100.0} if has_battery else {}
    count.at(0, 400, **grid)
    account = count.last(HOUR, 400, **grid)
    assert astuple(account.energy)[:3] == (0, 0, 0)
    assert account.total == pytest.approx(0.4)
    assert account.energy.solar_share is None
    assert account.cost == 0


@pytest.mark.parametrize("step", [MAX_GAP + 1, 86_400, -5, -86_400, 0])
def test_gaps_and_clocks_that_jump(step: float) -> None:
    """Unobserved time is unknown, and nothing is subtracted."""
    count = begun(1000, grid=0)
    before = count.last(60, 1000, grid=0)
    count.at(count.now + step, 1000, grid=0)
    assert count.account.total == before.total
    now = count.now
    for seconds in (60, 60 + MAX_GAP):
        count.at(now + seconds, 1000, grid=0)
        drawn = count.account.total - before.total
        assert drawn == pytest.approx(seconds / HOUR)


def test_the_share_of_today() -> None:
    """It is reset at midnight; everything else continues."""
    count = begun(1000, grid=0)
    count.last(HOUR, 1000, grid=0)
    count.last(HOUR, 1000, grid=1000)
    assert count.account.today.solar_share == pytest.approx(50)
    count.day = "2026-11-02"
    count.at(count.now, 0)
    assert count.account.today == Energy()
    assert count.account.today.solar_share is None
    count.last(60, 1000, grid=0)
    count.last(600, 1000, grid=0)
    assert count.account.today.solar_share == pytest.approx(100)
    assert count.account.energy.solar_share == pytest.approx(54, abs=1)


def test_the_cost_is_that_of_what_is_bought() -> None:
    """At the price of the moment, also below zero; without a price it is not known."""
    count = begun(1000, grid=500)
    count.price = 0.4
    assert count.last(HOUR, 1000, grid=500).cost == pytest.approx(0.2)
    count.price = -0.1
    assert count.last(HOUR, 1000, grid=1000).cost == pytest.approx(0.1)
    count.price = None
    assert count.last(HOUR, 1000, grid=1000).cost == pytest.approx(0.1)
    count.price = 0.4
    assert count.last(HOUR, 1000, grid=-1000).cost == pytest.approx(0.1)


@pytest.mark.parametrize("price", [-0.4, 0.4])
def test_it_is_stored_as_it_was_shown(price: float) -> None:
    """What waits for a reading is stored with its source unknown: it will have none."""
    count = begun(1000, grid=500)
    count.price = price
    count.last(HOUR, 1000, grid=500)
    account = count.at(count.now + 20, 1000)
    assert account.waiting
    stored = Account.from_json(json.loads(json.dumps(account.as_json())))
    assert stored.total == pytest.approx(account.total)
    assert stored.energy.grid == account.energy.grid
    assert stored.energy.unknown == pytest.approx(account.waiting.kwh)
    assert (stored.day, stored.cost) == (DAY, account.cost)
    assert (
        Account.from_json(None) == Account.from_json(Account().as_json()) == Account()
    )
    # The time in between was not seen
    later = stored.counted(
        1e6, 1000, Meters(grid=None), is_silent=False, price=None, day=DAY
    )
    assert later.total == stored.total


@pytest.mark.parametrize(
    "change",
    [
        {"energy": [1, 2, 3]},
        {"energy": [1, 2, 3, -1]},
        {"energy": [1, 2, 3, math.nan]},
        {"energy": [1, 2, 3, 1e300]},
        {"energy": [1, 2, 3, 1.1e9]},
        {"energy": None},
        {"today": "1234"},
        {"cost": math.inf},
        {"cost": None},
        {"cost": True},
        {"cost": -1e300},
        {"cost": -1.1e12},
        {"cost": 1.1e12},
        {"day": 5},
    ],
    ids=str,
)
def test_absurd_accounts_are_refused(change: dict[str, Any]) -> None:
    """A damaged file is set aside."""
    with pytest.raises((LookupError, TypeError, ValueError)):
        Account.from_json({**Account().as_json(), **change})


watts = st.floats(-1e5, 1e5) | st.sampled_from([0.0, 1e12, -1e12])
readings = st.none() | watts
steps = st.tuples(
    st.sampled_from([-10.0, 0.0, 0.5, 1.0, 10.0, 60.0, 200.0, 1000.0]),
    watts,
    readings,
    readings,
    st.booleans(),
    st.none() | st.floats(-1, 1),
    st.sampled_from([DAY, "2026-11-02"]),
)


@given(st.booleans(), st.lists(steps, max_size=30))
@settings(deadline=None)
def test_the_parts_add_up(has_battery: bool, looks: list[tuple[Any, ...]]) -> None:
    """None is negative, none falls, and all of them are the power over time."""
    count = Count()
    count.meters = Meters(grid=None, has_battery=has_battery)
    whole, drawn, now = 0.0, None, 0.0
    for step, power, grid, battery, is_silent, price, day in looks:
        now += step
        count.is_silent, count.price, count.day = is_silent, price, day
        before = count.account
        account = count.at(now, power, grid=grid, battery=battery)
        if drawn is not None and 0 < step <= MAX_GAP:
            whole += drawn * step / 3_600_000
        drawn = max(0.0, power)
        parts, old = astuple(account.energy), astuple(before.energy)
        assert all(part >= last >= 0 for part, last in zip(parts, old, strict=True))
        assert account.total >= before.total - 1e-9
        assert account.total == pytest.approx(whole)
        assert account.today.total <= account.energy.total + 1e-9
        share = account.today.solar_share
        assert share is None or -1e-9 <= share <= 100 + 1e-9
        assert math.isfinite(account.cost)
        assert Account.from_json(account.as_json()).total == pytest.approx(whole)


@given(st.floats(0, 1e6), st.floats(0, 300), readings, readings, st.booleans())
def test_a_split_is_a_whole(
    power: float,
    seconds: float,
    grid: float | None,
    battery: float | None,
    has_battery: bool,
) -> None:
    """Whatever the meters show."""
    meters = Meters(
        grid=None if grid is None else Reading(grid, 0, 0),
        battery=None if battery is None else Reading(battery, 0, 0),
        has_battery=has_battery,
    )
    energy = split(power, seconds, meters)
    assert energy.total == pytest.approx(power * seconds / 3_600_000)
    assert min(astuple(energy)) >= 0


def test_sensors_of_any_kind() -> None:
    """Phases, import and export apart, in W or kW."""
    flow = Flow(plus=("l1", "l2"), minus=("export",))
    samples = {
        "l1": Sample(0.2, 5, "kW"),
        "l2": Sample(100, 5),
        "export": Sample(0, 5),
    }
    meters = Meters(grid=flow.reading(samples), parts=3)
    assert astuple(split(1000, HOUR, meters)) == close(0.7, 0.3, 0, 0)
    samples["l2"] = Sample(None, 5)
    meters = Meters(grid=flow.reading(samples), parts=3)
    assert split(1000, HOUR, meters).unknown == pytest.approx(1)
