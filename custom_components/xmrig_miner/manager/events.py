"""What happens to members, from one look at them to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .figures import Figures


class MemberEventType(StrEnum):
    """What can happen to a member."""

    OFFLINE = "offline"
    BACK = "back"
    FAILED = "failed"
    """Commands to it failed in a row, so it is left alone for a while."""


@dataclass(frozen=True)
class MemberEvent:
    """Something that happened to a member."""

    type: MemberEventType
    name: str


@dataclass(frozen=True)
class Watch:
    """What was seen of the members last."""

    online: Mapping[str, bool] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def seen(self, members: Iterable[Figures]) -> tuple[Watch, tuple[MemberEvent, ...]]:
        """Return what is seen now, and what happened since.

        Nothing happened to a member that is seen for the first time. One that was not
        set up since the start of Home Assistant was not seen yet.
        """
        online: dict[str, bool] = {}
        left_out: set[str] = set()
        events: list[MemberEvent] = []
        for member in members:
            before = self.online.get(member.id)
            now = member.is_online
            if now is None or (before is None and not member.is_loaded):
                now = before
            if now is not None:
                online[member.id] = now
                if before is not None and now is not before:
                    event = MemberEventType.BACK if now else MemberEventType.OFFLINE
                    events.append(MemberEvent(event, member.name))
            if member.is_left_out:
                left_out.add(member.id)
                if member.id not in self.left_out:
                    events.append(MemberEvent(MemberEventType.FAILED, member.name))
        return Watch(online, frozenset(left_out)), tuple(events)
