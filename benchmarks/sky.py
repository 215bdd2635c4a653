"""Sun and clouds over a house, and the power of the house itself.

For each second from sunrise to sunset. Each day is generated from a seed: the same seed
gives the same day.
"""

from dataclasses import dataclass
import math
from random import Random

SUNRISE = 6 * 3600
DAYLIGHT = 12 * 3600
"""Seconds from sunrise to sunset."""


@dataclass(frozen=True)
class Clouds:
    """A field of clouds that drifts over the roof.

    The lengths of clouds and gaps follow the power law of real ones (Wood and Field,
    2011: exponent -1.66). The thicker a cloud, the more light it blocks.
    """

    shortest: float
    """km."""
    longest: float
    """km."""
    wind: float
    """m/s at cloud height."""


@dataclass(frozen=True)
class Sky:
    """The weather of a day."""

    name: str
    clouds: Clouds | None = None
    light: float = 1
    """Fraction of the light that is left apart from single clouds."""
    drifts: bool = False
    """Whether it changes slowly."""


CLEAR = Sky("clear")
OVERCAST = Sky("overcast", light=0.2, drifts=True)
BROKEN = Sky("broken clouds", Clouds(shortest=2, longest=30, wind=5))
WINDY = Sky("broken clouds, windy", Clouds(shortest=2, longest=30, wind=10))
CUMULUS = Sky("small fast clouds", Clouds(shortest=0.3, longest=10, wind=8))

_EXPONENT = 1.66
_EDGE = (50, 300)
"""Width in m over which the edge of a cloud becomes opaque."""


def clear_sky(second: float) -> float:
    """Return the fraction of the clear-sky peak at a second after sunrise."""
    if not 0 < second < DAYLIGHT:
        return 0
    return math.pow(math.sin(math.pi * second / DAYLIGHT), 1.3)


def light(sky: Sky, random: Random) -> list[float]:
    """Return the fraction of the peak that reaches the roof, for each second."""
    through = [sky.light] * DAYLIGHT
    if sky.clouds:
        _draw(through, sky.clouds, random)
    if sky.drifts:
        through = _drifting(through, random)
    return [share * clear_sky(second) for second, share in enumerate(through)]


def variability(shares: list[float]) -> float:
    """Return the variability index of a day (Stein, Hansen and Reno, 2012).

    It is the length of the irradiance curve relative to that under a clear sky, with
    values of each minute in W/m2. A clear day has 1; a day counts as moderately
    variable from 5, and as highly variable from 10 (Trueblood and others, 2013).
    """
    minutes = range(0, len(shares) - 60, 60)
    seen, ideal = (
        sum(math.hypot(1000 * (share(m + 60) - share(m)), 1) for m in minutes)
        for share in (shares.__getitem__, clear_sky)
    )
    return seen / ideal


def house(random: Random) -> list[float]:
    """Return the power of a house without the miner in W, for each second.

    A base load, a cycling fridge, and cooking.
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
    """Move clouds over the roof."""
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
    """Return the length of a cloud or a gap in m."""
    power = 1 - _EXPONENT
    low, high = math.pow(clouds.shortest, power), math.pow(clouds.longest, power)
    return 1000 * math.pow(low + random.random() * (high - low), 1 / power)


def _step(value: float) -> float:
    """Return a smooth step from 0 to 1."""
    value = min(1.0, max(0.0, value))
    return value * value * (3 - 2 * value)


def _drifting(through: list[float], random: Random) -> list[float]:
    """Return a closed cover that becomes slightly thicker and thinner."""
    level, drifted = 1.0, []
    for share in through:
        level += (1 - level) / 1200 + random.gauss(0, 0.006)
        drifted.append(share * max(0.3, level))
    return drifted


def _add(watts: list[float], start: float, seconds: float, more: float) -> None:
    """Add a load for some seconds."""
    for second in range(int(start), min(len(watts), int(start + seconds))):
        watts[second] += more
