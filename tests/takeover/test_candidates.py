"""Which miners of another integration can be imported."""

import asyncio
from collections.abc import AsyncGenerator
from copy import deepcopy
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PATH, CONF_PORT
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.takeover.candidates import old_miner
from simulator import ProxySimulator
from tests.common import connection
from tests.forms import add, choose, entered as entered_in, start, submit

from .conftest import Miners
from .stored import KELLER, OPEN, RIG_ONE, Home, Stored, old_entry, started

NONE = dict.fromkeys(("unreached", "logins", "duplicates", "proxies", "unusable"), "–")
"""What the form says where there is nothing to say."""

TLS = {"ssl": False, "verification": "authority"}

EMPTY: Stored = {
    "core.config_entries": {
        "version": 1,
        "minor_version": 5,
        "key": "core.config_entries",
        "data": {"entries": []},
    }
}


def hwmland(address: object, **data: Any) -> dict[str, Any]:
    """Return what is stored here of an entry of hwmland's."""
    found = old_miner("xmrig", "id", "Rig", {"address": address, **data})
    return dict(found.data or {})


def only(stored: Stored, *entry_ids: str) -> Stored:
    """Return a storage with some of the entries."""
    stored = deepcopy(stored)
    entries = [old_entry(stored, entry_id) for entry_id in entry_ids]
    stored["core.config_entries"]["data"]["entries"] = entries
    return stored


def duplicate(stored: Stored, entry_id: str, **changes: Any) -> str:
    """Add a copy of an entry, with some of its data replaced; return its ID."""
    copy = deepcopy(old_entry(stored, entry_id))
    copy["entry_id"] = f"COPY{entry_id[4:]}"
    copy["title"] += " copy"
    copy["data"] |= changes
    stored["core.config_entries"]["data"]["entries"].append(copy)
    return str(copy["entry_id"])


def offered(form: Any) -> list[str]:
    """Return the miners that the form offers, all of which are selected."""
    [(key, selector)] = form["data_schema"].schema.items()
    labels = [option["label"] for option in selector.config["options"]]
    assert key.default() == [option["value"] for option in selector.config["options"]]
    return labels


async def test_each_miner_is_offered_with_its_address(miners: Miners) -> None:
    """Before the question what to add, which is asked only if there are some."""
    async with started(miners.stored) as home:
        menu = await home.menu()
        assert menu["menu_options"] == ["import_miners", "miner"]
        form = await choose(home.hass, menu, "import_miners")
        assert offered(form) == [
            f"Rig One (127.0.0.1:{miners.rig_one.port})",
            f"Keller (127.0.0.1:{miners.keller.port})",
            f"Open (127.0.0.1:{miners.open.port})",
        ]
        assert form["step_id"] == "import_miners"


@pytest.mark.usefixtures("loopback")
async def test_nothing_is_asked_without_such_miners() -> None:
    """The form of a miner is shown at once."""
    async with started(EMPTY) as home:
        assert (await home.menu())["step_id"] == "user"


async def test_nothing_is_asked_once_all_are_imported(miners: Miners) -> None:
    """Beside a miner, there is only the manager to add."""
    async with started(miners.stored) as home:
        await home.import_miners(RIG_ONE, KELLER, OPEN)
        assert (await home.menu())["menu_options"] == ["miner", "manager"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://192.0.2.1", {"port": 80, "ssl": False}),
        ("http://192.0.2.1:8080", {"port": 8080}),
        ("HTTP://192.0.2.1:8080/", {"port": 8080}),
        (" http://192.0.2.1:8080// ", {"port": 8080}),
        ("https://192.0.2.1", {"port": 443, "ssl": True, "verification": "authority"}),
        ("192.0.2.1:8080", {"port": 8080, "ssl": False}),
        ("http://192.0.2.1/miner1", {"port": 80, "path": "/miner1"}),
        ("http://192.0.2.1/2", {"port": 80, "path": "/2"}),
        ("http://192.0.2.1/a/2/summary", {"port": 80, "path": "/a"}),
    ],
)
def test_an_address_is_read(address: str, expected: dict[str, Any]) -> None:
    """As the other integration read it: without a port, it is that of the scheme."""
    data = hwmland(address)
    assert data["host"] == "192.0.2.1"
    assert expected.items() <= data.items()
    assert ("path" in data) == ("path" in expected)


