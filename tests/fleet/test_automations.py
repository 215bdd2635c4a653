"""Automations that use surplus, without Home Assistant, automations and miners."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.components.automation import DATA_COMPONENT
from homeassistant.components.repairs import RepairsFlow
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.fleet import automation_issue
from custom_components.xmrig_miner.fleet.automation_issue import (
    AUTOMATIONS_COMPETE,
    AutomationsFlow,
    AutomationWatch,
    async_watch_automations,
)
from custom_components.xmrig_miner.fleet.automations import (
    SurplusAutomation,
    async_active_manager,
    async_hand_over,
    async_managed_miners,
    async_surplus_automations,
    competing,
)
from custom_components.xmrig_miner.fleet.runtime import FLEET
from custom_components.xmrig_miner.fleet.settings import FleetSettings, MemberSettings
from custom_components.xmrig_miner.manager import Mode, Settings
from custom_components.xmrig_miner.power.model import MAX_WATTS
from tests.stand_ins import Entry, Hass

LIMIT = "number.limit"
MINING = "switch.mining"
GRID = "sensor.grid"
FOLLOWS = {"power_limit": LIMIT, "grid_power": GRID}
SWITCHES = {"mining": MINING, "grid_export": GRID}


class Bench:
    """Two miners, and automations for the first of them."""

    def __init__(self) -> None:
        """Start without a manager, and without automations."""
        self.miners = [Entry("rig-1"), Entry("rig-2")]
        self.hass = Hass(*self.miners)
        self.calls = self.hass.calls
        for miner in self.miners:
            limit = SimpleNamespace(async_set=self.note("limit", miner.entry_id))
            miner.runtime_data = SimpleNamespace(
                power=SimpleNamespace(limit=limit), commands=self.commands(miner)
            )
        self.registered = {
            LIMIT: SimpleNamespace(platform=DOMAIN, config_entry_id="rig-1"),
            MINING: SimpleNamespace(platform=DOMAIN, config_entry_id="rig-1"),
        }
        self.automations: list[Any] = []
        self.hass.data[DATA_COMPONENT] = SimpleNamespace(entities=self.automations)
        self.settings = FleetSettings(settings=Settings(mode=Mode.SMART))
        self.fleet = SimpleNamespace(
            settings=self.settings.settings,
            coordinator=SimpleNamespace(
                settings=self.settings, async_add_listener=self._listen
            ),
            async_change_member=self.note("change"),
        )
        self.error: Exception | None = None
        """The error of commands and changes."""
        # What the watch does
        self.issues: dict[str, Any] = {}
        self.listeners: dict[str, Any] = {}
        self.followed: dict[int, set[str]] = {}
        self.tasks: list[Any] = []
        hass = cast(Any, self.hass)
        hass.bus = SimpleNamespace(
            async_listen=lambda event, target: self.listeners.update({event: target})
        )
        hass.async_create_task = lambda task, name: self.tasks.append((task, name))
        hass.config_entries.async_get_known_entry = hass.config_entries.async_get_entry

    def note(self, *what: Any) -> Any:
        """Return a coroutine function that notes its calls."""

        async def call(*arguments: Any, **details: Any) -> None:
            self.calls.append((*what, *arguments, *details.items()))
            if self.error:
                raise self.error

        return call

    def commands(self, miner: Entry) -> Any:
        """Return the commands of a miner."""

        @asynccontextmanager
        async def run() -> AsyncIterator[Any]:
            yield SimpleNamespace(start=self.note("start", miner.entry_id))

        return SimpleNamespace(run=run)

    def add(self, name: str, state: str | None = "on", **variables: Any) -> None:
        """Add an automation with variables."""
        entity_id = f"automation.{name}"
        self.automations.append(
            SimpleNamespace(entity_id=entity_id, raw_config={"variables": variables})
        )
        if state is not None:
            self.hass.show(entity_id, state, friendly_name=name.title())

    @property
    def found(self) -> list[SurplusAutomation]:
        """Return the automations that use surplus."""
        return async_surplus_automations(cast(Any, self.hass))

    def manage(self, **settings: Any) -> None:
        """Add the manager, or change its settings."""
        self.settings = replace(self.settings, **settings)
        self.fleet.settings = self.settings.settings
        self.fleet.coordinator.settings = self.settings
        self.hass.data[FLEET] = self.fleet

    # What the watch uses

    def async_get(self, entity_id: str) -> Any:
        """Return an entity of the registry."""
        return self.registered.get(entity_id)

    def async_get_issue(self, domain: str, issue_id: str) -> Any:
        """Return a repair."""
        assert domain == DOMAIN
        return self.issues.get(issue_id)

    def raise_issue(
        self, hass: Any, key: str, entry: None, placeholders: dict[str, str]
    ) -> None:
        """Raise a repair; the registry keeps that it is ignored."""
        assert (hass, entry) == (self.hass, None)
        ignored = getattr(self.issues.get(key), "ignored", False)
        self.issues[key] = SimpleNamespace(
            active=True, translation_placeholders=placeholders, ignored=ignored
        )

    def delete_issue(self, hass: Any, domain: str, issue_id: str) -> None:
        """Delete a repair."""
        assert (hass, domain) == (self.hass, DOMAIN)
        del self.issues[issue_id]

    def delete_unless_ignored(self, hass: Any, issue_id: str) -> None:
        """Delete a repair that is not ignored."""
        assert hass is self.hass
        if not getattr(self.issues.get(issue_id), "ignored", True):
            del self.issues[issue_id]

    def _listen(self, listener: Any) -> Any:
        self.listeners["manager"] = listener
        return lambda: self.listeners.pop("manager")

    def track_added(self, hass: Any, domain: str, target: Any) -> None:
        """Listen for new entities."""
        assert hass is self.hass
        self.listeners[f"added {domain}"] = target

    def track(self, hass: Any, entity_ids: set[str], target: Any) -> Any:
        """Listen for changes of entities."""
        assert hass is self.hass
        number = max(self.followed, default=0) + 1
        self.followed[number] = entity_ids
        self.listeners["state"] = target
        return lambda: self.followed.pop(number)

    def connect(self, hass: Any, signal: Any, target: Any) -> None:
        """Listen for changes of config entries."""
        assert hass is self.hass
        self.listeners[str(signal)] = target

    def at_started(self, hass: Any, target: Any) -> None:
        """Call once Home Assistant has started."""
        assert hass is self.hass
        self.listeners["started"] = target

    @property
    def told(self) -> str | None:
        """Return which automations the repair names; None without it."""
        issue = self.issues.get(AUTOMATIONS_COMPETE)
        assert len(self.issues) == (issue is not None)
        return issue and issue.translation_placeholders["automations"]

    def start(self) -> AutomationWatch:
        """Return the watch once it has started."""
        async_watch_automations(cast(Any, self.hass))
        self.listeners.pop("started")(self.hass)
        watch: AutomationWatch = self.hass.data[automation_issue._WATCH]  # noqa: SLF001
        return watch

    async def run_tasks(self) -> list[str]:
        """Run what the watch started, and return its names."""
        names = [name for _, name in self.tasks]
        for task, _ in self.tasks:
            await task
        self.tasks.clear()
        return names


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins that are in place."""
    bench = Bench()

    def registry(hass: Any) -> Bench:
        assert hass is bench.hass
        return bench

    stand_ins: list[tuple[Any, str, Any]] = [
        (er, "async_get", registry),
        (ir, "async_get", registry),
        (ir, "async_delete_issue", bench.delete_issue),
        (automation_issue, "async_raise_issue", bench.raise_issue),
        (automation_issue, "async_delete_unless_ignored", bench.delete_unless_ignored),
        (automation_issue, "async_track_state_added_domain", bench.track_added),
        (automation_issue, "async_track_state_change_event", bench.track),
        (automation_issue, "async_dispatcher_connect", bench.connect),
        (automation_issue, "async_at_started", bench.at_started),
    ]
    with ExitStack() as stack:
        for module, name, stand_in in stand_ins:
            stack.enter_context(patch.object(module, name, stand_in))
        yield bench


