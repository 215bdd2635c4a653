"""Rigs that sleep: weeks with nights, compared with a rig that never sleeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from custom_components.xmrig_miner.manager import SleepAction, SleepRules

from .fleet_score import FleetRig

REST = 30
"""Minutes of rest, as in the options."""

RULES = SleepRules(after=60 * REST)

SHUTS_DOWN = 20
STARTS = 90
"""Seconds of starting up, in which a computer draws its idle power."""

KWH = 3_600_000
"""Ws."""


@dataclass
class Beds:
    """The rigs of a house that may sleep, and their power without mining."""

    rigs: Sequence[FleetRig]
    rules: SleepRules | None = RULES
    """None if they never do."""
    idle: float = 0
    """Ws on top of those of threads."""
    resting: float = 0
    """Ws of these while no thread ran."""
    wakes: int = 0
    _off: set[int] = field(default_factory=set)
    _ends: dict[int, tuple[int, bool]] = field(default_factory=dict)
    """When a rig finishes starting or shutting down, and whether it is starting."""

    def obey(self, now: int, actions: Mapping[str, SleepAction]) -> None:
        """Start an action."""
        for id_, action in actions.items():
            rig = int(id_)
            wakes = action is SleepAction.WAKE
            self._ends[rig] = (now + (STARTS if wakes else SHUTS_DOWN), wakes)
            if wakes:
                self.wakes += 1
                self._off.discard(rig)

    def pass_second(self, now: int, threads: Sequence[int]) -> float:
        """Process a second, and return the W that rigs that are off do not draw."""
        for rig, (at, wakes) in list(self._ends.items()):
            if now >= at:
                del self._ends[rig]
                if not wakes:
                    self._off.add(rig)
        saved = 0.0
        for place, rig_ in enumerate(self.rigs):
            if place in self._off:
                saved += rig_.rig.idle
                continue
            self.idle += rig_.rig.idle
            if not threads[place]:
                self.resting += rig_.rig.idle
        return saved

    def is_online(self, rig: int) -> bool:
        """Return whether a rig is reachable."""
        return rig not in self._off and rig not in self._ends


@dataclass(frozen=True)
class Nights:
    """Days of a rig that may sleep, compared with the same rig that never does."""

    name: str
    days: int
    hashes: float
    """Hashes on surplus as a percentage of those of the rig that never sleeps."""
    idle: float
    """kWh of idle power per day while resting."""
    idle_of_other: float
    total: float
    """kWh of idle power per day, mining or not."""
    total_of_other: float
    wakes: float

    def row(self) -> str:
        """Return it as a row of a table."""
        return (
            f"| {self.name} | {self.days} | {self.hashes:.1f} | {self.idle:.2f}"
            f" | {self.idle_of_other:.2f} | {100 * self.idle / self.idle_of_other:.0f}"
            f" | {self.total:.2f} | {self.total_of_other:.2f} | {self.wakes:.1f} |"
        )


HEAD = (
    "| house | days | hashes % | kWh at rest | never sleeps | %"
    " | kWh idle in all | never sleeps | wakes a day |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)
