"""A budget goes to where a watt hashes the most, with as few changes as possible."""

from itertools import product
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.manager import Curve
from custom_components.xmrig_miner.manager.distribution import Load, distribute, power

from .common import line

SAVING = Curve((40, 50, 60, 70, 80), (0, 100, 200, 300, 400))
"""10 W a thread."""
FADING = Curve((40, 50, 60, 80, 120), (0, 100, 180, 240, 270))
"""Each thread is worth less than the one before."""
HEATER = Curve.on_off(300)


def load(id_: str = "a", curve: Curve | None = None, **values: Any) -> Load:
    """Return a load at rest."""
    curve = curve or line()
    values.setdefault("ceiling", curve.threads)
    values.setdefault("threads", 0)
    return Load(id=id_, curve=curve, **values)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """Return any curve."""
    steps = draw(
        st.lists(
            st.tuples(st.floats(0.5, 200), st.floats(1, 900)), min_size=1, max_size=6
        )
    )
    watts, hashrates = [draw(st.floats(0, 100))], [0.0]
    for more, faster in steps:
        watts.append(watts[-1] + more)
        hashrates.append(hashrates[-1] + faster)
    is_on_off = len(steps) == 1 and draw(st.booleans())
    return Curve(tuple(watts), None if is_on_off else tuple(hashrates))


@st.composite
def fleets(draw: st.DrawFn) -> list[Load]:
    """Return any loads, in any state."""
    fleet = []
    for place in range(draw(st.integers(0, 6))):
        curve = draw(curves())
        ceiling = draw(st.integers(0, curve.threads))
        fleet.append(
            load(
                str(place),
                curve,
                threads=draw(st.integers(0, curve.threads)),
                ceiling=ceiling,
                floor=draw(st.integers(0, min(1, ceiling))),
                is_settled=draw(st.booleans()),
                algorithm=draw(st.sampled_from(["rx/0", "gr", None])),
                priority=draw(st.integers(0, 1)),
                rested_since=draw(st.none() | st.floats(0, 1000)),
            )
        )
    return fleet


budgets = st.floats(-500, 5000)


# --- What always holds --------------------------------------------------------


@given(fleets(), budgets)
def test_the_budget_is_kept_but_for_what_always_runs(
    fleet: list[Load], budget: float
) -> None:
    """No more is drawn than the budget and the floors."""
    threads = distribute(fleet, budget)
    floors = power(fleet, {load.id: load.floor for load in fleet})
    assert power(fleet, threads) <= max(budget, floors) + 0.01


@given(fleets(), budgets)
def test_every_load_stays_between_its_bounds(fleet: list[Load], budget: float) -> None:
    """A cap that the user set applies at any budget."""
    threads = distribute(fleet, budget)
    assert threads.keys() == {load.id for load in fleet}
    assert all(load.floor <= threads[load.id] <= load.ceiling for load in fleet)


@given(fleets(), budgets)
def test_only_settled_loads_are_raised(fleet: list[Load], budget: float) -> None:
    """One that changed a moment ago is not raised again."""
    threads = distribute(fleet, budget)
    for each in fleet:
        if not each.is_settled:
            assert threads[each.id] <= max(each.threads, each.floor)


@given(fleets(), budgets)
def test_it_is_decided_once(fleet: list[Load], budget: float) -> None:
    """The same budget a moment later changes nothing more, once all have settled."""
    steady = [
        load(
            each.id,
            each.curve,
            threads=count,
            ceiling=each.ceiling,
            floor=each.floor,
            algorithm=each.algorithm,
            priority=each.priority,
        )
        for each, count in zip(fleet, distribute(fleet, budget).values(), strict=True)
    ]
    for _ in range(6):
        threads = distribute(steady, budget)
        if all(threads[each.id] == each.threads for each in steady):
            return
        steady = [
            load(
                each.id,
                each.curve,
                threads=threads[each.id],
                ceiling=each.ceiling,
                floor=each.floor,
                algorithm=each.algorithm,
                priority=each.priority,
            )
            for each in steady
        ]
    pytest.fail("It never comes to rest")


