"""What diagnostics show of the manager, without Home Assistant."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.xmrig_miner.fleet.diagnostics import manager_diagnostics
from custom_components.xmrig_miner.fleet.house import House, Price
from custom_components.xmrig_miner.manager import Flow, Mode, Sample, Sources
from tests.stand_ins import Entry

REDACTED = "**REDACTED**"


@dataclass
class Item:
    """A member, or what is known of one."""

    id: str
    value: Any = None


class Bench:
    """A manager of two members."""

    def __init__(self) -> None:
        """Start with a meter, and a battery that is not there."""
        self.samples: dict[str, Sample] = {}
        self.members = [Item("entry-1", "rx/0"), Item("entry-2", "Annas Computer")]
        self.coordinator = SimpleNamespace(
            hass=SimpleNamespace(loop=SimpleNamespace(time=lambda: 12.34567)),
            settings=Item("entry-1", Mode.SMART),
            house=House(
                sources=Sources(
                    grid=Flow(("sensor.anna", "sensor.gone")),
                    battery_level="sensor.level",
                ),
                importing=Price(number=0.3),
                exporting=Price(number=0.1),
                forecasts=("one", "two"),
            ),
            samples=lambda: self.samples,
            data=SimpleNamespace(members=self.members, plan=Item("plan")),
        )

    def shown(self) -> dict[str, Any]:
        """Return the diagnostics."""
        entry = Entry("manager", "manager")
        entry.runtime_data = SimpleNamespace(coordinator=self.coordinator)
        return manager_diagnostics(cast(Any, entry))


def test_everything() -> None:
    """Members are numbered, sensors are listed by their role."""
    bench = Bench()
    bench.samples = {
        "sensor.anna": Sample(value=0.5004, at=7.0004, unit="kW"),
        "sensor.level": Sample(value=float("nan"), at=8, unit="%"),
    }
    bench.coordinator.data.plan = Item("plan", {"entry-2": 1, "anna": 2, "x": 3})
    level = {"value": None, "at": 8, "is_power": False, "watts": None}
    meter = {"value": 0.5, "at": 7.0, "is_power": True, "watts": 500.4}
    assert bench.shown() == {
        "now": 12.346,
        "settings": {"id": "member 1", "value": "smart"},
        "sources": {
            "grid_import": [meter, None],
            "grid_export": [],
            "battery_charge": [],
            "battery_discharge": [],
            "battery_level": [level],
            "import_price": [],
            "export_price": [],
            "solar": [],
        },
        "fixed_prices": {"import": 0.3, "export": 0.1},
        "forecasts": 2,
        "members": [
            {"id": "member 1", "value": "rx/0"},
            {"id": "member 2", "value": REDACTED},
        ],
        "plan": {
            "id": REDACTED,
            "value": {"member 2": 1, f"{REDACTED} 2": 2, f"{REDACTED} 3": 3},
        },
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (5, 5),
        (0.12345, 0.123),
        (float("inf"), None),
        ("entry-2", "member 2"),
        ("cn/r", "cn/r"),
        ("anna", REDACTED),
        (("anna", 1.23456, ("entry-1",)), [REDACTED, 1.235, ["member 1"]]),
        ({"entry-1": "entry-2"}, {"member 1": "member 2"}),
        (
            Item("entry-1", {"anna": "anna"}),
            {"id": "member 1", "value": {f"{REDACTED} 1": REDACTED}},
        ),
    ],
)
def test_values(value: Any, shown: Any) -> None:
    """No text but names of members and algorithms."""
    bench = Bench()
    bench.coordinator.settings = Item("", value)
    bench.coordinator.data.plan = Item("", value)
    for key in ("settings", "plan"):
        assert bench.shown()[key]["value"] == shown
    bench.members[0].value = value
    assert bench.shown()["members"][0]["value"] == shown
