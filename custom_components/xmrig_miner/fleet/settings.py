"""What the user set for the manager and its members, as it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ..api.models.values import number
from ..manager import Caution, Mode, Settings

MAX_PRICE = 1_000
"""Per kWh, in whatever currency."""

MAX_EARNINGS = 1_000_000
"""Of 1 kH/s in a day, in whatever currency."""

MAX_RESERVE = 100_000
"""W."""

MAX_PRIORITY = 10


@dataclass(frozen=True, kw_only=True)
class MemberSettings:
    """What the user set for a member."""

    is_managed: bool = True
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """The settings of the manager, and of each member by its config entry."""

    settings: Settings = field(default_factory=Settings)
    members: Mapping[str, MemberSettings] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the settings that `as_json` returned; None for none.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return cls()
        return cls(
            settings=Settings(
                mode=Mode(data["mode"]),
                keep_mining=bool(data["keep_mining"]),
                caution=Caution(data["caution"]),
                reserve=_bounded(data["reserve"], -MAX_RESERVE, MAX_RESERVE),
                earnings=None
                if data.get("earnings") is None
                else _bounded(data["earnings"], 0, MAX_EARNINGS),
                price_limit=None
                if data["price_limit"] is None
                else _bounded(data["price_limit"], -MAX_PRICE, MAX_PRICE),
                battery_priority=_bounded(data["battery_priority"], 0, 100),
                battery_start=_bounded(data["battery_start"], 0, 100),
            ),
            members={
                entry_id: MemberSettings(
                    is_managed=bool(member["managed"]),
                    priority=int(
                        _bounded(member["priority"], -MAX_PRIORITY, MAX_PRIORITY)
                    ),
                )
                for entry_id, member in data["members"].items()
            },
        )

    def as_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        settings = self.settings
        return {
            "mode": settings.mode.value,
            "keep_mining": settings.keep_mining,
            "caution": settings.caution.value,
            "reserve": settings.reserve,
            "earnings": settings.earnings,
            "price_limit": settings.price_limit,
            "battery_priority": settings.battery_priority,
            "battery_start": settings.battery_start,
            "members": {
                entry_id: {"managed": member.is_managed, "priority": member.priority}
                for entry_id, member in self.members.items()
            },
        }

    def member(self, entry_id: str) -> MemberSettings:
        """Return the settings of a member."""
        return self.members.get(entry_id, MemberSettings())

    def with_member(self, entry_id: str, member: MemberSettings) -> Self:
        """Return the settings with those of a member."""
        return replace(self, members={**self.members, entry_id: member})

    def without_member(self, entry_id: str) -> Self:
        """Return the settings without those of a member that was removed."""
        members = {key: item for key, item in self.members.items() if key != entry_id}
        return replace(self, members=members)


def _bounded(value: Any, minimum: float, maximum: float) -> float:
    """Return a stored number between two bounds.

    Raises TypeError or ValueError for anything else.
    """
    if number(abs(value), max(abs(minimum), abs(maximum))) is None:
        raise ValueError("no number in range")
    if not minimum <= value <= maximum:
        raise ValueError("no number in range")
    return float(value)
