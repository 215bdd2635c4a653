"""A user in front of Home Assistant's interface."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import re
from typing import Any

import aiohttp
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    TimeoutError as PlaywrightTimeoutError,
    expect,
)

from scripts.runner.client import PASSWORD, USERNAME, Client

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

PATIENCE = 300_000
"""ms until something counts as missing: on a busy computer, all of it takes longer."""

MISSING = 60_000
"""ms until the page of the config entries is opened again if something is missing."""

SCREEN = 3000
"""Characters of what is on the screen that explain a failure."""

expect.set_options(timeout=PATIENCE)

# Home Assistant's images come from a site that is unreachable in tests, or do not exist
EXPECTED = re.compile("Failed to load resource|brands|translations/")

OURS = "/xmrig_miner/"
"""The path of the integration's own modules."""

DOMAIN = "xmrig_miner"

REMEMBER = """(values) => {
  for (const [key, value] of Object.entries(values)) localStorage[key] = JSON.stringify(value);
}"""
"""Store what Home Assistant's frontend finds at its start."""


@dataclass
class User:
    """A logged-in user with a browser window."""

    page: Page
    url: str
    client: Client
    complaints: list[str] = field(default_factory=list)
    """Errors of the browser's console and warnings of the integration, each with its page."""

    def complain(self, text: str, source: str, *, warns: bool = False) -> None:
        """Note an error or warning of the browser's console, and where it is from.

        Home Assistant and Chromium warn on a busy computer, of an event that arrives
        after its subscription has ended, or of fonts that are used late. So warnings
        count only if they are from the integration's own modules, or name it.
        """
        ours = self.url + OURS in source or (warns and DOMAIN in text)
        if ours or not (warns or EXPECTED.search(text)):
            self.complaints.append(f"{self.page.url}: {text} ({source})")

    async def log_in(self) -> None:
        """Log in through the form, as in a browser that is not logged in yet."""
        await self.page.evaluate("delete localStorage.hassTokens")
        await self.page.goto(self.url)
        await self.page.locator("input[name=username]").fill(USERNAME)
        await self.page.locator("input[name=password]").fill(PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("home-assistant-main")

    async def open(self, path: str) -> None:
        """Open a page of Home Assistant by its path."""
        await self.page.goto(f"{self.url}/{path}")
        await self.page.wait_for_selector("home-assistant-main")

    async def command(self, command: str, **data: Any) -> Any:
        """Return the result of a command as this user."""
        return await self.client.command(command, **data)

    async def repairs(self) -> list[str]:
        """Return the repairs of the integration, by their keys."""
        return await repairs(self.client)

    async def remember(self, **values: Any) -> None:
        """Store what the frontend finds when a page is opened next."""
        await self.page.evaluate(REMEMBER, values)

    async def screen(self) -> str:
        """Return where the user is, and what is on the screen, to explain a failure."""
        shown = await self.page.locator("body").aria_snapshot()
        return f"{self.page.url}\n{shown[:SCREEN]}"

    async def sees(self, text: str) -> None:
        """Wait until a text is on the page."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def click(self, name: str) -> None:
        """Click the button of a name."""
        await self.page.get_by_role("button", name=name).first.click()

    def entry(self, title: str) -> Locator:
        """Return the row of a config entry, on the page of them all."""
        return self.page.locator("ha-config-entry-row", has_text=title)

    async def choose_for(self, title: str, item: str) -> None:
        """Choose an item of the menu of a config entry."""
        await self.click_in_entries(
            self.entry(title).get_by_role("button", name="Menu").first,
            self.entry(title).locator("ha-dropdown-item", has_text=item).first,
        )

    async def click_in_entries(self, *steps: Locator) -> None:
        """Open the page of the config entries, and click what is on it, step by step.

        Again if something is missing: the list stays empty if an entry changes while the
        page loads its translations (hassSubscribe of ha-config-integrations).
        """
        async with asyncio.timeout(PATIENCE / 1000):
            while True:
                await self.open("config/integrations/integration/xmrig_miner")
                with suppress(PlaywrightTimeoutError):
                    for step in steps:
                        await step.click(timeout=MISSING)
                    return

    async def open_repair(self, title: str) -> None:
        """Open a repair, on the page of repairs."""
        row = self.page.locator("ha-list-item-button, ha-md-list-item", has_text=title)
        await row.click()

    async def sees_no_dialog(self) -> None:
        """Wait until each dialog of Home Assistant is closed.

        It then goes back in the history, which would undo opening a page before.
        """
        await self.page.wait_for_function("() => !history.state?.dialog")

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
        await self.sees_no_dialog()


async def repairs(client: Client) -> list[str]:
    """Return the repairs of the integration, by their keys."""
    found = (await client.command("repairs/list_issues"))["issues"]
    return [
        issue["translation_key"] for issue in found if issue["domain"] == "xmrig_miner"
    ]


async def wider_than_the_screen(user: User) -> list[str]:
    """Return how wide a page is, if that is more than fits on the screen."""
    width = await user.page.evaluate("document.body.scrollWidth")
    size = user.page.viewport_size
    return [f"{width} px"] if size and width > size["width"] else []


async def nothing_of(find: Callable[[], Awaitable[list[str]]]) -> None:
    """Wait until no fault is found, as while a page is drawn; fail with those that stay."""
    faults = await find()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE / 1000):
            while faults:
                await asyncio.sleep(0.2)
                faults = await find()
    assert not faults


@asynccontextmanager
async def window(
    browser: Browser,
    *,
    size: dict[str, int] = DESKTOP,
    dark: bool = False,
    language: str = "en",
    time_zone: str | None = None,
) -> AsyncGenerator[BrowserContext]:
    """Yield a browser set up as that of a user, with a cache of its own."""
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if dark else "light",
        has_touch=size is PHONE,
        locale=language,
        timezone_id=time_zone,
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def logged_in_to(
    page: Page, url: str, *, language: str = "en"
) -> AsyncGenerator[User]:
    """Yield a user who has logged in; the page remembers nothing of users before."""
    async with aiohttp.ClientSession() as session:
        client = await Client.connect(session, url)
        user = User(page, url, client)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                user.complain(
                    message.text,
                    message.location["url"],
                    warns=message.type == "warning",
                )

        def note_exception(error: Error) -> None:
            user.complain(str(error), error.stack or "")

        # A page without a script, only to reach the storage
        await page.goto(f"{url}/manifest.json")
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await user.remember(hassTokens=client.tokens, selectedLanguage=language)
        page.on("console", note)
        page.on("pageerror", note_exception)
        try:
            yield user
        except Exception as error:
            error.add_note(await user.screen())
            raise
        finally:
            page.remove_listener("console", note)
            page.remove_listener("pageerror", note_exception)


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
    """Yield a user who has logged in, in a browser set up as theirs."""
    async with (
        window(
            browser, size=size, dark=dark, language=language, time_zone=time_zone
        ) as context,
        logged_in_to(await context.new_page(), url, language=language) as user,
    ):
        yield user
