"""When a rig sleeps, as a table of states."""

from dataclasses import replace
import json
import math
from typing import Any

import pytest

from custom_components.xmrig_miner.manager.sleep import (
    CUT_AGAIN,
    FALLS_ASLEEP,
    GONE,
    LEAST_ASLEEP,
    LEAST_AWAKE,
    LEAST_START_UP,
    MOST_START_UP,
    START_UP,
    Sleep,
)
from custom_components.xmrig_miner.manager.sleep_rules import (
    Phase,
    SleepAction,
    SleepFault,
    SleepRules,
)

NOW = 100_000.0
AFTER = 1800
BUTTON = SleepRules(after=AFTER)
PLUG = SleepRules(after=AFTER, has_plug=True)
ONLY_PLUG = SleepRules(after=AFTER, has_plug=True, has_command=False)
NEED = 90.0

LONG_AWAKE = Sleep(since=NOW - LEAST_AWAKE, need=NEED)
LONG_ASLEEP = replace(LONG_AWAKE, phase=Phase.ASLEEP, since=NOW - LEAST_ASLEEP)
FALLING = replace(LONG_AWAKE, phase=Phase.FALLING_ASLEEP, since=NOW - 90)
WAKING = replace(LONG_AWAKE, phase=Phase.WAKING, since=NOW - 90)


def online(sleep: Sleep, rules: SleepRules = BUTTON, **seen: Any) -> Sleep:
    """Return the state once the rig has been seen on the network."""
    return sleep.seen_online(rules, NOW, **{"is_mining": False, "need": NEED, **seen})


def away(sleep: Sleep, seconds: float, rules: SleepRules = BUTTON) -> Sleep:
    """Return the state once the rig has not answered for some seconds."""
    gone = sleep.seen_offline(rules, NOW - seconds)
    return gone.seen_offline(rules, NOW)


@pytest.mark.parametrize(
    ("before", "phase", "is_left_alone"),
    [
        (LONG_AWAKE, Phase.AWAKE, False),
        (WAKING, Phase.AWAKE, False),
        # Woken by the user
        (LONG_ASLEEP, Phase.AWAKE, True),
        # Woken twice in vain: it only took long
        (replace(LONG_ASLEEP, attempts=1), Phase.AWAKE, False),
        (
            replace(LONG_ASLEEP, attempts=2, fault=SleepFault.WAKE),
            Phase.AWAKE,
            False,
        ),
        (replace(LONG_ASLEEP, is_left_alone=True), Phase.AWAKE, True),
        (FALLING, Phase.FALLING_ASLEEP, False),
    ],
)
def test_a_rig_that_answers(before: Sleep, phase: Phase, is_left_alone: bool) -> None:
    """It is awake, unless it was put to sleep a moment ago."""
    after = online(before)
    assert (after.phase, after.is_left_alone) == (phase, is_left_alone)
    if phase is not Phase.FALLING_ASLEEP:
        assert (after.attempts, after.fault) == (0, None)
    if phase is not before.phase:
        assert after.since == NOW


@pytest.mark.parametrize(
    ("before", "rules", "seconds", "phase"),
    [
        # Offline for another reason
        (LONG_AWAKE, BUTTON, 10_000, Phase.AWAKE),
        (LONG_ASLEEP, BUTTON, 10_000, Phase.ASLEEP),
        (FALLING, BUTTON, GONE - 1, Phase.FALLING_ASLEEP),
        (FALLING, BUTTON, GONE, Phase.ASLEEP),
        # The plug is switched off first
        (FALLING, PLUG, GONE, Phase.FALLING_ASLEEP),
        (FALLING, PLUG, GONE + FALLS_ASLEEP - 1, Phase.FALLING_ASLEEP),
        (FALLING, PLUG, GONE + FALLS_ASLEEP, Phase.ASLEEP),
        # The plug of a rig that the user put to sleep is left alone
        (replace(FALLING, is_left_alone=True), PLUG, GONE, Phase.ASLEEP),
    ],
)
def test_a_rig_that_does_not_answer(
    before: Sleep, rules: SleepRules, seconds: float, phase: Phase
) -> None:
    """It is asleep once it was put to sleep and has been unreachable for a while."""
    after = away(before, seconds, rules)
    assert after.phase is phase
    is_too_late = before.phase is not phase and seconds > GONE
    assert after.fault is (SleepFault.SLEEP if is_too_late else None)
    assert after.is_asleep is (phase is not Phase.AWAKE)


