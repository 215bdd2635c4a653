"""What a calibration measures, and the table of its results; pure functions."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
import math
from typing import Any, Self

from ..api.models.values import number, stored, stored_or_none, text, thread_cap
from ..api.privacy import REDACTED, is_algorithm
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
    algorithm: str | None = None
    """What was mined; None if unknown."""

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return a measurement from the output of `as_json`.

        Raises TypeError or ValueError for anything else.
        """
        threads, hashrate, cpu_hashrate, power, cards_power, *algorithm = data
        watts = partial(number, maximum=MAX_WATTS)
        if len(algorithm) > 1:
            raise ValueError("more values than are stored")
        return cls(
            threads=stored(threads, thread_cap),
            hashrate=stored_or_none(hashrate, number),
            cpu_hashrate=stored_or_none(cpu_hashrate, number),
            power=stored(power, watts),
            cards_power=stored(cards_power, watts),
            # Earlier versions did not store it
            algorithm=stored_or_none(algorithm[0], text) if algorithm else None,
        )

    def as_json(self) -> list[float | str | None]:
        """Return the measurement as JSON values."""
        return [
            self.threads,
            self.hashrate,
            self.cpu_hashrate,
            self.power,
            self.cards_power,
            self.algorithm,
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
    """Return results as JSON values, with the most efficient number of threads.

    Hashes of different algorithms cannot be compared: those of the algorithm with the
    most results count.
    """
    rows = list(results)
    algorithms = Counter(row.algorithm for row in rows)
    main = max(algorithms, key=algorithms.__getitem__, default=None)
    best = max(
        (row for row in rows if row.efficiency and row.algorithm == main),
        key=lambda row: row.efficiency or 0,
        default=None,
    )
    return {
        "table": [
            {
                "threads": row.threads,
                "algorithm": _shown_algorithm(row.algorithm),
                "hashrate": row.hashrate,
                "power": round(row.power, 1),
                "efficiency": row.efficiency and round(row.efficiency, 3),
            }
            for row in rows
        ],
        "most_efficient": best.threads if best else None,
    }


def _shown_algorithm(name: str | None) -> str | None:
    """Return the name of an algorithm; a miner may report anything else."""
    return name if name is None or is_algorithm(name) else REDACTED
