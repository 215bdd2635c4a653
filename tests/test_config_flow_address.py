"""Tests of the address that a user enters."""

from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.xmrig_miner.const import (
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
)
from simulator import Simulator
from tests.common import connection
from tests.forms import add, assert_told_then_mended, start, submit

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "   ",
        "http://",
        "//",
        "/path",
        "ftp://127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:70000",
        "127.0.0.1:port",
        "a b",
        "[::1",
        "user@",
        "<b>rig</b>",
        "rig|one/path",
    ],
)
async def test_an_invalid_host_is_reported(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock, host: str
) -> None:
    """No request is sent without a host."""
    await assert_told_then_mended(
        hass,
        connection(simulator, host=host),
        {"host": "invalid_host"},
        connection(simulator),
    )


@pytest.mark.parametrize("port", [0, -1, 70000, "port", None])
async def test_what_is_no_port_is_refused_by_the_form(
    hass: HomeAssistant, simulator: Simulator, set_up: AsyncMock, port: object
) -> None:
    """The form asks for a number from 1 to 65535."""
    form = await start(hass)
    with pytest.raises(InvalidData) as refusal:
        await submit(hass, form, connection(simulator, port=port))
    assert refusal.value.schema_errors.keys() == {CONF_PORT}
    result = await submit(hass, form, connection(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("host", "ssl"),
    [
        ("127.0.0.1:{port}", None),
        ("  127.0.0.1:{port} ", None),
        ("http://127.0.0.1:{port}", False),
        ("http://127.0.0.1:{port}/2/summary?x=1#y", False),
        ("HTTP://127.0.0.1:{port}/", False),
        ("https://127.0.0.1:{port}/", True),
        ("http://user:pass@127.0.0.1:{port}/", False),
    ],
)
@pytest.mark.parametrize("options", [{"tls": True}])
async def test_a_whole_address_is_taken_apart(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: AsyncMock,
    host: str,
    ssl: bool | None,
) -> None:
    """A pasted URL takes precedence over the other fields."""
    entered = connection(
        simulator,
        host=host.format(port=simulator.port),
        port=1,
        ssl=not ssl,
        verification="none",
    )
    result = await add(hass, entered)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_KIND: "miner",
        CONF_HOST: "127.0.0.1",
        CONF_PORT: simulator.port,
        CONF_ACCESS_TOKEN: "s3cret",
        CONF_SSL: True if ssl is None else ssl,
        CONF_VERIFICATION: "none",
        CONF_MINER_ID: "8614647678496211",
        CONF_WORKER_ID: "rig-one",
    }


@pytest.mark.parametrize("options", [{"host": "::1"}])
@pytest.mark.parametrize(
    "host", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "[::1]:{port}", "http://[::1]:{port}/"]
)
async def test_an_ipv6_address_is_taken_with_and_without_brackets(
    hass: HomeAssistant, simulator: Simulator, host: str
) -> None:
    """The brackets are removed."""
    port = 1 if "{port}" in host else simulator.port
    host = host.format(port=simulator.port)
    result = await add(hass, connection(simulator, host=host, port=port))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_HOST] == "::1"
    assert result["data"][CONF_PORT] == simulator.port
    assert result["result"].state is ConfigEntryState.LOADED
