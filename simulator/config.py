"""The config as the miner reads and prints it.

A document is never patched: missing values are reset to their defaults, unknown keys
are dropped, and keys are in the miner's own order (core/config/Config.cpp and the
classes it prints).
"""

from typing import Any

from . import rapidjson
from .hardware import Computer
from .jsonvalue import (
    Json,
    get_bool,
    get_int,
    get_string,
    get_uint,
    get_value,
    is_int,
    is_uint,
)
from .pool import is_enabled, read_pool
from .profiles import (
    Profiles,
    clean_cpu,
    clean_cuda,
    clean_opencl,
    generate_cpu,
    generate_gpu,
)

CERTIFICATE = "cert.pem"
"""The file of the certificate that the miner creates unless its config names
another."""

_ASSEMBLIES = ("none", "auto", "intel", "ryzen", "bulldozer")
_PROTOCOLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_RANDOMX_MODES = ("auto", "fast", "light")
_IDLE_TIME = 60


def read_config(
    document: Any, computer: Computer, version: tuple[int, ...], process: Json
) -> Json | None:
    """Return the config as the miner holds it; None if the miner rejects the document.

    `process` holds the settings that are not part of the config: colours, verbosity and
    DNS are kept if a document does not name them, and CUDA profiles are generated once.
    """
    if not isinstance(document, dict) or not document:
        return None
    if (value := get_value(document, "colors")) in (True, False):
        process["colors"] = value
    verbose = get_value(document, "verbose")
    if isinstance(verbose, bool) or is_uint(verbose):
        process["verbose"] = int(verbose)
    pools = [
        pool
        for entry in get_value(document, "pools") or ()
        if isinstance(entry, dict) and (pool := read_pool(entry))
    ]
    if not any(is_enabled(pool) for pool in pools):
        return None
    donate_level = get_int(document, "donate-level")
    over_proxy = get_int(document, "donate-over-proxy", 1)
    idle = get_value(document, "pause-on-active")
    idle = int(idle) * _IDLE_TIME if isinstance(idle, bool) else idle
    title = get_value(document, "title")
    return {
        "api": {
            "id": get_string(get_value(document, "api"), "id"),
            "worker-id": get_string(get_value(document, "api"), "worker-id"),
        },
        "http": read_http(get_value(document, "http")),
        "autosave": get_bool(document, "autosave", True),
        "background": get_bool(document, "background"),
        "colors": process.setdefault("colors", True),
        "title": title if isinstance(title, (bool, str)) else True,
        "randomx": _randomx(get_value(document, "randomx")),
        "cpu": _cpu(get_value(document, "cpu"), computer),
        "opencl": _opencl(get_value(document, "opencl"), computer),
        "cuda": _cuda(get_value(document, "cuda"), computer, process),
        "log-file": get_string(document, "log-file"),
        # 0 as in Debian's packages; in XMRig's own builds, 1 is the default and minimum
        "donate-level": _between(donate_level, 0, 99, 0),
        "donate-over-proxy": over_proxy if over_proxy in (0, 1, 2) else 1,
        "pools": pools,
        "retries": _between(get_int(document, "retries"), 1, 1000, 5),
        "retry-pause": _between(get_int(document, "retry-pause"), 1, 3600, 5),
        "print-time": min(get_uint(document, "print-time", 60), 3600),
        "health-print-time": get_uint(document, "health-print-time", 60),
        "dmi": get_bool(document, "dmi", True),
        "syslog": get_bool(document, "syslog"),
        "tls": read_tls(get_value(document, "tls")),
        "dns": read_dns(get_value(document, "dns"), version),
        "user-agent": get_string(document, "user-agent"),
        "verbose": process.setdefault("verbose", 0),
        "watch": get_bool(document, "watch", True),
        "pause-on-battery": get_bool(document, "pause-on-battery"),
        "pause-on-active": idle
        if is_uint(idle) and idle not in (0, _IDLE_TIME)
        else idle == _IDLE_TIME,
    }


def pools_differ(config: Json, previous: Json) -> bool:
    """Whether a change of the config makes the miner reconnect (Pools::isEqual)."""
    return _connection(config) != _connection(previous)


def has_more_profiles(config: Json, disk: str) -> bool:
    """Whether the miner generated profiles that its file lacks (CpuConfig_gen.h)."""
    document = rapidjson.loads(disk)
    return any(
        isinstance(value, list) and key not in (get_value(document, kind) or {})
        for kind in ("cpu", "opencl", "cuda")
        for key, value in config[kind].items()
    )


def names_certificate(disk: str) -> bool:
    """Return whether a config on disk names the certificate files.

    The miner creates missing files only if it does not (base/net/tls/ TlsConfig.cpp,
    TlsGen.cpp).
    """
    tls = get_value(rapidjson.loads(disk), "tls")
    return isinstance(tls, dict) and bool(tls.get("cert"))


def _connection(config: Json) -> list[Any]:
    ignored = ("spend-secret-key", "submit-to-origin")
    return [
        config["retries"],
        config["retry-pause"],
        [
            {k: v for k, v in pool.items() if k not in ignored}
            for pool in config["pools"]
        ],
    ]


def _between(value: int, low: int, high: int, default: int) -> int:
    return value if low <= value <= high else default


def read_http(value: Any) -> Json:
    """Return `http` as XMRig prints it.

    Without the object, the API is disabled (base/net/http/Http.h:61).
    """
    port = get_int(value, "port")
    return {
        "enabled": get_bool(value, "enabled"),
        "host": get_string(value, "host", "127.0.0.1"),
        "port": port % 65536 if 0 <= port <= 65536 else 0,
        "access-token": get_string(value, "access-token"),
        "restricted": get_bool(value, "restricted", True),
    }


