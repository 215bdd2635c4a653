"""What the meter of the house shows of steps of the threads of miners."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pytest

from custom_components.xmrig_miner.manager.response import Response
from custom_components.xmrig_miner.manager.steps import (
    LEAST_NOISE,
    Known,
    Sample,
    Screen,
    Shown,
    Step,
)
from custom_components.xmrig_miner.manager.watts import Watts

RESPONSE = Response()
LARGE, SMALL = 17, 12
"""W of each thread of the miners a and b."""
EACH = {"a": LARGE, "b": SMALL}
ASSUMED = {member: Known([20.0 * count for count in range(17)], 0.3) for member in EACH}
EXACT = {
    member: Known([float(watts * count) for count in range(17)], 0)
    for member, watts in EACH.items()
}


def played(
    steps: Sequence[Step],
    known: Mapping[str, Known],
    *,
    interval: int = 15,
    until: int = 600,
    house: Callable[[int], float] = lambda _: 0,
) -> dict[str, Sequence[Sample]]:
    """Return what is learned from steps, shown by a meter at an interval."""
    watts = Watts()
    for second in range(until):
        watts = watts.stepped(step for step in steps if step.at == second)
        if second % interval == 0:
            mined = sum(
                EACH[step.member] * (step.after - step.before)
                for step in steps
                if step.at < second
            )
            watts = watts.seen(second, house(second) + mined, RESPONSE, known)
    assert not watts.unseen
    return {member: draw.samples for member, draw in watts.draws.items()}


def test_a_step_is_shown_by_the_readings_around_it() -> None:
    """Steady change, such as that of the sun, is removed."""
    steps = [Step(150, "a", 0, 8)]
    found = played(steps, ASSUMED, house=lambda second: -0.3 * second)
    [sample] = found["a"]
    assert sample[:2] == (0, 8)
    assert sample.watts == pytest.approx(8 * LARGE)
    assert sample.threads == 8


def test_a_step_at_the_same_time_as_a_known_one_is_learned() -> None:
    """What is known of the other miner is no longer in it."""
    steps = [Step(150, "a", 0, 8), Step(150, "b", 16, 10)]
    found = played(steps, {**ASSUMED, "b": EXACT["b"]})
    assert [sample.watts for sample in found["a"]] == [pytest.approx(8 * LARGE)]


def test_what_is_not_known_of_another_miner_is_noise() -> None:
    """A step that is lost in it teaches nothing."""
    together = [Step(150, "a", 0, 8), Step(150, "b", 0, 1)]
    [sample] = played(together, ASSUMED)["a"]
    assert sample.noise == pytest.approx(0.3 * 20, rel=0.1)
    assert sample.watts == pytest.approx(8 * LARGE, abs=20 - SMALL)
    assert "b" not in played(together, ASSUMED)
    equal = [Step(150, "a", 0, 8), Step(150, "b", 0, 8)]
    assert not played(equal, ASSUMED)


def test_planned_steps_count_however_small_they_are() -> None:
    """They were not made because of what the meter showed."""
    for is_planned in (False, True):
        steps = [Step(150, "b", 4, 3, is_planned)]
        found = played(steps, ASSUMED, house=lambda second: 30 * (second // 15 % 2))
        assert ("b" in found) is is_planned


@pytest.mark.parametrize("interval", [15, 60, 120])
def test_a_slow_meter_shows_steps_at_each_reading(interval: int) -> None:
    """No two readings between them are needed."""
    counts = [0, 8, 16, 4, 12, 0]
    steps = [
        Step((3 + place) * interval, "a", *pair)
        for place, pair in enumerate(pairwise(counts))
    ]
    known = {"a": Known([18.0 * count for count in range(17)], 0.05)}
    found = played(steps, known, interval=interval, until=12 * interval)
    assert [(sample.before, sample.after) for sample in found["a"]] == [
        *pairwise(counts)
    ]
    for sample in found["a"]:
        assert sample.watts == pytest.approx(
            LARGE * (sample.after - sample.before), abs=16
        )


def test_steps_that_no_reading_separates_are_one() -> None:
    """A miner that is back where it was tells nothing."""
    steps = [Step(150, "a", 0, 4), Step(155, "a", 4, 12)]
    [sample] = played(steps, ASSUMED)["a"]
    assert sample[:2] == (0, 12)
    assert sample.watts == pytest.approx(12 * LARGE)
    back = [Step(150, "a", 0, 4), Step(155, "a", 4, 0)]
    assert not played(back, ASSUMED)


def test_readings_that_are_far_apart_tell_nothing() -> None:
    """Too much may have happened in the house."""
    readings = [0.0, 15.0, 30.0, 45.0, 300.0, 315.0, 330.0, 345.0, 360.0]
    steps = [Step(46, "a", 0, 8)]
    screen = Screen([Shown(at, 0) for at in readings], steps, RESPONSE, ASSUMED)
    [(group, told)] = screen.observations()
    assert group == steps
    assert not told


def test_the_first_readings_tell_nothing() -> None:
    """What was before is unknown, as is the noise."""
    assert not played([Step(10, "a", 0, 8)], ASSUMED)


def test_a_miner_that_is_gone_tells_nothing() -> None:
    """The others do, if they step at another time."""
    steps = [Step(150, "a", 0, 8), Step(300, "b", 0, 16)]
    found = played(steps, {"b": ASSUMED["b"]})
    assert found.keys() == {"b"}


def test_the_meter_is_never_exact() -> None:
    """Even if it shows nothing else."""
    [sample] = played([Step(150, "a", 0, 8)], ASSUMED)["a"]
    assert sample.noise == pytest.approx(LEAST_NOISE, rel=0.3)


def test_the_watts_of_a_step() -> None:
    """More threads than are known of draw as much as all of them."""
    known = Known([0, 20, 50], 0.1)
    assert known.change(1, 2) == 30
    assert known.change(2, 0) == -50
    assert known.change(1, 9) == 30
    assert Sample(4, 1, -60).threads == 3
