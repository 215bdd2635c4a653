"""What a calibration measures, and the table of its results; pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import Any

from ..api.models.values import number

SHARES = (0, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8, 1)
"""Where to measure between one thread (0) and all threads (1).

Curves bend at both ends: the first threads wake the processor and run at its highest
clock; the last ones reach its power limit and share its cache and memory. Half of the
threads is often one per core.
"""


@dataclass(frozen=True)
class CalibrationResult:
    """The measurement of one number of threads."""

    threads: int
    hashrate: float | None
    """H/s of the whole miner; None if unknown."""
    cpu_hashrate: float | None
    """H/s of the CPU alone; None if unknown."""
    power: float
    """W of the whole computer."""
    cards_power: float
    """W of the graphics cards, as they report it."""

    @property
    def efficiency(self) -> float | None:
        """Return the efficiency in H/J; None if unknown."""
        if self.hashrate is None or not self.power:
            return None
        return number(self.hashrate / self.power)


def counts_to_measure(maximum: int) -> list[int]:
    """Return the numbers of threads to measure, from `maximum` down to one.

    At most seven are measured: the model interpolates between them.
    """
    if maximum <= len(SHARES):
        return list(range(maximum, 0, -1))
    # Round halves down, so that half of an even number is included
    steps = [math.ceil(1 + (maximum - 1) * share - 0.5) for share in SHARES]
    return steps[::-1]


def as_response(results: Iterable[CalibrationResult]) -> dict[str, Any]:
    """Return results as JSON values, with the most efficient number of threads."""
    rows = list(results)
    best = max(
        (row for row in rows if row.efficiency),
        key=lambda row: row.efficiency or 0,
        default=None,
    )
    return {
        "table": [
            {
                "threads": row.threads,
                "hashrate": row.hashrate,
                "power": round(row.power, 1),
                "efficiency": row.efficiency and round(row.efficiency, 3),
            }
            for row in rows
        ],
        "most_efficient": best.threads if best else None,
    }