def _randomx(value: Any) -> Json:
    mode = (get_string(value, "mode") or "").lower()
    mode = mode if mode in _RANDOMX_MODES else "auto"
    numa = get_value(value, "numa")
    numa = [node for node in numa if is_uint(node)] if isinstance(numa, list) else numa
    prefetch = get_int(value, "scratchpad_prefetch_mode", 1)
    light = mode == "light"
    return {
        "init": get_int(value, "init", -1),
        "init-avx2": get_int(value, "init-avx2", -1),
        "mode": mode,
        "1gb-pages": get_bool(value, "1gb-pages"),
        "rdmsr": get_bool(value, "rdmsr", True),
        "wrmsr": get_bool(value, "wrmsr", True),
        "cache_qos": get_bool(value, "cache_qos"),
        "numa": not light
        and (numa if isinstance(numa, (bool, list)) and numa != [] else True),
        "scratchpad_prefetch_mode": 1 if light else _between(prefetch, 0, 3, 1),
    }


def _cpu(value: Any, computer: Computer) -> Json:
    section = value if isinstance(value, dict) else {}
    enabled = value if isinstance(value, bool) else get_bool(section, "enabled", True)
    huge_pages = section.get("huge-pages")
    if isinstance(huge_pages, bool) or not is_uint(huge_pages):
        huge_pages = huge_pages is not False
    elif huge_pages in (0, 2048) or huge_pages >= 1048576:
        huge_pages = huge_pages != 0
    memory_pool = section.get("memory-pool")
    assembly = section.get("asm")
    if isinstance(assembly, str):
        assembly = assembly.lower() if assembly.lower() in _ASSEMBLIES else "auto"
    hint = get_uint(section, "max-threads-hint", 100)
    profiles = Profiles.read(section, clean_cpu)
    if enabled:
        generate_cpu(profiles, computer.threads, hint)
    priority = _between(get_int(section, "priority", -1), -1, 5, -1)
    return {
        "enabled": enabled,
        "huge-pages": huge_pages,
        "huge-pages-jit": get_bool(section, "huge-pages-jit"),
        "hw-aes": aes if isinstance(aes := section.get("hw-aes"), bool) else None,
        "priority": priority if priority != -1 else None,
        "memory-pool": memory_pool
        if isinstance(memory_pool, bool) or (is_int(memory_pool) and memory_pool > 0)
        else is_int(memory_pool) and memory_pool < 0,
        "yield": get_bool(section, "yield", True),
        **({} if profiles.lists else {"max-threads-hint": hint}),
        "asm": {"none": False, "auto": True}.get(assembly, assembly)
        if isinstance(assembly, str)
        else assembly is not False,
        "argon2-impl": get_string(section, "argon2-impl"),
        **profiles.to_json(),
    }


def _opencl(value: Any, computer: Computer) -> Json:
    section = value if isinstance(value, dict) else {}
    enabled = value if isinstance(value, bool) else get_bool(section, "enabled")
    platform = section.get("platform")
    profiles = Profiles.read(section, clean_opencl)
    if enabled and computer.opencl_gpus:
        generate_gpu(profiles, computer.opencl_profile)
    return {
        "enabled": enabled,
        "cache": get_bool(section, "cache", True),
        "loader": get_string(section, "loader"),
        "platform": platform
        if isinstance(platform, str) or is_uint(platform)
        else "AMD",
        "adl": get_bool(section, "adl", True),
        **profiles.to_json(),
    }


def _cuda(value: Any, computer: Computer, process: Json) -> Json:
    section = value if isinstance(value, dict) else {}
    enabled = value if isinstance(value, bool) else get_bool(section, "enabled")
    nvml = section.get("nvml")
    profiles = Profiles.read(section, clean_cuda)
    # Once per process: a list that is deleted later is not generated again
    # (CudaConfig.cpp:146)
    if enabled and computer.cuda_gpus and not process.get("cuda-generated"):
        generate_gpu(profiles, computer.cuda_profile)
        process["cuda-generated"] = True
    return {
        "enabled": enabled,
        "loader": get_string(section, "loader"),
        "nvml": nvml if isinstance(nvml, (bool, str)) else True,
        **profiles.to_json(),
    }


def read_tls(value: Any) -> Json:
    """Return `tls` as XMRig prints it."""
    section = value if isinstance(value, dict) else {}
    enabled = isinstance(value, str) or value is True or get_bool(section, "enabled")
    asked = (get_string(section, "protocols") or "").split(" ")
    protocols = " ".join(name for name in _PROTOCOLS if name in asked)
    cert = get_string(section, "cert")
    key = get_string(section, "cert_key") or get_string(section, "cert-key")
    if enabled and not (cert and key):
        cert, key = CERTIFICATE, "cert_key.pem"
    return {
        "enabled": enabled,
        "protocols": protocols or None,
        "cert": cert,
        "cert_key": key,
        "ciphers": get_string(section, "ciphers"),
        "ciphersuites": get_string(section, "ciphersuites"),
        "dhparam": get_string(section, "dhparam"),
    }


def read_dns(value: Any, version: tuple[int, ...]) -> Json:
    """Return `dns` as this version of XMRig prints it."""
    ttl = max(get_uint(value, "ttl", 30), 1)
    if version < (6, 24):
        return {"ipv6": get_bool(value, "ipv6"), "ttl": ttl}
    ip_version = get_uint(value, "ip_version")
    return {"ip_version": ip_version if ip_version in (4, 6) else 0, "ttl": ttl}
