"""The dashboard of the integration, from its dialog to each of its cards in use."""

from functools import partial
from typing import Any, Literal

from playwright.async_api import Browser, Locator, expect
import pytest

from scripts.runner.client import Client
from scripts.runner.dashboard import URL_PATH
from scripts.runner.miner import Device, Entry, devices, listed
from tests.live.running import Run, eventually

from .accessibility import check_accessibility
from .user import DESKTOP, PHONE, User, logged_in, nothing_of, wider_than_the_screen

MODE = "select.mining_manager_mode"

STYLE = """(element, [property, pseudo]) =>
  getComputedStyle(element, pseudo)[property]"""

# As a theme does
SET = """([name, value]) =>
  document.documentElement.style.setProperty(name, value)"""

# px that a card is too wide for the narrowest column of a phone
OVERFLOW = """element => {
  element.style.width = '160px';
  const { scrollWidth, clientWidth } = element.shadowRoot.querySelector('ha-card');
  return scrollWidth - clientWidth;
}"""

# Of a link on a card, against what is behind it
LINK_CONTRAST = """element => {
  const card = element.shadowRoot.querySelector('ha-card');
  const link = document.createElement('a');
  link.className = 'link';
  card.append(link);
  const context = document.createElement('canvas')
    .getContext('2d', { willReadFrequently: true });
  const luminance = colour => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data]
      .map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = luminance(getComputedStyle(card).getPropertyValue('--card-background-color'));
  const text = luminance(getComputedStyle(link).color);
  link.remove();
  return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
}"""
LEAST_CONTRAST = 4.5

# Drawn, as a colour may be written in many ways
TEXT_COLOUR = """element => {
  const context = document.createElement('canvas').getContext('2d');
  context.fillStyle = getComputedStyle(element).color;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""

# Where the first character of a text is, and where its full stop
ENDS = """element => {
  const text = element.firstChild;
  const place = (offset) => {
    const range = document.createRange();
    range.setStart(text, offset);
    range.setEnd(text, offset + 1);
    return range.getBoundingClientRect().x;
  };
  return [place(0), place(text.length - 1)];
}"""


async def rig(client: Client, name: str) -> Device:
    """Return the device of a miner."""
    [entry] = [entry for entry in await listed(client) if entry["title"] == name]
    return (await devices(client, Entry(entry["entry_id"], name)))[0]


async def page_of(user: User, name: str) -> str:
    """Return the path of a miner's page."""
    registry = await user.command("config/device_registry/list")
    [found] = [device for device in registry if device["name"] == name]
    return f"{URL_PATH}/miner-{found['id']}"


async def open_dashboard(user: User) -> None:
    """Open the demo's dashboard, and wait until all of it is there."""
    await user.open(URL_PATH)
    await expect(user.page.locator("xmrig-miner h2")).to_have_count(2)


def card(user: User, name: str) -> Locator:
    """Return the card of a miner."""
    return user.page.locator("xmrig-miner", has_text=name)


async def has_state(client: Client, entity_id: str, state: str) -> bool:
    """Return whether an entity has a state."""
    return await client.state(entity_id) == state


def at_most(watts: int) -> str:
    """Return how a limit is spoken, without a line break before its unit."""
    return f"At most {watts}\N{NO-BREAK SPACE}W"


async def test_it_is_added_from_the_community_dashboards(user: User) -> None:
    """It needs nothing but a title."""
    await user.open("config/lovelace/dashboards")
    await user.click("Add dashboard")
    await user.sees("Community dashboards")
    await user.page.get_by_text("All miners and the mining manager").click()
    await user.input("title").fill("My rigs")
    await user.click("Create")

    async def is_there() -> bool:
        found = await user.command("lovelace/dashboards/list")
        return "my-rigs" in [dashboard["url_path"] for dashboard in found]

    await eventually(is_there)
    await user.sees_no_dialog()
    await user.open("my-rigs")
    for text in ("Mining manager", "rig-one", "rig-two", "Miners mining"):
        await user.sees(text)


async def test_the_mode_is_chosen_by_mouse_and_keyboard(
    user: User, client: Client
) -> None:
    """Arrow keys go from mode to mode, and Enter chooses."""
    await open_dashboard(user)
    await user.page.get_by_role("radio", name="Full").click()
    await eventually(partial(has_state, client, MODE, "full"))
    await user.sees("Everything runs at full power")
    await expect(user.page.get_by_role("radio", name="Full")).to_be_checked()
    await user.page.get_by_role("radio", name="Full").press("ArrowRight")
    await expect(user.page.get_by_role("radio", name="Manual")).to_be_focused()
    await user.page.keyboard.press("Enter")
    await eventually(partial(has_state, client, MODE, "manual"))
    await user.sees("You control each miner yourself")


