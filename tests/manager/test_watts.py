"""The watts of a miner without a plug are learned from the meter of the house."""

from random import Random

import pytest

from custom_components.xmrig_miner.manager import Curve
from custom_components.xmrig_miner.manager.response import Response
from custom_components.xmrig_miner.manager.steps import (
    CLOSE,
    CLOSE_INTERVALS,
    Known,
    Sample,
    Shown,
    Step,
)
from custom_components.xmrig_miner.manager.watts import (
    ASSUMED,
    ENOUGH,
    KEPT,
    MAX_WATTS,
    ROUGH,
    SURE,
    USUAL_NOISE,
    Draw,
    Watts,
    curve_with,
)
from custom_components.xmrig_miner.manager.watts_fit import Fit, each

from .common import House, line, miner, steps_seen

RESPONSE = Response()
THREAD = 17
KNOWN = {"a": Known([float(ASSUMED * count) for count in range(17)], ROUGH)}


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
            result = result.seen(now, drawn + random.gauss(0, noise), RESPONSE, KNOWN)
    return result


def test_steps_tell_the_watts_of_a_thread() -> None:
    """What else happens in the house does not matter, nor does the sun that rises."""
    draws = watched().draws
    assert list(draws) == ["a"]
    draw = draws["a"]
    assert each(draw.samples) == pytest.approx(THREAD, rel=0.05)
    found = draw.fit(16)
    assert found
    assert found.error < SURE
    assert found.mining[16] == pytest.approx(16 * THREAD, rel=0.05)


def test_a_few_steps_are_not_enough() -> None:
    """Nor are those that contradict each other."""
    assert watched(4).draws["a"].fit(16) is None
    wild = Draw(tuple(Sample(0, 4, watts) for watts in (-500, 80, 900, 2000) * 5))
    found = wild.fit(16)
    assert found
    assert found.error > SURE
    assert Draw().fit(4) is None


def shown(
    *readings: tuple[float, float],
    steps: tuple[Step, ...] = (),
    response: Response = RESPONSE,
) -> list[float]:
    """Return the W of planned steps after 100 seconds, as readings show them."""
    watts = Watts().stepped([Step(100, "a", 0, 4, True), *steps])
    for at, value in readings:
        watts = watts.seen(at, value, response, KNOWN)
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


def test_a_command_that_failed_is_no_step() -> None:
    """Those of others stay."""
    watts = Watts().stepped([Step(0, "a", 0, 4), Step(0, "b", 0, 4)]).failed("a")
    assert watts.unseen == {"b"}


def test_a_command_that_fails_later_leaves_the_steps_before() -> None:
    """They are needed to tell what the meter shows."""
    watts = watched().stepped([Step(10_000, "a", 0, 4)])
    assert watts.unseen == {"a"}
    failed = watts.failed("a")
    assert not failed.unseen
    assert failed.steps == watts.steps[:-1]


def test_a_step_that_is_lost_in_the_noise_teaches_nothing() -> None:
    """It was made because of the noise."""
    assert not watched(noise=200).draws


def test_what_is_learned_takes_the_place_of_an_estimate() -> None:
    """Hashrates and idle power stay."""
    curve = Curve((50, 60, 70), (0, 300, 500))
    for unsure in (None, Fit((0, 40, 60), 2 * SURE)):
        assert curve_with(unsure, curve, 2) == curve
    for unsure in (None, Fit((0, 40, 60), 1.1 * ROUGH)):
        assumed = Curve((0, ASSUMED, 2 * ASSUMED), (0, 1, 2))
        assert curve_with(unsure, None, 2) == assumed
    rough = Fit((0, 40, 60), ROUGH)
    assert curve_with(rough, None, 2) == Curve((0, 40, 60), (0, 1, 2))
    sure = Fit((0, 40, 60), SURE)
    assert curve_with(sure, curve, 2) == Curve((50, 90, 110), (0, 300, 500))
    assert curve_with(sure, None, 2) == Curve((0, 40, 60), (0, 1, 2))


def test_what_is_learned_is_of_one_miner() -> None:
    """Others have yet to be learned."""
    watts = Watts({"a": Draw((Sample(0, 2, 60),) * ENOUGH)})
    assert watts.fit("a", 2)
    assert watts.fit("b", 2) is None
    assert (steps_seen(watts, "a"), steps_seen(watts, "b")) == (ENOUGH, 0)


def test_it_is_kept() -> None:
    """What is damaged is refused."""
    draw = watched().draws["a"]
    again = Draw.from_json(draw.as_json())
    assert len(again.samples) == len(draw.samples)
    assert Draw.from_json(again.as_json()) == again
    for data in (
        *(None, [[1]], [[0, 1, "a"]], [[0, 1, True]], [[0, 1, 1e9]]),
        *([[0, 1, 1, None]], [[0, 1, 1, 0]], [[0, 1, 1, -1]], [[0, 1, 1, 1, 1]]),
    ):
        with pytest.raises((LookupError, TypeError, ValueError)):
            Draw.from_json(data)


def test_what_an_earlier_version_learned_is_kept() -> None:
    """It did not store how far a step may be off."""
    assert Draw.from_json([[0, 4, 80.5]]).samples == (Sample(0, 4, 80.5, USUAL_NOISE),)


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


