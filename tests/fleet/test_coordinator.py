"""The manager's coordinator without Home Assistant, miners and decisions."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import CONF_EARNINGS_SENSOR, DOMAIN
from custom_components.xmrig_miner.fleet import coordinator as module
from custom_components.xmrig_miner.fleet.coordinator import FleetCoordinator
from custom_components.xmrig_miner.fleet.data import FleetData
from custom_components.xmrig_miner.fleet.settings import FleetSettings, MemberSettings
from custom_components.xmrig_miner.manager import (
    ManagerState,
    Mode,
    Phase,
    Settings,
    Sleep,
    SleepAction,
)
from custom_components.xmrig_miner.manager.members import Record
from custom_components.xmrig_miner.manager.watts import Draw, Watts
from tests.stand_ins import Entry, Hass

SENSORS = frozenset({"sensor.grid", "sensor.price"})
NOW = 5000.0


def house(*sensors: str) -> Any:
    """Return a house with sensors."""
    return SimpleNamespace(
        sensors=frozenset(sensors) or SENSORS,
        sources=SimpleNamespace(meters=lambda samples: ("meters", samples)),
        importing="import",
        exporting="export",
    )


def member(entry_id: str, threads: int | None = 4) -> Any:
    """Return a member with a number of threads; None without a curve."""
    curve = None if threads is None else SimpleNamespace(threads=threads)
    return SimpleNamespace(id=entry_id, curve=curve)


def learned_of(*miners: str) -> ManagerState:
    """Return what was learned of miners."""
    return ManagerState(watts=Watts(draws=dict.fromkeys(miners, Draw())))


class Watch:
    """Counts how many decisions it has seen."""

    def __init__(self, seen: int = 0) -> None:
        """Start with none."""
        self._seen = seen

    def seen(self, figures: Any) -> Any:
        """Return events that tell the count."""
        return Watch(self._seen + 1), (f"{self._seen + 1}. {figures}",)


class Bench:
    """The coordinator's inputs and outputs."""

    def __init__(self) -> None:
        """Start with two loaded miners, which are managed, at full power."""
        self.entry = Entry("manager", "manager")
        self.miners = [Entry("rig-1"), Entry("rig-2")]
        for miner in self.miners:
            limit = SimpleNamespace(managed_threads=None)
            miner.runtime_data = SimpleNamespace(
                power=SimpleNamespace(limit=limit),
                coordinator=SimpleNamespace(may_sleep=None),
            )
        self.hass = Hass(self.entry, *self.miners)
        self.calls = self.hass.calls
        self.now = NOW
        cast(Any, self.hass).loop = SimpleNamespace(time=lambda: self.now)
        self.settings = FleetSettings(settings=Settings(mode=Mode.FULL, earnings=0.5))
        self.state = ManagerState(records={"rig-1": Record()})
        self.account: Any = SimpleNamespace(
            shown="account",
            async_count=self.note("count"),
            async_close=self.note_async("account closed"),
        )
        self.members = (member("rig-1"), member("rig-2"))
        # The next decision
        self.targets: dict[str, int] = {}
        self.sleep_actions: dict[str, SleepAction] = {}
        self.wake_at: float | None = None
        self.is_gathering = False
        self.settings_of_members: FleetSettings | None = None
        self.decided: list[Any] = []
        """What was decided on."""
        self.timers: dict[float, Any] = {}
        """Jobs by their delay."""
        self.daily: Any = None
        self.on_entry: Any = None
        self.parts: dict[str, Any] = {}
        """What the coordinator gave to its parts."""
        self.new: list[Any] = []
        """Miners that are new to its listeners."""

    def note(self, *what: Any) -> Any:
        """Return a function that notes its calls."""
        return lambda *arguments: self.calls.append((*what, *arguments))

    def note_async(self, what: str) -> Any:
        """Return a coroutine function that notes its calls."""

        async def call() -> None:
            self.calls.append(what)

        return call

    def make(self) -> FleetCoordinator:
        """Return the coordinator."""
        return FleetCoordinator(
            cast(Any, self.hass),
            cast(Any, self.entry),
            house(),
            self.settings,
            self.account,
            self.state,
        )

    def start(self) -> FleetCoordinator:
        """Return the coordinator once it has started."""
        coordinator = self.make()
        coordinator.async_start()
        self.decided.clear()
        self.calls.clear()
        return coordinator

    # Stand-ins for what it uses

    def all_members(self, settings: FleetSettings) -> Any:
        """Return the members with their settings."""
        self.settings_of_members = settings
        return self.members

    def of(self, hass: Any, what: str, sensor: Any) -> str:
        """Return the value of a sensor."""
        assert hass is self.hass
        return f"{what} of {sensor}"

    def figures(self, hass: Any, state: ManagerState, now: float) -> str:
        """Return the figures of a state."""
        assert hass is self.hass
        return f"figures at {now:g} with {len(state.records)} records"

    def decide(self, *arguments: Any) -> Any:
        """Return the next decision, with the state that it began with."""
        self.decided.append(arguments)
        shown = SimpleNamespace(name=f"plan {len(self.decided)}", state=arguments[2])
        plan = SimpleNamespace(
            **vars(shown),
            is_gathering=self.is_gathering,
            targets=self.targets,
            sleep_actions=self.sleep_actions,
            wake_at=self.wake_at,
        )
        plan.shown_as = lambda before: SimpleNamespace(
            **{**vars(plan), "name": f"{before.name} goes on"}
        )
        return plan

    def later(self, hass: Any, delay: float, job: Any) -> Any:
        """Start a timer."""
        assert hass is self.hass
        assert delay not in self.timers
        self.timers[delay] = job.target
        return lambda: self.timers.pop(delay)

    def pass_timer(self, delay: float) -> None:
        """Let a timer end."""
        self.timers.pop(delay)(None)

    def connect(self, hass: Any, signal: Any, target: Any) -> str:
        """Listen for changes of config entries."""
        assert hass is self.hass
        assert signal == SIGNAL_CONFIG_ENTRY_CHANGED
        self.on_entry = target
        return "stop entries"

    def track_time(self, hass: Any, action: Any, **when: int) -> str:
        """Call each day."""
        assert (hass, when) == (self.hass, {"hour": 0, "minute": 0, "second": 0})
        self.daily = action
        return "stop days"

    def part(self, name: str, **methods: Any) -> Any:
        """Return a class of what the coordinator uses."""

        def make(hass: Any, *arguments: Any) -> Any:
            assert hass is self.hass
            self.parts[name] = arguments
            return SimpleNamespace(**methods)

        return make

    def stand_ins(self) -> dict[str, Any]:
        """Return stand-ins by their name in the module."""
        note = self.note
        return {
            "Samples": self.part(
                "samples", read=lambda sensors, now: (sorted(sensors), now)
            ),
            "Members": self.part("members", all=self.all_members),
            "MemberCommands": self.part(
                "commands",
                async_command=note("command"),
                async_close=self.note_async("commands closed"),
            ),
            "SleepCommands": self.part(
                "sleep commands",
                async_do=note("do"),
                async_close=self.note_async("sleep commands closed"),
            ),
            "SleepWatch": self.part(
                "sleep watch",
                async_follow=note("watch"),
                async_close=note("watch closed"),
            ),
            "InputListeners": self.part(
                "inputs",
                async_follow_sensors=note("follow"),
                async_follow_miners=lambda: self.new,
                async_close=note("inputs closed"),
            ),
            "Watch": Watch,
            "Work": SimpleNamespace(
                of=lambda members: SimpleNamespace(
                    break_even=lambda earnings: (len(members), earnings)
                )
            ),
            "Inputs": SimpleNamespace,
            "Prices": SimpleNamespace,
            "decide": self.decide,
            "async_price": lambda hass, price: self.of(hass, "price", price),
            "async_earnings": lambda hass, sensor: self.of(hass, "earnings", sensor),
            "async_figures": self.figures,
            "async_call_later": self.later,
            "async_dispatcher_connect": self.connect,
            "async_track_time_change": self.track_time,
        }


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins that are in place."""
    bench = Bench()
    with ExitStack() as stack:
        for name, stand_in in bench.stand_ins().items():
            stack.enter_context(patch.object(module, name, stand_in))
        yield bench


def name_of(data: FleetData) -> str:
    """Return the name of the plan that is shown."""
    name: str = cast(Any, data.plan).name
    return name


# --- Deciding -----------------------------------------------------------------


async def test_a_decision_is_made_with_all_inputs(bench: Bench) -> None:
    """Already before it starts, when nothing of it is executed."""
    bench.targets = {"rig-1": 1}
    coordinator = bench.make()
    assert bench.calls == []
    assert bench.timers == {}
    [(settings, inputs, state, now)] = bench.decided
    assert settings is bench.settings.settings
    assert bench.settings_of_members == bench.settings
    assert vars(inputs) == {
        "members": bench.members,
        "meters": ("meters", (sorted(SENSORS), NOW)),
        "prices": SimpleNamespace(
            importing="price of import",
            exporting="price of export",
            break_even=(2, 0.5),
        ),
    }
    assert state == bench.state
    assert now == NOW
    data = coordinator.data
    assert data.inputs is inputs
    assert data.figures == cast(Any, f"figures at {NOW:g} with 1 records")
    assert data.work.break_even(1) == cast(Any, (2, 1))
    assert data.earnings == 0.5
    assert data.account == cast(Any, "account")
    assert data.events == ()
    assert coordinator.name == "Title of manager"
    assert coordinator.config_entry is cast(Any, bench.entry)
    assert coordinator.update_interval is None
    assert bench.parts["commands"][0] is bench.entry
    assert bench.parts["sleep commands"][0] is bench.entry


@pytest.mark.parametrize("sensor", ["sensor.earnings", "", None])
async def test_earnings(bench: Bench, sensor: str | None) -> None:
    """They come from the sensor that the user chose, which is followed as well."""
    bench.entry.options = {CONF_EARNINGS_SENSOR: sensor}
    coordinator = bench.make()
    expected: Any = f"earnings of {sensor}" if sensor else 0.5
    assert coordinator.data.earnings == expected
    coordinator.async_start()
    followed = {*SENSORS, sensor} if sensor else SENSORS
    assert ("follow", followed) in bench.calls


async def test_what_was_learned_of_miners_that_are_gone(bench: Bench) -> None:
    """It is forgotten."""
    bench.state = learned_of("rig-1", "gone")
    bench.make()
    assert bench.decided[0][2] == learned_of("rig-1")


async def test_the_start(bench: Bench) -> None:
    """It follows everything until it is unloaded, and decides."""
    coordinator = bench.make()
    seen: list[FleetData] = []
    coordinator.async_add_listener(lambda: seen.append(coordinator.data))
    coordinator.async_start()
    assert bench.calls[:2] == [("follow", SENSORS), ("watch",)]
    assert len(bench.decided) == 2
    [data] = seen
    assert name_of(data) == "plan 2"
    assert bench.calls[2:] == [("count", data.inputs, data.plan, NOW)]
    assert bench.entry.unloading[-2:] == ["stop entries", "stop days"]


async def test_reports_and_midnight(bench: Bench) -> None:
    """Each is a decision, with the events since the last one."""
    coordinator = bench.start()
    on_report, _ = bench.parts["inputs"]
    bench.account.shown = "saved"
    bench.now += 1
    on_report(None)
    assert cast(Any, coordinator.data.events) == (
        f"2. figures at {NOW + 1:g} with 1 records",
    )
    assert coordinator.data.account == cast(Any, "saved")
    bench.daily(None)
    assert len(bench.decided) == 2
    assert cast(Any, coordinator.data.events) == (
        f"3. figures at {NOW + 1:g} with 1 records",
    )


async def test_the_account_is_counted_before_it_is_shown(bench: Bench) -> None:
    """Its day may begin with the decision."""
    coordinator = bench.start()
    bench.account.async_count = lambda *_: setattr(bench.account, "shown", "new day")
    coordinator.async_decide()
    assert coordinator.data.account == cast(Any, "new day")


async def test_the_state_is_handed_on(bench: Bench) -> None:
    """A decision begins with the state that the one before it returned."""
    coordinator = bench.start()
    learned = replace(bench.state, battery_first=True)
    decide = bench.decide

    def learn(settings: Any, inputs: Any, _: Any, now: float) -> Any:
        return decide(settings, inputs, learned, now)

    with patch.object(module, "decide", learn):
        coordinator.async_decide()
    coordinator.async_decide()
    assert bench.decided[-1][2] is learned


async def test_while_meters_report_one_after_the_other(bench: Bench) -> None:
    """The entities show the plan before, but the new one is executed and counted."""
    coordinator = bench.start()
    before = name_of(coordinator.data)
    bench.is_gathering = True
    bench.targets = {"rig-1": 1}
    coordinator.async_decide()
    assert name_of(coordinator.data) == f"{before} goes on"
    assert ("command", "rig-1", 1) in bench.calls


async def test_a_wait_that_ends(bench: Bench) -> None:
    """It is decided again then, or at the next report."""
    coordinator = bench.start()
    bench.wake_at = NOW + 20
    coordinator.async_decide()
    assert list(bench.timers) == [20]
    bench.wake_at = NOW + 30
    coordinator.async_decide()
    assert list(bench.timers) == [30]
    bench.wake_at = NOW - 1
    bench.pass_timer(30)
    assert list(bench.timers) == [0]
    bench.wake_at = None
    bench.pass_timer(0)
    assert bench.timers == {}
    assert len(bench.decided) == 4


async def test_several_polls_are_one_decision(bench: Bench) -> None:
    """One second after the first of them, unless a report comes earlier."""
    coordinator = bench.start()
    _, on_poll = bench.parts["inputs"]
    on_poll()
    on_poll()
    assert list(bench.timers) == [1]
    assert bench.decided == []
    bench.pass_timer(1)
    assert len(bench.decided) == 1
    on_poll()
    coordinator.async_decide()
    assert bench.timers == {}
    assert len(bench.decided) == 2
    # A command that has ended counts like a poll
    bench.parts["commands"][2]()
    assert list(bench.timers) == [1]


# --- Executing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("threads", "target", "bound"),
    [
        (4, 3, 3),
        (4, 4, None),
        (4, 5, None),
        (4, 0, 0),
        (1, 1, None),
        (1, 0, 0),
        (0, 1, 1),
        (None, 1, 1),
    ],
)
async def test_targets_are_commanded(
    bench: Bench, threads: int | None, target: int, bound: int | None
) -> None:
    """All threads need no bound."""
    coordinator = bench.start()
    bench.members = (member("rig-1", threads), member("rig-2"))
    bench.targets = {"rig-1": target}
    coordinator.async_decide()
    assert bench.calls[:-1] == [("command", "rig-1", bound)]


async def test_what_sleeps(bench: Bench) -> None:
    """Its miner may be unreachable, and its computer is commanded."""
    bench.state = ManagerState(
        sleepers={"rig-1": Sleep(phase=Phase.ASLEEP), "rig-2": Sleep()}
    )
    coordinator = bench.start()
    bench.sleep_actions = {"rig-1": SleepAction.WAKE, "rig-2": SleepAction.CUT}
    coordinator.async_decide()
    assert bench.calls[:-1] == [
        ("do", "rig-1", SleepAction.WAKE),
        ("do", "rig-2", SleepAction.CUT),
    ]
    sleeping = [each.runtime_data.coordinator.may_sleep for each in bench.miners]
    assert sleeping == [True, False]
    # One that is not loaded has no coordinator
    bench.miners[0].state = ConfigEntryState.SETUP_RETRY
    bench.miners[0].runtime_data = None
    coordinator.async_decide()


async def test_the_result_of_a_command_is_kept(bench: Bench) -> None:
    """For the next decision."""
    coordinator = bench.start()
    expected = bench.state
    for ok in (False, False, True):
        bench.now += 1
        expected = expected.with_result("rig-1", ok=ok, now=bench.now)
        bench.parts["commands"][1]("rig-1", ok)
        coordinator.async_decide()
        assert bench.decided[-1][2] == expected != bench.state


# --- Sleep --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "position", "phase", "change"),
    [
        ("sleep commands", 1, Phase.FALLING_ASLEEP, Sleep.switched_off),
        ("sleep watch", 0, Phase.AWAKE, Sleep.by_hand),
    ],
)
async def test_news_of_a_sleeper(
    bench: Bench, part: str, position: int, phase: Phase, change: Any
) -> None:
    """They are kept for the next decision, which comes soon."""
    sleep = Sleep(phase=phase)
    bench.state = ManagerState(sleepers={"rig-1": sleep})
    coordinator = bench.start()
    tell = bench.parts[part][position]
    tell("rig-2")
    assert bench.timers == {}
    tell("rig-1")
    changed = coordinator.state
    bench.pass_timer(1)
    [(_, _, state, _)] = bench.decided
    assert state is changed
    assert state.sleepers == {"rig-1": change(sleep, NOW)}
    assert state.sleepers != {"rig-1": sleep}


@pytest.mark.parametrize("phase", [*Phase, None])
async def test_only_what_is_asleep_is_woken_by_hand(
    bench: Bench, phase: Phase | None
) -> None:
    """What is falling asleep is woken later, and what does not sleep is left as it is."""
    sleepers = {} if phase is None else {"rig-1": Sleep(phase=phase)}
    bench.state = ManagerState(sleepers=sleepers)
    coordinator = bench.start()
    sleep_of = bench.parts["sleep commands"][2]
    assert sleep_of("rig-1") == sleepers.get("rig-1")
    coordinator.async_wake("rig-1")
    commands = [("do", "rig-1", SleepAction.WAKE)]
    assert bench.calls == (commands if phase is Phase.ASLEEP else [])
    if phase is None:
        assert bench.timers == {}
        return
    bench.pass_timer(1)
    [(_, _, state, _)] = bench.decided
    assert state.sleepers == {"rig-1": Sleep(phase=phase).woken_by_hand(NOW)}


# --- Changes ------------------------------------------------------------------


async def test_another_house(bench: Bench) -> None:
    """It is followed, and decided on; the same one changes nothing."""
    coordinator = bench.start()
    coordinator.async_set_house(coordinator.house)
    assert bench.calls == []
    other = house("sensor.other")
    coordinator.async_set_house(other)
    assert coordinator.house is other
    assert bench.calls[0] == ("follow", {"sensor.other"})
    assert bench.decided[0][1].meters == ("meters", (["sensor.other"], NOW))
    assert coordinator.samples() == cast(Any, (["sensor.other"], NOW))


async def test_a_member_that_is_no_longer_managed(bench: Bench) -> None:
    """It is released once."""
    settings = bench.settings.with_member("rig-1", MemberSettings(is_managed=False))
    settings = settings.with_member("rig-2", MemberSettings(priority=1))
    coordinator = bench.start()
    coordinator.async_set_settings(settings)
    assert coordinator.settings == settings
    assert bench.calls[:-1] == [("command", "rig-1", None)]
    assert bench.decided[0][0] is settings.settings
    bench.calls.clear()
    coordinator.async_set_settings(settings)
    assert len(bench.calls) == 1


@pytest.mark.parametrize("mode", list(Mode))
async def test_another_mode(bench: Bench, mode: Mode) -> None:
    """In manual mode, all loaded miners are released."""
    coordinator = bench.start()
    bench.miners[0].state = ConfigEntryState.SETUP_RETRY
    settings = replace(bench.settings, settings=Settings(mode=mode))
    coordinator.async_set_settings(settings)
    released = [("command", "rig-2", None)] if mode is Mode.MANUAL else []
    assert bench.calls[:-1] == released


@pytest.mark.parametrize("threads", [None, 0, 2])
@pytest.mark.parametrize("how", ["managed", "not managed", "manual"])
async def test_a_new_miner(bench: Bench, how: str, threads: int | None) -> None:
    """It is released if it is bound, but not managed."""
    bench.new = [bench.miners[0]]
    limit = bench.miners[0].runtime_data.power.limit
    limit.managed_threads = threads
    if how == "not managed":
        own = MemberSettings(is_managed=False)
        bench.settings = bench.settings.with_member("rig-1", own)
    elif how == "manual":
        bench.settings = FleetSettings(settings=Settings(mode=Mode.MANUAL))
    bench.make().async_start()
    is_released = how != "managed" and threads is not None
    released = [("command", "rig-1", None)] if is_released else []
    assert bench.calls[1:-1] == [*released, ("watch",)]


@pytest.mark.parametrize("change", list(ConfigEntryChange))
async def test_a_miner_that_changes(bench: Bench, change: ConfigEntryChange) -> None:
    """It is followed and decided on; if it was removed, nothing is left of it."""
    own = MemberSettings(priority=5)
    bench.settings = bench.settings.with_member("rig-1", own)
    bench.state = learned_of("rig-1", "rig-2")
    coordinator = bench.start()
    is_removed = change is ConfigEntryChange.REMOVED
    if is_removed:
        bench.hass.entries.remove(bench.miners[0])
    bench.on_entry(change, bench.miners[0])
    assert bench.calls == [("watch",)]
    assert (coordinator.settings.member("rig-1") == own) is not is_removed
    bench.pass_timer(1)
    left = learned_of("rig-2") if is_removed else bench.state
    assert bench.decided[0][2] == left


async def test_settings_of_a_miner_that_is_gone(bench: Bench) -> None:
    """They are left out, whether they were stored or are set."""
    gone = bench.settings.with_member("gone", MemberSettings(is_managed=False))
    kept, bench.settings = bench.settings, gone
    coordinator = bench.start()
    assert coordinator.settings == kept
    coordinator.async_set_settings(gone)
    assert coordinator.settings == kept
    assert bench.calls[:-1] == []


async def test_other_entries_that_change(bench: Bench) -> None:
    """Neither its own nor those of other integrations matter."""
    bench.start()
    other = Entry("other")
    other.domain = "other"
    for entry in (bench.entry, other):
        bench.on_entry(ConfigEntryChange.UPDATED, entry)
    assert bench.calls == []
    assert bench.timers == {}


# --- The end ------------------------------------------------------------------


async def test_the_end(bench: Bench) -> None:
    """Everything ends, and nothing begins anymore."""
    bench.state = ManagerState(sleepers={"rig-1": Sleep(phase=Phase.ASLEEP)})
    coordinator = bench.start()
    assert bench.miners[0].runtime_data.coordinator.may_sleep
    bench.wake_at = NOW + 20
    coordinator.async_decide()
    bench.parts["inputs"][1]()
    assert bench.timers.keys() == {20, 1}
    bench.calls.clear()
    bench.decided.clear()
    await coordinator.async_close()
    assert bench.calls == [
        ("inputs closed",),
        ("watch closed",),
        "commands closed",
        "sleep commands closed",
        "account closed",
    ]
    assert bench.timers == {}
    sleeping = [each.runtime_data.coordinator.may_sleep for each in bench.miners]
    assert sleeping == [False, False]
    bench.calls.clear()
    with pytest.raises(HomeAssistantError) as raised:
        coordinator.async_wake("rig-1")
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "not_loaded"
    assert raised.value.translation_placeholders == {"name": "Title of manager"}
    own = coordinator.house
    coordinator.async_set_house(house("sensor.other"))
    assert coordinator.house is own
    bench.on_entry(ConfigEntryChange.UPDATED, bench.miners[0])
    bench.parts["inputs"][0](None)
    bench.parts["inputs"][1]()
    assert bench.calls == bench.decided == []
    assert bench.timers == {}
