"""What `get_data` shows can be sent back: redacted values stand for the current ones."""

from collections.abc import Callable
import copy
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.document import diff, json_equal
from custom_components.xmrig_miner.api.limits import MAX_DEPTH, JsonError
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.config_patch import (
    RedactedValueError,
    parsed,
    patched,
    replaced,
)
from custom_components.xmrig_miner.redaction import Audience, shown_config
from tests.api.odd import CONFIG as CAPTURED, places, put

MARKER = "**REDACTED**"
WALLET = (
    "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4f"
)


def pool(url: str, user: str, **others: Any) -> dict[str, Any]:
    """Return a pool as XMRig shows it."""
    return {
        **CAPTURED["pools"][0],
        "url": url,
        "user": user,
        "pass": f"pass of {user}",
        "rig-id": None,
        **others,
    }


def config_with(*pools: dict[str, Any], **others: Any) -> Config:
    """Return a config with some pools."""
    return Config({**copy.deepcopy(CAPTURED), **others, "pools": list(pools)})


def shown(config: Config) -> dict[str, Any]:
    """Return a config as `get_data` shows it, to be edited."""
    document: dict[str, Any] = copy.deepcopy(
        shown_config(config.document, Audience.USER)
    )
    return document


A = pool("a.example.org:1", "wallet-a", **{"self-select": "http://u:p@d:1"})
B = pool("b.example.org:1", "wallet-b", socks5="u:p@192.0.2.1:1")
HIDDEN_URL = pool(f"{WALLET}:x@c.example.org:1#{WALLET}", "wallet-c")
NO_URL = pool(f"{WALLET}:1", "wallet-d")
PLAIN = config_with(A, B)
FULL = config_with(
    *(A, B, HIDDEN_URL, NO_URL),
    **{
        "cpu": {**CAPTURED["cpu"], WALLET: [0], "my-profile": [1], "rx/0": WALLET},
        "log-file": "/srv/miner/log",
        "cc-client": {"url": "secret", "servers": [{"access-token": "secret"}]},
        "later": ["secret", {"secret": 1}],
        WALLET: WALLET,
    },
)
BOTH = pytest.mark.parametrize("apply", [patched, replaced])

type Apply = Callable[[Config, dict[str, Any]], Config]


# --- Unchanged ----------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("config", [PLAIN, FULL])
def test_what_is_shown_is_what_is_there(config: Config, apply: Apply) -> None:
    """Reading the config and sending it back changes nothing."""
    assert MARKER in json.dumps(shown(config))
    assert json_equal(apply(config, shown(config)).document, config.document)


@BOTH
@pytest.mark.parametrize("key", [key for key in A if key not in ("url", "user")])
@pytest.mark.parametrize("index", range(4))
def test_one_key_of_a_pool(apply: Apply, key: str, index: int) -> None:
    """All other values of the pool stay the same, including its wallet."""
    document = shown(FULL)
    document["pools"][index][key] = "new"
    if apply is patched:
        document = {"pools": document["pools"]}
    expected = copy.deepcopy(FULL.document)
    expected["pools"][index][key] = "new"
    assert json_equal(apply(FULL, document).document, expected)


@BOTH
def test_secrets_can_be_changed(apply: Apply) -> None:
    """One at a time, while other values of the entry stay redacted."""
    document = shown(FULL)
    document["pools"][2] |= {"url": "d.example.org:1", "user": "new", "pass": "new"}
    for key in ("self-select", "socks5"):
        document["pools"][2].pop(key)
    document["pools"][0]["user"] = "new"
    document["log-file"] = "/new"
    after = apply(FULL, document).document
    assert after["pools"][0] == A | {"user": "new"}
    assert after["pools"][2]["url"] == "d.example.org:1"
    assert after["log-file"] == "/new"
    assert json_equal(after["pools"][3], NO_URL)


def test_a_redacted_value_alone_changes_nothing() -> None:
    """Anywhere in an object."""
    for patch in (
        {"http": {"access-token": MARKER}},
        {"cc-client": MARKER, "log-file": MARKER},
        {"pools": shown(FULL)["pools"]},
        {f"{MARKER} 1": MARKER},
        {"cpu": {f"{MARKER} 1": MARKER}},
    ):
        assert json_equal(patched(FULL, patch).document, FULL.document)


