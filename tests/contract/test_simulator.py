"""What only the simulator can show: faults, GPUs, batteries, and virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
import json
from pathlib import Path
import re
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from simulator import FAULTS, Simulator
from simulator.http import Request
from tests.targets import Json

from .wire import ask, config, cpu, exchange, get, parse, put, request, rpc, summary

_ROOT = Path(__file__).parent.parent.parent


PAUSE = request("POST", "/json_rpc", b'{"method": "pause", "id": 1}')


class _Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncGenerator[Simulator]:
    """Return a miner with two GPUs that has run for a while; its clock stands still."""
    async with Simulator(gpus=2, uptime=1000, clock=_Clock()) as simulator:
        yield simulator


async def _hashrate(simulator: Simulator) -> list[float | None]:
    total = (await summary(simulator))["hashrate"]["total"]
    assert isinstance(total, list)
    return total


async def _backend(simulator: Simulator, kind: str) -> Any:
    (found,) = [b for b in await get(simulator, "/2/backends") if b["type"] == kind]
    return found


# GPUs: no real one was at hand, the shapes are those that XMRig's source prints


async def test_cuda(simulator: Simulator) -> None:
    """An NVIDIA card is one thread of the CUDA backend, with NVML's readings."""
    backend = await _backend(simulator, "cuda")
    keys = ["type", "enabled", "algo", "profile", "versions", "hashrate", "threads"]
    assert list(backend) == keys
    (thread,) = backend["threads"]
    assert list(thread) == [
        *("index", "threads", "blocks", "bfactor", "bsleep", "affinity"),
        *("dataset_host", "hashrate", "name", "bus_id", "smx", "arch", "global_mem"),
        *("clock", "memory_clock", "health"),
    ]
    assert list(thread["health"]) == [
        *("temperature", "power", "clock", "mem_clock", "fan_speed")
    ]
    assert thread["hashrate"] == backend["hashrate"] == [950.0] * 3


async def test_opencl(simulator: Simulator) -> None:
    """An AMD card is several threads of the OpenCL backend that share its readings."""
    backend = await _backend(simulator, "opencl")
    keys = ["type", "enabled", "algo", "profile", "platform", "hashrate", "threads"]
    assert list(backend) == keys
    first, second = backend["threads"]
    assert first == second
    assert list(first) == [
        *("index", "intensity", "worksize", "threads", "bfactor", "gcn_asm"),
        *("dataset_host", "affinity", "hashrate", "board", "name", "bus_id", "cu"),
        *("global_mem", "health"),
    ]
    assert list(first["health"]) == [
        *("temperature", "power", "clock", "mem_clock", "rpm")
    ]
    assert first["hashrate"] == [480.0] * 3
    assert backend["hashrate"] == [960.0] * 3


async def test_gpu_readings(simulator: Simulator) -> None:
    """Readings can be set, are lower while the card sleeps, and may be missing."""
    gpu = simulator.gpus[0]
    gpu.temperature, gpu.fan_speed = 0, []
    health = (await _backend(simulator, "cuda"))["threads"][0]["health"]
    assert (health["temperature"], health["fan_speed"]) == (0, [])
    await rpc(simulator, "pause")
    health = (await _backend(simulator, "cuda"))["threads"][0]["health"]
    assert health["power"] == gpu.idle_power < gpu.power
    gpu.has_health = False
    assert "health" not in (await _backend(simulator, "cuda"))["threads"][0]


async def test_gpu_lost(loopback: None) -> None:
    """The cards behind it move up, and keep their place on the bus."""
    async with Simulator(gpus=6, uptime=1000, clock=_Clock()) as simulator:
        simulator.lose_gpu("03:00.0")
        simulator.advance(60)
        threads = (await _backend(simulator, "cuda"))["threads"]
        cards = [(thread["index"], thread["bus_id"]) for thread in threads]
        assert cards == [(0, "01:00.0"), (1, "05:00.0")]
        threads = (await _backend(simulator, "opencl"))["threads"]
        assert {thread["index"] for thread in threads} == {0, 1, 2}


