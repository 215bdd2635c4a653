"""Following the Energy dashboard, and offering the manager, without Home Assistant."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.helpers import discovery_flow
import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_READ_ONLY,
    DOMAIN,
)
from custom_components.xmrig_miner.fleet import energy
from custom_components.xmrig_miner.fleet.dashboard import house_of
from custom_components.xmrig_miner.fleet.house import CONF_SOURCES, House, chosen_house
from custom_components.xmrig_miner.fleet.runtime import FLEET
from tests.stand_ins import Entry, Hass

WATTS: dict[str, Any] = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 140}
CHOSEN = {"grid_power": ["sensor.chosen"]}


def grid(sensor: str) -> Any:
    """Return the preferences of a dashboard with a meter."""
    return {"energy_sources": [{"type": "grid", "stat_rate": sensor}]}


class Bench:
    """The Energy dashboard, a miner, and a manager that is not set up."""

    def __init__(self) -> None:
        """Start with a meter, and with a miner whose power is known."""
        self.miner = Entry("rig-1", **WATTS)
        self.manager = Entry("manager", "manager", **WATTS)
        self.hass = Hass(self.miner)
        self.offers: list[Any] = []
        self.houses: list[House] = []
        """What the manager was told to read."""
        self.known: set[tuple[str, str]] = set()
        """Config entries by their domain and unique ID."""
        self.listeners: list[Any] = []
        self.dashboard = SimpleNamespace(
            data=grid("sensor.grid"), async_listen_updates=self.listeners.append
        )
        entries = cast(Any, self.hass.config_entries)
        entries.async_entry_for_domain_unique_id = lambda *key: key in self.known

    async def get_dashboard(self, hass: Any) -> Any:
        """Return the Energy dashboard."""
        assert hass is self.hass
        return self.dashboard

    def offer(self, hass: Any, domain: str, *, context: Any, data: Any) -> None:
        """Offer the manager."""
        assert (hass, domain) == (self.hass, DOMAIN)
        self.offers.append((context, data))

    def load_manager(self) -> None:
        """Set the manager up."""
        self.known.add((DOMAIN, "manager"))
        coordinator = SimpleNamespace(
            config_entry=self.manager, async_set_house=self.houses.append
        )
        runtime: Any = SimpleNamespace(coordinator=coordinator)
        self.hass.data[FLEET] = runtime

    async def change(self, preferences: Any) -> None:
        """Change the Energy dashboard."""
        self.dashboard.data = preferences
        [update] = self.listeners
        await update()

    async def start(self) -> None:
        """Set a miner up."""
        await energy.async_offer_manager(cast(Any, self.hass))

    async def house(self) -> House:
        """Set the manager up, and return its house."""
        return await energy.async_follow_house(
            cast(Any, self.hass), cast(Any, self.manager)
        )


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return stand-ins that are in place."""
    bench = Bench()
    with (
        patch.object(energy, "async_get_manager", bench.get_dashboard),
        patch.object(discovery_flow, "async_create_flow", bench.offer),
    ):
        yield bench


OFFER: Any = ({"source": "integration_discovery"}, {})


async def test_a_house_with_a_meter(bench: Bench) -> None:
    """It is offered once, and followed once."""
    await bench.start()
    assert bench.offers == [OFFER]
    await bench.start()
    assert len(bench.listeners) == 1


@pytest.mark.parametrize(
    "lack", ["meter", "power", "power of one kind", "enabled", "read-only", "miner"]
)
async def test_a_house_that_lacks_something(bench: Bench, lack: str) -> None:
    """There is no use for the manager."""
    match lack:
        case "meter":
            bench.dashboard.data = None
        case "power":
            bench.miner.options = {}
        case "power of one kind":
            bench.miner.options = {CONF_FULL_POWER: 140}
        case "enabled":
            bench.miner.disabled_by = "user"
        case "read-only":
            bench.miner.data[CONF_READ_ONLY] = True
        case "miner":
            bench.hass.entries = [bench.manager]
    await bench.start()
    assert bench.offers == []
    # One that lacks nothing is enough, once the dashboard names a meter
    bench.hass.entries.append(Entry("rig-2", **WATTS))
    await bench.change(grid("sensor.grid"))
    assert bench.offers == [OFFER]


async def test_a_manager_that_is_there_or_was_ignored(bench: Bench) -> None:
    """It is not offered."""
    bench.known = {(DOMAIN, "manager")}
    await bench.start()
    await bench.change(grid("sensor.other"))
    assert bench.offers == []


async def test_a_manager_that_follows_the_dashboard(bench: Bench) -> None:
    """From the first change on."""
    assert await bench.house() == house_of(grid("sensor.grid"))
    assert bench.houses == []
    bench.load_manager()
    await bench.change(grid("sensor.other"))
    assert bench.houses == [house_of(grid("sensor.other"))]
    assert bench.offers == []


async def test_a_manager_whose_sensors_were_chosen(bench: Bench) -> None:
    """The dashboard is of no interest to it."""
    bench.manager.data[CONF_SOURCES] = CHOSEN
    assert await bench.house() == chosen_house(CHOSEN)
    assert bench.listeners == []
    bench.load_manager()
    await bench.start()
    await bench.change(grid("sensor.other"))
    assert bench.houses == []
    assert bench.offers == []
