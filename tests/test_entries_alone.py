"""How config entries begin and end, without Home Assistant, miners and files."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import Platform
from homeassistant.core import CoreState
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner import miner_entry, proxy_entry
from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.fleet import entry as fleet_entry
from custom_components.xmrig_miner.fleet.runtime import FLEET
from custom_components.xmrig_miner.fleet.settings import FleetSettings

from .stand_ins import Entry, Hass


class Bench:
    """A miner, another one, the manager, and a proxy."""

    def __init__(self) -> None:
        """Start while Home Assistant is running."""
        self.miner = Entry("rig-1")
        self.other = Entry("rig-2")
        self.manager = Entry("manager", "manager")
        self.proxy = Entry("proxy", "proxy")
        self.proxy.subentries = {"chosen": "worker"}  # type: ignore[attr-defined]
        self.hass = Hass(self.miner, self.other, self.manager)
        self.calls = self.hass.calls
        self.errors: dict[str, Exception] = {}
        """The errors of calls, by their name."""
        self.unloaded = True
        self.restricted = False
        self.listeners: list[Any] = []
        hass = cast(Any, self.hass)
        hass.state = CoreState.running
        hass.config_entries.async_forward_entry_setups = self.later("forward")
        hass.config_entries.async_unload_platforms = self.later(
            "unload", returns=lambda: self.unloaded
        )
        self.created: dict[str, Any] = {}
        """What was given to what was created, by its name."""
        self.entities: dict[str, Any] = {}
        for entry in (*self.hass.entries, self.proxy):
            self._load(entry)

    def _load(self, entry: Entry) -> None:
        """Give a config entry its runtime data."""
        name = entry.entry_id
        entry.runtime_data = SimpleNamespace(
            coordinator=SimpleNamespace(
                data=SimpleNamespace(restricted=False),
                async_close=self.later(f"{name} closed"),
                async_add_listener=self._listen,
                async_refresh_once=self.later(f"{name} read again"),
                needs_workers=False,
                async_start=self.now(f"{name} starts"),
            ),
            power=SimpleNamespace(
                async_close=self.later(f"power of {name} closed"),
                calibration=SimpleNamespace(
                    async_close=self.later(f"calibration of {name} closed")
                ),
                async_release=self.now(f"{name} released"),
                limit=SimpleNamespace(async_set_managed=self.later(f"{name} managed")),
            ),
            async_close=self.later("manager closed"),
        )

    def _listen(self, listener: Any) -> str:
        self.listeners.append(listener)
        return "stop listening"

    def connect(self, hass: Any, signal: str, listener: Any) -> str:
        """Listen to changes of config entries."""
        assert hass is self.hass
        assert signal == SIGNAL_CONFIG_ENTRY_CHANGED
        return self._listen(listener)

    def now(
        self, name: str, *, returns: Any = lambda: None, takes_hass: bool = False
    ) -> Any:
        """Return a function that notes its calls."""

        def call(*arguments: Any, **details: Any) -> Any:
            if takes_hass:
                hass, *arguments = arguments  # type: ignore[assignment]
                assert hass is self.hass
            self.calls.append((name, *arguments, *details.items()))
            if name in self.errors:
                raise self.errors[name]
            return returns()

        return call

    def later(
        self, name: str, *, returns: Any = lambda: None, takes_hass: bool = False
    ) -> Any:
        """Return a coroutine function that notes its calls."""
        note = self.now(name, returns=returns, takes_hass=takes_hass)

        async def call(*arguments: Any, **details: Any) -> Any:
            return note(*arguments, **details)

        return call

    def make(self, name: str, **parts: Any) -> Any:
        """Return a class that keeps what it is created with."""

        def create(*arguments: Any, **details: Any) -> Any:
            self.created[name] = (arguments, details)
            return SimpleNamespace(name=name, **parts)

        return create

    def is_removable(self, snapshot: Any, key: str) -> bool:
        """Return whether a card is gone."""
        assert snapshot is self.miner.runtime_data.coordinator.data
        return key == "gone"

    def registry(self, hass: Any) -> Any:
        """Return the entity registry."""
        assert hass is self.hass
        return SimpleNamespace(
            entities=self.entities, async_remove=self.now("entity removed")
        )


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return config entries."""
    bench = Bench()
    make = bench.make
    now = partial(bench.now, takes_hass=True)
    later = partial(bench.later, takes_hass=True)
    stand_ins: dict[Any, dict[str, Any]] = {
        miner_entry: {
            "async_continue_import": later("import"),
            "async_create_client": now("client", returns=lambda: "client"),
            "async_wait_for_reply": bench.later("wait"),
            "async_load_state": later("load", returns=lambda: ("state", "save")),
            "is_expected_at": now("expected", returns=lambda: "expected"),
            "Miner": make("miner"),
            "XmrigCoordinator": make(
                "coordinator",
                async_config_entry_first_refresh=bench.later("refresh"),
                async_close=bench.later("closed"),
            ),
            "Commands": make("commands", run="run", limit_text=None),
            "PowerControl": make(
                "power",
                async_load=bench.later("load power"),
                async_start=bench.now("start power"),
                limit=SimpleNamespace(async_text="limited"),
            ),
            "async_follow_identity": now("identity"),
            "async_update_connection_issues": now("result"),
            "async_follow_issues": bench.now("follow issues"),
            "async_renew_units": later("units"),
            "async_offer_manager": later("offer"),
            "async_delete_issues": now("delete issues"),
            "async_return_entities": now("return entities"),
            "async_remove": later("remove files"),
            "is_removable": bench.is_removable,
        },
        proxy_entry: {
            "async_create_proxy_client": now("client", returns=lambda: "client"),
            "async_wait_for_reply": bench.later("wait"),
            "async_load_state": later("load", returns=lambda: ("state", "save")),
            "is_miner_of": now("expected", returns=lambda: "expected"),
            "Proxy": make("proxy"),
            "ProxyCoordinator": make(
                "coordinator",
                async_config_entry_first_refresh=bench.later("refresh"),
            ),
            "Commands": make("commands"),
            "async_follow_identity": now("identity"),
            "async_update_connection_issues": now("result"),
            "async_dispatcher_connect": bench.connect,
            "async_follow_issues": bench.now("follow issues"),
            "async_delete_issues": now("delete issues"),
            "async_remove": later("remove files"),
        },
        fleet_entry: {
            "manager_store": now("store", returns=lambda: "store"),
            "async_load": later("load", returns=lambda: "settings"),
            "EnergyAccount": make("account", async_load=bench.later("load account")),
            "async_follow_house": later("house", returns=lambda: "house"),
            "async_load_learned": later("learned", returns=lambda: "state"),
            "FleetCoordinator": make("coordinator"),
            "LearnedFile": make("learned"),
            "SourceIssues": make("sources", async_start=bench.now("source issues")),
            "SleepIssues": make("sleep", async_start=bench.now("sleep issues")),
            "async_delete_source_issues": now("delete issues"),
            "async_delete_sleep_issues": now("delete sleep issues"),
            "async_remove": later("remove files"),
        },
        er: {"async_get": bench.registry},
    }
    with ExitStack() as stack:
        for module, names in stand_ins.items():
            for name, stand_in in names.items():
                stack.enter_context(patch.object(module, name, stand_in))
        yield bench


