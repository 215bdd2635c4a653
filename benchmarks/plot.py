"""A chart of a day: the surplus, and the power used for mining."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .day import Day, Scenario

STEP = 10
"""Seconds per point of the chart."""

SUN = "#ffd54f"
MINER = "#2e7d32"
BOUGHT = "#c62828"


def draw(
    days: Iterable[Day], wanted: Sequence[tuple[str, Scenario]], path: Path
) -> None:
    """Draw several days one below the other, each with a title."""
    played = {repr(day.scenario): day for day in days}
    figure = Figure(figsize=(10, 2.4 * len(wanted) + 0.6), layout="constrained")
    panels = figure.subplots(len(wanted), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, scenario) in zip(panels, wanted, strict=True):
        _panel(axes, title, played[repr(scenario)])
    panels[-1].set_xlabel("hour of the day")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside upper left",
        ncols=3,
        frameon=False,
    )
    figure.savefig(path, dpi=110)


def _panel(axes: Axes, title: str, day: Day) -> None:
    """Draw a day."""
    score = day.score
    begin = 6 + day.scenario.hours[0]
    hours = [begin + second / 3600 for second in range(0, len(day.sun), STEP)]
    surplus = [max(0.0, watts) for watts in day.surplus[::STEP]]
    mining = [score.rig.mining(threads) for threads in score.threads[::STEP]]
    fed = [min(pair) for pair in zip(mining, surplus, strict=True)]
    axes.fill_between(hours, surplus, color=SUN, linewidth=0, label="surplus")
    axes.fill_between(hours, fed, color=MINER, linewidth=0, label="mining on surplus")
    axes.fill_between(
        hours, fed, mining, color=BOUGHT, linewidth=0, label="mining on bought power"
    )
    axes.set_title(
        f"{title}: {score.share:.1f} % of what could be mined on surplus,"
        f" {score.bought_share:.1f} % of its energy bought",
        fontsize=10,
        loc="left",
    )
    axes.set_ylabel("W")
    axes.set_ylim(bottom=0)
    axes.set_xlim(hours[0], hours[-1])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
