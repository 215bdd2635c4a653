"""Starting and stopping, and the resulting replies."""

import time
from typing import Any

import pytest

from tests.targets import ALGORITHM, DIFFICULTY, JOB_INTERVAL, Json, Target

from .wire import UNWATCHED, apply, config, cpu, get, put, rpc, summary

_ZERO = [0.0, 0.0, 0.0]
_UNKNOWN = [None, None, None]
# Seconds of the shortest window
_FULL = 10
# Longer than the interval between jobs
_NEXT_JOB = JOB_INTERVAL + 0.5


async def _submits_shares(target: Target, within: float) -> bool:
    """Return whether a share is found within some seconds."""
    before = (await summary(target))["results"]["shares_total"]
    for _ in range(round(within / 0.25)):
        await target.elapse(0.25)
        if (await summary(target))["results"]["shares_total"] > before:
            return True
    return False


async def _rests(target: Target) -> bool:
    """Return whether no share comes: one that was found before may still do so."""
    return not await _submits_shares(target, within=1.5)


async def _window(target: Target) -> float | None:
    """Return the 10 s hashrate."""
    value = (await summary(target))["hashrate"]["total"][0]
    assert value is None or isinstance(value, float)
    return value


def _no_pool(document: Json) -> None:
    """Leave one pool, at an address where nothing listens."""
    document["pools"] = [document["pools"][0] | {"url": "127.0.0.1:1"}]


@pytest.mark.parametrize("start_change", [_no_pool], ids=[""])
async def test_before_the_first_job(target: Target) -> None:
    """Without a pool there is no algorithm, no connection and no thread."""
    if target.is_simulated:
        await target.set_pool(0, alive=False)
        await target.restart()
    shown = await summary(target)
    assert shown["algo"] is None
    assert shown["hashrate"] == {"total": _ZERO, "highest": None}
    assert shown["hugepages"] == [0, 0]
    connection = shown["connection"]
    assert (connection["pool"], connection["ip"]) == ("", None)
    assert (connection["uptime"], connection["failures"]) == (0, 0)
    backend = await cpu(target)
    assert (backend["enabled"], backend["algo"]) == (True, None)
    assert (backend["profile"], backend["memory"]) == (None, 0)
    assert not backend.keys() & {"hashrate", "threads"}


async def test_windows(target: Target) -> None:
    """A window is null until it is full; a pause drains it, and the highest stays.

    Only a config that changes the threads restarts them.
    """
    backend, shown = await cpu(target), await summary(target)
    # A busy computer may look later
    if shown["uptime"] < _FULL:
        assert shown["hashrate"] == {"total": _UNKNOWN, "highest": None}
        assert backend["hashrate"] == _UNKNOWN
        assert [thread["hashrate"] for thread in backend["threads"]] == [_UNKNOWN] * 2
    await target.elapse(9.0)
    shown = await summary(target)
    assert shown["hashrate"]["total"][0] is None or shown["uptime"] >= _FULL
    # A miner takes the highest twice a second, some time after the window is full
    first = await target.after(2.4, lambda: _window(target))

    async def highest() -> float | None:
        rate = (await summary(target))["hashrate"]["highest"]
        return rate if rate is not None and rate >= first else None

    best = await target.eventually(highest)
    shown = await get(target, "/1/summary")
    total, *others = shown["hashrate"]["total"]
    assert others == [None, None] or shown["uptime"] >= 60
    threads = [thread[0] for thread in shown["hashrate"]["threads"]]
    assert sum(threads) == pytest.approx(total, abs=0.1)
    backend = await cpu(target)
    threads = [thread["hashrate"][0] for thread in backend["threads"]]
    assert sum(threads) == pytest.approx(backend["hashrate"][0], abs=0.1)

    document = await config(target)
    document["cpu"] |= {"yield": False, "rx": [1], "max-threads-hint": 1}
    await apply(target, document | {"print-time": 11, "pause-on-battery": True})
    assert await _window(target) is not None

    is_early = target.within(_FULL - 1)
    await rpc(target, "pause")
    await target.elapse(3.0)
    left = await _window(target)
    assert left or not is_early()
    # A real one may have hashed faster since it was first looked at
    assert left is not None and (left < first or not target.is_simulated)

    async def has_drained() -> bool:
        return await _window(target) == 0

    await target.after(8.0, has_drained)
    backend, shown = await cpu(target), await summary(target)
    assert shown["paused"] is True
    assert shown["hashrate"]["highest"] >= best
    if shown["uptime"] < 60:
        assert shown["hashrate"]["total"] == backend["hashrate"] == [0.0, None, None]
    await rpc(target, "resume")
    await target.after(2.0, lambda: _window(target))

    document["cpu"]["priority"] = 1
    is_early = target.within(_FULL)
    await apply(target, document)
    assert await _window(target) is None or not is_early()


