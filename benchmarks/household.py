"""The power of a household without its miners in W, for each second.

The quiet household is that of `sky.py`. The busy one is a family: appliances start with
a surge, heat by a thermostat, and run programmes.
"""

from collections.abc import Iterator, Sequence
from random import Random

HOUR = 3600
DAY = 24 * HOUR

type Profile = Sequence[tuple[float, float]]
"""W, and for how many seconds."""


def lively_house(random: Random) -> list[float]:
    """Return the power of a family's household for the 24 hours of a day."""
    watts = [120.0] * DAY
    _run_coolers(watts, random)
    for start, profile in _day(random):
        _add(watts, start, profile)
    return watts


def _run_coolers(watts: list[float], random: Random) -> None:
    """Cycle a fridge and a freezer."""
    for power, on, off in ((90, 900, 1700), (75, 800, 2300)):
        second = random.uniform(0, on + off)
        while second < DAY:
            run = on * random.uniform(0.8, 1.2)
            _add(watts, second, [(6 * power, 1), (power, run)])
            second += run + off * random.uniform(0.8, 1.2)


def _day(random: Random) -> Iterator[tuple[float, Profile]]:
    """Yield what runs when."""

    def between(begin: float, end: float) -> float:
        return HOUR * random.uniform(begin, end)

    for begin, end in ((6.5, 7.2), (7.2, 8), (9.5, 11), (13, 15), (15, 17), (20, 21)):
        yield between(begin, end), _kettle(random)
    yield between(6.5, 7.5), [(1400, 240), *_cycles(random, 70, 15, 60, 1500)]
    yield between(6.5, 8), [(900, 150)]
    yield between(7, 8), [(1500, 300)]
    for begin, end in ((11.5, 12.5), (17.3, 18)):
        yield between(begin, end), _hob(random)
    for _ in range(2):
        yield between(8, 20), [(1250, random.uniform(90, 240))]
    yield between(17, 22), [(200, 3.0 * HOUR)]
    occasional = (
        (0.5, 11.5, 13, _hob),
        (0.5, 10, 12, _oven),
        (0.4, 14, 16.5, _oven),
        (0.8, 8.5, 11, _washing_machine),
        (0.3, 11.5, 15, _washing_machine),
        (0.8, 12.5, 16, _dishwasher),
        (0.3, 10, 16, _iron),
        (0.4, 9, 16, lambda _: [(2400, 1), (800, 600)]),
    )
    for chance, begin, end, appliance in occasional:
        if random.random() < chance:
            yield between(begin, end), appliance(random)


def _kettle(random: Random) -> Profile:
    """Return a kettle."""
    return [(2000, random.uniform(90, 240))]


def _hob(random: Random) -> Profile:
    """Return a hob that heats up, and then cycles to keep the temperature."""
    return [(1800, random.uniform(240, 480)), *_cycles(random, 1800, 6, 9, 1100)]


def _oven(random: Random) -> Profile:
    """Return an oven, which does the same with longer cycles."""
    return [(2400, random.uniform(480, 720)), *_cycles(random, 2400, 40, 95, 2400)]


def _iron(random: Random) -> Profile:
    """Return an iron."""
    return [(2200, 60), *_cycles(random, 2200, 15, 45, 1200)]


def _washing_machine(random: Random) -> Profile:
    """Return a programme that heats, turns the drum both ways, and spins."""
    turning = [
        part
        for _ in range(90)
        for part in ((700.0, 1.0), (250.0, random.uniform(9, 13)), (15.0, 4.0))
    ]
    spin: Profile = [(900, 2), (450, 300)]
    return [
        (30, 180),
        (2050, random.uniform(600, 1000)),
        *turning,
        (2050, random.uniform(60, 150)),
        *turning,
        *spin,
        (30, 240),
        *turning[:60],
        *spin,
    ]


def _dishwasher(random: Random) -> Profile:
    """Return a programme that heats twice."""
    heat = random.uniform(500, 800)
    return [(60, 300), (2000, heat), (60, 1500), (2000, heat), (10, 1200)]


def _cycles(
    random: Random, watts: float, on: float, off: float, seconds: float
) -> Profile:
    """Return the cycles of a thermostat: on and off for about some seconds each."""
    profile: list[tuple[float, float]] = []
    while seconds > 0:
        parts = (
            (watts, on * random.uniform(0.8, 1.2)),
            (
                0.0,
                off * random.uniform(0.8, 1.2),
            ),
        )
        profile += parts
        seconds -= sum(length for _, length in parts)
    return profile


def _add(watts: list[float], start: float, profile: Profile) -> None:
    """Add an appliance from a second on, until the end of the day."""
    for power, seconds in profile:
        end = start + seconds
        for second in range(round(start), min(len(watts), round(end))):
            watts[second] += power
        start = end
