"""The dashboard of none, one, 20 and 200 miners, and of those that lack something.

The number of miners grows from test to test. Each adds those that it lacks.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from playwright.async_api import expect
import pytest

from scripts.runner.client import Client
from scripts.runner.dashboard import URL_PATH
from scripts.runner.miner import Connection, add_miner
from scripts.runner.process import HOST
from simulator import ProxySimulator, Simulator
from tests.live.running import eventually

from .accessibility import check_accessibility
from .user import User

pytestmark = pytest.mark.usefixtures("nothing")

TABLE_FROM = 20
"""Miners from which on there is a table (frontend/web/overview.js)."""

FIRST_PAINT = 500
"""ms of CPU time in which a dashboard is there: a busy computer takes longer, not more."""

# From another page of Home Assistant until all is drawn. Looking is work, too: at each
# frame, it would be the more of it the longer a busy computer takes.
OPEN = """async ([path, selector, count]) => {
  const found = (root) => [...root.querySelectorAll('*')].flatMap((element) => [
    ...(element.matches(selector) ? [element] : []),
    ...(element.shadowRoot ? found(element.shadowRoot) : []),
  ]);
  history.pushState(null, '', path);
  window.dispatchEvent(new CustomEvent('location-changed'));
  while (found(document).length < count) await new Promise((go) => setTimeout(go, 100));
  await new Promise(requestAnimationFrame);
}"""

# 200 times the first miner, in a table of their own
MULTIPLY = """async (count) => {
  const { hass } = document.querySelector('home-assistant');
  const many = { ...hass, devices: {}, entities: {}, states: {} };
  const status = Object.values(hass.entities).find((entity) =>
    entity.platform === 'xmrig_miner' && entity.translation_key === 'status');
  const device = hass.devices[status.device_id];
  for (let place = 0; place < count; place += 1) {
    const id = `many-${place}`;
    many.devices[id] = { ...device, id, name: id, name_by_user: null };
    for (const entity of Object.values(hass.entities)) {
      if (entity.device_id !== device.id) continue;
      const entity_id = `${entity.entity_id}_${place}`;
      many.entities[entity_id] = { ...entity, entity_id, device_id: id };
      many.states[entity_id] = { ...hass.states[entity.entity_id], entity_id };
    }
  }
  const card = document.createElement('xmrig-miners');
  card.setConfig({});
  const rows = () => card.shadowRoot.querySelectorAll('tbody tr').length;
  card.hass = many;
  document.body.append(card);
  while (rows() < count) await new Promise(requestAnimationFrame);
  card.remove();
}"""


@dataclass
class Fleet:
    """Simulated miners that can be added, and stopped."""

    client: Client
    stack: AsyncExitStack
    simulators: list[Simulator] = field(default_factory=list)

    async def add(self, *, restricted: bool = False) -> None:
        """Start a miner, and add it."""
        simulator = Simulator(
            token="token",
            worker_id=f"rig-{len(self.simulators)}",
            restricted=restricted,
            host=HOST,
            uptime=1000,
        )
        await self.stack.enter_async_context(simulator)
        await add_miner(self.client, Connection(HOST, simulator.port, simulator.token))
        self.simulators.append(simulator)

    async def grow(self, count: int) -> None:
        """Add miners until there are that many."""
        while len(self.simulators) < count:
            await self.add()

    async def stop(self) -> None:
        """Stop all miners."""
        await self.stack.aclose()


@pytest.fixture(scope="module")
async def fleet(client: Client, nothing: None) -> AsyncGenerator[Fleet]:
    """Return a fleet without miners."""
    fleet = Fleet(client, AsyncExitStack())
    yield fleet
    await fleet.stop()


async def work(user: User, script: str, arguments: object) -> float:
    """Return the ms of CPU time that a script takes, with what is drawn because of it."""
    session = await user.page.context.new_cdp_session(user.page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def used() -> float:
        found = (await session.send("Performance.getMetrics"))["metrics"]
        [seconds] = [item["value"] for item in found if item["name"] == "TaskDuration"]
        return 1000 * float(seconds)

    before = await used()
    await user.page.evaluate(script, arguments)
    duration = await used() - before
    await session.detach()
    return duration


async def first_paint(user: User, selector: str, count: int) -> float:
    """Return the ms of CPU time until the dashboard is there."""
    await user.open("config/dashboard")
    # Until that page is done itself
    await user.page.wait_for_load_state("networkidle")
    return await work(user, OPEN, [f"/{URL_PATH}", selector, count])


async def test_without_a_miner_it_says_how_to_add_one(user: User) -> None:
    """There is nothing else on it."""
    await user.open(URL_PATH)
    await user.sees("No miners yet")
    await expect(user.page.locator("xmrig-miner, xmrig-manager")).to_have_count(0)
    await check_accessibility(user.page)
    await user.page.get_by_role("link", name="Add a miner").click()
    await user.sees("XMRig")


async def test_a_read_only_miner_has_no_controls(user: User, fleet: Fleet) -> None:
    """Nor watts, of which nothing is known, nor graphics cards, which it lacks."""
    await fleet.add(restricted=True)
    await user.open(URL_PATH)
    card = user.page.locator("xmrig-miner", has_text="rig-0")
    await expect(card).to_contain_text("H/s")
    await expect(card.get_by_role("switch")).to_have_count(0)
    await expect(card.get_by_role("slider")).to_have_count(0)
    await expect(card).not_to_contain_text("Power")
    await user.page.get_by_role("tab", name="rig-0").click()
    await expect(user.page.locator("xmrig-pools li")).to_have_count(1)
    await expect(user.page.locator("xmrig-pools .action")).to_have_count(0)
    await expect(user.page.locator("xmrig-curve, xmrig-gpus")).to_have_count(0)
    await check_accessibility(user.page)


async def test_without_watts_the_slider_is_over_threads(
    user: User, fleet: Fleet
) -> None:
    """An arrow key takes one."""
    await fleet.grow(2)
    await user.open(URL_PATH)
    slider = user.page.get_by_role("slider", name="CPU threads of rig-1")
    await expect(slider).to_have_attribute("aria-valuetext", "4 threads")
    await slider.press("ArrowLeft")

    await expect(slider).to_have_attribute("aria-valuetext", "3 threads")

    async def is_set() -> bool:
        cpu, *_ = fleet.simulators[1].miner.backends
        return len(cpu.workers) == 3

    await eventually(is_set)


async def test_many_miners_have_a_card_each(user: User, fleet: Fleet) -> None:
    """All of them are drawn soon."""
    await fleet.grow(TABLE_FROM - 1)
    assert await first_paint(user, "xmrig-miner", TABLE_FROM - 1) < FIRST_PAINT
    await expect(user.page.locator("xmrig-miner h2")).to_have_count(TABLE_FROM - 1)


async def test_more_are_in_a_table(user: User, client: Client, fleet: Fleet) -> None:
    """It is sorted by its headers, and leads to the pages."""
    await fleet.grow(TABLE_FROM)
    await client.call("number.set_value", entity_id="number.rig_1_cpu_threads", value=3)
    assert await first_paint(user, "tbody tr", TABLE_FROM) < FIRST_PAINT
    await check_accessibility(user.page)
    header = user.page.get_by_role("columnheader", name="Threads")
    await header.get_by_role("button").press("Enter")
    await header.get_by_role("button").press("Enter")
    await expect(header).to_have_attribute("aria-sort", "ascending")
    await expect(user.page.locator("xmrig-miners tbody tr").first).to_contain_text(
        "3 / 4"
    )
    await user.page.get_by_role("link", name="rig-7").click()
    await expect(user.page.locator("xmrig-miner h2")).to_have_text("rig-7")
    assert await work(user, MULTIPLY, 200) < FIRST_PAINT


async def test_those_offline_come_first_and_say_what_to_do(
    user: User, fleet: Fleet
) -> None:
    """A chip opens a dialog, which Escape closes."""
    await fleet.grow(TABLE_FROM)
    await fleet.stop()
    await user.open(URL_PATH)
    chip = user.page.locator("xmrig-overview .chip").first
    overview = user.page.locator("xmrig-overview")
    await expect(overview).to_contain_text("0of 20")
    await expect(chip).to_contain_text("is offline")
    await expect(user.page.locator("xmrig-miners")).to_contain_text("Offline")
    await chip.press("Enter")
    dialog = user.page.get_by_role("dialog", name="is offline")
    await expect(dialog).to_contain_text("Check that its computer is on")
    await check_accessibility(user.page)
    await user.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_proxy_is_shown_beside_the_miners(user: User, client: Client) -> None:
    """As a card of Home Assistant with what matters of it."""
    async with ProxySimulator(token="token", host=HOST, uptime=1000) as proxy:
        await add_miner(client, Connection(HOST, proxy.port, "token"))
        await user.open(URL_PATH)
        card = user.page.locator("hui-entities-card", has_text="proxy-one")
        await expect(card).to_contain_text("Status")
        await expect(card).to_contain_text("Hashrate")
        await expect(card.locator("hui-warning, hui-error-card")).to_have_count(0)
