"""Tests of the days that are simulated with the manager's decisions."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import fmean

import pytest

from benchmarks.distribution_speed import seconds
from benchmarks.fleet_score import FleetRig, FleetScore, best_hashes
from benchmarks.house_days import RIG_230, House, each_day, fleet, ideal, managed, play
from benchmarks.household import DAY, lively_house
from benchmarks.learning import missing
from benchmarks.manager_days import NIGHTS, nights
from benchmarks.meters import BATTERY, EXPORT, GRID, Battery, Meter, Readings
from benchmarks.price_days import Week, earnings
from benchmarks.prices import FIXED, Tariff, recorded
from benchmarks.recorded_sky import clear_sky_indices, recorded_light
from benchmarks.score import Rig
from benchmarks.sky import DAYLIGHT

RIG = FleetRig(Rig("test", idle=40, full=120, threads=4, bend=0), hashrate=100)


def test_the_oracle_of_a_fleet_has_one_budget() -> None:
    """It runs the threads with the highest hashrate that the surplus can feed."""
    better = replace(RIG, hashrate=150)
    best = best_hashes([RIG.mining, better.mining], [RIG.hashrates, better.hashrates])
    assert [best[watts] for watts in (19, 20, 80, 100, 160)] == [0, 150, 600, 700, 1000]


def test_hashes_of_a_fleet_count_as_far_as_they_were_fed() -> None:
    """With power for one and a half of two threads, half a thread is bought."""
    score = FleetScore([RIG])
    score.change(0, 2)
    assert score.add(30) == 40
    assert (score.starts, score.changes) == (1, 1)
    assert score.share == 150
    assert score.bought_share == 25
    assert score.cost == pytest.approx((10 * 0.3 + 30 * 0.08) / 3_600_000)
    assert score.hashes == 200


def test_a_tariff_has_a_price_for_each_hour() -> None:
    """And begins anew after the last one."""
    tariff = Tariff(imports=(0.2, 0.3), exports=(0.1,))
    assert [tariff.at(second) for second in (0, 3599, 3600, 7200)] == [
        *[(0.2, 0.1)] * 2,
        (0.3, 0.1),
        (0.2, 0.1),
    ]
    assert FIXED.at(12_345) == (0.3, 0.08)


def test_recorded_prices_are_those_of_a_sunny_week() -> None:
    """Low at noon on each day, and below zero on most."""
    imports, exports = recorded().imports, recorded().exports
    assert len(imports) == len(exports) == 7 * 24
    assert all(
        bought == pytest.approx(sold + 0.15)
        for bought, sold in zip(imports, exports, strict=True)
    )
    noons, evenings = exports[12::24], exports[20::24]
    assert all(
        noon + 0.1 < evening for noon, evening in zip(noons, evenings, strict=True)
    )
    assert sum(noon < 0 for noon in noons) == 5


def test_what_mining_leaves_is_what_it_earns_less_its_power() -> None:
    """A kWh on surplus at full load, whose hashes earn 20 ct, and whose export 8."""
    score = FleetScore([RIG_230])
    score.change(0, RIG_230.rig.threads)
    watts = RIG_230.mining[-1]
    for _ in range(round(3_600_000 / watts)):
        score.add(watts)
    assert Week(House("test"), [score]).left(0.2) == pytest.approx(12, rel=0.001)
    assert earnings(RIG_230, 0.2) > 0


def test_a_recorded_sky_varies_as_much_as_was_counted() -> None:
    """Its average change per minute is that of the statistics, about 0.04."""
    indices = [clear_sky_indices(Random(seed)) for seed in range(40)]
    changes = [
        abs(after - before) for day in indices for before, after in pairwise(day)
    ]
    assert 0.03 < fmean(changes) < 0.06
    assert 0.55 < fmean(map(fmean, indices)) < 0.75
    shares = recorded_light(Random(1))
    assert len(shares) == DAYLIGHT
    assert 0 <= min(shares) <= max(shares) < 1.5
    assert shares == recorded_light(Random(1)) != recorded_light(Random(2))


def test_a_lively_house_cooks_and_washes() -> None:
    """It uses 6 to 16 kWh, and at times several kW."""
    for seed in range(10):
        watts = lively_house(Random(seed))
        assert len(watts) == DAY
        assert 6 < sum(watts) / 3_600_000 < 16
        assert max(watts) > 2_000
        assert min(watts) >= 120


def readings(meter: Meter, flows: list[float]) -> list[tuple[int, dict[str, float]]]:
    """Return the times and values of the reports of a meter's sensors."""
    result = []
    shown = Readings(meter, Random(0))
    for second, flow in enumerate(flows):
        if shown.pass_second(second, flow):
            values = {name: item.value or 0 for name, item in shown.samples.items()}
            result.append((second, values))
    return result


def test_a_meter_is_late_and_a_mean() -> None:
    """It averages the three seconds that ended five seconds ago."""
    flows = [0.0] * 10 + [30.0] * 20
    seen = readings(Meter(1, lag=5, averaging=3, noise=0), flows)
    assert [round(values[GRID]) for second, values in seen if second > 12] == [
        *(0, 0, 10, 20, 30),
        *[30] * 12,
    ]


def test_a_meter_that_reports_changes_is_silent_between_them() -> None:
    """It rounds to 10 W."""
    flows = [float(second) for second in range(30)]
    seen = readings(Meter(1, noise=0, resolution=10, on_change=True), flows)
    assert [values[GRID] for _, values in seen] == [0, 10, 20, 30]


def test_two_sensors_report_one_after_the_other() -> None:
    """One of them is zero."""
    seen = readings(Meter(10, noise=0, is_split=True), [-50.0] * 30)
    assert seen[-1][1] == {GRID: 0, EXPORT: 50}
    assert seen[1][0] - seen[0][0] == 1


def test_a_battery_holds_the_grid_at_zero() -> None:
    """Until it is full."""
    battery = Battery(capacity=1, charge=0)
    assert [battery.pass_second(-1800) for _ in range(6)] == [0, 0, 1800, 1800, 0, 0]
    assert BATTERY != GRID


def test_the_manager_is_as_good_as_an_ideal_follower() -> None:
    """One hour with two miners is enough to show it.

    The ideal one knows the meter, which the manager has to learn in that time: that
    costs up to two points.
    """
    house = House("test", fleet(2), 600, is_lively=False)
    best, ours = play(house, "", ideal(house), 1), play(house, "", managed(house), 1)
    assert ours.share > best.share - 2
    assert ours.bought < best.bought + 1
    assert best.share > 97


def test_curves_are_known_after_a_day() -> None:
    """At little cost."""
    house = House("test", (RIG,), 400, is_lively=False)
    manager = managed(house)
    [score] = each_day(house, manager, [1])
    assert missing(manager) == 0
    assert score.share > 98


def test_a_distribution_over_200_members_is_fast() -> None:
    """Four times the target, because the machine may be busy."""
    assert seconds(times=10) < 0.02


def test_a_rig_that_sleeps_mines_nearly_as_much() -> None:
    """At least 90 % of the hashes, with at most a third of the energy at rest."""
    [quiet, *_] = NIGHTS
    result = nights(quiet, 1)
    assert result.hashes > 90
    assert result.idle * 3 < result.idle_of_other
    assert result.total < result.total_of_other == pytest.approx(24 * 0.07)
    assert result.wakes >= 1