def test_what_is_remembered_of_one_that_answers() -> None:
    """It is no longer away, and its need is the last one that was known."""
    sleep = replace(LONG_AWAKE, offline_since=NOW - 9, covered_since=NOW - 9)
    assert online(sleep, need=None) == LONG_AWAKE
    assert online(sleep, need=70) == replace(LONG_AWAKE, need=70)
    assert online(Sleep()).since == NOW
    assert Sleep().began == -math.inf
    assert LONG_AWAKE.began == LONG_AWAKE.since


@pytest.mark.parametrize(
    ("sleep", "rules", "is_mining"),
    [
        (FALLING, ONLY_PLUG, True),
        (replace(FALLING, since=NOW - FALLS_ASLEEP), BUTTON, False),
    ],
)
def test_one_that_did_not_fall_asleep_is_awake_from_then_on(
    sleep: Sleep, rules: SleepRules, *, is_mining: bool
) -> None:
    """It is not tried again at once."""
    awake = online(sleep, rules, is_mining=is_mining)
    assert (awake.phase, awake.since) == (Phase.AWAKE, NOW)


def test_the_rest_that_the_manager_lets_it_have() -> None:
    """Since when it lasts."""
    resting = LONG_AWAKE.rested(NOW, is_resting=True)
    assert resting == replace(LONG_AWAKE, rested_since=NOW)
    assert resting.rested(NOW + 9, is_resting=True) == resting
    assert resting.rested(NOW + 9, is_resting=False) == LONG_AWAKE


def test_when_an_action_may_be_due() -> None:
    """After each of the times that it waits for."""
    sleep = Sleep(since=10_000, start_up=200)
    moments = [
        10_000 + LEAST_ASLEEP,
        10_000 + LEAST_AWAKE,
        10_000 + FALLS_ASLEEP,
        10_000 + 2 * 200,
    ]
    assert sorted(sleep.moments(BUTTON)) == sorted(moments)
    sleep = replace(
        sleep,
        rested_since=20_000,
        covered_since=30_000,
        offline_since=40_000,
        cut_at=50_000,
    )
    moments += [
        20_000 + AFTER,
        30_000 + 200,
        40_000 + GONE,
        40_000 + GONE + FALLS_ASLEEP,
        50_000 + CUT_AGAIN,
    ]
    assert sorted(sleep.moments(BUTTON)) == sorted(moments)


@pytest.mark.parametrize(
    ("took", "learned"),
    [(10, LEAST_START_UP), (150, 150), (10_000, MOST_START_UP)],
)
def test_the_start_up_time_is_learned(took: float, learned: float) -> None:
    """Between bounds; not by a start that began before Home Assistant did."""
    assert Sleep().start_up == START_UP
    assert online(replace(WAKING, since=NOW - took)).start_up == learned
    assert online(replace(WAKING, since=None)).start_up == START_UP


def test_it_is_woken_twice_and_then_reported() -> None:
    """Each time it has twice as long as it took before."""
    waking = replace(WAKING, since=NOW - 2 * START_UP + 1)
    assert away(waking, 500) == replace(waking, offline_since=NOW - 500)
    once = away(replace(waking, since=NOW - 2 * START_UP), 500)
    assert (once.phase, once.attempts, once.fault) == (Phase.ASLEEP, 1, None)
    # At once, if there is still enough
    assert once.covered(NOW, math.inf).action(BUTTON, NOW, is_urgent=True)
    again = replace(once, phase=Phase.WAKING, since=NOW - 2 * START_UP)
    twice = away(again, 500)
    assert (twice.phase, twice.attempts) == (Phase.ASLEEP, 2)
    assert twice.fault is SleepFault.WAKE
    assert not twice.is_asleep
    covered = twice.covered(NOW - 10_000, 1000)
    assert covered.action(BUTTON, NOW, is_urgent=False) is None
    assert covered.in_other_mode(NOW).fault is None


