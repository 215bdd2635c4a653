"""Constants of the XMRig integration."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "xmrig"
LOGGER = logging.getLogger(__package__)

SCAN_INTERVAL: Final = timedelta(seconds=10)
"""The shortest of the miner's own windows: what it says is no fresher than that."""

CONFIG_INTERVAL: Final = 60
"""Seconds between two readings of the config, which hardly anybody ever edits."""

GRACE: Final = 60
"""Seconds for which the last answer of a faulty endpoint still serves."""

MAX_IDLE: Final = 600
"""Seconds without a hash, while it says that it mines, that are no accident."""

MAX_REJECT_RATE: Final = 5
"""Percent of shares; a healthy miner on a good line stays below one."""

STORAGE_VERSION: Final = 1

CONF_WORKER_ID: Final = "worker_id"
CONF_KEEP_STATE: Final = "keep_state"

UNIT_HASHRATE: Final = "H/s"
