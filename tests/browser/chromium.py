"""Chromium, as scripts/setup browser provides it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import os
import shutil

from playwright.async_api import Browser, async_playwright

from scripts.runner.process import PROJECT

TOOLS = PROJECT / ".tools"
FONTS = PROJECT / "tests/browser/fonts.conf"

SWITCHES = [
    # Containers run it as root
    "--no-sandbox",
    # It does not connect to anything on its own
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
]

FIELD = """{
  query(root, name) { return this.queryAll(root, name)[0] ?? null },
  queryAll(root, name) {
    const found = [];
    for (const element of root.querySelectorAll('*')) {
      if (element.localName === 'ha-selector' && element.name === name)
        found.push(element);
      else if (element.shadowRoot) found.push(...this.queryAll(element.shadowRoot, name));
    }
    return found;
  }
}"""
"""A selector of a form's field by its key, which is only in a property of the
element."""


def find() -> str | None:
    """Return the path of Chromium: the one on the PATH, else that of scripts/setup."""
    unpacked = TOOLS / "chromium/usr/lib/chromium/chromium"
    return shutil.which("chromium") or (str(unpacked) if unpacked.exists() else None)


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """Yield headless Chromium."""
    environment = {**os.environ, "FONTCONFIG_FILE": str(FONTS)}
    async with async_playwright() as playwright:
        await playwright.selectors.register("field", FIELD)
        browser = await playwright.chromium.launch(
            executable_path=find(), args=SWITCHES, env=environment
        )
        try:
            yield browser
        finally:
            await browser.close()
