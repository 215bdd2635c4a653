"""Fixtures: simulated miners, and Home Assistant with one of them."""

from collections.abc import AsyncGenerator, Generator
from unittest.mock import patch

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig.const import CONF_WORKER_ID, DOMAIN
from simulator import Simulator


@pytest.fixture(autouse=True)
def quick_confirmation() -> Generator[None]:
    """Wait for a simulated miner no longer than it takes to answer."""
    miner = "custom_components.xmrig.api.miner"
    with (
        patch(f"{miner}.CONFIRM_INTERVAL", 0.01),
        patch(f"{miner}.SETTLE", 0.1),
    ):
        yield


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncGenerator[Simulator]:
    """Return a miner with two CPU threads and a card, at work for a while."""
    async with Simulator(
        miner_id="8614647678496211", gpus=1, threads=4, uptime=1000, watch_delay=0.05
    ) as simulator:
        yield simulator


def entry_for(simulator: Simulator) -> MockConfigEntry:
    """Return a config entry for a simulated miner."""
    data = {
        CONF_HOST: simulator.host,
        CONF_PORT: simulator.port,
        CONF_SSL: False,
        CONF_VERIFY_SSL: True,
        CONF_WORKER_ID: "rig-one",
    }
    if simulator.token:
        data[CONF_ACCESS_TOKEN] = simulator.token
    return MockConfigEntry(
        domain=DOMAIN,
        title="rig-one",
        unique_id="8614647678496211",
        version=2,
        data=data,
    )


@pytest.fixture
async def entry(
    hass: HomeAssistant, enable_custom_integrations: None, simulator: Simulator
) -> MockConfigEntry:
    """Return the config entry of the simulated miner, set up."""
    entry = entry_for(simulator)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry
