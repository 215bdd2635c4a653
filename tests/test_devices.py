"""Tests of the devices of a miner and its cards."""

import copy
from dataclasses import replace
from typing import Any

from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.xmrig_miner.api.models import Backends, Config, Summary
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.entity import is_removable
from simulator import FAULTS, Fault
from simulator.hardware import make_gpus
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner
from tests.common import Rig

TWO_CARDS = pytest.mark.parametrize("options", [{"gpus": 2}])
GEFORCE, RADEON = "cuda_01:00.0", "opencl_02:00.0"
CARD_OFF = pytest.mark.parametrize(
    "options", [{"gpus": 2, "config": {"opencl": {"enabled": False}}}]
)


@TWO_CARDS
async def test_the_miner_and_its_cards_are_devices(running: Rig) -> None:
    """The miner has its own name, and each card its model and manufacturer."""
    miner = running.devices["miner"]
    assert miner.name == "rig-one"
    assert miner.manufacturer == "XMRig"
    assert miner.model == "AMD Ryzen 9 5950X 16-Core Processor"
    assert miner.sw_version == "6.26.0"
    cards = {
        GEFORCE: ("rig-one GeForce RTX 3060 (01:00.0)", "NVIDIA", "GeForce RTX 3060"),
        RADEON: ("rig-one Radeon RX 6800 (02:00.0)", "AMD", "Radeon RX 6800"),
    }
    assert running.devices.keys() == {"miner"} | cards.keys()
    for key, facts in cards.items():
        card = running.devices[key]
        assert (card.name, card.manufacturer, card.model) == facts
        assert card.via_device_id == miner.id
        device_id = running.entities[f"sensor.{key}_gpu_temperature"].device_id
        assert device_id == card.id
    assert running.entities["sensor.hashrate"].device_id == miner.id


@pytest.mark.parametrize("options", [{"gpus": 4}])
async def test_history_follows_the_card_when_another_one_dies(running: Rig) -> None:
    """The next card gets its index, but not its entities."""
    first, second = "cuda_01:00.0", "cuda_03:00.0"
    names = {key: running.devices[key].name for key in (first, second)}
    assert len(set(names.values())) == 2
    power = f"sensor.{second}_gpu_power"
    entity_id = running.entity_id(power)
    running.simulator.gpus[2].power = 77
    running.simulator.lose_gpu("01:00.0")
    running.simulator.advance(60)
    await running.poll()
    assert running.simulator.gpus[1].index == 0
    assert running.devices.keys() == {"miner", first, second, RADEON, "opencl_04:00.0"}
    assert running.entity_id(power) == entity_id
    assert running.state(power) == "77.0"
    assert running.state(f"sensor.{first}_gpu_power") == "unavailable"
    assert {key: running.devices[key].name for key in (first, second)} == names


@pytest.mark.parametrize(
    "options",
    [
        {
            "gpus": [
                replace(card, bus_id="01:00.0", power=power)
                for card, power in zip(make_gpus(2), (100, 50), strict=True)
            ]
        }
    ],
)
async def test_a_card_that_two_backends_use(running: Rig) -> None:
    """Each backend has separate entities for it."""
    assert running.devices.keys() == {"miner", "cuda_01:00.0", "opencl_01:00.0"}
    assert running.state("sensor.cuda_01:00.0_gpu_power") == "100.0"
    assert running.state("sensor.opencl_01:00.0_gpu_power") == "50.0"


@pytest.mark.parametrize("bus_id", [None, "", "n/a"])
async def test_a_card_without_a_bus_id(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, bus_id: str | None
) -> None:
    """It is identified by its index after two replies."""
    monkeypatch.setattr(rig.simulator.gpus[0], "bus_id", bus_id)
    await rig.set_up()
    assert rig.devices.keys() == {"miner"}
    await rig.poll()
    assert rig.devices.keys() == {"miner", "cuda_0"}
    assert rig.devices["cuda_0"].name == "rig-one GeForce RTX 3060 (#0)"
    await rig.reload()
    assert rig.state("sensor.cuda_0_gpu_power") != "unavailable"