async def test_a_miner_is_paused_and_resumed(user: User, client: Client) -> None:
    """Its card says so, and why."""
    mining = (await rig(client, "rig-two")).entities["switch.mining"]
    await open_dashboard(user)
    switch = user.page.get_by_role("switch", name="Mining of rig-two")
    await expect(switch).to_be_checked()
    await switch.press("Space")
    await eventually(partial(has_state, client, mining, "off"))
    await expect(card(user, "rig-two")).to_contain_text("Paused from Home Assistant")
    await switch.press("Space")
    await eventually(partial(has_state, client, mining, "on"))
    await expect(switch).to_be_checked()


async def test_arrow_keys_set_the_power_limit_thread_by_thread(
    user: User, client: Client
) -> None:
    """Only where the slider stops is sent; its end is no limit."""
    limit = (await rig(client, "rig-two")).entities["number.power_limit"]
    await open_dashboard(user)
    slider = user.page.get_by_role("slider", name="Power limit of rig-two")

    async def is_at(text: str) -> None:
        await expect(slider).to_have_attribute("aria-valuetext", text)

    await is_at("No power limit")
    await slider.press("ArrowLeft")
    await is_at(f"{at_most(124)}: 7 threads")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):
        await slider.press(key)
    await is_at(f"{at_most(112)}: 6 threads")
    await eventually(partial(has_state, client, limit, "112"))
    await slider.press("End")
    await is_at("No power limit")
    await eventually(partial(has_state, client, limit, "140"))


async def test_another_pool_is_used_first(user: User, client: Client) -> None:
    """The order of the pools shows it."""
    pool = (await rig(client, "rig-one")).entities["select.pool"]
    await user.open(await page_of(user, "rig-one"))
    pools = user.page.locator("xmrig-pools li")
    await expect(pools).to_have_count(2)
    await expect(pools.first).to_contain_text("pool.example.org:3333")
    await user.page.get_by_role("button", name="Use first: backup").press("Enter")
    await eventually(partial(has_state, client, pool, "backup.example.org:3333"))


