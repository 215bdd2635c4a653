"""The number of CPU threads: fewer of the user's, and all of them again."""

import asyncio
from contextlib import nullcontext
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.document import json_equal
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    THREADS,
    act,
    config_of,
    cpu_threads,
    is_same_config,
    restore,
    set_threads,
    writes,
)

OBJECT = {"intensity": 2, "threads": 3, "affinity": 14}

# Each with its form for a cap of two, then of one thread.
PROFILES: dict[str, tuple[Any, Any, Any]] = {
    "plain": ([0, 2, 3], [0, 2], [0]),
    "hand-tuned": ([[1, 0], [2, 3], 5], [[1, 0], [2, 3]], [[1, 0]]),
    "object": (OBJECT, OBJECT | {"threads": 2}, OBJECT | {"threads": 1}),
}

# Other profiles: longer, hand-tuned, aliases, disabled.
OTHERS: dict[str, Any] = {
    "cn": [[1, 0], [2, 3]],
    "cn-heavy": [[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5]],
    "argon2": {"intensity": 1, "threads": 8, "affinity": -1},
    "rx/arq": "cn",
    "cn/0": False,
    "rx/wow": [0],
}


def limits(rig: Rig) -> tuple[str, float, float]:
    """Return the number and its range."""
    state = rig.full_state(THREADS)
    return state.state, state.attributes["min"], state.attributes["max"]


@pytest.mark.parametrize(
    ("options", "two", "one"),
    [
        pytest.param({"config": {"cpu": {**OTHERS, "rx": rx}}}, two, one, id=name)
        for name, (rx, two, one) in PROFILES.items()
    ],
)
async def test_fewer_threads_are_the_first_ones_and_all_are_the_users(
    running: Rig, two: Any, one: Any
) -> None:
    """Each profile is shortened, nothing else changes, and everything is restored."""
    simulator = running.simulator
    first = config_of(simulator)
    assert limits(running) == ("3", 1, 3)

    for number, profile in ((2, two), (1, one), (2, two)):
        await set_threads(running, number)
        assert limits(running) == (str(number), 1, 3)
        assert cpu_threads(simulator) == number
        cpu = simulator.config["cpu"]
        assert json_equal(cpu["rx"], profile)
        assert json_equal(cpu["cn"], OTHERS["cn"][:number])
        assert json_equal(cpu["cn-heavy"], OTHERS["cn-heavy"][:number])
        assert json_equal(cpu["argon2"], OTHERS["argon2"] | {"threads": number})
        assert [cpu[name] for name in ("rx/arq", "cn/0", "rx/wow")] == [
            "cn",
            False,
            [0],
        ]
        profiles = set(cpu) - {"enabled"}
        assert is_same_config(
            simulator, {**first, "cpu": first["cpu"] | {p: cpu[p] for p in profiles}}
        )

    await set_threads(running, 3)
    assert limits(running) == ("3", 1, 3)
    assert is_same_config(simulator, first)


async def test_other_threads_neither_cost_the_connection_nor_the_dataset(
    running: Rig,
) -> None:
    """The connection stays."""
    miner = running.simulator.miner
    connected = miner.network.statistics.connected_at
    await set_threads(running, 1)
    assert miner.network.statistics.connected_at == connected
    assert miner.network.statistics.failures == 0
    assert miner.has_dataset
    assert running.simulator.is_hashing


async def test_another_algorithm_does_not_restore_full_power(running: Rig) -> None:
    """The cap applies to all algorithms."""
    simulator = running.simulator
    await set_threads(running, 1)
    simulator.surroundings.algorithm = "cn/2"
    simulator.advance(30)
    await running.poll()
    assert running.state("sensor.algorithm") == "cn/2"
    assert cpu_threads(simulator) == 1
    assert limits(running) == ("1", 1, 4)


@pytest.mark.parametrize("options", [{"config": {"cpu": {**OTHERS, "rx": [0, 2, 3]}}}])
async def test_another_algorithm_has_another_maximum(running: Rig) -> None:
    """Even if as many threads run as before."""
    await set_threads(running, 1)
    assert limits(running) == ("1", 1, 3)
    running.simulator.surroundings.algorithm = "cn-heavy/xhv"
    running.simulator.advance(30)
    await running.poll()
    assert limits(running) == ("1", 1, 6)


async def test_the_number_as_it_is_writes_nothing(running: Rig) -> None:
    """Neither does the maximum, when all threads run."""
    await set_threads(running, 4)
    assert writes(running.simulator) == 0
    await set_threads(running, 2)
    await set_threads(running, 2)
    assert writes(running.simulator) == 1


@pytest.mark.parametrize("threads", [0, 5])
async def test_there_are_no_more_threads_than_the_user_set_up(
    running: Rig, threads: int
) -> None:
    """The minimum is one."""
    with pytest.raises(ServiceValidationError):
        await set_threads(running, threads)
    assert writes(running.simulator) == 0