@pytest.mark.parametrize(
    "address", ["", "http://", "ftp://192.0.2.1", "http://192.0.2.1:port", None, 7]
)
def test_an_address_cannot_be_read(address: object) -> None:
    """It is left to the user."""
    assert hwmland(address) == {}


@pytest.mark.parametrize("token", ["", None, 7])
def test_a_token_that_is_none_is_left_out(token: object) -> None:
    """Any text is one."""
    assert CONF_ACCESS_TOKEN not in hwmland("http://192.0.2.1", token=token)
    assert hwmland("http://192.0.2.1", token="t")[CONF_ACCESS_TOKEN] == "t"


def test_no_token_is_in_the_text_of_a_miner() -> None:
    """It may get into the log."""
    found = old_miner("xmrig", "id", "Rig", {"address": "192.0.2.1", "token": "s3cret"})
    assert "s3cret" not in repr(found)


async def test_a_miner_without_a_token_is_imported(miners: Miners) -> None:
    """The other integration has never set it up, so it has no entities."""
    async with started(only(miners.stored, OPEN)) as home:
        await home.import_miners(OPEN)
        [entry] = home.miners.values()
        assert entry.state is ConfigEntryState.LOADED
        assert CONF_ACCESS_TOKEN not in entry.data
        assert home.hass.states.get("sensor.open_hashrate")
        await home.undo("Open")
        assert not home.miners


async def test_an_offline_miner_is_imported(miners: Miners) -> None:
    """Its entities wait for it, and it connects by itself."""
    await miners.rig_one.go_offline()
    async with started(miners.stored) as home:
        form = await home.form()
        assert form["description_placeholders"] == NONE | {"unreached": "Rig One"}
        await submit(home.hass, form, {"miners": [RIG_ONE]})
        await home.wait(30)
        [entry] = home.miners.values()
        assert str(entry.state) == "ConfigEntryState.SETUP_RETRY"
        rows = home.rows(entry)
        assert "sensor.rig_one_xmrig_rig_one_hashrate_10s" in rows
        await miners.rig_one.go_online()
        await home.wait(600)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data["worker_id"] == "rig-one"
        state = home.hass.states.get("sensor.rig_one_xmrig_rig_one_hashrate_10s")
        assert state
        assert float(state.state) > 0


async def test_the_import_of_an_offline_miner_is_undone(miners: Miners) -> None:
    """It need not answer for that."""
    await miners.rig_one.go_offline()
    async with started(miners.stored) as home:
        await home.import_miners(RIG_ONE)
        await home.undo("Rig One")
        assert not home.miners
        assert len(home.rows(home.old(RIG_ONE))) == 8


async def test_an_offline_miner_is_reconfigured(miners: Miners) -> None:
    """Whichever answers is the one: nothing is known of it but the old address."""
    await miners.rig_one.go_offline()
    async with started(miners.stored) as home:
        await home.import_miners(RIG_ONE)
        form = await choose(home.hass, await home.reconfigure("Rig One"), "miner")
        entered = connection(miners.keller)
        result = await submit(home.hass, form, entered)
        assert result["reason"] == "reconfigure_successful"
        await home.wait()
        assert home.miners["Rig One"].data["worker_id"] == "keller"


@pytest.fixture
async def proxy(miners: Miners) -> AsyncGenerator[TestServer]:
    """Return a reverse proxy that serves a miner at a path."""

    async def forward(request: web.Request) -> web.Response:
        path = request.match_info["path"]
        url = f"http://127.0.0.1:{miners.keller.port}/{path}"
        body = await request.read()
        kept = ("Authorization", "Content-Type")
        headers = {
            name: request.headers[name] for name in kept if name in request.headers
        }
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(
                    request.method, url, data=body or None, headers=headers
                ) as response,
            ):
                return web.Response(
                    status=response.status,
                    body=await response.read(),
                    content_type="application/json",
                )
        except aiohttp.ClientError:
            # After some commands, XMRig replies twice on one connection
            return web.Response(status=502)

    application = web.Application()
    application.router.add_route("*", "/cellar/rig/{path:.*}", forward)
    server = TestServer(application)
    await server.start_server()
    yield server
    await server.close()


