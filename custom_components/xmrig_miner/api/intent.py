"""Pure functions that decide what a miner should do."""

from dataclasses import dataclass, replace

from .snapshot import Snapshot, Status
from .state import MinerState, Request


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The commands that bring a miner into the requested state."""

    pause: bool = False
    start: bool = False
    threads: int | None = None


def update_wanted_state(
    state: MinerState, before: Snapshot | None, snapshot: Snapshot
) -> MinerState:
    """Return the state after a poll; external changes count as requests.

    `before` is the last complete snapshot. A pause that may be due to the miner's own
    rules does not.
    """
    if not snapshot.is_complete:
        return state
    state = _with_mining(state, before, snapshot)
    if snapshot.config is None:
        return state
    if state.threads is not None:
        state = replace(state, threads=snapshot.thread_cap)
    return state.with_shown_payout(snapshot.config.payout)


def is_resumed_by_rule(
    state: MinerState, before: Snapshot | None, snapshot: Snapshot
) -> bool:
    """Return whether XMRig's own rules ended a pause that was requested from here.

    They set and clear the same flag as a pause command (XMRig src/core/Miner.cpp:682).
    They do not start a miner that was stopped.
    """
    return bool(
        snapshot.is_complete
        and snapshot.is_mining
        and snapshot.pause_rules
        and (
            state.request.limited or (state.request.here and state.request.wants_pause)
        )
        and not (before and before.status is Status.STOPPED)
    )


def is_pause_over(state: MinerState, now: float) -> bool:
    """Return whether the end of a pause has passed; `now` is in seconds since 1970."""
    until = state.request.until
    return until is not None and now >= until


def steps_after_restart(state: MinerState, snapshot: Snapshot, now: float) -> Steps:
    """Return the commands that restore what was requested before a restart.

    A miner paused by its own rules would not resume, so it is not started. `now` is in
    seconds since 1970.
    """
    request = state.request
    wants_pause = request.limited or (
        request.mining is False and not is_pause_over(state, now)
    )
    is_stopped = snapshot.is_mining is False and (
        snapshot.status is Status.STOPPED or not snapshot.pause_rules
    )
    changes_threads = state.threads is not None and snapshot.thread_cap != state.threads
    return Steps(
        pause=wants_pause and snapshot.is_mining is True,
        start=request.mining is True and not request.limited and is_stopped,
        threads=state.threads if changes_threads else None,
    )


def _with_mining(
    state: MinerState, before: Snapshot | None, snapshot: Snapshot
) -> MinerState:
    """Return the state with the current request."""
    if state.previous_request is not None:
        # The reply to a command was lost: the miner's status shows whether it arrived
        took_effect = snapshot.is_mining is not state.request.wants_pause
        state = (
            state.with_request_done() if took_effect else state.with_request_undone()
        )
    if is_resumed_by_rule(state, before, snapshot):
        return state
    request = state.request
    if snapshot.is_mining:
        was_paused = request.mining is False or (
            request.mining is None
            and before is not None
            and before.is_mining is False
            and not before.state.request.limited
            and not snapshot.pause_rules
        )
        if was_paused:
            request = Request(mining=True)
        elif request.limited:
            request = replace(request, limited=False)
    elif not request.limited and not snapshot.pause_rules:
        was_mining = request.mining or (
            request.mining is None and before is not None and before.is_mining
        )
        if was_mining:
            request = Request(mining=False)
    return state if request is state.request else replace(state, request=request)