@settings(max_examples=50)
@given(st.lists(curves(), min_size=1, max_size=3), st.floats(0, 1500))
def test_it_comes_close_to_the_best_there_is(fleet: list[Curve], budget: float) -> None:
    """The hashes are those of the best way, but for less than one thread's."""
    loads = [
        load(str(place), curve)
        for place, curve in enumerate(fleet)
        if curve.hashrates is not None
    ]
    threads = distribute(loads, budget)
    made = sum(each.curve.hashrate(threads[each.id]) for each in loads)
    best = max(
        sum(each.curve.hashrate(n) for each, n in zip(loads, counts, strict=True))
        for counts in product(*(range(each.curve.threads + 1) for each in loads))
        if sum(each.curve.mining[n] for each, n in zip(loads, counts, strict=True))
        <= budget
    )
    largest = max(
        (segment_hashes(each.curve) for each in loads),
        default=0,
    )
    assert made >= best - largest * 1.02 - 1


def segment_hashes(curve: Curve) -> float:
    """Return the most hashes of a stretch that is taken as a whole."""
    return max(
        curve.hashrate(segment.last) - curve.hashrate(segment.first)
        for segment in curve.hull(0, curve.threads)
    )


# --- Where more goes ----------------------------------------------------------


def test_it_goes_to_the_most_hashes_per_watt() -> None:
    """The frugal miner is filled before the other gets any."""
    loads = [load("a"), load("b", SAVING)]
    assert distribute(loads, 50) == {"a": 0, "b": 4}
    assert distribute(loads, 60) == {"a": 1, "b": 4}


def test_it_goes_thread_by_thread_where_that_pays() -> None:
    """The last threads of one are worth less than the first of another."""
    loads = [load("a"), load("b", FADING)]
    # 10, 8, 3, and 0.75 H/s per W, against 5
    assert distribute(loads, 100) == {"a": 4, "b": 2}
    assert distribute(loads, 120) == {"a": 4, "b": 3}


def test_what_no_thread_of_the_best_fits_into_goes_to_the_next() -> None:
    """Nothing is left over that feeds a thread elsewhere."""
    big = Curve((0, 100), (0, 1000))
    assert distribute([load("a"), load("b", big)], 90) == {"a": 4, "b": 0}


def test_a_wasteful_member_makes_room_for_a_better_one() -> None:
    """Threads move if that gains more than one percent of the hashes."""
    loads = [load("a", threads=2), load("b", SAVING)]
    assert distribute(loads, 40) == {"a": 0, "b": 4}


def test_nothing_moves_for_less_than_a_hundredth() -> None:
    """Each change costs the miner a second."""
    little = Curve((40, 59.9, 79.8, 99.7, 119.6), (0, 100, 200, 300, 400))
    loads = [load("a", threads=2), load("b", little)]
    assert distribute(loads, 40) == {"a": 2, "b": 0}


def test_nothing_moves_to_where_less_fits() -> None:
    """The best thread may leave more of the budget unused than the others."""
    big = Curve((0, 100), (0, 1000))
    others = Curve((0, 60, 120), (0, 540, 1080))
    loads = [load("a", big), load("b", others, threads=2)]
    assert distribute(loads, 120) == {"a": 0, "b": 2}
    # A tier that may not mine decides nothing
    loads.append(load("c", ceiling=0, priority=1))
    assert distribute(loads, 120) == {"a": 0, "b": 2, "c": 0}


@pytest.mark.parametrize("most", [0, 1])
def test_it_moves_beside_a_priority_that_stays_as_it_is(most: int) -> None:
    """A tier that is equal decides nothing, whether it mines or not."""
    loads = [
        load("a", threads=most, ceiling=most, priority=1),
        load("b", threads=2),
        load("c", SAVING),
    ]
    assert distribute(loads, 40 + 20 * most) == {"a": most, "b": 0, "c": 4}


def test_what_does_not_fit_does_not_hold_up_the_others() -> None:
    """A later thread of the same miner, and then threads of another one."""
    cheap = Curve((0, 5), (0, 5))
    loads = [load("a", FADING), load("b", cheap)]
    assert distribute(loads, 15) == {"a": 1, "b": 1}


def test_threads_of_less_than_a_watt() -> None:
    """As those of a phone."""
    assert distribute([load("a", line(each=0.5))], 0.9) == {"a": 1}
    small = Curve((0, 0.2, 0.4), (0, 100, 200))
    better = Curve((0, 0.4), (0, 206))
    loads = [load("a", small, threads=2), load("b", better)]
    assert distribute(loads, 0.4) == {"a": 0, "b": 1}


