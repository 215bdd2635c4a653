"""Tests of the switches of backends and pause rules."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from simulator.hardware import make_gpus
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    act,
    config_of,
    cpu_threads,
    enable,
    is_same_config,
    restore,
    writes,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

CPU = "switch.cpu_backend"
OPENCL = "switch.opencl_backend"
CUDA = "switch.cuda_backend"
BATTERY = "switch.pause_on_battery"
ACTIVITY = "switch.pause_on_activity"


def backends(rig: Rig) -> dict[str, bool]:
    """Return the backends that the miner's config enables."""
    config = rig.simulator.config
    return {name: config[name]["enabled"] for name in ("cpu", "opencl", "cuda")}


def edit(section: str, **values: Any) -> Any:
    """Return a function that edits some values of a section of the config."""

    def change(config: Json) -> None:
        config[section] |= values

    return change


@pytest.mark.parametrize(
    ("switch", "backend"), [(CPU, "cpu"), (OPENCL, "opencl"), (CUDA, "cuda")]
)
@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_a_backend_off_and_on_again(
    running: Rig, switch: str, backend: str
) -> None:
    """Nothing else changes, and its threads are restored."""
    simulator = running.simulator
    first = config_of(simulator)
    hashrate = simulator.hashrate
    assert running.state(switch) == "on"
    await running.turn(switch, on=False)
    assert running.state(switch) == "off"
    off = {**first, backend: first[backend] | {"enabled": False}}
    assert is_same_config(simulator, off)
    assert 0 < simulator.hashrate < hashrate
    assert running.state(MINING) == "on"
    await running.turn(switch, on=True)
    assert running.state(switch) == "on"
    assert is_same_config(simulator, first)
    assert simulator.hashrate == hashrate


async def test_the_last_backend_off_is_stopped(running: Rig) -> None:
    """Permanently; start enables the last backend again."""
    await running.turn(CPU, on=False)
    assert running.state("sensor.status") != "stopped"
    await running.turn(CUDA, on=False)
    assert running.state("sensor.status") == "stopped"
    assert running.state(MINING) == "off"
    assert running.state("sensor.pause_reason") == "asked_here"
    running.simulator.advance(120)
    await running.poll()
    assert not running.simulator.is_hashing
    await running.turn(MINING, on=True)
    assert backends(running) == {"cpu": False, "opencl": False, "cuda": True}


async def test_a_backend_on_starts_a_stopped_miner(running: Rig) -> None:
    """The miner has a backend again."""
    await running.press("button.stop")
    await running.turn(CPU, on=True)
    running.simulator.advance(10)
    await running.poll()
    assert running.simulator.is_hashing
    assert running.state(MINING) == "on"
    assert running.state("sensor.pause_reason") == "none"


async def test_a_backend_of_a_paused_miner_stays_paused(running: Rig) -> None:
    """A pause applies to all backends."""
    await running.turn(MINING, on=False)
    await running.turn(CUDA, on=False)
    await running.turn(CUDA, on=True)
    assert not running.simulator.is_hashing
    assert running.state(MINING) == "off"
    assert running.state(CUDA) == "on"


async def test_restoring_switches_backends_back(running: Rig) -> None:
    """Whichever of them was changed."""
    first = config_of(running.simulator)
    await running.turn(CPU, on=False)
    await running.turn(CUDA, on=False)
    await restore(running)
    assert is_same_config(running.simulator, first)
    assert (running.state(CPU), running.state(CUDA)) == ("on", "on")


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_a_backend_as_it_is_writes_nothing(running: Rig) -> None:
    """Whether it is on or off."""
    running.simulator.edit_config(edit("opencl", enabled=False))
    await running.poll()
    await running.turn(CPU, on=True)
    await running.turn(OPENCL, on=False)
    assert writes(running.simulator) == 0


async def test_there_are_the_backends_of_the_build(rig: Rig) -> None:
    """A miner built without OpenCL and CUDA has no switch for them."""
    del rig.simulator.miner.backends[1:]
    await rig.set_up()
    assert CPU in rig.entities
    assert not {OPENCL, CUDA} & rig.entities.keys()


@pytest.mark.parametrize(
    ("options", "switches"),
    [
        ({"gpus": 0}, {CPU}),
        ({"gpus": 1}, {CPU, CUDA}),
        ({"gpus": 0, "config": {"cuda": {"enabled": True}}}, {CPU}),
        ({"gpus": 2}, {CPU, CUDA, OPENCL}),
        ({"gpus": 2, "config": {"cpu": {"enabled": False}}}, {CPU, CUDA, OPENCL}),
    ],
)
async def test_a_backend_without_hardware_has_no_switch(
    running: Rig, switches: set[str]
) -> None:
    """Most builds have all three backends, and most computers one."""
    assert {CPU, OPENCL, CUDA} & running.entities.keys() == switches


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_a_backend_that_is_off_has_a_switch_where_it_found_hardware(
    rig: Rig,
) -> None:
    """Its threads are still in the config, which XMRig writes once it found a card."""
    rig.simulator.edit_config(edit("opencl", enabled=False))
    rig.simulator.advance(1)
    await rig.set_up()
    assert rig.state(OPENCL) == "off"
    await rig.turn(OPENCL, on=True)
    assert rig.state(OPENCL) == "on"


