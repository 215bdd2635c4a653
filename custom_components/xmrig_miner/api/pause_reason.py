"""Why a miner does not mine."""

from enum import StrEnum

from .models import PauseRule
from .snapshot import Snapshot, Status


class PauseReason(StrEnum):
    """Why a miner does not mine."""

    NONE = "none"
    """It mines."""
    ASKED_HERE = "asked_here"
    AT_THE_MINER = "at_the_miner"
    POWER_LIMIT = "power_limit"
    MANAGER = "manager"
    BATTERY = "battery"
    ACTIVITY = "activity"
    BATTERY_OR_ACTIVITY = "battery_or_activity"


def pause_reason(snapshot: Snapshot, *, is_managed: bool = False) -> PauseReason | None:
    """Return why the miner does not mine; None if it is unknown whether it mines.

    `is_managed` means that the manager leaves no thread, not the power limit. XMRig
    reports the same pause for a command and for its own rules, so the enabled rules are
    assumed to be the reason (src/core/Miner.cpp:682).
    """
    if snapshot.is_mining is None:
        return None
    if snapshot.is_mining:
        return PauseReason.NONE
    request = snapshot.state.request
    if request.mining is False and request.here:
        return PauseReason.ASKED_HERE
    if request.limited and request.mining is not False:
        return PauseReason.MANAGER if is_managed else PauseReason.POWER_LIMIT
    rules = snapshot.pause_rules
    if snapshot.status is Status.STOPPED or not rules:
        return PauseReason.AT_THE_MINER
    if len(rules) > 1:
        return PauseReason.BATTERY_OR_ACTIVITY
    if PauseRule.BATTERY in rules:
        return PauseReason.BATTERY
    return PauseReason.ACTIVITY
