"""Which config entry reaches which miner, and where, without Home Assistant."""

from types import SimpleNamespace
from typing import Any, cast

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PATH,
    CONF_PORT,
    CONF_SSL,
)
import pytest

from custom_components.xmrig_miner import addresses
from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
)

from .stand_ins import Entry, Hass

ID, OTHER_ID = "1111111111111111", "2222222222222222"


def seen(id_: str | None, name: str | None, kind: Kind = Kind.MINER) -> MinerIdentity:
    """Return the identity of a miner that responds."""
    return MinerIdentity(id=id_, worker_id=name, kind=kind)


class Bench:
    """Two miners and a proxy, and the manager."""

    def __init__(self) -> None:
        """Start with all of them known."""
        self.first = self._entry("rig-1", "miner", ID, "one")
        self.second = self._entry("rig-2", "miner", OTHER_ID, "two")
        self.proxy = self._entry("rig-3", "proxy", "3333333333333333", "proxy")
        self.hass = Hass(
            Entry("manager", "manager"), self.first, self.second, self.proxy
        )
        cast(Any, self.hass.config_entries).async_update_entry = self._update

    @staticmethod
    def _entry(name: str, kind: str, id_: str, worker_id: str) -> Any:
        entry = Entry(name, kind)
        entry.data |= {
            CONF_HOST: f"{name}.example",
            CONF_PORT: 8080,
            CONF_MINER_ID: id_,
            CONF_WORKER_ID: worker_id,
        }
        return entry

    def _update(self, entry: Entry, *, data: Any) -> None:
        entry.data = data

    def store(self, identity: MinerIdentity) -> tuple[Any, Any]:
        """Let a miner respond for the first entry; return what is stored of it."""
        before = self.first.data
        hass = cast(Any, self.hass)
        addresses.async_store_identity(hass, self.first, identity)
        data = dict(self.first.data)
        if self.first.data is not before:
            assert data.pop(CONF_KIND) == "miner"
            assert data.pop(CONF_HOST) == "rig-1.example"
        return data[CONF_MINER_ID], data[CONF_WORKER_ID]

    def expects(self, identity: MinerIdentity) -> bool:
        """Return whether a miner may respond for the first entry."""
        return addresses.is_expected_at(cast(Any, self.hass), self.first, identity)


@pytest.fixture
def bench() -> Bench:
    """Return the config entries."""
    return Bench()


# --- Which miner --------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "responds", "stored"),
    [
        ((ID, "one"), (ID, "one"), (ID, "one")),
        ((ID, "one"), (ID, "renamed"), (ID, "renamed")),
        ((ID, "one"), (ID, None), (ID, "one")),
        ((ID, "one"), (None, "one"), (ID, "one")),
        ((ID, "one"), (None, None), (ID, "one")),
        ((None, "one"), (ID, "one"), (ID, "one")),
        ((None, None), (ID, "one"), (ID, "one")),
        # The user accepted another miner since it responded
        ((ID, "one"), (OTHER_ID, "one"), (ID, "one")),
        ((None, "one"), (None, "renamed"), (None, "one")),
        ((None, None), (OTHER_ID, "two"), (None, None)),
    ],
)
def test_what_is_stored_of_a_miner(
    bench: Bench, known: Any, responds: Any, stored: Any
) -> None:
    """What it has become, unless it is another one; a reply may lack something."""
    bench.first.data |= dict(zip((CONF_MINER_ID, CONF_WORKER_ID), known, strict=True))
    before = bench.first.data
    assert bench.store(seen(*responds)) == stored
    # An unchanged entry is not written again
    assert (bench.first.data is before) is (known == stored)


