"""Builds that keep XMRig's API, by the differences in their replies.

From their sources: MoneroOcean/xmrig 945b7e63 and Bendr0id/xmrigCC 648405af, whose API
equals XMRig's byte for byte, and src/hw/cpu/BasicCpuInfo_arm.cpp of XMRig.
"""

from dataclasses import dataclass, field
from typing import Any

from .algorithms import CALIBRATED
from .jsonvalue import Json, get_value


@dataclass(frozen=True)
class Fork:
    """A build of XMRig."""

    version: str | None = None
    """Its own version; None for XMRig's."""
    agent: str = "XMRig"
    features: tuple[str, ...] = ("api", "asm", "http", "hwloc", "tls", "opencl", "cuda")
    config: Json = field(default_factory=dict)
    """Members that it adds to the config, with their defaults."""
    cpu_config: Json = field(default_factory=dict)
    """Members that it adds to the config's `cpu` object."""
    cpu: Json = field(default_factory=dict)
    """What it reports about the CPU instead of XMRig's values."""
    unknown_cpu: tuple[str, ...] = ()
    """What it does not report about the CPU."""

    def complete(self, config: Json, document: Any) -> Json:
        """Return a config with the build's own members, as given in a document."""
        cpu = get_value(document, "cpu")
        return config | {
            "cpu": config["cpu"] | _taken(self.cpu_config, cpu),
            **_taken(self.config, document),
        }

    def complete_cpu(self, cpu: Json) -> Json:
        """Return what the build reports about the CPU."""
        return {
            key: self.cpu.get(key, value)
            for key, value in cpu.items()
            if key not in self.unknown_cpu
        }


def _taken(defaults: Json, document: Any) -> Json:
    """Return the members of a document that have a default."""
    given = document if isinstance(document, dict) else {}
    return {key: given.get(key, default) for key, default in defaults.items()}


XMRIG = Fork()

MONEROOCEAN = Fork(
    version="6.26.0-mo4",
    config={
        "rebench-algo": False,
        "bench-algo-time": 20,
        "algo-min-time": 0,
        "algo-perf": dict.fromkeys(CALIBRATED, 500.0) | {"kawpow": -1},
    },
)
"""Mines what earns most: its pool changes the algorithm with any job. It measures each
algorithm that `algo-perf` lacks before it connects, and writes that by itself."""

XMRIGCC = Fork(
    version="3.4.9",
    agent="XMRigCC",
    config={
        "cc-client": {
            "enabled": True,
            "servers": [{"url": "cc.example.org:3344", "access-token": "cc-s3cret"}],
            "update-interval-s": 10,
            "reboot-cmd": None,
        },
        "daemonized": False,
    },
    cpu_config={
        "max-threads-hint": 100,
        "max-cpu-usage": None,
        "force-autoconfig": False,
    },
)
"""Also takes commands from its own server. It is built from XMRig 6.25.0."""

ARM = Fork(
    features=("api", "http", "tls", "opencl"),
    cpu={
        "brand": "ARM Cortex-A76",
        "avx2": False,
        "l2": 0,
        "l3": 0,
        "backend": "basic/1",
        "msr": "none",
        "assembly": "none",
        "arch": "aarch64",
        "flags": ["aes"],
    },
    unknown_cpu=("family", "model", "stepping", "proc_info"),
)
"""XMRig on an ARM processor, built without hwloc, as on a phone or a small computer."""
