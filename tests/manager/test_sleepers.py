"""Members that sleep, at the decisions of the manager."""

from dataclasses import replace
from itertools import pairwise
import math
from typing import Any

import pytest

from custom_components.xmrig_miner.manager import Curve, ManagerState, Member, Mode
from custom_components.xmrig_miner.manager.loads import loads_of
from custom_components.xmrig_miner.manager.members import OFFLINE_KEPT, Record
from custom_components.xmrig_miner.manager.outcome import Outcome
from custom_components.xmrig_miner.manager.policy import Reason, Settings
from custom_components.xmrig_miner.manager.sleep import Sleep
from custom_components.xmrig_miner.manager.sleep_rules import (
    Phase,
    SleepAction,
    SleepRules,
)
from custom_components.xmrig_miner.manager.sleepers import Doings, decided, reason, seen

from .common import House, line, miner

STEP = 10
"""Seconds from one reading of the meter to the next."""
AFTER = 1800
RULES = SleepRules(after=AFTER)
IDLE = 40
THREAD = 20
NEED = IDLE + THREAD
"""For a rig with four threads: idle power and a quarter of the threads."""
START = 120
"""Seconds that a rig takes to start."""


def rig(id_: str = "a", threads: int | None = 0, **values: Any) -> Member:
    """Return a miner that may sleep."""
    return miner(id_, threads, **{"sleep": RULES, "settle": 15, **values})


def curve_of(member: Member) -> Curve:
    """Return the curve of a member, even while the manager does not know it."""
    return member.curve or line()


class Home(House):
    """A house with rigs that follow commands."""

    def __init__(self, *members: Member, **settings: Any) -> None:
        """Start at dawn."""
        super().__init__(*members, **settings)
        self.now = 0.0
        self.sun = 0.0
        self.actions: list[tuple[str, SleepAction]] = []
        self._booting: dict[str, float] = {}
        self.wakes = True
        self.plan = self.at(0, 0)

    def live(self, seconds: float, sun: float | None = None) -> None:
        """Let time pass; the sun leaves some W to rigs."""
        self.sun = self.sun if sun is None else sun
        for _ in range(int(seconds / STEP)):
            self.now += STEP
            for id_, at in list(self._booting.items()):
                if self.now >= at:
                    del self._booting[id_]
                    self.change(id_, is_online=True, threads=0)
            self.plan = self.run(self.now, self.drawn - self.sun)
            for id_, action in self.plan.sleep_actions.items():
                self.actions.append((id_, action))
                if action is SleepAction.SLEEP:
                    self.change(id_, is_online=False)
                elif action is SleepAction.WAKE and self.wakes:
                    self._booting[id_] = self.now + START

    @property
    def drawn(self) -> float:
        """Return the power of the rigs, including those that are starting."""
        return sum(
            curve_of(member).watts[(member.threads or 0) if member.is_online else 0]
            for member in self.members.values()
            if member.is_online or member.id in self._booting
        )

    def phase(self, id_: str = "a") -> Phase:
        """Return whether a rig sleeps."""
        return self.state.sleepers[id_].phase

    def reason(self) -> Reason | None:
        """Return why not more is running."""
        return self.plan.reason

    def taken(self) -> list[tuple[str, SleepAction]]:
        """Return the actions on the rigs since the last call."""
        taken, self.actions = self.actions, []
        return taken


def test_a_night() -> None:
    """It sleeps once it has rested, and is woken once there is enough for long enough."""
    home = Home(rig())
    home.live(900, sun=200)
    assert home.threads == {"a": 4}
    home.live(AFTER, sun=0)
    assert home.taken() == []
    assert home.threads == {"a": 0}
    home.live(30)
    assert home.taken() == [("a", SleepAction.SLEEP)]
    assert home.phase() is Phase.FALLING_ASLEEP
    home.live(120)
    assert home.phase() is Phase.ASLEEP
    home.live(8 * 3600)
    assert home.plan.draw == 0
    home.live(3600, sun=NEED - 1)
    assert home.reason() is Reason.NO_SURPLUS
    home.live(290, sun=NEED)
    assert home.taken() == []
    assert home.reason() is Reason.WAITING_TO_STEP_UP
    home.live(20)
    assert home.taken() == [("a", SleepAction.WAKE)]
    assert home.reason() is Reason.WAKING
    home.live(START + 60)
    assert home.phase() is Phase.AWAKE
    assert home.threads == {"a": 1}
    assert home.state.sleepers["a"].start_up == pytest.approx(START, abs=STEP)
    assert home.taken() == []


