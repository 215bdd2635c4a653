"""Tests of the config."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.document import Change, diff
from custom_components.xmrig_miner.api.models import BackendType, Config, PauseRule
from custom_components.xmrig_miner.api.models.config import UNNAMED_POOL
from tests.api.captures import VERSIONS, capture, snapshot
from tests.api.odd import (
    BACKENDS,
    CONFIG,
    SUMMARY,
    any_json,
    places,
    put,
    read_snapshot,
    without,
)

SECRETS = ("s3cret", "WALLET")


@pytest.mark.parametrize("version", VERSIONS)
def test_backends(version: str) -> None:
    """A config has all backends, and whether each is enabled."""
    assert Config(capture(version, "mining", "config")).backends == {
        BackendType.CPU: True,
        BackendType.OPENCL: False,
        BackendType.CUDA: False,
    }
    stopped = Config(capture(version, "stopped_by_config", "config"))
    assert not any(stopped.backends.values())


def test_a_config_without_a_backend() -> None:
    """A miner that was built without CUDA does not have this backend."""
    config = Config({"cpu": {"enabled": "yes"}, "opencl": None})
    assert config.backends == {BackendType.CPU: False}
    assert config.with_backends(BackendType).document == {
        "cpu": {"enabled": True},
        "opencl": None,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_with_backends_changes_nothing_else(version: str) -> None:
    """Enabling backends changes no other value, and not the original."""
    document = capture(version, "mining", "config")
    config = Config(document)
    wanted = config.with_backends({BackendType.OPENCL})
    assert list(diff(config.document, wanted.document)) == [
        Change(path=("cpu", "enabled"), old=True, new=False),
        Change(path=("opencl", "enabled"), old=False, new=True),
    ]
    assert list(wanted.document) == list(document)
    assert [list(wanted.document[key]) for key in ("cpu", "opencl", "cuda")] == [
        list(document[key]) for key in ("cpu", "opencl", "cuda")
    ]
    assert config.document == capture(version, "mining", "config")
    assert wanted.with_backends({BackendType.CPU}) == config


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_that_is_printed_holds_a_secret(version: str) -> None:
    """Tokens, wallets and passwords are not in the repr of a model."""
    document = capture(version, "mining", "config")
    assert all(secret in json.dumps(document) for secret in SECRETS)
    known = snapshot(version, "mining")
    for printed in (repr(known.config), str(known.config), repr(known)):
        assert not any(secret in printed for secret in SECRETS)


WALLET = (
    "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4f"
)
OTHER_WALLET = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
ONION = "p2poolqcxrtxvyhvxwhrjlwjqr5hvfyyv7kqchgqzjqiayz2bftdz5ad.onion"


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("pool.example.org:3333", "pool.example.org:3333"),
        ("stratum+ssl://pool.example.org:443", "pool.example.org:443"),
        ("daemon+http://[2001:db8::1]:18081/json_rpc", "[2001:db8::1]:18081"),
        ("pool.example.org", "pool.example.org:3333"),
        ("localhost:3333", "localhost:3333"),
        (f"{ONION}:3333", f"{ONION}:3333"),
        # A wallet after the host.
        (f"pool.example.org:3333#{WALLET}", "pool.example.org:3333"),
        (f"pool.example.org#{WALLET}", "pool.example.org:3333"),
        (f"pool.example.org:3333?user={WALLET}", "pool.example.org:3333"),
        (f"pool.example.org:3333/{WALLET}/rig@home", "pool.example.org:3333"),
        ("pool.example.org:3333#WALLET@x", "pool.example.org:3333"),
        (f"stratum+tcp://pool.example.org/{WALLET}", "pool.example.org:3333"),
        # A wallet before the host.
        ("WALLET:x@pool.example.org:3333", "pool.example.org:3333"),
        ("stratum+tcp://WALLET.rig:x@pool.example.org:1", "pool.example.org:1"),
        (f"{WALLET}:1@pool.example.org:3333#x@y", "pool.example.org:3333"),
        # A wallet where the host should be.
        (WALLET, UNNAMED_POOL),
        (f"{WALLET}.rig:3333", UNNAMED_POOL),
        (f"{OTHER_WALLET}:3333", UNNAMED_POOL),
        (f"{WALLET[:60]}:3333", UNNAMED_POOL),
        # Either part could be the host.
        ("WALLET/x@pool.example.org:3333", UNNAMED_POOL),
        ("WALLET#pool.example.org:3333", UNNAMED_POOL),
        ("WALLET.rig:x#y@pool.example.org:3333", UNNAMED_POOL),
        ("other://WALLET:3333", UNNAMED_POOL),
        ("pool.example.org:3333 WALLET", UNNAMED_POOL),
        ("pool.example.org:99999", UNNAMED_POOL),
        ("pool.example.org:0", UNNAMED_POOL),
        ("[WALLET]:3333", UNNAMED_POOL),
        ("[2001:db8:1]:3333", UNNAMED_POOL),
        ("", UNNAMED_POOL),
    ],
)
def test_a_label_is_host_and_port_and_nothing_else(url: str, label: str) -> None:
    """Labels appear in states, events and repairs, so they contain no wallet."""
    assert Config({"pools": [{"url": url}]}).pool_labels == [label]


def test_pools_with_equal_labels_are_numbered() -> None:
    """Each label selects exactly one pool."""
    urls = ["a:1", WALLET, "a:1#x", "b:1", f"{WALLET}:2", "a:1"]
    assert Config({"pools": [{"url": url} for url in urls]}).pool_labels == [
        *("a:1", UNNAMED_POOL, "a:1 (2)"),
        *("b:1", f"{UNNAMED_POOL} (2)", "a:1 (3)"),
    ]


@given(place=st.sampled_from(places(CONFIG)), value=any_json)
def test_anything_in_place_of_any_value(place: tuple[Any, ...], value: Any) -> None:
    """Any config can be read, and its backends can be enabled."""
    known = read_snapshot(SUMMARY, BACKENDS, put(CONFIG, place, value))
    assert known.config
    switched = known.config.with_backends({BackendType.CUDA})
    assert not any(
        is_on
        for backend, is_on in switched.backends.items()
        if backend is not BackendType.CUDA
    )


def test_any_value_missing() -> None:
    """A missing value causes no error."""
    for place in places(CONFIG):
        read_snapshot(SUMMARY, BACKENDS, without(CONFIG, place))


POOLS: list[dict[str, Any]] = [
    {"url": "a.example.org:3333", "user": "A", "enabled": False},
    {"url": "b.example.org:3333", "user": "B"},
    {"url": "c.example.org:3333", "user": "C", "enabled": False},
]


def test_the_backends_that_are_enabled() -> None:
    """Only these backends mine."""
    config = Config({"cpu": {"enabled": False}, "cuda": {"enabled": True}})
    assert config.enabled == {BackendType.CUDA}
    assert Config({}).enabled == frozenset()


def test_profiles_are_shortened_to_a_cap() -> None:
    """Other settings and the original stay the same, and no profile is added."""
    document = {"cpu": {"enabled": True, "rx": [0, 1], "cn": [0]}, "retries": 5}
    config = Config(document)
    assert config.with_thread_cap(1, config).document == {
        "cpu": {"enabled": True, "rx": [0], "cn": [0]},
        "retries": 5,
    }
    assert document["cpu"] == {"enabled": True, "rx": [0, 1], "cn": [0]}
    argon2 = {"intensity": 1, "threads": 2}
    user_config = Config({"cpu": {"rx": [2, 3], "argon2": argon2}})
    assert config.with_thread_cap(None, user_config).profiles == {
        "rx": [2, 3],
        "cn": [0],
        "argon2": argon2,
    }
    assert config.with_thread_cap(1, Config({})) == config


@pytest.mark.parametrize(
    ("threads", "profile", "cap"),
    [
        (1, "rx", 1),
        (2, "rx", None),
        (3, "rx", None),
        # Before the first job, the longest profile counts
        (2, None, 2),
    ],
)
def test_a_cap_is_fewer_threads_than_would_run(
    threads: int, profile: str | None, cap: int | None
) -> None:
    """The user's full number of threads is not a cap."""
    config = Config({"cpu": {"rx": [0, 1], "cn": [0, 1, 2]}})
    assert config.thread_cap(threads, profile) == cap
    assert Config({}).thread_cap(threads, profile) is None


