"""Earnings of mining, compared with the cost of bought power."""

from collections.abc import Iterable
from dataclasses import dataclass

from .figures import main_algorithm
from .members import Member

HOURS = 24
"""Hours in a day, the period of the earnings."""


@dataclass(frozen=True)
class Work:
    """Hashrate and power of members with all threads that the user allows.

    Taken from the learned curves, so it is also known while the members rest.
    """

    hashrate: float = 0
    """H/s."""
    watts: float = 0
    """W above idle. Idle power counts only for computers that may sleep: the others
    draw it anyway."""

    @classmethod
    def of(cls, members: Iterable[Member]) -> Work:
        """Return the total for all members that mine the main algorithm.

        Members whose hashrate is unknown are left out.
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
            # A miner that has had no job yet will probably mine what the others do
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
        """Return the price per kWh at which mining costs as much as it earns.

        `earnings` is what 1 kH/s earns in a day.
        """
        if earnings is None or not self.watts:
            return None
        return self.hashrate * earnings / (self.watts * HOURS)

    def profit(self, earnings: float | None, price: float | None) -> float | None:
        """Return the profit per day if all power is bought at `price` per kWh."""
        if earnings is None or price is None or not self.watts:
            return None
        return (self.hashrate * earnings - self.watts * HOURS * price) / 1000
