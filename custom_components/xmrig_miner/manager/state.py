"""What the manager remembers from decision to decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from .budget import Available, History, Response
from .household import STEP, Household
from .members import Member, Record


@dataclass(frozen=True, kw_only=True)
class ManagerState:
    """The memory of the manager; the one that is new knows nothing."""

    records: Mapping[str, Record] = field(default_factory=dict)
    history: History = field(default_factory=History)
    response: Response = field(default_factory=Response)
    household: Household = field(default_factory=Household)
    battery_first: bool = False

    def read(self, left: Available) -> Self:
        """Return the state once a reading of the meter was taken."""
        if left.high - left.low >= STEP:
            # Some of our own steps may be in it
            return self
        at = left.reading.at
        mined = left.middle + left.reading.watts
        return replace(self, household=self.household.seen(at, left.middle, mined))

    def seen(self, members: tuple[Member, ...], now: float) -> Self:
        """Return the state once the members were seen."""
        records = {
            member.id: self.records.get(member.id, Record()).seen(member, now)
            for member in members
        }
        # Members that come and go are no steps that the meter would show.
        came = _draw(
            [member for member in members if member.id not in self.records],
            records,
            now,
        )
        gone = sum(
            record.draw for id_, record in self.records.items() if id_ not in records
        )
        history = self.history
        if came != gone:
            history = history.shifted(came - gone)
        return replace(
            self,
            records=records,
            history=history.noticed(now, _draw(members, records, now)),
        )

    def commanded(
        self, members: tuple[Member, ...], targets: Mapping[str, int], now: float
    ) -> Self:
        """Return the state once members are commanded some threads."""
        if not targets:
            return self
        records = dict(self.records)
        for member in members:
            if member.id in targets:
                record = records[member.id].commanded(targets[member.id], now)
                records[member.id] = record.seen(member, now)
        return replace(
            self,
            records=records,
            history=self.history.with_draw(now, _draw(members, records, now)),
        )

    def with_result(self, member_id: str, *, ok: bool, now: float) -> Self:
        """Return the state once the command of a member succeeded or failed."""
        if member_id not in self.records:
            return self
        record = self.records[member_id].with_result(ok=ok, now=now)
        return replace(self, records={**self.records, member_id: record})


def _draw(
    members: tuple[Member, ...] | list[Member],
    records: Mapping[str, Record],
    now: float,
) -> float:
    """Return what mining draws by the model, in W."""
    return sum(records[member.id].current_draw(member, now) for member in members)