def test_idle_power_is_a_cost_of_mining() -> None:
    """But only of a rig that may sleep: another one draws it anyway."""
    home = Home(rig("a"), miner("b"))
    home.live(300, sun=2 * IDLE + THREAD)
    assert home.threads in ({"a": 1, "b": 0}, {"a": 0, "b": 1})
    assert home.plan.draw == IDLE + THREAD


def test_a_cloud_is_no_night() -> None:
    """The rest starts again whenever it mines."""
    home = Home(rig())
    for _ in range(6):
        home.live(600, sun=200)
        home.live(AFTER - 60, sun=0)
    assert home.taken() == []


def test_it_stays_awake_for_a_while_and_asleep_for_a_while() -> None:
    """Whatever the sun does, and however short the rest may be."""
    home = Home(rig(sleep=SleepRules(after=60)))
    changes: list[float] = []
    for minute in range(600):
        home.live(60, sun=200 if minute % 14 < 7 else 0)
        changes += [home.now for _ in home.taken()]
    assert changes
    assert min(b - a for a, b in pairwise(changes)) >= 600


def test_one_after_the_other() -> None:
    """The one with the higher priority is woken where there is enough for one only."""
    home = Home(rig("a"), rig("b", priority=1), mode=Mode.OFF)
    home.live(AFTER + 900)
    assert {home.phase("a"), home.phase("b")} == {Phase.ASLEEP}
    home.taken()
    home.settings = replace(home.settings, mode=Mode.SMART)
    home.live(1200, sun=IDLE + 2 * THREAD)
    assert home.taken() == [("b", SleepAction.WAKE)]
    assert home.threads["b"] == 2
    # The one that is awake gets all that it can use first
    home.live(1800, sun=IDLE + 4 * THREAD + NEED - 1)
    assert home.taken() == []
    assert home.threads["b"] == 4
    home.live(900, sun=IDLE + 4 * THREAD + NEED + 1)
    assert home.taken() == [("a", SleepAction.WAKE)]
    assert (home.threads["a"], home.threads["b"]) == (1, 4)


@pytest.mark.parametrize(
    ("mode", "phase"),
    [
        (Mode.OFF, Phase.ASLEEP),
        (Mode.SMART, Phase.ASLEEP),
        (Mode.MANUAL, Phase.AWAKE),
        (Mode.FULL, Phase.AWAKE),
    ],
)
def test_by_mode_it_falls_asleep(mode: Mode, phase: Phase) -> None:
    """Where the manager lets it rest."""
    home = Home(rig(), mode=mode)
    home.live(AFTER + 900)
    assert home.phase() is phase