def names(calls: list[Any]) -> list[str]:
    """Return the names of calls."""
    return [call[0] for call in calls]


# --- A miner ------------------------------------------------------------------


async def created(bench: Bench) -> Any:
    """Return the runtime data of the miner."""
    entry = cast(Any, bench.miner)
    return await miner_entry.async_create_miner(cast(Any, bench.hass), entry)


@pytest.mark.parametrize("state", list(CoreState))
async def test_a_miner_is_set_up(bench: Bench, state: CoreState) -> None:
    """Its import goes on first; at the start of Home Assistant, it does not wait long."""
    cast(Any, bench.hass).state = state
    runtime = await created(bench)
    entry = bench.miner
    waited = [] if state is CoreState.running else [("wait", entry, "client")]
    assert bench.calls == [
        ("import", entry),
        ("client", entry.data),
        *waited,
        ("load", entry),
        ("load power", ("has_manager", True)),
        ("refresh",),
        ("identity", entry, runtime.coordinator),
        ("start power",),
    ]
    (client, *stored), details = bench.created["miner"]
    assert (client, stored) == ("client", ["state", "save"])
    assert details.keys() == {"is_expected"}
    summary = SimpleNamespace(identity="other")
    assert details["is_expected"](summary) == "expected"
    assert bench.calls[-1] == ("expected", entry, "other")
    (hass, entry_, miner, on_result), _ = bench.created["coordinator"]
    assert (hass, entry_, miner.name) == (bench.hass, entry, "miner")
    on_result("error")
    assert bench.calls[-1] == ("result", entry, "error")
    assert bench.created["commands"] == ((runtime.coordinator,), {})
    (*given, run), _ = bench.created["power"]
    assert (given, run) == ([bench.hass, runtime.coordinator], "run")
    assert runtime.commands.limit_text == "limited"
    assert runtime.coordinator.name == "coordinator"
    assert runtime.power.name == "power"


