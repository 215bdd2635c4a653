"""The repair issues, without Home Assistant and miners."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_SSL
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner import repairs
from custom_components.xmrig_miner.another_miner import AnotherMinerFlow
from custom_components.xmrig_miner.certificate_issues import CertificateFlow
from custom_components.xmrig_miner.certificates import Verification
from custom_components.xmrig_miner.const import (
    CONF_READ_ONLY,
    CONF_VERIFICATION,
    DOMAIN,
    MAX_NO_POOL,
    MAX_REJECT_RATE,
)
from custom_components.xmrig_miner.coordinator import XmrigCoordinator
from custom_components.xmrig_miner.fleet.automation_issue import AutomationsFlow
from custom_components.xmrig_miner.payout_issue import PayoutChangedFlow
from custom_components.xmrig_miner.proxy.coordinator import ProxyCoordinator
from custom_components.xmrig_miner.repairs import SourcesFlow, UnreadableFlow

from .stand_ins import Entry, Hass

type Issues = dict[str, dict[str, str]]


class Bench:
    """A miner or a proxy without issues."""

    def __init__(self) -> None:
        """Start with a miner."""
        self.entry = Entry("rig-1")
        self.entry.data |= {CONF_SSL: False, CONF_VERIFICATION: "authority"}
        self.hass = Hass(self.entry)
        self.calls = self.hass.calls
        self.raised: Issues = {}
        """The placeholders of the issues of the last poll."""
        self.fixable: set[str] = set()
        self.deleted: set[str] = set()
        self.listeners: list[Any] = []
        self.changed: dict[str, str] | None = None
        """Pools that are new."""
        self.overwritten: set[str] = set()
        """Configs that another program wrote."""
        self.lacks_huge_pages = self.is_outdated = False
        self.issues: set[str] = set()
        """What the registry has."""
        entries = cast(Any, self.hass.config_entries)
        entries.async_update_entry = self._update
        self.coordinator = self.make(XmrigCoordinator)

    def make(self, kind: Any, **details: Any) -> Any:
        """Return a coordinator."""
        coordinator = object.__new__(kind)
        values: dict[str, Any] = {
            "hass": self.hass,
            "config_entry": self.entry,
            "name": "rig-one",
            "last_update_success": True,
            "data": SimpleNamespace(
                summary=SimpleNamespace(restricted=False, version="6.21.0", miners=2),
                restricted=False,
                config="config",
                workers=None,
            ),
            "process": SimpleNamespace(
                is_change_lost=False,
                is_overwritten=lambda config: config in self.overwritten,
            ),
            "health": SimpleNamespace(reject_rate=None),
            "_reader": SimpleNamespace(keeps_config=True),
            "idle_for": lambda: 0.0,
            "no_pool_for": lambda: 0.0,
            "async_add_listener": self._listen,
        }
        vars(coordinator).update(values | details)
        return coordinator

    def _listen(self, listener: Any) -> str:
        self.listeners.append(listener)
        return "stop listening"

    def _update(self, entry: Entry, *, data: Any) -> None:
        entry.data = data
        self.calls.append("updated")

    def update(self, coordinator: Any = None) -> Issues:
        """Return the issues after a poll."""
        self.raised, self.deleted = {}, set()
        repairs.async_update_issues(coordinator or self.coordinator)
        both = {*self.raised, *self.deleted}
        assert not both or both == set(repairs.ISSUES)
        assert not self.raised.keys() & self.deleted
        return self.raised

    def raise_issue(
        self, hass: Any, key: str, entry: Any, facts: Any, *, is_fixable: bool
    ) -> None:
        """Raise an issue."""
        assert (hass, entry) == (self.hass, self.entry)
        self.raised[key] = facts
        if is_fixable:
            self.fixable.add(key)

    def delete(self, hass: Any, domain: str, issue_id: str) -> None:
        """Delete an issue."""
        assert (hass, domain) == (self.hass, DOMAIN)
        key, _, entry_id = issue_id.rpartition("_")
        assert entry_id == "rig-1"
        self.deleted.add(key)

    def pools(self, coordinator: Any, config: Any) -> Any:
        """Return the pools that are new."""
        assert (coordinator.hass, config) == (self.hass, "config")
        return self.changed

    def registry(self, hass: Any) -> Any:
        """Return the registry of issues."""
        assert hass is self.hass

        def find(domain: str, issue_id: str) -> Any:
            assert domain == DOMAIN
            return issue_id if issue_id in self.issues else None

        return SimpleNamespace(async_get_issue=find)

    async def reconfigure(self, flow: Any, entry_id: str) -> Any:
        """Open the form of an entry."""
        return ("form", flow, entry_id)

    def note(self, name: str) -> Any:
        """Return a function that notes its calls."""

        def call(hass: Any, *arguments: Any, **details: Any) -> None:
            assert hass is self.hass
            self.calls.append((name, *arguments, *details.items()))

        return call


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a miner."""
    bench = Bench()
    stand_ins: list[tuple[Any, str, Any]] = [
        (repairs, "async_raise_issue", bench.raise_issue),
        (repairs, "changed_pools", bench.pools),
        (repairs, "lacks_huge_pages", lambda data: bench.lacks_huge_pages and data),
        (repairs, "is_outdated", lambda data: bench.is_outdated and data),
        (repairs, "async_reconfigure", bench.reconfigure),
        (repairs, "async_delete_identity_issue", bench.note("identity")),
        (repairs, "async_delete_unless_ignored", bench.note("delete")),
        (ir, "async_delete_issue", bench.delete),
        (ir, "async_get", bench.registry),
    ]
    with ExitStack() as stack:
        for module, name, stand_in in stand_ins:
            stack.enter_context(patch.object(module, name, stand_in))
        yield bench


