"""Whatever a miner replies, the values can be shown, stored and sent."""

from collections.abc import Iterator
from dataclasses import is_dataclass
import json
import math
from typing import Any
import unicodedata

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.xmrig_miner.api.health import is_outdated
from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    Config,
    Summary,
)
from custom_components.xmrig_miner.api.snapshot import Snapshot
from tests.api.captures import attributes
from tests.api.odd import (
    BACKENDS,
    CONFIG,
    SUMMARY,
    any_json,
    everywhere,
    places,
    put,
    read_snapshot,
)

MAX_INTEGER = 2**53 - 1
MAX_TEXT = 255
MAX_THREADS = 4096

LONE_SURROGATE = "rig\ud800one"


def nested(depth: int) -> Any:
    """Return nested lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ABSURD = {
    "-1": -1,
    "2**53": 2**53,
    "2**63": 2**63,
    "2**64-1": 2**64 - 1,
    "10**30": 10**30,
    "10**4000": 10**4000,
    "1.7e308": 1.7e308,
    "-1.7e308": -1.7e308,
    "nan": math.nan,
    "inf": math.inf,
    "surrogate": LONE_SURROGATE,
    "long": "x" * 100_000,
    "control": "rig\0\x1b[31m\none\x85",
    "digits": "9" * 5000,
    "list": [10**30, LONE_SURROGATE],
    "object": {LONE_SURROGATE: 10**30},
    "nested": nested(3000),
    "many": [{}] * (MAX_THREADS + 1),
}

absurd = pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD.keys())

absurd_json = any_json | st.sampled_from(list(ABSURD.values()))


def values(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields and properties of a model."""
    for name in attributes(type(model)):  # type: ignore[arg-type]  # It is hashable
        if name == "document":
            # What may be shown and stored of what came, the field `reply`
            orjson.dumps(model.document)
        elif name != "reply":
            yield name, getattr(model, name)


def outside(value: Any, where: str = "") -> Iterator[str]:
    """Yield the values of a model that cannot be shown, stored or sent."""
    if is_dataclass(value):
        for name, item in values(value):
            yield from outside(item, f"{where}.{name}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from outside(key, f"{where} key")
            yield from outside(item, f"{where}[{key!r}]")
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from outside(item, where)
    elif isinstance(value, str):
        value.encode()
        if len(value) > MAX_TEXT or any(unicodedata.category(c) == "Cc" for c in value):
            yield f"{where}: {value[:20]!r}"
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > MAX_INTEGER:
            yield f"{where}: {value}"
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        yield f"{where}: {value}"


def check(summary: Any, backends: Any, config: Any) -> None:
    """Read replies of a miner, and check all values."""
    read = Summary.from_json(summary), Backends.from_json(backends)
    for model in read:
        assert list(outside(model)) == []
    for backend in read[1].by_type.values():
        assert len(backend.threads) <= MAX_THREADS
    try:
        known = Config.from_json(config)
    except ValueError:
        return
    assert list(outside(known.pool_labels)) == []
    orjson.dumps(known.document)
    read_snapshot(summary, backends, config)


@absurd
def test_an_absurd_value_everywhere(value: Any) -> None:
    """Each value is unknown or within its bounds."""
    check(
        everywhere(SUMMARY, value),
        everywhere(BACKENDS, value),
        everywhere(CONFIG, value),
    )


@absurd
def test_an_absurd_value_in_place_of_each(value: Any) -> None:
    """One at a time, so that none is hidden by another."""
    for place in places(SUMMARY):
        assert not list(outside(Summary.from_json(put(SUMMARY, place, value))))
    for place in places(BACKENDS):
        assert not list(outside(Backends.from_json(put(BACKENDS, place, value))))


@absurd
def test_an_absurd_value_in_place_of_each_of_the_config(value: Any) -> None:
    """A config that cannot be stored or written back is rejected."""
    for place in places(CONFIG):
        check({}, [], put(CONFIG, place, value))


@given(
    place=st.sampled_from(places(SUMMARY)),
    value=absurd_json,
)
def test_any_value_in_a_summary(place: tuple[Any, ...], value: Any) -> None:
    """Nothing is raised."""
    check(put(SUMMARY, place, value), BACKENDS, CONFIG)


@given(place=st.sampled_from(places(BACKENDS)), value=absurd_json)
def test_any_value_in_backends(place: tuple[Any, ...], value: Any) -> None:
    """Nothing is raised."""
    check(SUMMARY, put(BACKENDS, place, value), CONFIG)


@given(place=st.sampled_from(places(CONFIG)), value=absurd_json)
def test_any_value_in_a_config(place: tuple[Any, ...], value: Any) -> None:
    """Only declared errors are raised."""
    check(SUMMARY, BACKENDS, put(CONFIG, place, value))


@given(
    st.dictionaries(st.text(), absurd_json),
    st.lists(absurd_json),
    st.dictionaries(st.text() | st.just(LONE_SURROGATE), absurd_json),
)
def test_replies_of_no_shape(summary: Any, backends: Any, config: Any) -> None:
    """Nothing is raised for documents that no miner sends."""
    check(summary, backends, config)


@pytest.mark.parametrize("key", [LONE_SURROGATE, "x" * 1000, "a\0b"])
def test_keys_are_no_better_than_values(key: str) -> None:
    """A document contains no key that cannot be encoded."""
    check({**SUMMARY, key: 1}, [{**BACKENDS[0], "versions": {key: 1}}], CONFIG)


@pytest.mark.parametrize(
    ("sent", "difficulty"),
    [(100_000, 100_000), (MAX_INTEGER, MAX_INTEGER), (2**64 - 1, None)],
)
def test_the_difficulty_of_a_benchmark_is_unknown(
    sent: int, difficulty: int | None
) -> None:
    """In its benchmark mode, XMRig reports all bits set."""
    summary = Summary.from_json({"results": {"diff_current": sent}})
    assert summary.results.diff_current == difficulty


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("rig-one", "rig-one"),
        ("Räuber 🏴‍☠️", "Räuber 🏴‍☠️"),
        (LONE_SURROGATE, "rig\ufffdone"),
        ("rig\tone\n", "rig one"),
        ("\x00", None),
        ("   ", None),
        ("", None),
        pytest.param("é" * 300, "é" * 255, id="long"),
        (["rig"], None),
    ],
)
def test_text(sent: Any, text: str | None) -> None:
    """Invalid characters are replaced, and long text is truncated."""
    assert Summary.from_json({"worker_id": sent}).worker_id == text