async def test_gpu_off(simulator: Simulator) -> None:
    """A disabled GPU backend has neither threads nor readings."""
    document = await config(simulator)
    document["cuda"]["enabled"] = False
    await put(simulator, document)
    simulator.advance(0.6)
    backend = await _backend(simulator, "cuda")
    assert backend == {
        "type": "cuda",
        "enabled": False,
        "algo": "rx/0",
        "profile": "rx",
    }
    # The others go on with full windows
    assert await _hashrate(simulator) == [4 * 430.0 + 960.0] * 3


async def test_gpu_windows(simulator: Simulator) -> None:
    """A sleeping GPU has no hashrate after 10 s, and neither has the sum."""
    assert await _hashrate(simulator) == [4 * 430.0 + 950.0 + 960.0] * 3
    await rpc(simulator, "pause")
    simulator.advance(5)
    assert (await _backend(simulator, "cuda"))["hashrate"][0] == 950.0
    simulator.advance(6)
    assert (await cpu(simulator))["hashrate"][0] == 0.0
    assert (await _backend(simulator, "cuda"))["hashrate"][0] is None
    assert (await _hashrate(simulator))[0] is None
    await rpc(simulator, "resume")
    simulator.advance(11)
    assert (await _hashrate(simulator))[0] == 3630.0


# Pauses by the miner's own rules


async def test_battery(simulator: Simulator) -> None:
    """On battery the miner pauses, and resume succeeds without effect."""
    document = await config(simulator)
    await put(simulator, document | {"pause-on-battery": True})
    simulator.advance(1)
    simulator.on_battery = True
    assert (await summary(simulator))["paused"] is False
    simulator.advance(0.5)
    assert (await summary(simulator))["paused"] is True
    assert (await rpc(simulator, "resume"))["result"] == {"status": "OK"}
    assert (await summary(simulator))["paused"] is True
    simulator.on_battery = False
    simulator.advance(0.5)
    assert (await summary(simulator))["paused"] is False


async def test_battery_ignored(simulator: Simulator) -> None:
    """Without the rule, a miner continues on battery."""
    simulator.on_battery = simulator.user_active = True
    simulator.advance(5)
    assert (await summary(simulator))["paused"] is False


async def test_active_user(simulator: Simulator) -> None:
    """The end of user activity also ends a pause by command."""
    await put(simulator, await config(simulator) | {"pause-on-active": 30})
    simulator.advance(1)
    simulator.user_active = True
    simulator.advance(0.5)
    assert (await summary(simulator))["paused"] is True
    await rpc(simulator, "resume")
    assert (await summary(simulator))["paused"] is False
    simulator.rpc_direct("pause")
    simulator.user_active = False
    simulator.advance(0.5)
    assert (await summary(simulator))["paused"] is False


# Time


async def test_a_day(simulator: Simulator) -> None:
    """A day passes at once, with all its events."""
    before = (await summary(simulator))["results"]
    simulator.advance(86_400)
    shown = await summary(simulator)
    assert shown["uptime"] == 87_400
    shares = shown["results"]["shares_good"] - before["shares_good"]
    assert shares == pytest.approx(86_400 * 3630 / 100_000, rel=0.01)


async def test_same_each_time(socket_enabled: None) -> None:
    """Two miners with the same history give the same answers, byte for byte."""
    answers = []
    for _ in range(2):
        clock = _Clock()
        async with Simulator(gpus=1, miner_id="a", uptime=50, clock=clock) as simulator:
            clock.now += 1000
            simulator.rpc_direct("pause")
            clock.now += 7
            answers.append(
                [
                    await exchange(simulator, request("GET", path))
                    for path in ("/2/summary", "/2/backends")
                ]
            )
    assert answers[0] == answers[1]


async def test_dataset(socket_enabled: None) -> None:
    """RandomX hashes only when its dataset is made; the job is known before."""
    async with Simulator(clock=_Clock(), dataset_time=10) as simulator:
        shown = await summary(simulator)
        assert (shown["algo"], shown["connection"]["failures"]) == ("rx/0", 0)
        assert "threads" not in await cpu(simulator)
        simulator.advance(9.9)
        assert "threads" not in await cpu(simulator)
        simulator.advance(0.2)
        assert len((await cpu(simulator))["threads"]) == 4


async def test_clock_set_back(simulator: Simulator) -> None:
    """A clock set back before the miner's start makes its uptime huge."""
    simulator.miner.wall_step = -1001
    assert (await summary(simulator))["uptime"] == (2**64 - 1000) // 1000
    simulator.miner.wall_step = 3600
    assert (await summary(simulator))["uptime"] == 4600