def test_it_is_put_to_sleep_twice_and_then_reported() -> None:
    """It stays on the network, and goes on mining."""
    vain = replace(FALLING, since=NOW - FALLS_ASLEEP)
    once = online(vain)
    assert (once.phase, once.attempts, once.fault) == (Phase.AWAKE, 1, None)
    twice = online(replace(vain, attempts=1))
    assert (twice.phase, twice.fault) == (Phase.AWAKE, SleepFault.SLEEP)
    resting = replace(twice, since=0).rested(1, is_resting=True)
    assert resting.action(BUTTON, NOW, is_urgent=False) is None
    fresh = resting.in_other_mode(NOW)
    assert fresh.action(BUTTON, NOW, is_urgent=False) is SleepAction.SLEEP
    # Actions of the user are respected
    assert online(replace(vain, attempts=1, is_left_alone=True)).fault is None


def test_one_with_only_a_plug_leaves_the_network_by_itself() -> None:
    """It is asked for nothing, and may mine again until then."""
    falling = replace(FALLING, since=NOW - 10 * FALLS_ASLEEP)
    assert online(falling, ONLY_PLUG).phase is Phase.FALLING_ASLEEP
    assert online(falling, ONLY_PLUG, is_mining=True).phase is Phase.AWAKE


@pytest.mark.parametrize(
    ("sleep", "rules", "action"),
    [
        (LONG_AWAKE, BUTTON, None),
        (replace(LONG_AWAKE, rested_since=NOW - AFTER), BUTTON, SleepAction.SLEEP),
        (replace(LONG_AWAKE, rested_since=NOW - AFTER + 1), BUTTON, None),
        (
            replace(LONG_AWAKE, since=NOW - LEAST_AWAKE + 1, rested_since=0),
            BUTTON,
            None,
        ),
        (
            replace(LONG_AWAKE, rested_since=0),
            replace(BUTTON, can_sleep=False),
            None,
        ),
        (replace(LONG_AWAKE, rested_since=0, is_left_alone=True), BUTTON, None),
        (LONG_ASLEEP, BUTTON, None),
        (replace(LONG_ASLEEP, covered_since=NOW - 300), BUTTON, SleepAction.WAKE),
        (replace(LONG_ASLEEP, covered_since=NOW - 299), BUTTON, None),
        (
            replace(LONG_ASLEEP, covered_since=NOW - 60, start_up=60),
            BUTTON,
            SleepAction.WAKE,
        ),
        (
            replace(LONG_ASLEEP, since=NOW - LEAST_ASLEEP + 1, covered_since=0),
            BUTTON,
            None,
        ),
        (
            replace(LONG_ASLEEP, covered_since=0),
            replace(BUTTON, can_wake=False),
            None,
        ),
        (replace(LONG_ASLEEP, covered_since=0, is_left_alone=True), BUTTON, None),
        # The plug could not be switched off, but the rig can be woken
        (
            replace(LONG_ASLEEP, covered_since=0, fault=SleepFault.SLEEP),
            BUTTON,
            SleepAction.WAKE,
        ),
        (replace(FALLING, offline_since=NOW - GONE), BUTTON, None),
        (replace(FALLING, offline_since=NOW - GONE), PLUG, SleepAction.CUT),
        (replace(FALLING, offline_since=NOW - GONE + 1), PLUG, None),
        (
            replace(FALLING, offline_since=0, cut_at=NOW - CUT_AGAIN + 1),
            PLUG,
            None,
        ),
        (
            replace(FALLING, offline_since=0, cut_at=NOW - CUT_AGAIN),
            PLUG,
            SleepAction.CUT,
        ),
        (WAKING, PLUG, None),
        # The user asked for it while it fell asleep
        (replace(LONG_ASLEEP, wakes=True), BUTTON, SleepAction.WAKE),
        (replace(LONG_ASLEEP, since=NOW, wakes=True), PLUG, SleepAction.WAKE),
        (replace(FALLING, wakes=True), BUTTON, None),
    ],
)
def test_what_there_is_to_do(
    sleep: Sleep, rules: SleepRules, action: SleepAction | None
) -> None:
    """And if it is a matter of time, the manager decides again by then."""
    assert sleep.action(rules, NOW, is_urgent=False) is action
    if action is not None:
        told = sleep.told(action, NOW)
        assert told.action(rules, NOW, is_urgent=False) is None
        earlier = [at for at in sleep.moments(rules) if at <= NOW]
        assert sleep.action(rules, max(earlier, default=NOW), is_urgent=False) is action


