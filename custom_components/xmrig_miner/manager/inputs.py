"""The inputs of a decision."""

from dataclasses import dataclass, field

from .members import Member
from .policy import Prices
from .sources import Meters


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The current readings of the house and the members."""

    members: tuple[Member, ...] = ()
    meters: Meters
    prices: Prices = field(default_factory=Prices)
