"""Tests of the reason why a miner does not mine."""

import pytest

from custom_components.xmrig_miner.api.models import (
    Backends,
    Config,
    Hashrate,
    PauseRule,
    Summary,
)
from custom_components.xmrig_miner.api.pause_reason import PauseReason, pause_reason
from custom_components.xmrig_miner.api.snapshot import Snapshot, Status
from custom_components.xmrig_miner.api.state import MinerState, Request

NOTHING = Request()
PAUSE = Request(mining=False, here=True)
PAUSED_THERE = Request(mining=False)
LIMITED = Request(mining=True, limited=True)
BATTERY = (PauseRule.BATTERY,)
ACTIVITY = (PauseRule.ACTIVITY,)
BOTH = tuple(PauseRule)


@pytest.mark.parametrize(
    ("status", "request_", "rules", "reason"),
    [
        (Status.MINING, NOTHING, (), PauseReason.NONE),
        (Status.MINING, PAUSE, BOTH, PauseReason.NONE),
        (Status.STARTING, NOTHING, (), PauseReason.NONE),
        (Status.PAUSED, PAUSE, (), PauseReason.ASKED_HERE),
        (Status.PAUSED, PAUSE, BOTH, PauseReason.ASKED_HERE),
        (Status.STOPPED, PAUSE, (), PauseReason.ASKED_HERE),
        (
            Status.PAUSED,
            Request(mining=False, here=True, limited=True),
            (),
            PauseReason.ASKED_HERE,
        ),
        (Status.PAUSED, NOTHING, (), PauseReason.AT_THE_MINER),
        (Status.PAUSED, PAUSED_THERE, (), PauseReason.AT_THE_MINER),
        (
            Status.PAUSED,
            Request(mining=False, limited=True),
            (),
            PauseReason.AT_THE_MINER,
        ),
        (Status.STOPPED, NOTHING, (), PauseReason.AT_THE_MINER),
        (Status.STOPPED, NOTHING, BOTH, PauseReason.AT_THE_MINER),
        (Status.PAUSED, LIMITED, (), PauseReason.POWER_LIMIT),
        (Status.PAUSED, LIMITED, BOTH, PauseReason.POWER_LIMIT),
        (Status.PAUSED, Request(limited=True), (), PauseReason.POWER_LIMIT),
        (Status.PAUSED, NOTHING, BATTERY, PauseReason.BATTERY),
        (Status.PAUSED, NOTHING, ACTIVITY, PauseReason.ACTIVITY),
        (Status.PAUSED, NOTHING, BOTH, PauseReason.BATTERY_OR_ACTIVITY),
        (None, PAUSE, BOTH, None),
    ],
)
def test_pause_reason(
    status: Status | None,
    request_: Request,
    rules: tuple[PauseRule, ...],
    reason: PauseReason | None,
) -> None:
    """A request is named first, and an unknown state has no reason."""
    enabled = status is not Status.STOPPED
    backends = Backends.from_json([{"type": "cpu", "enabled": enabled}])
    snapshot = Snapshot(
        summary=Summary(
            paused=None if status is None else status is Status.PAUSED,
            hashrate=Hashrate(seconds_10=float(status is Status.MINING)),
        ),
        backends=None if status is None else backends,
        config=Config(dict.fromkeys(rules, 60)),
        state=MinerState(request=request_),
    )
    assert snapshot.status is status
    assert pause_reason(snapshot) is reason
    is_limit = reason is PauseReason.POWER_LIMIT
    managed = PauseReason.MANAGER if is_limit else reason
    assert pause_reason(snapshot, is_managed=True) is managed
