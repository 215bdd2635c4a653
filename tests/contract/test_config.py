"""The config: how it is read, written, applied and kept."""

import copy
import json
import os
from typing import Any

import pytest

from simulator import rapidjson
from simulator.config import read_config
from simulator.hardware import Computer
from tests.targets import ALGORITHM, Json, Target

from .wire import (
    UNWATCHED,
    applied,
    apply,
    ask,
    config,
    cpu,
    exchange,
    put,
    request,
    rpc,
    summary,
)

# Every profile that XMRig would otherwise generate, depending on its computer
_PROFILES: Json = {
    "argon2": [0, 1],
    "cn": [[1, 0], [1, 1]],
    "cn-heavy": [[1, 0], [1, 1]],
    "cn-lite": [[1, 0], [1, 1]],
    "cn-pico": [[2, 0], [2, 1]],
    "cn/upx2": [[2, 0], [2, 1]],
    "ghostrider": [[8, 0], [8, 1]],
    "rx": [0, 1],
    "rx/wow": [0, 1],
    "cn-lite/0": False,
    "cn/0": False,
    "rx/arq": "rx/wow",
}
# Seconds until a config is applied
_DELAY = 0.5


async def _print_time(target: Target) -> Any:
    return (await config(target))["print-time"]


async def test_same_as_on_disk(target: Target) -> None:
    """The API returns the file, byte for byte."""
    assert (await put(target, await config(target))).status == 204
    reply = await ask(target, request("GET", "/2/config"))
    assert reply.body.decode() == target.read_disk()
    assert (await ask(target, request("GET", "/1/config"))).body == reply.body


async def test_written_at_start(target: Target) -> None:
    """The miner completes its file when it starts: profiles are generated."""
    assert json.loads(target.read_disk()) == await config(target)


async def test_applied_later(target: Target) -> None:
    """A config is on the disk at once, and applied half a second later."""
    document = await config(target)
    document["print-time"] = 11
    is_early = target.within(_DELAY)
    assert (await put(target, document)).status == 204
    assert json.loads(target.read_disk()) == document
    for seconds in (0, 0.35):
        await target.elapse(seconds)
        assert await _print_time(target) == 60 or not is_early()
    assert await target.after(0.3, lambda: applied(target)) == document


async def test_applied_at_once_without_watching(target: Target) -> None:
    """A miner that does not watch its file applies a config before it replies."""
    await target.restart(lambda document: document.update(watch=False))
    document = await config(target) | {"print-time": 11}
    assert (await put(target, document)).status == 204
    assert (await config(target))["print-time"] == 11
    assert json.loads(target.read_disk())["print-time"] == 11


async def test_written_regardless_of_autosave(target: Target) -> None:
    """A posted config is always written, regardless of `autosave`."""
    document = await config(target) | {"autosave": False}
    await apply(target, document)
    await apply(target, document | {"print-time": 12})
    assert json.loads(target.read_disk())["print-time"] == 12


async def test_two_writes(target: Target) -> None:
    """Of two writes within half a second, only the last one is applied."""
    document = await config(target)
    is_in_time = target.within(_DELAY)
    await put(target, document | {"print-time": 11})
    await target.elapse(0.3)
    is_early = target.within(_DELAY)
    await put(target, document | {"print-time": 12})
    before = [60] if is_in_time() else [60, 11]
    await target.elapse(0.35)
    assert await _print_time(target) in before or not is_early()
    assert (await target.after(0.25, lambda: applied(target)))["print-time"] == 12


async def test_edited_file(target: Target) -> None:
    """An edited file is applied and left as it was written."""
    document = await config(target)
    text = "// by hand\n" + json.dumps(document | {"print-time": 13, "mine": 1})
    target.write_disk(text)

    async def is_applied() -> bool:
        return bool(await config(target) == document | {"print-time": 13})

    await target.after(0.7, is_applied)
    assert target.read_disk() == text
    target.write_disk("{")
    await target.elapse(0.7)
    assert await _print_time(target) == 13


