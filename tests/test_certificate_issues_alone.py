"""The repairs about certificates, without Home Assistant and miners."""

from collections.abc import Iterator
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.issue_registry import IssueSeverity
import pytest

from custom_components.xmrig_miner import certificate_issues as module
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigCertificateChangedError,
    XmrigConnectionError,
    XmrigPlainHttpError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.certificate_issues import CertificateFlow
from custom_components.xmrig_miner.certificates import fingerprint_text, pinned
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_VERIFICATION,
    DOMAIN,
)

from .stand_ins import Entry, Hass, Issues


def fingerprint(name: str) -> str:
    """Return the SHA-256 of a certificate, which is its name here."""
    return sha256(name.encode()).hexdigest()


class Bench:
    """Three miners, each with a pinned certificate, and the dialog of the first one."""

    def __init__(self) -> None:
        """Start with the certificates that are pinned."""
        self.entries = [Entry(f"rig-{number}") for number in (1, 2, 3)]
        self.shown: dict[str, str] = {}
        """The certificates by host."""
        for number, entry in enumerate(self.entries, 1):
            host = f"192.0.2.{number}"
            self.shown[host] = f"certificate {number}"
            entry.data |= {
                CONF_HOST: host,
                CONF_PORT: 8080,
                CONF_SSL: True,
                CONF_ACCESS_TOKEN: f"token {number}",
            } | pinned(fingerprint(self.shown[host]))
        self.first, self.second, self.third = self.entries
        self.hass = Hass(*self.entries)
        self.calls = self.hass.calls
        self.on_read: dict[str, Any] = {}
        """What happens while a certificate is read, by host."""
        self.issues = Issues()
        entries: Any = self.hass.config_entries
        entries.async_update_entry = self._update
        entries.async_schedule_reload = lambda id_: self.calls.append(("reload", id_))
        entries.flow = SimpleNamespace(
            async_init=self._open, async_get=lambda flow_id: {"context": {}}
        )
        entries.async_get_known_entry = entries.async_get_entry
        self.flow: Any = CertificateFlow("rig-1")
        self.flow.hass = cast(Any, self.hass)
        self.flow.context = {"issue_id": "certificate_changed_rig-1"}

    def client(self, hass: Any, data: Any) -> Any:
        """Return the client of a config entry."""
        assert hass is self.hass

        async def read() -> bytes:
            if happens := self.on_read.pop(data[CONF_HOST], None):
                happens()
            if data[CONF_HOST] not in self.shown:
                raise XmrigConnectionError("no route")
            return self.shown[data[CONF_HOST]].encode()

        return SimpleNamespace(certificate=read)

    def identify(self, hass: Any, entry: Entry, found: MinerIdentity | None) -> None:
        """Update the issue for another miner."""
        assert hass is self.hass
        self.calls.append((entry.entry_id, found))

    def _update(self, entry: Entry, *, data: Any, unique_id: None = None) -> None:
        assert unique_id is None
        entry.data = data

    async def _open(self, domain: str, *, context: Any) -> Any:
        self.calls.append((domain, context))
        return {"flow_id": "form"}

    def update(self, error: Any) -> set[str]:
        """Return the issues after a poll."""
        hass, entry = cast(Any, (self.hass, self.first))
        module.async_update_connection_issues(hass, entry, error)
        return {id_.removesuffix("_rig-1") for id_ in self.issues}

    def swap(self) -> None:
        """Let the first two miners swap their addresses."""
        self.shown |= {"192.0.2.1": "certificate 2", "192.0.2.2": "certificate 1"}

    def suggest(self) -> None:
        """Open the dialog of a certificate that is not verified."""
        del self.first.data[CONF_FINGERPRINT]
        self.first.data[CONF_VERIFICATION] = "none"
        self.flow.context = {"issue_id": "unverified_rig-1"}

    async def step(self, name: str = "init") -> Any:
        """Return the next step."""
        return await getattr(self.flow, f"async_step_{name}")()

    @property
    def pinned(self) -> list[str | None]:
        """Return which certificates are pinned."""
        return [entry.data.get(CONF_FINGERPRINT) for entry in self.entries]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the miners."""
    bench = Bench()
    with (
        bench.issues.in_use(),
        patch.object(module, "async_create_client", bench.client),
        patch.object(module, "async_update_identity_issue", bench.identify),
    ):
        yield bench


OTHER = MinerIdentity(id="0123456789abcdef", worker_id="other")
FACTS = {
    "name": "Title of rig-1",
    "address": "192.0.2.1:8080",
    "valid_from": "–",
    "valid_until": "–",
}


def shown(name: str) -> dict[str, str]:
    """Return what the dialog shows of a new certificate."""
    return FACTS | {
        "found": fingerprint_text(fingerprint(name)),
        "expected": fingerprint_text(fingerprint("certificate 1")),
    }


# --- Which issues there are ---------------------------------------------------


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (XmrigCertificateChangedError("?"), "certificate_changed"),
        (XmrigPlainHttpError("?"), "plain_http"),
    ],
)
def test_issues(bench: Bench, error: Any, key: str) -> None:
    """They stay until the miner responds, and say which one it is."""
    assert bench.update(error) == {key}
    [issue] = bench.issues.values()
    assert issue["translation_key"] == key
    assert issue["translation_placeholders"] == {
        "name": "Title of rig-1",
        "address": "192.0.2.1:8080",
    }
    assert issue["is_fixable"] is (key == "certificate_changed")
    assert issue["severity"] is IssueSeverity.ERROR
    assert issue["is_persistent"] is False
    assert bench.update(XmrigConnectionError("no route")) == {key}
    is_plain = key == "plain_http"
    changed = XmrigCertificateChangedError if is_plain else XmrigPlainHttpError
    [other] = bench.update(changed("?"))
    assert other != key
    # Whatever else it responds, it does so over TLS
    assert bench.update(XmrigAuthenticationError("?")) == set()
    bench.update(error)
    assert bench.calls == []
    assert bench.update(XmrigAnotherMinerError("?", OTHER)) == set()
    assert bench.calls == [("rig-1", OTHER)]
    bench.update(error)
    assert bench.update(None) == set()
    assert bench.calls[1:] == [("rig-1", None)]


def test_a_poll_that_ends_after_its_entry(bench: Bench) -> None:
    """It changes no issue."""
    bench.first.state = ConfigEntryState.NOT_LOADED
    assert bench.update(XmrigPlainHttpError("?")) == set()


# --- The dialog ---------------------------------------------------------------


async def test_a_new_certificate(bench: Bench) -> None:
    """It is pinned once the user has seen it."""
    bench.shown["192.0.2.1"] = "new"
    menu = await bench.step()
    assert (menu["type"], menu["step_id"]) == ("menu", "changed")
    assert menu["menu_options"] == ["accept", "address"]
    assert menu["description_placeholders"] == shown("new")
    before = dict(bench.first.data)
    end = await bench.step("accept")
    assert (end["type"], end["data"]) == ("create_entry", {})
    assert bench.first.data == before | pinned(fingerprint("new"))
    assert bench.calls == [("reload", "rig-1")]


async def test_a_certificate_that_was_not_verified(bench: Bench) -> None:
    """It is pinned, and no other miner is asked."""
    bench.suggest()
    menu = await bench.step()
    assert (menu["type"], menu["step_id"]) == ("menu", "unverified")
    assert menu["menu_options"] == ["accept", "address"]
    found = fingerprint_text(fingerprint("certificate 1"))
    assert menu["description_placeholders"] == FACTS | {"found": found}
    assert (await bench.step("accept"))["type"] == "create_entry"
    assert bench.first.data[CONF_VERIFICATION] == "certificate"
    assert bench.pinned[0] == fingerprint("certificate 1")


@pytest.mark.parametrize("case", ["shown again", "pinned", "unpinned"])
async def test_it_was_resolved(bench: Bench, case: str) -> None:
    """The entry is loaded again, so that its issues are renewed."""
    if case == "pinned":
        bench.shown["192.0.2.1"] = "new"
        bench.flow.context = {"issue_id": "unverified_rig-1"}
    elif case == "unpinned":
        del bench.first.data[CONF_FINGERPRINT]
    before = dict(bench.first.data)
    end = await bench.step()
    assert (end["type"], end["reason"]) == ("abort", "resolved")
    assert bench.first.data == before
    assert bench.calls == [("reload", "rig-1")]


async def test_no_certificate_is_shown(bench: Bench) -> None:
    """Nothing can be accepted."""
    del bench.shown["192.0.2.1"]
    end = await bench.step()
    assert (end["type"], end["reason"]) == ("abort", "cannot_check")
    assert end["description_placeholders"] == {
        "name": "Title of rig-1",
        "address": "192.0.2.1:8080",
    }


@pytest.mark.parametrize("step", ["accept", "swap"])
@pytest.mark.parametrize("how", ["removed", "disabled", "changed"])
async def test_the_entry_changes_while_the_dialog_is_open(
    bench: Bench, how: str, step: str
) -> None:
    """What was shown is not that of another address."""
    if step == "swap":
        bench.swap()
    else:
        bench.shown["192.0.2.1"] = "new"
    await bench.step()
    if how == "changed":
        bench.first.data = bench.first.data | {CONF_HOST: "192.0.2.9"}
        bench.shown["192.0.2.9"] = "newer"
        menu = await bench.step(step)
        assert menu["step_id"] == "changed"
        assert menu["description_placeholders"] == shown("newer") | {
            "address": "192.0.2.9:8080"
        }
    else:
        leave(bench, how)
        with pytest.raises(AbortFlow, match="entry_removed"):
            await bench.step(step)
    assert bench.pinned[0] == fingerprint("certificate 1")
    assert bench.calls == []


def leave(bench: Bench, how: str) -> None:
    """Remove or disable the entry."""
    if how == "removed":
        bench.hass.entries.remove(bench.first)
    else:
        bench.first.disabled_by = "user"


@pytest.mark.parametrize("host", [None, "192.0.2.1", "192.0.2.2"])
@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_the_entry_is_gone(bench: Bench, how: str, host: str | None) -> None:
    """Before the certificates are read, or while they are."""
    bench.swap()
    if host:
        bench.on_read[host] = lambda: leave(bench, how)
    else:
        leave(bench, how)
    with pytest.raises(AbortFlow, match="entry_removed"):
        await bench.step()


async def test_the_entry_changes_while_the_certificate_is_read(bench: Bench) -> None:
    """That of the new address is read then."""

    def move() -> None:
        bench.first.data = bench.first.data | {CONF_HOST: "192.0.2.9"}

    bench.shown |= {"192.0.2.1": "new", "192.0.2.9": "newer"}
    bench.on_read["192.0.2.1"] = move
    menu = await bench.step()
    assert menu["description_placeholders"]["address"] == "192.0.2.9:8080"
    assert (await bench.step("accept"))["type"] == "create_entry"
    assert bench.pinned[0] == fingerprint("newer")


# --- Swapped addresses --------------------------------------------------------


@pytest.mark.parametrize("is_second_away", [True, False])
async def test_swapped(bench: Bench, *, is_second_away: bool) -> None:
    """Each keeps its certificate and its token; the other one may be off."""
    bench.swap()
    if is_second_away:
        del bench.shown["192.0.2.2"]
    menu = await bench.step()
    assert (menu["type"], menu["step_id"]) == ("menu", "of_other")
    assert menu["menu_options"] == ["swap", "address"]
    other = {"other": "Title of rig-2"}
    assert menu["description_placeholders"] == shown("certificate 2") | other
    before = bench.pinned
    end = await bench.step("swap")
    assert (end["type"], end["data"]) == ("create_entry", {})
    hosts = [entry.data[CONF_HOST] for entry in bench.entries]
    assert hosts == ["192.0.2.2", "192.0.2.1", "192.0.2.3"]
    tokens = [entry.data[CONF_ACCESS_TOKEN] for entry in bench.entries]
    assert tokens == ["token 1", "token 2", "token 3"]
    assert bench.pinned == before
    assert bench.calls == [("reload", "rig-1"), ("reload", "rig-2")]


async def test_a_shared_certificate(bench: Bench) -> None:
    """One that is shown where it belongs, too, tells nothing about addresses."""
    bench.shown["192.0.2.1"] = "certificate 2"
    menu = await bench.step()
    assert menu["step_id"] == "changed"
    # Of two that share it, the one that no longer shows it has moved
    bench.third.data |= pinned(fingerprint("certificate 2"))
    menu = await bench.step()
    assert menu["step_id"] == "of_other"
    assert menu["description_placeholders"]["other"] == "Title of rig-3"


@pytest.mark.parametrize("how", ["removed", "changed"])
async def test_the_other_entry_changes_meanwhile(bench: Bench, how: str) -> None:
    """Nothing is swapped with what was not shown."""
    bench.swap()
    await bench.step()
    if how == "removed":
        bench.hass.entries.remove(bench.second)
    else:
        bench.second.data = bench.second.data | {CONF_PORT: 8081}
    menu = await bench.step("swap")
    assert menu["step_id"] == ("changed" if how == "removed" else "of_other")
    assert bench.first.data[CONF_HOST] == "192.0.2.1"
    assert bench.calls == []


# --- The form -----------------------------------------------------------------


async def test_the_form_of_the_address(bench: Bench) -> None:
    """It opens next."""
    bench.shown["192.0.2.1"] = "new"
    await bench.step()
    end = await bench.step("address")
    assert (end["type"], end["reason"]) == ("abort", "reconfigure")
    assert end["next_flow"] == (FlowType.CONFIG_FLOW, "form")
    assert bench.calls == [(DOMAIN, {"source": "reconfigure", "entry_id": "rig-1"})]
    leave(bench, "removed")
    end = await bench.step("address")
    assert (end["type"], end["reason"]) == ("abort", "entry_removed")


@pytest.mark.parametrize("step", ["changed", "of_other", "unverified"])
async def test_each_menu_can_be_shown_again(bench: Bench, step: str) -> None:
    """As Home Assistant does when the dialog is opened again."""
    bench.shown["192.0.2.1"] = "new"
    assert (await bench.step(step))["step_id"] == "changed"