NAME = {"name": "rig-one"}


# --- When they are updated ----------------------------------------------------


def test_they_follow_the_polls(bench: Bench) -> None:
    """The first one at once, until the entry is unloaded."""
    bench.coordinator.data.restricted = True
    repairs.async_follow_issues(bench.coordinator)
    assert bench.raised == {"read_only": NAME}
    assert bench.entry.unloading == ["stop listening"]
    [update] = bench.listeners
    bench.raised.clear()
    update()
    assert bench.raised == {"read_only": NAME}


@pytest.mark.parametrize("state", list(ConfigEntryState))
@pytest.mark.parametrize("is_online", [True, False])
def test_a_poll_that_does_not_count(
    bench: Bench, state: ConfigEntryState, *, is_online: bool
) -> None:
    """One that failed, or that ends after its entry."""
    bench.coordinator.data.restricted = True
    bench.coordinator.last_update_success = is_online
    bench.entry.state = state
    counts = is_online and state.value in ("loaded", "setup_in_progress")
    assert bool(bench.update()) is counts
    assert bool(bench.deleted) is counts


# --- Which there are ----------------------------------------------------------


def test_a_healthy_miner(bench: Bench) -> None:
    """It has none."""
    assert bench.update() == {}
    assert len(bench.deleted) == len(repairs.ISSUES)


@pytest.mark.parametrize("ssl", [True, False])
@pytest.mark.parametrize("verification", list(Verification))
def test_a_certificate_that_is_not_verified(
    bench: Bench, verification: Verification, *, ssl: bool
) -> None:
    """It can be pinned."""
    bench.entry.data |= {CONF_SSL: ssl, CONF_VERIFICATION: verification.value}
    is_open = ssl and verification is Verification.NONE
    assert bench.update() == ({"unverified": NAME} if is_open else {})
    assert bench.fixable == ({"unverified"} if is_open else set())


@pytest.mark.parametrize("agreed", [None, False, True])
def test_a_read_only_miner(bench: Bench, *, agreed: bool | None) -> None:
    """Unless the user agreed to that."""
    if agreed is not None:
        bench.entry.data[CONF_READ_ONLY] = agreed
    data = bench.coordinator.data
    data.restricted = data.summary.restricted = True
    assert bench.update() == ({} if agreed else {"read_only": NAME})
    assert bench.fixable == set()
    # Unknown is no permission
    data.summary.restricted = None
    bench.update()
    assert bench.calls == []
    # What was agreed to ends with the next change
    data.restricted = data.summary.restricted = False
    kept = {key: value for key, value in bench.entry.data.items() if "only" not in key}
    assert bench.update() == {}
    assert bench.entry.data == kept
    assert bench.calls == (["updated"] if agreed is not None else [])


def test_a_change_that_was_lost(bench: Bench) -> None:
    """Another program writes the config, too."""
    bench.coordinator.process.is_change_lost = True
    assert bench.update() == {"change_lost": NAME}


