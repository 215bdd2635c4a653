"""What may decide on the threads of rigs in `plant.py`."""

from collections import deque
from collections.abc import Mapping, Sequence

from custom_components.xmrig_miner.manager import (
    Curve,
    Inputs,
    ManagerState,
    Member,
    Meters,
    Plan,
    Reading,
    Settings,
    decide,
)
from custom_components.xmrig_miner.manager.distribution import Load, distribute

from .plant import COMMAND, FleetRig


def curve_of(rig: FleetRig) -> Curve:
    """Return the curve of a rig as it is in truth."""
    idle = rig.rig.idle
    return Curve(tuple(idle + watts for watts in rig.mining), tuple(rig.hashrates))


class Managed:
    """The manager of the integration."""

    def __init__(
        self,
        rigs: Sequence[FleetRig],
        settings: Settings | None = None,
        state: ManagerState | None = None,
    ) -> None:
        """Initialize it with nothing learned, unless a state is given."""
        self.settings = settings or Settings()
        self.state = state or ManagerState()
        self.plan: Plan | None = None
        self.curves = [curve_of(rig) for rig in rigs]
        self._meters = Meters(grid=None)
        self._results: deque[tuple[int, list[str]]] = deque()

    def reading(
        self, now: int, watts: float, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Decide by a report of the meter."""
        self._meters = Meters(grid=Reading(watts, now, now))
        return self._decide(now, threads)

    def wake(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        """Decide where the last decision asked for it."""
        wake_at = self.plan.wake_at if self.plan else None
        if wake_at is None or now < wake_at:
            return {}
        return self._decide(now, threads)

    def members(self, threads: Sequence[int]) -> tuple[Member, ...]:
        """Return the rigs as members."""
        return tuple(
            Member(id=str(place), curve=curve, threads=count, algorithm="rx/0")
            for place, (curve, count) in enumerate(
                zip(self.curves, threads, strict=True)
            )
        )

    def _decide(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        while self._results and self._results[0][0] <= now:
            for member in self._results.popleft()[1]:
                self.state = self.state.with_result(member, ok=True, now=now)
        inputs = Inputs(members=self.members(threads), meters=self._meters)
        self.plan = decide(self.settings, inputs, self.state, now)
        self.state = self.plan.state
        if self.plan.targets:
            self._results.append((now + COMMAND, list(self.plan.targets)))
        return {int(member): count for member, count in self.plan.targets.items()}


class Ideal:
    """A follower that knows at each report what is left over, and is never wrong.

    It distributes anew each time. With `last` it is the cautious one to compare with:
    it takes the least of so many reports.
    """

    def __init__(self, rigs: Sequence[FleetRig], last: int = 1) -> None:
        """Initialize it."""
        self._curves = [curve_of(rig) for rig in rigs]
        self._recent: deque[float] = deque(maxlen=last)

    def reading(
        self, now: int, watts: float, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Decide by what is left over in truth."""
        self._recent.append(truth)
        loads = [
            Load(id=str(place), curve=curve, threads=0, ceiling=curve.threads)
            for place, curve in enumerate(self._curves)
        ]
        wanted = distribute(loads, max(0.0, min(self._recent)))
        return {
            place: wanted[str(place)]
            for place, count in enumerate(threads)
            if wanted[str(place)] != count
        }

    def wake(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        """Decide nothing between the reports."""
        return {}
