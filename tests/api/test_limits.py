"""Tests of the bounds of documents: what is larger, or no JSON, is refused."""

from contextlib import suppress
from datetime import date
import json
import math
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.xmrig_miner.api.client import MAX_REPLY
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConfigLimitError,
    XmrigUnsafeConfigError,
)
from custom_components.xmrig_miner.api.limits import (
    MAX_CONFIG,
    MAX_DEPTH,
    MAX_MEMBERS,
    POOL_SIZE,
    JsonError,
    check_config_size,
    clean_json,
    extent,
)
from simulator import DEFAULT_POOLS, Simulator, rapidjson
from tests.api.captures import VERSIONS, capture

from .odd import any_json

LONE_SURROGATE = "a\udfffb"


def nested(depth: int) -> Any:
    """Return objects within each other, so many levels in all."""
    value: Any = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


class Number(int):
    """An integer that is not of the built-in type."""


@pytest.mark.parametrize(
    ("value", "problem", "path"),
    [
        ({"a": {"b": (1, 2)}}, "not JSON", ("a", "b")),
        ({"a": [1, {2}]}, "not JSON", ("a", "1")),
        ({"pass": date(2026, 1, 1)}, "not JSON", ("pass",)),
        ({"pass": b"x"}, "not JSON", ("pass",)),
        ({"pass": object}, "not JSON", ("pass",)),
        ({"cpu": {0: True}}, "key", ("cpu",)),
        ({"cpu": {None: True}}, "key", ("cpu",)),
        ({"cpu": {10**5000: True}}, "key", ("cpu",)),
        ({"cpu": {LONE_SURROGATE: True}}, "encoded", ("cpu",)),
        ({"user": LONE_SURROGATE}, "encoded", ("user",)),
        ({"retries": math.nan}, "finite", ("retries",)),
        ({"retries": -math.inf}, "finite", ("retries",)),
        ({"retries": 2**64}, "64 bits", ("retries",)),
        ({"retries": 10**5000}, "64 bits", ("retries",)),
        ({"retries": Number(2**70)}, "64 bits", ("retries",)),
    ],
)
def test_what_is_no_json_is_refused(value: Any, problem: str, path: Any) -> None:
    """It is told where it is."""
    with pytest.raises(JsonError, match=problem) as raised:
        extent(value)
    assert raised.value.path == path


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3000, 100_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    """Whatever reads it calls itself for each level."""
    extent(nested(MAX_DEPTH))
    with pytest.raises(JsonError, match="deeply"):
        extent(nested(depth))


@given(any_json)
def test_what_is_accepted_can_be_stored_and_sent(value: Any) -> None:
    """And it takes no more than was said, printed as the miner does."""
    try:
        members, size = extent(value)
    except JsonError:
        return
    orjson.dumps(value)
    assert members <= size
    assert len(rapidjson.dumps(value).encode()) <= size
    assert len(json.dumps(value, indent=4).encode()) <= size


@given(any_json)
def test_what_was_cleaned_is_accepted(value: Any) -> None:
    """And what is accepted has nothing to clean."""
    cleaned = clean_json(value)
    extent(cleaned)
    try:
        extent(value)
    except JsonError:
        return
    assert cleaned == value


def test_what_is_nested_too_deeply_is_cut() -> None:
    """The rest stays."""
    cleaned = clean_json({"a": nested(3000), "b": [LONE_SURROGATE, 2**64]})
    assert cleaned["b"] == ["a\ufffdb", None]
    extent(cleaned)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_size_of_a_real_config(version: str) -> None:
    """It is far from any limit, and not much larger by our count than in truth."""
    config = capture(version, "mining", "config")
    printed = len(rapidjson.dumps(config).encode())
    members, size = extent(config)
    assert printed <= size <= 1.5 * printed
    assert members < MAX_MEMBERS / 20
    assert size < MAX_CONFIG / 20
    check_config_size({}, config)


async def test_the_size_of_a_pool_is_that_of_one_filled_in() -> None:
    """Of a pool that is only an address the miner makes more."""
    async with Simulator(pools=[{"url": DEFAULT_POOLS[0]["url"]}]) as simulator:
        pool = simulator.config["pools"][0]
    assert len(pool) > 5
    assert extent(pool).size < POOL_SIZE


def test_what_is_read_back_is_twice_what_may_be_written() -> None:
    """A config beyond that could not be changed again."""
    assert 2 * MAX_CONFIG <= MAX_REPLY


TOO_LARGE = {
    "members": {f"key{number}": number for number in range(MAX_MEMBERS + 1)},
    "inner members": {"a": [{"b": 1}] * (MAX_MEMBERS + 1)},
    "text": {"a": "x" * MAX_CONFIG},
    "key": {"x" * MAX_CONFIG: 1},
    "list": {"cpu": {"rx": [0] * 100_000}},
    "pools": {"pools": [{"url": "a"}] * 600},
}


@pytest.mark.parametrize("after", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_config_that_grows_too_large_is_refused(after: dict[str, Any]) -> None:
    """One that was that large before may be changed, and shrunk."""
    with pytest.raises(XmrigConfigLimitError, match="members"):
        check_config_size({"retries": 5}, after)
    check_config_size(after, after)
    check_config_size({**after, "retries": 5}, after)
    with pytest.raises(XmrigConfigLimitError):
        check_config_size(after, {**after, "retries": 5})


@pytest.mark.parametrize(
    "after", [nested(MAX_DEPTH + 1), {"a": {1, 2}}, {"a": math.nan}]
)
def test_a_config_that_is_no_json_is_refused(after: dict[str, Any]) -> None:
    """As one that would cut the user off, which is its parent class."""
    with pytest.raises(XmrigUnsafeConfigError, match="The new config has"):
        check_config_size({}, after)


@given(st.dictionaries(st.text(max_size=3), any_json, max_size=3))
def test_nothing_else_is_raised(after: dict[str, Any]) -> None:
    """Whatever a config is."""
    with suppress(XmrigConfigLimitError):
        check_config_size({}, after)