@UNWATCHED
async def test_whole(target: Target) -> None:
    """A config replaces the previous one: omitted values are reset to defaults."""
    document = await config(target)
    await apply(target, document | {"print-time": 11, "pause-on-battery": True})
    kept = ("http", "pools")
    applied = await apply(target, {key: document[key] for key in kept})
    assert list(applied) == list(document)
    assert {key: applied[key] for key in kept} == {key: document[key] for key in kept}
    assert (applied["print-time"], applied["pause-on-battery"]) == (60, False)
    assert (applied["retries"], applied["cpu"]["huge-pages"]) == (5, True)


async def test_lenient(target: Target) -> None:
    """Comments, trailing commas and unknown keys are accepted, but not kept."""
    document = await config(target)
    text = json.dumps(document | {"print-time": 14})[:-1].replace(
        '"retries"', '/* tries */ "unknown": [], "retries"'
    )
    assert await apply(target, f"{text},}} // the end".encode()) == document | {
        "print-time": 14
    }


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pools": []}, id="no pools"),
        pytest.param({"pools": [{"url": "a:1", "enabled": False}]}, id="pool disabled"),
        pytest.param({"pools": [{"user": "a"}]}, id="pool without URL"),
        pytest.param({"pools": {}}, id="pools no list"),
    ],
)
async def test_refused(target: Target, change: Json) -> None:
    """A config without a usable pool is rejected and changes nothing."""
    document, disk = await config(target), target.read_disk()
    assert (await put(target, document | change)).status == 400
    await target.elapse(0.6)
    assert await config(target) == document
    assert target.read_disk() == disk


@UNWATCHED
@pytest.mark.parametrize(
    ("profile", "shown", "threads"),
    [
        ([[1, 0], [2, 3]], None, [(1, 0), (2, 3)]),
        ([1], None, [(1, 1)]),
        ([0, -1], None, [(1, 0), (1, -1)]),
        ([[0, 1]], [1], [(1, 1)]),
        ([[1, 0, 7]], [[1, 0]], [(1, 0)]),
        ([[5, 0]], None, [(5, 0)]),
        ([[6, 0]], None, [(5, 0)]),
        ([[1, 0], [9, 0]], [[1, 0]], [(1, 0)]),
        (["a", None], [-1, -1], [(1, -1), (1, -1)]),
        (
            {"intensity": 2, "threads": 2, "affinity": -1},
            None,
            [(2, -1), (2, -1)],
        ),
        (
            {"threads": 2, "affinity": "0x2"},
            {"intensity": 1, "threads": 2, "affinity": 2},
            [(1, 1), (1, -1)],
        ),
        (
            {"intensity": 9, "threads": 1},
            {"intensity": 1, "threads": 1, "affinity": -1},
            [(1, -1)],
        ),
    ],
)
async def test_profile(
    target: Target, profile: Any, shown: Any, threads: list[tuple[int, int]]
) -> None:
    """A profile is printed in the form it was written in, and runs those threads."""
    document = await config(target)
    document["cpu"][ALGORITHM] = profile
    applied = await apply(target, document)
    assert applied["cpu"][ALGORITHM] == (shown or profile)
    running = (await cpu(target))["threads"]
    assert [(t["intensity"], t["affinity"]) for t in running] == threads


@UNWATCHED
@pytest.mark.parametrize(
    ("change", "profile", "threads"),
    [
        ({ALGORITHM: "cn/upx2"}, "cn/upx2", 2),
        # Threads that would be the same go on under the name they started with
        ({ALGORITHM: "rx"}, ALGORITHM, 2),
        ({"cn-pico/tlo": "cn"}, ALGORITHM, 2),
        ({ALGORITHM: False}, None, 0),
        ({ALGORITHM: "nowhere"}, None, 0),
        ({ALGORITHM: [], "*": [0]}, "*", 1),
    ],
)
async def test_profile_chosen(
    target: Target, change: Json, profile: str | None, threads: int
) -> None:
    """The algorithm's own list counts before an alias and before "*"."""
    document = await config(target)
    document["cpu"] |= {"rx": [0, 1], "cn/upx2": [[2, 0], [2, 1]], **change}
    await apply(target, document)
    backend = await cpu(target)
    assert (backend["enabled"], backend["profile"]) == (True, profile)
    assert len(backend.get("threads", [])) == threads


