"""Measures how much of the sun becomes hashes, and how much power is bought for them.

Plays days of photovoltaic power and household through a simulated miner, a running Home
Assistant, the real integration and the real blueprints, and prints for each strategy:

- share: hashes on surplus, in % of those of an oracle that has the same steps of threads
  but no delay, and so buys nothing and leaves nothing that feeds another thread;
- bought: energy bought for mining, in % of the energy of mining;
- starts, and changes of the number of threads.

With `--manager` it plays fleets in two households, under skies that vary like a
recorded one, through the decisions of the manager alone, which takes seconds a day; the
ideal follower beside it knows at each report of the meter what is left over.

`python -m benchmarks.solar_day --help` says what it can be asked for. The plot needs
matplotlib (`uv pip install --group benchmark`).
"""

import argparse
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import groupby
import multiprocessing
import os
from pathlib import Path
from statistics import fmean
import sys

from .day import PEAK, Day, Scenario, Strategy, play
from .distribution_speed import seconds
from .learning import curve_rows, watts_rows
from .manager_days import rows as rows_of_houses, sleep_rows
from .price_days import price_rows
from .score import Rig
from .sky import BROKEN, CLEAR, CUMULUS, OVERCAST, WINDY, variability

SMALL = Rig("small", idle=40, full=PEAK / 5)
LARGE = Rig("large", idle=100, full=PEAK)
RIGS = (SMALL, LARGE)

FOLLOW = Strategy("follow the surplus")
KEEP = Strategy("- keep one thread", inputs={"keep_one_thread": True})
TIMES = Strategy(
    "- 10 min on, 10 min off",
    inputs={"minimum_on": {"minutes": 10}, "minimum_off": {"minutes": 10}},
)
PLUG = Strategy("- measured by a smart plug", has_plug=True)
NOISY = Strategy("- noise of 2 % of the sun")

TARGETS = {15: (97, 1), 60: (94, 2.5)}
"""Minimum share and maximum bought under broken clouds, by the interval of the
meter."""


def on_off(rig: Rig) -> Strategy:
    """Return the baseline: all threads or none, with hysteresis and 5 min delays.

    It starts when three quarters of the power of mining are exported, and ends when
    more than a quarter is bought.
    """
    mining = rig.full - rig.idle
    return Strategy(
        "on and off by surplus",
        "on_off_by_surplus",
        {"start_above": 0.75 * mining, "stop_below": -0.25 * mining},
    )


def scenarios(seeds: int) -> Iterator[Scenario]:
    """Yield the days to simulate."""
    for rig in RIGS:
        for interval in TARGETS:
            for seed in range(seeds):
                yield Scenario(BROKEN, rig, interval, FOLLOW, seed)
        for strategy in (KEEP, TIMES, PLUG):
            yield Scenario(BROKEN, rig, 15, strategy, 0)
        yield Scenario(BROKEN, rig, 15, NOISY, 0, noise_of_sun=True)
        yield Scenario(BROKEN, rig, 15, on_off(rig), 0)
        for sky in (BROKEN, WINDY, CUMULUS):
            for interval in (5, 15, 60):
                if sky != BROKEN or interval not in TARGETS:
                    yield Scenario(sky, rig, interval, FOLLOW, 0)
        # Under an overcast sky, there is no surplus for a large rig.
        for sky in (CLEAR, OVERCAST) if rig == SMALL else (CLEAR,):
            yield Scenario(sky, rig, 15, FOLLOW, 0)
            yield Scenario(sky, rig, 15, on_off(rig), 0)


def quick() -> Iterator[Scenario]:
    """Yield three hours of one day for the targets and the baseline."""
    for rig in RIGS:
        for interval in TARGETS:
            yield Scenario(BROKEN, rig, interval, FOLLOW, 0, hours=(4, 7))
        yield Scenario(BROKEN, rig, 15, on_off(rig), 0, hours=(4, 7))


def pictured(wanted: list[Scenario]) -> list[tuple[str, Scenario]]:
    """Return the days to draw, each with its title."""
    first = next(scenario for scenario in wanted if scenario.rig == LARGE)
    return [
        ("follow the surplus, meter every 15 s", first),
        ("follow the surplus, meter every 60 s", replace(first, interval=60)),
        ("on and off by surplus", replace(first, strategy=on_off(LARGE))),
    ]


@dataclass(frozen=True)
class Row:
    """The combined days of one strategy under one kind of sky."""

    first: Scenario
    days: int
    share: float
    bought: float
    starts: float
    changes: float
    variability: float

    @property
    def meets(self) -> str:
        """Return whether the targets are met, if there are any."""
        first = self.first
        if first.sky != BROKEN or first.strategy != FOLLOW or first.noise_of_sun:
            return ""
        if first.interval not in TARGETS:
            return ""
        share, bought = TARGETS[first.interval]
        met = self.share >= share and self.bought <= bought
        return f"{'met' if met else 'MISSED'} ({share} / {bought})"


