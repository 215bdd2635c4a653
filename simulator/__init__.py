"""The HTTP API of a miner or a proxy without mining, for tests and trials.

Its replies equal XMRig's byte for byte, as `tests/contract` verifies. It does not
depend on Home Assistant.
"""

from .base import Exchange
from .faults import FAULTS, Fault
from .forks import ARM, MONEROOCEAN, XMRIGCC
from .hardware import Gpu
from .miner import SimulatedMiner
from .proxy import SimulatedProxy, StratumMiner
from .proxy_server import ProxySimulator
from .server import DEFAULT_POOLS, Simulator

__all__ = [
    "ARM",
    "DEFAULT_POOLS",
    "FAULTS",
    "MONEROOCEAN",
    "XMRIGCC",
    "Exchange",
    "Fault",
    "Gpu",
    "ProxySimulator",
    "SimulatedMiner",
    "SimulatedProxy",
    "Simulator",
    "StratumMiner",
]
