"""The config as xmrig-proxy reads and prints it (core/config/Config.cpp)."""

from typing import Any

from .config import read_dns, read_http, read_tls
from .jsonvalue import Json, get_bool, get_int, get_string, get_uint, get_value
from .pool import is_enabled, read_pool

_MODES = ("nicehash", "simple", "extra_nonce")
_WORKERS = ("user", "password", "agent", "ip")
_SMALLEST_DIFFICULTY = 100
_DEFAULT_BIND = {"host": "0.0.0.0", "port": 3333, "tls": False}


def read_proxy_config(
    document: Any, version: tuple[int, ...], process: Json
) -> Json | None:
    """Return the config as the proxy holds it; None if it rejects the document.

    `process` holds the settings that are not part of the config: colours, verbosity,
    and the mode, which an unknown value does not change.
    """
    if not isinstance(document, dict) or not document:
        return None
    pools = [
        {key: value for key, value in pool.items() if key != "nicehash"}
        for entry in get_value(document, "pools") or ()
        if isinstance(entry, dict) and (pool := read_pool(entry))
    ]
    if not any(is_enabled(pool) for pool in pools):
        return None
    for key in ("colors", "verbose"):
        if (value := get_value(document, key)) in (True, False):
            process[key] = bool(value)
    if (mode := get_string(document, "mode")) in _MODES:
        process["mode"] = mode
    difficulty = get_uint(document, "custom-diff")
    donate_level = get_int(document, "donate-level")
    retries = get_int(document, "retries")
    pause = get_int(document, "retry-pause")
    api = get_value(document, "api")
    return {
        "access-log-file": get_string(document, "access-log-file"),
        "access-password": get_string(document, "access-password"),
        "algo-ext": get_bool(document, "algo-ext", True),
        "api": {
            "id": get_string(api, "id"),
            "worker-id": get_string(api, "worker-id"),
        },
        "http": read_http(get_value(document, "http")),
        "background": get_bool(document, "background"),
        "bind": [
            _bind(item)
            for item in get_value(document, "bind") or ()
            if isinstance(item, dict)
        ]
        or [_DEFAULT_BIND],
        "colors": process.setdefault("colors", True),
        "custom-diff": difficulty if _SMALLEST_DIFFICULTY <= difficulty < 2**31 else 0,
        "custom-diff-stats": get_bool(document, "custom-diff-stats"),
        "donate-level": donate_level if 0 <= donate_level <= 99 else 0,
        "log-file": get_string(document, "log-file"),
        "mode": process.setdefault("mode", "nicehash"),
        "pools": pools,
        "retries": retries if 1 <= retries <= 1000 else 5,
        "retry-pause": pause if 1 <= pause <= 3600 else 5,
        "reuse-timeout": get_uint(document, "reuse-timeout"),
        "tls": read_tls(get_value(document, "tls")),
        "dns": read_dns(get_value(document, "dns"), version),
        "user-agent": get_string(document, "user-agent"),
        "syslog": get_bool(document, "syslog"),
        "verbose": process.setdefault("verbose", False),
        "watch": get_bool(document, "watch", True),
        "workers": _workers(get_value(document, "workers")),
    }


def worker_mode(config: Json) -> str:
    """Return what workers are named by, as the API calls it."""
    workers = config["workers"]
    if isinstance(workers, str):
        return workers
    return "rig_id" if workers else "none"


def _workers(value: Any) -> bool | str:
    """Return the setting; unknown values are read as true."""
    return value if value is False or value in _WORKERS else True


def _bind(value: Json) -> Json:
    return {
        "host": get_string(value, "host"),
        "port": get_uint(value, "port"),
        "tls": get_bool(value, "tls"),
    }
