"""How rigs may sleep, and what becomes of that."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Whether a rig sleeps, as far as is known."""

    AWAKE = "awake"
    FALLING_ASLEEP = "falling_asleep"
    ASLEEP = "asleep"
    WAKING = "waking"


class SleepAction(StrEnum):
    """What there is to do with a rig."""

    WAKE = "wake"
    SLEEP = "sleep"
    CUT = "cut"
    """Switch its plug off, unless it is still on the network."""


class SleepFault(StrEnum):
    """What a rig did not do."""

    WAKE = "wake_failed"
    SLEEP = "sleep_failed"


@dataclass(frozen=True, kw_only=True)
class SleepRules:
    """How a rig may sleep, and whether that is possible now."""

    after: float
    """Seconds of rest after which it may."""
    has_command: bool = True
    """Whether something puts it to sleep. Otherwise it leaves the network by itself once
    it has rested for a while, and only its plug is switched off."""
    has_plug: bool = False
    can_sleep: bool = True
    """False while what puts it to sleep, or wakes it again, is missing."""
    can_wake: bool = True