def rows(days: Iterable[Day]) -> Iterator[Row]:
    """Yield the averages of days that differ only in their seed."""

    def kind(day: Day) -> str:
        return repr(replace(day.scenario, seed=0))

    for _, group in groupby(sorted(days, key=kind), key=kind):
        same = list(group)
        yield Row(
            first=same[0].scenario,
            days=len(same),
            share=fmean(day.score.share for day in same),
            bought=fmean(day.score.bought_share for day in same),
            starts=fmean(day.score.starts for day in same),
            changes=fmean(day.score.changes for day in same),
            variability=fmean(variability(day.shares) for day in same),
        )


def table(days: Iterable[Day], order: list[Scenario]) -> str:
    """Return the results as a table."""
    places = {
        repr(replace(s, seed=0)): place for place, s in reversed([*enumerate(order)])
    }
    lines = [
        "| sky | var. | rig | meter | strategy | days | share % | bought % | starts"
        " | changes | target |",
        "|---|---:|---|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in sorted(
        rows(days), key=lambda row: places[repr(replace(row.first, seed=0))]
    ):
        first = row.first
        lines.append(
            f"| {first.sky.name} | {row.variability:.0f} | {first.rig.name}"
            f" | {first.interval} s | {first.strategy.name} | {row.days}"
            f" | {row.share:.1f} | {row.bought:.2f} | {row.starts:.0f}"
            f" | {row.changes:.0f} | {row.meets} |"
        )
    return "\n".join(lines)


def play_all(wanted: list[Scenario], jobs: int) -> Iterator[Day]:
    """Simulate days in separate processes, and yield each when it is done."""
    with ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        futures = {pool.submit(play, scenario): scenario for scenario in wanted}
        for done, future in enumerate(as_completed(futures), 1):
            day = future.result()
            scenario = day.scenario
            print(
                f"{done}/{len(wanted)} {scenario.sky.name}, {scenario.rig.name},"
                f" {scenario.interval} s, {scenario.strategy.name}, day {scenario.seed}:"
                f" {day.score.share:.1f} % on surplus, {day.score.bought_share:.2f} %"
                f" bought ({day.took:.0f} s)",
                file=sys.stderr,
            )
            yield day


def main() -> int:
    """Run the benchmark; the exit code is 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.solar_day",
        description="Play days of sun through the integration and its blueprints.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="three hours of a single day"
    )
    parser.add_argument(
        "--seeds", type=int, default=4, help="days for each target (default: 4)"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="days at a time"
    )
    parser.add_argument(
        "--manager",
        type=int,
        metavar="DAYS",
        help="play so many days through the manager's decisions instead, for each house",
    )
    parser.add_argument(
        "--sleep",
        type=int,
        metavar="DAYS",
        help="play so many days and nights of a rig that may sleep instead",
    )
    parser.add_argument(
        "--prices",
        type=int,
        metavar="DAYS",
        help="play so many days and nights with recorded prices instead",
    )
    parser.add_argument(
        "--curves",
        type=int,
        metavar="WEEKS",
        help="show how fast curves are learned in so many times three days instead",
    )
    parser.add_argument(
        "--watts",
        type=int,
        metavar="DAYS",
        help="show how well watts are learned without a plug in so many days instead",
    )
    parser.add_argument("--plot", type=Path, help="write a picture (PNG) there")
    parser.add_argument(
        "--speed", action="store_true", help="measure a distribution over 200 members"
    )
    arguments = parser.parse_args()
    if arguments.speed:
        took = 1000 * seconds()
        print(f"{took:.2f} ms (at most 5 ms)")
        return int(took > 5)
    for rows_of, days in (
        (rows_of_houses, arguments.manager),
        (sleep_rows, arguments.sleep),
        (price_rows, arguments.prices),
        (curve_rows, arguments.curves),
        (watts_rows, arguments.watts),
    ):
        if days:
            for row in rows_of(days):
                print(row, flush=True)
            return 0
    wanted = list(quick() if arguments.quick else scenarios(arguments.seeds))
    played = list(play_all(wanted, arguments.jobs))
    print(table(played, wanted))
    if arguments.plot:
        # Only needed here, and not in every environment
        from .plot import draw  # noqa: PLC0415

        draw(played, pictured(wanted), arguments.plot)
    return int(any("MISSED" in row.meets for row in rows(played)))


if __name__ == "__main__":
    sys.exit(main())
