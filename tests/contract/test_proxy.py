"""What xmrig-proxy's API does, seen on the real one and on the simulated one."""

from collections.abc import AsyncGenerator, Callable
import json
from pathlib import Path
from typing import Any

import pytest

from tests.targets import DIFFICULTY, Json

from .proxies import PROXIES, TICK, TOKEN, ProxyTarget, open_proxy
from .test_captures import order, shape
from .test_proxy_captures import CAPTURES, REQUESTS
from .wire import CORS, Reply, ask, exchange, get, parse, request


def restrict(document: Json) -> None:
    """Make the API of a proxy read-only from its start on."""
    document["http"]["restricted"] = True


@pytest.fixture
def start_change() -> Callable[[Json], object]:
    """Return a function that changes the config that the proxy starts with."""
    return lambda _: None


@pytest.fixture(params=PROXIES)
async def proxy(
    request: pytest.FixtureRequest,
    start_change: Callable[[Json], object],
    tmp_path: Path,
    socket_enabled: None,
) -> AsyncGenerator[ProxyTarget]:
    """Return a proxy that has just been started."""
    async with open_proxy(request.param, tmp_path, start_change) as target:
        yield target


async def call(
    proxy: ProxyTarget, method: str, path: str, body: bytes | None = None
) -> Reply:
    """Send a request with the token, and return the reply."""
    return await ask(proxy, request(method, path, body, token=TOKEN))


async def rows(proxy: ProxyTarget) -> dict[str, list[Any]]:
    """Return the rows of the workers by their names."""
    return {row[0]: row for row in (await get(proxy, "/1/workers"))["workers"]}


async def has(proxy: ProxyTarget, **values: Any) -> bool:
    """Return whether parts of the summary have these members."""
    summary = await get(proxy, "/2/summary")
    return all(
        summary[name] | value == summary[name]
        if isinstance(value, dict)
        else (summary[name] == value)
        for name, value in values.items()
    )


async def connect(proxy: ProxyTarget) -> None:
    """Wait until the proxy is connected to its pool."""
    await proxy.eventually(lambda: has(proxy, upstreams={"active": 1, "error": 0}))


async def change_config(proxy: ProxyTarget, **changes: Any) -> Json:
    """Change the config, and return it as it then reads."""
    document = await get(proxy, "/2/config") | changes
    body = json.dumps(document).encode()
    assert (await call(proxy, "PUT", "/2/config", body)).status == 204
    await proxy.elapse(0.8)
    found: Json = await get(proxy, "/2/config")
    return found


async def test_documents_have_the_recorded_form(proxy: ProxyTarget) -> None:
    """With the same keys in the same order, and values of the same types."""
    await proxy.log_in("one", "rig-a")
    await connect(proxy)
    await proxy.share("one")
    await proxy.elapse(TICK)
    for path, name in (
        ("/1/summary", "summary"),
        ("/1/workers", "workers"),
        ("/1/config", "config"),
    ):
        text = (CAPTURES / "one_miner" / f"{name}.json").read_text(encoding="utf-8")
        captured, found = json.loads(text), await get(proxy, path)
        if name == "config":
            # The number and the settings of pools and ports differ
            for document in (captured, found):
                del document["pools"], document["bind"], document["tls"]
            assert found.keys() == captured.keys()
            continue
        assert order(found) == order(captured), name
        assert shape(found) == shape(captured), name


async def test_paths(proxy: ProxyTarget) -> None:
    """The second version of the API has a summary and a config only."""
    for path in ("/1/summary", "/2/summary", "/api.json", "/1/workers", "/2/config"):
        reply = await call(proxy, "GET", path)
        assert (reply.status, reply.headers[:3]) == (200, CORS), path
    for path in ("/2/workers", "/2/backends", "/1/threads", "/", "/1/summary/"):
        assert (await call(proxy, "GET", path)).status == 404, path
    for method in ("DELETE", "PUT", "POST"):
        assert (await call(proxy, method, "/1/workers", b"{}")).status == 404


async def test_refusals_are_the_recorded_ones(proxy: ProxyTarget) -> None:
    """The statuses and the bodies; commands are unknown, and answered twice."""
    path = CAPTURES / "no_pool" / "errors.json"
    captured = json.loads(path.read_text(encoding="utf-8"))
    for name, data in REQUESTS.items():
        replies = parse(await exchange(proxy, data))
        assert len(replies) == (2 if name.startswith("rpc") else 1), name
        shown = (replies[0].status, replies[0].body.decode())
        assert shown == (captured[name]["status"], captured[name]["body"]), name


async def test_workers_come_and_go(proxy: ProxyTarget) -> None:
    """A row stays after its miner, and goes on when that is back."""
    await connect(proxy)
    assert await has(proxy, workers=0, miners={"now": 0, "max": 0})
    await proxy.log_in("one", "rig-a")
    await proxy.eventually(lambda: has(proxy, workers=1, miners={"now": 1, "max": 1}))
    await proxy.share("one")
    await proxy.share("one")
    row = (await rows(proxy))["rig-a"]
    assert row[:7] == ["rig-a", "127.0.0.1", 1, 2, 0, 0, 2 * DIFFICULTY]
    assert row[7] > 0
    await proxy.leave("one")
    await proxy.eventually(lambda: has(proxy, workers=1, miners={"now": 0, "max": 1}))
    assert (await rows(proxy))["rig-a"][2:6] == [0, 2, 0, 0]
    await proxy.log_in("one", "rig-a")
    await proxy.share("one")
    assert (await rows(proxy))["rig-a"][2:6] == [1, 3, 0, 0]
    await proxy.eventually(lambda: has(proxy, results={"accepted": 3}))