def automation(name: str, /, **details: Any) -> SurplusAutomation:
    """Return an automation that is on."""
    values: dict[str, Any] = {
        "entity_id": f"automation.{name}",
        "name": name.title(),
        "miner": "rig-1",
        "meters": frozenset({GRID}),
        "sets_limit": True,
        "is_on": True,
    }
    return SurplusAutomation(**{**values, **details})


# --- Which automations use surplus --------------------------------------------


def test_automations_are_found_by_their_variables(bench: Bench) -> None:
    """In the order of their IDs."""
    bench.add("two", **FOLLOWS)
    bench.add("one", "off", **SWITCHES)
    bench.add("three", None, **FOLLOWS, grid_export="sensor.export")
    both = frozenset({GRID, "sensor.export"})
    three = "automation.three"
    assert bench.found == [
        automation("one", sets_limit=False, is_on=False),
        automation("three", name=three, meters=both, is_on=False),
        automation("two"),
    ]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"power_limit": LIMIT},
        {"power_limit": LIMIT, "grid_power": []},
        {"grid_power": GRID},
        {"power_limit": [], "grid_power": GRID},
        {"power_limit": "number.gone", "grid_power": GRID},
        {"other": LIMIT, "grid_power": GRID},
    ],
)
def test_variables_that_mean_nothing(bench: Bench, variables: dict[str, Any]) -> None:
    """A meter is needed, and a miner."""
    bench.add("other", **variables)
    bench.add("one", **FOLLOWS)
    assert bench.found == [automation("one")]