async def test_a_miner_that_is_not_ready(bench: Bench) -> None:
    """Everything that may still run is closed."""
    bench.errors["refresh"] = ConfigEntryNotReady("no route")
    with pytest.raises(ConfigEntryNotReady):
        await created(bench)
    assert names(bench.calls[-2:]) == ["refresh", "closed"]


@pytest.mark.parametrize("disabled_by", [None, "user"])
@pytest.mark.parametrize("is_there", [True, False])
async def test_whether_there_is_a_manager(
    bench: Bench, *, is_there: bool, disabled_by: str | None
) -> None:
    """Without one, a miner keeps no bound, also if it is gone since the set-up began."""
    entries = cast(Any, bench.hass.config_entries)
    asked: list[Any] = []

    def find(domain: str, **details: bool) -> list[Any]:
        asked.append((domain, details))
        is_found = is_there and disabled_by is None
        return bench.hass.entries if is_found else bench.hass.entries[:-1]

    entries.async_entries = find
    await created(bench)
    has_manager = is_there and disabled_by is None
    assert ("load power", ("has_manager", has_manager)) in bench.calls
    details = {"include_ignore": False, "include_disabled": False}
    assert asked == [(DOMAIN, details)]
    bench.calls.clear()
    await miner_entry.async_start_miner(cast(Any, bench.hass), cast(Any, bench.miner))
    released = [] if has_manager else ["rig-1 released"]
    assert names(bench.calls)[-1:] == (released or ["offer"])


async def test_a_miner_starts(bench: Bench) -> None:
    """Its switch comes first."""
    await miner_entry.async_start_miner(cast(Any, bench.hass), cast(Any, bench.miner))
    first, second, *others = bench.calls
    assert first == ("forward", bench.miner, [Platform.SWITCH])
    assert second[:2] == ("forward", bench.miner)
    assert set(second[2]) == {
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        Platform.EVENT,
        Platform.NUMBER,
        Platform.SELECT,
        Platform.SENSOR,
    }
    coordinator = bench.miner.runtime_data.coordinator
    assert others == [
        ("follow issues", coordinator),
        ("units", bench.miner),
        ("offer",),
    ]
    assert bench.miner.unloading == ["stop listening"]