@UNWATCHED
async def test_profiles_made(target: Target) -> None:
    """A missing or empty list is generated again, at full length."""
    document = await config(target)
    document["cpu"][ALGORITHM] = []
    del document["cpu"]["cn"]
    applied = (await apply(target, document))["cpu"]
    assert applied[ALGORITHM]
    assert applied["cn"]
    assert all(intensity == 2 for intensity, _ in applied[ALGORITHM])


@UNWATCHED
async def test_hint(target: Target) -> None:
    """max-threads-hint is used only without any profile, and is then not shown."""
    document = await config(target)
    bare = {k: v for k, v in document["cpu"].items() if k not in _PROFILES}
    assert "max-threads-hint" not in bare
    beside = document | {"cpu": document["cpu"] | {"max-threads-hint": 1}}
    assert await apply(target, beside) == document
    document["cpu"] = bare | {"max-threads-hint": 1}
    applied = await apply(target, document)
    assert "max-threads-hint" not in applied["cpu"]
    assert len(applied["cpu"][ALGORITHM]) == 1
    document["cpu"] = bare | {"enabled": False, "max-threads-hint": 40}
    applied = await apply(target, document)
    assert applied["cpu"] == document["cpu"]


_CPU_CASES: dict[str, Json] = {
    "all of it": {
        "huge-pages": 1024,
        "huge-pages-jit": True,
        "hw-aes": False,
        "priority": 3,
        "memory-pool": 7,
        "yield": False,
        "asm": "intel",
        "argon2-impl": "SSE2",
        "unknown": 1,
    },
    "out of range": {
        "enabled": 1,
        "huge-pages": 1048576,
        "hw-aes": "x",
        "priority": 9,
        "memory-pool": -3,
        "asm": "nonsense",
    },
    "other spellings": {"huge-pages": 2048, "priority": -1, "asm": "none"},
    "off": {"enabled": False, "huge-pages": 0, "asm": False, "memory-pool": True},
    "lists": {
        "rx": [[1, 0], [2, 3]],
        "cn": {"threads": 3, "affinity": "3"},
        "custom": [1, 0],
        "CN/UPX2": [1],
    },
    "aliases": {"rx/0": "rx", "cn/1": "cn-lite", "rx/wow": False, "rx/arq": "none"},
    "odd names": {
        "bogus": False,
        "randomx/0": "rx",
        "CN-PICO/TLO": "cn",
        "kawpow": "rx",
    },
}
_OTHER_CASES: dict[str, Json] = {
    "switches": {
        "title": "rig",
        "verbose": True,
        "syslog": 1,
        "dmi": False,
        "health-print-time": -1,
        "print-time": 99999,
        "pause-on-active": 30,
        "pause-on-battery": True,
    },
    "odd values": {
        "title": False,
        "verbose": 2,
        "pause-on-active": 60,
        "retries": 0,
        "retry-pause": 3601,
        "donate-over-proxy": 5,
        "user-agent": "mine",
    },
    "randomx": {
        "randomx": {"mode": "FAST", "numa": [0], "init": 2, "wrmsr": False, "rdmsr": 0}
    },
    "light": {"randomx": {"mode": "light", "scratchpad_prefetch_mode": 2}},
    "dns": {"dns": {"ip_version": 5, "ipv6": True, "ttl": 0}},
    "gpus off": {
        "opencl": {"platform": 1, "cache": False, "adl": False, "loader": "/x"},
        "cuda": {"nvml": "/x", "bfactor-hint": 6},
    },
    "gpus that are not there": {"opencl": True, "cuda": {"enabled": True}},
}
_POOL_CASES: dict[str, Json] = {
    "names": {"algo": "RandomX", "coin": "Monero", "rig-id": "r", "keepalive": 30},
    "TLS": {"url": "stratum+ssl://h.example.org:1", "sni": True, "pass": None},
    "nicehash": {"url": "stratum.nicehash.com:1", "tls": True, "keepalive": 60},
    "daemon": {"daemon": True, "daemon-poll-interval": 50, "coin": "none"},
    "self-select": {
        "self-select": "127.0.0.1:2",
        "submit-to-origin": True,
        "spend-secret-key": "secret",
        "socks5": 9050,
    },
    "IPv6": {"url": "[::1]:5", "socks5": "127.0.0.1:9", "algo": "nothing"},
    "no port": {"url": "pool", "nicehash": True, "keepalive": -1},
    "unusable": {"url": "http://x"},
}


