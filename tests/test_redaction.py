"""Tests of the allow-list of shown values."""

import copy
from typing import Any

from homeassistant.components import diagnostics
from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.document import MISSING, Change, diff
from custom_components.xmrig_miner.api.privacy import REDACTED
from custom_components.xmrig_miner.redaction import (
    Audience,
    shown_backends,
    shown_change,
    shown_config,
    shown_entry,
    shown_summary,
)

from .api.captures import CAPTURES, capture
from .api.odd import BACKENDS, CONFIG, SUMMARY, any_json, places, put

DOCUMENTS = {
    "summary": (SUMMARY, shown_summary),
    "backends": (BACKENDS, shown_backends),
    "config": (CONFIG, shown_config),
}
WALLET = (
    "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4f"
)
HIDDEN_FROM_USER = {
    *("connection.ip", "pools.user", "pools.pass"),
    *("http.host", "http.access-token", "tls.cert", "tls.cert_key"),
}
HIDDEN_FROM_PUBLIC = HIDDEN_FROM_USER | {
    *("id", "worker_id", "ua", "connection.pool", "platform.extensions"),
    *("api.worker-id", "title", "pools.url"),
}


def replies() -> list[Any]:
    """Return every captured reply, by its kind."""
    return [
        pytest.param(
            kind,
            capture(version.name, state.name, kind),
            id=f"{version.name}-{state.name}-{kind}",
        )
        for version in sorted(CAPTURES.glob("xmrig-*"))
        for state in sorted(version.iterdir())
        if state.is_dir()
        # It has no config.
        if state.name != "restricted"
        for kind in DOCUMENTS
        if (state / f"{kind}.json").is_file()
    ] + [pytest.param("backends", BACKENDS, id="GPUs")]


def redacted(document: Any, shown: Any) -> set[str]:
    """Return the paths of redacted values, without positions in lists."""
    return {
        ".".join(str(key) for key in place if isinstance(key, str))
        for place in places(document)
        if not isinstance(at(document, place), dict | list)
        and at(document, place) != at(shown, place)
    }


def at(document: Any, place: tuple[Any, ...]) -> Any:
    """Return the value at a place."""
    for key in place:
        document = document[key]
    return document


@pytest.mark.parametrize(("kind", "document"), replies())
def test_what_real_miners_report_is_shown(kind: str, document: Any) -> None:
    """Everything except what is meant to be hidden."""
    _, show = DOCUMENTS[kind]
    original = copy.deepcopy(document)
    assert redacted(document, show(document, Audience.USER)) <= HIDDEN_FROM_USER
    assert redacted(document, show(document, Audience.PUBLIC)) <= HIDDEN_FROM_PUBLIC
    assert document == original


def test_the_marker_is_the_one_of_home_assistant() -> None:
    """Users know it from diagnostics."""
    assert diagnostics.REDACTED == REDACTED


@pytest.mark.parametrize("secret", [WALLET, f"/home/{WALLET}", f"me {WALLET}", "x@y.z"])
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_secret_in_place_of_any_value(kind: str, secret: str) -> None:
    """A value must have the expected form, not only a known key."""
    document, show = DOCUMENTS[kind]
    of_hardware = {"brand", "name", "board", "profile", "version", "vendor"}
    for place in places(document):
        for value in (secret, [secret], {"enabled": secret}, [[secret]]):
            distorted = put(document, place, value)
            if secret != "x@y.z" or place[-1] not in of_hardware:
                assert secret not in str(show(distorted, Audience.USER)), place
                assert secret not in str(show(distorted, Audience.PUBLIC)), place


def test_a_word_in_place_of_any_value() -> None:
    """Only names that the user chooses can be any word."""
    for audience, expected in (
        (Audience.PUBLIC, set()),
        (
            Audience.USER,
            {"id", "worker-id", "title", "user-agent", "rig-id", "url"}
            | {"ciphers", "ciphersuites"},
        ),
    ):
        assert expected == {
            place[-1]
            for place in places(CONFIG)
            if "secretword"
            in str(shown_config(put(CONFIG, place, "secretword"), audience))
        }


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("key", [WALLET, "Secret", "my key", "deadbeef1234", "a.b", ""])
def test_a_key_that_may_be_a_secret_is_hidden(kind: str, key: str) -> None:
    """At every level, with its value."""
    document, show = DOCUMENTS[kind]
    for place in [(), *places(document)]:
        if isinstance(parent := at(document, place), dict):
            distorted = put({"": document}, ("", *place), {key: True, **parent})[""]
            for audience in Audience:
                shown = at(show(distorted, audience), place)
                if shown != REDACTED:
                    assert key not in shown
                    assert shown[f"{REDACTED} 1"] == REDACTED
                    assert len(shown) == len(parent) + 1