@pytest.mark.parametrize("version", ["6.21.0", "6.22.1"])
async def test_zero_was_null(version: str, socket_enabled: None) -> None:
    """Before 6.22.2 a hashrate of zero and one that is unknown were both null."""
    async with Simulator(version=version, uptime=1000, clock=_Clock()) as simulator:
        assert await _hashrate(simulator) == [1720.0] * 3
        await rpc(simulator, "pause")
        simulator.advance(11)
        assert (await _hashrate(simulator))[0] is None
        await rpc(simulator, "stop")
        assert await _hashrate(simulator) == [None] * 3


# The process and the network around it


async def test_restart(simulator: Simulator) -> None:
    """A new process knows the config on the disk and nothing else."""
    await rpc(simulator, "pause")
    simulator.restart()
    shown = await summary(simulator)
    assert (shown["uptime"], shown["paused"]) == (0, False)
    assert shown["results"]["shares_total"] == 0
    assert shown["hashrate"]["highest"] is None


async def test_killed_before_it_applied(simulator: Simulator) -> None:
    """A miner killed after it took a config starts with it."""

    async def kill(request: Request) -> None:
        if request.method == "PUT":
            await simulator.kill()

    simulator.on_reply = kill
    document = await config(simulator) | {"print-time": 11}
    assert (await put(simulator, document)).status == 204
    with pytest.raises(ConnectionError):
        await summary(simulator)
    simulator.restart()
    assert (await config(simulator))["print-time"] == 11


async def test_offline(simulator: Simulator) -> None:
    """An unreachable miner continues mining, and returns on the same port."""
    port = simulator.port
    await simulator.go_offline()
    with pytest.raises(ConnectionError):
        await summary(simulator)
    simulator.advance(100)
    await simulator.go_online()
    assert simulator.port == port
    assert (await summary(simulator))["uptime"] == 1100


async def test_record(simulator: Simulator) -> None:
    """Every request is recorded with its status and body."""
    await rpc(simulator, "pause")
    await exchange(simulator, request("GET", "/nowhere"))
    first, second = simulator.requests
    assert (first.method, first.path, first.status) == ("POST", "/json_rpc", 200)
    assert json.loads(first.body)["method"] == "pause"
    assert second[:3] == ("GET", "/nowhere", 404)


async def test_share_hooks(simulator: Simulator) -> None:
    """Shares can be added."""
    before = (await summary(simulator))["results"]
    simulator.accept_share(actual=10**15)
    simulator.reject_share()
    after = (await summary(simulator))["results"]
    assert after["shares_good"] == before["shares_good"] + 1
    assert after["shares_total"] == before["shares_total"] + 2
    assert after["best"][0] == 10**15


# Faults


async def _json(simulator: Simulator, path: str) -> Any:
    return (await ask(simulator, request("GET", path))).json()


async def test_truncated(socket_enabled: None) -> None:
    """The text ends where a window is not full, with a length to match."""
    async with Simulator(uptime=100, clock=_Clock(), fault="truncated") as simulator:
        reply = await ask(simulator, request("GET", "/2/summary"))
        assert reply.body.endswith(b'"total": [1720.0, 1720.0, ')
        assert f"Content-Length: {len(reply.body)}" in reply.headers
        reply = await ask(simulator, request("GET", "/2/backends"))
        assert reply.body.endswith(b'"hashrate": [1720.0, 1720.0, ')
        # A config is complete
        assert await config(simulator) == simulator.config


@pytest.mark.parametrize("fault", ["hang", "close", "reset", "backends_hang"])
async def test_silence(simulator: Simulator, fault: str) -> None:
    """A request is received, but neither executed nor answered."""
    simulator.fault = fault
    data = PAUSE
    if fault == "backends_hang":
        await summary(simulator)
        data = request("GET", "/2/backends")
    await check_silence(simulator, data)
    assert not simulator.miner.is_paused


@pytest.mark.parametrize("fault", ["hang_after", "lost", "reset_after"])
async def test_silence_after_the_effect(simulator: Simulator, fault: str) -> None:
    """A command takes effect, but its reply is missing."""
    simulator.fault = fault
    await check_silence(simulator, PAUSE)
    assert simulator.miner.is_paused


