"""Strategies for the threads of rigs in `plant.py`."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from custom_components.xmrig_miner.manager import (
    Curve,
    Flow,
    Inputs,
    ManagerState,
    Member,
    Plan,
    Prices,
    Settings,
    Sources,
    Work,
    decide,
)
from custom_components.xmrig_miner.manager.distribution import Load, distribute
from custom_components.xmrig_miner.power.model import PowerModel
from custom_components.xmrig_miner.power.reports import Lessons, Report
from custom_components.xmrig_miner.power.table import counts_to_measure

from .fleet_score import FleetRig
from .meters import BATTERY, Meter, Samples
from .plant import COMMAND
from .prices import FIXED, Tariff
from .sleeping import Beds

SETTLE = 30
"""Seconds after a change until a plug is learned from: the meter's `SETTLE_TIME`."""


def curve_of(rig: FleetRig) -> Curve:
    """Return the actual curve of a rig."""
    idle = rig.rig.idle
    return Curve(tuple(idle + watts for watts in rig.mining), tuple(rig.hashrates))


class Managed:
    """The manager of the integration."""

    def __init__(
        self,
        rigs: Sequence[FleetRig],
        meter: Meter,
        settings: Settings | None = None,
        *,
        has_battery: bool = False,
        tariff: Tariff = FIXED,
        knows_watts: bool = True,
        beds: Beds | None = None,
        studies: bool = True,
        has_plugs: bool = False,
    ) -> None:
        """Initialize the manager with nothing learned.

        With `studies` it measures numbers of threads that it does not know yet.
        """
        self.settings = settings or Settings()
        self.state = ManagerState()
        self.plan: Plan | None = None
        self.curves: list[Curve | None] = [
            curve_of(rig) if knows_watts else None for rig in rigs
        ]
        self._knows_watts = knows_watts
        self._studies = studies
        self._has_plugs = has_plugs
        self.measured: list[set[int]] = [set() for _ in rigs]
        """The numbers of threads that ran for long enough to be measured."""
        self.rigs = rigs
        # The watts entered by the user are off by a quarter
        self._models = [
            PowerModel(
                rig.rig.threads, idle=rig.rig.idle, full=1.25 * rig.rig.full
            ).for_algorithm("rx/0")
            for rig in rigs
        ]
        self._lessons = [Lessons() for _ in rigs]
        self._reports: dict[int, Report] = {}
        self._changed: list[tuple[int, int]] = [(0, 0)] * len(rigs)
        self._sources = Sources(
            grid=meter.flow, battery=Flow((BATTERY,)) if has_battery else None
        )
        self._tariff = tariff
        self.beds = beds
        self._inputs = Inputs(meters=self._sources.meters({}))
        self._results: deque[tuple[int, list[str]]] = deque()

    def report(
        self, now: int, samples: Samples, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Decide after a report of a sensor."""
        self._inputs = replace(self._inputs, meters=self._sources.meters(samples))
        return self._decide(now, threads)

    def wake(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        """Decide at the time requested by the last decision."""
        wake_at = self.plan.wake_at if self.plan else None
        if wake_at is None or now < wake_at:
            return {}
        return self._decide(now, threads)

    def plug(self, now: int, rig: int, watts: float, threads: int) -> None:
        """Process a report of a rig's plug."""
        before = self._reports.get(rig)
        is_repeat = before is not None and before.watts == watts
        self._reports[rig] = Report(watts, now, is_repeat)
        self._learn(now, rig, threads)

    def _learn(self, now: int, rig: int, threads: int) -> None:
        """Learn from a poll of a rig, once it has settled.

        Without a plug, the hashrates of a poll are all there is to measure.
        """
        report, lessons = self._reports.get(rig), self._lessons[rig]
        if report is not None:
            lessons.heard(report)
        if not self._is_settled(now, rig, threads):
            return
        if report is None:
            if not self._has_plugs:
                self.measured[rig].add(threads)
            return
        model = self._models[rig]
        watts = lessons.watts(report, now, model.watts(threads))
        if watts is not None:
            model = model.with_sample(
                threads, watts=watts, hashrate=self.rigs[rig].hashrates[threads]
            )
            self._models[rig] = model
            self.curves[rig] = Curve.from_model(model)
            self.measured[rig].add(threads)

    def missing(self, rig: int) -> tuple[int, ...]:
        """Return the numbers of threads that were not measured yet."""
        counts = counts_to_measure(self.rigs[rig].rig.threads)
        return tuple(count for count in counts if count not in self.measured[rig])

    def _is_settled(self, now: int, rig: int, threads: int) -> bool:
        """Return whether a rig has been running its threads for long enough."""
        before, since = self._changed[rig]
        if before == threads:
            return now - since >= SETTLE
        self._changed[rig] = threads, now
        self._lessons[rig].begin(now)
        return False

    def members(self, threads: Sequence[int]) -> tuple[Member, ...]:
        """Return the rigs as members."""
        return tuple(
            Member(
                id=str(place),
                curve=curve,
                size=None if self._knows_watts else self.rigs[place].rig.threads,
                missing=self.missing(place) if self._studies else (),
                threads=count,
                algorithm="rx/0",
                is_online=self.beds is None or self.beds.is_online(place),
                sleep=self.beds.rules if self.beds else None,
            )
            for place, (curve, count) in enumerate(
                zip(self.curves, threads, strict=True)
            )
        )

    def _decide(self, now: int, threads: Sequence[int]) -> Mapping[int, int]:
        while self._results and self._results[0][0] <= now:
            for member in self._results.popleft()[1]:
                self.state = self.state.with_result(member, ok=True, now=now)
        for rig, count in enumerate(threads):
            self._learn(now, rig, count)
        importing, exporting = self._tariff.at(now)
        members = self.members(threads)
        inputs = replace(
            self._inputs,
            members=members,
            prices=Prices(
                importing=importing,
                exporting=exporting,
                break_even=Work.of(members).break_even(self.settings.earnings),
            ),
        )
        self.plan = decide(self.settings, inputs, self.state, now)
        self.state = self.plan.state
        if self.beds:
            self.beds.obey(now, self.plan.sleep_actions)
        if self.plan.targets:
            self._results.append((now + COMMAND, list(self.plan.targets)))
        return {int(member): count for member, count in self.plan.targets.items()}


class Ideal:
    """A follower that knows the exact surplus at each report.

    It redistributes each time. With `last`, it is the cautious follower to compare
    with: it uses the lowest of the last reports.
    """

    beds: Beds | None = None

    def __init__(self, rigs: Sequence[FleetRig], last: int = 1) -> None:
        """Initialize it."""
        self._curves = [curve_of(rig) for rig in rigs]
        self._recent: deque[float] = deque(maxlen=last)

    def report(
        self, now: int, samples: Samples, threads: Sequence[int], truth: float
    ) -> Mapping[int, int]:
        """Decide by the actual surplus."""
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
        """Decide nothing between reports."""
        return {}

    def plug(self, now: int, rig: int, watts: float, threads: int) -> None:
        """Learn nothing: everything is known."""
