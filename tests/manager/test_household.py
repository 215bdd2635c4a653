"""Loads of the house that come back are remembered, and power is left for them."""

import math

import pytest

from custom_components.xmrig_miner.manager import (
    Caution,
    Curve,
    Inputs,
    ManagerState,
    Member,
    Meters,
    Prices,
    Reading,
    Reason,
    Settings,
)
from custom_components.xmrig_miner.manager.budget import History
from custom_components.xmrig_miner.manager.household import (
    APART,
    GONE,
    RECENT,
    REMEMBERED,
    Household,
    Rest,
    Spell,
)
from custom_components.xmrig_miner.manager.loads import loads_of
from custom_components.xmrig_miner.manager.members import Record
from custom_components.xmrig_miner.manager.outcome import Outcome
from custom_components.xmrig_miner.manager.smart import LOOK_AGAIN, smart

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


def test_a_single_old_return_proves_little() -> None:
    """Several do, and a recent one does."""
    old, recent = Spell(OVEN, 60), Spell(OVEN, 60, at=990)
    for spells, is_likely in (((old,), False), ((old,) * 5, True), ((recent,), True)):
        household = Household(spells, (Rest(OVEN, 950),), at=1_000)
        assert (household.held_back(0.1, 1_000) == OVEN) is is_likely


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


def test_a_longer_time_of_an_earlier_version() -> None:
    """It counts as a load that did not return in time."""
    assert Household.from_json([[300, 2 * GONE]]) == Household((Spell(300, math.inf),))


@pytest.mark.parametrize(
    "data",
    [None, [[1]], [["a", 1]], [[1, -1]], [[None, 1]], [[1_000_001, 1]], [[1, 1e99]]],
)
def test_what_is_damaged_is_refused(data: object) -> None:
    """The store sets the file aside."""
    with pytest.raises((LookupError, TypeError, ValueError)):
        Household.from_json(data)


# --- What counts as a load, and how probable its return is ---------------------


@pytest.mark.parametrize(
    ("left", "mined", "rests"),
    [
        (149.9, 0, ()),
        (150, 0, (Rest(150, 15),)),
        # Up to 30 % of a step of mining may be an error of its model
        (150, 500, (Rest(150, 15),)),
        (150, 501, ()),
        (150, -501, ()),
        (1_000_000, 0, (Rest(1_000_000, 15),)),
        (1_000_001, 0, ()),
        # Switched on, which returns nothing
        (-150, 0, ()),
    ],
)
def test_the_size_of_a_load(left: float, mined: float, rests: tuple[Rest, ...]) -> None:
    """A smaller step is left to the meter."""
    household = Household().seen(0, 0, 0).seen(15, left, mined)
    assert household.rests == rests
    assert (household.at, household.left, household.mined) == (15, left, mined)
    # Only the step of mining matters, not what it drew before
    household = Household().seen(0, 0, 100).seen(15, left, mined + 100)
    assert household.rests == rests


def test_the_time_between_readings() -> None:
    """The next one is expected after as long, up to a minute."""
    first = Household().seen(0, 0, 0)
    assert first.interval == APART
    assert first.seen(9.9, 500, 0) is first
    assert (first.seen(10, 0, 0).at, first.seen(10, 0, 0).interval) == (10, 10)
    assert first.seen(25, 0, 0).interval == 25
    assert first.seen(100, 0, 0).interval == 60


def test_the_load_of_the_most_similar_size_returned() -> None:
    """How long it was off is remembered."""
    rests = (Rest(1_000, 0), Rest(1_100, 5), Rest(3_000, 9))
    household = Household(rests=rests).returned(1_050, 65)
    assert household.spells == (Spell(1_100, 60, 65),)
    assert household.rests == (Rest(1_000, 0), Rest(3_000, 9))


@pytest.mark.parametrize(
    ("watts", "is_same"), [(899, False), (900, True), (1_100, True), (1_101, False)]
)
def test_a_load_of_another_size_did_not_return(watts: float, *, is_same: bool) -> None:
    """It is one that was not known to be off."""
    household = Household(rests=(Rest(1_000, 0),)).returned(watts, 60)
    assert bool(household.spells) is is_same
    assert bool(household.rests) is not is_same
    assert Household().returned(watts, 60) == Household()


def test_only_what_is_off_for_too_long_is_gone() -> None:
    """After five minutes."""
    household = Household(rests=(Rest(300, 0), Rest(500, 50)))
    assert household.without_gone(GONE) is household
    after = household.without_gone(GONE + 1)
    assert after.rests == (Rest(500, 50),)
    assert after.spells == (Spell(300, math.inf, GONE + 1),)


NOW = 50_000.0
KNOWN = 1.1
"""The weight of what just happened."""


