"""Tests of reading truncated JSON."""

from collections.abc import Mapping
import contextlib
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import pairwise, starmap
import json
from pathlib import Path
import time
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api import partial_json
from custom_components.xmrig_miner.api.models import Backend, Backends, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot

from .captures import CAPTURES, FIXTURES, capture


def _shape(value: Any) -> Any:
    """Return the keys and types in a value; equal ones of a list once."""
    if isinstance(value, dict):
        return tuple((key, _shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(dict.fromkeys(map(_shape, value)))
    return float if type(value) is int else type(value)


# One of several replies of one shape is enough, and one config, because configs are never
# repaired.
SHAPES: dict[Any, Path] = {
    _shape(json.loads(path.read_bytes())): path
    for path in [
        *sorted(CAPTURES.glob("*/*/summary.json")),
        *sorted(CAPTURES.glob("*/*/backends.json")),
        *sorted(CAPTURES.glob("*/mining/config.json")),
        FIXTURES / "gpu_backends.json",
    ]
}
REPLIES = {path.read_bytes(): path for path in SHAPES.values()}


def replies(name: str = "") -> pytest.MarkDecorator:
    """Run a test for every reply, or those of one endpoint."""
    return pytest.mark.parametrize(
        "reply",
        [
            pytest.param(reply, id="-".join(path.with_suffix("").parts[-3:]))
            for reply, path in REPLIES.items()
            if path.stem.endswith(name)
        ],
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
json_documents = st.lists(json_values) | st.dictionaries(st.text(), json_values)


def is_beginning_of(part: Any, whole: Any) -> bool:
    """Return whether a value is the beginning of another.

    Only what was being sent at the cut may be shorter than it should be, so all but the
    last item of a list or an object is as it was.
    """
    if type(part) is not type(whole):
        return False
    if isinstance(part, dict):
        if list(part) != list(whole)[: len(part)]:
            return False
        return is_beginning_of(list(part.values()), list(whole.values()))
    if isinstance(part, list):
        if not part:
            return True
        last = len(part) - 1
        return (
            len(part) <= len(whole)
            and part[:last] == whole[:last]
            and is_beginning_of(part[last], whole[last])
        )
    return bool(part == whole)


@cache
def distinct_cuts(reply: bytes) -> list[Any]:
    """Truncate a reply at every byte, and return each value that can be read."""
    values: list[Any] = []
    for length in range(len(reply)):
        try:
            value, complete = partial_json.loads(
                reply[:length].decode(errors="replace")
            )
        except ValueError:
            # Nothing can be read before the first bracket, and always something after
            # it.
            assert not values
            continue
        # A line break may follow the last bracket.
        assert complete is (reply[length:].strip() == b"")
        if not values or value != values[-1]:
            values.append(value)
    return values


def contradictions(part: Any, whole: Any, path: str = "") -> list[str]:
    """Return where the model of a truncated reply contradicts the complete one."""
    if part is None:
        return []
    if is_dataclass(part):
        pairs = [
            (f"{path}.{field.name}", getattr(part, field.name), other)
            for field in fields(part)
            # The fastest fan may be missing.
            if field.name not in ("complete", "fan_speed")
            for other in [getattr(whole, field.name)]
        ]
        if isinstance(part, Backend):
            pairs.append((f"{path}.threads", part.threads, whole.threads))
    elif isinstance(part, tuple | list) and len(part) <= len(whole):
        pairs = [
            (f"{path}[{index}]", *items)
            for index, items in enumerate(zip(part, whole, strict=False))
        ]
    elif isinstance(part, Mapping) and part.keys() <= whole.keys():
        pairs = [(f"{path}[{key}]", part[key], whole[key]) for key in part]
    else:
        return [] if part == whole else [f"{path}: {part!r} is not {whole!r}"]
    return [found for key, a, b in pairs for found in contradictions(a, b, key)]


@replies()
def test_every_cut_of_a_reply_is_a_beginning_of_it(reply: bytes) -> None:
    """Wherever a reply is truncated, its beginning is read."""
    whole = json.loads(reply)
    values = distinct_cuts(reply)
    # More of the text never yields less.
    assert all(starmap(is_beginning_of, pairwise([*values, whole])))
    assert len(values[0]) == 0
    assert len(values[-1]) >= len(whole) - 1


@replies("summary")
def test_no_cut_of_a_summary_contradicts_it(reply: bytes) -> None:
    """A truncated summary has fewer values, but no different ones."""
    whole = Summary.from_json(json.loads(reply))
    backends = Backends.from_json(
        json.loads(REPLIES[reply].with_name("backends.json").read_bytes())
    )
    status = Snapshot(summary=whole, backends=backends).status
    for value in distinct_cuts(reply):
        part = Summary.from_json(value, complete=False)
        assert contradictions(part, whole) == []
        assert Snapshot(summary=part, backends=backends).status in (None, status)


@replies("backends")
def test_no_cut_of_backends_contradicts_them(reply: bytes) -> None:
    """Truncated backends have fewer values, but no different ones."""
    whole = Backends.from_json(json.loads(reply))
    for value in distinct_cuts(reply):
        part = Backends.from_json(value, complete=False)
        assert contradictions(part, whole) == []
        assert part.enabled <= whole.enabled
        assert part.threads <= whole.threads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"total": [1207.19, 1210.82, ', {"total": [1207.19, 1210.82]}),
        ('{"total": [1207.19, 1210.8', {"total": [1207.19]}),
        ('{"total": [', {"total": []}),
        ('{"a": 1, "b": {"c": "d"', {"a": 1, "b": {}}),
        ('{"a": 1, "b": {"c": "d",', {"a": 1, "b": {"c": "d"}}),
        ('{"a": 1, "b": "no en', {"a": 1}),
        ('{"a": 1, "b": tru', {"a": 1}),
        ('{"a": 1, "b', {"a": 1}),
        (r'{"a": "\"}]", "b": "\\", "c', {"a": '"}]', "b": "\\"}),
        (r'["a", "\u00', ["a"]),
        ('["a", "\\', ["a"]),
        ('[[{"a": 1}, {"b": [2]', [[{"a": 1}, {"b": [2]}]]),
        ("{", {}),
        (" \n[", []),
    ],
)
def test_all_that_arrived_whole_is_kept(text: str, value: Any) -> None:
    """Everything up to the last complete value is kept."""
    assert partial_json.loads(text) == (value, False)


def test_a_whole_text_is_complete() -> None:
    """A complete text is read as it is."""
    whole = capture("xmrig-6.26.0", "mining", "summary")
    assert partial_json.loads(json.dumps(whole)) == (whole, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "<html><body>[1, 2]</body></html>",
        "OK",
        '"a string',
        "]",
        "[1}",
        '{"a": 1]',
        "[1, 2]]",
        "[1, 2] [3",
        '{"a" 1, ',
        "[1,, 2",
        "[nonsense, ",
        "\x00\x01\x02",
        "\ufeff[1",
    ],
)
def test_what_never_began_as_json_is_refused(text: str) -> None:
    """Anything but the beginning of an object or a list is rejected."""
    with pytest.raises(ValueError):
        partial_json.loads(text)


@given(document=json_documents, data=st.data())
def test_every_cut_of_any_document_is_a_beginning_of_it(
    document: Any, data: st.DataObject
) -> None:
    """This applies to any document."""
    text = json.dumps(
        document,
        ensure_ascii=data.draw(st.booleans()),
        indent=data.draw(st.none() | st.integers(0, 4)),
    )
    length = data.draw(st.integers(1, len(text)))
    value, complete = partial_json.loads(text[:length])
    assert is_beginning_of(value, document)
    assert complete is (length == len(text))


@given(document=json_documents, data=st.data())
def test_a_cut_within_a_character_is_a_cut(document: Any, data: st.DataObject) -> None:
    """Replies are truncated at bytes, and a character may have several."""
    content = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    length = data.draw(st.integers(1, len(content)))
    value, _ = partial_json.loads(content[:length].decode(errors="replace"))
    assert is_beginning_of(value, json.loads(content))


@given(st.text() | st.text('{}[]",:\\0123456789.eE-+truefalsn u'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """For any text, only ValueError is raised."""
    with contextlib.suppress(ValueError):
        partial_json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="lists"),
        pytest.param('{"a":' * 100_000, id="objects"),
        pytest.param("[" * 100_000 + "]" * 100_000, id="lists that end"),
        pytest.param("[" + "9" * 1_000_000, id="a number"),
        pytest.param("[" + "9" * 1_000_000 + ", ", id="a number too long to read"),
        pytest.param("x" * 1_000_000, id="letters"),
        pytest.param(" " * 1_000_000, id="blanks"),
    ],
)
def test_endless_nesting_and_nonsense_are_refused(text: str) -> None:
    """Even the longest reply is rejected quickly."""
    started = time.process_time()
    try:
        value, complete = partial_json.loads(text)
    except ValueError:
        pass
    else:
        assert (value, complete) == ([], False)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("end", ["", "]" * 100_000], ids=["cut off", "whole"])
def test_endless_nesting_is_called_that(end: str) -> None:
    """In a complete and a truncated text."""
    with pytest.raises(ValueError, match="^nested too deeply$"):
        partial_json.loads("[" * 100_000 + end)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param('["' + r"\"" * 500_000, 0, id="an escaped string"),
        pytest.param("[" + '"\\n[]{}",' * 100_000, 100_000, id="many strings"),
        pytest.param("[" + "[], " * 250_000, 250_000, id="many lists"),
    ],
)
def test_a_long_text_is_read_in_no_time(text: str, count: int) -> None:
    """Even the longest reply is read quickly."""
    started = time.process_time()
    value, complete = partial_json.loads(text)
    assert (len(value), complete) == (count, False)
    assert time.process_time() - started < 1
