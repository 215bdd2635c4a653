"""Tests of the requested state, decided from snapshots."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.intent import (
    Steps,
    is_pause_over,
    is_resumed_by_rule,
    steps_after_restart,
    update_wanted_state,
)
from custom_components.xmrig_miner.api.models import (
    Backends,
    Config,
    Hashrate,
    PauseRule,
    Summary,
)
from custom_components.xmrig_miner.api.snapshot import Snapshot, Status
from custom_components.xmrig_miner.api.state import MinerState, Request

POOL = {"url": "a.example.org:1", "user": "WALLET"}
FULL = [0, 1, 2, 3]

NOTHING = Request()
PAUSE = Request(mining=False, here=True)
MINE = Request(mining=True, here=True)
PAUSED_THERE = Request(mining=False)
RESUMED_THERE = Request(mining=True)


def snapshot(status: Status, *rules: PauseRule, **config: Any) -> Snapshot:
    """Return a complete snapshot of a miner with one backend."""
    enabled = status is not Status.STOPPED
    document: dict[str, Any] = {
        "cpu": {"enabled": enabled, "rx": FULL},
        "pools": [POOL],
        **dict.fromkeys(rules, True),
        **config,
    }
    hashrate = Hashrate(seconds_10=1.0 if status is Status.MINING else 0.0)
    return Snapshot(
        summary=Summary(paused=status is Status.PAUSED, hashrate=hashrate),
        backends=Backends.from_json(
            [{"type": "cpu", "enabled": enabled, "profile": "rx"}]
        ),
        config=Config(document),
    )


OFF = [{"type": "cpu", "enabled": False}]
MINING = snapshot(Status.MINING)
PAUSED = snapshot(Status.PAUSED)
STOPPED = snapshot(Status.STOPPED)
RULES = (PauseRule.BATTERY,), (PauseRule.ACTIVITY,), tuple(PauseRule)


def wanted(
    request: Request, before: Snapshot | None, now: Snapshot, **state: Any
) -> Request:
    """Return the request after a poll; no previous request remains."""
    result = update_wanted_state(MinerState(request=request, **state), before, now)
    assert result.previous_request is None
    return result.request


def test_the_snapshots_are_what_they_are_called() -> None:
    """They are complete."""
    for status in (Status.MINING, Status.PAUSED, Status.STOPPED, Status.STARTING):
        known = snapshot(status)
        assert (known.status, known.is_complete) == (status, True)


@pytest.mark.parametrize(
    ("request_", "before", "now", "after"),
    [
        # The miner does what was requested
        (NOTHING, None, MINING, NOTHING),
        (NOTHING, None, PAUSED, NOTHING),
        (NOTHING, None, STOPPED, NOTHING),
        (NOTHING, MINING, MINING, NOTHING),
        (NOTHING, PAUSED, PAUSED, NOTHING),
        (PAUSE, None, PAUSED, PAUSE),
        (PAUSE, PAUSED, PAUSED, PAUSE),
        (PAUSE, PAUSED, STOPPED, PAUSE),
        (PAUSE, MINING, PAUSED, PAUSE),
        (MINE, MINING, MINING, MINE),
        (MINE, PAUSED, MINING, MINE),
        (PAUSED_THERE, PAUSED, PAUSED, PAUSED_THERE),
        # It was paused or stopped at the miner
        (NOTHING, MINING, PAUSED, PAUSED_THERE),
        (NOTHING, MINING, STOPPED, PAUSED_THERE),
        (MINE, MINING, PAUSED, PAUSED_THERE),
        (MINE, MINING, STOPPED, PAUSED_THERE),
        (MINE, None, PAUSED, PAUSED_THERE),
        (RESUMED_THERE, MINING, PAUSED, PAUSED_THERE),
        # It was resumed or started there
        (NOTHING, PAUSED, MINING, RESUMED_THERE),
        (NOTHING, STOPPED, MINING, RESUMED_THERE),
        (PAUSE, PAUSED, MINING, RESUMED_THERE),
        (PAUSE, STOPPED, MINING, RESUMED_THERE),
        (PAUSE, None, MINING, RESUMED_THERE),
        (PAUSED_THERE, PAUSED, MINING, RESUMED_THERE),
    ],
)
def test_what_is_done_at_the_miner_is_wanted(
    request_: Request, before: Snapshot | None, now: Snapshot, after: Request
) -> None:
    """Changes at the miner count as requests of the user."""
    assert wanted(request_, before, now) == after


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    ("request_", "before", "now"),
    [
        (NOTHING, Status.MINING, Status.PAUSED),
        (NOTHING, Status.PAUSED, Status.MINING),
        (NOTHING, Status.MINING, Status.STOPPED),
        (MINE, Status.MINING, Status.PAUSED),
        (MINE, Status.PAUSED, Status.MINING),
        (RESUMED_THERE, Status.MINING, Status.PAUSED),
        (PAUSE, Status.PAUSED, Status.MINING),
        (replace(MINE, limited=True), Status.PAUSED, Status.MINING),
        (replace(NOTHING, limited=True), Status.PAUSED, Status.MINING),
        (replace(PAUSE, limited=True), Status.PAUSED, Status.MINING),
    ],
)
def test_what_the_miners_own_rules_may_have_done_is_not_wanted(
    rules: tuple[PauseRule, ...], request_: Request, before: Status, now: Status
) -> None:
    """They set and clear the same flag as a command."""
    after = wanted(request_, snapshot(before, *rules), snapshot(now, *rules))
    assert after == request_


@pytest.mark.parametrize("rules", RULES)
def test_no_rule_starts_a_miner_that_was_stopped(rules: tuple[PauseRule, ...]) -> None:
    """So that was the user, and is wanted."""
    before, now = snapshot(Status.STOPPED, *rules), snapshot(Status.MINING, *rules)
    assert wanted(PAUSE, before, now) == RESUMED_THERE


@pytest.mark.parametrize("rules", RULES)
def test_a_pause_at_the_miner_may_end_there(
    rules: tuple[PauseRule, ...],
) -> None:
    """It was not requested from here, so its end is accepted."""
    paused, mining = (snapshot(one, *rules) for one in (Status.PAUSED, Status.MINING))
    assert wanted(PAUSED_THERE, paused, mining) == RESUMED_THERE


@pytest.mark.parametrize(
    ("request_", "before", "now", "after"),
    [
        # It is paused by the limit, so it should still mine
        (replace(MINE, limited=True), MINING, PAUSED, replace(MINE, limited=True)),
        (replace(NOTHING, limited=True), PAUSED, PAUSED, Request(limited=True)),
        (replace(PAUSE, limited=True), PAUSED, PAUSED, replace(PAUSE, limited=True)),
        # It was resumed at the miner: the limit ends
        (replace(MINE, limited=True), PAUSED, MINING, MINE),
        (replace(NOTHING, limited=True), PAUSED, MINING, NOTHING),
        (replace(PAUSE, limited=True), PAUSED, MINING, RESUMED_THERE),
    ],
)
def test_a_pause_of_the_power_limit_is_not_the_users(
    request_: Request, before: Snapshot, now: Snapshot, after: Request
) -> None:
    """It does not change the request."""
    before = replace(before, state=MinerState(request=request_))
    assert wanted(request_, before, now) == after


@pytest.mark.parametrize(
    ("until", "is_over"),
    [(None, False), (100.5, False), (100.0, True), (99.5, True), (0.0, True)],
)
def test_a_pause_is_over_from_its_end_on(until: float | None, is_over: bool) -> None:
    """A pause without an end never is."""
    state = MinerState(request=replace(PAUSE, until=until))
    assert is_pause_over(state, 100.0) is is_over


def test_the_end_of_a_limit_is_not_the_users_either() -> None:
    """The miner was resumed from here since the last poll."""
    before = replace(PAUSED, state=MinerState(request=Request(limited=True)))
    assert wanted(NOTHING, before, MINING) == NOTHING


@pytest.mark.parametrize(
    ("request_", "previous", "now", "after"),
    [
        # It took effect
        (PAUSE, NOTHING, PAUSED, PAUSE),
        (PAUSE, MINE, PAUSED, PAUSE),
        (PAUSE, NOTHING, STOPPED, PAUSE),
        (PAUSE, PAUSED_THERE, PAUSED, PAUSE),
        (MINE, PAUSE, MINING, MINE),
        (MINE, PAUSED_THERE, MINING, MINE),
        (MINE, NOTHING, MINING, MINE),
        (replace(MINE, limited=True), MINE, PAUSED, replace(MINE, limited=True)),
        # It did not
        (PAUSE, NOTHING, MINING, NOTHING),
        (PAUSE, MINE, MINING, MINE),
        (MINE, PAUSE, PAUSED, PAUSE),
        (MINE, PAUSE, STOPPED, PAUSE),
        (MINE, PAUSED_THERE, PAUSED, PAUSED_THERE),
        (replace(MINE, limited=True), MINE, MINING, MINE),
        (replace(NOTHING, limited=True), NOTHING, MINING, NOTHING),
    ],
)
@pytest.mark.parametrize("before", [MINING, None])
def test_a_lost_reply_is_resolved_by_what_the_miner_does(
    request_: Request,
    previous: Request,
    before: Snapshot | None,
    now: Snapshot,
    after: Request,
) -> None:
    """The result shows whether a command took effect."""
    assert wanted(request_, before, now, previous_request=previous) == after


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    ("now", "after"), [(Status.PAUSED, PAUSE), (Status.STOPPED, PAUSE)]
)
def test_a_lost_reply_of_a_miner_with_rules(
    rules: tuple[PauseRule, ...], now: Status, after: Request
) -> None:
    """A visible pause is the requested one."""
    mining = snapshot(Status.MINING, *rules)
    assert (
        wanted(PAUSE, mining, snapshot(now, *rules), previous_request=NOTHING) == after
    )


@pytest.mark.parametrize(
    "now",
    [
        replace(PAUSED, is_fresh=False),
        replace(PAUSED, backends=None),
        replace(PAUSED, config=None),
        replace(PAUSED, backends=Backends.from_json([])),
        replace(PAUSED, backends=Backends.from_json(OFF, complete=False)),
        replace(PAUSED, summary=replace(PAUSED.summary, features=("cuda",))),
        replace(PAUSED, summary=replace(PAUSED.summary, paused=None)),
    ],
    ids=["old", "no backends", "no config", "none", "cut", "one missing", "unknown"],
)
def test_nothing_is_decided_by_an_incomplete_snapshot(now: Snapshot) -> None:
    """Missing values are unknown."""
    for state in (
        MinerState(request=MINE, threads=2, payout=frozenset({"a"})),
        MinerState(request=PAUSE, previous_request=MINE),
    ):
        assert update_wanted_state(state, MINING, now) is state
    assert not is_resumed_by_rule(MinerState(request=PAUSE), PAUSED, now)


def test_a_read_only_miner_is_followed_too() -> None:
    """Its config is unknown, and what is stored about it stays."""
    known = replace(PAUSED, config=None, restricted=True)
    state = MinerState(request=MINE, threads=2, payout=frozenset({"a"}))
    after = update_wanted_state(state, MINING, known)
    assert after == replace(state, request=PAUSED_THERE)


def test_a_cap_that_was_changed_externally() -> None:
    """The cap becomes the request, or is dropped."""
    state = MinerState().with_write(
        Config(MINING.config.document if MINING.config else {}),
        Config({"cpu": {"enabled": True, "rx": FULL[:2]}, "pools": [POOL]}),
        by_user=False,
    )
    state = replace(state.with_write_done(Config({"pools": [POOL]})), threads=2)
    for rx, threads in ((FULL[:2], 2), (FULL[:1], None), (FULL, None)):
        cpu = {"enabled": True, "rx": rx}
        now = replace(snapshot(Status.MINING, cpu=cpu), state=state)
        assert update_wanted_state(state, MINING, now).threads == threads


def test_a_number_of_threads_that_was_not_requested_is_not_wanted() -> None:
    """It is part of the user's config."""
    assert update_wanted_state(MinerState(), MINING, MINING).threads is None


