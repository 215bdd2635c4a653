"""Skies that vary from minute to minute as often, and by as much, as a recorded one.

`sky_statistics.json` says where the statistics are from. Each hour is of a class that
follows from the one before, and each minute follows from the one before as it did in
hours of that class.
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
    """What can come next, and how often it did."""

    keys: tuple[Key, ...]
    sums: tuple[int, ...]

    @classmethod
    def of(cls, counts: dict[Key, int]) -> Choice[Key]:
        """Return the choice among what was counted."""
        return cls(tuple(counts), tuple(accumulate(counts.values())))

    def draw(self, random: Random) -> Key:
        """Return one of them at random."""
        return self.keys[bisect(self.sums, random.random() * self.sums[-1])]


@dataclass(frozen=True)
class HourClass:
    """Hours that are alike."""

    next: Choice[str]
    minutes: dict[int, Choice[int]]

    def step(self, index: int, random: Random) -> int:
        """Return the clear-sky index of the next minute, in bins.

        One that such an hour never has goes on from the nearest that it has.
        """
        nearest = min(self.minutes, key=lambda known: abs(known - index))
        return self.minutes[nearest].draw(random)


@cache
def _statistics() -> tuple[float, Choice[str], dict[str, HourClass]]:
    """Return the size of a bin, the classes of hours, and what is known of each."""
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
    """Return the clear-sky index of each minute of a day, and of the one after it."""
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
            # Within its bin an index stays where it is: a clear sky is even.
            place = random.random()
        index = new
        indices.append((index + place) * size)
    return indices


def recorded_light(random: Random) -> list[float]:
    """Return the share of the clear sky's peak that reaches the roof, each second."""
    indices = clear_sky_indices(random)
    shares = []
    for second in range(DAYLIGHT):
        minute, part = divmod(second, MINUTE)
        index = indices[minute] + (indices[minute + 1] - indices[minute]) * (
            part / MINUTE
        )
        shares.append(index * clear_sky(second))
    return shares
