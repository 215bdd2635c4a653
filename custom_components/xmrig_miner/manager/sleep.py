"""Rigs that sleep: when to wake one, and when to put it to sleep.

A sleeping rig draws nothing; a rig that is awake costs its idle power too. It is woken
once the surplus has covered its idle power and first threads for as long as it takes to
start, and put to sleep once it has rested for the time set by the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import math
from typing import Any, Self

from ..api.models.values import boolean, integer, number, stored, stored_or_none
from .sleep_rules import Phase, SleepAction, SleepFault, SleepRules

START_UP = 300
"""Default start-up time of a rig in seconds, until it has been measured."""

LEAST_START_UP = 60
"""Minimum start-up time in seconds, whatever was measured."""

MOST_START_UP = 900
"""Maximum start-up time in seconds, whatever was measured."""

LEAST_ASLEEP = 600
"""Minimum seconds that a rig sleeps before it is woken."""

LEAST_AWAKE = 600
"""Minimum seconds that a rig is awake before it is put to sleep."""

GONE = 60
"""Seconds without a response after which a rig counts as gone: it may only be slow, or
be writing to its disks."""

CUT_AGAIN = 30
"""Seconds between attempts to switch off the plug."""

FALLS_ASLEEP = 300
"""Seconds in which a rig has to leave the network after it was put to sleep, and in
which its plug then has to be switched off."""

TRIES = 2
"""Failed attempts to wake a rig, or to put it to sleep, before a fault is reported."""


@dataclass(frozen=True, kw_only=True)
class Sleep:
    """The sleep state of a rig that may sleep."""

    phase: Phase = Phase.AWAKE
    since: float | None = None
    """When the phase began; None after a start of Home Assistant, until it is seen."""
    attempts: int = 0
    """Failed attempts to wake it or to put it to sleep."""
    fault: SleepFault | None = None
    """What it failed to do; None if there is nothing to report."""
    is_left_alone: bool = False
    """Whether the user woke it or put it to sleep; reset when the mode changes."""
    wakes: bool = False
    """Whether the user asked to wake it while it was falling asleep."""
    start_up: float = START_UP
    """Seconds that it takes to start."""
    need: float | None = None
    """W of its idle power and first threads; None if not known yet, 0 if it may not
    mine at all."""
    rested_since: float | None = None
    """Since when the manager lets it rest; None while it mines or rests otherwise."""
    offline_since: float | None = None
    covered_since: float | None = None
    """Since when the surplus covers its need; None while it does not."""
    cut_at: float = -math.inf
    """When its plug was last told to switch off."""

    @property
    def is_asleep(self) -> bool:
        """Return whether it may be unreachable because it sleeps."""
        return self.phase is not Phase.AWAKE and self.fault is not SleepFault.WAKE

    @property
    def is_leaving(self) -> bool:
        """Return whether it is falling asleep, no longer responds, and is to stay off."""
        is_away = self.phase is Phase.FALLING_ASLEEP and self.offline_since is not None
        return is_away and not self.wakes

    @property
    def patience(self) -> float:
        """Return the seconds in which it has to respond after it was woken."""
        return max(START_UP, 2 * self.start_up)

    @property
    def began(self) -> float:
        """Return when the phase began; minus infinity if unknown."""
        return -math.inf if self.since is None else self.since

    def seen_online(
        self, rules: SleepRules, now: float, *, is_mining: bool, need: float | None
    ) -> Self:
        """Return the state after the rig was seen on the network.

        `need` is its need in W according to its curve; None without a curve.
        """
        sleep = replace(
            self,
            need=self.need if need is None else need,
            since=now if self.since is None else self.since,
            offline_since=None,
            covered_since=None,
        )
        match sleep.phase:
            case Phase.WAKING:
                # After a restart of Home Assistant, the time of waking is unknown
                if self.since is not None:
                    took = min(max(now - self.since, LEAST_START_UP), MOST_START_UP)
                    sleep = replace(sleep, start_up=took)
                return sleep.done(Phase.AWAKE, now)
            case Phase.ASLEEP:
                # After a failed attempt it is only late; otherwise the user woke it
                is_late = sleep.attempts > 0
                sleep = replace(sleep, is_left_alone=sleep.is_left_alone or not is_late)
                return sleep.done(Phase.AWAKE, now)
            case Phase.FALLING_ASLEEP if not rules.has_command and (
                is_mining or sleep.wakes
            ):
                return sleep.in_phase(Phase.AWAKE, now)
            case Phase.FALLING_ASLEEP if (
                rules.has_command and now - sleep.began >= FALLS_ASLEEP
            ):
                return sleep.in_vain(SleepFault.SLEEP).in_phase(Phase.AWAKE, now)
        return sleep

    def seen_offline(self, rules: SleepRules, now: float) -> Self:
        """Return the state after the rig did not respond."""
        offline_since = now if self.offline_since is None else self.offline_since
        away = now - offline_since
        sleep = replace(
            self,
            since=now if self.since is None else self.since,
            offline_since=offline_since,
            rested_since=None,
        )
        if sleep.phase is Phase.FALLING_ASLEEP and away >= GONE:
            if sleep.is_left_alone or not rules.has_plug:
                return sleep.switched_off(now)
            if away >= GONE + FALLS_ASLEEP:
                # It may still be on, but there is nothing more to be done
                asleep = sleep.in_phase(Phase.ASLEEP, now)
                return replace(asleep, fault=SleepFault.SLEEP)
        if sleep.phase is Phase.WAKING and now - sleep.began >= sleep.patience:
            sleep = sleep.in_vain(SleepFault.WAKE)
            return sleep.in_phase(Phase.ASLEEP, -math.inf)
        return sleep

    def in_phase(self, phase: Phase, now: float) -> Self:
        """Return the state at the start of a phase."""
        return replace(
            self,
            phase=phase,
            since=now,
            wakes=self.wakes and phase is Phase.ASLEEP,
            rested_since=None,
            covered_since=None,
        )

    def done(self, phase: Phase, now: float) -> Self:
        """Return the state after the rig reached the requested phase."""
        return replace(self, attempts=0, fault=None).in_phase(phase, now)

    def in_vain(self, fault: SleepFault) -> Self:
        """Return the state after an attempt failed.

        Nothing is reported if the user started it.
        """
        if self.is_left_alone:
            return self
        attempts = self.attempts + 1
        return replace(
            self, attempts=attempts, fault=fault if attempts >= TRIES else self.fault
        )

    def switched_off(self, now: float) -> Self:
        """Return the state after the rig left the network and its plug is off."""
        if self.phase is not Phase.FALLING_ASLEEP:
            return self
        return self.done(Phase.ASLEEP, now)

    def by_hand(self, now: float) -> Self:
        """Return the state after the user put the rig to sleep."""
        if self.phase is not Phase.AWAKE:
            return replace(self, wakes=False)
        sleep = replace(self, is_left_alone=True, attempts=0, fault=None)
        return sleep.in_phase(Phase.FALLING_ASLEEP, now)

    def woken_by_hand(self, now: float) -> Self:
        """Return the state after the user asked for the rig to be woken.

        One that is falling asleep could not hear it, and is woken once it is asleep. One
        that is away for another reason stays so until it responds: it may be broken.
        """
        sleep = replace(self, is_left_alone=True, attempts=0, fault=None)
        match self.phase:
            case Phase.AWAKE if self._is_away(now):
                return sleep
            case Phase.ASLEEP:
                return sleep.in_phase(Phase.WAKING, now)
            case Phase.FALLING_ASLEEP:
                return replace(sleep, wakes=True)
        return self

    def in_other_mode(self, now: float) -> Self:
        """Return the state after the user chose another mode, which resets it.

        A rig that does not respond is assumed to be asleep.
        """
        sleep = replace(self, is_left_alone=False, attempts=0, fault=None)
        if sleep.phase is Phase.AWAKE and self._is_away(now):
            return sleep.in_phase(Phase.ASLEEP, -math.inf)
        return sleep

    def can_be_woken(self, now: float) -> bool:
        """Return whether the rig can be woken now: it sleeps, or is away otherwise.

        What wakes it may turn off one that is on.
        """
        is_off = self.phase is Phase.AWAKE and self._is_away(now)
        return self.phase is Phase.ASLEEP or is_off

    def _is_away(self, now: float) -> bool:
        """Return whether it has not responded for so long that it counts as gone."""
        return self.offline_since is not None and now - self.offline_since >= GONE

    def rested(self, now: float, *, is_resting: bool) -> Self:
        """Return the state, given whether the manager lets the rig rest."""
        if not is_resting:
            return replace(self, rested_since=None)
        return (
            self if self.rested_since is not None else replace(self, rested_since=now)
        )

    def covered(self, now: float, spare: float | None) -> Self:
        """Return the state, given the power left over for the rig in W.

        None means that the power is unknown, which changes nothing.
        """
        if spare is None:
            return self
        if not self._needs_at_most(spare):
            return replace(self, covered_since=None)
        if self.covered_since is not None:
            return self
        return replace(self, covered_since=now)

    def _needs_at_most(self, spare: float) -> bool:
        if self.need is None:
            # Even an unknown need is covered when everything may run
            return math.isinf(spare)
        return 0 < self.need <= spare

    def action(
        self, rules: SleepRules, now: float, *, is_urgent: bool
    ) -> SleepAction | None:
        """Return what to do with the rig now; None for nothing.

        `is_urgent` wakes it without waiting, because everything may run.
        """
        match self.phase:
            case Phase.FALLING_ASLEEP if self.offline_since is not None:
                at = max(self.offline_since + GONE, self.cut_at + CUT_AGAIN)
                return SleepAction.CUT if rules.has_plug and now >= at else None
            case Phase.AWAKE if rules.can_sleep and self.rested_since is not None:
                if self.is_left_alone or self.fault is SleepFault.SLEEP:
                    return None
                at = max(self.rested_since + rules.after, self.began + LEAST_AWAKE)
                return SleepAction.SLEEP if now >= at else None
            case Phase.ASLEEP if self.wakes:
                return SleepAction.WAKE
            case Phase.ASLEEP if rules.can_wake and self.covered_since is not None:
                if self.is_left_alone or self.fault is SleepFault.WAKE:
                    return None
                lasting = 0 if is_urgent else self.start_up
                at = max(self.covered_since + lasting, self.began + LEAST_ASLEEP)
                return SleepAction.WAKE if now >= at else None
        return None

    def told(self, action: SleepAction, now: float) -> Self:
        """Return the state after an action was started."""
        match action:
            case SleepAction.CUT:
                return replace(self, cut_at=now)
            case SleepAction.SLEEP:
                return self.in_phase(Phase.FALLING_ASLEEP, now)
            case SleepAction.WAKE:
                return self.in_phase(Phase.WAKING, now)

    def moments(self, rules: SleepRules) -> tuple[float, ...]:
        """Return the times at which an action may be due without a new report."""
        moments = [
            self.began + LEAST_ASLEEP,
            self.began + LEAST_AWAKE,
            self.began + FALLS_ASLEEP,
            self.began + self.patience,
        ]
        if self.rested_since is not None:
            moments.append(self.rested_since + rules.after)
        if self.covered_since is not None:
            moments.append(self.covered_since + self.start_up)
        if self.offline_since is not None:
            moments += [
                self.offline_since + GONE,
                self.offline_since + GONE + FALLS_ASLEEP,
                self.cut_at + CUT_AGAIN,
            ]
        return tuple(moments)

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON values, without times: the clock starts over."""
        return {
            "phase": self.phase.value,
            "attempts": self.attempts,
            "fault": self.fault and self.fault.value,
            "left_alone": self.is_left_alone,
            "wakes": self.wakes,
            "start_up": round(self.start_up),
            "need": None if self.need is None else round(self.need),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the state from the output of `as_json`.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        fault = data["fault"]
        return cls(
            phase=Phase(data["phase"]),
            attempts=stored(data["attempts"], integer),
            fault=None if fault is None else SleepFault(fault),
            is_left_alone=stored(data["left_alone"], boolean),
            # Not stored by earlier versions
            wakes=stored(data.get("wakes", False), boolean),
            start_up=stored(data["start_up"], _start_up),
            need=stored_or_none(data["need"], number),
        )


def _start_up(value: Any) -> float | None:
    seconds = number(value, MOST_START_UP)
    return seconds if seconds is None or seconds >= LEAST_START_UP else None
