"""From nothing to mining on surplus in the newest Home Assistant, by its forms."""

from pathlib import Path
import signal
from typing import Any

import aiohttp

from scripts.runner.client import Client
from scripts.runner.miner import FLOWS, Connection, listed
from scripts.runner.process import HOST, HomeAssistant

from .running import (
    Run,
    SimulatedMiner,
    becomes,
    eventually,
    free_port,
    kill,
    remove_all,
    stored,
)

GRID = "sensor.house_grid"
THREADS = 4
"""Of the simulated miner."""


class Home:
    """Home Assistant whose Energy dashboard has a simulated grid meter."""

    def __init__(
        self, client: Client, session: aiohttp.ClientSession, port: int
    ) -> None:
        """Initialize it for a user who has logged in."""
        self.client = client
        self._session = session
        self._miner = f"http://{HOST}:{port}/2/backends"

    async def report(self, watts: float) -> None:
        """Let the meter report what is bought, below zero what is exported."""
        attributes = {"device_class": "power", "unit_of_measurement": "W"}
        data = {"state": str(watts), "attributes": attributes, "force_update": True}
        await self.client.post(f"states/{GRID}", data)

    async def threads(self) -> int:
        """Return how many CPU threads hash, as the miner says it."""
        headers = {"Authorization": "Bearer simulated"}
        async with self._session.get(self._miner, headers=headers) as response:
            cpu = next(item for item in await response.json() if item["type"] == "cpu")
        return sum(bool(thread["hashrate"][0]) for thread in cpu.get("threads", []))

    async def comes_to(self, threads: int, watts: float) -> None:
        """Report a reading of the meter until a number of threads hash."""

        async def has_come() -> bool:
            await self.report(watts)
            return await self.threads() == threads

        await eventually(has_come)

    async def submit(self, form: dict[str, Any], entered: dict[str, Any]) -> Any:
        """Submit a form, and return what is shown next."""
        return await self.client.post(f"{FLOWS}/{form['flow_id']}", entered)


async def test_from_nothing_to_mining_on_surplus(
    tmp_path: Path, socket_enabled: None
) -> None:
    """Host, port, token and two numbers are all that is entered."""
    port = free_port()
    run = Run(tmp_path, "--simulator-port", str(port))
    try:
        run.start()
        async with aiohttp.ClientSession() as session:
            client = await Client.connect(session, run.url)
            home = Home(client, session, port)
            await remove_all(client)
            await name_meter(home)
            await add_miner_and_manager(home, port)
            await home.comes_to(THREADS, -1000)
            assert await client.state("sensor.mining_manager_reason") != "meter_silent"
            await home.comes_to(0, 500)
            await becomes(client, "sensor.mining_manager_reason", "no_surplus")
            await client.call(
                "select.select_option",
                entity_id="select.mining_manager_mode",
                option="full",
            )
            await home.comes_to(THREADS, 500)
        run.stop(signal.SIGTERM)
        assert not run.errors
    finally:
        run.kill()


async def test_a_kill_changes_nothing(tmp_path: Path, socket_enabled: None) -> None:
    """Settings are on disk, and a miner at rest is woken by the next surplus."""
    miner = SimulatedMiner("--gpus", "0")
    miner.token = "simulated"
    miner.start()
    try:
        async with aiohttp.ClientSession() as session:
            async with HomeAssistant(tmp_path, free_port()) as process:
                client = await Client.connect(session, process.url)
                home = Home(client, session, miner.port)
                await name_meter(home)
                await add_miner_and_manager(home, miner.port)
                await client.call(
                    "number.set_value",
                    entity_id="number.mining_manager_reserve",
                    value=100,
                )
                await home.comes_to(0, 500)
                await stored(tmp_path, lambda entries: len(entries) == 2)
                await kill(process)
            async with HomeAssistant(tmp_path, free_port()) as process:
                client = await Client.connect(session, process.url)
                home = Home(client, session, miner.port)
                await becomes(client, "number.mining_manager_reserve", "100.0")
                await becomes(client, "select.mining_manager_mode", "smart")
                # Home Assistant saves the Energy dashboard after a minute
                await name_meter(home)
                await home.comes_to(0, -50)
                await home.comes_to(THREADS, -1000)
            log = process.log.read_text()
        assert " ERROR " not in log
        assert "Traceback" not in log
    finally:
        miner.stop()


async def name_meter(home: Home) -> None:
    """Name the grid meter in the Energy dashboard."""
    await home.report(0)
    nothing = dict.fromkeys(
        [
            *("stat_energy_from", "stat_energy_to", "stat_cost", "stat_compensation"),
            *("entity_energy_price", "number_energy_price"),
            *("entity_energy_price_export", "number_energy_price_export"),
        ]
    )
    grid = {"type": "grid", "stat_rate": GRID, "cost_adjustment_day": 0, **nothing}
    await home.client.command("energy/save_prefs", energy_sources=[grid])


async def add_miner_and_manager(home: Home, port: int) -> None:
    """Fill in the forms as a user does who has neither."""
    form = await home.client.post(FLOWS, {"handler": "xmrig_miner"})
    assert form["step_id"] == "user"
    form = await home.submit(form, Connection(HOST, port, "simulated").form)
    assert form["step_id"] == "power"
    menu = await home.submit(form, {"idle_power": 60, "full_power": 140})
    assert menu["step_id"] == "solar"
    result = await home.submit(menu, {"next_step_id": "with_manager"})
    assert result["type"] == "create_entry"
    entries = await listed(home.client)
    assert {entry["title"]: entry["state"] for entry in entries} == {
        "rig-one": "loaded",
        "Mining manager": "loaded",
    }
    assert await home.client.state("select.mining_manager_mode") == "smart"
