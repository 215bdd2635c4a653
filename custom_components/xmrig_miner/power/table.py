"""What a calibration measures, and the table of it; functions of values."""

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import Any

from ..api.models.values import number

SHARES = (0, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8, 1)
"""Where between one thread and all of them to measure.

Curves bend at both ends: the first threads wake the processor and run at its highest
clock, the last ones reach its power limit and share its cache and memory. Half of the
threads are often one for each core.
"""


@dataclass(frozen=True)
class CalibrationResult:
    """What was measured with a number of threads."""

    threads: int
    hashrate: float | None
    """H/s of the whole miner; None if it is unknown."""
    cpu_hashrate: float | None
    """H/s of the CPU alone; None if it is unknown."""
    power: float
    """W of the whole computer."""
    cards_power: float
    """W of the graphics cards, by their own reading."""

    @property
    def efficiency(self) -> float | None:
        """Return H/J."""
        if self.hashrate is None or not self.power:
            return None
        return number(self.hashrate / self.power)


def counts_to_measure(maximum: int) -> list[int]:
    """Return the numbers of threads to measure, from `maximum` down to one.

    These are at most seven: the model interpolates between them.
    """
    if maximum <= len(SHARES):
        return list(range(maximum, 0, -1))
    # Halves are rounded down, so that half of an even number is in it
    steps = [math.ceil(1 + (maximum - 1) * share - 0.5) for share in SHARES]
    return steps[::-1]


def as_response(results: Iterable[CalibrationResult]) -> dict[str, Any]:
    """Return a table as JSON values, with its most efficient number of threads."""
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