@pytest.mark.parametrize(
    ("was_restricted", "polls", "offers"),
    [
        (True, [True, False, False, True, False], [0, 1, 1, 1, 2]),
        (True, [False], [1]),
        (False, [False, True], [0, 0]),
    ],
)
async def test_an_api_that_is_opened(
    bench: Bench, polls: list[bool], offers: list[int], *, was_restricted: bool
) -> None:
    """The manager is offered each time."""
    data = bench.miner.runtime_data.coordinator.data
    data.restricted = was_restricted
    await miner_entry.async_start_miner(cast(Any, bench.hass), cast(Any, bench.miner))
    tasks: list[Any] = []

    def run(hass: Any, task: Any, name: str) -> None:
        assert hass is bench.hass
        assert name == "xmrig_miner offer"
        tasks.append(task)

    cast(Any, bench.miner).async_create_background_task = run
    [update] = bench.listeners
    for restricted, count in zip(polls, offers, strict=True):
        data.restricted = restricted
        update()
        assert len(tasks) == count
    bench.calls.clear()
    for task in tasks:
        await task
    assert bench.calls == [("offer",)] * len(tasks)


@pytest.mark.parametrize("unloaded", [True, False])
async def test_a_miner_is_unloaded(bench: Bench, *, unloaded: bool) -> None:
    """After its last command; the issues go when no entity raises them anymore."""
    bench.unloaded = unloaded
    entry = cast(Any, bench.miner)
    done = await miner_entry.async_unload_miner(cast(Any, bench.hass), entry)
    assert done is unloaded
    assert bench.calls == [
        ("calibration of rig-1 closed",),
        ("rig-1 closed",),
        ("power of rig-1 closed",),
        ("unload", entry, miner_entry.PLATFORMS),
        ("delete issues", entry, ("ignored", False)),
    ]


async def test_a_miner_is_removed(bench: Bench) -> None:
    """Nothing of it is left."""
    entry = cast(Any, bench.miner)
    await miner_entry.async_remove_miner(cast(Any, bench.hass), entry)
    assert bench.calls == [
        ("delete issues", entry, ("ignored", True)),
        ("return entities", entry),
        ("remove files", "rig-1"),
    ]


@pytest.mark.parametrize(
    ("identifiers", "is_removable"),
    [
        ({"rig-1_gone"}, True),
        ({"rig-1_there"}, False),
        ({"rig-1_gone", "rig-1_there"}, False),
        ({"rig-1"}, False),
        ({"rig-2_gone"}, False),
    ],
)
def test_a_card_that_is_removed(
    bench: Bench, identifiers: set[str], *, is_removable: bool
) -> None:
    """Only one that is gone, of a miner that says so."""
    device: Any = SimpleNamespace(identifiers={(DOMAIN, each) for each in identifiers})
    entry = cast(Any, bench.miner)
    assert miner_entry.is_card_removable(entry, device) is is_removable
    # Another integration may have given it an identifier, even of more parts
    device.identifiers.add(("other", "hub", "1"))
    assert not miner_entry.is_card_removable(entry, device)
    entry.state = ConfigEntryState.SETUP_RETRY
    assert not miner_entry.is_card_removable(entry, device)


# --- A proxy ------------------------------------------------------------------


@pytest.mark.parametrize("state", list(CoreState))
async def test_a_proxy_is_set_up(bench: Bench, state: CoreState) -> None:
    """At the start of Home Assistant, it does not wait long."""
    hass, entry = cast(Any, (bench.hass, bench.proxy))
    hass.state = state
    runtime: Any = await proxy_entry.async_create_proxy(hass, entry)
    waited = [] if state is CoreState.running else [("wait", entry, "client")]
    assert bench.calls == [
        ("client", entry.data),
        *waited,
        ("load", entry),
        ("refresh",),
        ("identity", entry, runtime.coordinator),
    ]
    given, details = bench.created["proxy"]
    assert given == ("client", "state", "save")
    assert details.keys() == {"is_expected"}
    summary = SimpleNamespace(identity="other")
    assert details["is_expected"](summary) == "expected"
    assert bench.calls[-1] == ("expected", entry, "other")
    (hass_, entry_, proxy, on_result), _ = bench.created["coordinator"]
    assert (hass_, entry_, proxy.name) == (hass, entry, "proxy")
    on_result("error")
    assert bench.calls[-1] == ("result", entry, "error")
    assert bench.created["commands"] == ((runtime.coordinator,), {})
    assert runtime.coordinator.name == "coordinator"
    assert runtime.commands.name == "commands"


