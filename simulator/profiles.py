"""Thread profiles: which worker threads run for which algorithm.

The rules are those of backend/common/Threads.cpp and of the backends' `generate`: a
list under a profile's name, `false` under an algorithm's name to switch it off, or a
profile's name under an algorithm's name as an alias.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .algorithms import Algorithm, find
from .jsonvalue import Json, get_bool, get_int, get_uint, get_value, is_int

# The first key creates a profile of that name if none of them exists yet
CPU_PROFILES = (
    ("cn", "cn/1", 1),
    ("cn-lite", "cn-lite/1", 1),
    ("cn-heavy", "cn-heavy/0", 1),
    ("cn-pico", "cn-pico", 2),
    ("cn/upx2", "cn/upx2", 2),
    ("rx", "rx/0", 0),
    ("argon2", "argon2/chukwav2", 0),
    ("ghostrider", "ghostrider", 8),
)
GPU_PROFILES = (
    ("cn", "cn/1"),
    ("cn/2", "cn/2"),
    ("cn-lite", "cn-lite/1"),
    ("cn-heavy", "cn-heavy/0"),
    ("cn-pico", "cn-pico"),
    ("cn/upx2", "cn/upx2"),
    ("rx", "rx/0"),
)


@dataclass
class Profiles:
    """The profiles of one backend, as in its part of the config."""

    lists: dict[str, Any] = field(default_factory=dict)
    disabled: set[Algorithm] = field(default_factory=set)
    aliases: dict[Algorithm, str] = field(default_factory=dict)

    @classmethod
    def read(cls, section: Json, clean: Callable[[Any], Any]) -> Profiles:
        """Read the profiles from a backend's part of the config.

        `clean` returns a list as the backend interprets it; empty lists are dropped.
        """
        profiles = cls()
        for name, value in section.items():
            if isinstance(value, (dict, list)) and (threads := clean(value)):
                profiles.lists.setdefault(name, threads)
        for name, value in section.items():
            algorithm = find(name)
            if algorithm is None:
                continue
            if value is False or (
                isinstance(value, str) and value not in profiles.lists
            ):
                profiles.disabled.add(algorithm)
            elif isinstance(value, str):
                profiles.aliases.setdefault(algorithm, value)
        return profiles

    def knows(self, name: str) -> bool:
        """Whether the config mentions an algorithm by its exact name."""
        algorithm = find(name)
        return (
            name in self.lists
            or algorithm in self.disabled
            or algorithm in self.aliases
        )

    def name_for(self, algorithm: Algorithm | None) -> str | None:
        """Return the profile of an algorithm; None if it has none."""
        if algorithm is None or algorithm in self.disabled:
            return None
        if algorithm.name in self.lists:
            return algorithm.name
        if algorithm in self.aliases:
            return self.aliases[algorithm]
        base, slash, _ = algorithm.name.partition("/")
        if algorithm.code & 0xFFFFFF00 == 0x63150200 and "cn/2" in self.lists:
            return "cn/2"
        if slash and base in self.lists:
            return base
        return "*" if "*" in self.lists else None

    def to_json(self) -> Json:
        """Return the members in the miner's order: lists, disabled, aliases."""
        return (
            {name: self.lists[name] for name in sorted(self.lists)}
            | {algo.name: False for algo in sorted(self.disabled, key=_code)}
            | {
                algo.name: self.aliases[algo]
                for algo in sorted(self.aliases, key=_code)
            }
        )

    def switch_off(self, name: str) -> None:
        """Disable an algorithm unless the config mentions it."""
        algorithm = find(name)
        if algorithm is not None and not self.knows(name):
            self.disabled.add(algorithm)


def _code(algorithm: Algorithm) -> int:
    return algorithm.code


def generate_cpu(profiles: Profiles, processors: int, hint: int) -> None:
    """Generate missing CPU profiles with one thread per processor (CpuConfig_gen.h).

    `hint` is max-threads-hint in percent; limits by caches are not simulated.
    """
    if "*" in profiles.lists:
        return
    count = max(1, round(processors * min(hint, 100) / 100))
    plain = list(range(count))
    for name, algorithm, intensity in CPU_PROFILES:
        if name == "rx":
            if not profiles.knows("rx/arq"):
                alias = find("rx/arq")
                assert alias is not None
                profiles.aliases[alias] = "rx/wow"
            if not profiles.knows("rx/wow"):
                profiles.lists["rx/wow"] = plain
        if not profiles.knows(algorithm) and name not in profiles.lists:
            profiles.lists[name] = (
                [[intensity, index] for index in plain] if intensity else plain
            )
        if name in ("cn", "cn-lite"):
            profiles.switch_off(f"{name}/0")


