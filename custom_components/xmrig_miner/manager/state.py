"""The state that the manager keeps between decisions."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from .budget import Available, History
from .household import STEP, Household
from .members import Member, Record
from .policy import Mode
from .response import LEAST_STEP, LONGEST, Learned
from .sleep import Sleep
from .sources import Reading
from .steps import Known, Step
from .study import Study
from .watts import LEARNED, ROUGH, Draw, Watts, curve_with

SILENT = 120
"""Seconds within which a meter has to report after a step."""

FROZEN_STEP = 50
"""Size of a step in W after which no working meter shows exactly the same value."""

MEASURED = 0.03
"""Relative error of the power of a member with a plug."""


@dataclass(frozen=True)
class Shown:
    """The value that the meter shows."""

    watts: float
    at: float
    """When it last reported."""
    since: float
    """When it first reported this value."""
    is_silent: bool = False
    """Whether the meter failed to show a step of ours that is overdue."""


@dataclass(frozen=True, kw_only=True)
class ManagerState:
    """The state of the manager; a new one knows nothing."""

    records: Mapping[str, Record] = field(default_factory=dict)
    sleepers: Mapping[str, Sleep] = field(default_factory=dict)
    """The sleep state of each member that may sleep."""
    mode: Mode | None = None
    """The mode of the last decision; None before the first."""
    history: History = field(default_factory=History)
    response: Learned = field(default_factory=Learned)
    watts: Watts = field(default_factory=Watts)
    household: Household = field(default_factory=Household)
    study: Study = field(default_factory=Study)
    battery_first: bool = False
    shown: Shown | None = None
    """The value that the meter shows; None before its first reading."""
    gathering_since: float | None = None
    """Since when the manager waits for the other sensors; None if it does not wait."""

    def metered(self, reading: Reading, members: Sequence[Member]) -> Self:
        """Return the state after a report of the meter."""
        shown = self.shown
        if shown and reading.at <= shown.at:
            return self
        is_same = shown is not None and shown.watts == reading.watts
        since = shown.since if shown and is_same else reading.at
        return replace(
            self,
            response=self.response.seen(reading.at, reading.watts, self.history.steps),
            watts=self.watts.seen(
                reading.at,
                reading.watts,
                self.response.response,
                {
                    member.id: Known(member.curve.mining, self._error(member))
                    for member in members
                    if member.curve is not None
                },
            ),
            shown=Shown(reading.watts, reading.at, since),
        )

    @property
    def is_silent(self) -> bool:
        """Return whether the meter is silent."""
        return self.shown is not None and self.shown.is_silent

    def listened(self, now: float) -> Self:
        """Return the state after checking whether the meter is silent.

        A constant value is not proof of a fault: a battery or a template may hold it.
        The meter is silent if it does not show a step of ours: if it reports nothing
        afterwards, or exactly the same value for longer than any meter lags.
        """
        shown, history = self.shown, self.history
        if shown is None or shown.is_silent:
            return self
        unreported = history.largest_step(shown.at, now - SILENT)
        # A short step may begin and end between two readings
        unseen = history.largest_step(
            shown.since, now - SILENT - LONGEST, lasting=LONGEST
        )
        if unreported < LEAST_STEP and unseen < FROZEN_STEP:
            return self
        return replace(self, shown=replace(shown, is_silent=True))

    def read(self, left: Available) -> Self:
        """Return the state after a reading was used to update the household."""
        if left.high - left.low >= STEP:
            # The change may be caused by our own steps
            return self
        at = left.reading.at
        mined = left.middle + left.reading.watts
        return replace(self, household=self.household.seen(at, left.middle, mined))

    def seen(self, members: tuple[Member, ...], now: float) -> Self:
        """Return the state updated with the current members."""
        records = {
            member.id: self.records.get(member.id, Record()).seen(member, now)
            for member in members
        }
        # Adding or removing a member is not a step that the meter would show.
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
        self,
        members: tuple[Member, ...],
        targets: Mapping[str, int],
        now: float,
        before: Study,
    ) -> Self:
        """Return the state after members were commanded to run `targets` threads.

        `before` is the study before the decision.
        """
        if not targets:
            return self
        records = dict(self.records)
        steps = []
        for member in members:
            if member.id in targets:
                record = records[member.id]
                threads = targets[member.id]
                old = record.threads(member)
                is_planned = before.is_planned(
                    self.study, member.id, is_more=threads > old
                )
                steps.append(Step(now, member.id, old, threads, is_planned))
                records[member.id] = record.commanded(threads, now).seen(member, now)
        return replace(
            self,
            watts=self.watts.stepped(steps),
            records=records,
            history=self.history.with_draw(now, _draw(members, records, now)),
        )

    def with_result(self, member_id: str, *, ok: bool, now: float) -> Self:
        """Return the state after a command to a member succeeded or failed."""
        if member_id not in self.records:
            return self
        record = self.records[member_id].with_result(ok=ok, now=now)
        return replace(
            self,
            records={**self.records, member_id: record},
            watts=self.watts if ok else self.watts.failed(member_id),
        )

    def with_sleep(self, member_id: str, sleep: Sleep) -> Self:
        """Return the state with a new sleep state for a member."""
        return replace(self, sleepers={**self.sleepers, member_id: sleep})

    def of(self, members: Container[str]) -> Self:
        """Return the state without what was learned of members that are gone."""
        return replace(self, watts=self.watts.of(members))

    def known(self, member: Member) -> Member:
        """Return a member with the learned power in its curve, if it is learned."""
        if member.size is None:
            return member
        found = self.watts.fit(member.id, member.size)
        return replace(
            member,
            curve=curve_with(found, member.curve, member.size),
            is_learning=found is None or found.error > LEARNED,
            lacks_counts=found is not None and found.lacks_counts,
        )

    def _error(self, member: Member) -> float:
        """Return the relative error of the power of a member."""
        if member.size is None:
            return MEASURED
        found = self.watts.fit(member.id, member.size)
        return ROUGH if found is None else min(found.error, ROUGH)

    def as_json(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return {
            "response": self.response.as_json(),
            "household": self.household.as_json(),
            "watts": {id_: draw.as_json() for id_, draw in self.watts.draws.items()},
            "sleepers": {id_: sleep.as_json() for id_, sleep in self.sleepers.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return a state from the output of `as_json`; None returns a new one.

        Raises AttributeError, LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return cls()
        draws = {id_: Draw.from_json(draw) for id_, draw in data["watts"].items()}
        sleepers = data.get("sleepers", {})
        return cls(
            sleepers={id_: Sleep.from_json(sleep) for id_, sleep in sleepers.items()},
            response=Learned.from_json(data["response"]),
            household=Household.from_json(data["household"]),
            watts=Watts(draws),
        )


def _draw(
    members: tuple[Member, ...] | list[Member],
    records: Mapping[str, Record],
    now: float,
) -> float:
    """Return the modelled draw of mining, in W."""
    return sum(records[member.id].current_draw(member, now) for member in members)
