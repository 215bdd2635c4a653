"""The smart mode, which follows sun and price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .budget import available
from .distribution import Load, bounded, distribute
from .inputs import Inputs
from .loads import draw_of_others, held_power, without_heat
from .outcome import Outcome, full, least
from .policy import Reason, Settings, battery_goes_first
from .sources import GATHER
from .state import ManagerState

LOOK_AGAIN = 30
"""Seconds after which to reconsider power kept free for a load that may return, if the
meter reports nothing."""


def smart(
    settings: Settings,
    inputs: Inputs,
    state: ManagerState,
    loads: Sequence[Load],
    now: float,
) -> tuple[ManagerState, Outcome]:
    """Return the updated state, and the threads that sun and price allow."""
    meters = inputs.meters
    battery_first = meters.has_level and battery_goes_first(
        meters.battery_level, settings, before=state.battery_first
    )
    state = replace(state, battery_first=battery_first)
    left = available(meters, state.history, state.response.response)
    if inputs.prices.is_cheap(settings.price_limit):
        return state, replace(full(loads), available=left)
    if left is None or state.is_silent:
        return state, Outcome(least(loads), Reason.METER_SILENT, budget=0)
    if battery_first:
        return state, Outcome(least(loads), Reason.BATTERY_FIRST, left, budget=0)
    if meters.gathered_at is not None and now < meters.gathered_at:
        since = now if state.gathering_since is None else state.gathering_since
        # Do not restart the wait on each report: some sensors report all the time
        if now < (end := since + GATHER):
            return replace(state, gathering_since=since), Outcome(
                bounded(loads), Reason.METER_SETTLING, left, wake_at=end, more=None
            )
    state = replace(state, gathering_since=None).read(left)
    others = draw_of_others(loads, inputs.members, state.records, now)
    held = held_power(inputs.members, state.records, now)
    odds = inputs.prices.odds(settings.caution)
    risky = state.household.held_back(odds, now)
    fixed = settings.reserve + others + risky
    sharing = _Sharing(left.high - fixed, left.low - fixed - held, risky)
    allowed = sharing.share(loads)
    study = state.study.updated(
        loads, allowed, inputs.members, state.records, now, state.watts
    )
    state = replace(state, study=study)
    threads = allowed
    if study.current is not None:
        threads = sharing.share(study.bounded(loads, allowed))
    budget = max(0.0, left.middle - settings.reserve - risky)
    outcome = Outcome(
        threads,
        Reason.NO_SURPLUS,
        left,
        budget,
        wake_at=now + LOOK_AGAIN if risky else None,
        more=sharing.raise_budget,
    )
    if threads != allowed:
        return state, replace(
            outcome, reason=Reason.WAITING_TO_STEP_UP, wake_at=study.ends_at(now)
        )
    return state, _with_reason(settings, inputs, state, loads, sharing, outcome)


@dataclass(frozen=True)
class _Sharing:
    """A budget, and the part of it that may be spent on more threads, in W."""

    budget: float
    raise_budget: float
    risky: float
    """W kept free for household loads that may return."""

    def share(self, loads: Sequence[Load]) -> dict[str, int]:
        return distribute(loads, self.budget, self.raise_budget)

    def share_all(self, loads: Sequence[Load]) -> dict[str, int]:
        """Return the threads without power kept free for loads that may return."""
        risky = self.risky
        return distribute(loads, self.budget + risky, self.raise_budget + risky)


def _with_reason(
    settings: Settings,
    inputs: Inputs,
    state: ManagerState,
    loads: Sequence[Load],
    sharing: _Sharing,
    outcome: Outcome,
) -> Outcome:
    """Return the outcome with the reason why no more is running."""
    threads = outcome.threads
    if all(threads[load.id] >= load.ceiling for load in loads):
        return replace(outcome, reason=full(loads).reason)
    settled = [replace(load, is_settled=True) for load in loads]
    if sharing.share(settled) != threads:
        ends = [
            state.records[member.id].changed_at + member.settle
            for member in inputs.members
            if not _is_settled(member.id, loads)
        ]
        return replace(outcome, reason=Reason.WAITING_TO_STEP_UP, wake_at=min(ends))
    if sharing.risky and sharing.share_all(settled) != threads:
        return replace(outcome, reason=Reason.WAITING_TO_STEP_UP)
    if distribute(settled, sharing.budget) != threads:
        return replace(outcome, reason=Reason.METER_SETTLING)
    if sharing.share(without_heat(settled, inputs.members)) != threads:
        return replace(outcome, reason=Reason.TEMPERATURE)
    if inputs.prices.is_waiting(settings.price_limit):
        return replace(outcome, reason=Reason.PRICE)
    return outcome


def _is_settled(member_id: str, loads: Sequence[Load]) -> bool:
    """Return whether a member is not a load that still has to settle."""
    return not any(load.id == member_id and not load.is_settled for load in loads)
