"""What a decision is made from."""

from dataclasses import dataclass, field

from .members import Member
from .policy import Prices
from .sources import Meters


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What the house and the members show now."""

    members: tuple[Member, ...] = ()
    meters: Meters
    prices: Prices = field(default_factory=Prices)
