"""Measures how long a distribution over many members takes.

python -m benchmarks.distribution_speed
"""

from random import Random
from statistics import median
import time

from custom_components.xmrig_miner.manager.distribution import Load, distribute

from .house_days import fleet
from .strategies import curve_of

MEMBERS = 200
TIMES = 50


def seconds(members: int = MEMBERS, times: int = TIMES) -> float:
    """Return the median CPU time of a distribution in seconds."""
    random = Random(0)
    curves = [curve_of(rig) for rig in fleet(members)]
    full = sum(curve.full for curve in curves)
    threads = {str(place): 0 for place in range(members)}
    took = []
    for _ in range(times):
        loads = [
            Load(
                id=str(place),
                curve=curve,
                threads=threads[str(place)],
                ceiling=curve.threads,
            )
            for place, curve in enumerate(curves)
        ]
        budget = full * random.random()
        began = time.process_time()
        threads = distribute(loads, budget)
        took.append(time.process_time() - began)
    return median(took)
