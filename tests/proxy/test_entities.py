"""The entities of a proxy, and when its workers are read."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.kinds import MANAGER_ID, EntryKind
from simulator import Simulator, StratumMiner
from tests.common import ALWAYS_AVAILABLE, Rig, entry_for

from .conftest import ProxyRig

DEFAULT = {
    "event.activity",
    "select.pool",
    "binary_sensor.pool_connected",
    "sensor.hashrate_10m",
    "sensor.miners",
    "sensor.shares_accepted",
    "sensor.shares_expired",
    "sensor.shares_invalid",
    "sensor.shares_rejected",
    "sensor.status",
    "sensor.upstreams_active",
    "sensor.upstreams_error",
    "sensor.uptime",
    "sensor.workers_online",
}


async def test_entities_that_are_enabled(running_proxy: ProxyRig) -> None:
    """Others are for the curious."""
    assert running_proxy.states.keys() == DEFAULT


async def test_no_control_exists_that_a_proxy_cannot_perform(
    running_proxy: ProxyRig,
) -> None:
    """It cannot command its miners."""
    platforms = {name.partition(".")[0] for name in running_proxy.entities}
    assert not platforms & {"switch", "number"}


async def test_what_happens_to_its_miners_and_its_pool(
    running_proxy: ProxyRig,
) -> None:
    """States follow."""
    rig, proxy = running_proxy, running_proxy.simulator
    assert rig.state("sensor.status") == "mining"
    assert rig.state("binary_sensor.pool_connected") == "on"
    assert rig.state("sensor.miners") == rig.state("sensor.workers_online") == "2"
    # 750 H/s, in steps of 10 and of whole shares
    assert 0.7 <= float(rig.state("sensor.hashrate_10m")) <= 0.75
    for pool in proxy.config["pools"]:
        proxy.set_pool_reachable(pool["url"], False)
    await rig.poll()
    assert rig.state("sensor.status") == "no_pool"
    assert rig.state("binary_sensor.pool_connected") == "off"
    assert rig.state("sensor.upstreams_error") == "1"
    # Its miners do not know, and their shares count as invalid
    await rig.poll(2)
    assert rig.state("sensor.miners") == "2"
    assert int(rig.state("sensor.shares_invalid")) > 0
    for pool in proxy.config["pools"]:
        proxy.set_pool_reachable(pool["url"], True)
    for miner in list(proxy.miners):
        proxy.disconnect(miner)
    await rig.poll()
    assert rig.state("sensor.status") == "no_miners"
    assert rig.state("binary_sensor.pool_connected") == "on"
    assert rig.state("sensor.miners") == "0"
    await rig.poll(6)
    assert rig.state("sensor.workers_online") == "0"


async def test_a_restart(running_proxy: ProxyRig) -> None:
    """Counters begin again, and a hashrate is unknown until its window is full."""
    running_proxy.simulator.restart()
    await running_proxy.poll()
    assert running_proxy.state("sensor.status") == "mining"
    assert running_proxy.state("sensor.hashrate_10m") == "unknown"
    assert running_proxy.state("sensor.shares_accepted") == "6"
    await running_proxy.poll()
    assert running_proxy.state("sensor.workers_online") == "2"
    await running_proxy.poll(60)
    assert 0.7 <= float(running_proxy.state("sensor.hashrate_10m")) <= 0.75


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_a_read_only_proxy(running_proxy: ProxyRig) -> None:
    """It is read in the same way, except for its config."""
    assert running_proxy.state("sensor.workers_online") == "2"
    assert not running_proxy.asked("/2/config")


async def test_no_answer(running_proxy: ProxyRig) -> None:
    """All are unavailable, until it answers again."""
    await running_proxy.simulator.go_offline()
    await running_proxy.poll()
    assert running_proxy.unavailable == running_proxy.states.keys() - ALWAYS_AVAILABLE
    await running_proxy.simulator.go_online()
    await running_proxy.poll()
    assert not running_proxy.unavailable


async def test_workers_are_read_every_minute(running_proxy: ProxyRig) -> None:
    """And its miners never: they have wallets and passwords in clear."""
    before = running_proxy.asked("/1/workers")
    assert before == 1
    await running_proxy.poll(18)
    assert running_proxy.asked("/1/workers") == before + 3
    assert running_proxy.asked("/2/summary") >= 18
    assert not running_proxy.asked("/1/miners")


async def test_workers_are_not_read_while_nothing_needs_them(
    running_proxy: ProxyRig,
) -> None:
    """Without an entity that shows them."""
    running_proxy.disable("sensor.workers_online", "event.activity")
    await running_proxy.reload()
    before = running_proxy.asked("/1/workers")
    await running_proxy.poll(12)
    assert running_proxy.asked("/1/workers") == before
    assert running_proxy.entry.runtime_data.coordinator.data.workers is None


async def test_workers_that_cannot_be_read(running_proxy: ProxyRig) -> None:
    """The last ones are shown for a while; all else goes on."""
    proxy = running_proxy.simulator

    def refuse(path: str) -> Any:
        return {} if path == "/1/workers" else document(path)

    document = proxy.process.document
    proxy.process.document = refuse  # type: ignore[method-assign]
    await running_proxy.poll(6)
    assert running_proxy.state("sensor.workers_online") == "2"
    await running_proxy.poll(7)
    assert running_proxy.state("sensor.workers_online") == "unknown"
    assert running_proxy.state("sensor.status") == "mining"
    proxy.process.document = document  # type: ignore[method-assign]
    await running_proxy.poll()
    assert running_proxy.state("sensor.workers_online") == "2"


async def test_workers_are_off(running_proxy: ProxyRig) -> None:
    """How many are online is then unknown."""
    running_proxy.simulator.edit_config(
        lambda config: config.update({"workers": False})
    )
    await running_proxy.poll(6)
    assert running_proxy.state("sensor.workers_online") == "unknown"
    assert running_proxy.state("sensor.miners") == "2"


@pytest.mark.parametrize(
    ("miners", "upstreams"),
    [
        pytest.param(
            [StratumMiner(f"rig-{i}") for i in range(number)], upstreams, id=id_
        )
        for number, upstreams, id_ in (
            (0, 1, "none"),
            (1, 1, "one"),
            (50, 1, "50"),
            (1_000, 4, "1,000"),
            (10_000, 40, "10,000"),
        )
    ],
)
async def test_few_and_many_workers(
    running_proxy: ProxyRig, miners: list[StratumMiner], upstreams: int
) -> None:
    """256 of their miners share one connection to the pool."""
    number = len(miners)
    assert running_proxy.state("sensor.status") == ("mining" if number else "no_miners")
    assert running_proxy.state("sensor.workers_online") == str(number)
    assert running_proxy.state("sensor.miners") == str(number)
    assert running_proxy.state("sensor.upstreams_active") == str(upstreams)


async def test_unloading_and_removing(
    hass: HomeAssistant, running_proxy: ProxyRig, hass_storage: dict[str, Any]
) -> None:
    """Nothing of it is left."""
    entry = running_proxy.entry
    asked = len(running_proxy.simulator.requests)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await running_proxy.poll(2)
    assert len(running_proxy.simulator.requests) == asked
    await hass.config_entries.async_remove(entry.entry_id)
    assert not [key for key in hass_storage if entry.entry_id in key]


async def test_a_proxy_is_no_miner_of_the_manager(
    hass: HomeAssistant, running_proxy: ProxyRig, simulator: Simulator
) -> None:
    """Its hashrate is that of its miners, which would be counted twice."""
    miner = entry_for(simulator)
    manager = MockConfigEntry(
        domain=DOMAIN, unique_id=MANAGER_ID, data={CONF_KIND: EntryKind.MANAGER.value}
    )
    for entry in (miner, manager):
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
    await running_proxy.poll(2)
    found = Rig(hass, simulator, manager, running_proxy.freezer)
    assert found.state("sensor.miners") == "1"
    assert float(found.state("sensor.hashrate")) == pytest.approx(
        simulator.hashrate / 1000, rel=0.01
    )


async def test_an_action_of_a_miner_says_that_it_is_none(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """It has no threads to measure."""
    with pytest.raises(ServiceValidationError, match="is not a miner"):
        await hass.services.async_call(
            DOMAIN,
            "calibrate",
            {"config_entry_id": running_proxy.entry.entry_id},
            blocking=True,
        )


@pytest.mark.parametrize(
    ("miners", "options"),
    [
        (
            [StratumMiner(None, user="secret-wallet", password="secret-password")],
            {
                "token": "secret-token",
                "config": {
                    "access-password": "secret-access",
                    "access-log-file": "/srv/secret/access.log",
                    "custom-diff": 1000,
                    "pools": [
                        {"url": "secret.example.org:3333", "user": "secret-wallet"}
                    ],
                    "api": {"worker-id": "secret-proxy"},
                },
            },
        )
    ],
)
async def test_diagnostics(
    running_proxy: ProxyRig, hass_client: ClientSessionGenerator
) -> None:
    """They show what it does, and no secret: a worker may be named by its wallet."""
    shown: dict[str, Any] = dict(
        await get_diagnostics_for_config_entry(
            running_proxy.hass, hass_client, running_proxy.entry
        )
    )
    assert shown["entry"]["kind"] == "proxy"
    assert shown["status"] == "mining"
    assert shown["workers"] == {"mode": "rig_id", "known": 1, "online": 1}
    assert shown["summary"]["upstreams"]["active"] == 1
    assert shown["summary"]["results"]["invalid"] == 0
    config = shown["config"]
    assert config["mode"] == "nicehash"
    assert config["custom-diff"] == 1000
    assert config["bind"][0]["port"] == 3333
    assert config["access-password"] == REDACTED
    for secret in ("secret", "127.0.0.1", "example.org"):
        assert secret not in json.dumps(shown)
