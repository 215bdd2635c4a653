"""The user's settings of the manager, and what they allow."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """The modes of the manager."""

    OFF = "off"
    """All members rest."""
    SMART = "smart"
    """Members follow sun and price."""
    FULL = "full"
    """All members run at full power."""
    MANUAL = "manual"
    """The manager leaves the members alone; their maximum temperature still applies."""


class Caution(StrEnum):
    """How much risk of buying power is acceptable.

    A kWh mined with surplus costs what its export would have earned; a kWh mined with
    grid power costs the import price. The value of the hashes is taken to lie between
    the two: near the import price for eager, near the export price for calm. It
    determines up to which probability of buying power to mine.
    """

    EAGER = "eager"
    """Mine whatever the probability."""
    BALANCED = "balanced"
    CALM = "calm"

    @property
    def odds(self) -> float | None:
        """Return the highest acceptable probability of buying power; None for any.

        This is the position of the value of a hash between the export price (0) and
        the import price (1).
        """
        return _ODDS[self]


_ODDS = {Caution.EAGER: None, Caution.BALANCED: 0.1, Caution.CALM: 0.04}


class Reason(StrEnum):
    """Why no more is running."""

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
    """Whether each member keeps one thread when there is no surplus."""
    caution: Caution = Caution.EAGER
    reserve: float = 0
    """W to keep exporting; if negative, W that may be bought."""
    earnings: float | None = None
    """What 1 kH/s earns in a day; None if unknown."""
    price_limit: float | None = None
    """Import price per kWh below which to buy power for mining; None for never."""
    battery_priority: float = 0
    """State of charge in % below which all surplus goes to the battery."""
    battery_start: float = 0
    """State of charge in % from which charging power counts as surplus again."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices per kWh; None if unknown."""

    importing: float | None = None
    exporting: float | None = None
    break_even: float | None = None
    """The price at which mining costs as much as it earns."""

    def odds(self, caution: Caution) -> float | None:
        """Return the highest acceptable probability of buying power; None for any.

        If all prices are known, the break-even price is the value of a kWh of hashes
        and replaces the caution: the risk is acceptable as long as the gain on surplus
        makes up for the loss on bought power.
        """
        if self.break_even is None or self.importing is None or self.exporting is None:
            return caution.odds
        if self.break_even >= self.importing:
            return None
        gain = max(0.0, self.break_even - self.exporting)
        return gain / (gain + self.importing - self.break_even)

    def is_cheap(self, limit: float | None) -> bool:
        """Return whether grid power is cheap enough to mine with."""
        if self.importing is None:
            return False
        return any(
            most is not None and self.importing < most
            for most in (limit, self.break_even)
        )

    def is_waiting(self, limit: float | None) -> bool:
        """Return whether mining would start if the import price fell."""
        return self.importing is not None and not (
            limit is None and self.break_even is None
        )


def battery_goes_first(
    level: float | None, settings: Settings, *, before: bool
) -> bool:
    """Return whether all surplus goes to the battery, by its state of charge in %.

    `before` is the previous result, which stays between the two thresholds (hysteresis)
    and while the state of charge is unknown.
    """
    if level is None:
        return before
    if level < settings.battery_priority:
        return True
    if level >= max(settings.battery_start, settings.battery_priority):
        return False
    return before
