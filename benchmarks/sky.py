"""The sun over a house, the clouds before it, and what the house itself draws.

All in seconds from sunrise to sunset, each day made of a seed: the same seed is the
same day.
"""

from dataclasses import dataclass
import math
from random import Random

SUNRISE = 6 * 3600
DAYLIGHT = 12 * 3600
"""Seconds from sunrise to sunset."""


@dataclass(frozen=True)
class Clouds:
    """A field of clouds that the wind carries over the roof.

    The lengths of clouds, and of the gaps between them, follow the power law that was
    found for real ones (Wood and Field, 2011: exponent -1.66). The thicker a cloud, the
    more light it takes.
    """

    shortest: float
    """km."""
    longest: float
    """km."""
    wind: float
    """m/s at the height of the clouds."""


@dataclass(frozen=True)
class Sky:
    """What a day looks like."""

    name: str
    clouds: Clouds | None = None
    light: float = 1
    """What is left of the light apart from single clouds."""
    drifts: bool = False
    """Whether that changes slowly."""


CLEAR = Sky("clear")
OVERCAST = Sky("overcast", light=0.2, drifts=True)
BROKEN = Sky("broken clouds", Clouds(shortest=2, longest=30, wind=5))
WINDY = Sky("broken clouds, windy", Clouds(shortest=2, longest=30, wind=10))
CUMULUS = Sky("small fast clouds", Clouds(shortest=0.3, longest=10, wind=8))

_EXPONENT = 1.66
_EDGE = (50, 300)
"""m over which the edge of a cloud becomes opaque."""


def clear_sky(second: float) -> float:
    """Return the share of the clear sky's peak at a second after sunrise."""
    if not 0 < second < DAYLIGHT:
        return 0
    return math.pow(math.sin(math.pi * second / DAYLIGHT), 1.3)


def light(sky: Sky, random: Random) -> list[float]:
    """Return the share of the peak that reaches the roof, second by second."""
    through = [sky.light] * DAYLIGHT
    if sky.clouds:
        _draw(through, sky.clouds, random)
    if sky.drifts:
        through = _drifting(through, random)
    return [share * clear_sky(second) for second, share in enumerate(through)]


def variability(shares: list[float]) -> float:
    """Return the variability index of a day (Stein, Hansen and Reno, 2012).

    That is how much longer the curve of the light is than under a clear sky, by its
    values of each minute in W/m2. A clear day has 1; from 5 on a day counts as
    moderately variable, from 10 on as highly variable (Trueblood and others, 2013).
    """
    minutes = range(0, len(shares) - 60, 60)
    seen, ideal = (
        sum(math.hypot(1000 * (share(m + 60) - share(m)), 1) for m in minutes)
        for share in (shares.__getitem__, clear_sky)
    )
    return seen / ideal


def house(random: Random) -> list[float]:
    """Return what a house draws without the miner, second by second, in W.

    A base load, a fridge that switches on and off, and cooking.
    """
    watts = [60.0] * DAYLIGHT
    second = random.uniform(0, 1800)
    while second < DAYLIGHT:
        _add(watts, second, random.uniform(600, 900), 60)
        second += random.uniform(2000, 2900)
    for _ in range(6):
        start = random.uniform(0, DAYLIGHT)
        _add(watts, start, random.choice((60, 120, 180)), random.choice((800, 1500)))
    return watts


def _draw(through: list[float], clouds: Clouds, random: Random) -> None:
    """Let clouds pass."""
    second = 0.0
    while True:
        second += _length(clouds, random) / clouds.wind
        length = _length(clouds, random)
        if second >= DAYLIGHT:
            return
        end = second + length / clouds.wind
        depth = (0.25 + 0.5 * (1 - math.exp(-length / 1000))) * random.uniform(0.8, 1.1)
        front, back = (random.uniform(*_EDGE) / clouds.wind for _ in range(2))
        for moment in range(
            max(0, int(second - front)), min(DAYLIGHT, int(end + back) + 1)
        ):
            inside = min(
                _step((moment - second) / front + 0.5),
                _step((end - moment) / back + 0.5),
            )
            through[moment] = min(through[moment], 1 - depth * inside)
        second = end


def _length(clouds: Clouds, random: Random) -> float:
    """Return the length of a cloud or of a gap, in m."""
    power = 1 - _EXPONENT
    low, high = math.pow(clouds.shortest, power), math.pow(clouds.longest, power)
    return 1000 * math.pow(low + random.random() * (high - low), 1 / power)


def _step(value: float) -> float:
    """Return a smooth step from 0 to 1."""
    value = min(1.0, max(0.0, value))
    return value * value * (3 - 2 * value)


def _drifting(through: list[float], random: Random) -> list[float]:
    """Let a closed cover become a little thicker and thinner."""
    level, drifted = 1.0, []
    for share in through:
        level += (1 - level) / 1200 + random.gauss(0, 0.006)
        drifted.append(share * max(0.3, level))
    return drifted


def _add(watts: list[float], start: float, seconds: float, more: float) -> None:
    """Let something draw more for some seconds."""
    for second in range(int(start), min(len(watts), int(start + seconds))):
        watts[second] += more