@pytest.mark.parametrize("case", [*_CPU_CASES, *_OTHER_CASES, *_POOL_CASES])
async def test_printed(target: Target, case: str) -> None:
    """A config is printed as the simulator prints it, byte for byte."""
    document: Json = copy.deepcopy(await config(target))
    document["cpu"] = {"enabled": True, **_PROFILES, **_CPU_CASES.get(case, {})}
    document |= _OTHER_CASES.get(case, {})
    extra = _POOL_CASES.get(case)
    if extra:
        document["pools"].append({"url": "127.0.0.1:1", **extra, "enabled": False})
    assert (await put(target, document)).status == 204
    computer = Computer(threads=os.cpu_count() or 1)
    expected = read_config(document, computer, target.version_info, {"colors": False})
    assert target.read_disk() == rapidjson.dumps(expected)


async def test_read_only_for_good(target: Target) -> None:
    """Once restricted, the API cannot remove the restriction."""
    document = await config(target)
    document["http"]["restricted"] = True
    assert (await put(target, document)).status == 204

    async def is_restricted() -> bool:
        return bool((await summary(target))["restricted"])

    async def is_open() -> bool:
        return not await is_restricted()

    await target.after(0.6, is_restricted)
    document["http"]["restricted"] = False
    assert (await put(target, document)).status == 403
    target.edit_config(lambda document: document["http"].update(restricted=False))
    await target.after(0.7, is_open)


async def test_token_changed(target: Target) -> None:
    """A new token is valid once the config is applied."""
    document = await config(target)
    document["http"]["access-token"] = "other"
    is_early = target.within(_DELAY)
    assert (await put(target, document)).status == 204

    async def is_refused() -> bool:
        return (await ask(target, request("GET", "/2/summary"))).status == 403

    assert not (await is_refused() and is_early())
    await target.after(0.6, is_refused)
    target.token = "other"
    assert await config(target) == document


async def test_api_switched_off(target: Target) -> None:
    """A config without the http object turns the API off."""
    document = await config(target)
    del document["http"]
    is_early = target.within(_DELAY)
    assert (await put(target, document)).status == 204

    async def is_off() -> bool:
        try:
            return await exchange(target, request("GET", "/2/summary")) == b""
        except ConnectionError:
            return True

    assert not (await is_off() and is_early())
    await target.after(0.7, is_off)
    assert json.loads(target.read_disk())["http"] == {
        "enabled": False,
        "host": "127.0.0.1",
        "port": 0,
        "access-token": None,
        "restricted": True,
    }


@UNWATCHED
async def test_names(target: Target) -> None:
    """The worker ID and ID change with the config."""
    document = await config(target)
    document["api"] = {"id": "a" * 40, "worker-id": "other"}
    await apply(target, document)
    shown = await summary(target)
    assert (shown["id"], shown["worker_id"]) == ("a" * 31, "other")


@UNWATCHED
async def test_while_paused(target: Target) -> None:
    """A config written while paused leaves the miner paused."""
    await rpc(target, "pause")
    document = await config(target)
    document["cpu"][ALGORITHM] = [[1, 0]]
    await apply(target, document)
    assert (await summary(target))["paused"] is True
    assert len((await cpu(target))["threads"]) == 1