@pytest.mark.parametrize(
    ("settings", "phase"),
    [
        ({"mode": Mode.OFF}, Phase.ASLEEP),
        ({"mode": Mode.SMART}, Phase.ASLEEP),
        ({"mode": Mode.SMART, "keep_mining": True}, Phase.AWAKE),
        ({"mode": Mode.MANUAL}, Phase.ASLEEP),
        ({"mode": Mode.FULL}, Phase.AWAKE),
    ],
)
def test_by_mode_it_is_woken(settings: dict[str, Any], phase: Phase) -> None:
    """Where it is to mine, also without any sun."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 1200)
    assert home.phase() is Phase.ASLEEP
    home.settings = replace(home.settings, **settings)
    home.live(600)
    assert home.phase() is phase


def test_what_is_begun_is_brought_to_its_end() -> None:
    """A rig that has left the network has its plug switched off in manual mode too."""
    home = Home(rig(sleep=replace(RULES, has_plug=True)), mode=Mode.OFF)
    home.live(AFTER + 30)
    assert home.taken() == [("a", SleepAction.SLEEP)]
    home.settings = replace(home.settings, mode=Mode.MANUAL)
    home.live(60)
    assert home.taken() == [("a", SleepAction.CUT)]
    done = home.state.sleepers["a"].switched_off(home.now)
    home.state = home.state.with_sleep("a", done)
    home.live(3600)
    assert home.taken() == []
    assert home.phase() is Phase.ASLEEP


@pytest.mark.parametrize(
    "change",
    [
        # Not managed, switched off by the user, or paused for a time
        {"is_steerable": False},
        {"temperature": 90.0, "max_temperature": 80.0},
        {"max_threads": 0},
    ],
)
def test_one_that_may_not_mine_is_not_woken(change: dict[str, Any]) -> None:
    """However much there is."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 1200)
    home.settings = replace(home.settings, mode=Mode.SMART)
    if "max_threads" in change:
        sleep = replace(home.state.sleepers["a"], need=0)
        home.state = home.state.with_sleep("a", sleep)
    home.change("a", **change)
    home.taken()
    home.live(3600, sun=1000)
    assert home.taken() == []
    assert home.phase() is Phase.ASLEEP


def test_one_that_rests_by_the_user_is_not_put_to_sleep() -> None:
    """It was not the manager that let it rest."""
    home = Home(rig(is_steerable=False))
    home.live(AFTER + 3600)
    assert home.taken() == []


def test_one_that_was_woken_by_the_user_is_left_awake() -> None:
    """Until the next change of mode."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 1200)
    home.change("a", is_online=True)
    home.taken()
    home.live(3 * AFTER)
    assert home.taken() == []
    home.settings = replace(home.settings, mode=Mode.SMART)
    home.live(AFTER + 60)
    assert home.taken() == [("a", SleepAction.SLEEP)]


def test_one_that_does_not_wake_is_tried_twice() -> None:
    """After that it is offline, as any other."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 1200)
    home.settings = replace(home.settings, mode=Mode.SMART)
    home.wakes = False
    home.taken()
    home.live(4 * 3600, sun=1000)
    assert home.taken() == [("a", SleepAction.WAKE)] * 2
    assert home.state.sleepers["a"].fault == "wake_failed"


def test_one_that_falls_asleep_is_not_commanded() -> None:
    """It would only be disturbed."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 20)
    home.change("a", is_online=True)
    home.settings = replace(home.settings, mode=Mode.FULL)
    home.live(60)
    assert home.phase() is Phase.FALLING_ASLEEP
    assert home.threads == {"a": 0}


def test_its_idle_power_ends_with_it() -> None:
    """A minute after it was seen last, unless its plug shows it."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(600)
    assert home.plan.draw == IDLE
    home.change("a", is_online=False)
    home.live(OFFLINE_KEPT - STEP)
    assert home.plan.draw == IDLE
    home.live(2 * STEP)
    assert home.plan.draw == 0
    home.change("a", plug_watts=3.0)
    home.live(STEP)
    assert home.plan.draw == 3


def test_it_sleeps_on_after_a_start_of_home_assistant() -> None:
    """It is not set up yet, so that only stored data is known about it."""
    home = Home(rig(), mode=Mode.OFF)
    home.live(AFTER + 1200)
    home.taken()
    home.state = ManagerState.from_json(home.state.as_json())
    home.members = {"a": Member(id="a", is_online=False, sleep=RULES)}
    home.settings = replace(home.settings, mode=Mode.SMART)
    home.live(600)
    assert home.phase() is Phase.ASLEEP
    home.live(900, sun=NEED - 1)
    assert home.taken() == []
    home.live(330, sun=NEED)
    assert home.taken() == [("a", SleepAction.WAKE)]
    home.members = {"a": rig(curve=line())}
    home.live(60)
    assert home.phase() is Phase.AWAKE


# --- Which of them are woken --------------------------------------------------

