"""The replies of a miner and of a proxy: summary, backends, workers and config.

Field names are XMRig's own. Any value may be missing: XMRig omits many or sends null,
older versions truncate replies, and a value of an unexpected type counts as missing.
Missing is None (or an empty tuple), never 0: a zero is a reading.
"""

from .backend_type import BackendType
from .backends import Backend, Backends, Gpu, GpuHealth, Thread
from .base_summary import MAX_UPTIME, BaseSummary
from .config import Config, PauseRule
from .hashrate import Hashrate, HugePages
from .proxy_summary import ProxyHashrate, ProxySummary
from .summary import Connection, Cpu, Results, Summary
from .workers import Worker, WorkerMode, Workers

__all__ = [
    "MAX_UPTIME",
    "Backend",
    "BackendType",
    "Backends",
    "BaseSummary",
    "Config",
    "Connection",
    "Cpu",
    "Gpu",
    "GpuHealth",
    "Hashrate",
    "HugePages",
    "PauseRule",
    "ProxyHashrate",
    "ProxySummary",
    "Results",
    "Summary",
    "Thread",
    "Worker",
    "WorkerMode",
    "Workers",
]
