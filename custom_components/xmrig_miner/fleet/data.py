"""The last decision of the manager, as its entities show it."""

from dataclasses import dataclass

from ..manager import Account, Figures, Inputs, Member, MemberEvent, Plan, Work


@dataclass(frozen=True, kw_only=True)
class FleetData:
    """The last decision, its inputs, and what the entities show of it."""

    inputs: Inputs
    plan: Plan
    figures: tuple[Figures, ...]
    work: Work
    earnings: float | None
    """Earnings of 1 kH/s per day; None if unknown."""
    account: Account
    """The energy used for mining, as of the last save."""
    events: tuple[MemberEvent, ...] = ()
    """What happened to members since the previous decision."""

    @property
    def members(self) -> tuple[Member, ...]:
        """Return the members that the decision covers."""
        return self.inputs.members
