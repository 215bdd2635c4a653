"""Tests of the config."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig.api.document import Change, changes
from custom_components.xmrig.api.models import BackendType, Config
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
