"""Which miner responds at an address, without Home Assistant and miners."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.data_entry_flow import AbortFlow
import pytest

from custom_components.xmrig_miner import another_miner as module
from custom_components.xmrig_miner.another_miner import AnotherMinerFlow
from custom_components.xmrig_miner.api.exceptions import XmrigConnectionError
from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
    DOMAIN,
)

from .stand_ins import Entry, Hass

IDS = ("1111111111111111", "2222222222222222", "3333333333333333")
STRANGER = MinerIdentity(id="0123456789abcdef", worker_id="stranger")


def miner(number: int) -> MinerIdentity:
    """Return the identity of a miner."""
    return MinerIdentity(id=IDS[number - 1], worker_id=f"rig-{number}")


class Bench:
    """Three miners, each at its own address."""

    def __init__(self) -> None:
        """Start with the first one opened in the dialog."""
        self.entries = [Entry(f"entry-{number}") for number in (1, 2, 3)]
        self.responding: dict[str, MinerIdentity | None] = {}
        """The miners that respond, by their host; None for replies without an ID."""
        for number, entry in enumerate(self.entries, 1):
            entry.title = f"rig-{number}"
            host = f"192.0.2.{number}"
            entry.data |= {
                CONF_HOST: host,
                CONF_PORT: 8080,
                CONF_SSL: False,
                CONF_VERIFICATION: "authority",
                CONF_ACCESS_TOKEN: f"token of {number}",
                CONF_MINER_ID: IDS[number - 1],
                CONF_WORKER_ID: f"rig-{number}",
            }
            self.responding[host] = miner(number)
        self.first, self.second, self.third = self.entries
        self.hass = Hass(*self.entries)
        self.calls = self.hass.calls
        self.on_ask: dict[str, Any] = {}
        """What happens while a miner is asked, by its host."""
        entries: Any = self.hass.config_entries
        entries.async_get_known_entry = entries.async_get_entry
        entries.async_update_entry = self._update
        entries.async_schedule_reload = lambda id_: self.calls.append(("reload", id_))
        entries.flow = SimpleNamespace(
            async_init=self._open, async_get=lambda flow_id: {"context": {}}
        )
        self.flow = AnotherMinerFlow("entry-1")
        self.flow.hass = cast(Any, self.hass)

    def swap(self) -> None:
        """Let the first two miners swap their addresses."""
        self.responding |= {"192.0.2.1": miner(2), "192.0.2.2": miner(1)}

    def client(self, hass: Any, data: Any) -> Any:
        """Return the client of a config entry."""
        assert hass is self.hass

        async def ask() -> Any:
            host = data[CONF_HOST]
            if host in self.on_ask:
                self.on_ask[host]()
            if host not in self.responding:
                raise XmrigConnectionError("no route")
            identity = self.responding[host]
            return SimpleNamespace(
                identity=identity or MinerIdentity(id=None, worker_id=None),
                lacks_identity=identity is None,
            )

        return SimpleNamespace(any_summary=ask)

    def _update(self, entry: Entry, *, data: Any, unique_id: None) -> None:
        assert unique_id is None
        entry.data = data

    async def _open(self, domain: str, *, context: Any) -> Any:
        self.calls.append((domain, *context.values()))
        return {"flow_id": "form"}

    def delete(self, hass: Any, entry: Entry, *, ignored: bool) -> None:
        """Delete the repair."""
        assert hass is self.hass
        self.calls.append(("delete", entry.entry_id, ignored))

    async def show(self) -> Any:
        """Open the dialog; return its menu."""
        return await self.flow.async_step_init()

    @property
    def hosts(self) -> list[Any]:
        """Return the hosts of the config entries."""
        return [entry.data[CONF_HOST].rpartition(".")[2] for entry in self.entries]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the miners."""
    bench = Bench()
    stand_ins = {
        "async_create_client": bench.client,
        "async_delete_identity_issue": bench.delete,
    }
    with ExitStack() as stack:
        for name, stand_in in stand_ins.items():
            stack.enter_context(patch.object(module, name, stand_in))
        yield bench