LONG_ASLEEP = Sleep(phase=Phase.ASLEEP, since=-1e6, covered_since=-1e6, need=NEED)
WAKING = Sleep(phase=Phase.WAKING, since=0, need=NEED)
NOW = 1_000.0


def doings(
    more: float | None,
    sleepers: dict[str, Sleep],
    *others: Member,
    first: str = "",
    **values: Any,
) -> Doings:
    """Return what to do with rigs if some W may be drawn, beside other members.

    The `first` rig has a higher priority.
    """
    rigs = [
        rig(
            id_,
            is_online=sleep.phase is Phase.AWAKE,
            priority=int(id_ == first),
            **values,
        )
        for id_, sleep in sleepers.items()
    ]
    members = [*rigs, *others]
    records = {member.id: Record() for member in members}
    loads = loads_of(members, records, NOW)
    outcome = Outcome(
        {load.id: load.threads for load in loads}, Reason.NO_SURPLUS, more=more
    )
    return decided(Settings(), members, records, sleepers, loads, outcome, NOW)


@pytest.mark.parametrize(
    ("more", "woken"), [(119, []), (120, ["b"]), (179, ["b"]), (180, ["b", "c"])]
)
def test_what_is_starting_is_spent(more: float, woken: list[str]) -> None:
    """So is what was woken a moment ago."""
    sleepers = {"a": WAKING, "b": LONG_ASLEEP, "c": LONG_ASLEEP}
    assert list(doings(more, sleepers).actions) == woken


@pytest.mark.parametrize(("first", "woken"), [("", "b"), ("a", "a"), ("c", "c")])
def test_the_order_in_which_they_are_woken(first: str, woken: str) -> None:
    """By priority, and then the one that has slept longest."""
    sleepers = dict.fromkeys("abc", LONG_ASLEEP)
    sleepers["b"] = replace(LONG_ASLEEP, since=-2e6)
    assert list(doings(NEED, sleepers, first=first).actions) == [woken]


@pytest.mark.parametrize(("is_steerable", "since"), [(True, NOW), (False, None)])
def test_the_rest_of_one_that_the_manager_lets_rest(
    is_steerable: bool, since: float | None
) -> None:
    """It does not begin while the user has switched it off."""
    awake = {"a": Sleep(since=-1e6, need=NEED)}
    result = doings(0, awake, is_steerable=is_steerable)
    assert result.sleepers["a"].rested_since == since


def test_one_whose_need_is_unknown_spends_nothing() -> None:
    """There is no number for it."""
    sleepers = {"a": replace(WAKING, need=None), "b": LONG_ASLEEP}
    assert doings(NEED, sleepers).actions == {"b": SleepAction.WAKE}


@pytest.mark.parametrize(
    ("more", "priority", "is_woken"), [(99, 0, False), (100, 0, True), (60, -1, True)]
)
def test_what_others_use_is_spent_unless_they_come_after_it(
    more: float, priority: int, *, is_woken: bool
) -> None:
    """Those of the same priority come first: they are awake."""
    other = miner("b", 2, priority=priority)
    result = doings(more, {"a": LONG_ASLEEP}, other)
    assert bool(result.actions) is is_woken


@pytest.mark.parametrize(
    "values", [{"is_steerable": False}, {"temperature": 81, "max_temperature": 80}]
)
def test_nothing_is_covered_for_one_that_may_not_mine(values: dict[str, Any]) -> None:
    """However little it needs."""
    result = doings(500, {"a": replace(LONG_ASLEEP, need=1)}, **values)
    assert result.actions == {}
    assert result.sleepers["a"].covered_since is None


def test_where_everything_may_run_none_waits() -> None:
    """It would be covered for as long as it takes to start."""
    sleepers = {"a": replace(LONG_ASLEEP, covered_since=None)}
    assert doings(500, sleepers).actions == {}
    assert doings(math.inf, sleepers).actions == {"a": SleepAction.WAKE}