def payout(*users: str) -> frozenset[str] | None:
    """Return the fingerprints of these wallets at the pool."""
    return Config({"pools": [POOL | {"user": user} for user in users]}).payout


@pytest.mark.parametrize(
    ("stored", "pending", "after", "after_pending"),
    [
        pytest.param(None, None, payout("WALLET"), None, id="the first one"),
        pytest.param(payout("A"), None, payout("A"), None, id="changed externally"),
        pytest.param(
            payout("A"), payout("WALLET"), payout("WALLET"), None, id="it arrived"
        ),
        pytest.param(
            payout("WALLET"), payout("B"), payout("WALLET"), payout("B"), id="not yet"
        ),
        pytest.param(payout("A"), payout("B"), payout("A"), payout("B"), id="neither"),
    ],
)
def test_payout(
    stored: frozenset[str] | None,
    pending: frozenset[str] | None,
    after: frozenset[str],
    after_pending: frozenset[str] | None,
) -> None:
    """Only what was written from here is accepted, once it shows."""
    state = MinerState(payout=stored, pending_payout=pending)
    state = update_wanted_state(state, None, MINING)
    assert (state.payout, state.pending_payout) == (after, after_pending)


@pytest.mark.parametrize("stored", [None, payout("A")])
def test_pools_that_cannot_be_read_change_no_payout(
    stored: frozenset[str] | None,
) -> None:
    """They neither become the first ones, nor replace accepted ones."""
    state = MinerState(payout=stored)
    damaged = snapshot(Status.MINING, pools=[POOL, None])
    assert update_wanted_state(state, None, damaged).payout == stored


