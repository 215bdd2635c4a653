"""The miner is a device, and each of its cards is one below it."""

from dataclasses import replace
from typing import Any

from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from simulator import FAULTS, Fault
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner
from tests.common import Rig

TWO_CARDS = pytest.mark.parametrize("options", [{"gpus": 2}])
CARD_OFF = pytest.mark.parametrize(
    "options", [{"gpus": 2, "config": {"opencl": {"enabled": False}}}]
)


@TWO_CARDS
async def test_the_miner_and_its_cards_are_devices(running: Rig) -> None:
    """The miner is called as it calls itself, its cards by their model."""
    miner = running.devices["miner"]
    assert isinstance(miner, dr.DeviceEntry)
    assert miner.name == "rig-one"
    assert miner.manufacturer == "XMRig"
    assert miner.model == "AMD Ryzen 9 5950X 16-Core Processor"
    assert miner.sw_version == "6.26.0"
    cards = {"cuda_0": "NVIDIA GeForce RTX 3060", "opencl_0": "AMD Radeon RX 6800"}
    assert running.devices.keys() == {"miner"} | cards.keys()
    for key, name in cards.items():
        card = running.devices[key]
        assert isinstance(card, dr.ChildDeviceEntry)
        assert card.name == name
        assert card.parent_device_id == miner.id
        device_id = running.entities[f"sensor.{key}_gpu_temperature"].device_id
        assert device_id == card.id
    assert running.entities["sensor.hashrate"].device_id == miner.id


async def test_the_device_follows_the_miner(
    running: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XMRig is updated, its worker renamed, its disk put into another computer."""

    def rename(config: dict[str, Any]) -> None:
        config["api"]["worker-id"] = "rig-two"

    def without_brand(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return with_body(reply, reply.text().replace(b'"brand"', b'"nobrand"'))

    running.simulator.edit_config(rename)
    running.simulator.version = "6.27.0"
    running.simulator.restart()
    monkeypatch.setitem(FAULTS, "arm", Fault("no brand", distort=without_brand))
    running.simulator.fault = "arm"
    await running.poll()
    miner = running.devices["miner"]
    assert isinstance(miner, dr.DeviceEntry)
    assert (miner.name, miner.model, miner.sw_version) == (
        "rig-two",
        "x86_64",
        "6.27.0",
    )


@CARD_OFF
async def test_a_card_appears_when_the_miner_shows_it(running: Rig) -> None:
    """A backend that is switched on brings its cards, without a reload."""
    assert running.devices.keys() == {"miner", "cuda_0"}
    await switch_opencl(running, on=True)
    assert running.devices.keys() == {"miner", "cuda_0", "opencl_0"}
    assert running.state("sensor.opencl_0_gpu_power") == "104.0"


@CARD_OFF
async def test_a_card_that_rests_stays(running: Rig) -> None:
    """It hashes nothing, and of its health nothing is known."""
    await switch_opencl(running, on=True)
    await switch_opencl(running, on=False)
    assert running.devices.keys() == {"miner", "cuda_0", "opencl_0"}
    assert running.state("sensor.opencl_0_gpu_hashrate") == "0"
    assert running.state("sensor.opencl_0_gpu_power") == "unknown"


async def test_a_card_that_is_gone_is_unavailable(running: Rig) -> None:
    """Its backend runs, but without it."""
    [card] = running.simulator.gpus
    second = replace(card, index=1, name="NVIDIA GeForce GT 1030")
    running.simulator.gpus.append(second)
    await restart_with_new_profiles(running)
    assert running.state("sensor.cuda_1_gpu_power") == "118.0"
    running.simulator.gpus.remove(second)
    await restart_with_new_profiles(running)
    assert running.state("sensor.cuda_0_gpu_power") == "118.0"
    assert running.state("sensor.cuda_1_gpu_power") == "unavailable"


async def restart_with_new_profiles(rig: Rig) -> None:
    """Restart the miner, and let it look again which cards there are."""

    def edit(config: dict[str, Any]) -> None:
        config["cuda"] = {"enabled": True}

    rig.simulator.edit_config(edit)
    rig.simulator.restart()
    rig.simulator.advance(60)
    await rig.poll()


@CARD_OFF
async def test_only_a_card_that_is_gone_may_be_removed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """And it comes back with the miner showing it again."""
    await switch_opencl(running, on=True)
    assert not await removed(running, hass_ws_client, "miner")
    assert not await removed(running, hass_ws_client, "cuda_0")
    assert not await removed(running, hass_ws_client, "opencl_0")
    await switch_opencl(running, on=False)
    assert await removed(running, hass_ws_client, "opencl_0")
    assert running.devices.keys() == {"miner", "cuda_0"}
    assert not [name for name in running.entities if "opencl_0" in name]
    await running.poll()
    assert running.devices.keys() == {"miner", "cuda_0"}
    await switch_opencl(running, on=True)
    assert running.devices.keys() == {"miner", "cuda_0", "opencl_0"}
    assert running.state("sensor.opencl_0_gpu_power") == "104.0"


async def test_nothing_is_removed_while_the_miner_was_never_seen(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """Whether a card is gone is not known then."""
    await running.simulator.go_offline()
    assert not await running.hass.config_entries.async_reload(running.entry.entry_id)
    assert not await removed(running, hass_ws_client, "cuda_0")
    assert running.devices.keys() == {"miner", "cuda_0"}


@pytest.mark.parametrize("fault", ["backends_500", "truncated"])
async def test_nothing_is_removed_that_the_miner_may_still_have(
    running: Rig, hass_ws_client: WebSocketGenerator, fault: str
) -> None:
    """It does not say which cards it has for longer than the last answer serves."""
    running.simulator.fault = fault
    await running.poll(8)
    assert running.is_loaded
    assert not await removed(running, hass_ws_client, "cuda_0")


async def switch_opencl(rig: Rig, *, on: bool) -> None:
    """Switch the OpenCL backend at the miner."""

    def edit(config: dict[str, Any]) -> None:
        config["opencl"]["enabled"] = on

    rig.simulator.edit_config(edit)
    await rig.poll(2)


async def removed(rig: Rig, hass_ws_client: WebSocketGenerator, device: str) -> bool:
    """Try to remove a device by hand, and return whether it could be."""
    assert await async_setup_component(rig.hass, "config", {})
    client = await hass_ws_client(rig.hass)
    answer = await client.remove_device(rig.devices[device].id)
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    if not answer["success"]:
        assert answer["error"]["code"] == "home_assistant_error", answer
    return bool(answer["success"])
