"""Distribution of a power budget over members by hashes per watt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
import math

from .curve import Curve

WORTH_MOVING = 1.01
"""Factor by which a redistribution has to raise the hashes to be worth it."""

SLACK = 1e-6
"""Tolerance for rounding errors, in W."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """A member that takes part in the distribution."""

    id: str
    curve: Curve
    threads: int
    """Current threads."""
    floor: int = 0
    """The fewest threads that it may have."""
    ceiling: int
    """The most threads that it may have."""
    is_settled: bool = True
    """False shortly after a change: it gets no more threads, and loses threads only if
    the others cannot save enough power."""
    is_hot: bool = False
    """Whether its temperature lowers the ceiling."""
    algorithm: str | None = None
    priority: int = 0
    rested_since: float | None = None
    """Since when it rests; of equal loads, the one that has rested longest is first."""

    @property
    def tier(self) -> tuple[int, bool]:
        """Return the sort key: by priority, with on/off loads last in each."""
        return (-self.priority, self.curve.hashrates is None)

    @property
    def rest_order(self) -> float:
        """Return a sort key that puts the load that has rested longest first."""
        return math.inf if self.rested_since is None else self.rested_since


def power(loads: Iterable[Load], threads: Mapping[str, int]) -> float:
    """Return what loads draw with the given threads, in W above their idle power."""
    return sum(load.curve.mining[threads[load.id]] for load in loads)


def bounded(loads: Iterable[Load]) -> dict[str, int]:
    """Return the current threads of loads, clamped to their floors and ceilings."""
    return {load.id: max(min(load.threads, load.ceiling), load.floor) for load in loads}


def distribute(
    loads: Sequence[Load], budget: float, raise_budget: float | None = None
) -> dict[str, int]:
    """Return the threads of each load for a budget in W above their idle power.

    Threads are added only up to `raise_budget`, which defaults to the budget and is
    capped by it. Power already in use above it is kept.
    """
    threads = bounded(loads)
    drawn = power(loads, threads)
    if drawn > budget + SLACK:
        return _reduced(loads, threads, drawn - budget)
    ceiling = budget if raise_budget is None else min(budget, raise_budget)
    return _raised(loads, threads, max(ceiling, drawn))


def _raised(
    loads: Sequence[Load], threads: dict[str, int], budget: float
) -> dict[str, int]:
    """Return threads that make better use of a budget, changing only settled loads."""
    free = [load for load in loads if load.is_settled]
    rest = budget - power([load for load in loads if not load.is_settled], threads)
    more = _filled(free, threads, rest)
    floors = {load.id: min(load.floor, threads[load.id]) for load in free}
    anew = _filled(free, floors, rest)
    if _is_worth_more(_worth(free, anew), _worth(free, more)):
        more = anew
    return threads | more


def _filled(
    loads: Sequence[Load], threads: Mapping[str, int], budget: float
) -> dict[str, int]:
    """Return threads after spending the rest of a budget, tier by tier."""
    result = {load.id: threads[load.id] for load in loads}
    rest = budget - power(loads, result)
    for tier in _tiers(loads):
        groups = _by_algorithm(tier)
        if len(groups) > 1:
            rest = _fill_shares(groups, result, rest)
        for group in groups:
            rest = _fill(group, result, rest)
    return result


def _fill_shares(
    groups: Sequence[Sequence[Load]], result: dict[str, int], rest: float
) -> float:
    """Give each algorithm a share of a budget by full load; return the rest in W."""
    full = sum(load.curve.full for group in groups for load in group)
    total = rest + sum(power(group, result) for group in groups)
    for group in groups:
        share = total * sum(load.curve.full for load in group) / (full or 1)
        watts = min(share - power(group, result), rest)
        rest -= watts - _fill(group, result, watts)
    return rest


def _fill(loads: Sequence[Load], result: dict[str, int], rest: float) -> float:
    """Raise loads of one algorithm by marginal hashes per W; return the rest in W.

    A load whose segment does not fit completely gets the threads that fit.
    """
    if rest <= 0:
        return rest
    steps = sorted(
        (segment.rank, load.rest_order, place, segment.first, segment.last)
        for place, load in enumerate(loads)
        for segment in load.curve.hull(result[load.id], load.ceiling)
    )
    for _, _, place, first, last in steps:
        load = loads[place]
        if result[load.id] != first:
            continue
        mining = load.curve.mining
        count = last
        if mining[last] - mining[first] > rest + SLACK:
            count = load.curve.threads_within(mining[first] + rest + SLACK)
        if count > first:
            rest -= mining[count] - mining[first]
            result[load.id] = count
    return rest


def _reduced(
    loads: Sequence[Load], threads: dict[str, int], deficit: float
) -> dict[str, int]:
    """Return threads that save `deficit` W at once, changing as few loads as possible.

    The last tier is reduced first.
    """
    settled = [load for load in loads if load.is_settled]
    if _reducible(settled, threads) < deficit - SLACK:
        settled = list(loads)
    for tier in reversed(_tiers(settled)):
        deficit = _reduce(tier, threads, deficit)
    return threads


def _reduce(loads: Sequence[Load], threads: dict[str, int], deficit: float) -> float:
    """Save up to `deficit` W among loads, and return the W still to be saved.

    Loads that save the most are reduced first, until a single load can save the rest.
    """
    rates = {
        group[0].algorithm: _watts_per_hash(group) for group in _by_algorithm(loads)
    }
    most = sorted(
        loads, key=lambda load: _saved(load, threads, load.floor), reverse=True
    )
    for place, load in enumerate(most):
        saved = _saved(load, threads, load.floor)
        if deficit <= SLACK:
            break
        if saved < deficit - SLACK:
            threads[load.id] = min(threads[load.id], load.floor)
            deficit -= saved
            continue
        last, count = _least_loss(most[place:], threads, deficit, rates)
        deficit -= _saved(last, threads, count)
        threads[last.id] = count
        break
    return deficit


def _least_loss(
    loads: Sequence[Load],
    threads: Mapping[str, int],
    deficit: float,
    rates: Mapping[str | None, float],
) -> tuple[Load, int]:
    """Return the load that can save a deficit alone at the least loss, with threads.

    `rates` are the W per H/s of each algorithm.
    """
    options: list[tuple[tuple[float, ...], int, Load, int]] = []
    for load in loads:
        now = threads[load.id]
        mining = load.curve.mining
        count = load.curve.threads_within(mining[now] - deficit + SLACK)
        count = min(max(load.floor, count), now)
        saved = mining[now] - mining[count]
        if saved >= deficit - SLACK:
            lost = load.curve.hashrate(now) - load.curve.hashrate(count)
            order = (lost * rates[load.algorithm], saved)
            options.append((order, len(options), load, count))
    *_, load, count = min(options)
    return load, count


def _saved(load: Load, threads: Mapping[str, int], count: int) -> float:
    """Return how many W a load saves when reduced to at most `count` threads."""
    mining = load.curve.mining
    now = threads[load.id]
    return mining[now] - mining[min(count, now)]


def _reducible(loads: Iterable[Load], threads: Mapping[str, int]) -> float:
    """Return how many W loads can save in total."""
    return sum(_saved(load, threads, load.floor) for load in loads)


def _worth(loads: Sequence[Load], threads: Mapping[str, int]) -> list[float]:
    """Return what threads are worth, one value per tier, in order.

    Within an algorithm hashes count; several algorithms are weighted by full load.
    """
    worth = []
    for tier in _tiers(loads):
        value = 0.0
        for group in _by_algorithm(tier):
            if rate := _watts_per_hash(group):
                hashes = sum(load.curve.hashrate(threads[load.id]) for load in group)
                value += hashes * rate
            else:
                value += power(group, threads)
        worth.append(value)
    return worth


def _watts_per_hash(group: Sequence[Load]) -> float:
    """Return the W per H/s of one algorithm at full load, 0 if unknown.

    It makes hashes of different algorithms comparable.
    """
    hashes = sum(load.curve.hashrate(load.curve.threads) for load in group)
    return sum(load.curve.full for load in group) / hashes if hashes else 0.0


def _is_worth_more(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether `one` is better in the first tier with a relevant difference."""
    for a, b in zip(one, other, strict=True):
        if a > b * WORTH_MOVING + SLACK:
            return True
        if b > a * WORTH_MOVING + SLACK:
            return False
    return False


def _tiers(loads: Iterable[Load]) -> list[list[Load]]:
    """Return loads grouped by tier, in the order in which they are served."""

    def tier(load: Load) -> tuple[int, bool]:
        return load.tier

    return [list(group) for _, group in groupby(sorted(loads, key=tier), key=tier)]


def _by_algorithm(loads: Iterable[Load]) -> list[list[Load]]:
    """Return loads by algorithm, starting with the load that has rested longest."""
    groups: dict[str | None, list[Load]] = {}
    for load in sorted(loads, key=lambda load: load.rest_order):
        groups.setdefault(load.algorithm, []).append(load)
    return list(groups.values())
