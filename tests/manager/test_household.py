"""Loads of the house that come back are remembered, and power is left for them."""

import math

import pytest

from custom_components.xmrig_miner.manager import Caution, Reason
from custom_components.xmrig_miner.manager.household import (
    GONE,
    REMEMBERED,
    Household,
    Spell,
)
from custom_components.xmrig_miner.manager.smart import LOOK_AGAIN

from .common import House, line, miner

SUN = 1_000
OVEN = 2_000


def cooked(times: int, *, on: int = 60, off: int = 60) -> Household:
    """Return what is learned about a cycling oven, at the end of an off phase."""
    household, now = Household(), 0
    for watts, seconds in ((0, off), *[(OVEN, on), (0, off)] * times):
        for _ in range(seconds // 15):
            now += 15
            household = household.seen(now, SUN - watts, 0)
    return household


def test_what_returned_will_return() -> None:
    """Soon before it does, its power is left alone."""
    household = cooked(6)
    off = household.rests[0].since
    assert household.held_back(0.2, off) == 0
    assert household.held_back(0.2, off + 45) == OVEN
    assert household.held_back(None, off + 45) == 0


def test_what_was_on_once_is_not_expected() -> None:
    """A kettle does not return."""
    household = cooked(1)
    assert not household.spells
    assert household.held_back(0.08, household.at + 10) == 0


def test_another_load_is_another_one() -> None:
    """What is known of the oven says nothing of a lamp."""
    household = cooked(6)
    now = household.at + GONE + 10
    household = household.seen(now, SUN - 300, 0).seen(now + 30, SUN, 0)
    assert household.held_back(0.08, now + 60) == 0


def test_a_load_that_stays_off_is_gone() -> None:
    """It counts as one that did not return, so its like is trusted more."""
    household = cooked(3)
    now = household.at + GONE + 10
    household = household.seen(now, SUN, 0)
    assert household.rests == ()
    assert household.spells[-1] == Spell(OVEN, math.inf, now)


def test_a_step_of_mining_is_no_load() -> None:
    """Its watts may be a little wrong."""
    household = Household().seen(0, SUN, 0).seen(15, SUN + 200, 1_000)
    assert household.rests == ()
    assert Household().seen(0, SUN, 0).seen(15, SUN + 200, 100).rests


def test_readings_that_are_close_are_one() -> None:
    """A step that a meter shows in parts counts as a whole."""
    household = Household().seen(0, 0, 0)
    for now in range(1, 13):
        household = household.seen(now, min(1_000, 100 * now), 0)
    assert [rest.watts for rest in household.rests] == [1_000]


def test_it_is_kept_and_bounded() -> None:
    """Times of another run of Home Assistant are unknown."""
    household = cooked(REMEMBERED + 9)
    assert len(household.spells) == REMEMBERED
    again = Household.from_json(household.as_json())
    assert [spell.watts for spell in again.spells] == [OVEN] * REMEMBERED
    assert again.spells[0].at == -math.inf
    gone = Household((Spell(300, math.inf),))
    assert Household.from_json(gone.as_json()) == gone


@pytest.mark.parametrize("data", [None, [[1]], [["a", 1]], [[1, -1]], [[None, 1]]])
def test_what_is_damaged_is_refused(data: object) -> None:
    """The store sets the file aside."""
    with pytest.raises((LookupError, TypeError, ValueError)):
        Household.from_json(data)


# --- In the manager -----------------------------------------------------------


def mined(caution: Caution, at: int) -> tuple[int, Reason | None, float | None]:
    """Return the threads of a miner some time after an oven was off for the last time.

    With the reason, and the seconds until it decides again.
    """
    house = House(miner(curve=line(each=20)), caution=caution)
    now = 0
    for _ in range(6):
        for load in (OVEN, OVEN, OVEN, OVEN, 0, 0, 0, 0):
            now += 15
            house.run(now, 20 * (house.threads["a"] or 0) + load - SUN)
    for _ in range(at // 15):
        now += 15
        plan = house.run(now, 20 * (house.threads["a"] or 0) - SUN)
    wait = None if plan.wake_at is None else plan.wake_at - now
    return house.threads["a"] or 0, plan.reason, wait


def test_the_cautious_do_not_mine_what_an_oven_is_about_to_take() -> None:
    """The eager do."""
    assert mined(Caution.EAGER, 15)[0] == 4
    assert mined(Caution.BALANCED, 15) == (0, Reason.WAITING_TO_STEP_UP, LOOK_AGAIN)
    assert mined(Caution.BALANCED, 240)[0] == 4
