"""Tests of configs that are rejected because they could not be reverted."""

from contextlib import suppress
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.config_safety import (
    MAX_CONFIG,
    MAX_MEMBERS,
    POOL_SIZE,
    check_config_size,
)
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConfigLimitError,
    XmrigUnsafeConfigError,
)
from custom_components.xmrig_miner.api.limits import MAX_DEPTH, extent
from custom_components.xmrig_miner.api.transport import MAX_REPLY
from simulator import DEFAULT_POOLS, Simulator, rapidjson
from tests.api.captures import VERSIONS, capture

from .odd import any_json, nested


@pytest.mark.parametrize("version", VERSIONS)
def test_the_size_of_a_real_config(version: str) -> None:
    """It is far below the limit, and the calculation is close to the real size."""
    config = capture(version, "mining", "config")
    printed = len(rapidjson.dumps(config).encode())
    members, size = extent(config)
    assert printed <= size <= 1.5 * printed
    assert members < MAX_MEMBERS / 20
    assert size < MAX_CONFIG / 20
    check_config_size({}, config)


async def test_the_size_of_a_pool_is_that_of_one_filled_in() -> None:
    """XMRig fills in the other values of a pool."""
    async with Simulator(pools=[{"url": DEFAULT_POOLS[0]["url"]}]) as simulator:
        pool = simulator.config["pools"][0]
    assert len(pool) > 5
    assert extent(pool).size < POOL_SIZE


def test_what_is_read_back_is_twice_what_may_be_written() -> None:
    """A larger config could not be changed again."""
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
    """A config that was too large before may be changed, but not grow."""
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
    """Like a config that would cut off access, its parent class."""
    with pytest.raises(XmrigUnsafeConfigError, match="The new config has"):
        check_config_size({}, after)


@given(st.dictionaries(st.text(max_size=3), any_json, max_size=3))
def test_nothing_else_is_raised(after: dict[str, Any]) -> None:
    """For any config."""
    with suppress(XmrigConfigLimitError):
        check_config_size({}, after)
