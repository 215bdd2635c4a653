"""The user's settings for the manager and its members, and how they are stored."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ..manager import Caution, Mode, Settings

MAX_PRICE = 1_000_000
"""Per kWh, in any currency: some cost thousands of it."""

MAX_EARNINGS = 1_000_000
"""Of 1 kH/s per day, in any currency."""

MAX_RESERVE = 100_000
"""In W; the reserve may also be negative."""

MAX_PRIORITY = 10


@dataclass(frozen=True, kw_only=True)
class MemberSettings:
    """The user's settings for a member."""

    is_managed: bool = True
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """The settings of the manager, and of each member by config entry ID."""

    settings: Settings = field(default_factory=Settings)
    members: Mapping[str, MemberSettings] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the settings from the result of `as_json`, or the defaults for None.

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
        """Return the settings as JSON."""
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
        """Return the settings of a member, or the defaults."""
        return self.members.get(entry_id, MemberSettings())

    def with_member(self, entry_id: str, member: MemberSettings) -> Self:
        """Return the settings with those of a member replaced."""
        return replace(self, members={**self.members, entry_id: member})

    def of(self, members: Container[str]) -> Self:
        """Return the settings without those of members that are gone."""
        kept = {key: item for key, item in self.members.items() if key in members}
        return replace(self, members=kept)


def _bounded(value: Any, minimum: float, maximum: float) -> float:
    """Return a stored number as a float.

    Raises TypeError or ValueError if it is not a number within the bounds.
    """
    if not minimum <= value <= maximum:
        raise ValueError("no number in range")
    return float(value)