def test_a_cap_holds_although_the_next_thread_seems_to_draw_nothing() -> None:
    """As in a curve that is still being learned."""
    flat = Curve((40, 60, 60), (0, 100, 200))
    assert distribute([load("a", flat, ceiling=1)], 20) == {"a": 1}


def test_a_cap_holds_although_the_budget_feeds_more() -> None:
    """Threads that it runs already are not counted twice."""
    assert distribute([load("a", threads=1, ceiling=2)], 65) == {"a": 2}


def test_of_equal_members_the_one_that_rested_longest_is_first() -> None:
    """So that all get their turn."""
    loads = [load("a", rested_since=50), load("b", rested_since=10), load("c")]
    assert distribute(loads, 20) == {"a": 0, "b": 1, "c": 0}


def test_more_is_not_spent_than_may_be_spent_newly() -> None:
    """What is in use stays."""
    loads = [load("a", threads=1), load("b")]
    assert distribute(loads, 160, 45) == {"a": 2, "b": 0}
    assert distribute(loads, 160, 0) == {"a": 1, "b": 0}


def test_what_a_load_draws_that_has_not_settled_is_spent() -> None:
    """The others get the rest."""
    loads = [load("a", threads=2, is_settled=False), load("b")]
    assert distribute(loads, 100) == {"a": 2, "b": 3}


# --- Where less is taken ------------------------------------------------------


def test_less_is_taken_from_one_member() -> None:
    """One that can save all of it is enough."""
    loads = [load("a", threads=4), load("b", threads=4), load("c", SAVING, threads=4)]
    threads = distribute(loads, 140)
    assert sum(threads[each.id] != each.threads for each in loads) == 1
    assert threads["c"] == 4


def test_it_is_taken_where_the_least_is_lost() -> None:
    """The last thread of the first miner yields least."""
    loads = [load("a", threads=4), load("b", FADING, threads=4)]
    assert distribute(loads, 130) == {"a": 4, "b": 3}


def test_what_none_can_save_alone_is_taken_from_the_largest() -> None:
    """The fewest members are touched."""
    big = line(threads=8)
    loads = [load("a", threads=4), load("b", big, threads=8), load("c", threads=4)]
    assert distribute(loads, 160) == {"a": 4, "b": 0, "c": 4}
    threads = distribute(loads, 140)
    assert threads["b"] == 0
    assert sorted((threads["a"], threads["c"])) == [3, 4]


def test_it_is_not_taken_from_one_that_cannot_save_it() -> None:
    """Its last thread is worth least, but it has to keep the others."""
    loads = [load("a", threads=4), load("b", threads=4, floor=3)]
    assert distribute(loads, 100) == {"a": 1, "b": 4}


def test_the_least_valuable_of_two_that_save_just_enough() -> None:
    """It is not the first of them."""
    better = Curve((40, 60, 80, 100, 120), (0, 200, 400, 600, 800))
    loads = [load("a", better, threads=4), load("b", threads=4)]
    assert distribute(loads, 80) == {"a": 4, "b": 0}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        # Its last thread is 6 % of its hashes, not a quarter
        (
            Curve((40, 60, 80, 100, 120), (0, 1e6, 2e6, 3e6, 3.2e6)),
            {"a": 4, "b": 3},
        ),
        # Of twice the power, a fifth is more than a quarter
        (
            Curve(tuple(range(40, 201, 20)), (0, 10, 20, 30, 40, 50, 60, 64, 80)),
            {"a": 3, "b": 8},
        ),
    ],
)
def test_hashes_of_algorithms_compare_by_full_load(
    other: Curve, expected: dict[str, int]
) -> None:
    """It is taken where the least of the power is worth it."""
    loads = [
        load("a", threads=4, algorithm="rx/0"),
        load("b", other, threads=other.threads, algorithm="gr"),
    ]
    assert distribute(loads, power(loads, {"a": 4, "b": other.threads}) - 20) == (
        expected
    )


def test_less_is_taken_from_settled_members_first() -> None:
    """One that changed a moment ago is spared where others can save the power."""
    loads = [load("a", threads=4, is_settled=False), load("b", threads=4)]
    assert distribute(loads, 100) == {"a": 4, "b": 1}
    assert distribute(loads, 80) == {"a": 4, "b": 0}
    # Unless they have to keep a thread
    keeps = load("b", threads=4, floor=1)
    assert distribute([loads[0], keeps], 90) == {"a": 0, "b": 4}
    assert distribute(loads, 20) == {"a": 0, "b": 1} or distribute(loads, 20) == {
        "a": 1,
        "b": 0,
    }


