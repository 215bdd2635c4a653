"""The forms, the device page and the dashboard in other languages than English."""

from collections.abc import AsyncGenerator, Generator
from functools import partial
import json
import re
from typing import Any

from playwright.async_api import Browser
import pytest

from scripts.runner.client import Client
from scripts.runner.dashboard import URL_PATH
from scripts.runner.miner import ENTRIES, listed
from scripts.runner.process import HOST, PROJECT, VENV
from tests.live.running import TOKEN, Run, SimulatedMiner

from .user import PHONE, User, logged_in, nothing_of, wider_than_the_screen

INTEGRATION = PROJECT / "custom_components/xmrig_miner"
FOLDERS = [INTEGRATION / "translations", INTEGRATION / "frontend/web/translations"]
LANGUAGES = sorted(path.stem for path in FOLDERS[0].glob("*.json"))

SETTINGS = "ui.panel.config"
SUBMIT = f"{SETTINGS}.integrations.config_flow.submit"
FINISH = f"{SETTINGS}.integrations.config_flow.finish"
FINISH_SKIP = f"{SETTINGS}.integrations.config_flow.finish_skip"
"""The name of the same button once new devices are listed."""
PAGES = {
    "Devices & services": f"{SETTINGS}.dashboard.devices.main",
    "Repairs": f"{SETTINGS}.repairs.caption",
}

VISIBLE_TEXTS = """() => {
  const found = new Set();
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) found.add(node.textContent.trim());
    if (['STYLE', 'SCRIPT'].includes(node.nodeName)) return;
    for (const child of [...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])]) walk(child);
  };
  walk(document.body);
  return [...found];
}"""

TOO_WIDE = """() => {
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      const { localName, clientWidth, scrollWidth } = element;
      const isOurs = root.host?.localName.startsWith('xmrig-') && localName === 'button';
      const isBox = ['ha-card', 'ha-dialog', 'dialog', 'ha-form'].includes(localName) ||
        localName.startsWith('xmrig-');
      if ((isBox || isOurs) && clientWidth && scrollWidth > clientWidth + 1)
        found.push(`${localName}: ${scrollWidth} > ${clientWidth}`);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return found;
}"""


# A word of an alphabet that is on two lines, though it is not a long one
BROKEN = """() => {
  const found = new Set();
  const range = document.createRange();
  const read = (node) => {
    for (const { 0: word, index } of node.textContent.matchAll(/\\p{L}+/gu)) {
      if (word.length > 20 || /[\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Han}]/u.test(word)) continue;
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.add(word);
    }
  };
  const walk = (node, isOurs) => {
    if (['STYLE', 'SCRIPT'].includes(node.nodeName)) return;
    if (node.nodeType === Node.TEXT_NODE && isOurs) read(node);
    for (const child of node.childNodes) walk(child, isOurs);
    if (node.shadowRoot) walk(node.shadowRoot, node.localName.startsWith('xmrig-'));
  };
  walk(document.body, false);
  return [...found];
}"""

GO = """(path) => {
  history.pushState(null, '', path);
  window.dispatchEvent(new CustomEvent('location-changed'));
}"""


# The width of the table of all miners up to its second column
TABLE = """async () => {
  const card = document.createElement('xmrig-miners');
  card.setConfig({});
  card.hass = document.querySelector('home-assistant').hass;
  document.body.append(card);
  const cell = () => card.shadowRoot.querySelector('tbody td:nth-child(2)');
  while (!cell()) await new Promise(requestAnimationFrame);
  const { right } = cell().getBoundingClientRect();
  card.remove();
  return right;
}"""


# Characters that look like one that no font has
BOXES = """(characters) => {
  const context = new OffscreenCanvas(32, 32).getContext('2d');
  context.font = '20px sans-serif';
  context.textBaseline = 'top';
  const draw = (character) => {
    context.clearRect(0, 0, 32, 32);
    context.fillText(character, 4, 4);
    return context.getImageData(0, 0, 32, 32).data.join();
  };
  const box = draw('\\u{10FFFE}');
  return [...characters].filter((character) => draw(character) === box);
}"""


def flat(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    """Return each text by its path."""
    found: dict[str, str] = {}
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{key}.")
        else:
            found[path + key] = value
    return found


def ours(language: str) -> dict[str, str]:
    """Return the texts of the integration and its dashboard in a language."""
    files = [folder / f"{language}.json" for folder in FOLDERS]
    return flat(
        {path.parent.parent.name: json.loads(path.read_text()) for path in files}
    )


def home_assistants(language: str) -> dict[str, str]:
    """Return the texts of Home Assistant's frontend in a language."""
    [folder] = VENV.glob("lib/python*/site-packages/hass_frontend/static/translations")
    found: dict[str, str] = {}
    for part in (folder, folder / "config"):
        [path] = part.glob(f"{language}-{'[0-9a-f]' * 32}.json")
        found |= json.loads(path.read_text())
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_assistant_calls_its_own_things_as_we_do(language: str) -> None:
    """Users look for these names on the screen."""
    names = home_assistants(language)
    texts = ours(language)
    for key, english in ours("en").items():
        expected = [f"**{names[SUBMIT]}**"] if "**Submit**" in english else []
        for page, name in PAGES.items():
            if f"Settings > {page}" in english:
                expected.append(f"{names['panel.config']} > {names[name]}")
        for name in expected:
            assert name in texts.get(key, name), key


async def test_each_character_has_a_glyph(browser: Browser) -> None:
    """Otherwise, the other tests and the pictures would show boxes."""
    texts = "".join(text for language in LANGUAGES for text in ours(language).values())
    characters = sorted({character for character in texts if not character.isspace()})
    page = await browser.new_page()
    assert not await page.evaluate(BOXES, characters)
    await page.close()


async def check(user: User, language: str) -> None:
    """Check that a page has no text of ours in English, and that nothing is too wide."""

    async def find() -> list[str]:
        return await faults(user, language)

    await nothing_of(find)


async def faults(user: User, language: str) -> list[str]:
    """Return the texts of ours in English, what is too wide, and words on two lines."""
    texts = ours(language)
    english = "|".join(
        re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))
        for key, text in ours("en").items()
        if " " in text and texts.get(key) != text and not text.startswith("{")
    )
    shown = await user.page.evaluate(VISIBLE_TEXTS)
    return [
        *(f"in English: {text}" for text in shown if re.fullmatch(english, text)),
        *(f"too wide: {box}" for box in await user.page.evaluate(TOO_WIDE)),
        *(f"on two lines: {word}" for word in await user.page.evaluate(BROKEN)),
        *(f"too wide: {page}" for page in await wider_than_the_screen(user)),
    ]