def test_where_everything_may_run_it_is_woken_at_once() -> None:
    """But not a moment after it fell asleep."""
    sleep = LONG_ASLEEP.covered(NOW, math.inf)
    assert sleep.action(BUTTON, NOW, is_urgent=True) is SleepAction.WAKE
    sleep = replace(sleep, since=NOW - 1)
    assert sleep.action(BUTTON, NOW, is_urgent=True) is None


@pytest.mark.parametrize(
    ("need", "spare", "is_covered"),
    [
        (90, 89, False),
        (90, 90, True),
        # It may not mine at all
        (0, math.inf, False),
        # Not known
        (None, 10_000, False),
        (None, math.inf, True),
    ],
)
def test_what_is_left_over_for_it(
    need: float | None, spare: float, is_covered: bool
) -> None:
    """As much as it needs, without a break."""
    sleep = replace(LONG_ASLEEP, need=need)
    covered = sleep.covered(NOW, spare)
    assert covered.covered_since == (NOW if is_covered else None)
    assert covered.covered(NOW + 9, spare).covered_since == covered.covered_since
    # Not known at the moment
    assert covered.covered(NOW + 9, None) == covered
    assert covered.covered(NOW + 9, 0).covered_since is None


def test_what_the_user_does() -> None:
    """It is left alone until the next change of mode."""
    slept = LONG_AWAKE.by_hand(NOW)
    assert (slept.phase, slept.is_left_alone) == (Phase.FALLING_ASLEEP, True)
    assert FALLING.by_hand(NOW) == FALLING
    failed = replace(LONG_ASLEEP, attempts=2, fault=SleepFault.WAKE)
    woken = failed.woken_by_hand(NOW)
    assert (woken.phase, woken.is_left_alone) == (Phase.WAKING, True)
    assert (woken.since, woken.attempts, woken.fault) == (NOW, 0, None)
    assert not slept.in_other_mode(NOW).is_left_alone
    # Switched off elsewhere: it may sleep
    lost = replace(LONG_AWAKE, offline_since=NOW - GONE)
    assert lost.in_other_mode(NOW).phase is Phase.ASLEEP
    assert LONG_AWAKE.in_other_mode(NOW).phase is Phase.AWAKE
    assert replace(lost, offline_since=NOW).in_other_mode(NOW).phase is Phase.AWAKE


@pytest.mark.parametrize("rules", [BUTTON, PLUG])
def test_the_user_wakes_what_is_falling_asleep(rules: SleepRules) -> None:
    """It is woken as soon as it is asleep: no plug has to be off first."""
    falling = FALLING.woken_by_hand(NOW)
    assert falling == replace(FALLING, wakes=True, is_left_alone=True)
    assert replace(FALLING, offline_since=NOW).is_leaving
    assert not replace(falling, offline_since=NOW).is_leaving
    assert online(falling, rules).phase is Phase.FALLING_ASLEEP
    asleep = away(falling, GONE, rules)
    assert (asleep.phase, asleep.wakes) == (Phase.ASLEEP, True)
    woken = asleep.told(SleepAction.WAKE, NOW)
    assert (woken.phase, woken.wakes, woken.is_left_alone) == (
        Phase.WAKING,
        False,
        True,
    )