@pytest.mark.parametrize("rules", [(), *RULES])
@pytest.mark.parametrize(
    ("request_", "before", "now", "resumed"),
    [
        (PAUSE, Status.PAUSED, Status.MINING, True),
        (PAUSE, Status.PAUSED, Status.STARTING, True),
        (PAUSE, None, Status.MINING, True),
        (replace(PAUSE, limited=True), Status.PAUSED, Status.MINING, True),
        (replace(MINE, limited=True), Status.PAUSED, Status.MINING, True),
        (replace(NOTHING, limited=True), Status.PAUSED, Status.MINING, True),
        (PAUSE, Status.STOPPED, Status.MINING, False),
        (PAUSE, Status.PAUSED, Status.PAUSED, False),
        (PAUSED_THERE, Status.PAUSED, Status.MINING, False),
        (MINE, Status.PAUSED, Status.MINING, False),
        (NOTHING, Status.PAUSED, Status.MINING, False),
    ],
)
def test_resumed_by_rule(
    rules: tuple[PauseRule, ...],
    request_: Request,
    before: Status | None,
    now: Status,
    resumed: bool,
) -> None:
    """The miner's own rules do not end a pause that was requested from here."""
    found = is_resumed_by_rule(
        MinerState(request=request_),
        snapshot(before, *rules) if before else None,
        snapshot(now, *rules),
    )
    assert found is (resumed and bool(rules))