@pytest.mark.parametrize("at_set_up", [True, False])
async def test_no_card_comes_of_one_reply_without_its_bus_id(
    rig: Rig, *, at_set_up: bool
) -> None:
    """It is the known card, or is identified by the next two replies."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        [*_, cuda] = document = copy.deepcopy(reply.document)
        del cuda["threads"][0]["bus_id"]
        return replace(reply, document=document)

    fault = Fault("has no bus id", distort=distort, path="/2/backends")
    if not at_set_up:
        await rig.set_up()
    rig.simulator.fail(fault)
    await (rig.set_up() if at_set_up else rig.poll())
    assert "cuda_0" not in rig.devices
    await rig.poll(2)
    assert rig.devices.keys() == {"miner", GEFORCE}
    assert rig.state(f"sensor.{GEFORCE}_gpu_power") != "unavailable"


async def test_a_card_follows_the_miner_and_what_is_in_its_place(running: Rig) -> None:
    """The miner was renamed, and the card was replaced."""

    def rename(config: dict[str, Any]) -> None:
        config["api"]["worker-id"] = "rig-two"

    running.simulator.edit_config(rename)
    running.simulator.gpus[0].name = "NVIDIA GeForce RTX 4070"
    await running.poll()
    card = running.devices[GEFORCE]
    assert card.name == "rig-two GeForce RTX 4070 (01:00.0)"
    assert card.model == "GeForce RTX 4070"


async def test_a_card_is_called_after_the_name_that_the_user_gave_the_miner(
    running: Rig,
) -> None:
    """Like the miner's own entities."""
    registry = dr.async_get(running.hass)
    miner = running.devices["miner"]
    registry.async_update_device(miner.id, name_by_user="Garage")
    await running.poll()
    assert running.devices[GEFORCE].name == "Garage GeForce RTX 3060 (01:00.0)"


@TWO_CARDS
async def test_cards_that_the_miner_does_not_list_follow_its_name(running: Rig) -> None:
    """It is off, or does not use them; a name given by the user is kept."""
    registry = dr.async_get(running.hass)
    miner, card = running.devices["miner"], running.devices[RADEON]
    registry.async_update_device(card.id, name_by_user="My card")
    await running.simulator.go_offline()
    await running.poll()
    for name in ("Garage", None):
        registry.async_update_device(miner.id, name_by_user=name)
        first = f"{name or 'rig-one'} "
        assert running.devices[GEFORCE].name == f"{first}GeForce RTX 3060 (01:00.0)"
        assert running.devices[RADEON].name == f"{first}Radeon RX 6800 (02:00.0)"
        assert running.devices[RADEON].name_by_user == "My card"


