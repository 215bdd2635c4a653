"""A user in front of Home Assistant's interface."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
import re
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from scripts.runner.client import PASSWORD, USERNAME

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

PATIENCE = 300_000
"""ms until something counts as missing: on a busy computer, all of it takes longer."""

expect.set_options(timeout=PATIENCE)

# Home Assistant's images come from a site that is unreachable in tests, or do not exist.
# Chromium warns of its fonts if the computer is so busy that a page is drawn seconds after
# it has loaded.
EXPECTED = re.compile(
    "Failed to load resource|brands|translations/"
    r"|/static/fonts/\S+ was preloaded using link preload but not used"
)

WEBSOCKET = "message => document.querySelector('home-assistant').hass.callWS(message)"


@dataclass
class User:
    """A logged-in user with a browser window."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the browser's console."""

    async def open(self, path: str) -> None:
        """Open a page of Home Assistant by its path."""
        await self.page.goto(f"{self.url}/{path}")
        await self.page.wait_for_selector("home-assistant-main")

    async def command(self, command: str, **data: Any) -> Any:
        """Return the result of a command over the page's own connection."""
        return await self.page.evaluate(WEBSOCKET, {"type": command, **data})

    async def sees(self, text: str) -> None:
        """Wait until a text is on the page."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def click(self, name: str) -> None:
        """Click the button of a name."""
        await self.page.get_by_role("button", name=name).first.click()

    async def open_repair(self, text: str) -> None:
        """Open a repair by a text of its row, on the page of repairs."""
        row = self.page.locator("ha-list-item-button, ha-md-list-item", has_text=text)
        await row.first.click()

    ### The dialog of a flow

    @property
    def dialog(self) -> Locator:
        """Return the dialog of a flow."""
        return self.page.locator("dialog-data-entry-flow")

    def input(self, name: str) -> Locator:
        """Return the field of a form by its key."""
        return self.page.locator(f"field={name} >> input")

    async def fill(self, **entered: str) -> None:
        """Fill in fields of a form by their keys."""
        for name, text in entered.items():
            await self.input(name).fill(text)

    async def submit(self, button: str = "Submit") -> None:
        """Submit a form."""
        await self.dialog.locator("ha-button", has_text=button).click()

    async def choose(self, option: str) -> None:
        """Choose an option of a menu."""
        await self.dialog.get_by_text(option, exact=True).click()

    async def finish(self, button: str | re.Pattern[str] = "Finish") -> None:
        """Close the dialog after its success."""
        await self.dialog.locator("ha-button", has_text=button).click()
        await expect(self.dialog.locator("wa-dialog[open]")).to_have_count(0)


@asynccontextmanager
async def logged_in(
    browser: Browser,
    url: str,
    *,
    size: dict[str, int] = DESKTOP,
    dark: bool = False,
    language: str = "en",
    time_zone: str | None = None,
) -> AsyncGenerator[User]:
    """Yield a user who logs in through the form, in a browser set up as theirs."""
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if dark else "light",
        has_touch=size is PHONE,
        locale=language,
        timezone_id=time_zone,
    )
    await context.add_init_script(
        f"localStorage.selectedLanguage ??= {json.dumps(json.dumps(language))}"
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    user = User(page, url)

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            user.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: user.complaints.append(str(error)))
    await page.goto(url)
    await page.locator("input[name=username]").fill(USERNAME)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("home-assistant-main")
    try:
        yield user
    finally:
        await context.close()