def after_restart(
    now: Snapshot, request: Request = NOTHING, threads: int | None = None
) -> Steps:
    """Return the commands after a restart."""
    state = MinerState(request=request, threads=threads)
    return steps_after_restart(state, replace(now, state=state), 1000)


@pytest.mark.parametrize(
    ("request_", "now", "steps"),
    [
        (NOTHING, MINING, Steps()),
        (NOTHING, STOPPED, Steps()),
        (PAUSE, MINING, Steps(pause=True)),
        (PAUSE, snapshot(Status.STARTING), Steps(pause=True)),
        (PAUSED_THERE, MINING, Steps(pause=True)),
        (replace(MINE, limited=True), MINING, Steps(pause=True)),
        (replace(NOTHING, limited=True), MINING, Steps(pause=True)),
        (replace(PAUSE, until=1001), MINING, Steps(pause=True)),
        (replace(PAUSE, until=1000), MINING, Steps()),
        (replace(PAUSE, until=1000, limited=True), MINING, Steps(pause=True)),
        (PAUSE, PAUSED, Steps()),
        (PAUSE, STOPPED, Steps()),
        (MINE, MINING, Steps()),
        (MINE, STOPPED, Steps(start=True)),
        (MINE, PAUSED, Steps(start=True)),
        (RESUMED_THERE, STOPPED, Steps(start=True)),
        (replace(MINE, limited=True), STOPPED, Steps()),
        # Its own rules would prevent it from resuming
        (MINE, snapshot(Status.PAUSED, PauseRule.BATTERY), Steps()),
        (MINE, snapshot(Status.STOPPED, PauseRule.BATTERY), Steps(start=True)),
        # The state is unknown
        (PAUSE, replace(PAUSED, backends=None, summary=Summary()), Steps()),
        (MINE, replace(STOPPED, backends=None), Steps()),
        (MINE, replace(STOPPED, backends=Backends.from_json([])), Steps()),
    ],
)
def test_steps_after_a_restart(request_: Request, now: Snapshot, steps: Steps) -> None:
    """The request is restored."""
    assert after_restart(now, request_) == steps


@pytest.mark.parametrize(
    ("threads", "step"), [(None, None), (2, 2), (4, 4)], ids=["none", "cap", "other"]
)
def test_threads_after_a_restart(threads: int | None, step: int | None) -> None:
    """A config without the cap gets it again."""
    assert after_restart(MINING, threads=threads) == Steps(threads=step)


def test_threads_that_are_still_capped_after_a_restart() -> None:
    """The cap is in the config, which survives a restart."""
    before = Config({"cpu": {"enabled": True, "rx": FULL}, "pools": [POOL]})
    after = before.with_thread_cap(2, before)
    state = MinerState().with_write(before, after, by_user=False).with_write_done(after)
    state = replace(state, threads=2)
    now = replace(MINING, config=after, state=state)
    assert now.thread_cap == 2
    assert steps_after_restart(state, now, 0) == Steps()