@pytest.mark.parametrize("audience", Audience)
def test_forks_and_later_versions(audience: Audience) -> None:
    """Their keys are shown, but not their values."""
    added = {
        "cc-client": {"url": "secret", "access-token": "secret"},
        "algo-perf": {"rx/0": 950.0},
        "bench-algo-time": 20,
        "later": True,
    }
    cpu = {"panthera": [0, 1], "flex": [[1, 0]], "rx/xla": "panthera", "defyx": False}
    own = {"my-threads": [0], "rx/0": "my-threads", "rx/later-than-all": [0]}
    document = {**added, "cpu": CONFIG["cpu"] | cpu | own, "daemonized": True}
    document["cpu"]["max-cpu-usage"] = 80
    shown = shown_config(document, audience)
    assert shown["cpu"].pop("max-cpu-usage") == 80
    assert shown["cpu"] == CONFIG["cpu"] | cpu | {
        "rx/0": REDACTED,
        f"{REDACTED} 1": REDACTED,
        f"{REDACTED} 2": REDACTED,
    }
    assert shown["daemonized"] is True
    assert {key: shown[key] for key in added} == dict.fromkeys(added, REDACTED)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("pool.example.org:3333", "pool.example.org:3333"),
        ("stratum+ssl://pool.example.org", "stratum+ssl://pool.example.org"),
        ("daemon+http://192.0.2.1:18081/json", "daemon+http://192.0.2.1:18081/json"),
        (f"pool.example.org:1#{WALLET}", f"pool.example.org:1#{REDACTED}"),
        (
            f"W:p@pool.example.org:1/{WALLET}",
            f"{REDACTED}@pool.example.org:1/{REDACTED}",
        ),
        (f"pool.example.org?a={WALLET}", f"pool.example.org?{REDACTED}"),
        (f"{WALLET}.example.org:1", REDACTED),
        ("W/x@pool.example.org:1", REDACTED),
        (5, REDACTED),
        ("", ""),
        (None, None),
    ],
)
def test_the_address_of_a_pool(url: Any, shown: Any) -> None:
    """Administrators see it without wallets; diagnostics hide it."""
    pools = {"pools": [{"url": url}]}
    assert shown_config(pools, Audience.USER)["pools"] == [{"url": shown}]
    public = shown_config(pools, Audience.PUBLIC)["pools"]
    assert public == [{"url": url and REDACTED}]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (
            Change(path=("cpu", "rx"), old=[0, 1], new=[0]),
            {"path": "cpu.rx", "old": [0, 1], "new": [0]},
        ),
        (
            Change(path=("api", "worker-id"), old="rig-1", new="rig-2"),
            {"path": "api.worker-id", "old": "rig-1", "new": "rig-2"},
        ),
        (
            Change(path=("retries",), old=MISSING, new=7),
            {"path": "retries", "new": 7},
        ),
        (
            Change(path=("http", "access-token"), old="secret", new=MISSING),
            {"path": "http.access-token", "old": REDACTED},
        ),
        (
            Change(path=("cpu", "rx", "threads"), old=1, new="secret"),
            {"path": "cpu.rx.threads", "old": 1, "new": REDACTED},
        ),
        (
            Change(path=("cpu", WALLET), old=None, new=[0]),
            {"path": f"cpu.{REDACTED}", "old": None, "new": REDACTED},
        ),
        (
            Change(path=(WALLET, "later"), old=1, new={"rx": 1}),
            {"path": f"{REDACTED}.later", "old": REDACTED, "new": REDACTED},
        ),
        (
            Change(path=("tls",), old={"cert": "/srv/miner"}, new=True),
            {"path": "tls", "old": {"cert": REDACTED}, "new": True},
        ),
    ],
)
def test_a_change(change: Change, shown: dict[str, Any]) -> None:
    """It has the path; added or removed keys lack a value."""
    assert shown_change(change) == shown


def test_the_data_of_a_config_entry() -> None:
    """Neither the address nor anything that identifies the miner is shown."""
    shown = {"kind": "miner", "ssl": True, "verification": "none", "name": None}
    hidden = {"host": "192.0.2.1", "port": 8080, "access_token": "secret", "import": {}}
    assert shown_entry(shown | hidden) == shown | dict.fromkeys(hidden, REDACTED)


def test_who_may_see_a_name() -> None:
    """Only the user; what is empty hides nothing."""
    summary = {"worker_id": "rig-1", "algo": "", "ua": None}
    assert shown_summary(summary, Audience.USER) == summary
    public = summary | {"worker_id": REDACTED}
    assert shown_summary(summary, Audience.PUBLIC) == public
    assert shown_backends([None, "", "x"], Audience.USER) == [None, "", REDACTED]


@given(kind=st.sampled_from([*DOCUMENTS]), value=any_json, data=st.data())
def test_anything_in_place_of_any_value(
    kind: str, value: Any, data: st.DataObject
) -> None:
    """No value causes an error."""
    document, show = DOCUMENTS[kind]
    distorted = put(document, data.draw(st.sampled_from(places(document))), value)
    for audience in Audience:
        show(distorted, audience)
    if kind == "config":
        for change in diff(document, distorted):
            shown_change(change)
