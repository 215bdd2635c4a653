"""The decision made on a meter reading or at the end of a wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .budget import bought
from .distribution import Load, power
from .heat import STEP_TIME
from .inputs import Inputs
from .loads import draw_of_others, loads_of
from .members import OFFLINE_KEPT, Member
from .outcome import Outcome, full
from .policy import Mode, Reason, Settings
from .response import LONGEST
from .sleep_rules import SleepAction
from .sleepers import decided, leaving, moments, reason, seen, with_mode
from .smart import smart
from .state import SILENT, ManagerState


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do now."""

    targets: Mapping[str, int] = field(default_factory=dict)
    """The new number of threads of each member that has to change; 0 to rest."""
    sleep_actions: Mapping[str, SleepAction] = field(default_factory=dict)
    """What to do with members that may sleep. Adopt `state` before acting on these."""
    reason: Reason | None = None
    """Why no more is running; None in manual mode, and if no member can be changed."""
    surplus: float | None = None
    """W left over in addition to mining, once the meter reflects this plan."""
    budget: float | None = None
    """W that mining may draw above the idle power of the computers."""
    draw: float = 0
    """W that mining draws with this plan, above the idle power of the computers."""
    wake_at: float | None = None
    """When to decide again without a new reading; None for never."""
    state: ManagerState

    @property
    def is_gathering(self) -> bool:
        """Return whether some sensors have yet to report what others already show."""
        return self.reason is Reason.METER_SETTLING and self.budget is None

    def shown_as(self, before: Plan) -> Plan:
        """Return the plan with the figures shown by the previous one."""
        return replace(
            self, reason=before.reason, surplus=before.surplus, budget=before.budget
        )


def decide(settings: Settings, inputs: Inputs, state: ManagerState, now: float) -> Plan:
    """Return what to do at `now`, in seconds on a monotonic clock."""
    before = state.study
    inputs = replace(inputs, members=tuple(map(state.known, inputs.members)))
    members = inputs.members
    state = _with_sleepers(state.seen(members, now), settings.mode, members, now)
    reading = bought(inputs.meters)
    # Until all sensors have reported, there is no consistent reading
    if reading is not None and now >= (inputs.meters.gathered_at or now):
        state = state.metered(reading, members).listened(now)
    loads = loads_of(
        members,
        state.records,
        now,
        keep_mining=settings.keep_mining,
        leaving=leaving(state.sleepers, members),
    )
    match settings.mode:
        case Mode.MANUAL:
            outcome = Outcome(_cooled(loads, state), None)
        case Mode.OFF:
            outcome = Outcome({load.id: 0 for load in loads}, Reason.OFF, budget=0)
        case Mode.FULL:
            outcome = full(loads)
        case Mode.SMART:
            state, outcome = smart(settings, inputs, state, loads, now)
    others = draw_of_others(loads, members, state.records, now)
    targets = {
        load.id: outcome.threads[load.id]
        for load in loads
        if outcome.threads[load.id] != load.threads
    }
    doings = decided(
        settings, members, state.records, state.sleepers, loads, outcome, now
    )
    state = replace(state, sleepers=doings.sleepers)
    state = state.commanded(members, targets, now, before)
    draw = others + power(loads, outcome.threads)
    left = outcome.available
    return Plan(
        targets=targets,
        sleep_actions=doings.actions,
        reason=reason(settings.mode, state.sleepers, outcome) if members else None,
        surplus=None if left is None else left.middle - draw,
        budget=outcome.budget,
        draw=draw,
        wake_at=_wake_at(inputs, state, outcome, now),
        state=state,
    )


def _with_sleepers(
    state: ManagerState, mode: Mode, members: Sequence[Member], now: float
) -> ManagerState:
    """Return the state updated with the sleeping members and the mode."""
    sleepers = seen(state.sleepers, members, now)
    if state.mode not in (None, mode):
        sleepers = with_mode(sleepers, now)
    return replace(state, sleepers=sleepers, mode=mode)


def _cooled(loads: Sequence[Load], state: ManagerState) -> dict[str, int]:
    """Return the threads in manual mode, where only the temperature changes them."""
    return {
        load.id: state.records[load.id].heat.manual(load.threads, load.ceiling)
        for load in loads
    }


def _wake_at(
    inputs: Inputs, state: ManagerState, outcome: Outcome, now: float
) -> float | None:
    """Return when to decide again without a new reading."""
    changed_at = state.history.changed_at
    times = [outcome.wake_at, changed_at + SILENT, changed_at + SILENT + LONGEST]
    times += moments(state.sleepers, inputs.members)
    for member in inputs.members:
        record = state.records[member.id]
        times.append(record.left_out_until)
        if record.offline_since is not None:
            times.append(record.offline_since + OFFLINE_KEPT)
        if record.heat.threads is not None:
            times.append(record.heat.changed_at + STEP_TIME)
    return min(
        (at for at in times if at is not None and at > now),
        default=None,
    )