async def test_pause(target: Target) -> None:
    """A pause lasts over jobs and configs, but not over a restart."""
    await rpc(target, "pause")
    shown = await summary(target)
    assert shown["paused"] is True
    assert shown["connection"]["ip"] == "127.0.0.1"
    await target.elapse(_NEXT_JOB)
    await target.eventually(lambda: _rests(target), timeout=0)
    await apply(target, await config(target) | {"print-time": 11})
    assert (await summary(target))["paused"] is True
    assert len((await cpu(target))["threads"]) == 2
    # So that it cannot find shares before it is read
    for index in range(2):
        await target.set_pool(index, alive=False)
    started = time.monotonic()
    await target.restart()
    shown = await summary(target)
    assert shown["paused"] is False
    assert shown["uptime"] <= time.monotonic() - started
    assert shown["results"]["shares_total"] == 0
    for index in range(2):
        await target.set_pool(index, alive=True)
    assert await _submits_shares(target, within=target.patience)


async def test_pause_and_resume_twice(target: Target) -> None:
    """Commands without effect succeed."""
    for method, paused in (("pause", True), ("resume", False)):
        for _ in range(2):
            answer = await rpc(target, method)
            assert answer["result"] == {"status": "OK"}
            assert (await summary(target))["paused"] is paused


async def test_stop_lasts_until_the_next_job(target: Target) -> None:
    """What the stop command ends, the next job starts again."""

    async def replies() -> tuple[Json, Json] | None:
        await target.eventually(lambda: _has_allocated(target), step=0.05)
        await rpc(target, "stop")
        shown, backend = await summary(target), await cpu(target)
        return None if "threads" in backend else (shown, backend)

    # Right after a job, so that there is time before the next one
    await target.eventually(lambda: _shares(target), step=0.05)
    # It may come before the miner is read
    shown, backend = await target.eventually(replies)
    assert shown["paused"] is False
    assert shown["hashrate"]["total"] == _ZERO
    assert (backend["enabled"], backend["algo"]) == (True, ALGORITHM)
    assert (backend["hugepages"], backend["memory"]) == ([0, 2], 524288)
    assert not backend.keys() & {"hashrate", "threads"}

    async def has_threads() -> bool:
        return "threads" in await cpu(target)

    is_early = target.within(_FULL)
    await target.eventually(has_threads, timeout=_NEXT_JOB)
    total = (await summary(target))["hashrate"]["total"]
    assert total == _UNKNOWN or not is_early()
    assert (await summary(target))["connection"]["failures"] == 0
    assert await _submits_shares(target, within=target.patience)


async def test_stop_undone_by_any_config(target: Target) -> None:
    """A config posted unchanged starts the threads that a stop ended."""
    await target.restart(lambda document: document.update(watch=False))
    document = await config(target)
    await rpc(target, "stop")
    assert (await put(target, document)).status == 204
    assert len((await cpu(target))["threads"]) == 2


@UNWATCHED
async def test_config_after_a_stop_while_paused(target: Target) -> None:
    """A stop ends a pause: after the next config threads hash, though it shows paused.

    Only the next job puts them to sleep (Nonce::stop, crypto/common/Nonce.cpp:68).
    """
    document = await config(target)

    async def hashes_while_paused() -> bool:
        for method in ("pause", "stop"):
            await rpc(target, method)
        await apply(target, document)
        assert (await summary(target))["paused"] is True
        return await _submits_shares(target, within=0.75)

    # The next job may come too soon to observe it
    await target.eventually(hashes_while_paused)
    await target.elapse(_NEXT_JOB)
    assert (await summary(target))["paused"] is True
    await target.eventually(lambda: _rests(target), timeout=0)


