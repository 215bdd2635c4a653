"""What the settings of the manager allow."""

import pytest

from custom_components.xmrig_miner.manager import Caution, Prices, Settings
from custom_components.xmrig_miner.manager.policy import battery_goes_first


@pytest.mark.parametrize(
    ("level", "before", "is_first"),
    [
        (49.9, False, True),
        (50, False, False),
        (50, True, True),
        (79.9, True, True),
        (79.9, False, False),
        (80, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_between_two_charges_the_battery_stays_as_it_was(
    level: float | None, before: bool, is_first: bool
) -> None:
    """As it does while its charge is unknown."""
    settings = Settings(battery_priority=50, battery_start=80)
    assert battery_goes_first(level, settings, before=before) is is_first


def test_a_start_below_the_priority_counts_as_the_priority() -> None:
    """As after only one of the two was set."""
    settings = Settings(battery_priority=50, battery_start=20)
    assert battery_goes_first(49, settings, before=False)
    assert battery_goes_first(49, settings, before=True)
    assert not battery_goes_first(50, settings, before=True)


@pytest.mark.parametrize(
    ("prices", "limit", "is_cheap"),
    [
        (Prices(), 0.2, False),
        (Prices(importing=0.1), None, False),
        (Prices(importing=0.1), 0.1, False),
        (Prices(importing=0.1), 0.11, True),
        (Prices(importing=0.1, break_even=0.11), None, True),
        (Prices(importing=0.1, break_even=0.11), 0.05, True),
        (Prices(importing=0.1, break_even=0.1), None, False),
    ],
)
def test_power_is_cheap_below_the_limit_or_the_break_even_price(
    prices: Prices, limit: float | None, is_cheap: bool
) -> None:
    """Either is enough."""
    assert prices.is_cheap(limit) is is_cheap


@pytest.mark.parametrize(
    ("prices", "limit", "is_waiting"),
    [
        (Prices(), 0.2, False),
        (Prices(break_even=0.1), None, False),
        (Prices(importing=0.1), None, False),
        (Prices(importing=0.1), 0.05, True),
        (Prices(importing=0.1, break_even=0.05), None, True),
    ],
)
def test_a_price_is_waited_for_if_it_could_fall_far_enough(
    prices: Prices, limit: float | None, is_waiting: bool
) -> None:
    """It has to be known, and something to compare it with."""
    assert prices.is_waiting(limit) is is_waiting


@pytest.mark.parametrize(
    ("prices", "odds"),
    [
        (Prices(importing=0.3, exporting=0.1), 0.04),
        (Prices(importing=0.3, exporting=0.1, break_even=0.15), 0.25),
        (Prices(importing=0.3, exporting=0.1, break_even=0.05), 0),
        (Prices(importing=0.3, exporting=0.1, break_even=0.4), None),
        (Prices(importing=0.3, break_even=0.2), 0.04),
    ],
)
def test_prices_say_which_chance_is_worth_it(prices: Prices, odds: float) -> None:
    """A bought kWh costs the import price, an unused one earns the export price."""
    assert prices.odds(Caution.CALM) == (odds if odds is None else pytest.approx(odds))


@pytest.mark.parametrize("price", ["importing", "exporting", "break_even"])
def test_without_one_of_the_prices_the_caution_decides(price: str) -> None:
    """All three are needed to say which chance is worth it."""
    prices = {"importing": 0.3, "exporting": 0.1, "break_even": 0.2, price: None}
    assert Prices(**prices).odds(Caution.BALANCED) == 0.1


def test_where_bought_power_costs_what_it_earns_any_chance_is_worth_it() -> None:
    """Nothing is lost."""
    prices = Prices(importing=0.3, exporting=0.1, break_even=0.3)
    assert prices.odds(Caution.CALM) is None
