"""Tests of why a miner does not mine."""

from typing import Any

import pytest

from custom_components.xmrig.api.models import Backends, Config, Summary
from custom_components.xmrig.api.pause_reason import PauseReason, pause_reason
from custom_components.xmrig.api.snapshot import Snapshot
from custom_components.xmrig.api.state import MinerState, Request
from tests.api.captures import NEW, VERSIONS, capture, snapshot

BATTERY = {"pause-on-battery": True}
ACTIVITY = {"pause-on-active": 60}


def paused(config: dict[str, Any], **request: Any) -> Snapshot:
    """Return a paused miner with some config, of which something was requested."""
    return Snapshot(
        summary=Summary(paused=True),
        config=Config(config),
        state=MinerState(request=Request(**request)),
    )


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, PauseReason.AT_THE_MINER),
        (BATTERY, PauseReason.BATTERY),
        (ACTIVITY, PauseReason.ACTIVITY),
        (BATTERY | ACTIVITY, PauseReason.BATTERY_OR_ACTIVITY),
        ({"pause-on-battery": False, "pause-on-active": 0}, PauseReason.AT_THE_MINER),
    ],
)
@pytest.mark.parametrize("request_", [{}, {"mining": True}, {"mining": False}])
def test_without_a_request_from_here_the_rules_count(
    config: dict[str, Any], request_: dict[str, Any], reason: PauseReason
) -> None:
    """A rule that is on may be the reason, and so may another user's command."""
    assert pause_reason(paused(config, **request_)) is reason


@pytest.mark.parametrize("config", [{}, BATTERY, BATTERY | ACTIVITY])
@pytest.mark.parametrize("limited", [False, True])
def test_a_pause_requested_from_here_is_the_reason(
    config: dict[str, Any], limited: bool
) -> None:
    """Whatever else would pause the miner as well."""
    known = paused(config, mining=False, here=True, limited=limited)
    assert pause_reason(known) is PauseReason.ASKED_HERE


@pytest.mark.parametrize("config", [{}, BATTERY])
@pytest.mark.parametrize("mining", [None, True])
def test_a_power_limit_is_the_reason_unless_a_pause_was_requested(
    config: dict[str, Any], mining: bool | None
) -> None:
    """The limit pauses a miner that should mine; a user's pause lasts longer."""
    limited = paused(config, mining=mining, here=True, limited=True)
    assert pause_reason(limited) is PauseReason.POWER_LIMIT
    elsewhere = paused({}, mining=False, here=False, limited=True)
    assert pause_reason(elsewhere) is PauseReason.AT_THE_MINER


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stopped_miner_was_stopped_by_a_user(version: str) -> None:
    """XMRig's own rules only pause."""
    stopped = Snapshot(
        summary=Summary.from_json(capture(version, "stopped_by_config", "summary")),
        backends=Backends.from_json(capture(version, "stopped_by_config", "backends")),
        config=Config(BATTERY),
    )
    assert pause_reason(stopped) is PauseReason.AT_THE_MINER


def test_a_miner_that_mines_has_no_reason() -> None:
    """And of one that does not say whether it mines, no reason is known."""
    assert pause_reason(snapshot(NEW, "mining")) is PauseReason.NONE
    assert pause_reason(Snapshot(summary=Summary(), config=Config(BATTERY))) is None
