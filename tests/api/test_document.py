"""Tests of comparing and changing JSON documents."""

import copy
import time
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.document import (
    MISSING,
    Change,
    diff,
    json_contains,
    json_equal,
    merge_patch,
    value_at,
    with_values,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (None, False),
        ([1], [True]),
        ([0, 1], [1, 0]),
        ([0], [0, 1]),
        ({"a": 0}, {"a": False}),
        ({"a": None}, {}),
        ("1", 1),
        ([], {}),
    ],
)
def test_alike_is_not_the_same(one: Any, other: Any) -> None:
    """JSON distinguishes booleans from numbers, and null from a missing value."""
    assert not json_equal(one, other)
    assert not json_equal(other, one)


@pytest.mark.parametrize("value", [None, True, 0, "x", [1, [2, None]], {"a": {"b": 1}}])
def test_the_same_is_the_same(value: Any) -> None:
    """Copies are equal, and so are different notations of a number."""
    assert json_equal(value, copy.deepcopy(value))
    assert json_equal(1, 1.0)


@pytest.mark.parametrize(
    ("value", "part", "result"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"a": True}, False),
        ([{"a": 1, "b": None}], [{"a": 1}], True),
        ([{"a": 1}, {"a": 2}], [{"a": 1}], False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}, True),
        ({"a": {"b": 1}}, {"a": 1}, False),
        (1, 1, True),
        (MISSING, 1, False),
        ([], {}, False),
        ({}, [], False),
        ([], "", False),
        ([1], 1, False),
        ([1], [1, 2], False),
    ],
)
def test_a_value_includes_another(value: Any, part: Any, result: bool) -> None:
    """Objects may have additional members, lists no additional items."""
    assert json_contains(value, part) is result


def test_changes_name_the_innermost_object() -> None:
    """Only the differing members of an object are changes; a list is one value."""
    old = {"cpu": {"rx": [0, 1], "yield": True}, "pools": [{"url": "a"}], "retries": 5}
    new = {"cpu": {"rx": [0], "yield": True}, "pools": [{"url": "b"}], "retries": 5}
    assert list(diff(old, new)) == [
        Change(path=("cpu", "rx"), old=[0, 1], new=[0]),
        Change(path=("pools",), old=[{"url": "a"}], new=[{"url": "b"}]),
    ]


def test_changes_distinguish_null_from_nothing() -> None:
    """An added or removed member is a change from or to a missing value."""
    assert list(diff({"a": None}, {"b": None})) == [
        Change(path=("a",), old=None, new=MISSING),
        Change(path=("b",), old=MISSING, new=None),
    ]


@given(DOCUMENTS, DOCUMENTS)
def test_changes_made_one_by_one_lead_from_the_one_to_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """All changes are included, and the arguments are not modified."""
    before = copy.deepcopy(old)
    result = old
    for change in diff(old, new):
        assert json_equal(value_at(result, change.path), change.old)
        result = with_values(result, [(change.path, change.new)])
        assert json_equal(value_at(result, change.path), change.new)
    assert json_equal(result, new)
    assert json_equal(old, before)


@given(DOCUMENTS)
def test_nothing_differs_from_itself(document: dict[str, Any]) -> None:
    """A document has no changes to a copy of it."""
    assert not list(diff(document, copy.deepcopy(document)))


def test_value_at_a_path_that_is_not_there() -> None:
    """A path through anything but an object leads nowhere."""
    document = {"cpu": {"rx": [0]}, "title": None}
    assert value_at(document, ("cpu", "rx")) == [0]
    assert value_at(document, ("title",)) is None
    assert value_at(document, ("cpu", "cn")) is MISSING
    assert value_at(document, ("title", "x")) is MISSING
    assert value_at(document, ("cpu", "rx", "0")) is MISSING


def test_a_value_is_put_where_nothing_was() -> None:
    """Missing objects are created; removing a missing value does nothing."""
    assert with_values({}, [(("cpu", "rx"), [0])]) == {"cpu": {"rx": [0]}}
    assert with_values({"cpu": 1}, [(("cpu", "rx"), [0])]) == {"cpu": {"rx": [0]}}
    assert with_values({"a": 1}, [(("b",), MISSING)]) == {"a": 1}


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)


def recursively(document: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a document with another value at a path, as it is defined."""
    key, *rest = path
    changed = dict(document) if isinstance(document, dict) else {}
    if rest:
        changed[key] = recursively(changed.get(key), tuple(rest), value)
    elif value is MISSING:
        changed.pop(key, None)
    else:
        changed[key] = value
    return changed


@given(DOCUMENTS, st.lists(st.tuples(PATHS, VALUES | st.just(MISSING)), max_size=6))
def test_many_values_are_put_as_one_by_one(
    document: dict[str, Any], values: list[tuple[tuple[str, ...], Any]]
) -> None:
    """Even if one is part of another, and the arguments are not modified."""
    before = copy.deepcopy((document, values))
    result = document
    for path, value in values:
        result = recursively(result, path, value)
    assert json_equal(with_values(document, values), result)
    assert json_equal([document], [before[0]])
    for (_, value), (_, value_before) in zip(values, before[1], strict=True):
        assert value is MISSING or json_equal(value, value_before)


def test_as_long_as_there_are_values() -> None:
    """Copying the document for each value would take minutes."""
    number = 100_000
    old = {f"key{index}": index for index in range(number)}
    new = {"inner": old, **{f"key{index}": -index - 1 for index in range(number)}}
    started = time.process_time()
    found = list(diff(old, new))
    result = with_values(old, ((change.path, change.new) for change in found))
    assert json_equal(result, new)
    assert json_contains(merge_patch(old, new), new)
    result = with_values(
        new, ((("inner", f"key{index}"), None) for index in range(number))
    )
    assert set(result["inner"].values()) == {None}
    assert time.process_time() - started < 10


def test_a_patch_of_an_object_keeps_its_other_members() -> None:
    """At each depth."""
    document = {"a": {"b": {"c": 1, "d": 2}, "e": 3}, "f": 4}
    assert merge_patch(document, {"a": {"b": {"c": 5}}}) == {
        "a": {"b": {"c": 5, "d": 2}, "e": 3},
        "f": 4,
    }


# The examples of RFC 7386, appendix A
@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(document: Any, patch: Any, result: Any) -> None:
    """A patch is merged according to the standard."""
    before = copy.deepcopy(document)
    assert json_equal(merge_patch(document, patch), result)
    assert json_equal(document, before)
