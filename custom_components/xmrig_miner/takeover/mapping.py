"""Map the entities of other integrations to those of this one.

Domains and unique IDs are those of hwmland/homeassistant-xmrig 0.1.0 to 0.3.1, its
forks by ChavoDeLa and xonvanetta, and IonCojucari/homeassistant-xmrig.
"""

from collections.abc import Mapping

from homeassistant.const import Platform

HWMLAND = "xmrig"
REMOTE_MINER = "xmrig_remote_miner"

KEYS: Mapping[str, Mapping[tuple[str, str], str]] = {
    HWMLAND: {
        (Platform.SENSOR, "hashrate10s"): "hashrate",
        (Platform.SENSOR, "hashrate1m"): "hashrate_1m",
        (Platform.SENSOR, "hashrate15m"): "hashrate_15m",
        (Platform.SENSOR, "hashrate_max"): "hashrate_highest",
        (Platform.SENSOR, "difficulty"): "difficulty",
        (Platform.SENSOR, "shares_good"): "shares_accepted",
        (Platform.SENSOR, "connection"): "pool",
        (Platform.SENSOR, "algo"): "algorithm",
        (Platform.SENSOR, "avg_time"): "share_time",
        # Since the start of the process, unlike the lifetime hashes
        (Platform.SENSOR, "hashes_total"): "hashes",
        (Platform.SWITCH, "_mining"): "mining",
    },
    REMOTE_MINER: {
        (Platform.SENSOR, "_state"): "status",
        (Platform.SENSOR, "_hashrate"): "hashrate",
        (Platform.SENSOR, "_hashrate_max"): "hashrate_highest",
        (Platform.SENSOR, "_shares_good"): "shares_accepted",
        (Platform.SENSOR, "_shares_rejected"): "shares_rejected",
        (Platform.SENSOR, "_pool"): "pool",
        (Platform.SENSOR, "_ping"): "pool_ping",
        (Platform.SWITCH, "_switch"): "mining",
    },
}
"""Keys of this integration, by domain, platform, and the suffix of the unique ID after
the config entry ID. Entities that are not listed stay with their entry."""


def key_for(domain: str, platform: str, entry_id: str, unique_id: str) -> str | None:
    """Return the key that matches an entity of another integration, if there is one."""
    if not unique_id.startswith(entry_id):
        return None
    return KEYS[domain].get((platform, unique_id.removeprefix(entry_id)))
