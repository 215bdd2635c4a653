"""The energy of mining by source, and its cost.

Mining is the marginal load: without it, the house would buy that much less. So power
bought from the grid is attributed to mining first, up to what mining draws. Battery
discharge comes next, and only the rest is solar. Splitting each source in proportion
to the load would label power as solar that is bought only for mining.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Self

from ..api.models.values import number, stored, stored_or_none, text
from .sources import Meters

MAX_GAP = 300
"""Longest gap in seconds that is still counted, as for a single miner
(`power/energy.py`). Nothing is known about longer gaps."""

MAX_WAIT = 120
"""Seconds that power waits for a reading that includes it. By then, a meter that has
not reported is known to be silent, or has nothing new to report."""

MAX_ENERGY = 10**9
"""kWh, far more than a fleet draws in a hundred years."""

MAX_COST = 10**12
"""In any currency."""

JOULES = 3_600_000
"""J in a kWh."""


@dataclass(frozen=True)
class Energy:
    """Energy of mining in kWh, by source."""

    solar: float = 0
    grid: float = 0
    battery: float = 0
    unknown: float = 0
    """Energy whose source no meter showed."""

    @property
    def total(self) -> float:
        """Return the total of all sources, in kWh."""
        return self.solar + self.grid + self.battery + self.unknown

    @property
    def solar_share(self) -> float | None:
        """Return the solar % of the energy with a known source; None without any."""
        known = self.total - self.unknown
        return 100 * self.solar / known if known > 0 else None

    def plus(self, other: Energy) -> Energy:
        """Return the sum with another energy."""
        return Energy(
            *(a + b for a, b in zip(astuple(self), astuple(other), strict=True))
        )


def split(watts: float, seconds: float, meters: Meters) -> Energy:
    """Return the energy of `watts` over `seconds`, split by source as the meters show.

    The source is unknown without a grid reading, or while the battery does not report.
    """
    kwh = watts * seconds / JOULES
    importing, charging = meters.grid, meters.battery
    if importing is None or (meters.has_battery and charging is None):
        return Energy(unknown=kwh)
    bought = max(0.0, importing.watts) * seconds / JOULES
    delivered = max(0.0, -charging.watts if charging else 0.0) * seconds / JOULES
    grid = min(kwh, bought)
    battery = min(kwh - grid, delivered)
    return Energy(solar=kwh - grid - battery, grid=grid, battery=battery)


@dataclass(frozen=True)
class Waiting:
    """Energy drawn by mining that no reading includes yet."""

    since: float
    seconds: float = 0
    kwh: float = 0

    def plus(self, watts: float, seconds: float) -> Waiting:
        """Return the waiting energy with `watts` over `seconds` added."""
        return replace(
            self,
            seconds=self.seconds + seconds,
            kwh=self.kwh + watts * seconds / JOULES,
        )

    def is_seen(self, meters: Meters, now: float) -> bool:
        """Return whether the meters have reported since it began."""
        newest = meters.reported_at
        if newest is None or newest <= self.since:
            return False
        return meters.gathered_at is None or now >= meters.gathered_at

    def split(self, meters: Meters) -> Energy:
        """Return the energy split by source as the meters show now."""
        return split(self.kwh * JOULES / self.seconds, self.seconds, meters)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The energy of mining since the manager was set up, and today's."""

    energy: Energy = field(default_factory=Energy)
    today: Energy = field(default_factory=Energy)
    day: str | None = None
    """The date that `today` refers to."""
    cost: float = 0
    """Cost of the energy from the grid, where its price was known."""
    waiting: Waiting | None = None
    looked: tuple[float, float] | None = None
    """When the power was last counted, and the W drawn from then on."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the account from the output of `as_json`; None returns a new one.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        if data is None:
            return cls()
        return cls(
            energy=_energy(data["energy"]),
            today=_energy(data["today"]),
            day=stored_or_none(data["day"], text),
            cost=stored(data["cost"], _cost),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the account as JSON values.

        Energy that waits for a reading is stored with an unknown source, as it will
        never get one.
        """
        waiting = Energy(unknown=self.waiting.kwh if self.waiting else 0)
        return {
            "energy": list(astuple(self.energy.plus(waiting))),
            "today": list(astuple(self.today.plus(waiting))),
            "day": self.day,
            "cost": self.cost,
        }

    @property
    def total(self) -> float:
        """Return all energy in kWh, including energy that waits for a reading."""
        return self.energy.total + (self.waiting.kwh if self.waiting else 0)

    def on_day(self, day: str) -> Self:
        """Return the account for a day; a new day resets today's energy."""
        return self if day == self.day else replace(self, day=day, today=Energy())

    def counted(
        self,
        now: float,
        watts: float,
        meters: Meters,
        *,
        is_silent: bool,
        price: float | None,
        day: str,
    ) -> Self:
        """Return the account at `now` in seconds; mining draws `watts` from then on.

        The energy drawn until then is charged with the first reading that includes it,
        at `price` per kWh bought (None if unknown). `is_silent` means that the meters
        do not show what they should. The time since the last call is not counted if it
        is longer than `MAX_GAP` or negative.
        """
        waiting = self.waiting
        if self.looked is not None:
            then, drawn = self.looked
            if 0 < now - then <= MAX_GAP:
                waiting = (waiting or Waiting(then)).plus(drawn, now - then)
        account = replace(
            self.on_day(day), waiting=waiting, looked=(now, max(0.0, watts))
        )
        if waiting is None:
            return account
        if waiting.is_seen(meters, now) and not is_silent:
            return account.charged(waiting.split(meters), price)
        if waiting.seconds >= MAX_WAIT:
            # Unless silent, the meter reports only changes: its last value still holds
            energy = Energy(unknown=waiting.kwh) if is_silent else waiting.split(meters)
            return account.charged(energy, price)
        return account

    def charged(self, energy: Energy, price: float | None) -> Self:
        """Return the account with the waiting energy charged to its sources."""
        return replace(
            self,
            energy=self.energy.plus(energy),
            today=self.today.plus(energy),
            cost=self.cost + energy.grid * (price or 0),
            waiting=None,
        )


def _energy(data: Any) -> Energy:
    """Return a stored energy.

    Raises TypeError or ValueError for anything else.
    """
    solar, grid, battery, unknown = (stored(part, _kwh) for part in data)
    return Energy(solar, grid, battery, unknown)


def _kwh(value: Any) -> float | None:
    """Return an energy in kWh; None if the value is not valid."""
    return number(value, MAX_ENERGY)


def _cost(value: Any) -> float | None:
    """Return a cost; None if the value is not valid.

    It is negative after hours with negative prices.
    """
    if isinstance(value, int | float) and value < 0:
        return None if (paid := number(-value, MAX_COST)) is None else -paid
    return number(value, MAX_COST)