@pytest.fixture(scope="module")
def miner() -> Generator[SimulatedMiner]:
    """Return a miner with a card."""
    miner = SimulatedMiner("--gpus", "1", "--worker-id", "cellar")
    try:
        miner.start()
        yield miner
    finally:
        miner.stop()


@pytest.fixture(params=["de", "fr", "ja"])
async def language(
    request: pytest.FixtureRequest, client: Client, miner: SimulatedMiner
) -> AsyncGenerator[str]:
    """Return a language that Home Assistant is set to; its users use it too."""
    await client.command("config/core/update", language=request.param)
    for entry in await listed(client):
        await client.post(f"{ENTRIES}/{entry['entry_id']}/reload", {})
    yield request.param
    for entry in await listed(client):
        if entry["title"] == "cellar":
            await client.delete(f"{ENTRIES}/{entry['entry_id']}")


async def test_a_miner_is_added(
    browser: Browser, run: Run, language: str, miner: SimulatedMiner
) -> None:
    """From the form over its errors to the device page."""
    texts = ours(language)
    names = home_assistants(language)
    form = "xmrig_miner.config"
    async with logged_in(browser, run.url, language=language) as user:
        await user.open("config/integrations/dashboard/add?domain=xmrig_miner")
        await user.click(names["ui.common.ok"])
        await user.sees(texts[f"{form}.step.user.title"])
        await check(user, language)
        await user.fill(host="no-such-host.invalid", port=str(miner.port))
        await user.submit(names[SUBMIT])
        await user.sees(texts[f"{form}.error.unknown_host"])
        await check(user, language)
        await user.fill(host=HOST, access_token=TOKEN)
        await user.submit(names[SUBMIT])
        title = texts[f"{form}.step.power.title"]
        await user.sees(title.format(name="cellar"))
        await check(user, language)
        await user.submit(names[SUBMIT])
        buttons = (re.escape(names[key]) for key in (FINISH, FINISH_SKIP))
        await user.finish(re.compile("|".join(buttons)))
        registry = await user.command("config/device_registry/list")
        [device] = [device for device in registry if device["name"] == "cellar"]
        await user.open(f"config/devices/device/{device['id']}")
        await user.sees(texts["xmrig_miner.entity.number.cpu_threads.name"])
        await check(user, language)
        assert not user.complaints


@pytest.fixture(scope="module")
async def phone(browser: Browser, run: Run) -> AsyncGenerator[User]:
    """Return a user with a phone."""
    async with logged_in(browser, run.url, size=PHONE) as user:
        yield user


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
async def test_a_phone_shows_all_of_it(phone: User, language: str) -> None:
    """The overview, the page of a miner, and the form, in the user's own language."""
    texts = ours(language)
    form = "xmrig_miner.config.step.user.title"
    registry = await phone.command("config/device_registry/list")
    [device] = [device for device in registry if device["name"] == "rig-one"]
    await phone.remember(selectedLanguage=language)
    await phone.open(URL_PATH)
    await phone.sees(texts["web.figure.mining"])
    await phone.sees("rig-two")
    await check(phone, language)
    await phone.page.evaluate(GO, f"/{URL_PATH}/miner-{device['id']}")
    await phone.sees(texts["web.page.curve"])
    await check(phone, language)
    await phone.page.evaluate(
        GO, "/config/integrations/dashboard/add?domain=xmrig_miner"
    )
    await phone.click(home_assistants(language)["ui.common.ok"])
    await phone.sees(texts[form])
    await check(phone, language)
    assert not phone.complaints


async def switches_outside(phone: User) -> list[str]:
    """Return the switches that are not on the screen as a whole."""
    switches = await phone.page.get_by_role("switch").all()
    boxes = [await switch.bounding_box() for switch in switches]
    return [
        str(box)
        for box in boxes or [None]
        if not box or box["x"] + box["width"] >= PHONE["width"]
    ]


async def test_long_names_hide_nothing(phone: User) -> None:
    """One of words, and one without any gap."""
    await phone.remember(selectedLanguage="en")
    registry = await phone.command("config/device_registry/list")
    devices = {device["name"]: device["id"] for device in registry}
    names = {
        "rig-one": "The big mining computer in the cellar next to the heat pump",
        "rig-two": "miner-" + 6 * "ABCDEFGHI",
    }

    async def rename(names: dict[str, str | None]) -> None:
        for device, name in names.items():
            await phone.command(
                "config/device_registry/update",
                device_id=devices[device],
                name_by_user=name,
            )

    await rename({**names})
    try:
        await phone.open(URL_PATH)
        for name in names.values():
            await phone.sees(name)
        await nothing_of(partial(phone.page.evaluate, TOO_WIDE))
        await nothing_of(partial(switches_outside, phone))
        assert await phone.page.evaluate(TABLE) < PHONE["width"]
    finally:
        await rename(dict.fromkeys(names))
