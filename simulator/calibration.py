"""What MoneroOcean's build does before it connects: it measures each algorithm.

Read in MoneroOcean/xmrig 945b7e63, src/core/MoBenchmark.cpp and src/App.cpp: it does so
if `algo-perf` lacks one of them, which it then writes.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from .algorithms import CALIBRATED, Algorithm, find
from .jsonvalue import Json
from .surroundings import Surroundings


class Miner(Protocol):
    """The miner that is calibrated."""

    surroundings: Surroundings
    config: Json

    @property
    def hashrate(self) -> float:
        """H/s at this moment."""

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Do something later."""

    def can_mine(self, algorithm: Algorithm | None) -> bool:
        """Return whether a backend has threads for an algorithm."""

    def set_job(self, algorithm: Algorithm) -> None:
        """Mine a job."""


def calibrate(miner: Miner, done: Callable[[dict[str, Any]], None]) -> bool:
    """Measure what is missing, one algorithm after the other; False if nothing is.

    `done` is called with the results at the end.
    """
    if "algo-perf" not in miner.config:
        return False
    known = {} if miner.config["rebench-algo"] else miner.config["algo-perf"]
    missing = [name for name in CALIBRATED if not known.get(name)]
    if not missing:
        return False
    results = dict(known)

    def measure(names: Iterable[str]) -> None:
        names = list(names)
        if not names:
            done(results)
            return
        name, rest = names[0], names[1:]
        algorithm = find(name)
        if algorithm is None or not miner.can_mine(algorithm):
            results[name] = -1
            measure(rest)
            return
        miner.set_job(algorithm)
        seconds: float = miner.config["bench-algo-time"]
        if algorithm.is_randomx:
            seconds += miner.surroundings.dataset_time

        def note() -> None:
            results[name] = miner.hashrate
            measure(rest)

        miner.after(round(seconds * 1000), note)

    measure(missing)
    return True