@pytest.mark.parametrize(
    ("seconds", "uptime"), [(86400, 86400), (2**63, None), (-1, None), (10**10, None)]
)
def test_the_uptime_of_a_connection(seconds: int, uptime: int | None) -> None:
    """A connection is not older than its process, and no date is out of range."""
    summary = Summary.from_json(
        {"connection": {"uptime": seconds, "uptime_ms": seconds * 1000}}
    )
    assert summary.connection.uptime == uptime
    assert summary.connection.uptime_ms == (uptime and uptime * 1000)


@pytest.mark.parametrize("index", [-1, 256, 10**9, 10**30])
def test_a_card_of_an_absurd_index_is_no_card(index: int) -> None:
    """Devices and entities would be named after it."""
    backends = Backends.from_json(put(BACKENDS, (2, "threads", 0, "index"), index))
    assert [gpu.key for gpu in backends.gpus] == ["opencl_03:00.0", "opencl_1"]
    assert backends.threads == 4


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("temperature", 2**32 - 1),
        ("power", 2**32 - 1),
        ("clock", 2**32 - 1),
        ("mem_clock", 2**32 - 1),
        ("rpm", 2**32 - 1),
        ("power", -5),
    ],
)
def test_a_health_reading_with_all_bits_set_is_unknown(key: str, sent: int) -> None:
    """This is how some drivers report a failure."""
    place = (1, "threads", 0, "health", key)
    known = Backends.from_json(put(BACKENDS, place, sent)).gpus[0]
    unknown = Backends.from_json(put(BACKENDS, place, 0)).gpus[0]
    assert known.health == unknown.health


def test_more_threads_than_any_computer_has() -> None:
    """The excess threads are dropped: the reply counts as truncated."""
    thread = BACKENDS[1]["threads"][0]
    backends = Backends.from_json(put(BACKENDS, (1, "threads"), [thread] * 5000))
    assert not backends.complete
    assert len(backends.by_type[BackendType.OPENCL].threads) == MAX_THREADS


def test_the_type_of_a_backend_is_cleaned_as_any_text() -> None:
    """Control characters are removed."""
    backends = Backends.from_json([{"type": "cpu\0", "enabled": True}])
    assert [backend.value for backend in backends.enabled] == ["cpu"]


@pytest.mark.parametrize(
    "version",
    ["9" * 5000, "6." + "9" * 5000, "6.\ud800.1"],
    ids=["digits", "minor", "surrogate"],
)
def test_a_version_of_thousands_of_digits(version: str) -> None:
    """It is ignored, and nothing is raised."""
    summary = Summary.from_json({"version": version, "ua": f"XMRig/{version}"})
    assert not is_outdated(Snapshot(summary=summary))


@pytest.mark.parametrize(
    "document",
    [
        [],
        None,
        {"pools": nested(3000)},
        {"cpu": {LONE_SURROGATE: 1}},
        {"user": LONE_SURROGATE},
        {"retries": 10**30},
        {"retries": math.nan},
        {"retries": math.inf},
    ],
    ids=lambda document: repr(document)[:20],
)
def test_a_config_that_cannot_be_kept_is_refused(document: Any) -> None:
    """Undoing a write requires that all of it can be stored and written back."""
    with pytest.raises(ValueError, match="config|deep|text|integer|finite"):
        Config.from_json(document)


def test_an_ordinary_config_is_read_as_it_is() -> None:
    """What is written back must equal what the miner reported."""
    config = Config.from_json(CONFIG)
    assert json.dumps(config.document) == json.dumps(CONFIG)
    assert Config.from_json({"seed": 2**64 - 1}).document == {"seed": 2**64 - 1}


@pytest.mark.parametrize("threads", [-1, 4097, 10**9, 10**18])
def test_a_profile_of_an_absurd_number_of_threads(threads: int) -> None:
    """It counts as a profile without threads."""
    config = Config.from_json({"cpu": {"rx": {"intensity": 1, "threads": threads}}})
    known = read_snapshot(SUMMARY, BACKENDS, config.document)
    assert known.config
    assert known.config.profiles == {"rx": {"intensity": 1, "threads": threads}}


def test_labels_of_pools() -> None:
    """They are options of a select: short and unique."""
    long = "x" * 400 + ".example.org:3333"
    pools = [
        {"url": long},
        {"url": long},
        {"url": "a:1\n"},
        {"url": ["a"]},
        {"tls": True},
    ]
    labels = Config.from_json({"pools": pools}).pool_labels
    assert list(outside(labels)) == []
    assert len(set(labels)) == len(pools)
    assert labels[2] == "a:1"