async def test_stop_while_paused(target: Target) -> None:
    """The job after a stop restarts the threads, which stay paused."""
    await rpc(target, "pause")
    await rpc(target, "stop")

    async def has_threads() -> bool:
        return len((await cpu(target)).get("threads", [])) == 2

    await target.after(_NEXT_JOB, has_threads)
    assert (await summary(target))["paused"] is True
    await target.eventually(lambda: _rests(target), timeout=0)


async def test_all_backends_off(target: Target) -> None:
    """Without a backend the miner stays stopped, and leaves the pool at its next job.

    When one is on again, threads are there at once but sleep until the pool is back.
    """
    document = await config(target)
    document["cpu"]["enabled"] = False
    applied = await apply(target, document)
    assert applied == document
    shown, backend = await summary(target), await cpu(target)
    assert (shown["paused"], shown["algorithms"]) == (False, [])
    assert shown["hashrate"]["total"] == _ZERO
    assert backend["enabled"] is False
    assert not backend.keys() & {"hashrate", "threads"}

    async def has_left() -> bool:
        return (await summary(target))["connection"]["ip"] is None

    await target.eventually(has_left, timeout=_NEXT_JOB)
    await target.elapse(_NEXT_JOB)
    connection = (await summary(target))["connection"]
    assert connection["pool"] == target.pools[0]
    assert (connection["uptime_ms"], connection["diff"]) == (0, 0)
    assert (connection["failures"], connection["ip"]) == (1, None)

    document["cpu"]["enabled"] = True
    await apply(target, document)
    assert len((await cpu(target))["threads"]) == 2
    assert len((await summary(target))["algorithms"]) > 20

    async def is_back() -> bool:
        return (await summary(target))["connection"]["ip"] is not None

    await target.eventually(is_back, timeout=4)
    assert await _submits_shares(target, within=target.patience)


async def test_fewer_threads(target: Target) -> None:
    """A shorter list takes effect at once, on the same connection."""
    await target.elapse(2.0)
    document = await config(target)
    document["cpu"][ALGORITHM] = [[1, 0]]
    await apply(target, document)
    assert len((await cpu(target))["threads"]) == 1
    connection = (await summary(target))["connection"]
    assert (connection["failures"], connection["uptime"] >= 2) == (0, True)
    assert await _submits_shares(target, within=target.patience)
    document["cpu"][ALGORITHM] = [[1, 0], [1, 1]]
    await apply(target, document)
    assert len((await cpu(target))["threads"]) == 2


@UNWATCHED
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"hw-aes": False}, {"hw-aes": False}),
        ({"priority": 2}, {"priority": 2}),
        ({"asm": False}, {"asm": False}),
        ({ALGORITHM: [[3, 0], [3, 1]]}, {"hw-aes": True}),
    ],
)
async def test_thread_settings(target: Target, change: Json, shown: Json) -> None:
    """Settings of the threads restart them and are shown by the backend."""
    document = await config(target)
    document["cpu"] |= change
    await apply(target, document)
    backend: dict[str, Any] = await cpu(target)
    assert backend | shown == backend
    variants = {(2, True): 2, (1, True): 1, (1, False): 3, (3, True): 5}
    for thread in backend["threads"]:
        aes = backend["hw-aes"]
        assert thread["av"] == variants[thread["intensity"], aes]


