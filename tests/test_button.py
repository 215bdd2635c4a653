"""Tests of the buttons."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from tests.common import Rig

START = "button.start"
STOP = "button.stop"
BACKENDS = ("cpu", "cuda", "opencl")
HAND_TUNED = {
    "gpus": 2,
    "config": {
        "cpu": {"rx": [[1, 0], [2, 3]], "rx/arq": "rx", "cn": {"threads": 2}},
        "opencl": {"enabled": False},
        "donate-level": 3,
        "pause-on-active": 90,
    },
}


def enabled(config: dict[str, Any]) -> set[str]:
    """Return the backends that a config enables."""
    return {backend for backend in BACKENDS if config[backend]["enabled"]}


def without_switches(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config without the values that enable backends."""
    rest = deepcopy(config)
    for backend in BACKENDS:
        del rest[backend]["enabled"]
    return rest


async def test_stopped_lasts(running: Rig) -> None:
    """Across jobs and a restart of the miner."""
    await running.press(STOP)
    assert running.state("sensor.status") == "stopped"
    assert running.state("switch.mining") == "off"
    await running.pass_time(timedelta(minutes=10))
    assert running.state("sensor.status") == "stopped"
    assert not running.simulator.is_hashing
    running.simulator.restart()
    await running.pass_time(timedelta(minutes=10))
    assert running.state("sensor.status") == "stopped"
    assert not running.simulator.is_hashing


@pytest.mark.parametrize("options", [HAND_TUNED])
@pytest.mark.parametrize("restarted", [False, True])
async def test_start_restores_what_was_on(running: Rig, restarted: bool) -> None:
    """Exactly those, even after restarts; everything else is unchanged."""
    before = deepcopy(running.simulator.config)
    assert enabled(before) == {"cpu", "cuda"}
    await running.press(STOP)
    assert enabled(running.simulator.config) == set()
    assert without_switches(running.simulator.config) == without_switches(before)
    if restarted:
        await running.reload()
        running.simulator.restart()
        await running.poll()
    await running.press(START)
    assert running.simulator.config == before
    assert running.simulator.disk == before
    await running.pass_time(timedelta(minutes=1))
    assert running.simulator.is_hashing
    assert running.state("sensor.status") == "mining"


async def test_start_without_a_stop_from_here_takes_the_cpu(running: Rig) -> None:
    """Which backends were enabled before an external stop is unknown."""

    def stop(config: dict[str, Any]) -> None:
        for backend in BACKENDS:
            config[backend]["enabled"] = False

    running.simulator.edit_config(stop)
    await running.poll()
    assert running.state("sensor.status") == "stopped"
    await running.press(START)
    assert enabled(running.simulator.config) == {"cpu"}


async def test_both_may_be_pressed_again(running: Rig) -> None:
    """A second stop keeps what is stored, a second start changes nothing."""
    before = deepcopy(running.simulator.config)
    await running.press(STOP)
    await running.press(STOP)
    await running.press(START)
    await running.press(START)
    assert running.simulator.config == before
    assert running.asked("/2/config", "PUT") == 2


async def test_start_ends_a_pause(running: Rig) -> None:
    """No matter where it was paused."""
    running.simulator.rpc_direct("pause")
    await running.poll()
    await running.press(START)
    assert running.simulator.is_hashing
    assert running.state("sensor.status") == "mining"
    assert not running.asked("/2/config", "PUT")


async def test_start_ends_a_stop_of_the_miners_own_kind(running: Rig) -> None:
    """XMRig's own stop lasts until the next job, and is not in the config."""
    running.simulator.rpc_direct("stop")
    await running.refresh()
    assert running.state("sensor.threads") == "0"
    before = deepcopy(running.simulator.config)
    await running.press(START)
    assert running.simulator.is_hashing
    assert running.state("sensor.threads") == "5"
    assert running.simulator.config == before


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("refuse_put", "refused"),
        ("ignore_put", "not_confirmed_set_config"),
        ("config_500", "not_xmrig"),
    ],
)
async def test_a_stop_that_fails_is_reported(
    running: Rig, fault: str, key: str
) -> None:
    """The miner continues, and the states show it."""
    running.simulator.fault = fault
    with pytest.raises(HomeAssistantError) as error:
        await running.press(STOP)
    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == key
    assert error.value.translation_placeholders == {"name": "rig-one"}
    assert running.simulator.is_hashing
    assert running.state("sensor.status") == "mining"
    assert running.state("switch.mining") == "on"
