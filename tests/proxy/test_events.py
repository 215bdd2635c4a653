"""Events of a proxy: its workers come and go, and so does its pool."""

from typing import Any

from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.xmrig_miner.api.models import Workers
from simulator import StratumMiner

from .conftest import ProxyRig

WALLET = "4" + "A1b2C3d4E5" * 9 + "wxyz"
MINUTE = 6
"""Polls."""


@pytest.fixture
async def events(running_proxy: ProxyRig) -> list[dict[str, Any]]:
    """Return the attributes of all events from now on."""
    found: list[dict[str, Any]] = []

    @callback
    def collect(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state:
            facts = dict(state.attributes)
            for key in ("event_types", "friendly_name"):
                facts.pop(key, None)
            found.append(facts)

    async_track_state_change_event(
        running_proxy.hass, running_proxy.entity_id("event.activity"), collect
    )
    return found


async def test_a_worker_comes_and_goes(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """It is gone once it is offline at two readings, which are a minute apart."""
    proxy = running_proxy.simulator
    await running_proxy.poll(2 * MINUTE)
    assert events == []
    miner = StratumMiner("garage")
    proxy.connect(miner)
    await running_proxy.poll(MINUTE)
    assert events == [
        {"event_type": "worker_appeared", "count": 1, "workers": ["garage"]}
    ]
    events.clear()
    proxy.disconnect(miner)
    await running_proxy.poll(MINUTE)
    assert events == []
    await running_proxy.poll(MINUTE)
    assert events == [{"event_type": "worker_gone", "count": 1, "workers": ["garage"]}]
    events.clear()
    proxy.connect(miner)
    await running_proxy.poll(MINUTE)
    assert events == [
        {"event_type": "worker_returned", "count": 1, "workers": ["garage"]}
    ]


async def test_a_short_break_is_no_event(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """A miner that reconnects is not gone."""
    proxy = running_proxy.simulator
    miner = proxy.miners[0]
    for _ in range(3):
        proxy.disconnect(miner)
        await running_proxy.poll(MINUTE)
        proxy.connect(miner)
        await running_proxy.poll(MINUTE)
    assert events == []


async def test_a_pool_that_is_lost(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """And one that is back."""
    proxy = running_proxy.simulator
    for pool in proxy.config["pools"]:
        proxy.set_pool_reachable(pool["url"], False)
    await running_proxy.poll(3)
    assert events == [{"event_type": "pool_lost", "miners": 2}]
    for pool in proxy.config["pools"]:
        proxy.set_pool_reachable(pool["url"], True)
    await running_proxy.poll(3)
    assert events[1:] == [{"event_type": "pool_back", "miners": 2}]


async def test_a_restart_is_one_event(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """All workers reconnect, which is no event of its own."""
    running_proxy.simulator.restart()
    await running_proxy.poll(3 * MINUTE)
    assert [event["event_type"] for event in events] == ["restarted"]
    assert events[0]["version"] == "6.26.0"


async def test_other_names_are_other_workers(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """A changed mode is no event of each of them."""
    running_proxy.simulator.edit_config(
        lambda config: config.update({"workers": "agent"})
    )
    await running_proxy.poll(3 * MINUTE)
    assert events == [{"event_type": "config_changed", "paths": ["workers"]}]


@pytest.mark.parametrize("options", [{"config": {"workers": "password"}}])
async def test_passwords_are_not_in_events(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """Only how many."""
    running_proxy.simulator.connect(StratumMiner("x", password="hunter2"))
    await running_proxy.poll(MINUTE)
    assert events == [{"event_type": "worker_appeared", "count": 1}]


async def test_wallets_are_masked_in_events(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """A miner without a rig ID is named by its wallet."""
    running_proxy.simulator.connect(StratumMiner(None, user=WALLET))
    await running_proxy.poll(MINUTE)
    assert events == [
        {"event_type": "worker_appeared", "count": 1, "workers": ["…wxyz"]}
    ]


async def test_an_event_names_fifty_workers(
    running_proxy: ProxyRig, events: list[dict[str, Any]]
) -> None:
    """And says how many there were."""
    for number in range(120):
        running_proxy.simulator.connect(StratumMiner(f"rig-{number:03}"))
    await running_proxy.poll(MINUTE)
    [event] = events
    assert event["count"] == 120
    assert event["workers"] == [f"rig-{number:03}" for number in range(50)]


@pytest.mark.parametrize(
    ("mode", "name", "shown"),
    [
        ("rig_id", "attic", "attic"),
        ("rig_id", WALLET, "…wxyz"),
        ("rig_id", f"{WALLET}.attic", "…ttic"),
        ("user", WALLET, "…wxyz"),
        ("user", "alice.attic", "**REDACTED**"),
        ("password", "hunter2", "**REDACTED**"),
        ("password", WALLET, "**REDACTED**"),
        ("something", WALLET, "**REDACTED**"),
        ("agent", "XMRig/6.26.0 (Linux x86_64)", "XMRig/6.26.0 (Linux x86_64)"),
        ("ip", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_shown_names(mode: str, name: str, shown: str) -> None:
    """Names that may be secrets are hidden."""
    workers = Workers.from_json({"mode": mode, "workers": [[name]]})
    assert workers.shown_name(name) == shown