async def ended(step: Any) -> AbortFlow:
    """Return how a step ends the dialog."""
    with pytest.raises(AbortFlow) as end:
        await step
    return end.value


FACTS = {
    "name": "rig-1",
    "expected": f"rig-1 ({IDS[0]})",
    "address": "192.0.2.1:8080",
}


# --- The situation ------------------------------------------------------------


async def test_swapped(bench: Bench) -> None:
    """One click is enough."""
    bench.swap()
    menu = await bench.show()
    assert (menu["type"], menu["step_id"]) == ("menu", "swapped")
    assert menu["menu_options"] == ["swap", "address"]
    assert menu["description_placeholders"] == FACTS | {
        "found": f"rig-2 ({IDS[1]})",
        "other": "rig-2",
        "other_address": "192.0.2.2:8080",
    }
    end: Any = await bench.flow.async_step_swap()
    assert (end["type"], end["data"]) == ("create_entry", {})
    assert bench.hosts == ["2", "1", "3"]
    tokens = [entry.data[CONF_ACCESS_TOKEN] for entry in bench.entries]
    assert tokens == ["token of 1", "token of 2", "token of 3"]
    assert bench.calls == [("reload", "entry-1"), ("reload", "entry-2")]


async def test_swapped_with_pinned_certificates(bench: Bench) -> None:
    """Each goes with its address: the miner that responds has shown it."""
    for entry in (bench.first, bench.second):
        entry.data[CONF_FINGERPRINT] = f"certificate at {entry.title}"
    bench.swap()
    await bench.show()
    await bench.flow.async_step_swap()
    assert bench.hosts == ["2", "1", "3"]
    assert bench.first.data[CONF_FINGERPRINT] == "certificate at rig-2"
    assert bench.second.data[CONF_FINGERPRINT] == "certificate at rig-1"


async def test_an_unknown_miner(bench: Bench) -> None:
    """It may be accepted."""
    bench.responding["192.0.2.1"] = STRANGER
    menu = await bench.show()
    assert menu["step_id"] == "unknown_miner"
    assert menu["menu_options"] == ["accept", "address"]
    found = "stranger (0123456789abcdef)"
    assert menu["description_placeholders"] == FACTS | {"found": found}
    end: Any = await bench.flow.async_step_accept()
    assert (end["type"], end["data"]) == ("create_entry", {})
    assert bench.first.data[CONF_MINER_ID] == STRANGER.id
    assert bench.first.data[CONF_WORKER_ID] == "stranger"
    assert bench.first.data[CONF_KIND] == "miner"
    assert bench.hosts == ["1", "2", "3"]
    assert bench.calls == [("reload", "entry-1")]


async def test_another_kind(bench: Bench) -> None:
    """A proxy is never accepted as a miner, even if it is that of another entry."""
    proxy = MinerIdentity(id="4444444444444444", worker_id="proxy", kind=Kind.PROXY)
    bench.responding["192.0.2.1"] = proxy
    for is_known in (False, True):
        if is_known:
            bench.third.data |= {
                CONF_KIND: "proxy",
                CONF_MINER_ID: proxy.id,
                CONF_WORKER_ID: "proxy",
            }
            # It answers at its own address, too
            bench.responding["192.0.2.3"] = proxy
        menu = await bench.show()
        assert menu["step_id"] == "another_kind"
        assert menu["menu_options"] == ["address"]
        found = "proxy (4444444444444444)"
        assert menu["description_placeholders"] == FACTS | {"found": found}
    del bench.responding["192.0.2.3"]
    assert (await bench.show())["step_id"] == "swapped"


