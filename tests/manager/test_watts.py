"""The watts of a miner without a plug are learned from the meter of the house."""

from random import Random

import pytest

from custom_components.xmrig_miner.manager import Curve
from custom_components.xmrig_miner.manager.response import Response
from custom_components.xmrig_miner.manager.watts import (
    ASSUMED,
    ENOUGH,
    SURE,
    Draw,
    Sample,
    Step,
    Watts,
    curve_with,
)
from custom_components.xmrig_miner.manager.watts_fit import Fit

from .common import House, line, miner, steps_seen

RESPONSE = Response()
THREAD = 17


def watched(steps: int = 40, *, noise: float = 5) -> Watts:
    """Return what is learned about a miner that steps, with other loads."""
    random = Random(1)
    result, threads, now = Watts(), 0, 0.0
    for _ in range(steps):
        house = random.choice((200.0, 200.0, 2_200.0))
        before, threads = threads, random.choice((0, 4, 8, 16))
        if before != threads:
            result = result.stepped([Step(now, "a", before, threads)])
        for _ in range(4):
            now += 15
            drawn = house + THREAD * threads - now / 10
            result = result.seen(now, drawn + random.gauss(0, noise), RESPONSE)
    return result


def test_steps_tell_the_watts_of_a_thread() -> None:
    """What else happens in the house does not matter, nor does the sun that rises."""
    draws = watched().draws
    assert list(draws) == ["a"]
    draw = draws["a"]
    assert draw.each == pytest.approx(THREAD, rel=0.05)
    found = draw.fit(16)
    assert found
    assert found.error < SURE
    assert found.mining[16] == pytest.approx(16 * THREAD, rel=0.05)


def test_a_few_steps_are_not_enough() -> None:
    """Nor are those that contradict each other."""
    assert watched(5).draws["a"].fit(16) is None
    wild = Draw(tuple(Sample(0, 4, watts) for watts in (-500, 80, 900, 2000) * 5))
    found = wild.fit(16)
    assert found
    assert found.error > SURE
    assert Draw().each is None
    assert Draw().fit(4) is None


@pytest.mark.parametrize(
    ("samples", "spread", "is_clear"),
    [
        (ENOUGH, 6, True),
        (ENOUGH, 6.1, False),
        # Until then, a thread is assumed to draw 12 W
        (ENOUGH - 1, 2.4, True),
        (ENOUGH - 1, 2.5, False),
    ],
)
def test_a_step_is_clear_if_it_is_five_times_the_usual_change(
    samples: int, spread: float, *, is_clear: bool
) -> None:
    """By what a thread draws as far as it is known."""
    draw = Draw((Sample(0, 2, 60),) * samples)
    assert draw.is_clear(Sample(0, 1, 500), spread) is is_clear


def shown(
    *readings: tuple[float, float],
    steps: tuple[Step, ...] = (),
    response: Response = RESPONSE,
) -> list[float]:
    """Return the W of planned steps after 100 seconds, as readings show them."""
    watts = Watts().stepped([Step(100, "a", 0, 4, True), *steps])
    for at, value in readings:
        watts = watts.seen(at, value, response)
    return [sample.watts for sample in watts.draws.get("a", Draw()).samples]


BEFORE = ((80, 80), (90, 94))
AFTER = ((110, 190), (120, 200))


def test_the_drift_of_the_house_is_no_part_of_a_step() -> None:
    """The mean of two readings on each side counts, less a watt a second."""
    assert shown(*BEFORE, *AFTER) == [pytest.approx(195 - 87 - 30)]


def test_a_reading_at_the_moment_of_a_step_is_on_neither_side() -> None:
    """It may show a part of it."""
    assert shown(*BEFORE, (101, 150), *AFTER) == shown(*BEFORE, *AFTER)


def test_a_meter_that_averages_is_waited_for() -> None:
    """Until two readings show the whole step."""
    response = Response(averaging=10)
    assert shown(*BEFORE, *AFTER, response=response) == []
    readings = (*BEFORE, (110, 150), (120, 200), (130, 210))
    assert shown(*readings, response=response) == [pytest.approx(205 - 87 - 40)]


@pytest.mark.parametrize(("at", "is_seen"), [(78, False), (74, True), (122, True)])
def test_a_step_beside_another_tells_nothing(at: float, *, is_seen: bool) -> None:
    """Where a reading around it may show a part of the other one."""
    other = Step(at, "b", 0, 4)
    assert bool(shown(*BEFORE, *AFTER, steps=(other,))) is is_seen


