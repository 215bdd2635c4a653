"""What the manager learns about miners, day by day, and what that costs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from custom_components.xmrig_miner.manager.watts import SURE, Draw
from custom_components.xmrig_miner.manager.watts_fit import fit
from custom_components.xmrig_miner.power.table import counts_to_measure

from .fleet_score import FleetScore
from .house_days import House, each_day, fleet, managed, result_of
from .meters import Meter
from .strategies import Managed

CURVES_HEAD = (
    "| house | measures | points known after 1, 2, 3 days | hashes % | bought %"
    " | first days | | changes |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)

CURVES = (
    House("quiet, plug", is_lively=False, plug=Meter(10)),
    House("lively, plug", plug=Meter(10)),
    House("two miners, plugs", fleet(2), 600, is_lively=False, plug=Meter(10)),
    House("three miners, lively, plugs", fleet(3), 1_500, plug=Meter(10)),
    House(
        "lively, plug that reports changes",
        plug=Meter(1, lag=5, noise=0, resolution=5, on_change=True),
    ),
    House("lively, no plug"),
)

FIRST_DAYS = 3
"""Days in which a manager that knows nothing learns."""


def curve_rows(weeks: int) -> Iterator[str]:
    """Yield how many points of the curves are known after each day, and at what cost.

    Those of a calibration count, seven at most for each miner. So many times a manager
    begins anew.
    """
    yield CURVES_HEAD
    for house in CURVES:
        for studies in (False, True):
            yield _curves(house, weeks, studies=studies)


def missing(manager: Managed) -> int:
    """Return how many points of all curves were not measured yet."""
    return sum(len(manager.missing(rig)) for rig in range(len(manager.rigs)))


def _curves(house: House, weeks: int, *, studies: bool) -> str:
    points = sum(len(counts_to_measure(rig.rig.threads)) for rig in house.rigs)
    known: list[list[int]] = [[] for _ in range(FIRST_DAYS)]
    scores: list[FleetScore] = []
    for week in range(weeks):
        manager = managed(house, studies=studies)
        seeds = range(week * FIRST_DAYS, (week + 1) * FIRST_DAYS)
        for day, score in enumerate(each_day(house, manager, seeds)):
            scores.append(score)
            known[day].append(points - missing(manager))
    means = " / ".join(f"{fmean(day):.1f}" for day in known)
    every = result_of(house, "", scores, 0)
    first = result_of(house, "", scores[::FIRST_DAYS], 0)
    return (
        f"| {house.name} | {'yes' if studies else 'no'} | {means} of {points}"
        f" | {every.share:.2f} | {every.bought:.2f} | {first.share:.2f}"
        f" | {first.bought:.2f} | {every.changes:.0f} |"
    )


WATTS_HEAD = (
    "| house | day | miner | steps | used | full load off % | each count off %"
    " | hashes % | bought % |\n"
    "|---|---:|---:|---:|---|---:|---:|---:|---:|"
)

LIVELY = House("lively", knows_watts=False)

UNKNOWN = (
    replace(LIVELY, name="quiet", is_lively=False),
    LIVELY,
    replace(LIVELY, name="quiet, 60 s", is_lively=False, meter=Meter(60)),
    replace(LIVELY, name="quiet, two", rigs=fleet(2), is_lively=False),
    replace(LIVELY, name="lively, two", rigs=fleet(2)),
    replace(LIVELY, name="lively, three", rigs=fleet(3), peak=1500),
)


def watts_rows(days: int) -> Iterator[str]:
    """Yield how well the watts of miners without a plug are known after each day."""
    yield WATTS_HEAD
    for house in UNKNOWN:
        manager = managed(house)
        for day, score in enumerate(each_day(house, manager, range(days)), 1):
            for place in range(len(house.rigs)):
                yield (
                    f"| {house.name} | {day} | {place} {_errors(manager, place)}"
                    f" | {score.share:.1f} | {score.bought_share:.2f} |"
                )


def _errors(manager: Managed, place: int) -> str:
    truth = manager.rigs[place].mining
    draw = manager.state.watts.draws.get(str(place), Draw())
    learned = draw.fit(len(truth) - 1)
    shown = fit(draw.samples, len(truth) - 1) if draw.samples else None
    if shown is None:
        return "| 0 | no | | "
    return (
        f"| {len(draw.samples)} | {'yes' if learned and learned.error <= SURE else 'no'} {100 * shown.error:.0f}"
        f" | {_off(shown.mining, truth):+.1f} | {_mean_off(shown.mining, truth):.1f}"
    )


def _off(learned: Sequence[float], truth: Sequence[float]) -> float:
    return 100 * (learned[-1] / truth[-1] - 1)


def _mean_off(learned: Sequence[float], truth: Sequence[float]) -> float:
    return fmean(
        100 * abs(one / other - 1)
        for one, other in zip(learned[1:], truth[1:], strict=True)
    )