def test_what_is_stored_of_a_step() -> None:
    """Tenths of a watt are enough."""
    assert Draw((Sample(0, 4, 80.26, 2.04),)).as_json() == [[0, 4, 80.3, 2.0]]
    assert Draw((Sample(4, 1, -60.04, 20.06),)).as_json() == [[4, 1, -60.0, 20.1]]


@pytest.mark.parametrize("jump", [200_000, 1e30])
def test_more_than_can_be_stored_teaches_nothing(jump: float) -> None:
    """A meter may show anything: what was learned has to be read again."""
    watts = Watts().stepped([Step(100, "a", 0, 4, is_planned=True)])
    known = {"a": Known([0, 20, 40, 60, 80], 0.1)}
    for at in range(40, 220, 15):
        shown = 500 + (jump if at > 100 else 0)
        watts = watts.seen(at, shown, RESPONSE, known)
    assert not watts.draws
    assert not watts.unseen


def test_what_is_forgotten() -> None:
    """The oldest steps that were learned, and those that no reading needs anymore."""
    draw = Draw()
    for count in range(KEPT + 1):
        draw = draw.with_sample(Sample(0, 1, count))
    assert [sample.watts for sample in draw.samples] == [*range(1, KEPT + 1)]
    assert Draw((Sample(0, 1, 12),) * (ENOUGH - 1)).fit(4) is None
    assert Draw((Sample(0, 1, 12),) * ENOUGH).fit(4)


@pytest.mark.parametrize("interval", [15, 60])
def test_how_long_readings_are_kept(interval: int) -> None:
    """For twice the time that the readings around a step may span, and steps too."""
    steps = tuple(Step(at, "a", 0, 1) for at in range(0, 1200, 10))
    watts = Watts(steps=steps)
    for at in range(0, 1201, interval):
        watts = watts.seen(at, at / 2, RESPONSE, KNOWN)
    oldest = 1200 - 2 * max(CLOSE, CLOSE_INTERVALS * interval)
    assert watts.shown == tuple(
        Shown(at, at / 2) for at in range(oldest, 1201, interval)
    )
    assert [step.at for step in watts.steps] == [*range(oldest, 1200, 10)]


def test_when_a_miner_was_learned_from() -> None:
    """With the reading that shows the whole step, once."""
    watts = Watts().stepped([Step(100, "a", 0, 8), Step(200, "b", 0, 1)])
    seen = []
    for at in range(40, 260, 10):
        watts = watts.seen(at, 96 if at > 100 else 0, RESPONSE, KNOWN)
        seen.append((at, watts.unseen, dict(watts.taught_at)))
    assert {at for at, unseen, _ in seen if "a" in unseen} == {*range(40, 120, 10)}
    assert {at for at, unseen, _ in seen if "b" in unseen} == {*range(40, 220, 10)}
    assert {at for at, _, taught in seen if not taught} == {*range(40, 120, 10)}
    assert watts.taught_at == {"a": 120}
    assert [sample[:3] for sample in watts.draws["a"].samples] == [(0, 8, 96)]
    assert watts.draws.keys() == {"a"}


@pytest.mark.parametrize("step", [[2, 2, 50, 20], [0, 1, 1.0, 2]])
def test_a_stored_step_without_a_change(step: list[float]) -> None:
    """It is left out: it has no watts for each thread."""
    found = Draw.from_json([step, [0, 4, 80, 2]]).samples
    assert len(found) == 1 + (step[0] != step[1])


@pytest.mark.parametrize(
    ("place", "value", "is_valid"),
    [
        (2, MAX_WATTS, True),
        (2, -MAX_WATTS, True),
        (2, MAX_WATTS + 1, False),
        (2, -MAX_WATTS - 1, False),
        (2, 0, True),
        (3, MAX_WATTS, True),
        (3, MAX_WATTS + 1, False),
        (3, 0.1, True),
        (3, 0, False),
        (3, False, False),
        (3, "2", False),
    ],
)
def test_the_range_of_stored_watts(
    place: int, value: object, *, is_valid: bool
) -> None:
    """A draw may fall, but no noise is below 0."""
    stored: list[object] = [0, 4, 80, 2]
    stored[place] = value
    if is_valid:
        [sample] = Draw.from_json([stored]).samples
        assert sample[place] == value
        assert isinstance(sample[place], float)
        assert Draw((Sample(0, 4, 80, 2),)).as_json() == [[0, 4, 80, 2]]
    else:
        with pytest.raises((TypeError, ValueError)):
            Draw.from_json([stored])


def test_what_was_learned_of_miners_that_are_gone() -> None:
    """It is dropped, but not the steps that are needed to read the meter."""
    draw = Draw((Sample(0, 2, 60),))
    watts = Watts({"a": draw, "b": draw}, taught_at={"b": 5})
    watts = watts.stepped([Step(0, "b", 0, 4)])
    left = watts.of({"a", "c"})
    assert left.draws == {"a": draw}
    assert left.steps == watts.steps
    assert watts.of(["b", "a"]) == watts