def test_the_floor_stays() -> None:
    """One thread each is kept, even if it has to be bought."""
    loads = [load("a", threads=4, floor=1), load("b", floor=1)]
    assert distribute(loads, -100) == {"a": 1, "b": 1}


# --- Order and groups ---------------------------------------------------------


def test_a_higher_priority_is_served_first() -> None:
    """Even if it hashes less."""
    loads = [load("a", priority=1), load("b", SAVING, threads=4)]
    assert distribute(loads, 90) == {"a": 4, "b": 1}


def test_less_is_taken_from_the_lowest_priority() -> None:
    """The other goes on."""
    loads = [load("a", threads=4, priority=1), load("b", SAVING, threads=4)]
    assert distribute(loads, 80) == {"a": 4, "b": 0}
    loads.append(load("c", threads=4, priority=2))
    assert distribute(loads, 160) == {"a": 4, "b": 0, "c": 4}


def test_a_load_that_is_switched_comes_last() -> None:
    """It is on only if all of it is left over beside the others."""
    loads = [load("a"), load("gpu", HEATER)]
    assert distribute(loads, 379) == {"a": 4, "gpu": 0}
    assert distribute(loads, 380) == {"a": 4, "gpu": 1}


def test_a_load_that_is_switched_can_have_priority() -> None:
    """Then it comes first."""
    loads = [load("a"), load("gpu", HEATER, priority=1)]
    assert distribute(loads, 320) == {"a": 1, "gpu": 1}


def test_of_loads_that_are_switched_the_larger_one_is_worth_more() -> None:
    """Their hashes are unknown, so their power counts."""
    small, large = Curve.on_off(100), Curve.on_off(200)
    loads = [load("a", large, rested_since=0), load("b", small, threads=1)]
    assert distribute(loads, 200) == {"a": 1, "b": 0}
    # Beside one of another algorithm
    loads.append(load("c", Curve.on_off(50), threads=1, algorithm="gr"))
    assert distribute(loads, 250) == {"a": 1, "b": 0, "c": 1}


def test_algorithms_share_by_full_load() -> None:
    """Their hashes are not comparable."""
    small, big = load("a", algorithm="rx/0"), load("b", line(8), algorithm="gr")
    assert distribute([small, big], 120) == {"a": 2, "b": 4}


def test_what_an_algorithm_draws_counts_as_its_share() -> None:
    """It gets no more while the other has less than its share."""
    loads = [
        load("a", algorithm="rx/0", threads=2),
        load("b", line(8), algorithm="gr"),
    ]
    assert distribute(loads, 120) == {"a": 2, "b": 4}


def test_algorithms_that_seem_to_draw_nothing() -> None:
    """As while their power is unknown: there is nothing to share."""
    free = Curve((40, 40), (0, 100))
    loads = [load("a", free, algorithm="rx/0"), load("b", free, algorithm="gr")]
    assert distribute(loads, 10) == {"a": 1, "b": 1}


def test_of_several_algorithms_each_counts() -> None:
    """Threads move within one of them, although the other stays as it is."""
    loads = [
        load("a", threads=2, algorithm="rx/0"),
        load("b", SAVING, algorithm="rx/0"),
        load("c", threads=1, algorithm="gr"),
    ]
    assert distribute(loads, 60) == {"a": 0, "b": 4, "c": 1}


def test_nothing_moves_from_one_algorithm_to_another_for_its_share() -> None:
    """The same power is worth the same in both."""
    slow = Curve(line().watts, (0, 1, 2, 3, 4))
    loads = [
        load("a", algorithm="rx/0"),
        load("b", slow, threads=4, algorithm="gr"),
    ]
    assert distribute(loads, 80) == {"a": 0, "b": 4}


def test_what_one_algorithm_cannot_use_goes_to_the_other() -> None:
    """Nothing is left over that feeds a thread."""
    loads = [load("a", algorithm="rx/0", ceiling=1), load("b", algorithm="gr")]
    assert distribute(loads, 100) == {"a": 1, "b": 4}


def test_a_budget_below_the_shares_goes_to_the_one_that_rested_longest() -> None:
    """One thread fits, but half a thread each does not."""
    loads = [
        load("a", algorithm="rx/0", rested_since=20),
        load("b", algorithm="gr", rested_since=10),
    ]
    assert distribute(loads, 20) == {"a": 0, "b": 1}