@pytest.mark.parametrize(
    ("backend", "enabled", "result"),
    [
        (BackendType.CUDA, True, {BackendType.CPU, BackendType.CUDA}),
        (BackendType.CPU, False, set()),
        (BackendType.OPENCL, True, {BackendType.CPU}),
    ],
)
def test_with_backend(
    backend: BackendType, enabled: bool, result: set[BackendType]
) -> None:
    """Other backends stay the same, and a missing one is not added."""
    config = Config({"cpu": {"enabled": True}, "cuda": {"enabled": False}})
    assert config.with_backend(backend, enabled=enabled).enabled == result


@pytest.mark.parametrize(
    ("preferred", "result"),
    [
        ({BackendType.CUDA}, {BackendType.CUDA}),
        ({BackendType.CUDA, BackendType.OPENCL}, {BackendType.CUDA}),
        ({BackendType.OPENCL}, {BackendType.CPU}),
        (set(), {BackendType.CPU}),
    ],
)
def test_with_any_backend(
    preferred: set[BackendType], result: set[BackendType]
) -> None:
    """If the config has none of them, the CPU is enabled."""
    config = Config({"cpu": {"enabled": False}, "cuda": {"enabled": False}})
    assert config.with_any_backend(frozenset(preferred)).enabled == result


@pytest.mark.parametrize(
    ("user_value", "value"), [(120, 120), (True, True), (False, True), (None, True)]
)
def test_a_pause_rule_is_on_as_the_user_has_it(user_value: Any, value: Any) -> None:
    """The user's value may be a number of seconds."""
    rule = PauseRule.ACTIVITY
    config = Config({rule.value: False, "retries": 5})
    user_config = Config({} if user_value is None else {rule.value: user_value})
    on = config.with_pause_rule(rule, user_config, enabled=True)
    assert on.document == {rule.value: value, "retries": 5}
    assert on.with_pause_rule(rule, user_config, enabled=False) == config


