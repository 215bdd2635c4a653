"""The import from another integration in the newest Home Assistant, with its recorder."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from scripts.runner.client import Client
from scripts.runner.miner import ENTRIES, FLOWS, listed
from scripts.runner.process import HomeAssistant

from .other import fill
from .running import SimulatedMiner, becomes, eventually, free_port, kill, stored

HASHRATE = "sensor.mining_power"
SHARES = "sensor.keller_xmrig_keller_shares_good"
UNDOING = "undoing"
"""The phase of an import that is being undone, in its config entry."""
OLD = "42"
"""The state of each entity of the other integration."""


@pytest.fixture
def keller(tmp_path: Path, socket_enabled: None) -> Generator[SimulatedMiner]:
    """Return a miner that the other integration has; the others of the capture are off."""
    miner = SimulatedMiner("--worker-id", "keller")
    miner.token = "s3cret-two"
    off = free_port()
    fill(tmp_path, {"Keller": miner.port, "Rig One": off, "Open": off})
    try:
        miner.start()
        yield miner
    finally:
        miner.stop()


class Home:
    """What a user sees and does."""

    def __init__(self, process: HomeAssistant, client: Client) -> None:
        """Initialize it for a user who has logged in."""
        self.process = process
        self.client = client

    async def entries(self) -> dict[str, dict[str, Any]]:
        """Return the miners of this integration by their titles."""
        return {entry["title"]: entry for entry in await listed(self.client)}

    async def old(self) -> dict[str, dict[str, Any]]:
        """Return the entries of the other integration by their titles."""
        found = await self.client.get(f"{ENTRIES}?domain=xmrig")
        return {entry["title"]: entry for entry in found}

    async def rows(self) -> dict[str, dict[str, Any]]:
        """Return the registered entities by their IDs."""
        found = await self.client.command("config/entity_registry/list")
        return {row["entity_id"]: row for row in found}

    async def history(self, entity_id: str) -> list[str]:
        """Return all recorded states of an entity."""
        start = datetime.now(UTC) - timedelta(days=1)
        found = await self.client.command(
            "history/history_during_period",
            start_time=start.isoformat(),
            entity_ids=[entity_id],
            minimal_response=True,
            significant_changes_only=False,
        )
        return [item["s"] for item in found.get(entity_id, [])]

    async def unit(self, entity_id: str) -> str | None:
        """Return the unit of an entity's statistics; None without any."""
        found = await self.client.command("recorder/list_statistic_ids")
        units = {
            item["statistic_id"]: item["statistics_unit_of_measurement"]
            for item in found
        }
        return units.get(entity_id)

    async def flow(self, **data: Any) -> dict[str, Any]:
        """Begin a flow of this integration."""
        form = await self.client.post(FLOWS, {"handler": "xmrig_miner", **data})
        return dict(form)

    async def submit(self, form: dict[str, Any], entered: dict[str, Any]) -> Any:
        """Submit a form, and return what is shown next."""
        return await self.client.post(f"{FLOWS}/{form['flow_id']}", entered)

    async def import_keller(self) -> None:
        """Import one miner."""
        menu = await self.flow()
        form = await self.submit(menu, {"next_step_id": "import_miners"})
        keller = (await self.old())["Keller"]["entry_id"]
        result = await self.submit(form, {"miners": [keller]})
        assert result["type"] == "create_entry"

    async def undo(self) -> None:
        """Undo that, which goes on in the background."""
        entry_id = (await self.entries())["Keller"]["entry_id"]
        menu = await self.flow(entry_id=entry_id)
        confirm = await self.submit(menu, {"next_step_id": "undo_import"})
        result = await self.submit(confirm, {})
        assert result["reason"] == "import_undone"


@asynccontextmanager
async def started(config: Path) -> AsyncGenerator[Home]:
    """Yield a Home Assistant that runs; no secret is in its log in the end."""
    async with (
        HomeAssistant(config, free_port()) as process,
        aiohttp.ClientSession() as session,
    ):
        yield Home(process, await Client.connect(session, process.url))
    assert "s3cret" not in process.log.read_text()


async def test_history_and_statistics_go_on_under_the_entity_id(
    tmp_path: Path, keller: SimulatedMiner
) -> None:
    """As one series each, and no repair asks for the unit."""
    async with started(tmp_path) as home:
        assert (await home.old())["Keller"]["state"] == "loaded"
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        await home.client.command(
            "recorder/import_statistics",
            metadata={
                "has_mean": False,
                "has_sum": True,
                "mean_type": 0,
                "name": None,
                "source": "recorder",
                "statistic_id": SHARES,
                "unit_class": None,
                "unit_of_measurement": "cnt",
            },
            stats=[{"start": hour.isoformat(), "state": 42, "sum": 42}],
        )

        async def is_recorded() -> bool:
            return OLD in await home.history(HASHRATE)

        async def is_counted() -> bool:
            return await home.unit(SHARES) == "cnt"

        await eventually(is_recorded)
        await eventually(is_counted)

        await home.import_keller()
        assert (await home.old())["Keller"]["disabled_by"] == "user"
        row = (await home.rows())[HASHRATE]
        assert (row["platform"], row["disabled_by"]) == ("xmrig_miner", None)
        assert (row["name"], row["icon"]) == ("My hashrate", "mdi:fire")

        async def is_continued() -> bool:
            states = await home.history(HASHRATE)
            state = await home.client.state(HASHRATE)
            is_known = state not in (OLD, "unavailable", "unknown")
            return is_known and OLD in states and state == states[-1]

        await eventually(is_continued)
        assert float(await home.client.state(HASHRATE)) > float(OLD)

        async def is_renewed() -> bool:
            return await home.unit(SHARES) == "shares"

        await eventually(is_renewed)
        assert SHARES not in await home.client.command("recorder/validate_statistics")

        await home.undo()

        async def is_undone() -> bool:
            return not await home.entries()

        await eventually(is_undone)
        await becomes(home.client, HASHRATE, OLD)
        await eventually(is_recorded)
        assert (await home.rows())[HASHRATE]["platform"] == "xmrig"


async def test_an_import_and_its_undoing_go_on_after_a_kill(
    tmp_path: Path, keller: SimulatedMiner
) -> None:
    """Home Assistant is killed before it has saved its registries."""
    async with started(tmp_path) as home:
        before = await home.rows()
        await home.import_keller()
        await stored(tmp_path, bool)
        await kill(home.process)
    async with started(tmp_path) as home:

        async def is_loaded() -> bool:
            return bool((await home.entries())["Keller"]["state"] == "loaded")

        await eventually(is_loaded)
        assert (await home.rows())[HASHRATE]["platform"] == "xmrig_miner"
        assert float(await home.client.state(HASHRATE)) > float(OLD)
        await home.undo()
        # On a busy computer, it may have been undone by then
        await stored(tmp_path, lambda entries: UNDOING in str(entries) or not entries)
        await kill(home.process)
    async with started(tmp_path) as home:
        await becomes(home.client, HASHRATE, OLD)
        rows = await home.rows()
        for entity_id, row in before.items():
            if row["platform"] == "xmrig":
                kept = ("platform", "unique_id", "disabled_by", "name", "icon", "id")
                assert {key: rows[entity_id][key] for key in kept} == {
                    key: row[key] for key in kept
                }