@pytest.mark.parametrize("config", [None, {}, {"variables": "all"}])
def test_automations_without_variables(bench: Bench, config: Any) -> None:
    """Also those that are not valid."""
    bench.automations.append(
        SimpleNamespace(entity_id="automation.a", raw_config=config)
    )
    assert bench.found == []


@pytest.mark.parametrize("how", ["platform", "removed", "no entry", "disabled"])
def test_what_does_not_control_a_miner(bench: Bench, how: str) -> None:
    """Another integration's entity, or that of a miner that is gone or disabled."""
    bench.add("one", **FOLLOWS)
    match how:
        case "platform":
            bench.registered[LIMIT].platform = "other"
        case "removed":
            bench.hass.entries.clear()
        case "no entry":
            bench.registered[LIMIT].config_entry_id = cast(Any, None)
            bench.miners[0].entry_id = "XXXX"
        case _:
            bench.miners[0].disabled_by = "user"
    assert bench.found == []


def test_a_house_without_automations(bench: Bench) -> None:
    """Home Assistant need not have set them up."""
    del bench.hass.data[DATA_COMPONENT]
    assert bench.found == []


def test_which_of_them_compete() -> None:
    """Those that are on and share a meter, or whose miner is managed."""
    one, two = automation("one"), automation("two", miner="rig-2")
    assert competing([one, two], ()) == (one, two)
    assert competing([one], ()) == ()
    assert competing([one], {"rig-2"}) == ()
    assert competing([one], {"rig-1"}) == (one,)
    off = replace(two, is_on=False)
    assert competing([one, off], {"rig-2"}) == ()
    other = replace(two, meters=frozenset({"sensor.other"}))
    assert competing([one, other], ()) == ()
    assert competing([other, one], {"rig-2"}) == (other,)
    shared = replace(two, meters=frozenset({"sensor.other", GRID}))
    assert competing([one, shared], ()) == (one, shared)