@pytest.mark.parametrize("needs_workers", [True, False])
async def test_a_proxy_starts(bench: Bench, *, needs_workers: bool) -> None:
    """If its entities need the workers, those are read at once."""
    hass, entry = cast(Any, (bench.hass, bench.proxy))
    coordinator = entry.runtime_data.coordinator
    coordinator.needs_workers = needs_workers
    await proxy_entry.async_start_proxy(hass, entry)
    read = [("proxy read again",)] if needs_workers else []
    assert bench.calls == [
        ("forward", entry, proxy_entry.PLATFORMS),
        *read,
        ("follow issues", coordinator),
    ]
    assert entry.unloading == ["stop listening"]


async def test_a_worker_is_chosen(bench: Bench) -> None:
    """The proxy is loaded again, once."""
    hass, entry = cast(Any, (bench.hass, bench.proxy))
    hass.config_entries.async_schedule_reload = bench.now("reload")
    await proxy_entry.async_start_proxy(hass, entry)
    [changed] = bench.listeners
    bench.calls.clear()
    entry.title = "renamed"
    changed(ConfigEntryChange.UPDATED, entry)
    entry.subentries = entry.subentries | {"other": "worker"}
    changed(ConfigEntryChange.UPDATED, bench.miner)
    assert bench.calls == []
    changed(ConfigEntryChange.UPDATED, entry)
    changed(ConfigEntryChange.UPDATED, entry)
    assert bench.calls == [("reload", "proxy")]


@pytest.mark.parametrize("unloaded", [True, False])
async def test_a_proxy_is_unloaded(bench: Bench, *, unloaded: bool) -> None:
    """After its last command."""
    bench.unloaded = unloaded
    hass, entry = cast(Any, (bench.hass, bench.proxy))
    assert await proxy_entry.async_unload_proxy(hass, entry) is unloaded
    assert bench.calls == [
        ("proxy closed",),
        ("unload", entry, proxy_entry.PLATFORMS),
        ("delete issues", entry, ("ignored", False)),
    ]


async def test_a_proxy_is_removed(bench: Bench) -> None:
    """Nothing of it is left."""
    hass, entry = cast(Any, (bench.hass, bench.proxy))
    await proxy_entry.async_remove_proxy(hass, entry)
    assert bench.calls == [
        ("delete issues", entry, ("ignored", True)),
        ("remove files", "proxy"),
    ]


# --- The manager --------------------------------------------------------------


async def test_the_manager_is_set_up(bench: Bench) -> None:
    """With all that is stored."""
    entry = cast(Any, bench.manager)
    runtime = await fleet_entry.async_create_manager(cast(Any, bench.hass), entry)
    assert bench.calls == [
        ("store", "manager"),
        ("load", entry, "store", FleetSettings.from_json),
        ("load account",),
        ("house", entry),
        ("learned", entry),
    ]
    assert bench.created["account"] == ((bench.hass, entry), {})
    (*given, account, state), _ = bench.created["coordinator"]
    assert given == [bench.hass, entry, "house", "settings"]
    assert (account.name, state) == ("account", "state")
    assert bench.created["learned"] == ((runtime.coordinator,), {})
    assert runtime.store == cast(Any, "store")
    assert cast(Any, runtime.learned).name == "learned"
    assert cast(Any, runtime.coordinator).name == "coordinator"


async def test_the_manager_starts(bench: Bench) -> None:
    """Others find it once it decides."""
    entry = cast(Any, bench.manager)
    await fleet_entry.async_start_manager(cast(Any, bench.hass), entry)
    assert bench.calls == [
        ("forward", entry, fleet_entry.PLATFORMS),
        ("manager starts",),
        ("source issues",),
        ("sleep issues",),
    ]
    runtime = entry.runtime_data
    for part in ("sources", "sleep"):
        assert bench.created[part] == ((runtime.coordinator,), {})
    assert bench.hass.data[FLEET] is runtime


