"""A proxy in Home Assistant, compared with what it does."""

import json
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

from tests.contract.proxies import TICK, ProxyTarget
from tests.contract.wire import get
from tests.fixing import issues

from .home import Home

STATUS = "sensor.status"
POOL = "select.pool"


@pytest.fixture
async def home(
    hass: HomeAssistant, enable_custom_integrations: None, proxy: ProxyTarget
) -> Home:
    """Return Home Assistant with the proxy, which is connected to its pool."""
    await proxy.log_in("one", "rig-a")
    await proxy.log_in("two", None, "WALLETB" * 5)

    async def is_connected() -> bool:
        summary = await get(proxy, "/2/summary")
        return bool(summary["upstreams"]["active"] and summary["miners"]["now"] == 2)

    await proxy.eventually(is_connected)
    return await Home.with_miner(hass, proxy)


def worker_states(home: Home) -> dict[str, str]:
    """Return the states of the entities of all chosen workers, by their keys."""
    return {
        entity.unique_id.partition("_")[2]: state.state
        for entity in er.async_entries_for_config_entry(
            er.async_get(home.hass), home.entry.entry_id
        )
        if entity.config_subentry_id
        and (state := home.hass.states.get(entity.entity_id))
    }


async def test_workers_and_pools(proxy: ProxyTarget, home: Home) -> None:
    """Its workers, one of them as a device, and its pools, lost and back."""
    assert home.state(STATUS) == "mining"
    assert home.state("sensor.miners") == home.state("sensor.workers_online") == "2"
    await proxy.share("one")
    shown = await home.act("get_workers")
    assert shown["named_by"] == "rig_id"
    assert [worker["name"] for worker in shown["workers"]] == ["rig-a", "…LETB"]
    first = shown["workers"][0]
    assert (first["online"], first["accepted"], first["hashrate_10m"]) == (
        True,
        1,
        None,
    )

    await choose_worker(home, "rig-a")
    states = worker_states(home)
    assert (states["connected"], states["shares_accepted"]) == ("on", "1")
    assert states["hashrate_10m"] == "unknown"
    await proxy.leave("one")
    await home.act("get_workers")
    assert worker_states(home)["connected"] == "off"

    assert home.state(POOL) == proxy.pools[0]
    await home.call(POOL, "select_option", option=proxy.pools[1])
    assert home.state(POOL) == proxy.pools[1]
    assert [pool["url"] for pool in json.loads(proxy.read_disk())["pools"]] == [
        *(proxy.pools[1], proxy.pools[0])
    ]
    await home.act("restore_config")
    assert (await get(proxy, "/2/config"))["pools"][0]["url"] == proxy.pools[0]

    for alive, status in ((False, "no_pool"), (True, "mining")):
        for index in range(2):
            await proxy.set_pool(index, alive=alive)

        async def has_noticed(status: str = status) -> bool:
            await home.poll()
            return home.state(STATUS) == status

        await proxy.eventually(has_noticed, timeout=40, step=1)
    assert not issues(home.hass)


async def test_names_and_restarts(proxy: ProxyTarget, home: Home) -> None:
    """A chosen worker is not mixed up with another, and is back after a restart."""
    await choose_worker(home, "rig-a")
    changed = await home.act("set_config", config={"workers": "ip"})
    assert changed["changes"]
    shown = await home.act("get_workers")
    assert [worker["name"] for worker in shown["workers"]] == ["127.0.0.1"]
    assert set(worker_states(home).values()) == {"unavailable"}
    [issue] = issues(home.hass).values()
    assert issue.translation_key == "workers_renamed"
    await home.act("restore_config")
    await home.act("get_workers")
    assert not issues(home.hass)
    assert worker_states(home)["connected"] == "on"

    await proxy.restart()
    await home.poll()
    await home.act("get_workers")
    assert worker_states(home)["connected"] == "off"
    await proxy.log_in("one", "rig-a")
    await proxy.elapse(TICK)
    await home.act("get_workers")
    assert worker_states(home)["connected"] == "on"
    assert home.state("sensor.miners") == "1"


async def choose_worker(home: Home, name: str) -> None:
    """Make a worker a device, the only one that may be chosen."""
    subentries = home.hass.config_entries.subentries
    form: Any = await subentries.async_init(
        (home.entry.entry_id, "worker"), context={"source": SOURCE_USER}
    )
    assert form["data_schema"].schema["workers"].config["options"] == [name]
    result = await subentries.async_configure(form["flow_id"], {"workers": [name]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.hass.async_block_till_done(wait_background_tasks=True)
