"""Tests of the preferred pool."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    POOL,
    config_of,
    is_same_config,
    restore,
    select_pool,
    writes,
)

WALLET = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VB"

POOLS: list[dict[str, Any]] = [
    {"url": "one.example.org:3333", "user": WALLET, "pass": "x", "keepalive": True},
    {"url": "two.example.org:443", "user": WALLET, "tls": True, "algo": "rx/0"},
    {"url": "three.example.org:3333", "user": WALLET, "enabled": False},
    {"url": "one.example.org:3333", "user": f"{WALLET}.other", "rig-id": "r1"},
]
LABELS = [
    "one.example.org:3333",
    "two.example.org:443",
    "three.example.org:3333",
    "one.example.org:3333 (2)",
]

DEFAULT_LABELS = ["pool.example.org:3333", "backup.example.org:3333"]

owned = pytest.mark.parametrize("options", [{"pools": POOLS}])


def urls(rig: Rig) -> list[str]:
    """Return the addresses of the miner's pools, in its order."""
    return [pool["url"] for pool in rig.simulator.config["pools"]]


def shown(rig: Rig) -> tuple[str, list[str]]:
    """Return the selected option and all options."""
    state = rig.full_state(POOL)
    return state.state, state.attributes["options"]


@owned
async def test_the_pools_are_the_users_in_their_order(running: Rig) -> None:
    """Labelled by host and port, numbered if they are equal."""
    assert shown(running) == (LABELS[0], LABELS)
    assert "44AFF" not in str(running.full_state(POOL).as_dict())


@owned
@pytest.mark.parametrize("index", range(4))
async def test_the_choice_comes_first_and_the_others_stay_behind(
    running: Rig, index: int
) -> None:
    """It is enabled; the others stay the same, in their order."""
    first = config_of(running.simulator)
    await select_pool(running, LABELS[index])
    assert shown(running) == (LABELS[index], LABELS)
    pools = first["pools"]
    chosen = pools[index] | {"enabled": True}
    expected = {**first, "pools": [chosen, *pools[:index], *pools[index + 1 :]]}
    assert is_same_config(running.simulator, expected)
    assert running.state("sensor.pool") == LABELS[index].partition(" ")[0]


@owned
async def test_selecting_the_first_one_restores_the_config(
    running: Rig,
) -> None:
    """The order is the user's, not that of the last selection."""
    first = config_of(running.simulator)
    for index in (2, 3, 1, 2):
        await select_pool(running, LABELS[index])
        assert shown(running) == (LABELS[index], LABELS)
        assert sorted(urls(running)) == sorted(pool["url"] for pool in POOLS)
    await running.reload()
    assert shown(running) == (LABELS[2], LABELS)
    await select_pool(running, LABELS[0])
    assert is_same_config(running.simulator, first)


@owned
async def test_restoring_gives_the_users_order_back(running: Rig) -> None:
    """Including whether a pool was enabled."""
    first = config_of(running.simulator)
    await select_pool(running, LABELS[2])
    await restore(running)
    assert is_same_config(running.simulator, first)
    assert shown(running) == (LABELS[0], LABELS)


@owned
async def test_the_choice_as_it_is_writes_nothing(running: Rig) -> None:
    """A write would end the connection."""
    await select_pool(running, LABELS[0])
    assert writes(running.simulator) == 0


@owned
async def test_no_other_pool_can_be_chosen(running: Rig) -> None:
    """Nothing is written for a pool that is not in the user's config."""
    with pytest.raises(ServiceValidationError):
        await select_pool(running, "elsewhere.example.org:3333")
    assert writes(running.simulator) == 0


async def test_a_pool_that_does_not_answer_can_be_chosen(running: Rig) -> None:
    """It is preferred, and the miner fails over after its retries."""
    simulator = running.simulator
    first = config_of(simulator)
    simulator.set_pool_reachable("backup.example.org:3333", False)
    await select_pool(running, "backup.example.org:3333")
    assert running.state(POOL) == "backup.example.org:3333"
    assert running.state("sensor.status") == "no_pool"
    await running.poll(4)
    assert running.state(POOL) == "backup.example.org:3333"
    assert running.state("sensor.pool") == "pool.example.org:3333"
    assert running.state("sensor.status") in ("starting", "mining")
    await select_pool(running, "pool.example.org:3333")
    assert is_same_config(simulator, first)
    assert simulator.is_hashing


async def test_choosing_a_pool_does_not_start_a_paused_miner(running: Rig) -> None:
    """It stays paused."""
    await running.turn(MINING, on=False)
    await select_pool(running, "backup.example.org:3333")
    assert not running.simulator.is_hashing
    assert running.state(MINING) == "off"


@pytest.mark.parametrize("options", [{"pools": POOLS[:1]}])
async def test_a_single_pool_is_the_only_choice(running: Rig) -> None:
    """Nothing changes."""
    assert shown(running) == (LABELS[0], LABELS[:1])


@owned
async def test_pools_that_the_user_changes_are_the_new_choices(running: Rig) -> None:
    """Their order is now the one in the user's edited config."""
    await select_pool(running, LABELS[1])

    def edit(config: Json) -> None:
        config["pools"].append({"url": "four.example.org:3333", "user": WALLET})

    running.simulator.edit_config(edit)
    await running.poll(6)
    labels = [LABELS[1], LABELS[0], LABELS[2], LABELS[3], "four.example.org:3333"]
    assert shown(running) == (LABELS[1], labels)
    before = config_of(running.simulator)
    await select_pool(running, "four.example.org:3333")
    await select_pool(running, LABELS[1])
    assert is_same_config(running.simulator, before)


@pytest.mark.parametrize(
    ("pool", "label"),
    [
        ({"url": "stratum+ssl://pool.example.org:443"}, "pool.example.org:443"),
        ({"url": "stratum+tcp://[2001:db8::1]:3333"}, "[2001:db8::1]:3333"),
        ({"url": "daemon+http://127.0.0.1:18081/json"}, "127.0.0.1:18081"),
        ({"url": "other.example.org"}, "other.example.org:3333"),
        ({"url": f"{WALLET}:x@pool.example.org:3333"}, "pool.example.org:3333 (2)"),
    ],
)
async def test_a_label_is_host_and_port(
    rig: Rig, pool: dict[str, Any], label: str
) -> None:
    """Neither the scheme nor any other part of an address."""

    def edit(config: Json) -> None:
        config["pools"].append({"user": WALLET, **pool})

    rig.simulator.edit_config(edit)
    await rig.set_up()
    assert shown(rig)[1] == [*DEFAULT_LABELS, label]


@owned
async def test_a_choice_that_the_miner_refuses_is_not_shown(running: Rig) -> None:
    """The pools stay the same, and known."""
    first = config_of(running.simulator)
    await select_pool(running, LABELS[1])
    running.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError, match="rejected the command"):
        await select_pool(running, LABELS[3])
    running.simulator.fault = None
    assert shown(running) == (LABELS[1], LABELS)
    await select_pool(running, LABELS[0])
    assert is_same_config(running.simulator, first)
