"""A miner in the newest Home Assistant, as scripts/run starts it.

Nothing is replaced: Home Assistant and the simulated miner are processes, and what is
asked of them goes through their HTTP APIs.
"""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import signal
import socket
from typing import Any

import aiohttp
import pytest
import pytest_socket

from scripts.runner.client import Client
from scripts.runner.miner import Device, Entry, devices, listed
from scripts.runner.process import HOST

from .running import TOKEN, Run, SimulatedMiner, becomes, eventually, free_port

WALLET = "WALLET"
"""Of the pools of a simulated miner."""

BUDGET = "sensor.mining_manager_budget"


@dataclass
class Rig:
    """A running miner and a running Home Assistant."""

    run: Run
    miner: SimulatedMiner


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Generator[Rig]:
    """Return a miner that was added to Home Assistant by its form."""
    pytest_socket.enable_socket()
    miner = SimulatedMiner()
    address = f"{HOST}:{miner.port}"
    run = Run(tmp_path_factory.mktemp("config"), "--miner", address, "--token", TOKEN)
    try:
        miner.start()
        run.start()
        yield Rig(run, miner)
    finally:
        run.kill()
        miner.stop()


class Browser:
    """What a user sees and does in a browser, and its effect on the miner."""

    def __init__(
        self, client: Client, session: aiohttp.ClientSession, miner: SimulatedMiner
    ) -> None:
        """Initialize it for a user who has logged in."""
        self.client = client
        self._session = session
        self._miner = miner

    async def entry(self) -> Entry:
        """Return the config entry of the only miner."""
        [entry] = await listed(self.client)
        return Entry(entry["entry_id"], entry["title"])

    async def devices(self) -> list[Device]:
        """Return the miner's device, and its cards'."""
        return await devices(self.client, await self.entry())

    async def entity_id(self, name: str) -> str:
        """Return the id of an entity of the miner or its card, by `platform.key`."""
        [entity_id] = [
            device.entities[name]
            for device in await self.devices()
            if name in device.entities
        ]
        return entity_id

    async def state(self, name: str) -> str:
        """Return the state of an entity named as `platform.key`."""
        return await self.client.state(await self.entity_id(name))

    async def call(self, action: str, name: str, **data: Any) -> None:
        """Call an action of an entity, and wait until it is over."""
        await self.client.call(action, entity_id=await self.entity_id(name), **data)

    async def miner(self, path: str) -> Any:
        """Return a reply of the miner itself."""
        async with self._session.get(
            f"http://{HOST}:{self._miner.port}/{path}",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as response:
            return await response.json()


@pytest.fixture
async def browser(rig: Rig, socket_enabled: None) -> AsyncGenerator[Browser]:
    """Return a browser in which the user has logged in.

    No secret is in the log in the end, however much the integration logs.
    """
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, rig.run.url)
        await client.call(
            "logger.set_level", **{"custom_components.xmrig_miner": "debug"}
        )
        yield Browser(client, session, rig.miner)
    assert TOKEN not in rig.run.log
    assert WALLET not in rig.run.log


@pytest.fixture
def no_error(rig: Rig) -> Generator[None]:
    """Check that no error is logged."""
    before = len(rig.run.errors)
    yield
    assert not rig.run.errors[before:]


@pytest.mark.usefixtures("no_error")
async def test_a_miner_added_by_its_form_shows_what_it_does(browser: Browser) -> None:
    """The miner, its pool and its card have the reported states."""
    assert (await browser.entry()).title == "rig-one"
    miner, gpu = await browser.devices()
    assert miner.name == "rig-one"
    assert gpu.name == "rig-one GeForce RTX 3060 (01:00.0)"
    summary = await browser.miner("2/summary")
    assert await browser.state("sensor.status") == "mining"
    assert await browser.state("switch.mining") == "on"
    assert await browser.state("sensor.algorithm") == summary["algo"]
    assert float(await browser.state("sensor.hashrate")) == pytest.approx(
        summary["hashrate"]["total"][0], rel=0.1
    )
    assert await browser.state("binary_sensor.pool_connected") == "on"
    assert float(await browser.state("sensor.gpu_temperature")) > 0


@pytest.mark.usefixtures("no_error")
async def test_the_switch_pauses_and_resumes(browser: Browser) -> None:
    """When the action ends, the switch shows the state of the miner."""
    await browser.call("switch.turn_off", "switch.mining")
    assert await browser.state("switch.mining") == "off"
    assert (await browser.miner("2/summary"))["paused"]
    await browser.call("switch.turn_on", "switch.mining")
    assert await browser.state("switch.mining") == "on"
    assert not (await browser.miner("2/summary"))["paused"]