@pytest.mark.parametrize("options", [{"gpus": 0}])
async def test_a_backend_that_finds_hardware_later_gets_its_switch(
    running: Rig,
) -> None:
    """A card was put in and its backend switched on."""
    assert CUDA not in running.entities
    running.simulator.gpus.extend(make_gpus(1))
    running.simulator.edit_config(edit("cuda", enabled=True))
    running.simulator.restart()
    await running.poll()
    assert running.state(CUDA) == "on"


@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_a_backend_without_a_driver_does_not_go_on(running: Rig) -> None:
    """It is enabled in the config, but not in the miner: the switch is off."""
    await running.turn(OPENCL, on=False)
    running.simulator.gpus[:] = [
        gpu for gpu in running.simulator.gpus if gpu.kind != "opencl"
    ]
    first = config_of(running.simulator)
    with pytest.raises(HomeAssistantError, match="no driver or device"):
        await running.turn(OPENCL, on=True)
    assert running.simulator.config["opencl"]["enabled"]
    assert running.state(OPENCL) == "off"
    await running.turn(OPENCL, on=False)
    assert is_same_config(running.simulator, first)


@pytest.mark.parametrize("options", [{"config": {"opencl": {"enabled": True}}}])
@pytest.mark.parametrize("last", [CPU, CUDA])
async def test_a_backend_without_a_driver_does_not_keep_a_miner_from_starting(
    running: Rig, last: str
) -> None:
    """It is enabled in the config only, so the miner counts as stopped."""
    first = config_of(running.simulator)
    for switch in (CUDA, last) if last == CPU else (CPU, last):
        await running.turn(switch, on=False)
    assert running.state("sensor.status") == "stopped"
    await running.press("button.start")
    assert backends(running) == {
        "cpu": last == CPU,
        "opencl": True,
        "cuda": last == CUDA,
    }
    assert running.state(MINING) == "on"
    await restore(running)
    assert is_same_config(running.simulator, first)


RULES = {BATTERY: "pause-on-battery", ACTIVITY: "pause-on-active"}


@pytest.mark.parametrize(
    ("switch", "users", "options"),
    [
        (switch, value, {"config": {key: value}})
        for switch, key in RULES.items()
        for value in ([True, False] if switch == BATTERY else [True, False, 120])
    ],
)
async def test_a_rule_on_and_off(running: Rig, switch: str, users: bool | int) -> None:
    """The user's number of seconds is restored with the rule."""
    simulator = running.simulator
    key = RULES[switch]
    first = config_of(simulator)
    await enable(running, switch)
    assert running.state(switch) == ("on" if users else "off")
    for _ in range(2):
        await running.turn(switch, on=False)
        assert running.state(switch) == "off"
        assert is_same_config(simulator, first | {key: False})
        await running.reload()
        await running.turn(switch, on=True)
        assert running.state(switch) == "on"
        assert is_same_config(simulator, first | {key: users or True})
    await restore(running)
    assert is_same_config(simulator, first)


@pytest.mark.parametrize("options", [{"config": {"pause-on-active": 120}}])
async def test_another_number_of_seconds_is_kept_too(running: Rig) -> None:
    """The user may change it while Home Assistant runs."""
    await enable(running, ACTIVITY)

    def edit(seconds: int) -> Any:
        def change(config: Json) -> None:
            config["pause-on-active"] = seconds

        return change

    running.simulator.edit_config(edit(300))
    await running.poll(6)
    await running.turn(ACTIVITY, on=False)
    await running.turn(ACTIVITY, on=True)
    assert running.simulator.config["pause-on-active"] == 300


async def test_a_number_of_seconds_written_by_an_action_is_kept_too(
    running: Rig,
) -> None:
    """It is part of the user's config."""
    first = config_of(running.simulator)
    await enable(running, ACTIVITY)
    await act(running, "set_config", config={"pause-on-active": 300})
    await running.turn(ACTIVITY, on=False)
    await running.turn(ACTIVITY, on=True)
    assert running.simulator.config["pause-on-active"] == 300
    await restore(running)
    assert is_same_config(running.simulator, first)


async def test_rules_neither_touch_threads_nor_what_the_miner_does(
    running: Rig,
) -> None:
    """They only define when to pause."""
    await enable(running, BATTERY, ACTIVITY)
    await running.turn(BATTERY, on=True)
    await running.turn(ACTIVITY, on=True)
    assert running.simulator.is_hashing
    assert cpu_threads(running.simulator) == 4
