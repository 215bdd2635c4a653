"""The demo's dashboard, on a desktop and a phone, light and dark; its automations."""

from typing import Any

import aiohttp
from playwright.async_api import Browser, expect
import pytest

from scripts.runner.automations import CHEAP
from scripts.runner.client import Client
from scripts.runner.demo import RIGS
from scripts.runner.house import PEAK_PRICE, WEBHOOK, House
from tests.live.running import Run, eventually

from .user import DESKTOP, PHONE, logged_in


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_the_dashboard_shows_manager_and_miners(
    browser: Browser, run: Run, size: dict[str, int], dark: bool
) -> None:
    """Nothing on it is missing, is an error, or is wider than the screen."""
    async with logged_in(browser, run.url, size=size, dark=dark) as user:
        for text in ("Mining manager", "rig-one", "rig-two"):
            await user.sees(text)
        await expect(user.page.locator("hui-error-card, hui-warning")).to_have_count(0)
        assert await user.page.evaluate("document.body.scrollWidth") == size["width"]
        assert not user.complaints


async def test_its_automations_run_beside_the_manager(
    browser: Browser, run: Run
) -> None:
    """One from a blueprint is triggered by the price; none is said to compete."""
    names = ["Tell when a miner is offline", "rig-one heats the study", "rig-two rests"]
    async with logged_in(browser, run.url) as user:
        await user.open("config/automation/dashboard")
        for name in names:
            await user.sees(name)
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, run.url)

        async def is_triggered() -> bool:
            states: list[dict[str, Any]] = await client.get("states")
            return any(
                state["attributes"].get("last_triggered")
                for state in states
                if state["attributes"].get("id") == CHEAP
            )

        readings = House().pass_time(0, {rig.name: rig.idle for rig in RIGS})
        readings["electricity_price"] = PEAK_PRICE
        await session.post(f"{run.url}/api/webhook/{WEBHOOK}", json=readings)
        await eventually(is_triggered)
        issues = (await client.command("repairs/list_issues"))["issues"]
        assert not [issue for issue in issues if issue["domain"] == "xmrig_miner"]