def test_one_without_a_command_is_woken_and_not_put_to_sleep() -> None:
    """It falls asleep by itself, and its plug is switched off then."""
    rules = SleepRules(after=AFTER, has_command=False, has_plug=True)
    assert doings(500, {"a": LONG_ASLEEP}, sleep=rules).actions == {
        "a": SleepAction.WAKE
    }
    rested = Sleep(since=-1e6, need=NEED, rested_since=-1e6)
    result = doings(0, {"a": rested}, sleep=rules)
    assert result.actions == {}
    assert result.sleepers["a"].phase is Phase.FALLING_ASLEEP
    assert doings(0, {"a": rested}).actions == {"a": SleepAction.SLEEP}


ASLEEP = replace(LONG_ASLEEP, covered_since=None)
LEFT_ALONE = replace(ASLEEP, is_left_alone=True)


@pytest.mark.parametrize(
    ("sleep", "threads", "mode", "expected"),
    [
        (ASLEEP, {}, Mode.SMART, Reason.NO_SURPLUS),
        (ASLEEP, {"b": 4}, Mode.SMART, Reason.NO_SURPLUS),
        (LEFT_ALONE, {}, Mode.SMART, Reason.NO_SURPLUS),
        (LEFT_ALONE, {"b": 4}, Mode.SMART, Reason.EVERYTHING_AT_FULL),
        (Sleep(), {"b": 4}, Mode.SMART, Reason.EVERYTHING_AT_FULL),
        (ASLEEP, {"b": 4}, Mode.FULL, Reason.EVERYTHING_AT_FULL),
        (LONG_ASLEEP, {"b": 4}, Mode.FULL, Reason.WAITING_TO_STEP_UP),
        (WAKING, {"b": 4}, Mode.SMART, Reason.WAKING),
        (WAKING, {"b": 4}, Mode.MANUAL, Reason.EVERYTHING_AT_FULL),
    ],
)
def test_why_no_more_is_running(
    sleep: Sleep, threads: dict[str, int], mode: Mode, expected: Reason
) -> None:
    """Those that sleep may be a reason."""
    outcome = Outcome(threads, Reason.EVERYTHING_AT_FULL)
    assert reason(mode, {"a": sleep}, outcome) is expected


@pytest.mark.parametrize(
    ("sleep", "expected"),
    [
        (ASLEEP, Reason.NO_SURPLUS),
        (LONG_ASLEEP, Reason.WAITING_TO_STEP_UP),
        (WAKING, Reason.WAKING),
        (Sleep(), None),
    ],
)
def test_those_that_sleep_are_the_reason_if_no_other_can_mine(
    sleep: Sleep, expected: Reason | None
) -> None:
    """Without one of them, there is no reason to show."""
    assert reason(Mode.SMART, {"a": sleep}, Outcome({}, None)) is expected


def test_another_reason_comes_first() -> None:
    """It keeps those that sleep from being woken, too."""
    outcome = Outcome({}, Reason.BATTERY_FIRST)
    assert reason(Mode.SMART, {"a": WAKING}, outcome) is Reason.BATTERY_FIRST


def test_what_is_covered_stays_so_while_other_sensors_are_waited_for() -> None:
    """The power is unknown for a second."""
    home = Home(rig(is_online=False, threads=None))
    home.state = replace(home.state, sleepers={"a": replace(ASLEEP, covered_since=5)})
    assert home.at(100, -500, parts=2, since=50).is_gathering
    assert home.state.sleepers["a"].covered_since == 5


@pytest.mark.parametrize(
    ("threads", "phase"), [(0, Phase.FALLING_ASLEEP), (2, Phase.AWAKE)]
)
def test_one_that_mines_again_is_not_about_to_sleep(threads: int, phase: Phase) -> None:
    """It was to fall asleep by itself."""
    rules = SleepRules(after=AFTER, has_command=False, has_plug=True)
    falling = Sleep(phase=Phase.FALLING_ASLEEP, since=0)
    members = [miner("b"), rig(threads=threads, sleep=rules)]
    found = seen({"a": falling}, members, NOW)
    assert list(found) == ["a"]
    assert (found["a"].phase, found["a"].need) == (phase, NEED)