async def check_silence(simulator: Simulator, data: bytes) -> None:
    """Check that a request gets no reply, as the fault defines."""
    assert simulator.fault
    before = len(simulator.requests)
    asking = asyncio.create_task(exchange(simulator, data))
    if "hang" in simulator.fault:
        while len(simulator.requests) == before:
            await asyncio.sleep(0.01)
        answered, _ = await asyncio.wait([asking], timeout=0.1)
        assert not answered
        asking.cancel()
    elif "reset" in simulator.fault:
        with pytest.raises(ConnectionResetError):
            await asking
    else:
        assert await asking == b""
    assert simulator.requests[-1].status == 0


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ("html", 200, b"<!DOCTYPE html>"),
        ("http_500", 500, b"Internal Server Error"),
        ("unauthorized", 401, b'{\n    "status": 401'),
        ("forbidden", 403, b'{\n    "status": 403'),
        ("router_401", 401, b"<!DOCTYPE html>"),
        ("router_403", 403, b"<!DOCTYPE html>"),
        ("backends_500", 500, b"Internal Server Error"),
        ("redirect", 302, b""),
        ("not_xmrig", 200, b'{\n    "name": "printer"'),
        ("huge", 200, b'{"id": "xxx'),
        ("invalid_utf8", 200, b'[{\n        "type": "\xff\xfe\xc3cuda'),
    ],
)
async def test_other_answer(
    simulator: Simulator, fault: str, status: int, start: bytes
) -> None:
    """Another device replies."""
    simulator.fault = fault
    reply = await ask(simulator, request("GET", "/2/backends"))
    assert reply.status == status
    assert reply.body.startswith(start.replace(b"cuda", b"cpu"))
    assert (len(reply.body) > 10 * 1024**2) is (fault == "huge")


async def test_strings_and_nulls(simulator: Simulator) -> None:
    """The document is complete, but its values have the wrong type."""
    right = await summary(simulator)
    simulator.fault = "strings"
    shown = await _json(simulator, "/2/summary")
    assert shown["uptime"] == str(right["uptime"])
    assert shown["hashrate"]["total"] == [str(v) for v in right["hashrate"]["total"]]
    assert shown["paused"] is False
    simulator.fault = "nulls"
    shown = await _json(simulator, "/2/summary")
    assert shown.keys() == right.keys()
    assert (shown["version"], shown["results"]["best"]) == (None, [None] * 10)


async def test_proxy(simulator: Simulator) -> None:
    """An xmrig-proxy has another kind and no backends."""
    simulator.fault = "proxy"
    assert (await _json(simulator, "/2/summary"))["kind"] == "proxy"
    assert (await ask(simulator, request("GET", "/2/backends"))).status == 404


async def test_writes_that_do_nothing(simulator: Simulator) -> None:
    """A config is rejected, or accepted but not applied."""
    document: Json = simulator.config | {"print-time": 11}
    for fault, status in (("refuse_put", 400), ("ignore_put", 204)):
        simulator.fail(fault)
        assert await summary(simulator)
        assert (await put(simulator, document)).status == status
        simulator.advance(1)
        assert simulator.disk["print-time"] == simulator.config["print-time"] == 60
    assert (await put(simulator, document)).status == 204
    simulator.advance(1)
    assert simulator.config == document


async def test_config_500(simulator: Simulator) -> None:
    """Only reading the config fails."""
    simulator.fault = "config_500"
    assert (await ask(simulator, request("GET", "/2/config"))).status == 500
    assert (await put(simulator, simulator.config)).status == 204
    await summary(simulator)


async def test_rpc_gap(simulator: Simulator) -> None:
    """The two copies arrive separately."""
    simulator.fault = "rpc_gap"
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    body = b'{"method": "pause", "id": 1}'
    writer.write(request("POST", "/json_rpc", body))
    (first,) = parse(await reader.read(65536))
    (second,) = parse(await reader.read())
    writer.close()
    assert first == second


async def test_only_the_nth_request_fails(simulator: Simulator) -> None:
    """All other requests succeed."""
    simulator.fail_next(2, "http_500")
    simulator.fail_next(4, "http_500")
    statuses = [
        (await ask(simulator, request("GET", path))).status
        for path in 3 * ("/2/summary", "/2/backends")
    ]
    assert statuses == [200, 500, 200, 500, 200, 200]


