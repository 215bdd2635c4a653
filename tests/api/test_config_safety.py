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
    safe_changes,
)
from custom_components.xmrig_miner.api.exceptions import (
    XmrigBenchmarkError,
    XmrigConfigLimitError,
    XmrigUnsafeConfigError,
)
from custom_components.xmrig_miner.api.limits import MAX_DEPTH, extent
from custom_components.xmrig_miner.api.models import Config
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


POOLS: dict[str, Any] = {"http": {"port": 1}, "pools": [{"url": "a.org:1"}]}
NO_POOL: dict[str, Any] = {**POOLS, "pools": [{"url": "a.org:1", "enabled": False}]}


def paths(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the paths of the changes between two configs, if they are safe."""
    changes = safe_changes(Config(before), Config(after))
    return [".".join(change.path) for change in changes]


def test_safe_changes() -> None:
    """All of them are returned."""
    assert paths(POOLS, POOLS) == []
    assert paths(POOLS, {**POOLS, "cpu": {"yield": True}, "a": 1}) == ["cpu", "a"]
    before = {**POOLS, "cpu": {"yield": False, "http": 1}}
    assert paths(before, {**POOLS, "cpu": {"yield": True}}) == ["cpu.yield", "cpu.http"]


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ({"pools": POOLS["pools"]}, "without http"),
        ({**POOLS, "http": None}, "without http"),
        ({**POOLS, "http": {"port": 2}}, "http is not changed"),
        ({**POOLS, "http": {}}, "http is not changed"),
        ({**POOLS, "cc-client": {"url": "a"}}, "cc-client is not changed"),
        ({**POOLS, "retries": 7, "http": {"port": 2}}, "http is not changed"),
        (NO_POOL, "needs a pool"),
        ({**POOLS, "pools": []}, "needs a pool"),
        ({"http": POOLS["http"]}, "needs a pool"),
    ],
)
def test_changes_that_cut_off_access_or_end_mining_are_refused(
    after: dict[str, Any], problem: str
) -> None:
    """They could not be reverted over the API, or the miner would exit."""
    with pytest.raises(XmrigUnsafeConfigError, match=problem):
        paths(POOLS, after)


API: dict[str, Any] = {**POOLS, "api": {"id": "one", "worker-id": "rig"}}


@pytest.mark.parametrize(
    "api", [{"id": "two"}, {"id": None, "worker-id": "rig"}, {"id": 1}, {}, None]
)
def test_what_identifies_the_miner_is_not_changed(api: Any) -> None:
    """Another miner would seem to answer; without an id, that is its worker id."""
    with pytest.raises(XmrigUnsafeConfigError, match=r"api\.id identifies"):
        paths(API, {**API, "api": api})
    with pytest.raises(XmrigUnsafeConfigError, match=r"api\.id identifies"):
        paths({**API, "api": api}, API)


def test_a_name_is_changed_where_an_id_identifies_the_miner() -> None:
    """Null and a missing value are the same to XMRig."""
    named = {**API, "api": {"id": "one", "worker-id": "new"}}
    assert paths(API, named) == ["api.worker-id"]
    with pytest.raises(XmrigUnsafeConfigError, match=r"api\.worker-id identifies"):
        safe_changes(Config(API), Config(named), has_id=False)
    with pytest.raises(XmrigUnsafeConfigError, match=r"api\.id identifies"):
        safe_changes(Config(POOLS), Config(API), has_id=False)
    assert safe_changes(Config(API), Config({**API, "retries": 7}), has_id=False)
    assert paths(POOLS, {**POOLS, "api": {"id": None}}) == ["api"]


def test_what_a_config_lacked_before_is_not_asked_of_it() -> None:
    """No pool had to be enabled; without a change nothing is written."""
    assert paths(NO_POOL, {**NO_POOL, "retries": 7}) == ["retries"]
    assert paths(NO_POOL, POOLS) == ["pools"]
    assert paths({"retries": 7}, {"retries": 7}) == []
    with pytest.raises(XmrigUnsafeConfigError, match="without http"):
        paths({"retries": 7}, {"retries": 8})


def test_the_config_of_a_benchmark_is_not_written() -> None:
    """It lacks the pools, which the file would lose."""
    running: dict[str, Any] = {"http": POOLS["http"], "benchmark": {"size": "1M"}}
    assert paths(running, running) == []
    with pytest.raises(XmrigBenchmarkError):
        paths(running, {**running, "retries": 7})
    # Settings for a later benchmark do no harm
    settings = {**running, "pools": POOLS["pools"]}
    assert paths(settings, {**settings, "retries": 7}) == ["retries"]
    assert paths({"http": POOLS["http"]}, running) == ["benchmark"]


def test_the_size_of_all_of_it_is_limited() -> None:
    """Also of what no single change adds."""
    large = {**POOLS, "a": "x" * MAX_CONFIG}
    with pytest.raises(XmrigConfigLimitError):
        paths(POOLS, large)
    assert paths(large, {**large, "a": "x"}) == ["a"]


def test_a_config_may_be_as_large_as_the_limits() -> None:
    """No larger."""
    room = MAX_CONFIG - extent({"a": ""}).size
    check_config_size({}, {"a": "x" * room})
    with pytest.raises(XmrigConfigLimitError, match=f" 1 members in {MAX_CONFIG + 1} "):
        check_config_size({}, {"a": "x" * (room + 1)})
    members = {f"key{number}": number for number in range(MAX_MEMBERS)}
    check_config_size({}, members)
    with pytest.raises(XmrigConfigLimitError, match=f" {MAX_MEMBERS + 1} members in"):
        check_config_size({}, {**members, "a": 1})


def test_each_pool_takes_the_room_of_what_is_filled_in() -> None:
    """Anything else than a list is no pool."""
    pools: list[Any] = [{}] * 3
    room = MAX_CONFIG - 3 * POOL_SIZE - extent({"a": "", "pools": pools}).size
    check_config_size({}, {"a": "x" * room, "pools": pools})
    with pytest.raises(XmrigConfigLimitError):
        check_config_size({}, {"a": "x" * (room + 1), "pools": pools})
    room = MAX_CONFIG - extent({"a": "", "pools": {"b": 1}}).size
    check_config_size({}, {"a": "x" * room, "pools": {"b": 1}})


def test_a_config_that_was_too_large_must_not_grow_in_either_way() -> None:
    """Fewer members of more bytes are more bytes, and the other way round."""
    small, large = {"a": "x" * MAX_CONFIG, "b": 1}, {"a": "x" * (MAX_CONFIG + 99)}
    for before, after in ((small, large), (large, small)):
        with pytest.raises(XmrigConfigLimitError):
            check_config_size(before, after)


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
