"""Thread profiles of the CPU backend, and how to shorten them.

A profile lists the threads for a family of algorithms, each as a core or as intensity
and core. It may also be an object with a number of threads, the name of another
profile, or false for a family that is not mined (XMRig src/backend/cpu/CpuThreads.cpp,
src/backend/common/Threads.cpp).
"""

from collections.abc import Mapping
from typing import Any

from .limits import MAX_THREADS

SETTINGS = frozenset(
    {
        "enabled",
        "huge-pages",
        "huge-pages-jit",
        "hw-aes",
        "priority",
        "memory-pool",
        "yield",
        "max-threads-hint",
        "force-autoconfig",
        "asm",
        "argon2-impl",
        "astrobwt-max-size",
        "astrobwt-avx2",
        # A key of the fork xmrigCC
        "max-cpu-usage",
    }
)
"""Keys of the config's `cpu` object that are not the name of a profile."""


def profiles_of(cpu: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profiles of a config's `cpu` object."""
    return {key: value for key, value in cpu.items() if key not in SETTINGS}


def thread_count(profile: Any) -> int | None:
    """Return the number of threads in a profile; None if it has none of its own.

    Also None for more than MAX_THREADS, because each thread is counted.
    """
    threads = len(profile) if isinstance(profile, list) else None
    if isinstance(profile, dict):
        threads = profile.get("threads")
    if isinstance(threads, bool) or not isinstance(threads, int):
        return None
    return threads if 0 <= threads <= MAX_THREADS else None


def shortened(profile: Any, threads: int) -> Any:
    """Return a profile with only the first threads, up to the given number."""
    if isinstance(profile, list):
        return profile[:threads]
    if (number := thread_count(profile)) is not None and number > threads:
        return {**profile, "threads": threads}
    return profile


def active_profile(profiles: Mapping[str, Any], profile: str | None) -> str | None:
    """Return the name of the profile in use, before the first job of the longest one.

    If a profile is the name of another one, the other one is used, as in XMRig.
    """
    seen: set[str] = set()
    while profile is not None and profile not in seen:
        seen.add(profile)
        if thread_count(profiles.get(profile)) is not None:
            return profile
        alias = profiles.get(profile)
        profile = alias if isinstance(alias, str) else None
    return max(
        (name for name, value in profiles.items() if thread_count(value)),
        key=lambda name: thread_count(profiles[name]) or 0,
        default=None,
    )
