"""What concerns the manager beside its card: automations, rigs that sleep, and proxies.

Those of the demo are on in the first test only, which needs no `client`.

Each test goes on where the one before has ended.
"""

from collections.abc import Generator
from functools import partial
import re

import aiohttp
from playwright.async_api import Browser, Locator, expect
import pytest

from scripts.runner.automations import EXPENSIVE, KEEP
from scripts.runner.client import Client
from scripts.runner.dashboard import URL_PATH
from scripts.runner.demo import RIGS
from scripts.runner.house import CHEAP_PRICE, PEAK_PRICE, SENSORS, WEBHOOK, House
from scripts.runner.miner import ENTRIES, FLOWS, Connection, add_miner, listed
from scripts.runner.process import HOST, PROJECT
from tests.live.running import TOKEN, Run, SimulatedMiner, becomes, eventually

from .user import User, logged_in, repairs

REPAIRS = PROJECT / "docs/repairs.md"

SLEEP, WAKE = "Send the cellar to sleep", "Wake the cellar"


@pytest.fixture(scope="module")
def miner() -> Generator[SimulatedMiner]:
    """Return a miner on a computer that sleeps."""
    miner = SimulatedMiner("--worker-id", "cellar")
    try:
        miner.start()
        yield miner
    finally:
        miner.stop()


@pytest.fixture(scope="module")
def proxy() -> Generator[SimulatedMiner]:
    """Return a proxy with two workers."""
    proxy = SimulatedMiner("--proxy", "--worker-id", "hub")
    try:
        proxy.start()
        yield proxy
    finally:
        proxy.stop()


async def titles(client: Client) -> list[str]:
    """Return the titles of the config entries."""
    return [entry["title"] for entry in await listed(client)]


async def states(client: Client) -> list[tuple[str, str]]:
    """Return the entity IDs and states of all entities."""
    return [(item["entity_id"], item["state"]) for item in await client.get("states")]


def card(user: User) -> Locator:
    """Return the card of the miner that sleeps."""
    return user.page.locator("xmrig-miner", has_text="cellar")


async def test_automations_run_beside_the_manager(browser: Browser, run: Run) -> None:
    """Two are triggered by the price; none is said to compete."""
    names = [
        "Keep mining while power is cheap",
        "Tell when a miner is offline",
        "rig-one rests",
        "rig-two rests",
    ]
    async with logged_in(browser, run.url) as user:
        await user.open("config/automation/dashboard")
        for name in names:
            await user.sees(name)
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, run.url)

        async def is_triggered(automation: str) -> bool:
            return any(
                item["attributes"].get("last_triggered")
                for item in await client.get("states")
                if item["attributes"].get("id") == automation
            )

        readings = House().pass_time(0, {rig.name: rig.idle for rig in RIGS})
        for price, automation in ((CHEAP_PRICE, KEEP), (PEAK_PRICE, EXPENSIVE)):
            readings["electricity_price"] = price
            await session.post(f"{run.url}/api/webhook/{WEBHOOK}", json=readings)
            await eventually(partial(is_triggered, automation))
        await becomes(client, "switch.mining_manager_keep_mining", "off")
        assert not await repairs(client)


async def test_automations_that_compete_are_handed_to_a_manager(
    user: User, client: Client
) -> None:
    """From the problem on the dashboard over its explanation to the new manager."""
    for entry in await listed(client):
        if entry["title"] == "Mining manager":
            await client.delete(f"{ENTRIES}/{entry['entry_id']}")
    for rig in RIGS:
        limit = f"number.{rig.name.replace('-', '_')}_power_limit"
        inputs = {"power_limit": limit, "grid_power": SENSORS["grid_power"]}
        blueprint = {"path": "xmrig_miner/follow_surplus.yaml", "input": inputs}
        await client.post(
            f"config/automation/config/{rig.name}",
            {"alias": f"Sun for {rig.name}", "use_blueprint": blueprint},
        )
    await user.open(URL_PATH)
    await user.click("Automations compete for the solar surplus")
    link = await user.page.get_by_role("link", name="Learn more").get_attribute("href")
    page, _, section = str(link).partition("#")
    assert page.endswith(f"/{REPAIRS.relative_to(PROJECT).as_posix()}")
    titles_of_sections = re.findall(r"^## (.*)", REPAIRS.read_text(), re.MULTILINE)
    assert section in [title.lower().replace(" ", "-") for title in titles_of_sections]
    await user.page.get_by_role("link", name="Go to repairs").click()
    await user.open_repair("Automations compete for the solar surplus")
    await user.sees("Sun for rig-one, Sun for rig-two")
    await user.submit()
    await user.choose("Use the Energy dashboard")
    await user.finish()
    assert "Mining manager" in await titles(client)

    async def is_solved() -> bool:
        automations = [
            state
            for entity_id, state in await states(client)
            if entity_id.startswith("automation.")
        ]
        return not await repairs(client) and "on" not in automations

    await eventually(is_solved)


async def test_a_computer_is_allowed_to_sleep(
    user: User, client: Client, miner: SimulatedMiner
) -> None:
    """By what wakes it, and what puts it to sleep; the user does the latter."""
    for name in (SLEEP, WAKE):
        flow = await client.post(FLOWS, {"handler": "template"})
        for form in ({"next_step_id": "button"}, {"name": name, "press": []}):
            await client.post(f"{FLOWS}/{flow['flow_id']}", form)
    power = {"idle_power": 60, "full_power": 140}
    await add_miner(client, Connection(HOST, miner.port, TOKEN, power=power))
    configure = user.entry("cellar").get_by_role("button", name="Configure")
    await user.click_in_entries(configure)
    await user.dialog.get_by_text("Sleep", exact=True).click()
    for field, name in (("wake_entity", WAKE), ("sleep_entity", SLEEP)):
        await user.page.locator(f"field={field} >> ha-generic-picker").click()
        await user.page.get_by_text(name).last.click()
    await user.submit()
    await user.finish()

    async def is_told() -> bool:
        await client.call("button.press", entity_id="button.send_the_cellar_to_sleep")
        return ("sensor.cellar_sleep", "falling_asleep") in await states(client)

    # Once the manager has seen the options
    await eventually(is_told)
    miner.stop()
    await user.open(URL_PATH)
    # The former for a minute
    await expect(card(user)).to_contain_text(re.compile("Falling asleep|Asleep"))


async def test_workers_of_a_proxy_become_devices(
    user: User, client: Client, proxy: SimulatedMiner
) -> None:
    """They are chosen from those that are online."""
    await add_miner(client, Connection(HOST, proxy.port, TOKEN))
    add = user.page.get_by_role("button", name="Add workers").first
    await user.click_in_entries(add)
    await user.sees("Each worker that you select becomes a device")
    await user.dialog.get_by_text("Add", exact=True).click()
    await user.page.get_by_text("rig-a", exact=True).last.click()
    await user.submit()
    await user.finish()

    async def is_there() -> bool:
        registry = await user.command("config/device_registry/list")
        return "rig-a" in [device["name"] for device in registry]

    await eventually(is_there)


async def test_a_computer_that_sleeps_is_woken(
    user: User, miner: SimulatedMiner
) -> None:
    """It is no problem; a button on its card wakes it."""
    await user.open(URL_PATH)
    await expect(card(user)).to_contain_text("Asleep. The manager wakes it")
    await expect(card(user).locator(".chip")).to_have_count(0)
    await card(user).get_by_role("button", name="Wake up").press("Enter")
    await expect(card(user)).to_contain_text("Waking up.")
    miner.start()
    await expect(card(user)).to_contain_text(re.compile("Mining|Paused"))
