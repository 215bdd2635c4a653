"""Tests of the dashboard's module: how it is served, and what it asks for."""

from collections.abc import Iterator
from http import HTTPStatus
import json
from pathlib import Path
from unittest.mock import Mock, patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockUser,
    mock_integration,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components import xmrig_miner
from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.frontend.details import curve
from custom_components.xmrig_miner.frontend.module import WEB
from custom_components.xmrig_miner.kinds import EntryKind
from custom_components.xmrig_miner.power.model import PowerModel

from .common import Rig

MANIFEST = json.loads((Path(xmrig_miner.__file__).parent / "manifest.json").read_text())


@pytest.fixture
def add_url() -> Iterator[Mock]:
    """Collect the URLs that pages load."""
    with patch(
        "custom_components.xmrig_miner.frontend.module.add_extra_js_url"
    ) as add_extra_js_url:
        yield add_extra_js_url


async def with_frontend(hass: HomeAssistant) -> None:
    """Set up what serves files, and a frontend without its pages."""
    assert await async_setup_component(hass, "http", {})
    mock_integration(hass, MockModule("frontend"))
    assert await async_setup_component(hass, "frontend", {})
    await hass.async_block_till_done()


async def test_the_module_is_served_with_its_version(
    rig: Rig, add_url: Mock, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Once for all config entries, and for browsers to keep."""
    await with_frontend(rig.hass)
    await rig.set_up()
    await rig.hass.config_entries.async_reload(rig.entry.entry_id)
    add_url.assert_called_once()
    url = add_url.call_args.args[1]
    assert url.startswith(f"/{DOMAIN}/{MANIFEST['version']}-")
    client = await hass_client_no_auth()
    folder = url.rpartition("/")[0]
    for path in sorted(WEB.rglob("*.js*")):
        response = await client.get(f"{folder}/{path.relative_to(WEB).as_posix()}")
        assert response.status == HTTPStatus.OK
        assert await response.text() == path.read_text()
        assert "max-age" in response.headers["Cache-Control"]


async def test_it_works_without_a_frontend(rig: Rig, add_url: Mock) -> None:
    """Home Assistant may run without its pages, and they may come later."""
    await rig.set_up()
    add_url.assert_not_called()
    await with_frontend(rig.hass)
    add_url.assert_called_once()


@pytest.fixture
async def manager(
    hass: HomeAssistant, enable_custom_integrations: None
) -> MockConfigEntry:
    """Return the config entry of the manager, set up."""
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: EntryKind.MANAGER})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_pools_are_in_the_order_in_which_they_are_tried(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """The preferred one is the first, wherever the user has put it, without its wallet."""
    select = running.entity_id("select.pool")
    state = running.hass.states.get(select)
    assert state
    *first, last = state.attributes["options"]
    await running.hass.services.async_call(
        "select", "select_option", {"entity_id": select, "option": last}, blocking=True
    )
    client = await hass_ws_client(running.hass)
    await client.send_json_auto_id(
        {"type": f"{DOMAIN}/details", "config_entry_id": running.entry.entry_id}
    )
    result = (await client.receive_json())["result"]
    assert result["kind"] == "miner"
    assert result["cards_power"] == 0
    preferred, *others = result["pools"]
    assert preferred == {
        "name": last,
        "enabled": True,
        "preferred": True,
        "connected": preferred["connected"],
    }
    assert [pool["name"] for pool in others] == first


def test_the_curve_goes_from_rest_to_all_threads() -> None:
    """What was measured is marked as such, and what is unknown is None."""
    assert curve(PowerModel(threads=1, idle=None, full=None)) == [
        {"threads": 0, "power": None, "hashrate": None, "is_measured": False},
        {"threads": 1, "power": None, "hashrate": None, "is_measured": False},
    ]
    model = PowerModel(threads=2, idle=40, full=60).with_sample(
        2, watts=70, hashrate=1000
    )
    assert curve(model) == [
        {"threads": 0, "power": 40, "hashrate": 0, "is_measured": False},
        {"threads": 1, "power": 55, "hashrate": 500, "is_measured": False},
        {"threads": 2, "power": 70, "hashrate": 1000, "is_measured": True},
    ]


def test_a_bound_of_the_power_is_not_shown_as_the_power() -> None:
    """Of a miner with a meter that has only run with all of its threads, or with two."""
    for measured in (4, 2):
        model = PowerModel(threads=4).with_sample(measured, watts=136, hashrate=1000)
        assert model.watts(1) == 136 or measured == 2
        shown = {point["threads"]: point["power"] for point in curve(model)}
        assert shown == dict.fromkeys(range(5)) | {measured: 136}
    # Two of them tell what more threads draw, but not what fewer do
    model = model.with_sample(3, watts=150, hashrate=1500)
    powers = [point["power"] for point in curve(model)]
    assert powers == [None, None, 136, 150, 164]


async def test_the_energy_of_today_is_sent(
    hass: HomeAssistant, manager: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """In kWh by where it came from."""
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": f"{DOMAIN}/details", "config_entry_id": manager.entry_id}
    )
    assert (await client.receive_json())["result"] == {
        "kind": "manager",
        "today": {"solar": 0, "grid": 0, "battery": 0, "unknown": 0},
    }


async def test_an_unknown_entry_is_rejected(
    running: Rig, manager: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """So is one of another integration or a proxy, and one that is not set up."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(running.hass)
    proxy = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: EntryKind.PROXY})
    proxy.add_to_hass(running.hass)
    client = await hass_ws_client(running.hass)
    await running.hass.config_entries.async_unload(manager.entry_id)
    for entry_id, code in (
        ("unknown", "not_found"),
        (other.entry_id, "not_found"),
        (proxy.entry_id, "not_found"),
        (manager.entry_id, "not_loaded"),
    ):
        await client.send_json_auto_id(
            {"type": f"{DOMAIN}/details", "config_entry_id": entry_id}
        )
        assert (await client.receive_json())["error"]["code"] == code


async def test_users_need_access_to_all_entities(
    hass: HomeAssistant,
    manager: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    hass_read_only_user: MockUser,
) -> None:
    """To a user of some entities only, there is no such config entry."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), manager.entry_id)
    ids = [entity.entity_id for entity in entities]
    client = await hass_ws_client(hass, hass_read_only_access_token)
    for allowed, success in ((ids, True), (ids[1:], False)):
        readable = {entity_id: {"read": True} for entity_id in allowed}
        hass_read_only_user.mock_policy({"entities": {"entity_ids": readable}})
        await client.send_json_auto_id(
            {"type": f"{DOMAIN}/details", "config_entry_id": manager.entry_id}
        )
        assert (await client.receive_json())["success"] is success
