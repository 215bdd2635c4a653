"""Every write of the config takes effect, or fails with the reason."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.api.document import diff
from simulator.http import Request

from .common import Rig
from .controls import (
    act,
    config_of,
    enable,
    is_same_config,
    restore,
    select_pool,
    set_threads,
    writes,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

type Command = Callable[[Rig], Coroutine[Any, Any, Any]]

COMMANDS: dict[str, Command] = {
    "number": lambda rig: set_threads(rig, 2),
    "select": lambda rig: select_pool(rig, "backup.example.org:3333"),
    "switch": lambda rig: rig.turn("switch.cuda_backend", on=False),
    "stop": lambda rig: rig.press("button.stop"),
    "action": lambda rig: act(rig, "set_config", config={"retries": 7}),
}

LISTS = (
    "argon2",
    "cn",
    "cn-heavy",
    "cn-lite",
    "cn-pico",
    "cn/upx2",
    "ghostrider",
    "rx",
)

PATHS = {
    "number": {*(f"cpu.{name}" for name in LISTS), "cpu.rx/wow"},
    "select": {"pools"},
    "switch": {"cuda.enabled"},
    "stop": {"cpu.enabled", "cuda.enabled"},
    "action": {"retries"},
}


every_command = pytest.mark.parametrize("name", COMMANDS)


@every_command
async def test_it_takes_effect_and_nothing_else_changes(
    running: Rig, name: str
) -> None:
    """The config is read, changed in one place, and written as a whole."""
    simulator = running.simulator
    first = config_of(simulator)
    await COMMANDS[name](running)
    assert writes(simulator) == 1
    changes = diff(first, simulator.config)
    assert {".".join(change.path) for change in changes} == PATHS[name]
    assert is_same_config(simulator, config_of(simulator))
    await restore(running)
    assert is_same_config(simulator, first)


@every_command
async def test_it_writes_nothing_when_nothing_would_change(
    running: Rig, name: str
) -> None:
    """Each write may reset the windows or the connection."""
    await COMMANDS[name](running)
    await COMMANDS[name](running)
    assert writes(running.simulator) == 1


# tests/sweeps has every command with every failure
@pytest.mark.parametrize(
    ("name", "fault", "key"),
    [
        ("number", "refuse_put", "refused"),
        ("select", "ignore_put", "not_confirmed_set_config"),
        ("switch", "close", "cannot_connect"),
        ("stop", "http_500", "not_xmrig"),
        ("action", "ignore_put", "not_confirmed_set_config"),
    ],
)
async def test_a_failed_write_has_a_reason(
    running: Rig, name: str, fault: str, key: str
) -> None:
    """Afterwards the states are correct, and everything can be restored."""
    simulator = running.simulator
    first = config_of(simulator)

    def fail(request: Request) -> None:
        if request.method == "PUT":
            simulator.fail(fault)

    simulator.on_request = fail
    with pytest.raises(HomeAssistantError) as raised:
        await COMMANDS[name](running)
    assert raised.value.translation_key == key
    simulator.on_request = None
    assert is_same_config(simulator, first)
    await restore(running)
    assert is_same_config(simulator, first)
    await COMMANDS[name](running)
    await restore(running)
    assert is_same_config(simulator, first)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("number", "lost"),
        ("select", "reset_after"),
        ("switch", "hang_after"),
        ("stop", "cut"),
        ("action", "late_7_after"),
    ],
)
async def test_a_write_whose_reply_is_lost_succeeds(
    running: Rig, name: str, fault: str
) -> None:
    """The result is confirmed, and the undo data is stored as usual."""
    simulator = running.simulator
    first = config_of(simulator)

    def fail(request: Request) -> None:
        if request.method == "PUT":
            simulator.fail(fault)

    simulator.on_request = fail
    await COMMANDS[name](running)
    simulator.on_request = None
    changes = diff(first, simulator.config)
    assert {".".join(change.path) for change in changes} == PATHS[name]
    assert not running.unavailable
    await restore(running)
    assert is_same_config(simulator, first)


@every_command
@pytest.mark.parametrize("arrives", [True, False])
async def test_a_miner_that_goes_offline_in_a_write(
    running: Rig, name: str, arrives: bool
) -> None:
    """It fails, and everything can be restored once the miner is back."""
    simulator = running.simulator
    first = config_of(simulator)

    async def leave(request: Request) -> None:
        if request.method == "PUT":
            await simulator.go_offline()

    setattr(simulator, "on_reply" if arrives else "on_request", leave)
    with pytest.raises(HomeAssistantError) as raised:
        await COMMANDS[name](running)
    assert raised.value.translation_key == "cannot_connect"
    assert running.state("switch.mining") == "unavailable"
    simulator.on_reply = simulator.on_request = None
    await simulator.go_online()
    await running.poll()
    assert is_same_config(simulator, first) is not arrives
    await restore(running)
    assert is_same_config(simulator, first)


@every_command
async def test_a_miner_that_turns_read_only_before_a_write(
    running: Rig, name: str
) -> None:
    """The error is based on the current state, not on the last poll."""

    def restrict(request: Request) -> None:
        running.simulator.on_request = None
        running.simulator.config["http"]["restricted"] = True

    running.simulator.on_request = restrict
    with pytest.raises(HomeAssistantError) as raised:
        await COMMANDS[name](running)
    assert raised.value.translation_key == "read_only"
    assert writes(running.simulator) == 0


@every_command
async def test_no_poll_comes_into_a_write(running: Rig, name: str) -> None:
    """A poll during a write would be inconsistent."""
    simulator = running.simulator
    polls: list[asyncio.Task[None]] = []

    def poll(request: Request) -> None:
        if request.method == "PUT":
            coordinator = running.entry.runtime_data.coordinator
            polls.append(asyncio.create_task(coordinator.async_refresh()))

    simulator.on_request = poll
    start = len(simulator.requests)
    await COMMANDS[name](running)
    await asyncio.gather(*polls)
    assert polls
    asked = [item.path for item in simulator.requests[start:]]
    methods = [item.method for item in simulator.requests[start:]]
    written = methods.index("PUT")
    # A write is over when the config showed it; another config than before is read twice
    assert asked[written : asked.index("/2/backends", written)].count("/2/config") == 5
    # The poll after the command shows its result
    assert Counter(asked[-6:]) == dict.fromkeys(
        ("/2/summary", "/2/backends", "/2/config"), 2
    )


async def test_commands_at_once_are_done_one_after_the_other(running: Rig) -> None:
    """No command undoes another."""
    first = config_of(running.simulator)
    names = ("number", "select", "switch", "action")
    await asyncio.gather(*(COMMANDS[name](running) for name in names))
    changes = diff(first, running.simulator.config)
    assert {".".join(change.path) for change in changes} == set().union(
        *(PATHS[name] for name in names)
    )
    assert writes(running.simulator) == len(names)
    await restore(running)
    assert is_same_config(running.simulator, first)


async def test_the_button_restores_all(running: Rig) -> None:
    """It is disabled by default."""
    first = config_of(running.simulator)
    await enable(running, "button.restore_config")
    for name in ("number", "select", "switch", "action", "stop"):
        await COMMANDS[name](running)
    await running.press("button.restore_config")
    assert is_same_config(running.simulator, first)
    assert running.state("number.cpu_threads") == "4"
    assert running.state("switch.mining") == "on"