@pytest.mark.parametrize("config", ["config", None])
@pytest.mark.parametrize("is_overwritten", [True, False])
@pytest.mark.parametrize("changed", [None, {}, {"a": "one", "b": "two"}])
def test_pools_that_changed(
    bench: Bench, changed: Any, *, config: str | None, is_overwritten: bool
) -> None:
    """Not while the config is about to be written again."""
    bench.coordinator.data.config = config
    bench.changed = changed
    if is_overwritten:
        bench.overwritten = {"config"}
    if changed is None or config is None or is_overwritten:
        assert bench.update() == {}
        return
    pools = ", ".join(changed.values())
    assert bench.update() == {"payout_changed": NAME | {"pools": pools}}
    assert bench.fixable == {"payout_changed"}


def test_issues_of_miners(bench: Bench) -> None:
    """Of the health of what is mined, and of what the miner keeps."""
    bench.lacks_huge_pages = bench.is_outdated = True
    coordinator = bench.coordinator
    coordinator._reader.keeps_config = False  # noqa: SLF001
    coordinator.idle_for = lambda: 600.0
    coordinator.health.reject_rate = 5.6
    assert bench.update() == {
        "no_huge_pages": NAME,
        "outdated": NAME | {"version": "6.21.0"},
        "config_not_kept": NAME,
        "zero_hashrate": NAME | {"minutes": "10"},
        "shares_rejected": NAME | {"rate": "6"},
    }
    assert bench.fixable == set()
    coordinator._reader.keeps_config = None  # noqa: SLF001
    coordinator.idle_for = lambda: 599.9
    coordinator.health.reject_rate = MAX_REJECT_RATE
    bench.lacks_huge_pages = bench.is_outdated = False
    assert bench.update() == {}
    # Those of a proxy do not apply
    coordinator.no_pool_for = lambda: 10_000.0
    assert bench.update() == {}


def miner(name: str, host: str, state: Any = ConfigEntryState.LOADED) -> Any:
    """Return the config entry of a miner."""
    entry = Entry(name)
    entry.title = name
    entry.state = state
    entry.data[CONF_HOST] = host
    summary = SimpleNamespace(name=name)
    if state is ConfigEntryState.LOADED:
        data = SimpleNamespace(summary=summary)
        entry.runtime_data.coordinator = SimpleNamespace(data=data)
    return entry


def test_a_proxy_without_a_pool(bench: Bench) -> None:
    """With the miners behind it; issues of miners do not apply."""
    proxy = bench.make(ProxyCoordinator, no_pool_for=lambda: MAX_NO_POOL - 0.1)
    proxy.idle_for = lambda: 10_000.0
    bench.lacks_huge_pages = True
    behind = NAME | {"count": "2", "miners": "-"}
    miners: list[str] = []

    def behind_of(coordinator: Any) -> list[str]:
        assert coordinator is proxy
        return miners

    with (
        patch.object(ProxyCoordinator, "lost_workers", []),
        patch.object(repairs, "miners_behind", behind_of),
    ):
        assert bench.update(proxy) == {}
        proxy.no_pool_for = lambda: MAX_NO_POOL
        assert bench.update(proxy) == {"proxy_no_pool": behind}
        miners += ["one", "two"]
        behind["miners"] = "one, two"
        assert bench.update(proxy) == {"proxy_no_pool": behind}
    assert bench.fixable == set()


def test_workers_of_a_proxy_that_are_called_otherwise(bench: Bench) -> None:
    """By the old and the new kind of their names."""
    lost = [
        SimpleNamespace(title="two", data={"named_by": "rig id"}),
        SimpleNamespace(title="one", data={"named_by": "password"}),
    ]
    proxy = bench.make(ProxyCoordinator, named_by="worker id")
    names = {"workers": "one, two", "before": "password, rig id", "now": "worker id"}
    with patch.object(ProxyCoordinator, "lost_workers", lost):
        assert bench.update(proxy) == {"workers_renamed": NAME | names}
        # It may have others at the same time
        proxy.data.restricted = True
        assert bench.update(proxy).keys() == {"workers_renamed", "read_only"}
    assert bench.fixable == set()