async def test_a_fault_that_does_not_fit_the_nth_request(simulator: Simulator) -> None:
    """Then no request fails, not even a later matching one."""
    simulator.fail_next(1, "backends_500")
    await summary(simulator)
    await get(simulator, "/2/backends")


async def test_cut(simulator: Simulator) -> None:
    """The connection ends before as many bytes came as were announced."""
    simulator.fault = "cut"
    body = await exchange(simulator, request("GET", "/2/summary"))
    head, _, half = body.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"Content-Length: (\d+)", head)
    assert len(half) == int(length) // 2
    document = json.dumps(simulator.config).encode()
    head = await exchange(simulator, request("PUT", "/2/config", document))
    assert head.startswith(b"HTTP/1.1 204")
    assert b"\r\n\r\n" not in head


@pytest.mark.parametrize("path", ["/2/summary", "/2/config"])
async def test_short(simulator: Simulator, path: str) -> None:
    """The JSON ends early, with a length to match."""
    simulator.fault = "short"
    reply = await ask(simulator, request("GET", path))
    assert f"Content-Length: {len(reply.body)}" in reply.headers
    with pytest.raises(ValueError):
        reply.json()


async def test_another_miner_answers(simulator: Simulator) -> None:
    """It has its own name and config, and executes the request instead."""
    right = await summary(simulator)
    document = await config(simulator)
    simulator.fault = "other_miner"
    shown = await summary(simulator)
    assert shown.keys() == right.keys()
    assert shown["id"] != right["id"]
    assert shown["worker_id"] != right["worker_id"]
    other = await config(simulator)
    assert other["pools"] != document["pools"]
    assert other["http"] == document["http"]
    await rpc(simulator, "pause")
    assert (await put(simulator, document)).status == 204
    simulator.fault = None
    assert (await summary(simulator))["paused"] is False
    assert simulator.disk == document


@pytest.mark.parametrize("fault", ["late_2", "late_7"])
@pytest.mark.parametrize("after", [False, True])
async def test_late(
    simulator: Simulator, fault: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command takes effect before or after the wait."""
    name = fault + after * "_after"
    wait = FAULTS[name].delay if after else FAULTS[name].delay_before
    assert str(int(wait)) in fault
    shorter = replace(FAULTS[name], delay=0.2 * after, delay_before=0.2 * (not after))
    monkeypatch.setitem(FAULTS, name, shorter)
    simulator.fault = name
    start = time.monotonic()
    pausing = asyncio.create_task(exchange(simulator, PAUSE))
    while not simulator.miner.is_paused:
        await asyncio.sleep(0.01)
    if after:
        assert not pausing.done()
    else:
        assert time.monotonic() - start >= 0.2
    assert len(parse(await pausing)) == 2
    assert time.monotonic() - start >= 0.2


async def test_slow(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is late."""
    monkeypatch.setitem(FAULTS, "slow", replace(FAULTS["slow"], delay=0.1))
    simulator.fault = "slow"
    start = time.monotonic()
    await summary(simulator)
    assert time.monotonic() - start >= 0.1


# The command


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help() -> None:
    """The help names every fault."""
    text = _run("-m", "simulator", "--help").stdout
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in FAULTS)


def test_stands_alone() -> None:
    """The simulator needs neither Home Assistant nor the integration."""
    script = (
        "import simulator, sys\n"
        "banned = {'homeassistant', 'custom_components', 'aiohttp'}\n"
        "sys.exit(bool(banned & {name.split('.')[0] for name in sys.modules}))"
    )
    assert _run("-c", script).returncode == 0


async def test_command(socket_enabled: None) -> None:
    """The command prints its address, replies, and ends on a signal."""
    start = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--port", "0", "--token", "s3cret", "--gpus", "1"),
        *("--uptime", "1000", "--version", "6.22.2", "--threads", "2", "--tls"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    match = re.fullmatch(r"Simulated XMRig 6\.22\.2 on https://(.*):(\d+)\n", line)
    assert match is not None
    reader, writer = await asyncio.open_connection(match[1], int(match[2]))
    writer.write(request("GET", "/2/summary"))
    shown = parse(await reader.read())[0].json()
    writer.close()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert 1000 <= shown["uptime"] <= 1000 + time.monotonic() - start
    assert shown["cpu"]["threads"] == 2
    assert shown["hashrate"]["total"] == [2 * 430.0 + 950.0] * 3
