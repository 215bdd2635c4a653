"""Fixtures for examples with a Home Assistant."""

from collections.abc import AsyncGenerator, Iterator
from socket import gaierror
from unittest.mock import patch

import pytest

from simulator import ProxySimulator, StratumMiner
from tests.common import Rig, entry_for
from tests.fleet.house import House
from tests.sessions import Resolver
from tests.watts import NUMBERS, report

from .home import Home


@pytest.fixture
def no_names() -> Iterator[None]:
    """Resolve no name, so that no request leaves this computer."""
    unknown = gaierror("Name or service not known")
    with patch.object(Resolver, "resolve", side_effect=unknown):
        yield


@pytest.fixture
async def home(no_names: None, rig: Rig) -> AsyncGenerator[Home]:
    """Return a home in which all is set up."""
    rig.hass.config_entries.async_update_entry(rig.entry, options=NUMBERS)
    await rig.set_up()
    report(rig, 100)
    house = House(rig.hass, [rig])
    await house.set_up()
    miners = [StratumMiner("attic", hashrate=500), StratumMiner("cellar", hashrate=9)]
    async with ProxySimulator(miners=miners, uptime=1000, watch_delay=0) as simulator:
        entry = entry_for(simulator, entry_id="entry_of_proxy")
        proxy = Rig(rig.hass, simulator, entry, rig.freezer)
        await proxy.set_up()
        yield Home(house, proxy)