def test_a_miner_that_is_followed(bench: Bench) -> None:
    """Its new name is stored at the poll that shows it; asked only if it changes."""
    summary = SimpleNamespace(id=ID, worker_id="one", identity=seen(ID, "new"))
    listeners: list[Any] = []

    def listen(listener: Any) -> str:
        listeners.append(listener)
        return "stop listening"

    coordinator: Any = SimpleNamespace(
        data=SimpleNamespace(summary=summary), async_add_listener=listen
    )
    entry = bench.first
    addresses.async_follow_identity(cast(Any, bench.hass), entry, coordinator)
    assert entry.unloading == ["stop listening"]
    assert entry.data[CONF_WORKER_ID] == "new"
    [poll] = listeners
    for id_, name, identity, stored in (
        (ID, "one", seen(ID, "not looked at"), (ID, "new")),
        (ID, "two", seen(ID, "newer"), (ID, "newer")),
        (None, "two", seen(ID, "newest"), (ID, "newest")),
        (None, "two", seen(ID, "not looked at"), (ID, "newest")),
    ):
        vars(summary).update(id=id_, worker_id=name, identity=identity)
        poll()
        assert (entry.data[CONF_MINER_ID], entry.data[CONF_WORKER_ID]) == stored


def test_a_miner_that_never_answered(bench: Bench) -> None:
    """Any may be there that no other entry is for, but no proxy."""
    bench.first.data |= {CONF_MINER_ID: None, CONF_WORKER_ID: None}
    assert bench.expects(seen("0123456789abcdef", "stranger"))
    assert not bench.expects(seen("0123456789abcdef", "stranger", Kind.PROXY))
    assert not bench.expects(seen(OTHER_ID, "two"))
    # One without anything that identifies it
    assert bench.expects(seen(None, None))


def test_a_twin(bench: Bench) -> None:
    """The name decides which of the entries with the same ID it is for."""
    assert bench.expects(seen(ID, "two"))
    bench.second.data[CONF_MINER_ID] = ID
    assert bench.expects(seen(ID, "one"))
    assert not bench.expects(seen(ID, "two"))
    hass = cast(Any, bench.hass)
    found = addresses.entries_of(hass, seen(ID, "two"), besides=bench.proxy)
    assert found == [bench.second]


# --- Addresses ----------------------------------------------------------------


def test_an_address_that_another_entry_has(bench: Bench) -> None:
    """Of a miner or a proxy, by host, port and path."""
    hass = cast(Any, bench.hass)

    def entry_at(host: str, port: int = 8080, path: str | None = None) -> Any:
        data = {CONF_HOST: host, CONF_PORT: port} | ({CONF_PATH: path} if path else {})
        return addresses.entry_at(hass, data, besides=bench.first)

    assert entry_at("rig-2.example") is bench.second
    assert entry_at("rig-3.example") is bench.proxy
    assert entry_at("rig-1.example") is None
    assert entry_at("rig-2.example", 8081) is None
    assert entry_at("rig-2.example", path="/rig") is None
    bench.second.data[CONF_PATH] = "/rig"
    assert entry_at("rig-2.example", path="/rig") is bench.second
    assert addresses.entry_at(hass, bench.first.data, besides=None) is bench.first


@pytest.mark.parametrize(
    ("host", "path", "text", "enter"),
    [
        ("rig", None, "rig:8080", "rig"),
        ("rig", "/one", "rig:8080/one", "rig/one"),
        ("fd00::1", None, "[fd00::1]:8080", "fd00::1"),
        ("fd00::1", "/one", "[fd00::1]:8080/one", "[fd00::1]/one"),
    ],
)
def test_texts(host: str, path: str | None, text: str, enter: str) -> None:
    """What is shown of an address, and what would be entered for it."""
    data = {CONF_HOST: host, CONF_PORT: 8080} | ({CONF_PATH: path} if path else {})
    assert addresses.address(data) == text
    assert addresses.host_to_enter(data) == enter
    rest = {CONF_PORT: 8080, CONF_SSL: False, CONF_VERIFICATION: "authority"}
    for entered in (enter, text):
        parsed = addresses.parse_address(rest | {CONF_HOST: entered, CONF_PORT: 8080})
        assert parsed == rest | data


