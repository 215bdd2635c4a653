"""The energy of mining, by where it comes from, and what it costs.

Mining is the load that is added last: without it, the house would buy so much less. So
of what is bought at a moment, mining is charged all that it draws. What a battery
delivers comes next, and only the rest is solar. A share of each source by the share of
the load would call power solar that is bought for mining alone.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Self

from ..api.models.values import number, stored, stored_or_none, text
from .sources import Meters

MAX_GAP = 300
"""Seconds between two looks at the power that are still connected, as of a miner's own
energy (`power/energy.py`): of longer ones nothing is known."""

MAX_WAIT = 120
"""Seconds for which power waits for a reading that shows it. By then, a meter that has
not reported is known to be silent, or to have nothing new to report."""

MAX_ENERGY = 10**9
"""kWh, far more than a fleet draws in a hundred years."""

MAX_COST = 10**12
"""In whatever currency."""

JOULES = 3_600_000
"""J in a kWh."""


@dataclass(frozen=True)
class Energy:
    """Energy of mining in kWh, by source."""

    solar: float = 0
    grid: float = 0
    battery: float = 0
    unknown: float = 0
    """Of which no meter said where it came from."""

    @property
    def total(self) -> float:
        """Return all of it."""
        return self.solar + self.grid + self.battery + self.unknown

    @property
    def solar_share(self) -> float | None:
        """Return the % that is solar, of what has a known source; None without any."""
        known = self.total - self.unknown
        return 100 * self.solar / known if known > 0 else None

    def plus(self, other: Energy) -> Energy:
        """Return the sum with another energy."""
        return Energy(
            *(a + b for a, b in zip(astuple(self), astuple(other), strict=True))
        )


def split(watts: float, seconds: float, meters: Meters) -> Energy:
    """Return the sources of what mining drew for some seconds, by what the meters show.

    Without a grid meter, or while the battery's does not report, none is known.
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
    """What mining drew since a moment that no reading has seen yet."""

    since: float
    seconds: float = 0
    kwh: float = 0

    def plus(self, watts: float, seconds: float) -> Waiting:
        """Return it with some more seconds."""
        return replace(
            self,
            seconds=self.seconds + seconds,
            kwh=self.kwh + watts * seconds / JOULES,
        )

    def is_seen(self, meters: Meters, now: float) -> bool:
        """Return whether all meters have reported since it began."""
        newest = meters.reported_at
        if newest is None or newest <= self.since:
            return False
        return meters.gathered_at is None or now >= meters.gathered_at

    def split(self, meters: Meters) -> Energy:
        """Return its sources by what the meters show now."""
        return split(self.kwh * JOULES / self.seconds, self.seconds, meters)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The energy of mining since there is a manager, and that of today."""

    energy: Energy = field(default_factory=Energy)
    today: Energy = field(default_factory=Energy)
    day: str | None = None
    """The day that today is."""
    cost: float = 0
    """What the energy from the grid cost, where its price was known."""
    waiting: Waiting | None = None
    looked: tuple[float, float] | None = None
    """When the power was last looked at, and the W that are drawn from then on."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the account that `as_json` returned, a new one for None.

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

        Whatever waits for a reading will have none: its source is unknown.
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
        """Return all energy in kWh, also that which waits for a reading."""
        return self.energy.total + (self.waiting.kwh if self.waiting else 0)

    def on_day(self, day: str) -> Self:
        """Return the account on a day, which may be another one."""
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
        """Return the account at a moment in s, from which on mining draws some W.

        What was drawn until then is charged by the first reading that has seen it, at
        the price of a bought kWh (None if it is unknown). `is_silent` tells that the
        meters do not show what they should. Nothing is known of the time since the last
        moment if that is long ago, or later than this one.
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
            # Not silent: a meter that reports only changes shows what is still so
            energy = Energy(unknown=waiting.kwh) if is_silent else waiting.split(meters)
            return account.charged(energy, price)
        return account

    def charged(self, energy: Energy, price: float | None) -> Self:
        """Return the account with what waited charged to its sources."""
        return replace(
            self,
            energy=self.energy.plus(energy),
            today=self.today.plus(energy),
            cost=self.cost + energy.grid * (price or 0),
            waiting=None,
        )


def _energy(data: Any) -> Energy:
    """Return an energy that was stored.

    Raises TypeError or ValueError for anything else.
    """
    solar, grid, battery, unknown = (stored(part, _kwh) for part in data)
    return Energy(solar, grid, battery, unknown)


def _kwh(value: Any) -> float | None:
    """Return an energy in kWh; None if it is none."""
    return number(value, MAX_ENERGY)


def _cost(value: Any) -> float | None:
    """Return a cost, negative after hours in which power was paid for being used."""
    if isinstance(value, int | float) and value < 0:
        return None if (paid := number(-value, MAX_COST)) is None else -paid
    return number(value, MAX_COST)
