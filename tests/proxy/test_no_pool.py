"""A proxy without a pool: its repair names the miners that mine through it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.xmrig_miner.api.models import Config, Summary
from custom_components.xmrig_miner.proxy.members import ProxyPlace, ports_of
from simulator import ProxySimulator, Simulator
from tests.common import entry_for
from tests.fixing import issues

from .conftest import ProxyRig


def pool(url: str) -> dict[str, Any]:
    """Return a pool of a miner."""
    return {"url": url, "user": "WALLET", "pass": "x"}


def let_pools_answer(proxy: ProxySimulator, reachable: bool) -> None:
    """Make all pools of a proxy reachable or unreachable."""
    for item in proxy.config["pools"]:
        proxy.set_pool_reachable(item["url"], reachable)


@pytest.fixture
async def behind(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> AsyncGenerator[list[Simulator]]:
    """Set up miners of which two mine through the proxy."""
    places = {
        "garage": "127.0.0.1:3333",
        # Behind a router, under the name of a worker that is online
        "attic": "gateway.example.org:3333",
        "cellar": "gateway.example.org:4444",
        "office": "pool.example.org:3333",
    }
    async with AsyncExitStack() as stack:
        found = []
        for name, url in places.items():
            simulator = Simulator(worker_id=name, uptime=1000, pools=[pool(url)])
            await stack.enter_async_context(simulator)
            entry = entry_for(simulator)
            entry.add_to_hass(hass)
            assert await hass.config_entries.async_setup(entry.entry_id)
            found.append(simulator)
        yield found


async def test_a_proxy_without_a_pool_names_its_miners(
    hass: HomeAssistant, running_proxy: ProxyRig, behind: list[Simulator]
) -> None:
    """They cannot know: they mine on and show no error."""
    proxy = running_proxy.simulator
    let_pools_answer(proxy, False)
    await running_proxy.poll(5)
    assert not issues(hass)
    await running_proxy.poll(3)
    [issue] = issues(hass).values()
    assert issue.translation_key == "proxy_no_pool"
    assert not issue.is_fixable
    assert issue.translation_placeholders == {
        "name": "proxy-one",
        "count": "2",
        "miners": "attic, garage",
    }
    let_pools_answer(proxy, True)
    await running_proxy.poll(2)
    assert not issues(hass)


async def test_a_proxy_whose_miners_are_unknown(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """It says how many there are."""
    let_pools_answer(running_proxy.simulator, False)
    await running_proxy.poll(8)
    [issue] = issues(hass).values()
    assert issue.translation_placeholders == {
        "name": "proxy-one",
        "count": "2",
        "miners": "-",
    }
    await hass.config_entries.async_unload(running_proxy.entry.entry_id)
    assert not issues(hass)


async def test_a_short_interruption_is_none(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """Each starts counting again."""
    for _ in range(3):
        let_pools_answer(running_proxy.simulator, False)
        await running_proxy.poll(4)
        let_pools_answer(running_proxy.simulator, True)
        await running_proxy.poll(2)
        assert not issues(hass)


def miner(pool: str | None, ip: str | None = None, *, connected: int = 60) -> Summary:
    """Return the summary of a miner named "attic"."""
    connection = {"pool": pool, "ip": ip, "uptime": connected, "uptime_ms": connected}
    return Summary.from_json(
        {"id": "1", "worker_id": "attic", "kind": "miner", "connection": connection}
    )


PLACE = ProxyPlace(
    host="192.0.2.9", ports=frozenset({3333, 4444}), workers=frozenset({"attic"})
)
NAMELESS = ProxyPlace(host="192.0.2.9", ports=frozenset({3333}))
UNREAD = ProxyPlace(host="192.0.2.9", workers=frozenset({"attic"}))


@pytest.mark.parametrize(
    ("place", "summary", "is_behind"),
    [
        (NAMELESS, miner("192.0.2.9:3333"), True),
        (NAMELESS, miner("192.0.2.9:4444"), False),
        (NAMELESS, miner("proxy.lan:3333", "192.0.2.9"), True),
        (NAMELESS, miner("proxy.lan:3333", "192.0.2.8"), False),
        (NAMELESS, miner("127.0.0.1:3333", "127.0.0.1"), False),
        (NAMELESS, miner("192.0.2.9:3333", connected=0), False),
        (NAMELESS, miner(None), False),
        (ProxyPlace(host="192.0.2.9", ports=frozenset({1})), miner("192.0.2.9"), False),
        (PLACE, miner("gateway.lan:4444", "203.0.113.1"), True),
        (PLACE, miner("gateway.lan:5555", "203.0.113.1"), False),
        # Of a read-only proxy the ports are unknown, so that only its address tells
        (UNREAD, miner("192.0.2.9:9999"), True),
        (UNREAD, miner("gateway.lan:3333"), False),
        (UNREAD, miner(None, "192.0.2.9"), False),
    ],
)
def test_which_miners_are_behind_it(
    place: ProxyPlace, summary: Summary, is_behind: bool
) -> None:
    """By their pool, or by its port and the name of a worker."""
    assert place.has_miner("192.0.2.1", summary) is is_behind


def test_a_miner_on_the_same_computer() -> None:
    """It reaches the proxy over loopback."""
    summary = miner("localhost:3333", "127.0.0.1")
    assert NAMELESS.has_miner("192.0.2.9", summary)
    assert not NAMELESS.has_miner("192.0.2.1", summary)
    assert not NAMELESS.has_miner("192.0.2.9", miner("localhost:3333"))


@pytest.mark.parametrize(
    ("bind", "ports"),
    [
        ([{"host": "0.0.0.0", "port": 3333}, {"port": 4444}], {3333, 4444}),
        ([{"host": "0.0.0.0"}, "0.0.0.0:1", None, {"port": "x"}, {"port": 0}], set()),
        (None, set()),
    ],
)
def test_ports(bind: Any, ports: set[int]) -> None:
    """Those that can be read."""
    assert ports_of(Config({"bind": bind})) == frozenset(ports)
    assert ports_of(None) is None
