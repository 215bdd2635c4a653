"""Invariants of a miner's config, after any use of its controls."""

import copy

from custom_components.xmrig_miner.api.document import json_equal
from custom_components.xmrig_miner.api.thread_profiles import profiles_of
from simulator.jsonvalue import Json

POOLS = [
    {"url": "one.example.org:3333", "user": "WALLET", "pass": "x", "keepalive": True},
    {"url": "two.example.org:443", "user": "WALLET", "tls": True},
    {"url": "three.example.org:3333", "user": "OTHER", "enabled": False},
]
CPU = {
    "rx": [[1, 0], [2, 3], 1],
    "cn": {"intensity": 2, "threads": 3, "affinity": 7},
    "cn/0": False,
    "rx/arq": "rx/wow",
}


def check_rest(config: Json, users: Json) -> None:
    """Check what no control changes, such as the wallet and the token."""
    assert json_equal(_rest(config), _rest(users))


def check_pools(config: Json, users: Json) -> None:
    """Check that the user's pools are complete and unchanged, in any order.

    A selected pool is enabled, and no pool is disabled.
    """
    pools = {pool["url"]: pool for pool in config["pools"]}
    assert len(pools) == len(users["pools"])
    for users_pool in users["pools"]:
        pool = pools[users_pool["url"]]
        assert json_equal(pool | {"enabled": True}, users_pool | {"enabled": True})
        assert pool["enabled"] or not users_pool["enabled"]


def check_profiles(config: Json, users: Json) -> None:
    """Check that each thread profile is the user's, or the first threads of it."""
    users_profiles = profiles_of(users["cpu"])
    profiles = profiles_of(config["cpu"])
    assert users_profiles.keys() == profiles.keys()
    for name, profile in profiles.items():
        users_profile = users_profiles[name]
        if isinstance(profile, list):
            assert profile
            users_profile = users_profile[: len(profile)]
        elif isinstance(profile, dict):
            assert 0 < profile["threads"] <= users_profile["threads"]
            users_profile = {**users_profile, "threads": profile["threads"]}
        assert json_equal(profile, users_profile)


def check_restored(config: Json, users: Json) -> None:
    """Check that the config is the user's, except for the order of the pools.

    If the user edited the pools while another one was selected, it is unknown.
    """
    without_pools = {"pools": None}
    assert json_equal(config | without_pools, users | without_pools)
    check_pools(config, users)


def _rest(config: Json) -> Json:
    rest = copy.deepcopy(config)
    for name in profiles_of(rest["cpu"]):
        del rest["cpu"][name]
    for backend in ("cpu", "opencl", "cuda"):
        del rest[backend]["enabled"]
    for key in ("pools", "pause-on-battery", "pause-on-active"):
        del rest[key]
    return rest