@pytest.mark.parametrize(("index", "order"), [(0, "ABC"), (1, "BAC"), (2, "CAB")])
def test_the_first_pool_is_the_one_in_use(index: int, order: str) -> None:
    """The others follow in their previous order."""
    config = Config({"pools": POOLS, "retries": 5})
    label = config.pool_labels[index]
    document = config.with_pool_first(label, config).document
    assert document["retries"] == 5
    assert [pool["user"] for pool in document["pools"]] == list(order)
    assert document["pools"][0] == {**POOLS[index], "enabled": True}
    assert all(pool in POOLS for pool in document["pools"][1:])


@pytest.mark.parametrize(
    ("document", "has_pool"),
    [
        ({"pools": POOLS}, True),
        ({"pools": [POOLS[0], POOLS[2]]}, False),
        ({"pools": [{"url": "a:1", "enabled": True}]}, True),
        ({"pools": []}, False),
        ({}, False),
    ],
)
def test_a_miner_has_a_pool_if_one_is_enabled(
    document: dict[str, Any], has_pool: bool
) -> None:
    """A pool without `enabled` counts as enabled."""
    assert Config(document).has_pool is has_pool


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        ({}, set()),
        ({"pause-on-battery": False, "pause-on-active": False}, set()),
        ({"pause-on-battery": True, "pause-on-active": 0}, {PauseRule.BATTERY}),
        ({"pause-on-active": 60}, {PauseRule.ACTIVITY}),
        (
            {"pause-on-battery": True, "pause-on-active": True},
            {PauseRule.BATTERY, PauseRule.ACTIVITY},
        ),
    ],
)
def test_the_rules_by_which_it_pauses(
    document: dict[str, Any], rules: set[PauseRule]
) -> None:
    """A number of seconds enables the second rule."""
    assert Config(document).pause_rules == rules


