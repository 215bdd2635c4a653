"""What more threads draw and hash."""

import pytest

from custom_components.xmrig_miner.manager import Curve
from custom_components.xmrig_miner.power.model import PowerModel

from .common import line

ESTIMATED = PowerModel(threads=4, idle=60, full=140)


def segments(curve: Curve, first: int = 0, last: int | None = None) -> list[object]:
    """Return the segments of a hull, each with its threads and its H/s per W."""
    last = curve.threads if last is None else last
    return [(each.first, each.last, each.gain) for each in curve.hull(first, last)]


@pytest.mark.parametrize(
    "model", [PowerModel(threads=4), PowerModel(threads=0, idle=60, full=140)]
)
def test_a_miner_of_unknown_power_has_no_curve(model: PowerModel) -> None:
    """Nor has one without threads."""
    assert Curve.from_model(model) is None


def test_without_a_hashrate_all_threads_hash_the_same() -> None:
    """Their ratios are all that counts."""
    assert Curve.from_model(ESTIMATED) == Curve(
        (60, 80, 100, 120, 140), (0, 1, 2, 3, 4), is_rated=False
    )


def test_what_the_model_learned_is_the_curve() -> None:
    """With its hashrates in H/s."""
    model = ESTIMATED.with_sample(4, watts=160, hashrate=1000)
    curve = Curve.from_model(model)
    assert curve is not None
    assert curve.is_rated
    assert curve.hashrates == (0, 250, 500, 750, 1000)
    assert curve.watts == tuple(model.watts(count) for count in range(5))


def test_a_miner_that_draws_nothing_at_rest() -> None:
    """As one whose plug counts its mining alone."""
    curve = Curve.from_model(PowerModel(threads=1, idle=0, full=10))
    assert curve is not None
    assert curve.watts == (0, 10)


def test_a_load_that_is_switched() -> None:
    """It has one thread, and hashes that are not known."""
    curve = Curve.on_off(300, idle=20)
    assert curve == Curve((20, 320), None, is_rated=False)
    assert Curve.on_off(300).watts == (0, 300)
    assert (curve.threads, curve.idle, curve.full) == (1, 20, 300)
    assert curve.hashrate(1) == 0


def test_no_number_of_threads_draws_less_than_none() -> None:
    """A reading may say so, of a computer that does something else at rest."""
    assert Curve((40, 39, 60)).mining == (0, 0, 20)


@pytest.mark.parametrize(
    ("watts", "threads"), [(-1, 0), (0, 0), (19.9, 0), (20, 1), (79, 3), (900, 4)]
)
def test_threads_within(watts: float, threads: int) -> None:
    """The most that draw no more."""
    assert line().threads_within(watts) == threads


def test_a_hull_joins_threads_that_pay_better_together() -> None:
    """Its gains fall from one to the next."""
    curve = Curve((0, 10, 20, 30, 40), (0, 100, 300, 400, 450))
    assert segments(curve) == [(0, 2, 15), (2, 3, 10), (3, 4, 5)]
    assert segments(curve, 1, 3) == [(1, 2, 20), (2, 3, 10)]
    assert segments(line(3)) == [(0, 3, 5)]
    assert segments(curve, 4) == []


def test_a_thread_that_seems_to_draw_nothing_has_a_gain() -> None:
    """As if it drew a tenth of a watt."""
    assert segments(Curve((40, 40), (0, 50))) == [(0, 1, 500)]


def test_gains_are_ranked_in_steps_of_a_hundredth() -> None:
    """The best is first, those of nearly the same gain are equal, and none is last."""
    ranks = [
        Curve((0, 10), (0, hashes)).hull(0, 1)[0].rank
        for hashes in (1000, 10, 10.04, 10.2, 0)
    ]
    assert ranks == [-461, 0, 0, -2, 10**9]