async def test_names_of_workers(proxy: ProxyTarget) -> None:
    """The rig ID, else the user; miners of one name are one worker."""
    await proxy.log_in("one", "rig-a")
    await proxy.log_in("two", "rig-a", "WALLETB")
    await proxy.log_in("three", None, "WALLETC")
    found = await rows(proxy)
    assert {name: row[2] for name, row in found.items()} == {"rig-a": 2, "WALLETC": 1}


async def test_a_hashrate_is_divided_by_the_whole_window(proxy: ProxyTarget) -> None:
    """However long the worker has mined; in kH/s, rounded down."""
    await connect(proxy)
    await proxy.log_in("one", "rig-a")
    for _ in range(7000 // DIFFICULTY):
        await proxy.share("one")

    async def is_counted() -> bool:
        return bool((await rows(proxy))["rig-a"][8])

    await proxy.eventually(is_counted)
    # 7,000 hashes in a minute, in ten minutes, in an hour and more
    assert (await rows(proxy))["rig-a"][8:] == [0.11, 0.01, 0, 0, 0]


async def test_the_pool_is_lost_and_back(proxy: ProxyTarget) -> None:
    """Miners stay connected, and their shares are invalid."""
    await connect(proxy)
    await proxy.log_in("one", "rig-a")
    for index in range(2):
        await proxy.set_pool(index, alive=False)
    await proxy.eventually(lambda: has(proxy, upstreams={"active": 0, "error": 1}))
    await proxy.share("one")
    await proxy.eventually(
        lambda: has(proxy, miners={"now": 1, "max": 1}, results={"invalid": 1})
    )
    assert (await rows(proxy))["rig-a"][3:6] == [0, 0, 1]
    for index in range(2):
        await proxy.set_pool(index, alive=True)
    await proxy.eventually(
        lambda: has(proxy, upstreams={"active": 1, "error": 0}), timeout=40
    )
    await proxy.share("one")
    await proxy.eventually(lambda: has(proxy, results={"accepted": 1, "invalid": 1}))


async def test_the_pool_rejects_a_share(proxy: ProxyTarget) -> None:
    """It counts for the proxy and for the worker."""
    await connect(proxy)
    await proxy.log_in("one", "rig-a")
    await proxy.reject_share()
    await proxy.share("one")
    await proxy.eventually(lambda: has(proxy, results={"rejected": 1, "accepted": 0}))
    assert (await rows(proxy))["rig-a"][3:6] == [0, 1, 0]


async def test_workers_are_named_by_something_else(proxy: ProxyTarget) -> None:
    """All begin again, under other names; an unknown one is the rig ID."""
    await connect(proxy)
    await proxy.log_in("one", "rig-a")
    await proxy.share("one")
    for value, mode, name in (
        ("user", "user", "WALLETA"),
        ("password", "password", "pa"),
        ("ip", "ip", "127.0.0.1"),
        ("nonsense", "rig_id", "rig-a"),
    ):
        await change_config(proxy, workers=value)
        shown = await get(proxy, "/1/workers")
        assert shown["mode"] == mode
        assert [row[:4] for row in shown["workers"]] == [[name, "127.0.0.1", 1, 0]]
    await change_config(proxy, workers=False)
    shown = await get(proxy, "/1/workers")
    assert (shown["mode"], shown["workers"]) == ("none", [])
    assert await has(proxy, workers=0)


async def test_a_restart(proxy: ProxyTarget) -> None:
    """There are no rows, and all counters begin again."""
    await connect(proxy)
    await proxy.log_in("one", "rig-a")
    await proxy.share("one")
    await proxy.eventually(lambda: has(proxy, results={"accepted": 1}))
    before = await get(proxy, "/2/summary")
    await proxy.restart()
    summary = await get(proxy, "/2/summary")
    assert summary["uptime"] <= before["uptime"]
    assert summary["id"] == before["id"]
    assert (summary["workers"], summary["results"]["accepted"]) == (0, 0)
    assert not await rows(proxy)


async def test_a_config_is_written(proxy: ProxyTarget) -> None:
    """It shows, and is in the file; one that the proxy refuses changes nothing."""
    config = await change_config(proxy, **{"custom-diff": 5000, "unknown-key": 1})
    assert config["custom-diff"] == 5000
    assert "unknown-key" not in config
    assert json.loads(proxy.read_disk())["custom-diff"] == 5000
    before = proxy.read_disk()
    for body in (b"{}", b"[]", b'{"pools": []}', b"nope"):
        reply = await call(proxy, "PUT", "/2/config", body)
        assert reply.status == 400
    assert await get(proxy, "/2/config") == config
    assert proxy.read_disk() == before


@pytest.mark.parametrize("start_change", [restrict], ids=[""])
async def test_read_only(proxy: ProxyTarget) -> None:
    """Workers can be read, the config cannot."""
    await proxy.log_in("one", "rig-a")
    assert list(await rows(proxy)) == ["rig-a"]
    assert (await call(proxy, "GET", "/2/config")).status == 403
    body = b'{"pools": [{"url": "127.0.0.1:1"}]}'
    assert (await call(proxy, "PUT", "/2/config", body)).status == 403
    assert (await ask(proxy, request("GET", "/2/summary", token=None))).status == 401
