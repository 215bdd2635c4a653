"""Tests of adding a miner."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
import logging
import socket
from typing import Any
from unittest.mock import AsyncMock, patch

from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_READ_ONLY,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
    DOMAIN,
)
from simulator import FAULTS, Fault, Simulator
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner
from tests.common import connection, entry_for, without_token
from tests.forms import (
    add,
    assert_told_then_mended,
    choose,
    entered,
    sections,
    start,
    submit,
    submit_one,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def test_a_miner_is_added_and_set_up(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """With its address and token, under the miner's own name."""
    form = await start(hass)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    assert form["errors"] == {}
    result = await submit(hass, form, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "rig-one"
    entry = result["result"]
    assert entry.unique_id is None
    assert (entry.version, entry.minor_version) == (1, 2)
    assert entry.data == {
        CONF_KIND: "miner",
        CONF_HOST: "127.0.0.1",
        CONF_PORT: simulator.port,
        CONF_ACCESS_TOKEN: "s3cret",
        CONF_SSL: False,
        CONF_VERIFICATION: "authority",
        CONF_MINER_ID: "8614647678496211",
        CONF_WORKER_ID: "rig-one",
    }
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.is_state("sensor.rig_one_status", "mining")


async def test_the_form_starts_with_xmrigs_usual_settings(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """With the port of the documentation, and the TLS section collapsed."""
    client = await open_forms(hass, hass_client)
    form = await post(client, "", {"handler": DOMAIN})
    host, port, token, tls = form["data_schema"]
    assert [host["name"], port["name"]] == [CONF_HOST, CONF_PORT]
    assert port["default"] == 18088
    assert token["name"] == CONF_ACCESS_TOKEN
    assert token["secret"] is True
    assert token["selector"]["text"]["type"] == "password"
    assert (tls["name"], tls["expanded"]) == ("tls", False)
    assert [(field["name"], field["default"]) for field in tls["schema"]] == [
        (CONF_SSL, False),
        (CONF_VERIFICATION, "authority"),
    ]


async def test_a_token_is_never_sent_to_the_browser(
    hass: HomeAssistant, simulator: Simulator, hass_client: ClientSessionGenerator
) -> None:
    """Not even after an error or a question."""
    entry_for(simulator, host="192.0.2.1").add_to_hass(hass)
    client = await open_forms(hass, hass_client)
    menu = await post(client, "", {"handler": DOMAIN})
    form = await post(client, f"/{menu['flow_id']}", {"next_step_id": "miner"})
    address = {
        CONF_HOST: simulator.host,
        CONF_PORT: simulator.port,
        "tls": {CONF_SSL: False, CONF_VERIFICATION: "authority"},
    }
    flow = f"/{form['flow_id']}"
    form = await post(client, flow, address | {CONF_ACCESS_TOKEN: "wr0ng-token"})
    assert form["errors"] == {CONF_ACCESS_TOKEN: "invalid_auth"}
    assert "wr0ng-token" not in str(form)
    menu = await post(client, flow, address | {CONF_ACCESS_TOKEN: "s3cret"})
    assert menu["step_id"] == "same_miner"
    assert "s3cret" not in str(menu)
    form = await post(client, flow, {"next_step_id": "change"})
    assert form["step_id"] == "user"
    assert form["data_schema"][0]["description"]["suggested_value"] == simulator.host
    assert "s3cret" not in str(form)


async def open_forms(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return a client that fills in forms."""
    assert await async_setup_component(hass, "config", {})
    return await hass_client()


async def post(
    client: TestClient[Any, Any], path: str, data: dict[str, Any]
) -> dict[str, Any]:
    """Submit a form, and return what is shown next."""
    response = await client.post(f"/api/config/config_entries/flow{path}", json=data)
    shown: dict[str, Any] = await response.json()
    assert response.status == HTTPStatus.OK, shown
    return shown


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        ("close", {"base": "cannot_connect"}),
        ("cut", {"port": "not_xmrig"}),
        ("html", {"port": "not_xmrig"}),
        ("http_500", {"port": "not_xmrig"}),
        ("huge", {"port": "not_xmrig"}),
        ("invalid_utf8", {"port": "not_xmrig"}),
        ("not_found", {"port": "not_xmrig"}),
        ("not_xmrig", {"port": "not_xmrig"}),
        ("nulls", {"port": "not_xmrig"}),
        ("padded", {"port": "not_xmrig"}),
        ("redirect", {"port": "not_xmrig"}),
    ],
)
async def test_a_reply_of_another_device_is_reported(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    errors: dict[str, str],
) -> None:
    """The form shows the error, and succeeds once a miner responds."""

    def pad(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return with_body(reply, reply.text() + b" " * 10 * 1024**2)

    def cut(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return with_body(reply, b'{"kind": "miner", "id": ')

    monkeypatch.setitem(FAULTS, "cut", Fault("ends before the id", distort=cut))
    monkeypatch.setitem(FAULTS, "not_found", Fault("404", instead=Reply(404)))
    monkeypatch.setitem(FAULTS, "padded", Fault("10 MiB of a miner", distort=pad))
    simulator.fault = fault
    entered = connection(simulator)
    await assert_told_then_mended(hass, entered, errors, entered, simulator)


async def test_a_miner_that_never_answers_is_reported(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """The form does not wait forever."""
    simulator.fault = "hang"
    form = await add(hass, connection(simulator))
    assert form["errors"] == {"base": "no_reply"}
    simulator.fault = None
    result = await submit(hass, form, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_unreachable_miner_is_reported(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """An unreachable miner cannot be added."""
    await simulator.go_offline()
    entered = connection(simulator)
    await assert_told_then_mended(
        hass, entered, {"port": "connection_refused"}, entered, simulator
    )


async def test_a_hostname_that_does_not_exist_is_reported(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is shown at the host, and what was entered stays."""
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(hass.loop, "getaddrinfo", AsyncMock(side_effect=unknown))
    await assert_told_then_mended(
        hass,
        connection(simulator, host="rig-one.invalid"),
        {"host": "unknown_host"},
        connection(simulator),
    )


@pytest.mark.parametrize(
    ("words", "ssl", "errors"),
    [
        (b"SSH-2.0-OpenSSH_10.0\r\n", False, {"port": "not_xmrig"}),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, {"tls": "no_tls"}),
    ],
    ids=["ssh", "http"],
)
async def test_another_protocol_is_reported(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    words: bytes,
    ssl: bool,
    errors: dict[str, str],
) -> None:
    """A server that sends a greeting uses neither HTTP nor TLS."""
    async with greeting(words) as port:
        await assert_told_then_mended(
            hass,
            connection(simulator, port=port, ssl=ssl),
            errors,
            connection(simulator),
        )


@asynccontextmanager
async def greeting(words: bytes) -> AsyncGenerator[int]:
    """Listen on a port, send a greeting, and close the connection."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "token", ["wrong", "S3CRET", "s3cret\r\nX: y", "Schlüssel 🔑", "", None]
)
async def test_a_wrong_or_missing_token_is_reported(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock, token: str | None
) -> None:
    """Only the miner's token is accepted."""
    wrong = connection(simulator, access_token=token)
    if token is None:
        del wrong[CONF_ACCESS_TOKEN]
    await assert_told_then_mended(
        hass, wrong, {"access_token": "invalid_auth"}, connection(simulator)
    )


@pytest.mark.parametrize("options", [{"token": None, "restricted": True}])
async def test_a_token_for_a_miner_without_one_is_reported(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """The miner rejects every token; whitespace counts as no token."""
    await assert_told_then_mended(
        hass,
        connection(simulator, access_token="s3cret"),
        {"access_token": "token_not_expected"},
        connection(simulator, access_token="  "),
    )
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert CONF_ACCESS_TOKEN not in entry.data


@pytest.mark.parametrize("options", [{"token": None}])
async def test_a_miner_that_rejects_every_request_is_reported(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """With neither a token nor a read-only API, XMRig rejects every request."""
    form = await add(hass, connection(simulator))
    assert form["errors"] == {"access_token": "invalid_auth"}


async def test_an_unexpected_error_is_reported_and_logged(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The form survives an unexpected error."""
    form = await start(hass)
    with patch(
        "custom_components.xmrig_miner.api.client.Summary.from_json",
        side_effect=RuntimeError,
    ):
        form = await submit(hass, form, connection(simulator))
    assert form["errors"] == {"base": "unknown"}
    assert "Unexpected error" in caplog.text
    result = await submit(hass, form, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("fault", ["strings", "truncated", "garbled_name"])
async def test_an_odd_miner_is_added_all_the_same(
    hass: HomeAssistant,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    """As long as it identifies itself as a miner."""
    monkeypatch.setitem(FAULTS, "garbled_name", Fault("bad name", distort=garble_name))
    simulator.fault = fault
    result = await add(hass, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].state is ConfigEntryState.LOADED


def garble_name(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
    """Put invalid UTF-8 into the worker name."""
    return with_body(reply, reply.text().replace(b'"rig-one"', b'"rig-\xff\xc3"'))


async def test_a_miner_without_a_name_is_called_by_its_host(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host serves as the name."""

    def unname(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return with_body(reply, reply.text().replace(b'"rig-one"', b'""'))

    monkeypatch.setitem(FAULTS, "unnamed", Fault("no name", distort=unname))
    simulator.fault = "unnamed"
    result = await add(hass, connection(simulator))
    assert result["title"] == "127.0.0.1"


async def test_an_address_is_not_added_twice(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Two entries would command the same miner."""
    entry_for(simulator, miner_id="fedcba9876543210").add_to_hass(hass)
    result = await add(hass, connection(simulator))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.parametrize("options", [{}, {"miner_id": ""}])
async def test_a_miner_that_looks_like_another_one_is_asked_about(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """It may be the same miner at another address, or a copy of a container."""
    known = entry_for(simulator, host="192.0.2.1")
    known.add_to_hass(hass)
    menu = await add(hass, connection(simulator))
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "same_miner"
    facts = menu["description_placeholders"]
    assert facts is not None
    assert facts["other"] == "rig-one"
    assert facts["other_address"] == f"192.0.2.1:{simulator.port}"
    assert facts["address"] == f"127.0.0.1:{simulator.port}"
    assert hass.config_entries.async_entries(DOMAIN) == [known]

    form = await choose(hass, menu, "change")
    assert entered(form) == without_token(connection(simulator))
    menu = await submit(hass, form, connection(simulator))
    assert menu["step_id"] == "same_miner"
    result = await choose(hass, menu, "agree")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_MINER_ID] == known.data[CONF_MINER_ID]


async def test_miners_that_share_an_id_are_distinguished_by_name(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """Containers of one image may share an ID, with different worker IDs."""
    entry_for(simulator, host="192.0.2.1", worker_id="rig-two").add_to_hass(hass)
    result = await add(hass, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_what_answers_is_looked_up_again_after_a_question(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """The answer applied to one specific miner."""
    entry_for(simulator, host="192.0.2.1").add_to_hass(hass)
    entry_for(
        simulator, host="192.0.2.2", entry_id="other", miner_id="0123456789abcdef"
    ).add_to_hass(hass)
    menu = await add(hass, connection(simulator))
    simulator.surroundings.identity = "0123456789abcdef"
    menu = await choose(hass, menu, "agree")
    assert menu["step_id"] == "same_miner"
    facts = menu["description_placeholders"]
    assert facts is not None
    assert facts["other_address"] == f"192.0.2.2:{simulator.port}"
    result = await choose(hass, menu, "agree")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_MINER_ID] == "0123456789abcdef"


async def test_a_menu_is_shown_again_in_a_reloaded_browser(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """The browser requests the current step."""
    entry_for(simulator, host="192.0.2.1").add_to_hass(hass)
    menu = await add(hass, connection(simulator))
    again = await hass.config_entries.flow.async_configure(menu["flow_id"])
    assert again["step_id"] == "same_miner"
    assert again["description_placeholders"] == menu["description_placeholders"]


async def test_a_miner_added_meanwhile_is_not_added_twice(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """It was added in another window."""
    entry_for(simulator, host="192.0.2.1").add_to_hass(hass)
    slow = await add(hass, connection(simulator))
    fast = await add(hass, connection(simulator))
    result = await choose(hass, fast, "agree")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await choose(hass, slow, "agree")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_a_miner_added_meanwhile_at_another_address_is_asked_about(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """Its form was open in another window; what was entered of its power stays."""
    power = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 140}
    form = await submit_one(hass, await start(hass), connection(simulator))
    assert form["step_id"] == "power"
    entry_for(simulator, host="192.0.2.1").add_to_hass(hass)
    menu = await submit_one(hass, form, power)
    assert menu["step_id"] == "same_miner"
    form = await submit_one(hass, menu, {"next_step_id": "agree"})
    assert form["step_id"] == "power"
    assert entered(form) == power
    result = await submit_one(hass, form, power)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_form_keeps_what_was_entered(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """But not the token; a pasted address is split into its fields."""
    wrong = connection(
        simulator,
        host=f" http://127.0.0.1:{simulator.port}/ ",
        port=1,
        access_token="wrong",
    )
    form = await add(hass, wrong)
    assert form["errors"] == {"access_token": "invalid_auth"}
    assert entered(form) == without_token(connection(simulator))


@pytest.mark.parametrize("options", [{"tls": True}])
async def test_a_pasted_https_address_turns_tls_on_in_the_form(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """So that its verification can be chosen right there."""
    pasted = f"https://127.0.0.1:{simulator.port}/2/summary"
    menu = await add(hass, connection(simulator, host=pasted, port=1, ssl=False))
    assert menu["step_id"] == "certificate"
    form = await choose(hass, menu, "change")
    assert entered(form) == without_token(connection(simulator, ssl=True))
    assert not sections(form)["tls"].options["collapsed"]


async def test_what_is_no_address_is_shown_again(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
) -> None:
    """To be corrected rather than entered once more."""
    wrong = connection(simulator, host="ftp://rig", port=17)
    form = await add(hass, wrong)
    assert form["errors"] == {"host": "invalid_host"}
    assert entered(form) == without_token(wrong)


class TestReadOnly:
    """A miner whose API is read-only is added on request only."""

    @pytest.mark.parametrize("options", [{"restricted": True}])
    async def test_the_user_agrees_to_only_monitor_it(
        self, hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
    ) -> None:
        """The menu tells how it could be controlled."""
        menu = await add(hass, connection(simulator))
        assert menu["step_id"] == "read_only"
        assert (menu["description_placeholders"] or {})["found"].startswith("rig-one")
        result = await choose(hass, menu, "agree")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"][CONF_READ_ONLY] is True

    @pytest.mark.parametrize("options", [{"restricted": True, "token": None}])
    async def test_the_api_is_opened_meanwhile(
        self, hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock
    ) -> None:
        """The form keeps the address; nothing is remembered of the question."""

        def open_api(config: dict[str, Any]) -> None:
            config["http"] |= {"access-token": "s3cret", "restricted": False}

        menu = await add(hass, without_token(connection(simulator)))
        assert menu["step_id"] == "read_only"
        form = await choose(hass, menu, "change")
        assert entered(form) == without_token(connection(simulator))
        simulator.edit_config(open_api)
        simulator.restart()
        result = await submit(hass, form, connection(simulator))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert CONF_READ_ONLY not in result["data"]


async def test_no_secret_is_logged(
    hass: HomeAssistant, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither from valid and invalid input, nor from the miner's replies."""
    caplog.set_level(logging.DEBUG)
    form = await add(hass, connection(simulator, access_token="wr0ng-token"))
    assert form["errors"] == {"access_token": "invalid_auth"}
    with patch(
        "custom_components.xmrig_miner.api.client.Summary.from_json",
        side_effect=RuntimeError,
    ):
        await submit(hass, form, connection(simulator))
    await submit(hass, form, connection(simulator))
    assert hass.config_entries.async_entries(DOMAIN)
    for secret in ("wr0ng-token", "s3cret", "WALLET"):
        assert secret not in caplog.text
