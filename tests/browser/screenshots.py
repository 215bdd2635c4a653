"""Takes the screenshots of the README for scripts/screenshots."""

import asyncio
import base64
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
import tempfile

import aiohttp
from playwright.async_api import Browser, expect

from scripts.runner.client import Client
from scripts.runner.dashboard import URL_PATH
from scripts.runner.process import PROJECT
from tests.live.running import Run, free_port

from .chromium import chromium
from .played import PlayedDay
from .user import DESKTOP, PHONE, User, logged_in

IMAGES = PROJECT / "docs/images"

EVENING = 17
"""The hour at which pictures are taken, by the browser's time zone: the chart of the last
day shows all of a day of sun."""

QUALITY = 88
"""Of WebP, which keeps text sharp from about 85 on."""

LEARN = 600_000
"""ms until the demo has learned the power of its miners and distributes surplus."""

SETTLE = 7000
"""ms until all sensors of the demo show what its miners do."""

START = 40
"""Seconds until a resumed miner shows all of its hashrates."""

HALF = 40
"""% of a calibration at which its picture is taken."""

BOTTOM = """() => {
  let bottom = 0;
  const visit = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (/^(xmrig-|hui-card$|ha-card$)/.test(element.localName))
        bottom = Math.max(bottom, element.getBoundingClientRect().bottom + scrollY);
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  return bottom;
}"""


class Photographer:
    """Takes pictures of the demo."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Initialize the photographer with a browser."""
        now = datetime.now(UTC)
        hours = (EVENING - now.hour + 12) % 24 - 12
        # Etc/GMT-5 is five hours ahead
        self._timezone = f"Etc/GMT{-hours:+d}"
        self._day = PlayedDay(now.astimezone(timezone(timedelta(hours=hours))))
        self._browser = browser
        self._url = url

    async def take(
        self,
        name: str,
        path: str,
        shows: str,
        *,
        size: dict[str, int] = DESKTOP,
        dark: bool = False,
        whole: bool = True,
        only: str | None = None,
    ) -> None:
        """Save a screenshot of a whole page, of a card, or of what fits on the screen.

        It is taken once the page shows a text, and still does after a while.

        `path` may name a device, as in `{rig-one}`.
        """
        async with logged_in(
            self._browser, self._url, size=size, dark=dark, time_zone=self._timezone
        ) as user:
            await user.remember(dockedSidebar="always_hidden")
            await self._day.play(user.page)
            await user.open(await _with_devices(user, path))
            shown = user.page.get_by_text(shows).first
            is_settled = False
            while not is_settled:
                await expect(shown).to_be_visible(timeout=LEARN)
                # Until the meters of the miners have followed
                await user.page.wait_for_timeout(SETTLE)
                is_settled = await shown.is_visible()
            if whole:
                bottom = await user.page.evaluate(BOTTOM)
                await user.page.set_viewport_size(
                    {"width": size["width"], "height": round(bottom) + 16}
                )
                await user.page.wait_for_timeout(500)
            card = only and await user.page.locator(only).bounding_box()
            await _save(user, name, {**card, "scale": 1} if card else None)


async def _with_devices(user: User, path: str) -> str:
    """Return a path with the IDs of devices in place of their names."""
    registry = await user.command("config/device_registry/list")
    for device in registry:
        path = path.replace(f"{{{device['name']}}}", device["id"])
    return path


async def _save(user: User, name: str, clip: dict[str, float] | None) -> None:
    """Save what is visible as WebP, which Playwright itself does not write."""
    session = await user.page.context.new_cdp_session(user.page)
    options = {"format": "webp", "quality": QUALITY} | ({"clip": clip} if clip else {})
    picture = await session.send("Page.captureScreenshot", options)
    path = IMAGES / f"{name}.webp"
    path.write_bytes(base64.b64decode(picture["data"]))
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


async def _change_pools(client: Client) -> None:
    """Cause changes for the list of events."""
    pool = "select.rig_two_preferred_pool"
    for option in ("backup.example.org:3333", "pool.example.org:3333"):
        await client.call("select.select_option", entity_id=pool, option=option)
        await asyncio.sleep(15)


async def _start_mining(client: Client) -> None:
    """Wait until the manager mines, and shows with what efficiency."""
    while await client.state("sensor.mining_manager_efficiency") == "unknown":
        await asyncio.sleep(1)


async def _calibrate(client: Client) -> None:
    """Wait until a calibration is about half done."""
    progress = "unknown"
    while progress == "unknown" or float(progress) < HALF:
        await asyncio.sleep(1)
        progress = await client.state("sensor.rig_two_calibration")


async def _main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        config = stack.enter_context(tempfile.TemporaryDirectory())
        run = Run(Path(config), "--simulator-port", str(free_port()))
        stack.callback(run.kill)
        await asyncio.to_thread(run.start)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = await Client.connect(session, run.url)
        await client.call("automation.turn_off", entity_id="all")
        await _change_pools(client)
        browser = await stack.enter_async_context(chromium())
        take = Photographer(browser, run.url).take
        overview, uses = URL_PATH, "all 4 threads on rig-one"
        page = f"{URL_PATH}/miner-{{rig-two}}"
        await take("dashboard", overview, uses)
        await take("dashboard-dark", overview, uses, dark=True)
        await take("dashboard-phone", overview, uses, size=PHONE)
        await take("miner", page, "Most efficient with")
        device = "config/devices/device"
        manager = f"{device}/{{Mining manager}}"
        await _start_mining(client)
        await take("manager", manager, "Controls", whole=False)
        mode = "select.mining_manager_mode"
        await client.call("select.select_option", entity_id=mode, option="full")
        await asyncio.sleep(START)
        await take("device", f"{device}/{{rig-one}}", "Controls", whole=False)
        # It ends with the calibration
        pressed = asyncio.create_task(
            client.call("button.press", entity_id="button.rig_two_calibrate")
        )
        await _calibrate(client)
        await take("calibration", page, "Cancel calibration", only="xmrig-curve")
        pressed.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
