"""Pools: which one is used, and the replies when one is unreachable."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.targets import Json, Target

from .wire import apply, config, cpu, put, summary

# Two tries, a second and up to another apart, and one for the connection
_FAILOVER = 6.0
# Seconds after a lost connection before which no other pool is tried
_RETRY = 1.0


async def _connection(target: Target) -> Any:
    return (await summary(target))["connection"]


def _is_at(target: Target, pool: int) -> Callable[[], Awaitable[bool]]:
    """Return the check that the pool is connected."""

    async def check() -> bool:
        connection = await _connection(target)
        return bool(
            connection["pool"] == target.pools[pool] and connection["ip"] is not None
        )

    return check


async def test_connected(target: Target) -> None:
    """The first pool is used and described."""
    await target.elapse(1.0)
    shown = await summary(target)
    connection = shown["connection"]
    assert connection["pool"] == target.pools[0]
    assert connection["ip"] == "127.0.0.1"
    assert 1000 <= connection["uptime_ms"] < 1000 * (shown["uptime"] + 1)
    assert connection["uptime"] == connection["uptime_ms"] // 1000
    assert (connection["failures"], connection["tls"]) == (0, None)
    assert connection["tls-fingerprint"] is None
    assert (connection["algo"], shown["algo"]) == ("cn-pico", "cn-pico")
    assert connection["diff"] == shown["results"]["diff_current"] > 0


async def test_other_order(target: Target) -> None:
    """If the order changes, the miner connects to the new first pool."""
    document = await config(target)
    document["pools"].reverse()
    assert await apply(target, document) == document
    await target.eventually(_is_at(target, 1))
    assert (await _connection(target))["failures"] == 1
    assert len((await cpu(target))["threads"]) == 2


async def test_first_pool_goes_and_comes(target: Target) -> None:
    """While the first pool is unreachable, the next one is used.

    While none is connected the threads sleep but are there.
    """
    await target.set_pool(0, alive=False)

    async def lost() -> Any:
        connection = await _connection(target)
        return connection if connection["ip"] is None else None

    connection = await target.eventually(lost)
    assert connection["pool"] == target.pools[0]
    assert (connection["uptime_ms"], connection["failures"]) == (0, 1)
    assert (connection["diff"], connection["avg_time"]) == (0, 0)
    assert (await summary(target))["paused"] is False
    assert len((await cpu(target))["threads"]) == 2
    await target.eventually(_is_at(target, 1), timeout=_FAILOVER)
    assert (await _connection(target))["failures"] == 1
    await target.set_pool(0, alive=True)
    await target.eventually(_is_at(target, 0), timeout=_FAILOVER)
    # Returning to the first one is not a failure
    assert (await _connection(target))["failures"] == 1


async def test_new_first_pool_is_dead(target: Target) -> None:
    """A dead new first pool stops mining; the old one's name stays until failover."""
    await target.set_pool(1, alive=False)
    document = await config(target)
    document["pools"].reverse()
    is_early = target.within(_RETRY)
    await apply(target, document)
    connection = await _connection(target)
    assert connection["pool"] == target.pools[0]
    shown = (connection["ip"], connection["uptime_ms"])
    # A busy computer may look after the failover
    assert shown == (None, 0) or not is_early()
    await target.eventually(_is_at(target, 0), timeout=_FAILOVER)
    assert (await config(target))["pools"] == document["pools"]


def _single(document: Json) -> None:
    document["pools"][1]["enabled"] = False


@pytest.mark.parametrize("start_change", [_single], ids=[""])
async def test_single_pool_exchanged_for_a_dead_one(target: Target) -> None:
    """If a single pool is replaced by a dead one, the old connection is still shown."""
    await target.elapse(1.0)
    await target.set_pool(1, alive=False)
    document = await config(target)
    document["pools"][0]["enabled"], document["pools"][1]["enabled"] = False, True
    await apply(target, document)
    await target.elapse(1.0)
    connection = await _connection(target)
    assert connection["pool"] == target.pools[0]
    assert connection["ip"] == "127.0.0.1"
    assert (connection["uptime"] >= 2, connection["failures"]) == (True, 0)
    before = (await summary(target))["uptime"]
    await target.set_pool(1, alive=True)
    await target.eventually(_is_at(target, 1), timeout=_FAILOVER)
    shown = await summary(target)
    assert shown["connection"]["uptime"] <= shown["uptime"] - before + 1


async def test_changed_retries_reconnect(target: Target) -> None:
    """Changing the retries causes a reconnection, changing a label does not."""
    document = await config(target) | {"donate-over-proxy": 0}
    await apply(target, document)
    assert (await _connection(target))["failures"] == 0
    await apply(target, document | {"retries": 3})

    async def is_back() -> bool:
        return (
            await _is_at(target, 0)() and (await _connection(target))["failures"] == 1
        )

    await target.eventually(is_back)


async def test_not_even_one_enabled(target: Target) -> None:
    """The last enabled pool cannot be disabled."""
    document = await config(target)
    for pool in document["pools"]:
        pool["enabled"] = False
    assert (await put(target, document)).status == 400
    assert (await _connection(target))["ip"] == "127.0.0.1"