async def test_a_miner_behind_a_path_is_imported(
    miners: Miners, proxy: TestServer
) -> None:
    """As reverse proxies serve several miners at one address."""
    stored = only(miners.stored, KELLER)
    address = f"http://127.0.0.1:{proxy.port}/cellar/rig"
    old_entry(stored, KELLER)["data"]["address"] = address
    async with started(stored) as home:
        form = await home.form()
        assert offered(form) == [f"Keller ({address.removeprefix('http://')})"]
        await submit(home.hass, form, {"miners": [KELLER]})
        [entry] = home.miners.values()
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data[CONF_PATH] == "/cellar/rig"
        await home.hass.services.async_call(
            "switch", "turn_off", {"entity_id": "switch.keller_mining"}, blocking=True
        )
        assert miners.keller.miner.is_paused
        menu = await home.reconfigure("Keller")
        form = await choose(home.hass, menu, "miner")
        assert entered_in(form)[CONF_HOST] == "127.0.0.1/cellar/rig"
        entered = {CONF_HOST: "127.0.0.1/cellar", CONF_PORT: proxy.port}
        form = await submit(home.hass, form, entered | TLS)
        assert form["errors"]
        assert entered_in(form)[CONF_HOST] == "127.0.0.1/cellar"
        entered = {CONF_HOST: f"127.0.0.1:{proxy.port}/cellar/rig", CONF_PORT: 1}
        result = await submit(home.hass, form, entered | TLS)
        assert result["reason"] == "reconfigure_successful"
        assert home.miners["Keller"].data[CONF_PATH] == "/cellar/rig"
        await home.wait(30)


async def test_the_user_and_password_of_an_address_are_named(miners: Miners) -> None:
    """They are not imported, and not stored."""
    stored = only(miners.stored, KELLER)
    data = old_entry(stored, KELLER)["data"]
    data["address"] = data["address"].replace("//", "//miner:hunter2@")
    async with started(stored) as home:
        form = await home.form()
        assert form["description_placeholders"] == NONE | {"logins": "Keller"}
        await submit(home.hass, form, {"miners": [KELLER]})
        [entry] = home.miners.values()
        assert entry.state is ConfigEntryState.LOADED
        assert "hunter2" not in str(entry.data)
        await home.wait(30)


async def test_of_two_entries_with_one_address_one_is_imported(miners: Miners) -> None:
    """The one with a token, without which this miner cannot be read."""
    stored = only(miners.stored, KELLER, RIG_ONE)
    duplicate(stored, KELLER)
    del old_entry(stored, KELLER)["data"]["token"]
    async with started(stored) as home:
        form = await home.form()
        assert offered(form) == [
            f"Rig One (127.0.0.1:{miners.rig_one.port})",
            f"Keller copy (127.0.0.1:{miners.keller.port})",
        ]
        assert form["description_placeholders"] == NONE | {"duplicates": "Keller"}


async def test_of_two_addresses_of_one_miner_one_is_imported(miners: Miners) -> None:
    """The miner says that it is the same."""
    stored = only(miners.stored, KELLER)
    address = old_entry(stored, KELLER)["data"]["address"]
    duplicate(stored, KELLER, address=address.replace("127.0.0.1", "localhost"))
    async with started(stored) as home:
        form = await home.form()
        assert offered(form) == [f"Keller (127.0.0.1:{miners.keller.port})"]
        assert form["description_placeholders"] == NONE | {"duplicates": "Keller copy"}


async def test_a_miner_that_was_added_already_is_not_offered(miners: Miners) -> None:
    """It is named."""
    async with started(only(miners.stored, KELLER, RIG_ONE)) as home:
        await add(home.hass, connection(miners.keller))
        form = await home.form()
        assert offered(form) == [f"Rig One (127.0.0.1:{miners.rig_one.port})"]
        assert form["description_placeholders"] == NONE | {"duplicates": "Keller"}
        await home.wait(30)


async def test_only_the_miner_can_say_that_it_was_added(miners: Miners) -> None:
    """The list is empty then, which is said."""
    stored = only(miners.stored, KELLER)
    data = old_entry(stored, KELLER)["data"]
    data["address"] = data["address"].replace("127.0.0.1", "localhost")
    async with started(stored) as home:
        await add(home.hass, connection(miners.keller))
        result = await home.form()
        assert result["reason"] == "nothing_to_import"
        placeholders = result["description_placeholders"]
        assert placeholders == NONE | {"duplicates": "Keller"}
        await home.wait(30)


