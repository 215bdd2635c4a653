"""The members that may sleep, as part of a decision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import math

from .distribution import Load
from .members import Member, Record
from .outcome import Outcome
from .policy import Mode, Reason, Settings
from .sleep import Sleep
from .sleep_rules import Phase, SleepAction

type Sleepers = Mapping[str, Sleep]
"""The sleep state of each member that may sleep, by ID."""


def seen(sleepers: Sleepers, members: Iterable[Member], now: float) -> Sleepers:
    """Return the sleepers updated with the current state of the members."""
    result = {}
    for member in members:
        if (rules := member.sleep) is None:
            continue
        sleep = sleepers.get(member.id, Sleep())
        result[member.id] = (
            sleep.seen_online(
                rules, now, is_mining=bool(member.threads), need=member.need
            )
            if member.is_online
            else sleep.seen_offline(rules, now)
        )
    return result


def leaving(sleepers: Sleepers, members: Iterable[Member]) -> set[str]:
    """Return the IDs of members falling asleep, which must get no other command."""
    return {
        member.id
        for member in members
        if member.sleep is not None
        and member.sleep.has_command
        and sleepers[member.id].phase is Phase.FALLING_ASLEEP
    }


@dataclass(frozen=True)
class Doings:
    """The sleepers, and what to do with them."""

    sleepers: Sleepers
    actions: Mapping[str, SleepAction] = field(default_factory=dict)


def decided(
    settings: Settings,
    members: Sequence[Member],
    records: Mapping[str, Record],
    sleepers: Sleepers,
    loads: Sequence[Load],
    outcome: Outcome,
    now: float,
) -> Doings:
    """Return which members to wake or put to sleep after a decision.

    Members with the highest priority are woken first, and among these the one that has
    slept longest. A member can only use power that is used neither by members of the
    same or a higher priority nor by members that are starting up.
    """
    more = outcome.more
    if settings.mode is Mode.SMART and settings.keep_mining:
        more = math.inf
    result = dict(sleepers)
    actions: dict[str, SleepAction] = {}
    resting = {load.id for load in loads if not outcome.threads[load.id]}
    waking = sum(
        sleep.need or 0 for sleep in sleepers.values() if sleep.phase is Phase.WAKING
    )
    may_sleep = [(member, member.sleep) for member in members if member.sleep]
    may_sleep.sort(key=lambda pair: (-pair[0].priority, sleepers[pair[0].id].began))
    for member, rules in may_sleep:
        is_resting = member.id in resting and not records[member.id].threads(member)
        sleep = sleepers[member.id].rested(now, is_resting=is_resting)
        if sleep.phase is Phase.ASLEEP:
            spare = None if more is None else more - waking
            if not member.is_steerable or member.is_hot:
                spare = 0
            elif spare is not None:
                spare -= _used(member, loads, outcome)
            sleep = sleep.covered(now, spare)
        action = sleep.action(rules, now, is_urgent=more == math.inf)
        is_begun = action is SleepAction.CUT or sleep.wakes
        if settings.mode is Mode.MANUAL and not is_begun:
            action = None
        if action is not None:
            sleep = sleep.told(action, now)
            if action is not SleepAction.SLEEP or rules.has_command:
                actions[member.id] = action
            if action is SleepAction.WAKE:
                waking += sleep.need or 0
        result[member.id] = sleep
    return Doings(result, actions)


def _used(member: Member, loads: Iterable[Load], outcome: Outcome) -> float:
    """Return the W used by loads of the same or a higher priority than a member."""
    return sum(
        load.curve.mining[outcome.threads[load.id]]
        for load in loads
        if load.priority >= member.priority
    )


def reason(mode: Mode, sleepers: Sleepers, outcome: Outcome) -> Reason | None:
    """Return why no more is running, taking sleeping members into account."""
    is_all_used = outcome.reason in (
        Reason.EVERYTHING_AT_FULL,
        Reason.NO_SURPLUS,
        None,
    )
    if not is_all_used or mode not in (Mode.SMART, Mode.FULL):
        return outcome.reason
    if any(sleep.phase is Phase.WAKING for sleep in sleepers.values()):
        return Reason.WAKING
    asleep = [sleep for sleep in sleepers.values() if sleep.phase is Phase.ASLEEP]
    if any(sleep.covered_since is not None for sleep in asleep):
        return Reason.WAITING_TO_STEP_UP
    if mode is Mode.SMART and (
        any(not sleep.is_left_alone for sleep in asleep)
        or (asleep and not outcome.threads)
    ):
        return Reason.NO_SURPLUS
    return outcome.reason


def with_mode(sleepers: Sleepers, now: float) -> Sleepers:
    """Return the sleepers after the user chose another mode."""
    return {id_: sleep.in_other_mode(now) for id_, sleep in sleepers.items()}


def moments(sleepers: Sleepers, members: Iterable[Member]) -> list[float]:
    """Return the times at which an action may be due without a new report."""
    return [
        moment
        for member in members
        if member.sleep is not None
        for moment in sleepers[member.id].moments(member.sleep)
    ]
