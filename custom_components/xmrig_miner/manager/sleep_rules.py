"""How rigs may sleep, and the phases, actions and faults of sleep."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Whether a rig sleeps, as far as known."""

    AWAKE = "awake"
    FALLING_ASLEEP = "falling_asleep"
    ASLEEP = "asleep"
    WAKING = "waking"


class SleepAction(StrEnum):
    """What to do with a rig."""

    WAKE = "wake"
    SLEEP = "sleep"
    CUT = "cut"
    """Switch off its plug, unless the rig is still on the network."""


class SleepFault(StrEnum):
    """What a rig failed to do."""

    WAKE = "wake_failed"
    SLEEP = "sleep_failed"


@dataclass(frozen=True, kw_only=True)
class SleepRules:
    """How a rig may sleep, and whether it can do so now."""

    after: float
    """Seconds of rest after which it may sleep."""
    has_command: bool = True
    """Whether there is a command that puts it to sleep. Otherwise it leaves the network
    by itself after resting for a while, and only its plug is switched off."""
    has_plug: bool = False
    can_sleep: bool = True
    """False while what puts it to sleep or wakes it again is missing."""
    can_wake: bool = True
