"""Days of a house with a fleet of miners, simulated with the manager's decisions.

It needs neither Home Assistant nor a miner, so a day takes seconds. `day.py` simulates
a day with both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import fmean
import time

from custom_components.xmrig_miner.manager import Caution, Settings

from .fleet_score import FleetRig, FleetScore
from .household import DAY, lively_house
from .meters import Battery, Meter
from .plant import Plant, Strategy
from .prices import FIXED, Tariff
from .recorded_sky import recorded_light
from .score import Rig
from .sky import BROKEN, DAYLIGHT, SUNRISE, house, light
from .sleeping import Beds
from .strategies import Ideal, Managed

RIG_230 = FleetRig(Rig("230 W", idle=60, full=230), hashrate=500, saturation=0.1)


def fleet(size: int) -> tuple[FleetRig, ...]:
    """Return rigs with 4, 16 and 64 threads and different efficiencies."""
    kinds = (
        FleetRig(Rig("16 threads", 60, 230, 16), hashrate=600, saturation=0.3),
        FleetRig(Rig("4 threads", 25, 75, 4), hashrate=450, saturation=0.1),
        FleetRig(Rig("64 threads", 110, 480, 64), hashrate=420, saturation=0.4),
    )
    return tuple(
        replace(kind, hashrate=kind.hashrate * (1 - 0.02 * (place // 3)))
        for place, kind in ((place, kinds[place % 3]) for place in range(size))
    )


@dataclass(frozen=True)
class House:
    """A house, and the days that are simulated in it."""

    name: str
    rigs: tuple[FleetRig, ...] = (RIG_230,)
    peak: float = 1_000
    """W of the panels at noon under a clear sky."""
    meter: Meter = field(default_factory=Meter)
    is_lively: bool = True
    is_recorded: bool = True
    """Whether the sky varies like a recorded sky, or has the broken clouds of
    `sky.py`."""
    has_battery: bool = False
    plug: Meter | None = None
    tariff: Tariff = FIXED
    has_nights: bool = False
    knows_watts: bool = True
    """Whether the watts of the rigs are known; otherwise, the manager learns them."""

    def surplus(self, random: Random) -> list[float]:
        """Return the surplus without mining in W, for each second."""
        shares = recorded_light(random) if self.is_recorded else light(BROKEN, random)
        sun = [self.peak * share for share in shares]
        if self.is_lively:
            drawn = lively_house(random)[SUNRISE : SUNRISE + DAYLIGHT]
        else:
            drawn = house(random)
        idle = sum(rig.rig.idle for rig in self.rigs)
        day = [more - less - idle for more, less in zip(sun, drawn, strict=True)]
        if not self.has_nights:
            return day
        night = [-150.0 - idle] * ((DAY - DAYLIGHT) // 2)
        return night + day + night


@dataclass(frozen=True)
class Result:
    """The combined days of one strategy in one house."""

    house: House
    strategy: str
    days: int
    share: float
    """Hashes on surplus as a percentage of the oracle's."""
    bought: float
    """Bought energy as a percentage of the energy of mining."""
    cost: float
    """Cost of mining per day."""
    starts: float
    changes: float
    took: float
    """Seconds of real time per day."""
    hashes: float
    """Total hashes on surplus."""

    def row(self) -> str:
        """Return it as a row of a table."""
        return (
            f"| {self.house.name} | {self.strategy} | {self.days}"
            f" | {self.share:.1f} | {self.bought:.2f} | {100 * self.cost:.1f}"
            f" | {self.starts:.0f} | {self.changes:.0f} | {self.took:.1f} |"
        )


HEAD = (
    "| house | strategy | days | hashes % | bought % | ct a day | starts | changes | s |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


def managed(
    house: House,
    caution: Caution = Caution.EAGER,
    beds: Beds | None = None,
    *,
    studies: bool = True,
) -> Managed:
    """Return the manager of a house, with nothing learned."""
    return Managed(
        house.rigs,
        house.meter,
        Settings(caution=caution),
        has_battery=house.has_battery,
        tariff=house.tariff,
        knows_watts=house.knows_watts,
        beds=beds,
        studies=studies,
        has_plugs=house.plug is not None,
    )


def play(house: House, name: str, strategy: Strategy, days: int) -> Result:
    """Simulate consecutive days with one strategy, which keeps learning."""
    began = time.perf_counter()
    scores = list(each_day(house, strategy, range(days)))
    return result_of(house, name, scores, time.perf_counter() - began)


def each_day(
    house: House, strategy: Strategy, seeds: Iterable[int]
) -> Iterator[FleetScore]:
    """Play days one after the other, and yield what was mined in each."""
    for seed in seeds:
        random = Random(seed)
        plant = Plant(
            house.rigs,
            house.surplus(random),
            house.meter,
            random,
            battery=Battery() if house.has_battery else None,
            plug=house.plug,
            tariff=house.tariff,
            start=seed * DAY + (0 if house.has_nights else SUNRISE),
        )
        yield plant.run(strategy)


def result_of(
    house: House, name: str, scores: Sequence[FleetScore], took: float
) -> Result:
    """Return days that took some seconds of real time, taken together."""
    return Result(
        house=house,
        strategy=name,
        days=len(scores),
        share=_percent(
            (score.on_surplus for score in scores), (score.oracle for score in scores)
        ),
        bought=_percent(
            (score.bought for score in scores), (score.mined for score in scores)
        ),
        cost=fmean(score.cost for score in scores),
        starts=fmean(score.starts for score in scores),
        changes=fmean(score.changes for score in scores),
        took=took / len(scores),
        hashes=sum(score.on_surplus for score in scores),
    )


def _percent(parts: Iterable[float], wholes: Iterable[float]) -> float:
    return 100 * sum(parts) / (sum(wholes) or 1)


def ideal(house: House, last: int = 1) -> Ideal:
    """Return the ideal follower to compare with."""
    return Ideal(house.rigs, last)