async def test_shares(target: Target) -> None:
    """The difficulty of accepted shares is summed; rejected ones are only counted."""
    await target.eventually(lambda: _shares(target, 2))
    await target.reject_share()

    async def is_rejected() -> bool:
        return bool((await summary(target))["connection"]["rejected"] == 1)

    await target.eventually(is_rejected)
    shown = await summary(target)
    results, connection = shown["results"], shown["connection"]
    accepted = results["shares_good"]
    assert results["shares_total"] == accepted + 1
    assert (connection["accepted"], connection["rejected"]) == (accepted, 1)
    assert results["hashes_total"] == connection["hashes_total"]
    assert results["hashes_total"] == accepted * results["diff_current"]
    assert abs(results["diff_current"] - DIFFICULTY) <= 1
    assert len(results["best"]) == 10
    assert results["best"] == sorted(results["best"], reverse=True)
    assert results["best"][0] >= results["diff_current"]

    async def has_average() -> bool:
        shown = await summary(target)
        results, connection = shown["results"], shown["connection"]
        average = connection["uptime_ms"] // results["shares_good"]
        assert results["avg_time"] == results["avg_time_ms"] // 1000
        return bool(results["avg_time_ms"] == average)

    # The miner reads the clock for each of both
    await target.eventually(has_average)


async def _has_allocated(target: Target) -> bool:
    """Return whether both threads have their page, which each gets when it starts."""
    return bool((await summary(target))["hugepages"] == [0, 2])


async def _shares(target: Target, count: int = 1) -> bool:
    return bool((await summary(target))["results"]["shares_good"] >= count)


async def test_gpus_that_are_not_there(target: Target) -> None:
    """A GPU backend without a GPU stays disabled, regardless of the config."""
    document = await config(target)
    document["opencl"]["enabled"] = document["cuda"]["enabled"] = True
    await apply(target, document)
    backends = {b["type"]: b for b in await get(target, "/2/backends")}
    assert list(backends) == ["cpu", "opencl", "cuda"]
    off: Json = {"enabled": False, "algo": None, "profile": None}
    assert backends["opencl"] == {"type": "opencl", **off, "platform": None}
    assert backends["cuda"] == {"type": "cuda", **off}
    assert backends["cpu"]["threads"]


@pytest.mark.parametrize("algorithm", ["rx/0"])
async def test_randomx(target: Target, algorithm: str) -> None:
    """RandomX needs a dataset first, and keeps it when threads change."""
    backend = await cpu(target)
    assert (await summary(target))["algo"] == algorithm
    assert backend["argon2-impl"]
    # A busy computer may look too late to see it
    if target.is_simulated or "threads" not in backend:
        assert (backend["algo"], backend["hugepages"]) == (None, [0, 0])
        assert "threads" not in backend

    async def threads() -> Any:
        return (await cpu(target)).get("threads")

    await target.eventually(threads, timeout=20)
    document = await config(target)
    for profile in ([[1, 0]], [[1, 0], [2, 1]]):
        document["cpu"]["rx"] = profile
        applied = await apply(target, document)
        assert applied["cpu"]["rx"] == profile
        count = len(profile)

        async def has_started(count: int = count) -> Json | None:
            shown = await cpu(target)
            return shown if shown["hugepages"][1] >= 128 + count else None

        backend = await target.after(0.5, has_started)
        assert len(backend["threads"]) == count
        # A RandomX thread computes one hash at a time, regardless of its intensity
        assert {thread["intensity"] for thread in backend["threads"]} == {1}
        assert backend["hugepages"] == [0, 128 + count]
        assert backend["memory"] == count * 2 * 1024**2
    assert (await summary(target))["connection"]["failures"] == 0


async def test_other_algorithm(target: Target) -> None:
    """Another algorithm runs with a profile of its own, at full length."""
    document = await config(target)
    document["cpu"][ALGORITHM] = [[1, 0]]
    document["cpu"]["cn/upx2"] = [[2, 0], [2, 1]]
    await apply(target, document)
    assert (await cpu(target))["profile"] == ALGORITHM
    await target.set_algorithm("cn/upx2")
    is_early = target.within(_FULL)

    async def has_changed() -> bool:
        return bool((await summary(target))["algo"] == "cn/upx2")

    await target.eventually(has_changed, timeout=_NEXT_JOB)
    backend = await cpu(target)
    assert (backend["algo"], backend["profile"]) == ("cn/upx2", "cn/upx2")
    assert len(backend["threads"]) == 2
    highest = (await summary(target))["hashrate"]["highest"]
    assert highest is None or not is_early()
