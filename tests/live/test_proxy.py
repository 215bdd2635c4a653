"""A proxy with two miners behind it, and the manager, in the newest Home Assistant."""

from pathlib import Path
import signal

import aiohttp

from scripts.runner.client import Client
from scripts.runner.miner import ENTRIES, Connection, Entry, add_miner, devices, listed
from scripts.runner.process import HOST
from simulator import DEFAULT_POOLS, ProxySimulator, StratumMiner

from .running import Run, eventually, free_port

TOKEN = "open-sesame-proxy"
WALLET = "4" + "A1b2C3d4E5" * 9 + "wxyz"
SUBENTRIES = f"{ENTRIES.removesuffix('/entry')}/subentries/flow"
MANAGER = "sensor.mining_manager_"


async def test_a_proxy_beside_its_miners_and_the_manager(
    tmp_path: Path, socket_enabled: None
) -> None:
    """Added by the form; the hashrates of its miners are counted once."""
    run = Run(tmp_path, "--simulator-port", str(free_port()))
    miners = [
        StratumMiner("rig-one", hashrate=1700),
        StratumMiner(None, user=WALLET, hashrate=1700),
    ]
    async with ProxySimulator(token=TOKEN, miners=miners, uptime=1000) as proxy:
        proxy.advance(700)
        try:
            run.start()
            async with aiohttp.ClientSession() as session:
                client = await Client.connect(session, run.url)

                async def knows_both() -> bool:
                    return await client.state(f"{MANAGER}miners") == "2"

                await eventually(knows_both)
                await use(client, proxy)
                assert await knows_both()
            run.stop(signal.SIGTERM)
            assert not run.errors
            assert "will stop working" not in run.log
            for secret in (TOKEN, WALLET):
                assert secret not in run.log
        finally:
            run.kill()
    assert not [request for request in proxy.requests if request.path == "/1/miners"]


async def use(client: Client, proxy: ProxySimulator) -> None:
    """Add a proxy, select its other pool, and let it lose both."""
    entry = await add_miner(client, Connection(HOST, proxy.port, TOKEN))
    assert entry.title == "proxy-one"
    states = {item["title"]: item["state"] for item in await listed(client)}
    assert states == dict.fromkeys(states, "loaded")
    [device] = await devices(client, entry)
    entities = device.entities
    assert await client.state(entities["sensor.status"]) == "mining"
    assert await client.state(entities["sensor.workers_online"]) == "2"
    assert float(await client.state(entities["sensor.hashrate_10m"])) > 3
    answer = await client.post(
        "services/xmrig_miner/get_workers?return_response",
        {"config_entry_id": entry.entry_id},
    )
    names = [worker["name"] for worker in answer["service_response"]["workers"]]
    assert names == ["rig-one", "…wxyz"]
    await choose_worker(client, entry)
    backup = DEFAULT_POOLS[1]["url"]
    await client.call(
        "select.select_option", entity_id=entities["select.pool"], option=backup
    )
    assert proxy.config["pools"][0]["url"] == backup
    for pool in proxy.config["pools"]:
        proxy.set_pool_reachable(pool["url"], False)

    async def is_known() -> bool:
        return await client.state(entities["sensor.status"]) == "no_pool"

    await eventually(is_known)
    assert await client.state(entities["binary_sensor.pool_connected"]) == "off"


async def choose_worker(client: Client, entry: Entry) -> None:
    """Make a worker a device, the only one that is not named by its wallet."""
    form = await client.post(SUBENTRIES, {"handler": [entry.entry_id, "worker"]})
    [field] = form["data_schema"]
    assert field["selector"]["select"]["options"] == ["rig-one"]
    result = await client.post(
        f"{SUBENTRIES}/{form['flow_id']}", {"workers": ["rig-one"]}
    )
    assert result["type"] == "create_entry"

    async def is_shown() -> bool:
        for device in await devices(client, entry):
            connected = device.entities.get("binary_sensor.connected")
            if device.name == "rig-one" and connected:
                return await client.state(connected) == "on"
        return False

    await eventually(is_shown)