async def test_a_twin(bench: Bench) -> None:
    """Its own address reaches it as well: swapping would not help."""
    bench.responding["192.0.2.1"] = miner(2)
    menu = await bench.show()
    assert menu["step_id"] == "twin"
    assert menu["menu_options"] == ["accept", "address"]
    assert menu["description_placeholders"] == FACTS | {
        "found": f"rig-2 ({IDS[1]})",
        "other": "rig-2",
        "other_address": "192.0.2.2:8080",
    }
    assert (await bench.flow.async_step_accept())["type"] == "create_entry"
    assert bench.first.data[CONF_MINER_ID] == IDS[1]


@pytest.mark.parametrize("reply", ["none", "without an ID", "another"])
async def test_the_other_miner_is_away(bench: Bench, reply: str) -> None:
    """Whatever is at its address, it is not there."""
    bench.responding["192.0.2.1"] = miner(2)
    match reply:
        case "none":
            del bench.responding["192.0.2.2"]
        case "without an ID":
            bench.responding["192.0.2.2"] = None
        case _:
            bench.responding["192.0.2.2"] = STRANGER
    assert (await bench.show())["step_id"] == "swapped"


async def test_one_of_two_twins_is_away(bench: Bench) -> None:
    """It is that one whose address is swapped."""
    bench.third.data |= {CONF_MINER_ID: IDS[1], CONF_WORKER_ID: "rig-2"}
    bench.responding |= {"192.0.2.1": miner(2), "192.0.2.3": miner(1)}
    menu = await bench.show()
    assert menu["step_id"] == "swapped"
    assert menu["description_placeholders"]["other"] == "rig-3"


async def test_twins_with_names_of_their_own(bench: Bench) -> None:
    """The name tells them apart."""
    bench.third.data[CONF_MINER_ID] = IDS[1]
    bench.responding |= {
        "192.0.2.1": miner(2),
        "192.0.2.2": MinerIdentity(id=IDS[1], worker_id="rig-3"),
    }
    menu = await bench.show()
    assert menu["step_id"] == "swapped"
    assert menu["description_placeholders"]["other"] == "rig-2"


async def test_a_miner_that_never_answered(bench: Bench) -> None:
    """Any may be there that no other entry is for, as after an import."""
    bench.first.data |= {CONF_MINER_ID: None, CONF_WORKER_ID: None}
    bench.responding["192.0.2.1"] = miner(2)
    assert (await bench.show())["step_id"] == "twin"
    bench.responding["192.0.2.1"] = STRANGER
    assert (await ended(bench.show())).reason == "resolved"


# --- Nothing to resolve -------------------------------------------------------


@pytest.mark.parametrize("state", list(ConfigEntryState))
async def test_it_is_right_again(bench: Bench, state: ConfigEntryState) -> None:
    """The repair goes; a set-up that is retried need not wait."""
    bench.first.state = state
    end = await ended(bench.show())
    assert end.reason == "resolved"
    retry = state is ConfigEntryState.SETUP_RETRY
    reloaded = [("reload", "entry-1")] if retry else []
    assert bench.calls == [("delete", "entry-1", True), *reloaded]


@pytest.mark.parametrize("is_answering", [True, False])
async def test_no_miner_responds(bench: Bench, *, is_answering: bool) -> None:
    """Or one that does not say who it is."""
    if is_answering:
        bench.responding["192.0.2.1"] = None
    else:
        del bench.responding["192.0.2.1"]
    end = await ended(bench.show())
    assert end.reason == "cannot_check"
    assert end.description_placeholders == {"address": "192.0.2.1:8080"}


@pytest.mark.parametrize("host", [None, "192.0.2.1", "192.0.2.2"])
@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_the_entry_is_gone(bench: Bench, how: str, host: str | None) -> None:
    """Before the miners are asked, or while they are."""

    def leave() -> None:
        if how == "removed":
            bench.hass.entries.remove(bench.first)
        else:
            bench.first.disabled_by = "user"
        bench.on_ask.clear()

    bench.swap()
    if host:
        bench.on_ask[host] = leave
    else:
        leave()
    assert (await ended(bench.show())).reason == "entry_removed"


