"""Figures of all members, and what happens to them."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.manager.events import MemberEventType, Watch
from custom_components.xmrig_miner.manager.figures import (
    Figures,
    SleepState,
    efficiency,
    hashrate,
    hottest,
    main_algorithm,
)
from custom_components.xmrig_miner.manager.sleep import Sleep
from custom_components.xmrig_miner.manager.sleep_rules import Phase, SleepFault


def figures(id_: str = "a", **values: Any) -> Figures:
    """Return a miner that hashes 1000 H/s with 100 W."""
    shown: dict[str, Any] = {
        "is_online": True,
        "algorithm": "rx/0",
        "hashrate": 1000.0,
        "watts": 100.0,
        **values,
    }
    return Figures(id=id_, name=f"Rig {id_}", **shown)


RESTING = figures(hashrate=0.0, watts=60.0)
OFFLINE = figures(is_online=False)
UNKNOWN = figures(hashrate=None)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([], None),
        ([OFFLINE], None),
        ([UNKNOWN], None),
        ([UNKNOWN, RESTING], None),
        ([RESTING], 0),
        ([RESTING, OFFLINE], 0),
        ([figures(), RESTING, OFFLINE, UNKNOWN], 1000),
        ([figures(), figures(hashrate=500)], 1500),
    ],
)
def test_the_hashrate_is_the_sum_of_those_that_mine(
    members: list[Figures], expected: float | None
) -> None:
    """At rest is 0, and offline is unknown."""
    assert hashrate(members) == expected


def test_only_one_algorithm_is_summed_up() -> None:
    """The one that most of them mine; those at rest do not count."""
    other = figures(algorithm="ghostrider", hashrate=50.0, watts=50.0)
    idle = figures(algorithm="ghostrider", hashrate=0.0)
    assert hashrate([figures(), figures(), other, idle, idle]) == 2000
    assert efficiency([figures(), figures(), other]) == 10
    assert hashrate([figures(), other, other]) == 100
    assert efficiency([figures(), other, other]) == 1


def test_of_equally_many_one_is_chosen_for_good() -> None:
    """Whatever the order: a sum that swings between two is of no use."""
    assert main_algorithm(["rx/0", "kawpow"]) == "kawpow"
    assert main_algorithm(["kawpow", "rx/0", None, None, None]) == "kawpow"
    assert main_algorithm([None]) is None


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([figures(), figures(hashrate=500)], 7.5),
        ([figures(), figures(watts=None)], 10),
        ([figures(), RESTING], 10),
        ([figures(watts=None)], None),
        ([figures(watts=0.0)], None),
        ([RESTING], None),
        ([], None),
    ],
)
def test_efficiency_is_a_ratio_of_sums(
    members: list[Figures], expected: float | None
) -> None:
    """Of the members that mine, and whose watts are known."""
    assert efficiency(members) == expected


def test_the_hottest() -> None:
    """Of those that are online and report one."""
    members = [
        figures(temperature=61.0),
        figures(temperature=70.5),
        figures(),
        figures(temperature=90.0, is_online=False),
    ]
    assert hottest(members) == 70.5
    assert hottest([figures()]) is None


@pytest.mark.parametrize(
    ("values", "is_in_trouble"),
    [
        ({}, False),
        ({"is_online": None}, False),
        ({"is_online": False}, True),
        ({"has_problem": True}, True),
        ({"is_left_out": True}, True),
    ],
)
def test_members_in_trouble(values: dict[str, Any], *, is_in_trouble: bool) -> None:
    """One that is being set up is not."""
    assert figures(**values).is_in_trouble is is_in_trouble


ASLEEP = Sleep(phase=Phase.ASLEEP)
WAKE_FAILED = replace(ASLEEP, fault=SleepFault.WAKE)


@pytest.mark.parametrize(
    ("is_online", "sleep", "state", "is_expected_offline"),
    [
        (True, None, None, False),
        (False, None, None, False),
        (True, Sleep(), SleepState.AWAKE, False),
        (False, Sleep(), SleepState.OFFLINE, False),
        (None, Sleep(), SleepState.AWAKE, False),
        (False, ASLEEP, SleepState.ASLEEP, True),
        (True, ASLEEP, SleepState.ASLEEP, False),
        (None, ASLEEP, SleepState.ASLEEP, False),
        (False, replace(ASLEEP, phase=Phase.WAKING), SleepState.WAKING, True),
        (False, WAKE_FAILED, SleepState.OFFLINE, False),
    ],
)
def test_a_member_that_may_sleep(
    is_online: bool | None,
    sleep: Sleep | None,
    state: SleepState | None,
    *,
    is_expected_offline: bool,
) -> None:
    """It is offline if it does not respond although it should."""
    member = figures(is_online=is_online, sleep=sleep)
    assert member.sleep_state is state
    assert member.is_expected_offline is is_expected_offline


class Seen:
    """Events from one check to the next."""

    def __init__(self) -> None:
        """Start without checks."""
        self.watch = Watch()

    def __call__(self, *members: Figures) -> list[tuple[MemberEventType, str]]:
        """Check members, and return the events."""
        self.watch, events = self.watch.seen(members)
        return [(event.type, event.name) for event in events]


def test_offline_and_back() -> None:
    """Once each."""
    seen = Seen()
    there, gone = figures(), figures(is_online=False)
    assert seen(there) == []
    assert seen(gone) == [(MemberEventType.OFFLINE, "Rig a")]
    assert seen(gone) == []
    assert seen(there) == [(MemberEventType.BACK, "Rig a")]
    assert seen(there) == []


def test_nothing_is_said_of_a_start() -> None:
    """Neither of members that are set up late, nor of those that cannot be yet."""
    seen = Seen()
    assert seen(figures(is_online=None, is_loaded=False)) == []
    failing = figures(is_online=False, is_loaded=False)
    assert seen(failing) == []
    assert seen(figures(), failing, figures("b")) == []


def test_a_member_that_is_reloaded() -> None:
    """Is not offline, unless it cannot be set up again."""
    seen = Seen()
    seen(figures())
    assert seen(figures(is_online=None, is_loaded=False)) == []
    assert seen(figures()) == []
    assert seen(figures(is_online=False, is_loaded=False)) == [
        (MemberEventType.OFFLINE, "Rig a")
    ]
    assert seen(figures(is_online=None, is_loaded=False)) == []
    assert seen(figures()) == [(MemberEventType.BACK, "Rig a")]


def test_one_that_was_offline_when_the_manager_was_set_up_comes_back() -> None:
    """The miner was set up before, so it was there."""
    seen = Seen()
    assert seen(figures(is_online=False)) == []
    assert seen(figures()) == [(MemberEventType.BACK, "Rig a")]


def test_failed_commands() -> None:
    """An event for each time that a member is left out."""
    seen = Seen()
    left_out = figures(is_left_out=True)
    seen(figures(), figures("b"))
    assert seen(left_out, figures("b")) == [(MemberEventType.FAILED, "Rig a")]
    assert seen(left_out, figures("b")) == []
    seen(figures(), figures("b"))
    assert seen(left_out) == [(MemberEventType.FAILED, "Rig a")]


def test_a_member_that_is_removed_and_added_again() -> None:
    """Is a new one."""
    seen = Seen()
    seen(figures())
    assert seen() == []
    assert seen(figures(is_online=False)) == []


def test_sleep_is_reported_instead_of_offline_and_back() -> None:
    """An attempt to wake it that failed is one event, and so is its late return."""
    seen = Seen()
    seen(figures(is_online=False, sleep=Sleep(phase=Phase.WAKING)))
    failed = figures(is_online=False, sleep=WAKE_FAILED)
    assert seen(failed) == [(MemberEventType.WAKE_FAILED, "Rig a")]
    assert seen(failed) == []
    assert seen(figures(sleep=Sleep())) == [(MemberEventType.AWAKE, "Rig a")]
    assert seen(figures(is_online=False, sleep=Sleep())) == [
        (MemberEventType.OFFLINE, "Rig a")
    ]


def test_one_that_was_asleep_when_the_manager_was_set_up() -> None:
    """It counts as there, so that it is offline once it no longer sleeps."""
    seen = Seen()
    assert seen(figures(is_online=False, sleep=ASLEEP)) == []
    assert seen(figures(is_online=False)) == [(MemberEventType.OFFLINE, "Rig a")]


def test_one_that_was_offline_before_it_slept() -> None:
    """It is offline already."""
    seen = Seen()
    seen(figures())
    seen(figures(is_online=False, sleep=Sleep()))
    seen(figures(is_online=False, sleep=ASLEEP))
    assert seen(figures(is_online=False)) == []
