"""Tests of the actions for one miner."""

import asyncio
import copy
import json
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.document import diff, json_equal

from .common import Rig
from .controls import MINING, SECRET_OPTIONS, SECRET_POOL, act, config_of

secretive = pytest.mark.parametrize("options", [SECRET_OPTIONS])


async def test_data_is_all_that_the_miner_says(running: Rig) -> None:
    """A field for each endpoint, with the miner's values."""
    data = await act(running, "get_data")
    assert data.keys() == {"summary", "backends", "config"}
    client = running.entry.runtime_data.coordinator.miner.client
    summary = copy.deepcopy(dict((await client.summary()).document))
    summary["connection"]["ip"] = "**REDACTED**"
    assert json_equal(data["summary"], summary)
    assert data["backends"] == list((await client.backends()).document)
    assert data["summary"]["hashrate"]["total"][0] > 0
    assert data["summary"]["connection"]["pool"] == "pool.example.org:3333"
    assert [item["type"] for item in data["backends"]] == ["cpu", "opencl", "cuda"]
    assert data["backends"][2]["threads"][0]["health"]["power"] > 0
    config = config_of(running.simulator)
    assert data["config"].keys() == config.keys()
    hidden = {("http", "host"), ("http", "access-token"), ("pools",)}
    found = {change.path for change in diff(data["config"], config)}
    assert found == hidden


async def test_a_cancelled_action_keeps_no_command_away(running: Rig) -> None:
    """An automation that starts again cancels what it waits for."""
    running.simulator.fault = "late_2"
    reading = asyncio.create_task(act(running, "get_data"))
    await asyncio.sleep(1)
    reading.cancel()
    await asyncio.wait([reading])
    running.simulator.fault = None
    await running.turn(MINING, on=False)
    assert running.simulator.miner.is_paused


async def test_data_is_fresh(running: Rig) -> None:
    """All endpoints are read at the call."""
    running.simulator.edit_config(lambda config: config | {"retries": 9})
    running.simulator.accept_share()
    shares = running.simulator.miner.network.statistics.accepted
    data = await act(running, "get_data")
    assert data["config"]["retries"] == 9
    assert data["summary"]["results"]["shares_good"] == shares


@secretive
async def test_data_keeps_secrets(running: Rig) -> None:
    """They are never in a response."""
    assert "hidden" in json.dumps(running.simulator.config)
    data = await act(running, "get_data")
    assert "hidden" not in json.dumps(data)
    assert data["config"]["pools"][0]["url"] == SECRET_POOL["url"]
    assert data["config"]["pools"][0]["rig-id"] == SECRET_POOL["rig-id"]


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_data_of_a_read_only_miner_lacks_the_config(running: Rig) -> None:
    """The rest is returned."""
    data = await act(running, "get_data")
    assert data["config"] is None
    assert data["summary"]["restricted"] is True
    assert data["backends"]


async def test_data_of_a_miner_that_is_unreachable_fails(running: Rig) -> None:
    """Old data is not returned."""
    await running.simulator.go_offline()
    with pytest.raises(HomeAssistantError, match="Could not connect"):
        await act(running, "get_data")


async def test_data_fails_with_its_reason(running: Rig) -> None:
    """The error has the specific reason."""
    running.simulator.fault = "html"
    with pytest.raises(HomeAssistantError, match="not from an XMRig miner"):
        await act(running, "get_data")


ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("get_data", {}),
    ("set_config", {"config": {"retries": 7}}),
    ("set_config", {"config": {"retries": 7}, "dry_run": True}),
    ("restore_config", {}),
]


@pytest.mark.parametrize(("action", "data"), ACTIONS)
async def test_an_entry_that_does_not_exist(
    running: Rig, action: str, data: dict[str, Any]
) -> None:
    """The error differs from that of an unloaded entry."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(running, action, entry_id="no_such_entry", **data)
    assert raised.value.translation_key == "service_config_entry_not_found"
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    with pytest.raises(ServiceValidationError) as raised:
        await act(running, action, **data)
    assert raised.value.translation_key == "service_config_entry_not_loaded"


@pytest.mark.parametrize("options", [{"restricted": True}])
@pytest.mark.parametrize(("action", "data"), ACTIONS[1:])
async def test_a_read_only_miner_is_not_changed(
    running: Rig, action: str, data: dict[str, Any]
) -> None:
    """The error says what to do."""
    with pytest.raises(ServiceValidationError, match="read-only") as raised:
        await act(running, action, **data)
    assert raised.value.translation_key == "read_only"