def test_steps_at_the_same_time_tell_nothing() -> None:
    """It is not known whose watts they are."""
    watts = Watts()
    for now in range(0, 300, 15):
        if now == 90:
            watts = watts.stepped([Step(now, "a", 0, 4), Step(now, "b", 0, 4)])
        watts = watts.seen(now, 160.0 if now > 90 else 0.0, RESPONSE)
    assert not watts.draws


def test_a_command_that_failed_is_no_step() -> None:
    """Those of others stay."""
    watts = Watts().stepped([Step(0, "a", 0, 4), Step(0, "b", 0, 4)]).failed("a")
    assert [step.member for step in watts.steps] == ["b"]


def test_a_step_that_is_lost_in_the_noise_teaches_nothing() -> None:
    """It was made because of the noise."""
    assert not watched(noise=200).draws


def test_what_is_learned_takes_the_place_of_an_estimate() -> None:
    """Hashrates and idle power stay."""
    curve = Curve((50, 60, 70), (0, 300, 500))
    for unsure in (None, Fit((0, 40, 60), 2 * SURE)):
        assert curve_with(unsure, curve, 2) == curve
        assumed = Curve((0, ASSUMED, 2 * ASSUMED), (0, 1, 2))
        assert curve_with(unsure, None, 2) == assumed
    sure = Fit((0, 40, 60), SURE)
    assert curve_with(sure, curve, 2) == Curve((50, 90, 110), (0, 300, 500))
    assert curve_with(sure, None, 2) == Curve((0, 40, 60), (0, 1, 2))


def test_what_is_learned_is_of_one_miner() -> None:
    """Others have yet to be learned."""
    watts = Watts({"a": Draw((Sample(0, 2, 60),) * ENOUGH)})
    assert watts.fit("a", 2)
    assert watts.fit("b", 2) is None
    assert (steps_seen(watts, "a"), steps_seen(watts, "b")) == (ENOUGH, 0)


def test_a_planned_step_counts_however_small_it_is() -> None:
    """It was not made because of what the meter showed."""
    seen = {}
    for is_planned in (False, True):
        watts = Watts()
        for now in range(0, 300, 15):
            if now == 150:
                watts = watts.stepped([Step(now, "a", 4, 2, is_planned)])
            noise = 30 * (now // 15 % 2)
            watts = watts.seen(now, (60.0 if now > 150 else 100.0) + noise, RESPONSE)
        seen[is_planned] = steps_seen(watts, "a")
    assert seen == {False: 0, True: 1}


def test_it_is_kept() -> None:
    """What is damaged is refused."""
    draw = watched().draws["a"]
    again = Draw.from_json(draw.as_json())
    assert again.each == pytest.approx(draw.each, abs=0.1)
    for data in (None, [[1]], [[0, 1, "a"]], [[0, 1, True]], [[0, 1, 1e9]]):
        with pytest.raises((LookupError, TypeError, ValueError)):
            Draw.from_json(data)


def test_a_miner_whose_watts_are_unknown_is_managed() -> None:
    """It learns from its first steps on."""
    house = House(miner(curve=None, size=4, settle=30))
    sun, now, wanted = 90.0, 0.0, [90.0, 0.0, 45.0, 90.0, 20.0, 0.0]
    for step in range(40):
        sun = wanted[step % len(wanted)]
        for _ in range(8):
            now += 15
            house.run(now, 20 * (house.threads["a"] or 0) - sun)
    found = house.state.watts.fit("a", 4)
    assert found
    assert found.mining[4] == pytest.approx(80, rel=0.05)
    house.run(now + 15, 20 * (house.threads["a"] or 0) - 85)
    house.run(now + 60, 20 * (house.threads["a"] or 0) - 85)
    assert house.threads == {"a": 4}


def test_the_state_keeps_what_it_learned() -> None:
    """And nothing else."""
    house = House(miner(curve=line()))
    house.run(0, -50)
    state = type(house.state).from_json(house.state.as_json())
    assert state.response == house.state.response
    assert type(state).from_json(None) == type(state)()
    # As it was stored before computers could sleep
    stored = house.state.as_json()
    del stored["sleepers"]
    assert type(state).from_json(stored) == state
