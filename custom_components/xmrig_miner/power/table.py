"""What a calibration measures, and the table of its results; pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
import math
from typing import Any, Self

from ..api.models.values import number, stored, stored_or_none, thread_number
from .model import MAX_WATTS, PowerModel

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

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return a measurement from the output of `as_json`.

        Raises TypeError or ValueError for anything else.
        """
        threads, hashrate, cpu_hashrate, *watts = data
        power, cards_power = (
            stored(each, partial(number, maximum=MAX_WATTS)) for each in watts
        )
        return cls(
            threads=stored(threads, thread_number),
            hashrate=stored_or_none(hashrate, number),
            cpu_hashrate=stored_or_none(cpu_hashrate, number),
            power=power,
            cards_power=cards_power,
        )

    def as_json(self) -> list[float | None]:
        """Return the measurement as JSON values."""
        return [
            self.threads,
            self.hashrate,
            self.cpu_hashrate,
            self.power,
            self.cards_power,
        ]

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


def counts_missing(model: PowerModel, *, needs_watts: bool) -> tuple[int, ...]:
    """Return the numbers of threads of a calibration that were not measured yet.

    Without `needs_watts`, a hashrate is enough.
    """
    seen = set(model.hashrates_seen)
    if needs_watts:
        seen &= model.watts_seen.keys()
    return tuple(
        count for count in counts_to_measure(model.threads) if count not in seen
    )


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