# --- The manager --------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode))
def test_the_manager(bench: Bench, mode: Mode) -> None:
    """It controls the miners that it may control, unless its mode is manual."""
    hass = cast(Any, bench.hass)
    assert async_active_manager(hass) is None
    assert async_managed_miners(hass) == frozenset()
    own = {"rig-2": MemberSettings(is_managed=False)}
    bench.manage(settings=Settings(mode=mode), members=own)
    is_active = mode is not Mode.MANUAL
    assert (async_active_manager(hass) is cast(Any, bench.fleet)) is is_active
    assert async_managed_miners(hass) == ({"rig-1"} if is_active else set())


OFF = (
    "automation.turn_off",
    ("entity_id", "automation.one"),
    ("blocking", True),
)


@pytest.mark.parametrize("sets_limit", [True, False])
@pytest.mark.parametrize("is_managed", [True, False])
async def test_handing_over(
    bench: Bench, *, is_managed: bool, sets_limit: bool
) -> None:
    """What the automation did last is undone, once the manager controls the miner."""
    own = {"rig-1": MemberSettings(is_managed=is_managed)}
    bench.manage(members=own)
    item = automation("one", sets_limit=sets_limit)
    for error in (None, HomeAssistantError("offline")):
        bench.calls.clear()
        runtime = cast(Any, bench.fleet)
        if is_managed:
            # Only the miner fails
            bench.error = error
        await async_hand_over(cast(Any, bench.hass), runtime, [item])
        change = ("change", "rig-1", ("is_managed", True))
        undone = ("limit", "rig-1", MAX_WATTS) if sets_limit else ("start", "rig-1")
        assert bench.calls == [*([] if is_managed else [change]), OFF, undone]


async def test_handing_over_a_miner_that_is_not_loaded(bench: Bench) -> None:
    """Nothing can be undone there; the next automation is handed over, too."""
    bench.manage()
    bench.miners[0].state = ConfigEntryState.SETUP_RETRY
    items = [automation("one"), automation("two", miner="rig-2")]
    await async_hand_over(cast(Any, bench.hass), cast(Any, bench.fleet), items)
    second = ("automation.turn_off", ("entity_id", "automation.two"), OFF[2])
    assert bench.calls == [OFF, second, ("limit", "rig-2", MAX_WATTS)]


async def test_a_manager_that_cannot_save(bench: Bench) -> None:
    """The automation stays on: nothing else would control the miner."""
    bench.manage(members={"rig-1": MemberSettings(is_managed=False)})
    bench.error = HomeAssistantError("disk full")
    with pytest.raises(HomeAssistantError):
        await async_hand_over(
            cast(Any, bench.hass), cast(Any, bench.fleet), [automation("one")]
        )
    assert len(bench.calls) == 1


# --- The repair ---------------------------------------------------------------