@pytest.mark.usefixtures("no_error")
async def test_the_buttons_stop_and_start(browser: Browser) -> None:
    """Stopped means that no backend is enabled, so that no new job starts one."""
    await browser.call("button.press", "button.stop")
    assert await browser.state("sensor.status") == "stopped"
    assert not (await browser.miner("2/config"))["cpu"]["enabled"]
    await browser.call("button.press", "button.start")
    assert await browser.state("switch.mining") == "on"
    assert (await browser.miner("2/config"))["cpu"]["enabled"]


@pytest.mark.usefixtures("no_error")
async def test_threads_and_pool_can_be_chosen(browser: Browser) -> None:
    """Both are in the miner's config when the action ends."""
    await browser.call("number.set_value", "number.cpu_threads", value=2)
    assert await browser.state("number.cpu_threads") == "2"
    assert len((await browser.miner("2/config"))["cpu"]["rx"]) == 2
    backup = "backup.example.org:3333"
    await browser.call("select.select_option", "select.pool", option=backup)
    assert await browser.state("select.pool") == backup
    assert (await browser.miner("2/config"))["pools"][0]["url"] == backup


@pytest.mark.usefixtures("no_error")
async def test_get_data_returns_all_but_secrets(browser: Browser) -> None:
    """The action returns the miner's replies."""
    response = await browser.client.post(
        "services/xmrig_miner/get_data?return_response",
        {"config_entry_id": (await browser.entry()).entry_id},
    )
    data = response["service_response"]
    assert data["summary"]["cpu"] == (await browser.miner("2/summary"))["cpu"]
    assert data["config"]["autosave"]
    assert WALLET not in str(data)
    assert TOKEN not in str(data)


@pytest.mark.usefixtures("no_error")
async def test_a_restart_keeps_the_miner(browser: Browser, rig: Rig) -> None:
    """The second start of scripts/run finds the user, the entry and its entities."""
    entry = await browser.entry()
    rig.run.stop(signal.SIGINT)
    # Nothing but what SECURITY.md names: not the recorder's tables, nor any registry
    assert rig.run.files_with(TOKEN) == {".storage/core.config_entries"}
    assert rig.run.files_with(WALLET) == {f".storage/xmrig_miner.{entry.entry_id}"}
    rig.run.start()
    assert await browser.entry() == entry
    await becomes(browser.client, await browser.entity_id("switch.mining"), "on")
    await browser.call("switch.turn_off", "switch.mining")
    assert (await browser.miner("2/summary"))["paused"]
    await browser.call("switch.turn_on", "switch.mining")


async def test_a_miner_that_is_unreachable_is_unavailable_until_it_is_back(
    browser: Browser, rig: Rig
) -> None:
    """No reload is needed."""

    def errors() -> list[str]:
        return [error for error in rig.run.errors if "Could not connect" in error]

    async def is_logged() -> bool:
        return bool(errors())

    rig.miner.stop()
    # Does not wait for the next poll
    await browser.call("homeassistant.update_entity", "switch.mining")
    for name in ("switch.mining", "sensor.gpu_temperature"):
        await becomes(browser.client, await browser.entity_id(name), "unavailable")
    # A thread writes the log
    await eventually(is_logged)
    [error] = errors()
    assert "rig-one" in error
    rig.miner.start()
    await becomes(browser.client, await browser.entity_id("switch.mining"), "on")


async def has_value(client: Client, entity_id: str) -> bool:
    """Return whether an entity has a state that is known."""
    return await client.state(entity_id) not in ("unavailable", "unknown")


async def test_without_a_miner_two_simulated_ones_mine_on_surplus(
    tmp_path: Path, socket_enabled: None
) -> None:
    """The integration's dashboard opens first; only this computer can open it."""
    run = Run(tmp_path, "--simulator-port", str(free_port()))
    try:
        assert run.url in run.start()
        with socket.socket() as other:
            other.bind(("127.0.0.2", run.port))
        async with aiohttp.ClientSession() as session:
            client = await Client.connect(session, run.url)
            core = await client.command("frontend/get_system_data", key="core")
            dashboard = await client.command(
                "lovelace/config", url_path=core["value"]["default_panel"]
            )
            assert dashboard == {"strategy": {"type": "custom:xmrig"}}
            for entity_id in (
                "select.mining_manager_mode",
                "sensor.solar_power",
                "switch.rig_one_mining",
                "sensor.rig_one_geforce_rtx_3060_01_00_0_temperature",
                "switch.rig_two_mining",
                "sensor.rig_two_power",
            ):
                await eventually(partial(has_value, client, entity_id))
            first = await client.state(BUDGET)

            async def has_moved() -> bool:
                return await client.state(BUDGET) not in (first, "unknown")

            await eventually(has_moved)
        run.stop(signal.SIGTERM)
        assert not run.errors
    finally:
        run.kill()
