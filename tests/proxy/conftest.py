"""Fixtures: a simulated proxy with miners behind it, and Home Assistant with it."""

from collections.abc import AsyncGenerator
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import ProxySimulator, StratumMiner
from tests.common import Rig, entry_for

type ProxyRig = Rig[ProxySimulator]


@pytest.fixture
def miners() -> list[StratumMiner]:
    """Return two miners that are connected to the proxy, for tests to override."""
    return [
        StratumMiner("attic", hashrate=500),
        StratumMiner("cellar", user="WALLETB", hashrate=250),
    ]


@pytest.fixture
async def proxy(
    loopback: None,
    freezer: FrozenDateTimeFactory,
    miners: list[StratumMiner],
    options: dict[str, Any],
) -> AsyncGenerator[ProxySimulator]:
    """Return a proxy that has run for a while; its time is the frozen one."""
    defaults = {"proxy_id": "e36901a1fad0bdd4", "uptime": 1000, "watch_delay": 0}
    async with ProxySimulator(miners=miners, **{**defaults, **options}) as simulator:
        # The clock that tests freeze, which was imported before it was frozen
        simulator.surroundings.wall = lambda: time.time()
        simulator.advance(700)
        yield simulator


@pytest.fixture
def proxy_rig(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    proxy: ProxySimulator,
    freezer: FrozenDateTimeFactory,
) -> ProxyRig:
    """Return the proxy with a config entry that is not set up yet."""
    entry = entry_for(proxy)
    entry.add_to_hass(hass)
    return Rig(hass, proxy, entry, freezer)


@pytest.fixture
async def running_proxy(proxy_rig: ProxyRig) -> ProxyRig:
    """Return the proxy, set up."""
    await proxy_rig.set_up()
    return proxy_rig
