"""Why a miner does not mine."""

from enum import StrEnum

from .memory import Memory
from .models import PauseRule, Snapshot, Status


class PauseReason(StrEnum):
    """Why a miner does not mine."""

    NONE = "none"
    """It does."""
    ASKED_HERE = "asked_here"
    AT_THE_MINER = "at_the_miner"
    POWER_LIMIT = "power_limit"
    BATTERY = "battery"
    ACTIVITY = "activity"
    BATTERY_OR_ACTIVITY = "battery_or_activity"


def pause_reason(memory: Memory, snapshot: Snapshot) -> PauseReason | None:
    """Return why the miner does not mine; None if it is not known whether it does.

    XMRig shows one and the same pause for a person's hand and for its own rules, so
    these are named when they are on (src/core/Miner.cpp:682).
    """
    if snapshot.is_mining is None:
        return None
    if snapshot.is_mining:
        return PauseReason.NONE
    if memory.mining is False and memory.asked_here:
        return PauseReason.ASKED_HERE
    if memory.limited and memory.mining is not False:
        return PauseReason.POWER_LIMIT
    rules = snapshot.pause_rules
    if snapshot.status is Status.STOPPED or not rules:
        return PauseReason.AT_THE_MINER
    if len(rules) > 1:
        return PauseReason.BATTERY_OR_ACTIVITY
    if PauseRule.BATTERY in rules:
        return PauseReason.BATTERY
    return PauseReason.ACTIVITY
