"""What power costs and earns, hour by hour.

`prices.json` has the recorded day-ahead prices of a week, and names their source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
import json
from pathlib import Path

RECORDED = Path(__file__).with_name("prices.json")

SURCHARGE = 0.15
"""What network, taxes and the supplier add to the day-ahead price of a bought kWh."""


@dataclass(frozen=True)
class Tariff:
    """Prices of a kWh, for each hour in turn."""

    imports: Sequence[float]
    exports: Sequence[float]

    def at(self, second: int) -> tuple[float, float]:
        """Return what a kWh costs and earns, `second` seconds after the first hour."""
        hour = second // 3600
        return (
            self.imports[hour % len(self.imports)],
            self.exports[hour % len(self.exports)],
        )


FIXED = Tariff(imports=(0.30,), exports=(0.08,))


@cache
def recorded() -> Tariff:
    """Return a tariff that follows the recorded prices, of import and of export."""
    days = json.loads(RECORDED.read_text())["days"]
    prices = [price / 1000 for price in chain.from_iterable(days.values())]
    return Tariff(tuple(price + SURCHARGE for price in prices), tuple(prices))
