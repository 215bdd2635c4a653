"""A pool as the config names it (base/net/stratum/Pool.cpp, Url.cpp)."""

from .algorithms import find, find_coin
from .jsonvalue import Json, get_bool, get_int, get_string, get_uint, is_int, is_uint

_KEEPALIVE = 60


def is_enabled(pool: Json) -> bool:
    """Whether the miner may use the pool."""
    return bool(pool["enabled"])


def read_pool(entry: Json) -> Json | None:
    """Return the pool as the miner prints it; None if it has no usable URL."""
    url = get_string(entry, "url")
    if url is None or (address := split_url(url)) is None:
        return None
    algorithm = find(entry.get("algo"))
    keepalive = entry.get("keepalive")
    keepalive = (
        int(keepalive) * _KEEPALIVE if isinstance(keepalive, bool) else keepalive
    )
    keepalive = keepalive if is_int(keepalive) and keepalive >= 0 else 0
    self_select = get_string(entry, "self-select")
    daemon = self_select is None and get_bool(entry, "daemon")
    secret = get_string(entry, "spend-secret-key")
    nicehash = "nicehash.com" in address[0]
    socks5 = entry.get("socks5")
    pool: Json = {
        "algo": algorithm.name if algorithm else None,
        "coin": find_coin(entry.get("coin")),
        "url": url,
        "user": get_string(entry, "user"),
        **({"spend-secret-key": secret} if secret else {}),
    }
    if not daemon:
        pool |= {
            "pass": get_string(entry, "pass"),
            "rig-id": get_string(entry, "rig-id"),
            "nicehash": get_bool(entry, "nicehash") or nicehash,
            "keepalive": keepalive > 0 if keepalive in (0, _KEEPALIVE) else keepalive,
        }
    pool |= {
        "enabled": get_bool(entry, "enabled", True),
        "tls": get_bool(entry, "tls") or "+ssl://" in url or "+https://" in url,
        "sni": get_bool(entry, "sni"),
        "tls-fingerprint": get_string(entry, "tls-fingerprint"),
        "daemon": daemon,
        "socks5": socks5 if isinstance(socks5, str) or is_uint(socks5) else None,
    }
    if daemon:
        return pool | {
            "daemon-poll-interval": get_uint(entry, "daemon-poll-interval", 1000),
            "daemon-job-timeout": get_uint(entry, "daemon-job-timeout", 15000),
            "daemon-zmq-port": get_int(entry, "daemon-zmq-port", -1),
        }
    return pool | {
        "self-select": self_select,
        "submit-to-origin": self_select is not None
        and get_bool(entry, "submit-to-origin"),
    }


def split_url(url: str) -> tuple[str, int] | None:
    """Return host and port of a pool's URL; None where XMRig finds no host in it.

    Without a port it is 3333 (base/net/stratum/Url.cpp).
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() not in (
        "stratum+tcp",
        "stratum+ssl",
        "daemon+http",
        "daemon+https",
        "socks5",
    ):
        return None
    address = rest if separator else url
    if not address or address.startswith("/"):
        return None
    if address.startswith("["):
        host, bracket, port = address[1:].partition("]:")
        return (host, _port(port)) if bracket else None
    host, colon, port = address.partition(":")
    return host, _port(port) if colon else 3333


def _port(text: str) -> int:
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return int(digits or 0) % 65536
