"""Tests of the limits of documents."""

from datetime import date
import json
import math
from typing import Any

from hypothesis import given
import orjson
import pytest

from custom_components.xmrig_miner.api.limits import (
    MAX_DEPTH,
    JsonError,
    check,
    clean_json,
    clean_text,
    extent,
)
from simulator import rapidjson

from .odd import any_json, nested

LONE_SURROGATE = "a\udfffb"


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
    """The error has its path."""
    with pytest.raises(JsonError, match=problem) as raised:
        extent(value)
    with pytest.raises(JsonError, match=problem):
        check(value)
    assert raised.value.path == path


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3000, 100_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    """Its readers are recursive."""
    extent(nested(MAX_DEPTH))
    check(nested(MAX_DEPTH))
    with pytest.raises(JsonError, match="deeply"):
        extent(nested(depth))
    with pytest.raises(JsonError):
        check(nested(depth))


@given(any_json)
def test_what_is_accepted_can_be_stored_and_sent(value: Any) -> None:
    """Printed as by XMRig, it is not larger than calculated."""
    try:
        members, size = extent(value)
    except JsonError:
        return
    orjson.dumps(value)
    assert members <= size
    assert len(rapidjson.dumps(value).encode()) <= size
    assert len(json.dumps(value, indent=4).encode()) <= size


@pytest.mark.parametrize(
    ("value", "containers"),
    [
        ("text", 0),
        ('"\\\n\u00e9\U0001f3f4', 0),
        (-123, 0),
        (True, 0),
        (False, 0),
        (None, 0),
        ({"key": 1}, 1),
        ([1, 2], 1),
        ({"a": {"b": {"c": "d", "e": None}}, "f": True}, 3),
        ([[[1, "a"], 2], 3], 3),
        ({"pools": [{"url": "a", "tls": False}, {"url": "b"}]}, 4),
    ],
)
def test_the_size_is_that_of_one_value_on_each_line(
    value: Any, containers: int
) -> None:
    """With the comma that each last value lacks, and without other room."""
    assert extent(value).size == len(json.dumps(value, indent=4)) + containers


@pytest.mark.parametrize("value", [{}, []])
def test_the_size_of_what_is_empty(value: Any) -> None:
    """Whether or not its second bracket is on a line of its own."""
    assert extent(value).size == len("{\n}")
    assert extent([[value]]).size == extent([[1]]).size - 1 + len("{\n        }")


@pytest.mark.parametrize(
    "printed",
    [
        "0.1",
        "-0.000001",
        "-0.0000012345678901234567",
        "-100000000000000000000.0",
        "-1.7976931348623157e308",
        "-2.2250738585072014e-308",
    ],
)
def test_the_size_of_a_float_is_that_of_the_longest(printed: str) -> None:
    """Python prints some of them shorter than rapidjson."""
    assert len(printed) <= extent(float(printed)).size == 25


@given(any_json)
def test_what_was_cleaned_is_accepted(value: Any) -> None:
    """An accepted document is not changed by cleaning."""
    cleaned = clean_json(value)
    extent(cleaned)
    try:
        extent(value)
    except JsonError:
        return
    assert cleaned == value


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" a b ", "a b"),
        ("a\nb\x00\x7f\u2028c", "a b   c"),
        ("\ud800a", "\N{REPLACEMENT CHARACTER}a"),
        ("\n", ""),
    ],
)
def test_a_text_is_cleaned(text: str, clean: str) -> None:
    """It fits into one line, and can be encoded."""
    assert clean_text(text) == clean


def test_what_is_nested_too_deeply_is_cut() -> None:
    """The rest stays."""
    cleaned = clean_json({"a": nested(3000), "b": [LONE_SURROGATE, 2**64]})
    assert cleaned["b"] == ["a\ufffdb", None]
    extent(cleaned)


def test_a_number_that_is_not_finite_is_cleaned() -> None:
    """It is unknown."""
    assert clean_json([math.nan, math.inf, -math.inf, 1.5]) == [None, None, None, 1.5]


@pytest.mark.parametrize("depth", [1, MAX_DEPTH])
def test_what_may_be_nested_is_left_as_it_is(depth: int) -> None:
    """To the last level, be it objects or lists."""
    lists: Any = []
    for _ in range(depth - 1):
        lists = [lists]
    for value in (nested(depth), lists):
        assert clean_json(value) == value
    for too_deep in ({"a": nested(MAX_DEPTH)}, [nested(MAX_DEPTH)]):
        assert "None" in repr(clean_json(too_deep))


def test_lists_that_are_nested_too_deeply_are_cut() -> None:
    """However deep they are."""
    value: Any = []
    for _ in range(MAX_DEPTH):
        value = [value]
    cut: Any = [None]
    for _ in range(MAX_DEPTH - 1):
        cut = [cut]
    assert clean_json(value) == cut


@pytest.mark.parametrize("number", [-(2**63), 2**64 - 1])
def test_integers_have_64_bits(number: int) -> None:
    """With a sign or without, as in XMRig."""
    assert clean_json(number) == number
    extent(number)
    beyond = number + (1 if number > 0 else -1)
    assert clean_json(beyond) is None
    with pytest.raises(JsonError):
        extent(beyond)


def test_members_are_those_of_all_objects() -> None:
    """Lists and values have none."""
    assert extent(1).members == extent([1, [2]]).members == 0
    assert extent({"a": {"b": 1, "c": [{"d": 2}]}, "e": []}).members == 5


@given(any_json)
def test_a_check_refuses_what_has_no_extent(value: Any) -> None:
    """It is the faster one of both."""
    try:
        extent(value)
    except JsonError:
        with pytest.raises(JsonError):
            check(value)
    else:
        check(value)