async def test_an_address_that_cannot_be_read_is_named(miners: Miners) -> None:
    """The others can be imported all the same."""
    stored = miners.stored
    old_entry(stored, KELLER)["data"]["address"] = "ftp://127.0.0.1"
    async with started(stored) as home:
        form = await home.form()
        assert form["description_placeholders"] == NONE | {"unusable": "Keller"}
        assert len(offered(form)) == 2


async def test_a_proxy_is_not_imported_as_a_miner(miners: Miners) -> None:
    """It would never be set up; the form says what it is."""
    await miners.keller.go_offline()
    async with ProxySimulator(
        token=miners.keller.token, port=miners.keller.port
    ) as proxy:
        async with started(miners.stored) as home:
            form = await home.form()
            assert form["description_placeholders"] == NONE | {"proxies": "Keller"}
            assert len(offered(form)) == 2
        async with started(only(miners.stored, KELLER)) as home:
            result = await home.form()
            assert result["reason"] == "nothing_to_import"
            # It can be added as what it is
            result = await add(home.hass, connection(proxy))
            assert result["data"]["kind"] == "proxy"
            assert home.old(KELLER).disabled_by is None


async def test_two_forms_are_submitted_in_the_same_moment(miners: Miners) -> None:
    """Each miner is added once."""
    async with started(miners.stored) as home:
        forms = [await home.form() for _ in range(2)]
        both = {"miners": [RIG_ONE, KELLER]}
        results = await asyncio.gather(
            *(submit(home.hass, form, both) for form in forms)
        )
        created = [
            result
            for result in results
            if result["type"] is FlowResultType.CREATE_ENTRY
        ]
        assert len(created) == 1
        assert sorted(home.miners) == ["Keller", "Rig One"]
        await home.wait(30)


async def test_miners_are_added_while_the_form_is_open(miners: Miners) -> None:
    """They are not added again; the form shows which are left."""
    async with started(miners.stored) as home:
        forms = [await home.form() for _ in range(2)]
        both = {"miners": [RIG_ONE, KELLER]}
        result = await submit(home.hass, forms[0], both)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        form = await submit(home.hass, forms[1], both)
        assert form["errors"] == {"miners": "nothing_selected"}
        assert sorted(home.miners) == ["Keller", "Rig One"]
        result = await submit(home.hass, form, {"miners": [OPEN]})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert sorted(home.miners) == ["Keller", "Open", "Rig One"]
        await home.wait(30)


async def test_the_old_entry_is_deleted_while_the_form_is_open(miners: Miners) -> None:
    """The others are imported."""
    async with started(miners.stored) as home:
        form = await home.form()
        await home.hass.config_entries.async_remove(KELLER)
        await submit(home.hass, form, {"miners": [RIG_ONE, KELLER]})
        assert list(home.miners) == ["Rig One"]
        await home.wait(30)


async def test_one_miner_can_be_added_beside_those_to_import(miners: Miners) -> None:
    """By the other choice of the menu."""
    async with started(only(miners.stored, RIG_ONE)) as home:
        form = await start(home.hass)
        assert form["step_id"] == "user"
        result = await submit(home.hass, form, connection(miners.keller))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await home.wait(30)


async def test_two_offline_miners_turn_out_to_be_one(miners: Miners) -> None:
    """The second is not polled: a repair says whose miner answers there."""
    stored = only(miners.stored, KELLER)
    address = old_entry(stored, KELLER)["data"]["address"]
    copy = duplicate(stored, KELLER, address=address.replace("127.0.0.1", "localhost"))
    await miners.keller.go_offline()
    async with started(stored) as home:
        await home.import_miners(KELLER, copy)
        await miners.keller.go_online()
        await home.wait(600)
        states = sorted(str(entry.state) for entry in home.miners.values())
        assert states == ["ConfigEntryState.LOADED", "ConfigEntryState.SETUP_RETRY"]
        assert _issues(home) == ["another_miner"]


def _issues(home: Home) -> list[str | None]:
    """Return the repairs of this integration."""
    found = ir.async_get(home.hass).issues.values()
    return [issue.translation_key for issue in found if issue.domain == "xmrig_miner"]
