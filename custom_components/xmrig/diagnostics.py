"""What a user may attach to a bug report."""

from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant

from .coordinator import XmrigConfigEntry

type Allowed = bool | dict[str, Allowed]
"""True lets a value pass with all that is in it, an object only what it names."""


def _named(*names: str) -> dict[str, Allowed]:
    """Return that these fields of an object may pass."""
    return dict.fromkeys(names, True)


# Names what may pass rather than what may not: whatever a later XMRig adds stays in.
# Left out on purpose: ids, names and addresses of miners and pools, wallets, passwords,
# tokens, and paths of files.
ENTRY: Allowed = {"ssl": True, "verify_ssl": True}

SUMMARY: Allowed = {
    "uptime": True,
    "restricted": True,
    "resources": {
        "memory": _named("free", "total", "resident_set_memory"),
        "load_average": True,
        "hardware_concurrency": True,
    },
    "features": True,
    "results": _named(
        *("diff_current", "shares_good", "shares_total", "avg_time", "avg_time_ms"),
        *("hashes_total", "best"),
    ),
    "algo": True,
    "connection": _named(
        *("uptime", "uptime_ms", "ping", "failures", "tls", "algo", "diff"),
        *("accepted", "rejected", "avg_time", "avg_time_ms", "hashes_total"),
    ),
    "version": True,
    "kind": True,
    "cpu": _named(
        *("brand", "family", "model", "stepping", "proc_info", "aes", "avx2", "x64"),
        *("64_bit", "l2", "l3", "cores", "threads", "packages", "nodes", "backend"),
        *("msr", "assembly", "arch", "flags"),
    ),
    "donate_level": True,
    "paused": True,
    "algorithms": True,
    "hashrate": _named("total", "highest"),
    "hugepages": True,
}

BACKEND: Allowed = {
    "type": True,
    "enabled": True,
    "algo": True,
    "profile": True,
    "hw-aes": True,
    "priority": True,
    "msr": True,
    "asm": True,
    "argon2-impl": True,
    "hugepages": True,
    "memory": True,
    "hashrate": True,
    "threads": {
        **_named("intensity", "affinity", "av", "hashrate", "index", "threads"),
        **_named("blocks", "bfactor", "bsleep", "dataset_host", "worksize"),
        **_named("strided_index", "gcn_asm", "unroll", "name", "board", "bus_id"),
        **_named("smx", "arch", "cu", "global_mem", "clock", "memory_clock"),
        "health": _named(
            *("temperature", "power", "clock", "mem_clock", "fan_speed", "rpm")
        ),
    },
    "platform": _named("index", "profile", "version", "name", "vendor"),
    "versions": _named("cuda-runtime", "cuda-driver", "plugin", "nvml", "driver"),
}

CONFIG: Allowed = {
    "http": {"enabled": True, "port": True, "restricted": True},
    "autosave": True,
    "background": True,
    "randomx": _named(
        *("init", "init-avx2", "mode", "1gb-pages", "rdmsr", "wrmsr", "cache_qos"),
        *("numa", "scratchpad_prefetch_mode"),
    ),
    # Its profiles have the names of algorithms, of which there are ever more.
    "cpu": True,
    "opencl": {"enabled": True, "cache": True, "platform": True, "adl": True},
    "cuda": {"enabled": True, "nvml": True},
    "donate-level": True,
    "donate-over-proxy": True,
    "pools": {
        "algo": True,
        "coin": True,
        "nicehash": True,
        "keepalive": True,
        "enabled": True,
        "tls": True,
        "sni": True,
        "daemon": True,
        "submit-to-origin": True,
    },
    "retries": True,
    "retry-pause": True,
    "print-time": True,
    "health-print-time": True,
    "dmi": True,
    "tls": {"enabled": True},
    "dns": _named("ip_version", "ipv6", "ttl"),
    "verbose": True,
    "watch": True,
    "pause-on-battery": True,
    "pause-on-active": True,
}


SECRETS = frozenset(
    {
        "access-token",
        "user",
        "pass",
        "rig-id",
        "spend-secret-key",
        "socks5",
        "cert_key",
    }
)
"""Keys of XMRig's config whose values are for its owner only; a proxy's address may
hold a password."""


def without_secrets(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config, or a part of it, as its owner may look at it."""
    return async_redact_data(config, SECRETS)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> dict[str, Any]:
    """Return what the miner said last, without anything that is the owner's own."""
    diagnostics: dict[str, Any] = {"entry": _pass(dict(entry.data), ENTRY)}
    if (coordinator := getattr(entry, "runtime_data", None)) is None:
        return diagnostics
    snapshot = coordinator.data
    backends = snapshot.backends
    return diagnostics | {
        "last_update_success": coordinator.last_update_success,
        "status": snapshot.status,
        "restricted": snapshot.restricted,
        "summary_complete": snapshot.summary.complete,
        "summary": _pass(snapshot.summary.document, SUMMARY),
        "backends": _pass(backends.document, BACKEND) if backends else None,
        "config": _pass(snapshot.config.document, CONFIG) if snapshot.config else None,
    }


def _pass(value: Any, allowed: Allowed) -> Any:
    """Return a value with all that is not allowed in it replaced."""
    if allowed is True or value is None:
        return value
    if isinstance(value, list | tuple) and isinstance(allowed, dict):
        return [_pass(item, allowed) for item in value]
    if isinstance(value, dict) and isinstance(allowed, dict):
        return {
            key: _pass(item, allowed.get(key, False)) for key, item in value.items()
        }
    return REDACTED
