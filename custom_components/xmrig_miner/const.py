"""Constants of the XMRig integration."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "xmrig_miner"
LOGGER = logging.getLogger(__package__)

SCAN_INTERVAL: Final = timedelta(seconds=10)
"""The shortest of the miner's own windows: its values are not fresher than that."""

MAX_IDLE: Final = 600
"""Seconds without a hash, while the miner claims to be mining, until there is an
issue."""

MAX_NO_POOL: Final = 60
"""Seconds without a pool, while miners are connected, until there is an issue."""

MAX_REJECT_RATE: Final = 5
"""Percent of shares; a healthy miner with a good connection stays below one."""

CONF_POWER_SENSOR: Final = "power_sensor"
CONF_IDLE_POWER: Final = "idle_power"
CONF_FULL_POWER: Final = "full_power"
CONF_POWER_INTERVAL: Final = "power_interval"
CONF_TEMPERATURE_SENSOR: Final = "temperature_sensor"
CONF_MAX_TEMPERATURE: Final = "max_temperature"
CONF_WAKE_ENTITY: Final = "wake_entity"
CONF_WAKE_MAC: Final = "wake_mac"
CONF_SLEEP_ENTITY: Final = "sleep_entity"
CONF_SLEEP_PLUG: Final = "sleep_plug"
CONF_SLEEP_AFTER: Final = "sleep_after"

DEFAULT_POWER_INTERVAL: Final = 15
"""Seconds before the power limit adds threads again: threads take two to start, and a
hashrate window takes ten to fill."""

SETTLE_TIME: Final = 30
"""Seconds after a change until hashrate and meter show its effect."""

SAMPLE_TIME: Final = 10
"""Seconds between two readings of a calibration, as long as the window of a hashrate."""

POWER_SAVE_DELAY: Final = 900
"""Seconds until learned power is written to disk: as often as Home Assistant saves
states, because the disk may be a memory card."""

STORAGE_VERSION: Final = 1

CONF_KIND: Final = "kind"
CONF_READ_ONLY: Final = "read_only"
"""Whether the user agreed that the miner can only be monitored."""
CONF_MINER_ID: Final = "miner_id"
CONF_WORKER_ID: Final = "worker_id"
CONF_VERIFICATION: Final = "verification"
CONF_FINGERPRINT: Final = "fingerprint"
CONF_IMPORT: Final = "import"
CONF_KEEP_STATE: Final = "keep_state"
CONF_EARNINGS_SENSOR: Final = "earnings_sensor"

SUBENTRY_WORKER: Final = "worker"
MAX_CHOSEN_WORKERS: Final = 50
"""Workers of a proxy that can be devices; each has four entities."""
CONF_WORKER: Final = "worker"
CONF_NAMED_BY: Final = "named_by"
"""What the proxy named workers by when the user chose this one."""

UNIT_EFFICIENCY: Final = "H/J"