@pytest.mark.parametrize("error", [ConfigEntryNotReady(), RuntimeError()])
async def test_a_manager_that_cannot_be_loaded(bench: Bench, error: Exception) -> None:
    """It releases its members, unless Home Assistant tries again soon."""
    bench.errors["learned"] = error
    entry = cast(Any, bench.manager)
    with pytest.raises(type(error)) as raised:
        await fleet_entry.async_create_manager(cast(Any, bench.hass), entry)
    assert raised.value is error
    is_over = isinstance(error, RuntimeError)
    released = [("rig-1 managed", None), ("rig-2 managed", None)]
    assert bench.calls[5:] == (released if is_over else [])


@pytest.mark.parametrize("step", ["manager starts", "source issues", "sleep issues"])
async def test_a_manager_that_does_not_start(bench: Bench, step: str) -> None:
    """It is unloaded, and releases its members."""
    error = RuntimeError()
    bench.errors[step] = error
    entry = cast(Any, bench.manager)
    with pytest.raises(RuntimeError) as raised:
        await fleet_entry.async_start_manager(cast(Any, bench.hass), entry)
    assert raised.value is error
    assert bench.calls[bench.calls.index((step,)) + 1 :] == [
        ("manager closed",),
        ("unload", entry, fleet_entry.PLATFORMS),
        ("delete issues", entry, ("ignored", False)),
        ("rig-1 managed", None),
        ("rig-2 managed", None),
    ]
    assert FLEET not in bench.hass.data


@pytest.mark.parametrize("unloaded", [True, False])
@pytest.mark.parametrize("disabled_by", [None, "user"])
async def test_the_manager_is_unloaded(
    bench: Bench, *, disabled_by: str | None, unloaded: bool
) -> None:
    """Its members keep their threads, unless it is disabled."""
    bench.unloaded = unloaded
    bench.manager.disabled_by = disabled_by
    bench.hass.data[FLEET] = bench.manager.runtime_data
    entry = cast(Any, bench.manager)
    for _ in range(2):
        bench.calls.clear()
        done = await fleet_entry.async_unload_manager(cast(Any, bench.hass), entry)
        assert done is unloaded
        assert FLEET not in bench.hass.data
        released = [("rig-1 managed", None), ("rig-2 managed", None)]
        assert bench.calls == [
            ("manager closed",),
            *(released if disabled_by else []),
            ("unload", entry, fleet_entry.PLATFORMS),
            ("delete issues", entry, ("ignored", False)),
        ]


async def test_the_manager_is_removed(bench: Bench) -> None:
    """With its entities on the devices of miners; all members are released."""
    for number, (platform, key) in enumerate(
        [
            (DOMAIN, "managed"),
            ("other", "managed"),
            (DOMAIN, "priority"),
            (DOMAIN, "mining"),
        ]
    ):
        entity_id = f"switch.{number}"
        entity = SimpleNamespace(
            platform=platform, translation_key=key, entity_id=entity_id
        )
        bench.entities[entity_id] = entity
    bench.errors["rig-1 managed"] = HomeAssistantError("no route")
    entry = cast(Any, bench.manager)
    await fleet_entry.async_remove_manager(cast(Any, bench.hass), entry)
    assert bench.calls == [
        ("delete issues", entry, ("ignored", True)),
        ("delete sleep issues", ("ignored", True)),
        ("remove files", "manager"),
        ("entity removed", "switch.0"),
        ("entity removed", "switch.2"),
        ("rig-1 managed", None),
        ("rig-2 managed", None),
    ]
    # One that is away is released once it is back
    bench.calls.clear()
    bench.other.state = ConfigEntryState.SETUP_RETRY
    await fleet_entry.async_remove_manager(cast(Any, bench.hass), entry)
    assert bench.calls[-1] == ("rig-1 managed", None)
