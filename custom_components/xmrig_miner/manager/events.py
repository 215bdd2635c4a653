"""Events of members, detected by comparing two updates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .figures import Figures
from .sleep import Sleep
from .sleep_rules import Phase


class MemberEventType(StrEnum):
    """The types of member events."""

    OFFLINE = "offline"
    BACK = "back"
    FAILED = "failed"
    """Several commands in a row failed, so it is left alone for a while."""
    ASLEEP = "asleep"
    AWAKE = "awake"
    """It slept and responds again."""
    WAKE_FAILED = "wake_failed"
    SLEEP_FAILED = "sleep_failed"
    """Two attempts to wake it, or to put it to sleep, failed."""


@dataclass(frozen=True)
class MemberEvent:
    """An event of a member."""

    type: MemberEventType
    name: str


@dataclass(frozen=True)
class Watch:
    """The members as last seen."""

    online: Mapping[str, bool] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    sleepers: Mapping[str, Sleep] = field(default_factory=dict)

    def seen(self, members: Iterable[Figures]) -> tuple[Watch, tuple[MemberEvent, ...]]:
        """Return the updated watch, and the events since the last one.

        A member that is seen for the first time has no events. A member that has not
        been set up since Home Assistant started has not been seen yet.
        """
        online: dict[str, bool] = {}
        left_out: set[str] = set()
        sleepers: dict[str, Sleep] = {}
        events: list[MemberEvent] = []
        for member in members:
            happened: list[MemberEventType] = []
            if member.sleep:
                sleepers[member.id] = member.sleep
                happened += _slept(self.sleepers.get(member.id), member.sleep)
            before = self.online.get(member.id)
            now = member.is_online
            if now is None or (before is None and not member.is_loaded):
                now = before
            if member.is_expected_offline:
                now = True if before is None else before
            if now is not None:
                online[member.id] = now
                # An event of its sleep says it already
                if before is not None and now is not before and not happened:
                    happened.append(
                        MemberEventType.BACK if now else MemberEventType.OFFLINE
                    )
            if member.is_left_out:
                left_out.add(member.id)
                if member.id not in self.left_out:
                    happened.append(MemberEventType.FAILED)
            events += [MemberEvent(type_, member.name) for type_ in happened]
        return Watch(online, frozenset(left_out), sleepers), tuple(events)


def _slept(before: Sleep | None, now: Sleep) -> Iterator[MemberEventType]:
    """Yield the sleep events of a member."""
    if before is None:
        return
    if now.fault and now.fault is not before.fault:
        yield MemberEventType(now.fault)
    was, is_now = before.phase, now.phase
    if is_now is Phase.ASLEEP and was in (Phase.AWAKE, Phase.FALLING_ASLEEP):
        yield MemberEventType.ASLEEP
    if is_now is Phase.AWAKE and was in (Phase.WAKING, Phase.ASLEEP):
        yield MemberEventType.AWAKE
