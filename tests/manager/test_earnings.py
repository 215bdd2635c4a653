"""What mining earns is compared with what bought power costs."""

import pytest

from custom_components.xmrig_miner.manager import Curve
from custom_components.xmrig_miner.manager.earnings import Work
from custom_components.xmrig_miner.manager.sleep_rules import SleepRules
from custom_components.xmrig_miner.power.model import PowerModel

from .common import House, line, miner

RATED = miner()
"""80 W beside its idle power for 400 H/s."""


def test_the_break_even_price_is_what_a_kwh_earns() -> None:
    """80 W are 1.92 kWh a day, in which 0.4 kH/s earn 0.4 times as much as 1 kH/s."""
    work = Work.of([RATED, miner("b")])
    assert work == Work(800, 160)
    assert work.break_even(0.48) == pytest.approx(0.1)
    assert work.profit(0.48, 0.1) == pytest.approx(0)
    assert work.profit(0.48, 0.05) == pytest.approx(0.384 - 0.192)
    assert work.profit(0.48, 0.3) == pytest.approx(0.384 - 1.152)
    assert work.break_even(0) == 0
    assert work.profit(0, -0.1) == pytest.approx(0.384)


def test_it_is_known_while_all_rest() -> None:
    """So that automations can decide; also of members that are not online."""
    assert Work.of([miner(threads=0)]) == Work.of([miner(threads=4)])
    assert Work.of([miner(threads=None, is_online=False)]) == Work(400, 80)


def test_the_idle_power_of_a_computer_that_may_sleep_counts() -> None:
    """Any other draws it anyway."""
    sleeper = miner(sleep=SleepRules(after=60))
    assert Work.of([sleeper]) == Work(400, 80 + line().idle)


def test_the_bounds_of_the_user_count() -> None:
    """What may not run earns nothing."""
    assert Work.of([miner(max_threads=1)]) == Work(100, 20)
    assert Work.of([miner(max_watts=85)]) == Work(200, 40)


@pytest.mark.parametrize(
    "member",
    [
        miner(curve=None),
        miner(curve=Curve.on_off(100)),
        miner(curve=Curve.from_model(PowerModel(threads=4, idle=40, full=120))),
        miner(max_threads=0),
    ],
)
def test_a_member_without_hashes_or_watts_takes_no_part(member: object) -> None:
    """Without any other, nothing is known."""
    work = Work.of([member])  # type: ignore[list-item]
    assert work.break_even(1) is None
    assert work.profit(1, 0.1) is None
    assert Work.of([RATED, member]) == Work(400, 80)  # type: ignore[list-item]


def test_without_earnings_or_a_price() -> None:
    """Nothing is known either."""
    work = Work.of([RATED])
    assert work.break_even(None) is None
    assert work.profit(None, 0.1) is None
    assert work.profit(0.5, None) is None


def test_earnings_are_of_one_algorithm() -> None:
    """That of most members; one without a job yet is taken to be one of them."""
    others = [miner("b"), miner("c", algorithm=None), miner("d", algorithm="kawpow")]
    assert Work.of([RATED, *others]) == Work(1200, 240)


def test_a_learned_curve_is_rated() -> None:
    """As soon as hashes were seen."""
    model = PowerModel(threads=4, idle=40, full=120).with_sample(
        2, watts=80, hashrate=200
    )
    curve = Curve.from_model(model)
    assert curve is not None
    assert curve.is_rated
    assert Work.of([miner(curve=curve)]) == Work(400, 80)


def test_below_the_break_even_price_power_is_bought() -> None:
    """Without any sun."""
    house = House(miner(curve=line()))
    assert not house.run(0, grid=500).targets
    for break_even, threads in ((0.31, 4), (0.29, 0)):
        house.prices = type(house.prices)(importing=0.3, break_even=break_even)
        house.run(200 if threads else 400, grid=500)
        assert house.threads == {"a": threads}
