"""The action that returns the workers of a proxy."""

import asyncio
from dataclasses import replace
from datetime import datetime
import json

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.transport import MAX_REPLY
from simulator import FAULTS, StratumMiner
from tests.common import Rig

from .conftest import ProxyRig
from .test_commands import act

WALLET = "4" + "A1b2C3d4E5" * 9 + "wxyz"


async def test_workers_with_their_shares(running_proxy: ProxyRig) -> None:
    """Read at the call, those online first."""
    proxy = running_proxy.simulator
    asked = running_proxy.asked("/1/workers")
    proxy.disconnect(proxy.miners[0])
    data = await act(running_proxy, "get_workers")
    assert running_proxy.asked("/1/workers") == asked + 1
    assert data["named_by"] == "rig_id"
    cellar, attic = data["workers"]
    assert (cellar["name"], cellar["online"], cellar["miners"]) == ("cellar", True, 1)
    assert (attic["name"], attic["online"], attic["miners"]) == ("attic", False, 0)
    assert attic["accepted"] == 350
    assert attic["rejected"] == attic["invalid"] == 0
    assert attic["hashrate_10m"] == 500
    assert attic["hashrate_1h"] is attic["hashrate_24h"] is None
    assert datetime.fromisoformat(attic["last_share"]).tzinfo
    data = await act(running_proxy, "get_workers", only_online=True)
    assert [worker["name"] for worker in data["workers"]] == ["cellar"]


async def test_no_workers(running_proxy: ProxyRig) -> None:
    """An empty list, as when the proxy does not tell them apart."""
    running_proxy.simulator.edit_config(
        lambda config: config.update({"workers": False})
    )
    data = await act(running_proxy, "get_workers")
    assert data == {"named_by": "none", "workers": []}


@pytest.mark.parametrize(
    "miners", [[StratumMiner(None, user=WALLET, password="hunter2")]]
)
@pytest.mark.parametrize(
    ("mode", "shown"),
    [(True, "…wxyz"), ("user", "…wxyz"), ("password", "**REDACTED**")],
)
async def test_secrets_are_masked(
    running_proxy: ProxyRig, mode: str | bool, shown: str
) -> None:
    """A worker may be named by its wallet or its password."""
    running_proxy.simulator.edit_config(lambda config: config.update({"workers": mode}))
    data = await act(running_proxy, "get_workers")
    assert [worker["name"] for worker in data["workers"]] == [shown]
    assert WALLET not in json.dumps(data)
    assert "hunter2" not in json.dumps(data)


async def test_they_are_read_though_nothing_else_needs_them(
    running_proxy: ProxyRig,
) -> None:
    """Once for each call."""
    running_proxy.disable("sensor.workers_online", "event.activity")
    await running_proxy.reload()
    asked = running_proxy.asked("/1/workers")
    data = await act(running_proxy, "get_workers")
    assert len(data["workers"]) == 2
    await running_proxy.poll(12)
    assert running_proxy.asked("/1/workers") == asked + 1


async def test_they_were_read_in_vain_a_moment_before(running_proxy: ProxyRig) -> None:
    """By a poll that had its turn first: an empty list would be untrue."""
    running_proxy.disable("sensor.workers_online", "event.activity")
    await running_proxy.reload()
    coordinator = running_proxy.entry.runtime_data.coordinator
    running_proxy.simulator.fail(replace(FAULTS["http_500"], path="/workers"))
    async with coordinator.process.queue.command():
        poll = running_proxy.hass.async_create_task(coordinator.async_refresh())
        await asyncio.sleep(0)
        action = running_proxy.hass.async_create_task(act(running_proxy, "get_workers"))
        await asyncio.sleep(1)
    await poll
    with pytest.raises(HomeAssistantError, match="did not send a readable list"):
        await action


async def test_of_a_miner(running: Rig) -> None:
    """It has none."""
    with pytest.raises(ServiceValidationError, match="is not an xmrig-proxy"):
        await running.hass.services.async_call(
            "xmrig_miner",
            "get_workers",
            {"config_entry_id": running.entry.entry_id},
            blocking=True,
            return_response=True,
        )


@pytest.mark.parametrize("fault", ["http_500", "html", "short"])
async def test_a_damaged_list(running_proxy: ProxyRig, fault: str) -> None:
    """The error says so, and the last one is not returned."""
    running_proxy.simulator.fail(replace(FAULTS[fault], path="/workers"))
    with pytest.raises(HomeAssistantError, match="did not send a readable list"):
        await act(running_proxy, "get_workers")
    assert len((await act(running_proxy, "get_workers"))["workers"]) == 2


async def test_no_answer(running_proxy: ProxyRig) -> None:
    """Old workers are not returned."""
    await running_proxy.simulator.go_offline()
    with pytest.raises(HomeAssistantError, match="Could not connect"):
        await act(running_proxy, "get_workers")


@pytest.mark.parametrize(
    "miners", [[StratumMiner(f"a-worker-with-a-long-name-{i}") for i in range(12_000)]]
)
async def test_a_list_that_is_longer_than_other_replies_may_be(
    running_proxy: ProxyRig,
) -> None:
    """Twelve thousand workers are all read."""
    data = await act(running_proxy, "get_workers")
    assert len(data["workers"]) == 12_000
    assert running_proxy.state("sensor.workers_online") == "12000"
    workers = running_proxy.simulator.process.document("/1/workers")
    assert len(json.dumps(workers)) > MAX_REPLY
