"""What the user wants of the manager, and how much may be mined by that."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What the members follow."""

    OFF = "off"
    """All rest."""
    SMART = "smart"
    """Sun and price."""
    FULL = "full"
    """Everything at full power."""
    MANUAL = "manual"
    """The manager leaves the members alone; their maximum temperature still counts."""


class Caution(StrEnum):
    """How much bought energy a hash may cost.

    Mined with surplus, a kWh of hashes costs what its export would have earned; mined
    with power of the grid, it costs the import price. What it is worth lies between the
    two: nearer to the import price for the eager, nearer to the export price for the
    calm. That decides at which chance of buying it is still mined.
    """

    EAGER = "eager"
    """Whatever the chance."""
    BALANCED = "balanced"
    CALM = "calm"

    @property
    def odds(self) -> float | None:
        """Return the chance of buying at which is still mined; None for any.

        That is how far the value of a hash is on the way from the export price to the
        import price.
        """
        return _ODDS[self]


_ODDS = {Caution.EAGER: None, Caution.BALANCED: 0.2, Caution.CALM: 0.08}


class Reason(StrEnum):
    """Why not more is running."""

    NO_SURPLUS = "no_surplus"
    BATTERY_FIRST = "battery_first"
    PRICE = "price"
    METER_SILENT = "meter_silent"
    METER_SETTLING = "meter_settling"
    EVERYTHING_AT_FULL = "everything_at_full"
    OFF = "off"
    WAITING_TO_STEP_UP = "waiting_to_step_up"
    TEMPERATURE = "temperature"
    WAKING = "waking"
    """A miner is starting up."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of the manager."""

    mode: Mode = Mode.SMART
    keep_mining: bool = False
    """Whether each member keeps one thread where there is no surplus."""
    caution: Caution = Caution.EAGER
    reserve: float = 0
    """W that are still exported; below zero, W that may be bought."""
    earnings: float | None = None
    """What 1 kH/s earns in a day; None if that is unknown."""
    price_limit: float | None = None
    """Import price per kWh below which power is bought for mining; None for never."""
    battery_priority: float = 0
    """% of charge below which all surplus goes to the battery."""
    battery_start: float = 0
    """% of charge above which the battery's charging power counts as surplus again."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices per kWh, and what mining earns; None for what is not known."""

    importing: float | None = None
    exporting: float | None = None
    break_even: float | None = None
    """The price at which mining costs what it earns."""

    def odds(self, caution: Caution) -> float | None:
        """Return the chance of buying at which is still mined; None for any.

        Where all prices are known, the break-even price is what a kWh of hashes is
        worth, and takes the place of the caution: a chance is worth it as long as what
        is gained on surplus makes up for what is lost on bought power.
        """
        if self.break_even is None or self.importing is None or self.exporting is None:
            return caution.odds
        if self.break_even >= self.importing:
            return None
        gain = max(0.0, self.break_even - self.exporting)
        return gain / (gain + self.importing - self.break_even)

    def is_cheap(self, limit: float | None) -> bool:
        """Return whether power from the grid is cheap enough to mine with."""
        if self.importing is None:
            return False
        return any(
            most is not None and self.importing < most
            for most in (limit, self.break_even)
        )

    def is_waiting(self, limit: float | None) -> bool:
        """Return whether mining would begin if the price fell."""
        return self.importing is not None and not (
            limit is None and self.break_even is None
        )


def battery_goes_first(
    level: float | None, settings: Settings, *, before: bool
) -> bool:
    """Return whether all surplus goes to the battery, by its charge in %.

    `before` is what it was: it changes only beyond the threshold of its direction. A
    charge that is not known changes nothing.
    """
    if level is None:
        return before
    if level < settings.battery_priority:
        return True
    if level >= max(settings.battery_start, settings.battery_priority):
        return False
    return before