def test_nothing_happens_before_the_start(bench: Bench) -> None:
    """Automations are restored one after the other."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    async_watch_automations(cast(Any, bench.hass))
    assert bench.listeners.keys() == {"started"}
    assert bench.told is None
    bench.listeners["started"](bench.hass)
    assert bench.told == "One, Two"
    assert bench.followed == {1: {"automation.one", "automation.two"}}


@pytest.mark.parametrize(
    "event", ["added automation", "automation_reloaded", "changed entry"]
)
def test_when_it_looks_again(bench: Bench, event: str) -> None:
    """After changes of automations and config entries; the old ones are dropped."""
    bench.start()
    assert bench.told is None
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    if event == "changed entry":
        handle = bench.listeners[str(SIGNAL_CONFIG_ENTRY_CHANGED)]
        other = Entry("other")
        other.domain = "other"
        handle(ConfigEntryChange.UPDATED, other)
        assert bench.told is None
        handle(ConfigEntryChange.UPDATED, bench.miners[0])
    else:
        bench.listeners[event](None)
    assert bench.told == "One, Two"
    assert list(bench.followed.values()) == [{"automation.one", "automation.two"}]


def change(old: str | None, new: str | None) -> Any:
    """Return the event of an entity that changed."""
    states = [each and State("automation.one", each) for each in (old, new)]
    return SimpleNamespace(
        data=dict(zip(("old_state", "new_state"), states, strict=True))
    )


@pytest.mark.parametrize(
    ("old", "new", "looks"),
    [
        ("off", "on", True),
        ("on", "off", True),
        (None, "on", True),
        ("on", None, True),
        ("on", "on", False),
    ],
)
def test_a_state_that_changes(
    bench: Bench, old: str | None, new: str | None, *, looks: bool
) -> None:
    """Not after each run, which changes attributes only."""
    bench.start()
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    bench.listeners["state"](change(old, new))
    assert (bench.told is not None) is looks


def test_the_manager_that_changes(bench: Bench) -> None:
    """Its settings count, its decisions do not."""
    bench.add("one", **FOLLOWS)
    watch = bench.start()
    assert "manager" not in bench.listeners
    bench.manage()
    bench.listeners["automation_reloaded"](None)
    assert bench.told == "One"
    assert [item.name for item in watch.competing] == ["One"]
    listener = bench.listeners["manager"]
    with patch.object(watch, "_update") as update:
        listener()
    update.assert_not_called()
    bench.manage(settings=Settings(mode=Mode.MANUAL))
    listener()
    assert bench.told is None
    assert watch.competing == ()
    # Another one takes its place, as after a reload
    before = bench.fleet
    bench.fleet = SimpleNamespace(**vars(before))
    bench.manage(settings=Settings(mode=Mode.OFF))
    bench.listeners["manager"] = None
    bench.listeners["automation_reloaded"](None)
    assert bench.listeners["manager"] is not None
    assert bench.told == "One"
    # It is gone
    del bench.hass.data[FLEET]
    bench.listeners["automation_reloaded"](None)
    assert "manager" not in bench.listeners
    assert bench.told is None
    listener()


def test_a_repair_that_is_ignored(bench: Bench) -> None:
    """It stays so while the same automations compete, also after a reload of them."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    bench.start()
    again = bench.listeners["automation_reloaded"]
    bench.issues[AUTOMATIONS_COMPETE].ignored = True
    again(None)
    assert bench.issues[AUTOMATIONS_COMPETE].ignored
    kept = [bench.automations.pop(), bench.automations.pop()]
    again(None)
    assert bench.issues[AUTOMATIONS_COMPETE].ignored
    # As loaded at a start of Home Assistant: what it is about is not known
    bench.automations += kept
    issue = bench.issues[AUTOMATIONS_COMPETE]
    issue.active, issue.translation_placeholders = False, None
    again(None)
    assert bench.issues[AUTOMATIONS_COMPETE].ignored
    bench.add("three", **FOLLOWS)
    again(None)
    assert not bench.issues[AUTOMATIONS_COMPETE].ignored


# --- The dialog of the repair -------------------------------------------------


class Dialog:
    """The dialog of the repair."""

    def __init__(self, bench: Bench) -> None:
        """Open it, after the watch has started."""
        self.watch = bench.start()
        self.flow = AutomationsFlow()
        assert isinstance(self.flow, RepairsFlow)
        self.flow.hass = cast(Any, bench.hass)
        self.opened: list[Any] = []
        cast(Any, bench.hass).config_entries.flow = SimpleNamespace(
            async_init=self._init,
            async_configure=self._configure,
            async_get=lambda flow_id: {"context": {}},
        )

    async def _init(self, domain: str, *, context: Any) -> Any:
        self.opened.append((domain, context))
        return {"flow_id": "menu"}

    async def _configure(self, flow_id: str, answer: Any) -> Any:
        self.opened.append((flow_id, answer))
        return {"flow_id": "form"}