def generate_gpu(profiles: Profiles, threads: Callable[[str], list[Json]]) -> None:
    """Generate missing GPU profiles; `threads` returns the list for a profile."""
    if "*" in profiles.lists:
        return
    for name, algorithm in GPU_PROFILES:
        # RandomX only needs its own list (OclConfig_gen.h:118)
        if name not in profiles.lists and (
            name == "rx" or not profiles.knows(algorithm)
        ):
            profiles.lists[name] = threads(name)
    profiles.switch_off("cn/0")
    profiles.switch_off("cn-lite/0")


def clean_cpu(value: Any) -> Any:
    """Return a CPU profile as the miner would print it (CpuThreads.cpp)."""
    if isinstance(value, dict):
        intensity = get_uint(value, "intensity", 1)
        return (threads := min(get_uint(value, "threads"), 1024)) and {
            "intensity": intensity if 1 <= intensity <= 5 else 1,
            "threads": threads,
            "affinity": _mask(get_value(value, "affinity")),
        }
    return [
        thread for entry in value if (thread := _clean_cpu_thread(entry)) is not None
    ]


def _clean_cpu_thread(entry: Any) -> Any:
    if isinstance(entry, list) and len(entry) >= 2:
        intensity, affinity = entry[:2]
        if not is_int(affinity) or not is_int(intensity) or not 0 <= intensity <= 8:
            return None
        return [intensity, affinity] if intensity else affinity
    return entry if is_int(entry) else -1


def _mask(value: Any) -> int:
    if isinstance(value, str):
        _, hexadecimal, digits = value.partition("0x")
        try:
            return int(digits, 16) if hexadecimal else int(value)
        except ValueError:
            return 0
    return value if type(value) is int else -1


def cpu_threads(profile: Any) -> list[tuple[int, int]]:
    """Return (intensity, affinity) of each thread of a CPU profile."""
    if isinstance(profile, dict):
        mask = profile["affinity"]
        bits = [bit for bit in range(64) if mask != -1 and mask >> bit & 1]
        return [
            (profile["intensity"], bits[index] if index < len(bits) else -1)
            for index in range(profile["threads"])
        ]
    return [
        (entry[0], entry[1]) if isinstance(entry, list) else (1, entry)
        for entry in profile
    ]


def clean_cuda(value: Any) -> list[Json]:
    """Return a CUDA profile as the miner would print it (CudaThread.cpp)."""
    return [
        {
            "index": get_uint(entry, "index"),
            "threads": get_int(entry, "threads"),
            "blocks": get_int(entry, "blocks"),
            "bfactor": min(get_uint(entry, "bfactor"), 12),
            "bsleep": get_uint(entry, "bsleep"),
            "affinity": get_int(entry, "affinity", -1),
            "dataset_host": get_bool(entry, "dataset_host"),
        }
        for entry in (value if isinstance(value, list) else ())
        if get_int(entry, "threads") > 0 and get_int(entry, "blocks") > 0
    ]


def clean_opencl(value: Any) -> list[Json]:
    """Return an OpenCL profile as the miner would print it (OclThread.cpp)."""
    return [
        _clean_opencl_thread(entry)
        for entry in (value if isinstance(value, list) else ())
        if get_uint(entry, "intensity") > 0
    ]


def _clean_opencl_thread(entry: Json) -> Json:
    worksize = max(1, min(get_uint(entry, "worksize"), 512))
    thread: Json = {
        "index": get_uint(entry, "index"),
        "intensity": get_uint(entry, "intensity") // worksize * worksize,
        "worksize": worksize,
    }
    strided = get_value(entry, "strided_index")
    if isinstance(strided, list) and len(strided) >= 2:
        thread["strided_index"] = [min(strided[0], 2), min(strided[1], 18)]
    thread["threads"] = get_value(entry, "threads") or [-1]
    if isinstance(get_value(entry, "gcn_asm"), bool):
        thread["bfactor"] = get_uint(entry, "bfactor", 6)
        thread["gcn_asm"] = entry["gcn_asm"]
        thread["dataset_host"] = get_bool(entry, "dataset_host")
    else:
        thread["unroll"] = max(1, min(get_uint(entry, "unroll", 8), 128))
    return thread
