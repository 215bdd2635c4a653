"""What has to be true of a miner's config, whatever its controls were used for."""

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


def check_rest(config: Json, owners: Json) -> None:
    """Check what no control changes; the wallet and the token are among it."""
    assert json_equal(_rest(config), _rest(owners))


def check_pools(config: Json, owners: Json) -> None:
    """Check that the pools are there, in whatever order, and as the owner has them.

    One that is chosen is enabled, none is disabled.
    """
    pools = {pool["url"]: pool for pool in config["pools"]}
    assert len(pools) == len(owners["pools"])
    for owners_pool in owners["pools"]:
        pool = pools[owners_pool["url"]]
        assert json_equal(pool | {"enabled": True}, owners_pool | {"enabled": True})
        assert pool["enabled"] or not owners_pool["enabled"]


def check_profiles(config: Json, owners: Json) -> None:
    """Check that each thread profile is the owner's, or the first threads of it."""
    owners_profiles = profiles_of(owners["cpu"])
    profiles = profiles_of(config["cpu"])
    assert owners_profiles.keys() == profiles.keys()
    for name, profile in profiles.items():
        owners_profile = owners_profiles[name]
        if isinstance(profile, list):
            assert profile
            owners_profile = owners_profile[: len(profile)]
        elif isinstance(profile, dict):
            assert 0 < profile["threads"] <= owners_profile["threads"]
            owners_profile = {**owners_profile, "threads": profile["threads"]}
        assert json_equal(profile, owners_profile)


def check_restored(config: Json, owners: Json) -> None:
    """Check that all is the owner's, but for the order of the pools.

    That of an owner who edited them while another one was chosen is not known.
    """
    without_pools = {"pools": None}
    assert json_equal(config | without_pools, owners | without_pools)
    check_pools(config, owners)


def _rest(config: Json) -> Json:
    rest = copy.deepcopy(config)
    for name in profiles_of(rest["cpu"]):
        del rest["cpu"][name]
    for backend in ("cpu", "opencl", "cuda"):
        del rest[backend]["enabled"]
    for key in ("pools", "pause-on-battery", "pause-on-active"):
        del rest[key]
    return rest
