"""A week of recorded prices: what mining leaves, by what decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from custom_components.xmrig_miner.manager import Caution, Settings

from .fleet_score import FleetRig, FleetScore
from .house_days import RIG_230, House, each_day, managed, result_of
from .prices import recorded
from .sleeping import KWH

HOURLY = House("lively", tariff=recorded(), has_nights=True)
HOUSES = (replace(HOURLY, name="quiet", is_lively=False), HOURLY)

WORTH = (0.05, 0.10, 0.15, 0.20)
"""What the hashes of a kWh earn at full load: the break-even price."""

LIMIT = 0.20
"""A price limit."""

HEAD = (
    "| house | decides by | days | hashes % | bought % | kWh a day |"
    + "".join(f" left at {100 * worth:.0f} ct |" for worth in WORTH)
    + "\n|---|---|---:|---:|---:|---:|"
    + "---:|" * len(WORTH)
)


@dataclass(frozen=True)
class Week:
    """Consecutive days of one strategy in one house."""

    house: House
    scores: Sequence[FleetScore]

    def left(self, worth: float) -> float:
        """Return what is left in a day of what mining earns, after its power, in ct."""
        hashes = sum(score.hashes for score in self.scores)
        earned = earnings(RIG_230, worth) * hashes / (1000 * 24 * 3600)
        cost = sum(score.cost for score in self.scores)
        return 100 * (earned - cost) / len(self.scores)

    def row(self, name: str, worths: Sequence[float]) -> str:
        """Return it as a row of a table, for what the hashes of a kWh earn."""
        result = result_of(self.house, name, self.scores, 0)
        mined = sum(score.mined for score in self.scores) / KWH / len(self.scores)
        lefts = (f"{self.left(each):.1f}" if each in worths else "" for each in WORTH)
        return (
            f"| {self.house.name} | {name} | {len(self.scores)} | {result.share:.1f}"
            f" | {result.bought:.1f} | {mined:.2f} | {' | '.join(lefts)} |"
        )


def earnings(rig: FleetRig, worth: float) -> float:
    """Return what 1 kH/s earns in a day, if the hashes of a kWh earn `worth`."""
    return worth * 24 * rig.mining[-1] / rig.hashrates[-1]


def price_rows(days: int) -> Iterator[str]:
    """Simulate days with recorded prices, and yield a row for each strategy."""
    yield HEAD
    for house in HOUSES:
        for caution in Caution:
            yield _week(house, Settings(caution=caution), days).row(caution, WORTH)
        limited = _week(house, Settings(price_limit=LIMIT), days)
        yield limited.row(f"eager, price limit {100 * LIMIT:.0f} ct", WORTH)
        for worth in WORTH:
            settings = Settings(earnings=earnings(RIG_230, worth))
            yield _week(house, settings, days).row("earnings", [worth])


def _week(house: House, settings: Settings, days: int) -> Week:
    manager = managed(house)
    manager.settings = settings
    return Week(house, list(each_day(house, manager, range(days))))
