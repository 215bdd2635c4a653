"""The demo's dashboard, on a desktop and a phone, light and dark."""

from playwright.async_api import Browser, expect
import pytest

from tests.live.running import Run

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