@pytest.mark.parametrize("online", [None, frozenset({"rig"})])
def test_miners_behind_a_proxy(bench: Bench, online: Any) -> None:
    """Those that are loaded, by their name."""
    bench.entry.data[CONF_HOST] = "192.0.2.9"
    bench.hass.entries = [
        miner("two", "192.0.2.2"),
        miner("off", "192.0.2.4", ConfigEntryState.SETUP_RETRY),
        miner("one", "192.0.2.1"),
        miner("elsewhere", "192.0.2.3"),
    ]
    proxy = bench.make(ProxyCoordinator)
    if online is not None:
        proxy.data.workers = SimpleNamespace(online=online)
    asked: list[Any] = []

    def place(**details: Any) -> Any:
        asked.append(details)

        def has_miner(host: str, summary: Any) -> bool:
            names = {"192.0.2.1": "one", "192.0.2.2": "two", "192.0.2.3": "elsewhere"}
            assert names[host] == summary.name
            return host != "192.0.2.3"

        return SimpleNamespace(has_miner=has_miner)

    with (
        patch.object(repairs, "ProxyPlace", place),
        patch.object(repairs, "ports_of", lambda config: f"ports of {config}"),
    ):
        assert repairs.miners_behind(proxy) == ["one", "two"]
    [details] = asked
    assert details == {
        "host": "192.0.2.9",
        "ports": "ports of config",
        "workers": online or frozenset(),
    }


@pytest.mark.parametrize("ignored", [True, False])
def test_all_are_deleted(bench: Bench, *, ignored: bool) -> None:
    """Once the entities are gone."""
    entry = cast(Any, bench.entry)
    repairs.async_delete_issues(cast(Any, bench.hass), entry, ignored=ignored)
    first, *others = bench.calls
    assert first == ("identity", entry, ("ignored", ignored))
    keys = {*repairs.ISSUES, "certificate_changed", "plain_http"}
    assert len(others) == len(keys)
    expected = {("delete", f"{key}_rig-1", ("ignored", ignored)) for key in keys}
    assert set(others) == expected


# --- Their dialogs ------------------------------------------------------------


@pytest.mark.parametrize(
    ("issue_id", "entry_id", "kind"),
    [
        ("payout_changed_rig-1", "rig-1", PayoutChangedFlow),
        ("another_miner_rig-1", "rig-1", AnotherMinerFlow),
        ("certificate_changed_rig-1", "rig-1", CertificateFlow),
        ("unverified_rig-1", "rig-1", CertificateFlow),
        ("no_grid_power_rig-1", "rig-1", SourcesFlow),
        ("sensors_missing_rig-1", "rig-1", SourcesFlow),
        ("stored_data_unreadable_rig-1", "rig-1", UnreadableFlow),
        ("automations_compete", None, AutomationsFlow),
    ],
)
async def test_each_dialog(
    bench: Bench, issue_id: str, entry_id: str | None, kind: Any
) -> None:
    """It is for the entry that the issue is about."""
    data = {"entry_id": entry_id} if entry_id else None
    hass = cast(Any, bench.hass)
    flow = await repairs.async_create_fix_flow(hass, issue_id, data)
    assert type(flow) is kind
    assert getattr(flow, "_entry_id", "rig-1") == "rig-1"


async def test_the_dialog_of_sensors(bench: Bench) -> None:
    """It leads to their form, unless they are back."""
    flow = SourcesFlow("rig-1")
    flow.hass = cast(Any, bench.hass)
    flow.context = {"issue_id": "sensors_missing_rig-1"}
    end: Any = await flow.async_step_confirm()
    assert (end["type"], end["reason"]) == ("abort", "resolved")
    bench.issues.add("sensors_missing_rig-1")
    with patch.object(ConfirmRepairFlow, "async_step_confirm", confirm):
        assert cast(Any, await flow.async_step_confirm()) == ("confirm", None)
    assert await flow.async_step_confirm({}) == cast(Any, ("form", flow, "rig-1"))


async def confirm(_: Any, user_input: Any = None) -> Any:
    """Stand in for the step that asks."""
    return "confirm", user_input


async def test_the_dialog_of_files(bench: Bench) -> None:
    """It ends by itself once they are removed."""
    flow = UnreadableFlow()
    flow.hass = cast(Any, bench.hass)
    flow.context = {"issue_id": "stored_data_unreadable_rig-1"}
    end: Any = await flow.async_step_confirm()
    assert (end["type"], end["data"]) == ("create_entry", {})
    bench.issues.add("stored_data_unreadable_rig-1")
    with patch.object(ConfirmRepairFlow, "async_step_confirm", confirm):
        assert cast(Any, await flow.async_step_confirm()) == ("confirm", None)
        assert cast(Any, await flow.async_step_confirm({})) == ("confirm", {})