def test_the_user_wakes_what_does_not_fall_asleep() -> None:
    """It is awake already, and is left alone."""
    falling = FALLING.woken_by_hand(NOW)
    awake = online(replace(falling, since=NOW - FALLS_ASLEEP))
    assert (awake.phase, awake.wakes, awake.is_left_alone) == (
        Phase.AWAKE,
        False,
        True,
    )
    assert (awake.attempts, awake.fault) == (0, None)
    # It would have left the network by itself
    awake = online(falling, ONLY_PLUG)
    assert (awake.phase, awake.wakes) == (Phase.AWAKE, False)


@pytest.mark.parametrize("before", [LONG_AWAKE, WAKING])
def test_the_user_wakes_what_does_not_sleep(before: Sleep) -> None:
    """There is nothing to do."""
    assert before.woken_by_hand(NOW) == before


def test_the_user_wakes_what_is_off_for_another_reason() -> None:
    """It may be broken, so that it counts as offline until it responds."""
    late = replace(LONG_AWAKE, offline_since=NOW - GONE + 1)
    assert late.woken_by_hand(NOW) == late
    off = replace(LONG_AWAKE, offline_since=NOW - GONE, fault=SleepFault.SLEEP)
    assert off.woken_by_hand(NOW) == replace(off, is_left_alone=True, fault=None)


@pytest.mark.parametrize("phase", Phase)
def test_when_it_can_be_woken(phase: Phase) -> None:
    """Not while it may be on: what wakes it may turn it off."""
    sleep = replace(LONG_AWAKE, phase=phase)
    is_asleep = phase is Phase.ASLEEP
    assert sleep.can_be_woken(NOW) is is_asleep
    late = replace(sleep, offline_since=NOW - GONE + 1)
    assert late.can_be_woken(NOW) is is_asleep
    off = replace(sleep, offline_since=NOW - GONE)
    assert off.can_be_woken(NOW) is (is_asleep or phase is Phase.AWAKE)


def test_the_last_word_of_the_user_counts() -> None:
    """What was to be woken is put to sleep after all."""
    falling = FALLING.woken_by_hand(NOW).by_hand(NOW)
    assert (falling.phase, falling.wakes) == (Phase.FALLING_ASLEEP, False)
    assert falling.since == FALLING.since


def test_a_plug_that_is_off_ends_only_what_was_begun() -> None:
    """The rig may be back by then."""
    assert FALLING.switched_off(NOW).phase is Phase.ASLEEP
    assert LONG_AWAKE.switched_off(NOW) == LONG_AWAKE


@pytest.mark.parametrize(
    "sleep",
    [LONG_AWAKE, LONG_ASLEEP, FALLING, replace(FALLING, wakes=True), WAKING, Sleep()],
)
def test_it_is_kept(sleep: Sleep) -> None:
    """Everything except the times, whose clock starts again."""
    faulty = replace(sleep, fault=SleepFault.WAKE, attempts=2, is_left_alone=True)
    for each in (sleep, faulty):
        kept = Sleep.from_json(json.loads(json.dumps(each.as_json())))
        assert kept == replace(each, since=None)


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "dead"},
        {"attempts": -1},
        {"fault": "none"},
        {"left_alone": 1},
        {"wakes": 1},
        {"start_up": 1e9},
        {"start_up": 0},
        {"need": -5},
    ],
)
def test_what_is_damaged_is_refused(change: dict[str, Any]) -> None:
    """As the stores expect it."""
    with pytest.raises(ValueError, match="."):
        Sleep.from_json(Sleep().as_json() | change)
    with pytest.raises(LookupError):
        Sleep.from_json({})


# --- Each step, with all that it changes ---------------------------------------

BUSY = Sleep(
    since=1.0, attempts=1, fault=SleepFault.SLEEP, rested_since=2.0, covered_since=3.0
)
"""A state in which everything is set that a step may reset."""


def asleep(since: float, **values: Any) -> Sleep:
    """Return a state at the start of a sleep."""
    reset = {"rested_since": None, "covered_since": None}
    return replace(BUSY, phase=Phase.ASLEEP, since=since, **(reset | values))