async def test_the_other_entry_is_removed_while_its_miner_is_asked(
    bench: Bench,
) -> None:
    """Its miner is unknown then."""
    bench.swap()
    bench.on_ask["192.0.2.2"] = lambda: bench.hass.entries.remove(bench.second)
    assert (await bench.show())["step_id"] == "unknown_miner"


# --- What changed meanwhile ---------------------------------------------------


@pytest.mark.parametrize("choice", ["swap", "accept"])
async def test_another_situation_is_shown(bench: Bench, choice: str) -> None:
    """Before anything is stored."""
    before = [dict(entry.data) for entry in bench.entries]
    for found in (miner(3), STRANGER, miner(2)):
        bench.responding["192.0.2.1"] = found
        bench.responding["192.0.2.2"] = STRANGER
        bench.responding["192.0.2.3"] = STRANGER
        menu = await getattr(bench.flow, f"async_step_{choice}")()
        assert menu["type"] == "menu"
        assert menu["description_placeholders"]["found"] == found.label
    assert [entry.data for entry in bench.entries] == before
    assert bench.calls == []


@pytest.mark.parametrize("is_swapped", [True, False])
async def test_a_choice_that_was_not_offered(bench: Bench, *, is_swapped: bool) -> None:
    """It shows the menu again."""
    if is_swapped:
        bench.swap()
    else:
        bench.responding["192.0.2.1"] = STRANGER
    menu = await bench.show()
    step = bench.flow.async_step_accept if is_swapped else bench.flow.async_step_swap
    assert (await step())["step_id"] == menu["step_id"]
    assert bench.calls == []


# --- A token without TLS ------------------------------------------------------


@pytest.mark.parametrize("secure", [1, 2])
async def test_a_token_without_tls(bench: Bench, secure: int) -> None:
    """The user has to agree first that it is sent in clear."""
    bench.entries[secure - 1].data[CONF_SSL] = True
    bench.swap()
    await bench.show()
    menu: Any = await bench.flow.async_step_swap()
    assert (menu["type"], menu["step_id"]) == ("menu", "token_in_clear")
    assert menu["menu_options"] == ["swap", "address"]
    assert menu["description_placeholders"] == {"names": f"rig-{secure}"}
    assert bench.calls == []
    # Looking at the menu again is no answer
    await bench.show()
    assert (await bench.flow.async_step_swap())["step_id"] == "token_in_clear"
    end: Any = await bench.flow.async_step_swap()
    assert end["type"] == "create_entry"
    assert bench.hosts == ["2", "1", "3"]


async def test_a_second_token_without_tls(bench: Bench) -> None:
    """It needs an answer of its own."""
    bench.first.data[CONF_SSL] = True
    bench.swap()
    await bench.show()
    await bench.flow.async_step_swap()
    bench.first.data[CONF_SSL] = False
    bench.second.data[CONF_SSL] = True
    menu: Any = await bench.flow.async_step_swap()
    assert menu["description_placeholders"] == {"names": "rig-2"}


# --- The form -----------------------------------------------------------------


async def test_the_form_of_the_address(bench: Bench) -> None:
    """It opens next."""
    bench.swap()
    await bench.show()
    end: Any = await bench.flow.async_step_address()
    assert (end["type"], end["reason"]) == ("abort", "reconfigure")
    assert end["next_flow"] == (FlowType.CONFIG_FLOW, "form")
    assert bench.calls == [(DOMAIN, "reconfigure", "entry-1")]
    bench.hass.entries.clear()
    end = await bench.flow.async_step_address()
    assert end["reason"] == "entry_removed"


@pytest.mark.parametrize(
    "step", ["swapped", "twin", "unknown_miner", "another_kind", "token_in_clear"]
)
async def test_each_menu_can_be_shown_again(bench: Bench, step: str) -> None:
    """As Home Assistant does when the dialog is opened again."""
    bench.swap()
    menu = await getattr(bench.flow, f"async_step_{step}")()
    assert menu["step_id"] == "swapped"
