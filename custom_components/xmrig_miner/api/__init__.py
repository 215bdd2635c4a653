"""XMRig's HTTP API for Python, without Home Assistant; docs/api.md describes it.

`XmrigClient` has one method per endpoint. `Miner` has commands on top of it that are
confirmed, can be undone, and never reach a different miner.
"""

from .client import Action, Replies, XmrigClient
from .document import Change, merge_patch
from .exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigBackendError,
    XmrigCertificateError,
    XmrigClosedError,
    XmrigConfigLimitError,
    XmrigConflictError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigLimitedError,
    XmrigNotConfirmedError,
    XmrigNotMiningError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigStorageError,
    XmrigTimeoutError,
    XmrigTokenNotExpectedError,
    XmrigUnsafeConfigError,
)
from .identity import MinerIdentity
from .miner import Miner
from .models import (
    Backend,
    Backends,
    BackendType,
    Config,
    Connection,
    Cpu,
    Gpu,
    GpuHealth,
    Hashrate,
    HugePages,
    PauseRule,
    Results,
    Summary,
    Thread,
)
from .snapshot import Snapshot, Status
from .state import MinerState

__all__ = [
    "Action",
    "Backend",
    "BackendType",
    "Backends",
    "Change",
    "Config",
    "Connection",
    "Cpu",
    "Gpu",
    "GpuHealth",
    "Hashrate",
    "HugePages",
    "Miner",
    "MinerIdentity",
    "MinerState",
    "PauseRule",
    "Replies",
    "Results",
    "Snapshot",
    "Status",
    "Summary",
    "Thread",
    "XmrigAnotherMinerError",
    "XmrigAuthenticationError",
    "XmrigBackendError",
    "XmrigCertificateError",
    "XmrigClient",
    "XmrigClosedError",
    "XmrigConfigLimitError",
    "XmrigConflictError",
    "XmrigConnectionError",
    "XmrigError",
    "XmrigInterruptedError",
    "XmrigLimitedError",
    "XmrigNotConfirmedError",
    "XmrigNotMiningError",
    "XmrigReadOnlyError",
    "XmrigRefusedError",
    "XmrigResponseError",
    "XmrigStorageError",
    "XmrigTimeoutError",
    "XmrigTokenNotExpectedError",
    "XmrigUnsafeConfigError",
    "merge_patch",
]