@pytest.mark.parametrize(
    ("before", "rules", "now", "after"),
    [
        # After a start of Home Assistant, its phase begins when it is first seen
        (
            replace(BUSY, since=None),
            BUTTON,
            50.0,
            replace(BUSY, since=50.0, offline_since=50.0, rested_since=None),
        ),
        (BUSY, BUTTON, 50.0, replace(BUSY, offline_since=50.0, rested_since=None)),
        # It has left the network
        (
            replace(BUSY, phase=Phase.FALLING_ASLEEP, offline_since=10.0),
            BUTTON,
            10.0 + GONE,
            asleep(10.0 + GONE, offline_since=10.0, attempts=0, fault=None),
        ),
        # But its plug cannot be switched off
        (
            replace(BUSY, phase=Phase.FALLING_ASLEEP, fault=None, offline_since=10.0),
            PLUG,
            10.0 + GONE + FALLS_ASLEEP,
            asleep(10.0 + GONE + FALLS_ASLEEP, offline_since=10.0),
        ),
        # It does not wake up: it may be woken again at once
        (
            replace(BUSY, phase=Phase.WAKING, offline_since=10.0),
            BUTTON,
            1.0 + 2 * START_UP,
            asleep(-math.inf, offline_since=10.0, attempts=2, fault=SleepFault.WAKE),
        ),
    ],
)
def test_a_step_of_one_that_is_offline(
    before: Sleep, rules: SleepRules, now: float, after: Sleep
) -> None:
    """What it changes, and nothing else."""
    assert before.seen_offline(rules, now) == after


def test_a_plug_that_is_off() -> None:
    """Its computer sleeps from then on."""
    falling = replace(BUSY, phase=Phase.FALLING_ASLEEP)
    assert falling.switched_off(50.0) == asleep(50.0, attempts=0, fault=None)
    assert BUSY.switched_off(50.0) is BUSY


def test_put_to_sleep_by_hand() -> None:
    """What failed before is forgotten."""
    assert BUSY.by_hand(50.0) == replace(
        BUSY,
        phase=Phase.FALLING_ASLEEP,
        since=50.0,
        is_left_alone=True,
        attempts=0,
        fault=None,
        rested_since=None,
        covered_since=None,
    )


def test_another_mode() -> None:
    """It is no longer left alone; one that does not respond is asleep."""
    alone = replace(BUSY, is_left_alone=True)
    anew = replace(BUSY, attempts=0, fault=None)
    assert alone.in_other_mode(50.0) == anew
    assert alone.in_other_mode(50.0).is_left_alone is False
    away = replace(alone, offline_since=50.0 - GONE)
    assert away.in_other_mode(50.0) == asleep(
        -math.inf, offline_since=50.0 - GONE, attempts=0, fault=None
    )


@pytest.mark.parametrize(
    ("action", "phase"),
    [
        (SleepAction.SLEEP, Phase.FALLING_ASLEEP),
        (SleepAction.WAKE, Phase.WAKING),
    ],
)
def test_a_phase_begins_with_its_action(action: SleepAction, phase: Phase) -> None:
    """At that moment."""
    told = BUSY.told(action, 50.0)
    assert (told.phase, told.since) == (phase, 50.0)


@pytest.mark.parametrize(
    ("need", "is_covered"), [(0.5, True), (1.0, True), (1.5, False), (0.0, False)]
)
def test_a_small_need(need: float, *, is_covered: bool) -> None:
    """Any power covers it, but for one that may not mine at all."""
    sleep = Sleep(phase=Phase.ASLEEP, need=need).covered(50.0, 1.0)
    assert (sleep.covered_since is not None) is is_covered


@pytest.mark.parametrize("start_up", [LEAST_START_UP, MOST_START_UP])
def test_the_bounds_of_a_start_up_time_are_loaded(start_up: int) -> None:
    """Beyond them the file is damaged."""
    stored = replace(Sleep(), start_up=start_up).as_json()
    assert Sleep.from_json(stored).start_up == start_up
    for beyond in (LEAST_START_UP - 1, MOST_START_UP + 1):
        with pytest.raises(ValueError, match="shape"):
            Sleep.from_json(stored | {"start_up": beyond})