async def test_without_a_manager(bench: Bench) -> None:
    """One is added; once it is there, the automations are handed over."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    dialog = Dialog(bench)
    form: Any = await dialog.flow.async_step_init()
    assert form["type"] == "form"
    assert form["step_id"] == "add_manager"
    assert form["description_placeholders"] == {"automations": "One, Two"}
    end: Any = await dialog.flow.async_step_add_manager({})
    assert (end["type"], end["reason"]) == ("abort", "add_manager")
    assert end["next_flow"] == (FlowType.CONFIG_FLOW, "form")
    assert dialog.opened == [
        (DOMAIN, {"source": "user"}),
        ("menu", {"next_step_id": "manager"}),
    ]
    # What the user did not see is not handed over
    bench.add("three", **FOLLOWS)
    again = bench.listeners["automation_reloaded"]
    again(None)
    assert bench.tasks == []
    bench.manage()
    again(None)
    again(None)
    assert await bench.run_tasks() == ["xmrig_miner automations"]
    off = [call for call in bench.calls if call[0] == "automation.turn_off"]
    assert [call[1][1] for call in off] == ["automation.one", "automation.two"]
    assert dialog.watch.agreed == frozenset()


async def test_with_a_manager(bench: Bench) -> None:
    """The automations are handed over at once."""
    bench.add("one", **FOLLOWS)
    bench.manage()
    bench.hass.entries.append(Entry("manager", "manager"))
    dialog = Dialog(bench)
    form: Any = await dialog.flow.async_step_init()
    assert form["step_id"] == "hand_over"
    end: Any = await dialog.flow.async_step_hand_over({})
    assert (end["type"], end["data"]) == ("create_entry", {})
    assert bench.calls[0] == OFF


@pytest.mark.parametrize("how", ["manual", "disk full"])
async def test_a_manager_that_cannot_take_over(bench: Bench, how: str) -> None:
    """The dialog says why."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    bench.hass.entries.append(Entry("manager", "manager"))
    mode = Mode.MANUAL if how == "manual" else Mode.SMART
    own = {"rig-1": MemberSettings(is_managed=False)}
    bench.manage(settings=Settings(mode=mode), members=own)
    dialog = Dialog(bench)
    await dialog.flow.async_step_init()
    bench.error = HomeAssistantError("disk full")
    end: Any = await dialog.flow.async_step_hand_over({})
    expected = "manager_inactive" if how == "manual" else "not_handed_over"
    assert (end["type"], end["reason"]) == ("abort", expected)


async def test_a_manager_that_cannot_save_what_was_agreed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    dialog = Dialog(bench)
    await dialog.flow.async_step_init()
    await dialog.flow.async_step_add_manager({})
    bench.manage(members={"rig-1": MemberSettings(is_managed=False)})
    bench.listeners["automation_reloaded"](None)
    bench.error = HomeAssistantError("disk full")
    await bench.run_tasks()
    assert "The automations were not turned off: disk full" in caplog.text


@pytest.mark.parametrize("has_manager", [True, False])
async def test_what_changed_while_the_form_was_open(
    bench: Bench, *, has_manager: bool
) -> None:
    """It is shown, and needs another answer."""
    bench.add("one", **FOLLOWS)
    bench.add("two", **SWITCHES)
    if has_manager:
        bench.hass.entries.append(Entry("manager", "manager"))
        bench.manage()
    dialog = Dialog(bench)
    answer = (
        dialog.flow.async_step_hand_over
        if has_manager
        else dialog.flow.async_step_add_manager
    )
    await dialog.flow.async_step_init()
    bench.add("three", **FOLLOWS)
    again = bench.listeners["automation_reloaded"]
    again(None)
    form: Any = await answer({})
    assert form["description_placeholders"] == {"automations": "One, Three, Two"}
    if not has_manager:
        # Somewhere else, the manager was added meanwhile
        bench.hass.entries.append(Entry("manager", "manager"))
        form = await answer({})
        assert form["step_id"] == "hand_over"
    bench.automations.clear()
    again(None)
    end: Any = await answer({})
    assert (end["type"], end["reason"]) == ("abort", "resolved")
    assert bench.calls == dialog.opened == []
    assert dialog.watch.agreed == frozenset()
