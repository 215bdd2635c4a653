"""Tests of thread profiles, whole and shortened."""

from typing import Any

import pytest

from custom_components.xmrig_miner.api.limits import MAX_THREADS
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.api.thread_profiles import (
    active_profile,
    profiles_of,
    shortened,
    thread_count,
)

from .captures import VERSIONS, capture

OBJECT = {"intensity": 2, "threads": 4, "affinity": 15}


@pytest.mark.parametrize(
    ("profile", "threads", "result"),
    [
        ([0, 2, 4, 6], 2, [0, 2]),
        ([[1, 0], [2, 3]], 1, [[1, 0]]),
        ([[1, 0], 5, -1], 2, [[1, 0], 5]),
        ([0, 1], 2, [0, 1]),
        ([0, 1], 9, [0, 1]),
        (OBJECT, 3, {"intensity": 2, "threads": 3, "affinity": 15}),
        (OBJECT, 4, OBJECT),
        ("rx/wow", 1, "rx/wow"),
        (False, 1, False),
        ({"threads": "many"}, 1, {"threads": "many"}),
        ({"threads": True}, 1, {"threads": True}),
    ],
)
def test_a_profile_keeps_its_first_threads(
    profile: Any, threads: int, result: Any
) -> None:
    """Affinity and intensity are kept; profiles without threads stay the same."""
    assert shortened(profile, threads) == result


@pytest.mark.parametrize(
    ("profile", "threads"),
    [
        ([0, 2], 2),
        ([[1, 0]], 1),
        ([], 0),
        (OBJECT, 4),
        ({}, None),
        ({"threads": True}, None),
        ("rx", None),
        (False, None),
        (None, None),
        ({"threads": 0}, 0),
        ({"threads": MAX_THREADS}, MAX_THREADS),
        ({"threads": MAX_THREADS + 1}, None),
        ({"threads": -1}, None),
        pytest.param([0] * MAX_THREADS, MAX_THREADS, id="many"),
        pytest.param([0] * (MAX_THREADS + 1), None, id="too many"),
    ],
)
def test_the_threads_of_a_profile(profile: Any, threads: int | None) -> None:
    """An alias and a disabled family have no threads."""
    assert thread_count(profile) == threads


PROFILES = {
    "cn": [[1, 0], [1, 2], [1, 4]],
    "rx": [0, 2],
    "rx/wow": [0],
    "rx/arq": "rx/wow",
    "cn/0": False,
    "cn-heavy": "nowhere",
    "cn-lite": "cn-pico",
    "cn-pico": "cn-lite",
}


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("rx", "rx"),
        ("rx/arq", "rx/wow"),
        ("cn/0", "cn"),
        ("cn-heavy", "cn"),
        ("cn-lite", "cn"),
        ("unheard of", "cn"),
        (None, "cn"),
    ],
)
def test_the_profile_in_use(profile: str | None, name: str) -> None:
    """An alias is followed; without a result, the longest profile is used."""
    assert active_profile(PROFILES, profile) == name


def test_the_longest_profile_wherever_it_stands() -> None:
    """Until the first job shows which profile is in use."""
    profiles = {"cn": [0], "rx": {"threads": 3}, "argon2": [0, 1], "cn/gpu": False}
    assert active_profile(profiles, None) == "rx"


@pytest.mark.parametrize("profile", [{"intensity": 1}, {"threads": -1}, False, None, 5])
def test_a_profile_without_a_number_of_threads_is_not_in_use(profile: Any) -> None:
    """It is not an alias, either."""
    assert active_profile({"rx": profile, "cn": [0]}, "rx") == "cn"


def test_there_may_be_no_profile() -> None:
    """Then no profile is in use."""
    assert active_profile({}, "rx") is None
    assert active_profile({"cn/0": False, "rx": "cn/0"}, "rx") is None


@pytest.mark.parametrize("version", VERSIONS)
def test_of_the_real_config_only_profiles_are_taken_for_such(version: str) -> None:
    """Other values of the `cpu` object are not profiles."""
    profiles = Config(capture(version, "mining", "config")).profiles
    assert profiles
    assert all(
        thread_count(profile) or isinstance(profile, str) or profile is False
        for profile in profiles.values()
    )


def test_settings_are_no_profiles() -> None:
    """XMRig omits `max-threads-hint` only while there are profiles."""
    cpu = {"enabled": True, "max-threads-hint": 100, "asm": "ryzen", "rx": [0]}
    assert profiles_of(cpu) == {"rx": [0]}