def test_a_hidden_key_left_out_is_removed() -> None:
    """Like any other key that is omitted from a whole config."""
    document = shown(FULL)
    del document["cpu"][f"{MARKER} 2"]
    after = replaced(FULL, document).document
    assert [change.path for change in diff(FULL.document, after)] == [
        ("cpu", "my-profile")
    ]


# --- Entries of lists ---------------------------------------------------------

TWIN_1 = pool("t.example.org:1", "wallet-1", **{"rig-id": "one"})
TWIN_2 = pool("t.example.org:1", "wallet-2", **{"rig-id": "two"})
DOUBLE_1 = pool("t.example.org:1", "wallet-1")
DOUBLE_2 = pool("t.example.org:1", "wallet-2")


def edited(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a pool with another value than the one it has."""
    return entry | {"keepalive": 30}


type Pools = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ([A, B], lambda pools: [pools[1], pools[0]], [B, A]),
        ([A, B], lambda pools: [edited(pools[1]), pools[0]], [edited(B), A]),
        ([A, B], lambda pools: [pools[1]], [B]),
        ([A, B], lambda pools: [edited(pools[1])], [edited(B)]),
        ([A], lambda pools: [B, edited(pools[0])], [B, edited(A)]),
        # The addresses are equal, but another value differs.
        ([TWIN_1, TWIN_2], lambda pools: [pools[1], pools[0]], [TWIN_2, TWIN_1]),
        ([TWIN_1, TWIN_2], lambda pools: [pools[1]], [TWIN_2]),
        (
            [TWIN_1, TWIN_2],
            lambda pools: [pools[1], edited(pools[0])],
            [TWIN_2, edited(TWIN_1)],
        ),
        (
            [TWIN_1, TWIN_2],
            lambda pools: [edited(pools[1]), edited(pools[0])],
            [edited(TWIN_2), edited(TWIN_1)],
        ),
        ([TWIN_1, TWIN_2], lambda pools: [edited(pools[1])], [edited(TWIN_2)]),
        # Their positions differ.
        (
            [TWIN_1, A, TWIN_2],
            lambda pools: [*map(edited, pools)],
            [edited(TWIN_1), edited(A), edited(TWIN_2)],
        ),
        (
            [DOUBLE_1, DOUBLE_2],
            lambda pools: [pools[0], edited(pools[1])],
            [DOUBLE_1, edited(DOUBLE_2)],
        ),
        # Only their order differs, and none is missing.
        (
            [DOUBLE_1, A, DOUBLE_2],
            lambda pools: [pools[1], pools[0], pools[2], B],
            [A, DOUBLE_1, DOUBLE_2, B],
        ),
        # The order of their members tells nothing
        (
            [DOUBLE_1, DOUBLE_2],
            lambda pools: [dict(reversed(pools[0].items())), pools[1], B],
            [DOUBLE_1, DOUBLE_2, B],
        ),
    ],
)
def test_entries_are_found(
    before: Pools, change: Callable[[Pools], Pools], after: Pools
) -> None:
    """Each pool keeps its wallet, wherever it is moved."""
    config = config_with(*before)
    patch = {"pools": change(shown(config)["pools"])}
    assert json_equal(patched(config, patch).document["pools"], after)


@pytest.mark.parametrize(
    ("before", "change"),
    [
        # One of several equal ones.
        ([DOUBLE_1, DOUBLE_2], lambda pools: [pools[0]]),
        ([DOUBLE_1, DOUBLE_2], lambda pools: [*pools, pools[0]]),
        ([DOUBLE_1, DOUBLE_2], lambda pools: [edited(pools[1])]),
        ([TWIN_1, TWIN_2], lambda pools: [edited(pools[0]), pools[0], pools[0]]),
        ([TWIN_1, TWIN_2], lambda pools: [pools[0] | {"sni": True}, edited(pools[0])]),
        # One that another entry stands for
        ([A], lambda pools: [pools[0], edited(pools[0])]),
        # Another address: the list may have changed since it was read.
        ([A, B], lambda pools: [pools[0] | {"url": "c.example.org:1"}, pools[1]]),
        ([A, B], lambda pools: [pools[0], pools[0]]),
        ([A, HIDDEN_URL], lambda pools: [pools[0], pools[1] | {"url": f"{MARKER}:1"}]),
        ([A], lambda pools: [{"user": MARKER}]),
        ([A], lambda pools: [MARKER]),
        ([A], lambda pools: [[pools[0]]]),
        ([A], lambda pools: pools[0]),
        ([A], lambda pools: MARKER),
    ],
)
def test_entries_that_are_not_certain_are_refused(
    before: Pools, change: Callable[[Pools], Any]
) -> None:
    """No wallet is assigned to another pool."""
    config = config_with(*before)
    with pytest.raises(RedactedValueError) as raised:
        patched(config, {"pools": change(shown(config)["pools"])})
    assert raised.value.path[0] == "pools"


def test_entries_without_an_address_are_found_by_what_they_have_in_common() -> None:
    """For example the threads of a card."""
    threads = [{"index": i, "intensity": 8, "later": f"secret {i}"} for i in (0, 1)]
    config = config_with(A, cuda={"enabled": True, "rx": threads})
    document = shown(config)["cuda"]
    for thread in document["rx"]:
        assert thread["later"] == MARKER
        thread["intensity"] = 16
    after = patched(config, {"cuda": document}).document["cuda"]["rx"]
    assert after == [thread | {"intensity": 16} for thread in threads]
    after = patched(config, {"cuda": {"rx": document["rx"][1:]}}).document["cuda"]["rx"]
    assert after == [threads[1] | {"intensity": 16}]
    document["rx"][1]["index"] = 2
    with pytest.raises(RedactedValueError):
        patched(config, {"cuda": {"rx": document["rx"][1:]}})


# --- Refused ------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"retries": MARKER}, "retries"),
        ({"retries": [MARKER]}, "retries.0"),
        ({"api": {"id": MARKER}}, "api.id"),
        ({"http": {"access-token": f"{MARKER}x"}}, "http.access-token"),
        ({"http": {"access-token": [MARKER]}}, "http.access-token.0"),
        ({"later": [1, 1, MARKER, *[1] * 9]}, "later.2"),
        ({"http": MARKER}, "http"),
        ({"new": {"deep": [{"er": MARKER}]}}, "new.deep.0.er"),
        ({"cc-client": {"url": MARKER}}, "cc-client.url"),
        ({MARKER: 1}, MARKER),
        ({MARKER: MARKER}, MARKER),
        ({f"{MARKER} 1": None}, f"{MARKER} 1"),
        ({f"{MARKER} 2": MARKER}, f"{MARKER} 2"),
        ({"cpu": {f"{MARKER} 1": [0]}}, f"cpu.{MARKER} 1"),
        ({"cpu": {"rx/0": f"{MARKER} 1"}}, "cpu.rx/0"),
        ({"pools": [{"url": f"a.example.org:1#{MARKER}"}]}, "pools.0.url"),
    ],
)
def test_a_redacted_value_without_a_current_one(
    apply: Apply, patch: dict[str, Any], path: str
) -> None:
    """It is rejected, and the error has its path."""
    with pytest.raises(RedactedValueError) as raised:
        apply(FULL, patch)
    assert ".".join(raised.value.path) == path


marked = st.sampled_from([MARKER, f"{MARKER} 1", f"x{MARKER}", f"{MARKER}@a:1"])
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3) | marked
keys = st.sampled_from([*FULL.document, *A, "rx", "new"]) | marked
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    place=st.sampled_from(places(shown(FULL))), value=documents, replace=st.booleans()
)
def test_the_marker_is_never_in_the_result(
    place: tuple[Any, ...], value: Any, replace: bool
) -> None:
    """For any patch."""
    document = put(shown(FULL), place, value)
    if not isinstance(document, dict):
        return
    try:
        after = (replaced if replace else patched)(FULL, document)
    except RedactedValueError:
        return
    assert MARKER not in json.dumps(after.document)
    for entry in after.document.get("pools") or ():
        # Each wallet stays with its own pool.
        if isinstance(entry, dict) and entry.get("user") in ("wallet-a", "wallet-b"):
            letter = entry["user"][-1]
            assert entry.get("url") == f"{letter}.example.org:1"


# --- Nulls --------------------------------------------------------------------


def test_nulls_that_xmrig_fills_in_are_no_change() -> None:
    """Whether they are omitted or null."""
    document = without_nulls(FULL.document)
    assert document != FULL.document
    assert json_equal(replaced(FULL, document).document, FULL.document)
    nulls = {"api": {"id": None}, "cpu": {"priority": None, "new": None}, "new": None}
    assert json_equal(patched(FULL, nulls).document, FULL.document)
    assert json_equal(
        replaced(FULL, {**FULL.document, **nulls_in_new()}).document, FULL.document
    )


def nulls_in_new() -> dict[str, Any]:
    """Return members that are null, and not in the config."""
    return {
        "new": None,
        "pools": [entry | {"new": None} for entry in FULL.document["pools"]],
    }


def without_nulls(value: Any) -> Any:
    """Return a document without the members that are null."""
    if isinstance(value, dict):
        return {
            key: without_nulls(item) for key, item in value.items() if item is not None
        }
    return [*map(without_nulls, value)] if isinstance(value, list) else value


def test_a_null_resets_a_value() -> None:
    """As if it were left out."""
    for after in (
        patched(PLAIN, {"retries": None, "cpu": {"yield": None}}),
        replaced(
            PLAIN,
            PLAIN.document
            | {"retries": None, "cpu": PLAIN.document["cpu"] | {"yield": None}},
        ),
    ):
        changes = [*diff(PLAIN.document, after.document)]
        assert {change.path for change in changes} == {("retries",), ("cpu", "yield")}
        assert "retries" not in after.document


# --- Plain JSON ---------------------------------------------------------------


class Text(str):
    """A text with its line, as read from YAML."""

    __slots__ = ()


def test_a_copy_is_made_of_plain_json() -> None:
    """YAML and templates have special types, and may change values later."""
    given_value: dict[Any, Any] = {Text("a"): (1, [Text("b")]), "c": {"d": 1.5}}
    plain = parsed(given_value)
    assert plain == {"a": [1, ["b"]], "c": {"d": 1.5}}
    assert {type(key) for key in plain} == {str}
    assert type(plain["a"][1][0]) is str
    given_value["c"]["d"] = 2
    assert plain["c"] == {"d": 1.5}


def deep(levels: int, value: Any = 1, *, is_list: bool = True) -> Any:
    """Return nested lists or objects."""
    for _ in range(levels):
        value = [value] if is_list else {"a": value}
    return value


def test_a_value_as_deep_as_it_may_be_is_plain() -> None:
    """In lists as well as in objects."""
    for is_list in (True, False):
        value = parsed({"a": deep(MAX_DEPTH - 1, Text("b"), is_list=is_list)})["a"]
        for _ in range(MAX_DEPTH - 1):
            value = value[0] if is_list else value["a"]
        assert value == "b"
        assert type(value) is str


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": {1: 2}}, "a"),
        ({True: 1}, ""),
        ({"a": [float("nan")]}, "a.0"),
        ({"a": float("inf")}, "a"),
        ({"a": 2**64}, "a"),
        ({"a": {1, 2}}, "a"),
        ({"a": b"x"}, "a"),
        ({"a": "\ud800"}, "a"),
        ({"a": object()}, "a"),
    ],
)
def test_what_is_no_json(value: Any, path: str) -> None:
    """The error has its path."""
    with pytest.raises(JsonError) as raised:
        parsed(value)
    assert ".".join(raised.value.path) == path


@pytest.mark.parametrize("levels", [MAX_DEPTH, 40, 3000, 100_000])
@pytest.mark.parametrize("is_list", [True, False])
def test_what_is_nested_too_deeply(levels: int, *, is_list: bool) -> None:
    """It is rejected before it is traversed."""
    with pytest.raises(JsonError):
        parsed({"a": deep(levels, is_list=is_list)})
