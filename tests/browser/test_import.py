"""Miners of another integration are imported, and one of the imports is undone."""

from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path

import aiohttp
from playwright.async_api import Browser
import pytest

from scripts.runner.client import Client
from scripts.runner.miner import ENTRIES, listed
from scripts.runner.process import HomeAssistant
from tests.live.other import fill
from tests.live.running import SimulatedMiner, eventually, free_port

from .user import logged_in


@pytest.fixture
def miners(tmp_path: Path) -> Generator[None]:
    """Let two miners of the capture run; the third is off."""
    running = {}
    for title, name, token in (
        ("Rig One", "rig-one", "s3cret-one"),
        ("Keller", "keller", "s3cret-two"),
    ):
        running[title] = SimulatedMiner("--worker-id", name)
        running[title].token = token
    ports = {title: miner.port for title, miner in running.items()}
    fill(tmp_path, ports | {"Open": free_port()})
    try:
        for miner in running.values():
            miner.start()
        yield
    finally:
        for miner in running.values():
            miner.stop()


@pytest.fixture
async def home(tmp_path: Path, miners: None) -> AsyncGenerator[HomeAssistant]:
    """Return a Home Assistant with the entries of the other integration."""
    async with HomeAssistant(tmp_path, free_port()) as home:
        yield home


async def titles(client: Client) -> list[str]:
    """Return the miners of this integration."""
    return sorted(entry["title"] for entry in await listed(client))


async def is_undone(client: Client) -> bool:
    """Return whether Keller is back at the other integration."""
    old = await client.get(f"{ENTRIES}?domain=xmrig")
    [keller] = [entry for entry in old if entry["title"] == "Keller"]
    return keller["disabled_by"] is None and "Keller" not in await titles(client)


async def test_miners_are_imported_and_one_is_undone(
    browser: Browser, home: HomeAssistant
) -> None:
    """The choice is shown when something can be imported, and says what happens."""
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, home.url)
        async with logged_in(browser, home.url) as user:
            await user.open("config/integrations/dashboard/add?domain=xmrig_miner")
            await user.click("OK")
            await user.choose("Import miners from another integration")
            await user.sees("Not reached now, but can be imported: Open")
            await user.sees("Rig One (127.0.0.1:")
            await user.submit()
            await user.sees("Imported: Rig One, Keller, Open")
            await user.finish()
            assert await titles(client) == ["Keller", "Open", "Rig One"]
            await user.choose_for("Keller", "Reconfigure")
            await user.choose("Undo the import")
            await user.sees("Undo the import of Keller?")
            await user.submit()
            await user.sees("The import of Keller is being undone")
            await user.finish("Close")
            await eventually(partial(is_undone, client))
            assert await titles(client) == ["Open", "Rig One"]
            await user.open("config/integrations/dashboard/add?domain=xmrig_miner")
            await user.click("OK")
            await user.choose("Import miners from another integration")
            await user.sees("Keller (127.0.0.1:")
            assert not user.complaints