async def test_devices_of_other_integrations_are_renamed(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Their identifiers may have more than two parts."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(running.hass)
    registry = dr.async_get(running.hass)
    device = registry.async_get_or_create(
        config_entry_id=other.entry_id,
        identifiers={("other", "hub", "1")},  # type: ignore[arg-type]
        name="Lamp",
    )
    registry.async_update_device(device.id, name_by_user="Lamp at the door")
    await running.hass.async_block_till_done()
    # So may one that another integration gave the device of the miner
    miner = running.entry.runtime_data.coordinator.device_id
    identifiers: Any = {("xmrig_miner", running.entry.entry_id), ("other", "hub", "2")}
    registry.async_update_device(miner, new_identifiers=identifiers)
    registry.async_update_device(miner, name_by_user="Rig in the cellar")
    await running.hass.async_block_till_done()
    assert "Error" not in caplog.text


@pytest.mark.parametrize("end", [b'"name"', b'"cuda"'])
async def test_no_card_comes_of_half_a_reply(
    running: Rig, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    """Only its index is in the reply; the known card may still exist."""

    def cut(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        body = reply.text()
        return with_body(reply, body[: body.index(end)])

    monkeypatch.setitem(FAULTS, "cut", Fault("cut", distort=cut, path="/backends"))
    running.simulator.fault = "cut"
    await running.poll()
    assert running.devices.keys() == {"miner", GEFORCE}
    assert running.devices[GEFORCE].name == "rig-one GeForce RTX 3060 (01:00.0)"
    assert running.state(f"sensor.{GEFORCE}_gpu_power") == "unknown"
    running.simulator.fault = None
    await running.poll()
    assert running.devices.keys() == {"miner", GEFORCE}
    assert running.state(f"sensor.{GEFORCE}_gpu_power") == "118.0"


@TWO_CARDS
async def test_what_a_card_never_reported_is_not_there(rig: Rig) -> None:
    """The miner runs without NVML, or cannot read the power."""
    cuda, opencl = rig.simulator.gpus
    cuda.has_health = False
    opencl.power = 0
    await rig.set_up()
    assert of_card(rig, GEFORCE) == {"gpu_hashrate"}
    assert of_card(rig, RADEON) == {
        *("gpu_hashrate", "gpu_temperature", "gpu_fan_rpm"),
        *("gpu_core_clock", "gpu_memory_clock"),
    }
    # It is added with the first value, and stays.
    opencl.power = 104
    await rig.poll()
    assert rig.state(f"sensor.{RADEON}_gpu_power") == "104.0"
    opencl.power = 0
    await rig.poll()
    assert rig.state(f"sensor.{RADEON}_gpu_power") == "unknown"
    await rig.reload()
    assert rig.state(f"sensor.{RADEON}_gpu_power") == "unknown"
    assert of_card(rig, GEFORCE) == {"gpu_hashrate"}


def of_card(rig: Rig, card: str) -> set[str]:
    """Return the keys of a card's entities."""
    prefix = f"sensor.{card}_"
    return {
        name.removeprefix(prefix) for name in rig.entities if name.startswith(prefix)
    }


async def test_the_device_follows_the_miner(
    running: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XMRig was updated, renamed, or moved to another computer."""

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
    assert (miner.name, miner.model, miner.sw_version) == (
        "rig-two",
        "x86_64",
        "6.27.0",
    )


@pytest.mark.parametrize("next_fails", [False, True])
async def test_no_card_comes_of_one_reply(running: Rig, *, next_fails: bool) -> None:
    """Such a card would stay unavailable for good."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        [*_, cuda] = document = copy.deepcopy(reply.document)
        thread = cuda["threads"][0]
        cuda["threads"] = [
            thread | {"index": index, "bus_id": f"{index + 1:02x}:00.0"}
            for index in range(16)
        ]
        return replace(reply, document=document)

    running.simulator.fail(Fault("16 cards", distort=distort, path="/2/backends"))
    await running.poll()
    if next_fails:
        running.simulator.fail("backends_500")
        await running.poll()
    await running.poll()
    assert running.devices.keys() == {"miner", GEFORCE}
    assert running.state(f"sensor.{GEFORCE}_gpu_power") != "unavailable"


@CARD_OFF
async def test_a_card_appears_when_the_miner_shows_it(running: Rig) -> None:
    """Enabling a backend adds its cards without a reload."""
    assert running.devices.keys() == {"miner", GEFORCE}
    await switch_opencl(running, on=True)
    assert running.devices.keys() == {"miner", GEFORCE, RADEON}
    assert running.state(f"sensor.{RADEON}_gpu_power") == "104.0"


@CARD_OFF
async def test_an_idle_card_stays(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Its values are unknown, and it is not added again."""
    await switch_opencl(running, on=True)
    await switch_opencl(running, on=False)
    assert running.devices.keys() == {"miner", GEFORCE, RADEON}
    assert running.state(f"sensor.{RADEON}_gpu_hashrate") == "0"
    assert running.state(f"sensor.{RADEON}_gpu_power") == "unknown"
    await switch_opencl(running, on=True)
    assert running.state(f"sensor.{RADEON}_gpu_power") == "104.0"
    assert "does not generate unique IDs" not in caplog.text


@pytest.mark.parametrize("options", [{"gpus": 4}])
async def test_a_card_that_is_gone_is_unavailable(running: Rig) -> None:
    """Its backend runs without it."""
    running.simulator.lose_gpu("03:00.0")
    running.simulator.advance(60)
    await running.poll()
    assert running.state(f"sensor.{GEFORCE}_gpu_power") == "118.0"
    assert running.state("sensor.cuda_03:00.0_gpu_power") == "unavailable"


@pytest.mark.parametrize("options", [{"gpus": 4}])
async def test_only_a_card_that_is_gone_may_be_removed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """It is added again when the miner lists it again."""
    lost = running.simulator.gpus[2]
    everything = running.devices.keys()
    for key in everything:
        assert not await removed(running, hass_ws_client, key)
    running.simulator.lose_gpu(lost.bus_id)
    running.simulator.advance(60)
    await running.poll()
    for key in everything - {"cuda_03:00.0"}:
        assert not await removed(running, hass_ws_client, key)
    assert await removed(running, hass_ws_client, "cuda_03:00.0")
    assert running.devices.keys() == everything - {"cuda_03:00.0"}
    assert not [name for name in running.entities if "cuda_03" in name]
    await running.poll()
    assert running.devices.keys() == everything - {"cuda_03:00.0"}
    running.simulator.gpus.append(replace(lost, index=1))
    running.simulator.restart()
    running.simulator.advance(60)
    await running.poll(2)
    assert running.devices.keys() == everything
    assert running.state("sensor.cuda_03:00.0_gpu_power") == "118.0"


@TWO_CARDS
async def test_an_idle_card_is_not_removed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """The miner is paused or stopped, and will mine with it again."""
    await running.press("button.stop")
    for key in ("miner", GEFORCE, RADEON):
        assert not await removed(running, hass_ws_client, key)
    await running.press("button.start")
    await running.turn("switch.mining", on=False)
    for key in ("miner", GEFORCE, RADEON):
        assert not await removed(running, hass_ws_client, key)


@CARD_OFF
async def test_a_card_that_is_not_used_may_be_removed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """Its backend is disabled, but not those of the others."""
    await switch_opencl(running, on=True)
    await switch_opencl(running, on=False)
    assert not await removed(running, hass_ws_client, GEFORCE)
    assert await removed(running, hass_ws_client, RADEON)
    assert running.devices.keys() == {"miner", GEFORCE}
    await switch_opencl(running, on=True)
    assert running.devices.keys() == {"miner", GEFORCE, RADEON}


@pytest.mark.parametrize(
    "options", [{"gpus": 1}, {"gpus": 1, "config": {"cpu": {"enabled": False}}}]
)
async def test_the_last_card_of_a_backend_may_be_removed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """Its backend finds no card anymore, so that a miner without a CPU looks stopped."""
    running.simulator.lose_gpu("01:00.0")
    running.simulator.advance(60)
    await running.poll()
    assert await removed(running, hass_ws_client, GEFORCE)
    assert running.devices.keys() == {"miner"}


CPU = {"type": "cpu", "enabled": True}
CUDA_OFF = {"type": "cuda", "enabled": False}
CUDA_RUNS = {"type": "cuda", "enabled": True, "threads": [{"index": 0}]}


@pytest.mark.parametrize(
    ("backends", "removable"),
    [
        ([CPU, CUDA_RUNS], True),
        ([CPU, CUDA_RUNS | {"threads": [{"index": 0}, {"index": 1}]}], False),
        ([CPU, CUDA_RUNS | {"threads": [{"index": 0}, {"index": None}]}], False),
        # It is starting
        ([CPU, CUDA_RUNS | {"threads": []}], False),
        ([CPU, CUDA_RUNS | {"threads": None}], False),
        ([CPU, CUDA_OFF], True),
        ([CPU, CUDA_OFF | {"enabled": None}], False),
        # Stopped
        ([CPU | {"enabled": False}, CUDA_OFF], False),
        ([CUDA_OFF], False),
        ([], False),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_gone(backends: Any, complete: bool, removable: bool) -> None:
    """A running backend lists all its cards, unless the reply is truncated."""
    reply = Backends.from_json(backends, complete=complete)
    snapshot = Snapshot(summary=Summary(paused=True), backends=reply, restricted=True)
    assert is_removable(snapshot, "cuda_1") is (removable and complete)
    assert not is_removable(snapshot, "")
    assert not is_removable(snapshot, "fpga_0")


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_card_of_a_miner_that_looks_stopped(*, is_wanted: bool) -> None:
    """It is gone if the config enables a backend that could not be."""
    reply = Backends.from_json([CPU | {"enabled": False}, CUDA_OFF])
    config = Config({"cpu": {"enabled": False}, "cuda": {"enabled": is_wanted}})
    snapshot = Snapshot(summary=Summary(), backends=reply, config=config)
    assert is_removable(snapshot, "cuda_0") is is_wanted


def test_a_card_whose_backend_is_no_longer_built_in() -> None:
    """Another XMRig was installed: it lists neither the backend nor its cards."""
    reply = Backends.from_json([CPU])
    snapshot = Snapshot(summary=Summary(paused=True), backends=reply, restricted=True)
    assert is_removable(snapshot, "cuda_0")
    built = replace(snapshot, summary=Summary(paused=True, features=("cuda",)))
    assert not is_removable(built, "cuda_0")


def test_nothing_is_gone_without_a_reply() -> None:
    """The backends could not be read."""
    assert not is_removable(Snapshot(summary=Summary(paused=True)), "cuda_0")


async def test_nothing_is_removed_while_the_miner_was_never_seen(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """Whether a card was removed is unknown."""
    await running.simulator.go_offline()
    assert not await running.hass.config_entries.async_reload(running.entry.entry_id)
    assert not await removed(running, hass_ws_client, GEFORCE)
    assert running.devices.keys() == {"miner", GEFORCE}


@pytest.mark.parametrize("fault", ["backends_500", "truncated"])
async def test_nothing_is_removed_that_the_miner_may_still_have(
    running: Rig, hass_ws_client: WebSocketGenerator, fault: str
) -> None:
    """The backends are unknown for more than a minute."""
    running.simulator.fault = fault
    await running.poll(8)
    assert running.is_loaded
    assert not await removed(running, hass_ws_client, GEFORCE)


async def switch_opencl(rig: Rig, *, on: bool) -> None:
    """Enable or disable the OpenCL backend at the miner."""

    def edit(config: dict[str, Any]) -> None:
        config["opencl"]["enabled"] = on

    rig.simulator.edit_config(edit)
    await rig.poll(2)


async def removed(rig: Rig, hass_ws_client: WebSocketGenerator, device: str) -> bool:
    """Try to remove a device, and return whether that succeeded."""
    assert await async_setup_component(rig.hass, "config", {})
    client = await hass_ws_client(rig.hass)
    answer = await client.remove_device(rig.devices[device].id)
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    if not answer["success"]:
        assert answer["error"]["code"] == "home_assistant_error", answer
    return bool(answer["success"])
