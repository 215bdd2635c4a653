"""Rigs that sleep: weeks with nights, of one that may and of one that never does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from custom_components.xmrig_miner.manager import SleepAction, SleepRules

from .fleet_score import FleetRig

REST = 30
"""Minutes of rest, as the options have it."""

RULES = SleepRules(after=60 * REST)

SHUTS_DOWN = 20
STARTS = 90
"""Seconds that a computer takes, in which it draws its idle power."""

KWH = 3_600_000
"""Ws."""


@dataclass
class Beds:
    """The rigs of a house that may sleep, and what they draw without mining."""

    rigs: Sequence[FleetRig]
    rules: SleepRules | None = RULES
    """None if they never do."""
    idle: float = 0
    """Ws drawn on top of that of threads."""
    resting: float = 0
    """Ws of these drawn while no thread ran."""
    wakes: int = 0
    _off: set[int] = field(default_factory=set)
    _ends: dict[int, tuple[int, bool]] = field(default_factory=dict)
    """When a rig will have started or shut down, and whether it starts."""

    def obey(self, now: int, actions: Mapping[str, SleepAction]) -> None:
        """Begin what is to be done."""
        for id_, action in actions.items():
            rig = int(id_)
            wakes = action is SleepAction.WAKE
            self._ends[rig] = (now + (STARTS if wakes else SHUTS_DOWN), wakes)
            if wakes:
                self.wakes += 1
                self._off.discard(rig)

    def pass_second(self, now: int, threads: Sequence[int]) -> float:
        """Let a second pass, and return the W that are not drawn while rigs are off."""
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
        """Return whether a rig answers."""
        return rig not in self._off and rig not in self._ends


@dataclass(frozen=True)
class Nights:
    """Days of a rig that may sleep, and of the same one that never does."""

    name: str
    days: int
    hashes: float
    """On surplus, in % of those of the one that never sleeps."""
    idle: float
    """kWh of idle power per day while it rests."""
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