@pytest.mark.parametrize(
    ("text", "host", "port", "ssl", "path"),
    [
        (" rig\t", "rig", 1, None, None),
        ("rig:8080", "rig", 8080, None, None),
        ("http://rig", "rig", 1, False, None),
        ("HTTPS://rig:8080", "rig", 8080, True, None),
        ("http://rig/one/", "rig", 1, False, "/one"),
        ("rig//2/summary/", "rig", 1, None, None),
        ("rig/one/2/config", "rig", 1, None, "/one"),
        ("rig/one/json_rpc/", "rig", 1, None, "/one"),
        ("rig/api.json/one", "rig", 1, None, "/api.json/one"),
        ("rig/X", "rig", 1, None, "/X"),
    ],
)
@pytest.mark.parametrize("entered_ssl", [True, False])
def test_an_address_is_taken_apart(
    text: str, host: str, port: int, ssl: Any, path: str | None, *, entered_ssl: bool
) -> None:
    """What it says itself takes precedence; the path of an endpoint is left out."""
    entered = {CONF_HOST: text, CONF_PORT: 1.0, CONF_SSL: entered_ssl}
    parsed = addresses.parse_address(entered | {CONF_VERIFICATION: "none"})
    assert parsed == {
        CONF_HOST: host,
        CONF_PORT: port,
        CONF_SSL: entered_ssl if ssl is None else ssl,
        CONF_VERIFICATION: "none",
    } | ({CONF_PATH: path} if path else {})
    assert isinstance(parsed[CONF_PORT], int)


@pytest.mark.parametrize(
    "text", ["", " ", "/path", "ftp://rig", "<b>rig</b>", "[::1", "rig:0"]
)
def test_what_is_no_address(text: str) -> None:
    """It has no valid host or port, or is of another protocol."""
    entered = {CONF_HOST: text, CONF_PORT: 1, CONF_SSL: False}
    with pytest.raises(ValueError, match=r"."):
        addresses.parse_address(entered | {CONF_VERIFICATION: "none"})


@pytest.mark.parametrize(
    ("text", "has_login"),
    [
        (" rig:8080", False),
        ("http://user@rig", True),
        ("user:password@rig", True),
        (" https://:password@rig/one", True),
    ],
)
def test_an_address_with_a_login(text: str, *, has_login: bool) -> None:
    """A user name or a password is enough."""
    assert addresses.has_login(text) is has_login


PLACE = {CONF_HOST: "rig", CONF_PORT: 1, CONF_PATH: "/one"}
TLS = {CONF_SSL: True, CONF_VERIFICATION: "certificate", CONF_FINGERPRINT: "f"}


def test_the_data_of_a_connection() -> None:
    """All of it but the token, which nothing needs that is only told the address."""
    identity = {CONF_MINER_ID: ID, CONF_ACCESS_TOKEN: "secret"}
    assert addresses.address_data(PLACE | TLS | identity) == PLACE | TLS
    assert addresses.address_data({CONF_HOST: "rig"}) == {CONF_HOST: "rig"}


@pytest.mark.parametrize("moves_pin", [True, False])
@pytest.mark.parametrize("own_pin", [True, False])
@pytest.mark.parametrize("other_pin", [True, False])
def test_the_address_of_another_entry(
    *, own_pin: bool, other_pin: bool, moves_pin: bool
) -> None:
    """The token stays, and so does a pin; two pins move only if that is asked for."""
    open_tls = {CONF_SSL: False, CONF_VERIFICATION: "none"}
    own_tls = TLS if own_pin else open_tls
    other_tls = TLS | {CONF_FINGERPRINT: "o"} if other_pin else open_tls
    token = {CONF_ACCESS_TOKEN: "secret"}
    data = PLACE | token | own_tls
    other = {CONF_HOST: "other", CONF_PORT: 2, CONF_ACCESS_TOKEN: "other"} | other_tls
    moves_tls = (own_pin and other_pin and moves_pin) or not (own_pin or other_pin)
    moved = {CONF_HOST: "other", CONF_PORT: 2} | token
    moved |= other_tls if moves_tls else own_tls
    assert addresses.with_address_of(data, other, moves_pin=moves_pin) == moved
    if not moves_pin:
        assert addresses.with_address_of(data, other) == moved


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("token", ["secret", "", None])
def test_a_token_that_would_be_exposed(
    token: str | None, *, before: bool, after: bool
) -> None:
    """There is one, and it was only sent over TLS."""
    new = {CONF_SSL: after, CONF_ACCESS_TOKEN: token}
    exposes = addresses.exposes_token({CONF_SSL: before}, new)
    assert exposes is (before and not after and token == "secret")