def payout_of(pools: list[dict[str, Any]]) -> frozenset[str]:
    """Return the fingerprints of some pools."""
    payout = Config({"pools": pools}).payout
    assert payout is not None
    return payout


def test_who_is_paid_changes_with_the_address_or_the_wallet_of_a_pool() -> None:
    """It does not change with the order or other values of the pools."""
    payout = payout_of(POOLS)
    assert len(payout) == 3
    assert payout_of(POOLS[::-1]) == payout
    others = [{**pool, "pass": "x", "enabled": True} for pool in POOLS]
    assert payout_of(others) == payout
    for key in ("url", "user"):
        changed = {**POOLS[0], key: "other:1"}
        assert len(payout_of([changed, *POOLS[1:]]) & payout) == 2
        without_it = {name: value for name, value in POOLS[0].items() if name != key}
        assert len(payout_of([without_it, *POOLS[1:]]) & payout) == 2


@pytest.mark.parametrize(
    "pools",
    [
        None,
        {},
        "pools",
        [],
        [None],
        [POOLS[0], None],
        [POOLS[0], {}],
        [POOLS[0], "b:1"],
    ],
)
def test_who_is_paid_is_unknown_unless_all_pools_can_be_read(pools: Any) -> None:
    """XMRig has at least one pool, and each pool is an object."""
    assert Config({"pools": pools}).payout is None
    assert Config({}).payout is None


def test_payout_fingerprints_have_the_labels_of_their_pools() -> None:
    """They reveal neither the address nor the wallet."""
    labels = Config({"pools": POOLS}).payout_fingerprints
    assert list(labels.values()) == [pool["url"] for pool in POOLS]


@pytest.mark.parametrize("document", [None, [], "config"])
def test_what_is_no_object_is_no_config(document: Any) -> None:
    """It could not be changed and written back."""
    with pytest.raises(ValueError, match="^not a config$"):
        Config.from_json(document)


@pytest.mark.parametrize(
    ("cuda", "has_cards"),
    [
        ({"enabled": True, "rx": [{"index": 0}]}, True),
        ({"cn": [], "rx": [{"index": 0}, {"index": 1}]}, True),
        ({"cn": [{"index": 0}], "rx": []}, True),
        ({"rx": [{}]}, False),
        ({"rx": []}, False),
        ({"rx": [0, 1]}, False),
        ({"rx": "cn", "loader": None}, False),
        ({}, False),
        (None, False),
    ],
)
def test_whether_a_backend_has_cards(cuda: Any, has_cards: bool) -> None:
    """XMRig lists the cards that it found in the profiles of their backend."""
    config = Config({"cuda": cuda, "opencl": {"rx": []}})
    assert config.has_cards(BackendType.CUDA) is has_cards
    assert config.has_cards(BackendType.OPENCL) is False


def test_from_json() -> None:
    """The document is kept as it is."""
    document = {"http": {"port": 8080}, "pools": []}
    assert Config.from_json(document).document == document


@pytest.mark.parametrize(
    "document", [[], {"http": {"port": "8080"}}, {"retries": 10**400}]
)
def test_a_config_that_must_not_be_written_back(document: Any) -> None:
    """It is refused as a whole."""
    with pytest.raises(ValueError, match=" "):
        Config.from_json(document)


def test_the_payout_of_a_single_pool() -> None:
    """One pool is enough."""
    assert Config({"pools": [{"url": "a:1", "user": "w"}]}).payout


RANKED: list[dict[str, Any]] = [
    {"url": "one:1", "enabled": False},
    {"url": "two:2"},
    {"url": "three:3", "enabled": True},
]


@pytest.mark.parametrize(
    ("pools", "label"),
    [
        (RANKED, "two:2"),
        (RANKED[2:], "three:3"),
        ([{**RANKED[0], "enabled": True}, *RANKED[1:]], "one:1"),
        (RANKED[:1], None),
        ([{"url": "other:4"}, *RANKED], None),
        ([], None),
    ],
)
def test_preferred_pool(pools: list[Any], label: str | None) -> None:
    """The first enabled pool counts, which the user may have disabled."""
    assert Config({"pools": pools}).preferred_pool(Config({"pools": RANKED})) == label