@pytest.mark.parametrize(
    ("spell", "chance"),
    [
        # Off for a minute: 50 to 80 seconds are as long
        (Spell(1_000, 60, NOW), (0.08 + KNOWN) / (4 + KNOWN)),
        (Spell(1_000, 51, NOW), (0.08 + KNOWN) / (4 + KNOWN)),
        (Spell(1_000, 80, NOW), (0.08 + KNOWN) / (4 + KNOWN)),
        # It would have returned by now
        (Spell(1_000, 50, NOW), 0.02),
        # It will return later, or not at all
        (Spell(1_000, 81, NOW), 0.08 / (4 + KNOWN)),
        (Spell(1_000, math.inf, NOW), 0.08 / (4 + KNOWN)),
        # Another load
        (Spell(1_050, 60, NOW), (0.08 + KNOWN) / (4 + KNOWN)),
        (Spell(1_051, 60, NOW), 0.02),
        (Spell(949, 60, NOW), 0.02),
        # Long ago
        (Spell(1_000, 60, -math.inf), (0.08 + 0.1) / (4 + 0.1)),
        (
            Spell(1_000, 60, NOW - RECENT),
            (0.18 + math.exp(-1)) / (4.1 + math.exp(-1)),
        ),
    ],
)
def test_the_chance_of_a_return(spell: Spell, chance: float) -> None:
    """As often as loads of that size returned after about as long."""
    rest = Rest(1_000, NOW - 60)
    other = Spell(300, 60, NOW)
    household = Household(spells=(other, spell), rests=(rest,), interval=10)
    assert household.chance(rest, NOW) == pytest.approx(chance)


@pytest.mark.parametrize(
    ("odds", "watts"), [(None, 0), (0.01, 500), (0.03, 300), (0.05, 0)]
)
def test_what_is_held_back_by_odds(odds: float | None, watts: float) -> None:
    """Each of the loads may return with a chance of 2 %, or either with almost 4 %."""
    household = Household(rests=(Rest(300, NOW), Rest(500, NOW)))
    assert household.held_back(odds, NOW) == watts


def test_what_is_stored_of_a_load() -> None:
    """Tenths are enough."""
    spells = (Spell(300.26, 59.94, 7), Spell(150, math.inf))
    stored = Household(spells=spells).as_json()
    assert stored == [[300.3, 59.9], [150, None]]
    most = [[1_000_000, GONE]]
    assert Household.from_json(most).as_json() == most


def test_an_absurd_reading_is_no_load() -> None:
    """A load that cannot be stored would set the file aside at the next start."""
    household = Household()
    for place, left in enumerate((0, 2**31, 0, 300, 0)):
        household = household.seen(60 * place, left, 0)
    assert [spell.watts for spell in household.spells] == [300]
    assert Household.from_json(household.as_json()).as_json() == household.as_json()


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


def outcome_of(member: Member, before: float, drawn: float, bought: float) -> Outcome:
    """Return what is decided while a load of 200 W is expected to return.

    Mining drew `before` until a moment ago, which the meter may still show.
    """
    state = ManagerState(
        records={member.id: Record()},
        history=History(((-math.inf, before), (NOW - 2, drawn))),
        household=Household(
            spells=(Spell(200, 60, NOW),), rests=(Rest(200, NOW - 55),), at=NOW
        ),
    )
    inputs = Inputs(
        members=(member,),
        meters=Meters(grid=Reading(bought, NOW, NOW)),
        prices=Prices(),
    )
    loads = loads_of([member], state.records, NOW)
    settings = Settings(caution=Caution.BALANCED)
    return smart(settings, inputs, state, loads, NOW)[1]


def test_a_load_too_large_for_all_of_it_waits_for_none() -> None:
    """It is not what is kept free for an oven that keeps it off."""
    gpu = miner("gpu", curve=Curve.on_off(5_000))
    outcome = outcome_of(gpu, 0, 3_000, -280)
    assert (outcome.threads, outcome.reason) == ({"gpu": 0}, Reason.NO_SURPLUS)
    # Between what the meter may show of the step, less what is kept free
    assert outcome.budget == (280 + 3_280) / 2 - 200
    assert outcome.more == 80
    assert outcome.wake_at == NOW + LOOK_AGAIN


def test_threads_that_are_kept_wait_for_none() -> None:
    """No more of them would be added if nothing was kept free."""
    outcome = outcome_of(miner(threads=4, curve=line(8)), 320, 80, 30)
    assert (outcome.threads, outcome.reason) == ({"a": 4}, Reason.NO_SURPLUS)


def test_threads_that_wait_for_a_load_of_the_house() -> None:
    """They are added if it does not return."""
    outcome = outcome_of(miner(threads=1), 20, 20, -200)
    assert (outcome.threads, outcome.reason) == ({"a": 1}, Reason.WAITING_TO_STEP_UP)
    assert outcome.wake_at == NOW + LOOK_AGAIN