async def test_of_ten_changes_at_once_the_last_one_counts(running: Rig) -> None:
    """A slider causes at most two writes."""
    first = config_of(running.simulator)
    changes = [3, 2, 1, 2, 3, 1, 3, 1, 3, 2]
    await asyncio.gather(*(set_threads(running, number) for number in changes))
    assert limits(running) == ("2", 1, 4)
    assert cpu_threads(running.simulator) == 2
    assert 1 <= writes(running.simulator) <= 2
    await set_threads(running, 4)
    assert is_same_config(running.simulator, first)


async def test_a_paused_miner_stays_paused(running: Rig) -> None:
    """The number shows how many threads will run."""
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    assert running.simulator.miner.is_paused
    assert not running.simulator.is_hashing
    assert limits(running) == ("2", 1, 4)
    await running.turn(MINING, on=True)
    assert running.simulator.is_hashing
    assert cpu_threads(running.simulator) == 2


async def test_a_stopped_miner_stays_stopped(running: Rig) -> None:
    """The number shows how many threads will run after a start."""
    first = config_of(running.simulator)
    await running.press("button.stop")
    await set_threads(running, 2)
    assert not running.simulator.is_hashing
    assert running.state("sensor.status") == "stopped"
    assert limits(running) == ("2", 1, 4)
    await running.press("button.start")
    running.simulator.advance(10)
    assert running.simulator.is_hashing
    assert cpu_threads(running.simulator) == 2
    await restore(running)
    assert is_same_config(running.simulator, first)


@pytest.mark.parametrize("changed", [[0, 2, 3], [[1, 0], [2, 3]], OBJECT])
async def test_lists_that_the_user_changes_are_the_new_full_ones(
    running: Rig, changed: Any
) -> None:
    """Only the edited ones; the others stay the same."""
    first = config_of(running.simulator)
    await set_threads(running, 1)

    def edit(config: Json) -> None:
        config["cpu"]["rx"] = changed

    running.simulator.edit_config(edit)
    await running.poll(6)
    full = changed["threads"] if isinstance(changed, dict) else len(changed)
    assert limits(running) == (str(full), 1, full)
    await set_threads(running, 1)
    assert cpu_threads(running.simulator) == 1
    await set_threads(running, full)
    first["cpu"]["rx"] = changed
    assert is_same_config(running.simulator, first)


async def test_lists_that_the_user_writes_by_an_action_are_full_too(
    running: Rig,
) -> None:
    """Only restoring the whole config undoes them."""
    first = config_of(running.simulator)
    await set_threads(running, 1)
    lists = {"cpu": {"rx": [[1, 0], [2, 3]]}}
    await act(running, "set_config", config=lists)
    assert limits(running) == ("2", 1, 2)
    await set_threads(running, 1)
    assert running.simulator.config["cpu"]["rx"] == [[1, 0]]
    await set_threads(running, 2)
    second = {**first, "cpu": first["cpu"] | lists["cpu"]}
    assert is_same_config(running.simulator, second)
    await restore(running)
    assert is_same_config(running.simulator, first)
    assert limits(running) == ("4", 1, 4)


async def test_the_users_lists_are_known_after_a_restart(running: Rig) -> None:
    """They are stored."""
    first = config_of(running.simulator)
    await set_threads(running, 1)
    await running.reload()
    assert limits(running) == ("1", 1, 4)
    await set_threads(running, 3)
    await running.reload()
    await set_threads(running, 4)
    assert is_same_config(running.simulator, first)


@pytest.mark.parametrize("fault", ["refuse_put", "lost", "ignore_put"])
async def test_a_number_that_fails_loses_no_list(running: Rig, fault: str) -> None:
    """Whether or not the reply arrived, all threads can be restored."""
    first = config_of(running.simulator)
    await set_threads(running, 3)
    running.simulator.on_request = lambda request: (
        running.simulator.fail(fault) if request.method == "PUT" else None
    )
    with nullcontext() if fault == "lost" else pytest.raises(HomeAssistantError):
        await set_threads(running, 2)
    running.simulator.on_request = None
    assert limits(running) == ("2" if fault == "lost" else "3", 1, 4)
    await running.reload()
    await set_threads(running, 1)
    await set_threads(running, 4)
    assert is_same_config(running.simulator, first)


@pytest.mark.parametrize("options", [{"config": {"cpu": {"*": [0, 1]}}}])
async def test_threads_of_one_profile_for_all(running: Rig) -> None:
    """XMRig has a profile for all other algorithms."""
    assert limits(running) == ("2", 1, 2)
    await set_threads(running, 1)
    assert running.simulator.config["cpu"]["*"] == [0]


async def test_without_the_config_the_number_is_not_known(running: Rig) -> None:
    """It is unknown."""
    running.simulator.fault = "config_500"
    await running.poll(14)
    assert THREADS in running.unavailable
    running.simulator.fault = None
    await running.poll()
    assert limits(running) == ("4", 1, 4)
