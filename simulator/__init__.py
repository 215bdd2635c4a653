"""XMRig without mining: a miner's HTTP API for tests and demonstrations.

It answers byte for byte as the real one does, whose behaviour `tests/contract` holds it
to. It knows nothing of Home Assistant.
"""

from .faults import FAULTS, Fault
from .hardware import Gpu
from .miner import SimulatedMiner
from .server import DEFAULT_POOLS, Exchange, Simulator

__all__ = [
    "DEFAULT_POOLS",
    "FAULTS",
    "Exchange",
    "Fault",
    "Gpu",
    "SimulatedMiner",
    "Simulator",
]
