"""Skies that vary from minute to minute like a recorded sky.

`sky_statistics.json` names the source of the statistics. They are Markov chains: of
classes of hours, and of minutes within hours of a class.
"""

from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
import json
from pathlib import Path
from random import Random

from .sky import DAYLIGHT, clear_sky

STATISTICS = Path(__file__).with_name("sky_statistics.json")

MINUTE = 60


@dataclass(frozen=True)
class Choice[Key]:
    """What can come next, with its frequency."""

    keys: tuple[Key, ...]
    sums: tuple[int, ...]

    @classmethod
    def of(cls, counts: dict[Key, int]) -> Choice[Key]:
        """Return a choice by counts."""
        return cls(tuple(counts), tuple(accumulate(counts.values())))

    def draw(self, random: Random) -> Key:
        """Return a random one."""
        return self.keys[bisect(self.sums, random.random() * self.sums[-1])]


@dataclass(frozen=True)
class HourClass:
    """A class of similar hours."""

    next: Choice[str]
    minutes: dict[int, Choice[int]]

    def step(self, index: int, random: Random) -> int:
        """Return the clear-sky index of the next minute, in bins.

        From an index that does not occur in such hours, it continues from the nearest
        one.
        """
        nearest = min(self.minutes, key=lambda known: abs(known - index))
        return self.minutes[nearest].draw(random)


@cache
def _statistics() -> tuple[float, Choice[str], dict[str, HourClass]]:
    """Return the bin size, the transitions between classes, and the classes."""
    data = json.loads(STATISTICS.read_text())
    classes = {
        each["name"]: HourClass(
            Choice.of(each["next"]),
            {
                int(index): Choice.of({int(key): n for key, n in counts.items()})
                for index, counts in each["minutes"].items()
            },
        )
        for each in data["classes"]
    }
    hours = Choice.of({each["name"]: each["hours"] for each in data["classes"]})
    return data["bin"], hours, classes


def clear_sky_indices(random: Random) -> list[float]:
    """Return the clear-sky index of each minute of a day, and one more."""
    size, hours, classes = _statistics()
    name = hours.draw(random)
    index = random.choice(list(classes[name].minutes))
    place = random.random()
    indices = []
    for minute in range(DAYLIGHT // MINUTE + 1):
        if minute and minute % 60 == 0:
            name = classes[name].next.draw(random)
        new = classes[name].step(index, random)
        if new != index:
            # Within its bin, an index does not move: a clear sky is steady.
            place = random.random()
        index = new
        indices.append((index + place) * size)
    return indices


def recorded_light(random: Random) -> list[float]:
    """Return the fraction of the clear-sky peak on the roof, for each second."""
    indices = clear_sky_indices(random)
    shares = []
    for second in range(DAYLIGHT):
        minute, part = divmod(second, MINUTE)
        index = indices[minute] + (indices[minute + 1] - indices[minute]) * (
            part / MINUTE
        )
        shares.append(index * clear_sky(second))
    return shares
