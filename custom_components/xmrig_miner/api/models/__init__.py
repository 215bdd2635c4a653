"""The replies of a miner: its summary, backends and config.

Field names are XMRig's own. Any value may be missing: XMRig omits many or sends null,
older versions truncate replies, and a value of an unexpected type counts as missing.
Missing is None (or an empty tuple), never 0: a zero is a reading.
"""

from .backend_type import BackendType
from .backends import Backend, Backends, Gpu, GpuHealth, Thread
from .config import Config, PauseRule
from .hashrate import Hashrate, HugePages
from .summary import MAX_UPTIME, Connection, Cpu, Results, Summary

__all__ = [
    "MAX_UPTIME",
    "Backend",
    "BackendType",
    "Backends",
    "Config",
    "Connection",
    "Cpu",
    "Gpu",
    "GpuHealth",
    "Hashrate",
    "HugePages",
    "PauseRule",
    "Results",
    "Summary",
    "Thread",
]
