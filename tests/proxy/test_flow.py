"""The form of a miner recognises a proxy."""

from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.config_flow import XmrigConfigFlow
from custom_components.xmrig_miner.const import (
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
)
from simulator import ProxySimulator, Simulator
from tests.common import Rig, connection, entry_for, move
from tests.fixing import Fix, issues
from tests.forms import add, start, submit, submit_one

from .conftest import ProxyRig

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def test_a_proxy_is_added_and_set_up(
    hass: HomeAssistant, proxy: ProxySimulator
) -> None:
    """Without a question about its power: it is a service."""
    result = await submit_one(hass, await start(hass), connection(proxy))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "proxy-one"
    entry = result["result"]
    assert entry.data == {
        CONF_KIND: "proxy",
        CONF_HOST: "127.0.0.1",
        CONF_PORT: proxy.port,
        CONF_ACCESS_TOKEN: "s3cret",
        CONF_SSL: False,
        CONF_VERIFICATION: "authority",
        CONF_MINER_ID: "e36901a1fad0bdd4",
        CONF_WORKER_ID: "proxy-one",
    }
    assert entry.state is ConfigEntryState.LOADED
    assert not XmrigConfigFlow.async_supports_options_flow(entry)
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert (device.name, device.model) == ("proxy-one", "xmrig-proxy")
    assert device.sw_version == "6.26.0"


async def test_a_proxy_is_added_once(
    hass: HomeAssistant, proxy: ProxySimulator, set_up: AsyncMock
) -> None:
    """A second entry would have the same address."""
    entry_for(proxy).add_to_hass(hass)
    result = await add(hass, connection(proxy))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_a_proxy_that_moved_is_recognised(
    hass: HomeAssistant, proxy: ProxySimulator, set_up: AsyncMock
) -> None:
    """The user is asked before it is added again."""
    entry_for(proxy, port=1).add_to_hass(hass)
    result = await add(hass, connection(proxy))
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "same_miner"


async def test_a_miner_with_the_ids_of_a_proxy_is_another_one(
    hass: HomeAssistant, proxy: ProxySimulator, set_up: AsyncMock
) -> None:
    """What they are tells them apart."""
    entry_for(proxy).add_to_hass(hass)
    async with Simulator(
        worker_id="proxy-one", miner_id="e36901a1fad0bdd4", watch_delay=0
    ) as miner:
        result = await add(hass, connection(miner))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_KIND] == "miner"


async def test_a_changed_connection_keeps_the_kind(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """The token is another one."""
    entry, proxy = running_proxy.entry, running_proxy.simulator
    proxy.edit_config(lambda config: config["http"].update({"access-token": "n3w"}))
    form = await entry.start_reconfigure_flow(hass)
    assert form["step_id"] == "reconfigure"
    result = await submit(hass, form, connection(proxy, access_token="n3w"))
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_KIND] == "proxy"
    assert entry.state is ConfigEntryState.LOADED


async def test_a_rejected_token_asks_for_another(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """As for a miner."""
    entry, proxy = running_proxy.entry, running_proxy.simulator
    proxy.edit_config(lambda config: config["http"].update({"access-token": "n3w"}))
    await running_proxy.poll(2)
    [form] = hass.config_entries.flow.async_progress()
    result = await submit(hass, form, {CONF_ACCESS_TOKEN: "n3w"})
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_KIND] == "proxy"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("becomes", ["miner", "proxy"])
async def test_an_entry_never_becomes_one_of_another_kind(
    hass: HomeAssistant,
    proxy: ProxySimulator,
    simulator: Simulator,
    set_up: AsyncMock,
    becomes: str,
) -> None:
    """The form says what responded."""
    entry = entry_for(proxy if becomes == "miner" else simulator)
    entry.add_to_hass(hass)
    other = simulator if becomes == "miner" else proxy
    form = await entry.start_reconfigure_flow(hass)
    result = await submit(hass, form, connection(other))
    assert result["errors"] == {CONF_PORT: "another_kind"}
    right = proxy if becomes == "miner" else simulator
    result = await submit(hass, result, connection(right))
    assert result["reason"] == "reconfigure_successful"


async def test_a_proxy_and_a_miner_that_swapped_addresses(
    hass: HomeAssistant,
    running_proxy: ProxyRig,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
) -> None:
    """Neither is commanded in place of the other; the repair swaps the addresses back."""
    entry, proxy = running_proxy.entry, running_proxy.simulator
    other = entry_for(simulator)
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    await move(proxy, simulator)
    asked = len(simulator.requests)
    await running_proxy.poll()
    assert entry.runtime_data.coordinator.last_update_success is False
    assert other.runtime_data.coordinator.last_update_success is False
    assert {request.method for request in simulator.requests[asked:]} == {"GET"}
    [issue] = issues(hass).values()
    fix = await Fix.start(hass, hass_client, issue)
    assert fix.step["step_id"] == "swapped"
    await fix.choose("swap")
    assert entry.data[CONF_PORT] == proxy.port
    assert other.data[CONF_PORT] == simulator.port
    assert entry.state is other.state is ConfigEntryState.LOADED
    assert not issues(hass)


@pytest.mark.parametrize("is_added", [False, True])
async def test_a_proxy_at_the_address_of_a_miner(
    hass: HomeAssistant,
    running: Rig,
    proxy: ProxySimulator,
    hass_client: ClientSessionGenerator,
    is_added: bool,
) -> None:
    """It is never accepted as the miner, not even if it has an entry of its own."""
    if is_added:
        added = entry_for(proxy)
        added.add_to_hass(hass)
        assert await hass.config_entries.async_setup(added.entry_id)
    entry = running.entry
    hass.config_entries.async_update_entry(
        entry, data=entry.data | {CONF_PORT: proxy.port}
    )
    await running.reload_or_fail()
    [issue] = issues(hass).values()
    fix = await Fix.start(hass, hass_client, issue)
    assert fix.step["step_id"] == "another_kind"
    assert fix.step["menu_options"] == ["address"]
    await fix.choose("address")
    [flow] = hass.config_entries.flow.async_progress()
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    result = await submit(hass, form, connection(running.simulator))
    assert result["reason"] == "reconfigure_successful"
    assert running.is_loaded
    assert entry.data[CONF_KIND] == "miner"
    assert not issues(hass)
