"""What the meter of the house shows of steps of the threads of miners."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import hypot, sqrt
from typing import Any, cast

import pytest

from custom_components.xmrig_miner.manager.response import Response
from custom_components.xmrig_miner.manager.steps import (
    CLEAR,
    CLOSE,
    CLOSE_INTERVALS,
    LEAST_NOISE,
    Known,
    Observation,
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


# --- Exactly ------------------------------------------------------------------


def told(
    readings: Mapping[int, float],
    *steps: Step,
    known: Mapping[str, Known] = ASSUMED,
    response: Response = RESPONSE,
) -> list[Observation]:
    """Return what readings, by their time, tell of steps."""
    shown = [Shown(*reading) for reading in readings.items()]
    screen = Screen(shown, steps, response, known)
    return [each for _, found in screen.observations() for each in found]


def about(before: int, after: int, watts: float, noise: float) -> Sample:
    """Return a sample whose noise is compared approximately."""
    return Sample(before, after, watts, cast(Any, pytest.approx(noise)))


def flat(*times: int) -> dict[int, float]:
    """Return readings of a house in which each miner draws just what is known."""
    return dict.fromkeys(times, 0.0)


def test_what_a_step_draws() -> None:
    """The known W, and what the readings change without it, less their drift."""
    readings = {80: 80.0, 90: 94.0, 105: 190.0, 115: 200.0}
    [(member, sample, is_clear)] = told(readings, Step(100, "a", 0, 4))
    # Without the known 80 W: 80, 94, 110 and 120, which usually change by 14
    noise = 14 * sqrt(15 / 10)
    assert (member, is_clear) == ("a", False)
    assert sample[:2] == (0, 4)
    assert sample.watts == pytest.approx(80 + (115 - 87) - 1 * (110 - 85))
    assert sample.noise == pytest.approx(noise)


@pytest.mark.parametrize(
    ("early", "late", "watts"),
    [
        # Alike: their means count
        ((4, 0), (80, 84), 80),
        # A load was switched between two of them: only those beside the step count
        ((500, 0), (80, 80), 80),
        ((0, 0), (80, 500), 80),
        # Steady, but not as much on both sides
        ((0, 2), (88, 92), 80 + (10 - 1) - 0.2 * 25),
        # Steady on one side alone
        ((0, 4), (84, 84), 80 + (4 - 2)),
    ],
)
def test_what_the_house_does(
    early: tuple[float, float], late: tuple[float, float], watts: float
) -> None:
    """Most of it is no part of the step."""
    readings = flat(*range(-40, 80, 10))
    readings |= dict(zip((80, 90, 105, 115), (*early, *late), strict=True))
    [(_, sample, _)] = told(readings, Step(100, "a", 0, 4, is_planned=True))
    assert sample.watts == pytest.approx(watts)
    assert sample.noise == pytest.approx(LEAST_NOISE)


def test_readings_at_the_moment_that_they_show_a_step() -> None:
    """At the earliest one, it may be a part; at the latest one, it is all of it."""
    response = Response(earliest=3, latest=6, averaging=4)
    readings = {80: 0.0, 90: 0.0, 103: 40.0, 109: 40.0, 110: 80.0, 120: 80.0}
    step = Step(100, "a", 0, 4)
    [(_, sample, is_clear)] = told(readings, step, response=response)
    assert sample == (0, 4, 80, LEAST_NOISE)
    assert is_clear
    assert not told({at: readings[at] for at in (80, 90, 103, 110)}, step)


def test_a_reading_between_two_steps_separates_them() -> None:
    """If it shows all of the first one, and nothing of the second one."""
    times = (80, 90, 120, 130)
    mined = (0.0, 0.0, 160.0, 160.0)
    steps = Step(100, "a", 0, 4), Step(110, "a", 4, 8)
    readings = dict(zip(times, mined, strict=True))
    for at, expected in (
        (104, [(0, 8)]),
        (105, [(0, 4), (4, 8)]),
        (110, [(0, 4), (4, 8)]),
        (111, [(0, 8)]),
    ):
        shown = dict(sorted((readings | {at: 80.0}).items()))
        assert [each.sample[:2] for each in told(shown, *steps)] == expected


def test_the_doubt_about_other_steps_is_noise() -> None:
    """That of all that the four readings show, and of no others."""
    readings = {10: 0.0, 30: 20.0, 45: 20.0, 55: 20.0, 70: 40.0, 105: 100.0}
    readings |= {115: 120.0, 140: 140.0, 150: 140.0}
    steps = (
        Step(20, "b", 0, 1),
        Step(60, "b", 1, 2),
        Step(100, "a", 0, 3),
        Step(110, "b", 2, 3),
        Step(130, "b", 3, 4),
    )
    [sample] = [each for each in told(readings, *steps) if each.member == "a"]
    assert sample == Observation("a", about(0, 3, 60, hypot(2, 6, 6)), is_clear=True)


def test_steps_that_are_shown_together() -> None:
    """What is known of each is noise for the others; a miner that is gone is none."""
    readings = flat(70, 80, 90) | dict.fromkeys((110, 120), 100.0)
    steps = Step(100, "c", 0, 9), Step(100, "a", 0, 4), Step(102, "b", 0, 1)
    assert told(readings, *steps) == [
        Observation("a", about(0, 4, 80, hypot(2, 6)), is_clear=True),
        Observation("b", about(0, 1, 20, hypot(2, 24)), is_clear=False),
    ]


@pytest.mark.parametrize("planned", [(True, False), (False, True), (False, False)])
def test_one_of_several_steps_of_a_miner_that_was_planned(
    planned: tuple[bool, bool],
) -> None:
    """They are planned, wherever it is."""
    first, second = planned
    readings = {at: 50.0 * (at // 10 % 2) for at in range(20, 100, 10)}
    readings |= {110: 20.0, 120: 20.0}
    steps = Step(100, "a", 0, 1, first), Step(102, "a", 1, 2, second)
    [(_, sample, is_clear)] = told(readings, *steps)
    assert sample[:2] == (0, 2)
    assert is_clear is any(planned)


@pytest.mark.parametrize(("watts", "is_clear"), [(0, True), (0.01, False)])
def test_how_large_a_step_has_to_be(watts: float, *, is_clear: bool) -> None:
    """A multiple of its noise."""
    change = CLEAR * LEAST_NOISE - watts
    readings = flat(80, 90) | dict.fromkeys((110, 120), change)
    known = {"a": Known([0, change], 0.3)}
    for pair in ((0, 1), (1, 0)):
        [found] = told(readings, Step(100, "a", *pair), known=known)
        assert found.is_clear is is_clear


def test_steps_that_were_seen_are_not_told_again() -> None:
    """Later ones are."""
    readings = flat(80, 90) | dict.fromkeys((110, 120), 80.0)
    readings |= dict.fromkeys((210, 220), 160.0)
    steps = Step(100, "a", 0, 4, is_seen=True), Step(200, "a", 4, 8)
    assert [each.sample[:2] for each in told(readings, *steps)] == [(4, 8)]


def test_how_far_readings_may_be_apart() -> None:
    """More for a meter that reports rarely."""

    def screen(*times: float) -> Screen:
        return Screen([Shown(at, 0) for at in times], [], RESPONSE, {})

    assert screen(5).interval == 0
    assert screen(5).span == CLOSE
    assert screen(0, 10, 30, 45).interval == 15
    assert screen(0, 10, 30, 45).span == CLOSE
    assert screen(0, 60, 120).span == CLOSE_INTERVALS * 60
    often = range(-20, 0)
    for last, count in ((CLOSE, 1), (CLOSE + 1, 0)):
        readings = flat(*often, 0, 40) | dict.fromkeys((100, last), 80.0)
        assert len(told(readings, Step(60, "a", 0, 4))) == count
    # What is before cannot be told from one reading
    assert not told(flat(90) | dict.fromkeys((110, 120), 80.0), Step(100, "a", 0, 4))
