"""What mining earns, compared with what bought power costs."""

from collections.abc import Iterable
from dataclasses import dataclass

from .figures import main_algorithm
from .members import Member

HOURS = 24
"""Of a day, which earnings are of."""


@dataclass(frozen=True)
class Work:
    """What members hash and draw with all threads that the user allows.

    It is known from what was learned about them, so also while they rest.
    """

    hashrate: float = 0
    """H/s."""
    watts: float = 0
    """W on top of what the computers draw at rest, except for those that may sleep:
    the others draw it anyway."""

    @classmethod
    def of(cls, members: Iterable[Member]) -> Work:
        """Return the work of all members together that mine the main algorithm.

        Members whose hashrate is unknown take no part.
        """
        rated = [
            (member, member.curve)
            for member in members
            if member.curve is not None and member.curve.is_rated
        ]
        main = main_algorithm(member.algorithm for member, _ in rated)
        chosen = [
            (curve, member)
            for member, curve in rated
            # A miner that has had no job yet is likely to mine what the others do
            if member.algorithm in (main, None)
        ]
        return cls(
            sum(curve.hashrate(member.ceiling) for curve, member in chosen),
            sum(
                curve.mining[member.ceiling] + member.counted_idle
                for curve, member in chosen
            ),
        )

    def break_even(self, earnings: float | None) -> float | None:
        """Return the price of a kWh at which mining costs what it earns.

        `earnings` are those of 1 kH/s in a day.
        """
        if earnings is None or not self.watts:
            return None
        return self.hashrate * earnings / (self.watts * HOURS)

    def profit(self, earnings: float | None, price: float | None) -> float | None:
        """Return what is left of a day's earnings if all power is bought at a price."""
        if earnings is None or price is None or not self.watts:
            return None
        return (self.hashrate * earnings - self.watts * HOURS * price) / 1000
