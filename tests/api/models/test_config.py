"""Tests of the config."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig.api.document import Change, changes
from custom_components.xmrig.api.models import BackendType, Config
from custom_components.xmrig.api.models.config import UNNAMED_POOL
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
    """A config says of each backend whether it is on."""
    assert Config(capture(version, "mining", "config")).backends == {
        BackendType.CPU: True,
        BackendType.OPENCL: False,
        BackendType.CUDA: False,
    }
    stopped = Config(capture(version, "stopped_by_config", "config"))
    assert not any(stopped.backends.values())


def test_a_config_without_a_backend() -> None:
    """A miner built without CUDA has none to switch on."""
    config = Config({"cpu": {"enabled": "yes"}, "opencl": None})
    assert config.backends == {BackendType.CPU: False}
    assert config.with_backends(BackendType).document == {
        "cpu": {"enabled": True},
        "opencl": None,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_with_backends_changes_nothing_else(version: str) -> None:
    """Switching backends leaves every other value as it is, and the original whole."""
    document = capture(version, "mining", "config")
    config = Config(document)
    wanted = config.with_backends({BackendType.OPENCL})
    assert list(changes(config.document, wanted.document)) == [
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
    """Tokens, wallets and passwords reach no log by way of a model."""
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
        # A wallet behind the host.
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
        # The host could be on either side.
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
    """Pool labels are shown in states, events and repairs; wallets are not."""
    assert Config({"pools": [{"url": url}]}).pool_labels == [label]


def test_pools_that_cannot_be_told_by_their_label_are_numbered() -> None:
    """A label selects one pool."""
    urls = ["a:1", WALLET, "a:1#x", "b:1", f"{WALLET}:2", "a:1"]
    assert Config({"pools": [{"url": url} for url in urls]}).pool_labels == [
        *("a:1", UNNAMED_POOL, "a:1 (2)"),
        *("b:1", f"{UNNAMED_POOL} (2)", "a:1 (3)"),
    ]


@given(place=st.sampled_from(places(CONFIG)), value=any_json)
def test_anything_in_place_of_any_value(place: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in a config, it can be read, and its backends switched."""
    known = read_snapshot(SUMMARY, BACKENDS, put(CONFIG, place, value))
    assert known.config
    switched = known.config.with_backends({BackendType.CUDA})
    assert not any(
        is_on
        for backend, is_on in switched.backends.items()
        if backend is not BackendType.CUDA
    )


def test_any_value_missing() -> None:
    """Nor does it matter if something is not there at all."""
    for place in places(CONFIG):
        read_snapshot(SUMMARY, BACKENDS, without(CONFIG, place))