async def test_a_calibration_shows_its_progress_until_it_is_cancelled(
    user: User,
) -> None:
    """Both are on the miner's page."""
    await user.open(await page_of(user, "rig-two"))
    await user.page.get_by_role("button", name="Calibrate", exact=True).press("Enter")
    await expect(user.page.get_by_role("progressbar")).to_be_visible()
    await user.page.get_by_role("button", name="Cancel calibration").press("Enter")
    await expect(user.page.get_by_role("progressbar")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_it_is_accessible(
    browser: Browser, run: Run, size: dict[str, int], dark: bool
) -> None:
    """Without serious findings of axe-core, and no wider than a phone."""
    async with logged_in(browser, run.url, size=size, dark=dark) as user:
        for path in (URL_PATH, await page_of(user, "rig-one")):
            await user.open(path)
            await expect(user.page.locator("xmrig-miner h2").first).to_be_visible()
            # Opened, as all of it is to be looked at
            for fold in await user.page.locator("xmrig-curve summary").all():
                await fold.click()
            await check_accessibility(user.page)
            wrong = user.page.locator("hui-error-card, hui-warning")
            await expect(wrong).to_have_count(0)
            await nothing_of(partial(wider_than_the_screen, user))
        assert not user.complaints


async def test_a_miner_is_added_to_another_dashboard(user: User) -> None:
    """By the editor of its card, which offers the miners."""
    await user.command("lovelace/dashboards/create", url_path="my-cards", title="Cards")
    section = {"type": "grid", "cards": [{"type": "heading", "heading": "Rigs"}]}
    view = {"type": "sections", "path": "all", "sections": [section]}
    await user.command(
        "lovelace/config/save", url_path="my-cards", config={"views": [view]}
    )
    await user.open("my-cards/all?edit=1")
    await user.click("Add card")
    await user.page.get_by_text("Browse all cards").click()
    await user.page.get_by_placeholder("Search cards").fill("XMRig miner")
    name = user.page.get_by_text("XMRig miner", exact=True)
    offered = user.page.locator("hui-card-picker .card", has=name)
    # The preview is below a layer that takes the click
    await offered.locator(".overlay").click()
    await user.sees("XMRig miner card configuration")
    await user.page.locator("field=device >> ha-generic-picker").click()
    await user.page.get_by_text("rig-two").last.click()
    await user.page.locator("hui-dialog-edit-card").get_by_text("Save").click()

    async def is_saved() -> bool:
        config: Any = await user.command("lovelace/config", url_path="my-cards")
        return any(
            shown["type"] == "custom:xmrig-miner"
            for shown in config["views"][0]["sections"][0]["cards"]
        )

    await eventually(is_saved)
    await user.sees_no_dialog()
    await user.open("my-cards/all")
    await expect(card(user, "rig-two")).to_be_visible()


async def test_the_editor_of_the_manager_s_card_says_that_it_has_no_settings(
    user: User,
) -> None:
    """An empty page would look broken."""
    await user.command("lovelace/dashboards/create", url_path="one-card", title="One")
    section = {"type": "grid", "cards": [{"type": "custom:xmrig-manager"}]}
    view = {"type": "sections", "path": "all", "sections": [section]}
    await user.command(
        "lovelace/config/save", url_path="one-card", config={"views": [view]}
    )
    await user.open("one-card/all?edit=1")
    await user.page.get_by_role("button", name="Edit card").press("Enter")
    await user.sees("XMRig manager card configuration")
    await user.sees("This card has no settings.")


async def test_the_curve_is_a_table_too(user: User) -> None:
    """For those who see no chart. The name of a miner leads to its page."""
    await open_dashboard(user)
    await user.page.get_by_role("link", name="rig-two").press("Enter")
    curve = user.page.locator("xmrig-curve")
    # It is learned once what the miner does has not changed for a while
    await expect(curve).to_contain_text("Most efficient with")
    await curve.locator("summary").press("Enter")
    await expect(curve.get_by_role("row")).to_have_count(10)


async def test_a_page_stays_that_of_its_miner(user: User) -> None:
    """Also if tabs change their places because another miner is renamed."""
    await user.open(await page_of(user, "rig-two"))
    name = user.page.locator("xmrig-miner h2")
    await expect(name).to_have_text("rig-two")
    registry = await user.command("config/device_registry/list")
    [other] = [device["id"] for device in registry if device["name"] == "rig-one"]
    for new_name in ("the-last-one", None):
        await user.command(
            "config/device_registry/update", device_id=other, name_by_user=new_name
        )
        tab = user.page.get_by_role("tab", name=new_name or "rig-one")
        await expect(tab).to_be_visible()
        await expect(name).to_have_text("rig-two")
    await user.page.get_by_role("tab").first.click()
    await expect(name).to_have_text(["rig-one", "rig-two"])


async def style(shown: Locator, property_: str, pseudo: str | None = None) -> str:
    """Return how a property of an element is computed."""
    return str(await shown.evaluate(STYLE, [property_, pseudo]))


async def test_it_adapts_to_the_user_s_theme_and_system(user: User) -> None:
    """Any primary colour, a large font, narrow columns, and what the system asks for."""
    await open_dashboard(user)
    chosen = user.page.get_by_role("radio", checked=True)
    other = user.page.get_by_role("radio", checked=False).first
    toggle = user.page.get_by_role("switch", name="Mining of rig-two")
    name = user.page.locator("xmrig-miner h2").first
    usual = float((await style(name, "fontSize")).removesuffix("px"))
    await user.page.evaluate(SET, ["--ha-font-size-scale", "2"])
    assert await style(name, "fontSize") == f"{2 * usual:g}px"
    await user.page.evaluate(SET, ["--ha-font-size-scale", "1"])
    for colour, text in (("#ffeb3b", 0), ("#002244", 255)):
        await user.page.evaluate(SET, ["--primary-color", colour])
        # Black or white, in whichever way it is written
        assert await chosen.evaluate(TEXT_COLOUR) == [text] * 3
    assert await style(toggle, "transitionDuration", "::after") != "0s"
    await user.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert await style(toggle, "transitionDuration", "::after") == "0s"
    assert await style(toggle, "borderTopWidth") == "1px"
    background = "backgroundColor"
    assert await style(chosen, background) != await style(other, background)
    for narrow in await user.page.locator("xmrig-manager, xmrig-miner").all():
        assert await narrow.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_links_are_readable_in_any_primary_colour(
    user: User, scheme: Literal["light", "dark"]
) -> None:
    """WCAG asks for a contrast of at least 4.5."""
    await user.page.emulate_media(color_scheme=scheme)
    await open_dashboard(user)
    manager = user.page.locator("xmrig-manager")
    for colour in ("#ffeb3b", "#ffffff", "#009ac7", "#000000", "#002244"):
        await user.page.evaluate(SET, ["--primary-color", colour])

        async def is_readable() -> bool:
            return float(await manager.evaluate(LINK_CONTRAST)) >= LEAST_CONTRAST

        await eventually(is_readable)


async def test_it_is_mirrored_where_languages_are_read_from_right_to_left(
    browser: Browser, run: Run
) -> None:
    """Its English texts and numbers stay as they are read."""
    async with logged_in(browser, run.url, language="he") as user:
        await open_dashboard(user)
        slider = user.page.get_by_role("slider", name="Power limit of rig-two")
        await slider.press("ArrowRight")
        await expect(slider).to_have_attribute(
            "aria-valuetext", f"{at_most(124)}: 7 threads"
        )
        await slider.press("End")
        marks = card(user, "rig-two").locator(".marks span")
        bar = await card(user, "rig-two").locator(".slider").bounding_box()
        first, last = await marks.first.bounding_box(), await marks.last.bounding_box()
        assert bar and first and last
        assert bar["x"] <= last["x"] < first["x"] < bar["x"] + bar["width"]
        # The full stop is at the end of what is read
        sentence = card(user, "rig-two").locator(".state")
        first_letter, full_stop = await sentence.evaluate(ENDS)
        assert first_letter < full_stop
