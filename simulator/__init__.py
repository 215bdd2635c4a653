"""XMRig without mining: a miner's HTTP API for tests and demonstrations.

Its replies are byte for byte those of XMRig, which `tests/contract` verifies. It does
not depend on Home Assistant.
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
