"""Members and meters for the tests of the manager."""

from dataclasses import replace
from typing import Any

from custom_components.xmrig_miner.manager import (
    Curve,
    Inputs,
    ManagerState,
    Member,
    Meters,
    Plan,
    Prices,
    Reading,
    Settings,
    decide,
)
from custom_components.xmrig_miner.manager.watts import Draw, Watts


def line(threads: int = 4, each: float = 20, idle: float = 40) -> Curve:
    """Return the curve of threads that all draw 20 W and hash 100 H/s."""
    counts = range(threads + 1)
    return Curve(
        tuple(idle + each * count for count in counts),
        tuple(100.0 * count for count in counts),
    )


def miner(id_: str = "a", threads: int | None = 0, **values: Any) -> Member:
    """Return a miner with four threads of 20 W."""
    values.setdefault("curve", line())
    values.setdefault("algorithm", "rx/0")
    return Member(id=id_, threads=threads, **values)


def steps_seen(watts: Watts, member: str) -> int:
    """Return how many steps of a miner the meter has shown."""
    return len(watts.draws.get(member, Draw()).samples)


class House:
    """A house in which a manager decides."""

    def __init__(self, *members: Member, **settings: Any) -> None:
        """Initialize the house without readings."""
        self.members = {member.id: member for member in members}
        self.settings = Settings(**settings)
        self.state = ManagerState()
        self.meters = Meters(grid=None)
        self.prices = Prices()

    def at(self, now: float, grid: float | None = None, **values: Any) -> Plan:
        """Decide at a time; `grid` is a new reading of the bought W.

        Its oldest part was reported at `since`.
        """
        since = values.pop("since", now)
        if grid is not None:
            values["grid"] = Reading(grid, now, since)
        self.meters = replace(self.meters, **values)
        inputs = Inputs(
            members=tuple(self.members.values()),
            meters=self.meters,
            prices=self.prices,
        )
        plan = decide(self.settings, inputs, self.state, now)
        self.state = plan.state
        return plan

    def obey(self, plan: Plan, now: float) -> None:
        """Apply a plan to the members, and report success."""
        for id_, threads in plan.targets.items():
            self.change(id_, threads=threads)
            self.state = self.state.with_result(id_, ok=True, now=now)

    def change(self, id_: str, **values: Any) -> None:
        """Change a member."""
        self.members[id_] = replace(self.members[id_], **values)

    def run(self, now: float, grid: float | None = None, **values: Any) -> Plan:
        """Decide, and apply the plan at once."""
        plan = self.at(now, grid, **values)
        self.obey(plan, now)
        return plan

    @property
    def threads(self) -> dict[str, int | None]:
        """Return the threads of the members."""
        return {id_: member.threads for id_, member in self.members.items()}
