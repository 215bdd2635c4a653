"""Tests of reading single values."""

import math
from typing import Any

import pytest

from custom_components.xmrig_miner.api.limits import MAX_INTEGER, MAX_THREADS
from custom_components.xmrig_miner.api.models.values import (
    boolean,
    integer,
    items,
    members,
    number,
    reading,
    stored,
    stored_or_none,
    text,
    texts,
    thread_cap,
    thread_number,
    total,
)

OTHER_TYPES = [None, True, False, "1", "", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize(
    ("value", "maximum", "result"),
    [
        (0, 100, 0),
        (0.0, 100, 0),
        (99.5, 100, 99.5),
        (100, 100, 100),
        (100.01, 100, None),
        (-0.01, 100, None),
        (math.nan, 100, None),
        (math.inf, 100, None),
        (-math.inf, 100, None),
    ],
)
def test_a_number_has_bounds(
    value: float, maximum: float, result: float | None
) -> None:
    """Both bounds are allowed."""
    assert number(value, maximum) == result
    assert reading(value, maximum) == (result or None)


@pytest.mark.parametrize("value", OTHER_TYPES)
def test_nothing_else_is_a_number(value: Any) -> None:
    """Not even a boolean, which is an int in Python."""
    assert number(value) is None
    assert integer(value) is None
    assert reading(value, 100) is None


def test_a_number_without_a_maximum() -> None:
    """The limit of JavaScript applies."""
    assert number(MAX_INTEGER) == MAX_INTEGER
    assert number(MAX_INTEGER + 1) is None
    assert isinstance(number(1), float)


@pytest.mark.parametrize(
    ("value", "result"),
    [(-3, None), (-2, -2), (0, 0), (7, 7), (8, None), (7.0, None)],
)
def test_an_integer_has_bounds(value: Any, result: int | None) -> None:
    """Both bounds are allowed."""
    assert integer(value, 7, minimum=-2) == result


@pytest.mark.parametrize("value", [None, 0, 1, "true", [], {}])
def test_only_a_boolean_is_one(value: Any) -> None:
    """Other values count as missing, not as false."""
    assert boolean(value) is None
    assert boolean(True) is True
    assert boolean(False) is False


def test_a_list_an_object_and_texts() -> None:
    """Anything else counts as empty."""
    assert items([1, "a"]) == [1, "a"]
    assert members({"a": 1}) == {"a": 1}
    assert texts(["a", 1, "", None, " b "]) == ("a", "b")
    for value in (None, 1, "ab", True):
        assert items(value) == []
        assert members(value) == {}
        assert texts(value) == ()
    assert items({"a": 1}) == []
    assert members([1]) == {}


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": 1}, "", " \t"])
def test_what_is_no_text(value: Any) -> None:
    """Nor is whitespace."""
    assert text(value) is None


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ([], None),
        ([0], 0),
        ([1.5, 2, 0], 3.5),
        ([1, None, 2], None),
        ([None, 1], None),
        ([0, 1], 1),
        ([MAX_INTEGER, 1], None),
    ],
)
def test_a_sum_of_which_a_part_is_missing(
    values: list[float | None], result: float | None
) -> None:
    """The sum is missing, and so is one that is too large."""
    assert total(values) == result


@pytest.mark.parametrize(
    ("value", "result"),
    [(0, 0), (MAX_THREADS, MAX_THREADS), (MAX_THREADS + 1, None), (-1, None)],
)
def test_a_number_of_threads_has_bounds(value: int, result: int | None) -> None:
    """More threads than any computer has are invalid."""
    assert thread_number(value) == result
    # None of them is no number to mine with
    assert thread_cap(value) == (result or None)


def test_what_was_stored_is_read_as_what_a_miner_replies() -> None:
    """Zero and false are values; null is valid only where it is allowed."""
    assert stored(0, integer) == 0
    assert stored(False, boolean) is False
    assert stored_or_none(5, integer) == 5
    assert stored_or_none(None, integer) is None


@pytest.mark.parametrize("value", ["5", -1, True, [5]])
def test_a_stored_value_of_another_shape_is_damage(value: Any) -> None:
    """It does not count as missing."""
    message = "^a value of another shape than was stored$"
    with pytest.raises(ValueError, match=message):
        stored(value, integer)
    with pytest.raises(ValueError, match=message):
        stored_or_none(value, integer)
    with pytest.raises(ValueError, match=message):
        stored(None, integer)
