"""The client of a config entry, and the wait for its first reply."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PATH,
    CONF_PORT,
    CONF_SSL,
)
from homeassistant.exceptions import ConfigEntryNotReady
import pytest

from custom_components.xmrig_miner import connection
from custom_components.xmrig_miner.api.exceptions import XmrigConnectionError
from custom_components.xmrig_miner.certificates import Verification
from custom_components.xmrig_miner.connection import START_TIMEOUT
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_VERIFICATION,
    DOMAIN,
)

DATA = {
    CONF_HOST: "192.0.2.1",
    CONF_PORT: 8080,
    CONF_SSL: True,
    CONF_VERIFICATION: "authority",
}
ENTRY: Any = SimpleNamespace(title="rig-one")


@pytest.mark.parametrize(
    ("name", "create"),
    [
        ("XmrigClient", connection.async_create_client),
        ("ProxyClient", connection.async_create_proxy_client),
    ],
)
@pytest.mark.parametrize(
    ("more", "options"),
    [
        ({}, {}),
        ({CONF_SSL: False}, {"ssl": False}),
        ({CONF_PATH: "/rig"}, {"path": "/rig"}),
        ({CONF_ACCESS_TOKEN: "secret"}, {"token": "secret"}),
        ({CONF_FINGERPRINT: ""}, {}),
        ({CONF_FINGERPRINT: "00ff"}, {"fingerprint": b"\x00\xff"}),
    ],
)
@pytest.mark.parametrize("verification", list(Verification))
def test_a_client(
    name: str,
    create: Any,
    more: dict[str, Any],
    options: dict[str, Any],
    verification: Verification,
) -> None:
    """It has all that the data say; the session verifies certificates if asked to."""

    def session(hass: Any, *, verify_ssl: bool) -> Any:
        return hass, verify_ssl

    def client(*arguments: Any, **named: Any) -> Any:
        return arguments, named

    data = DATA | {CONF_VERIFICATION: verification.value} | more
    with (
        patch.object(connection, name, client),
        patch.object(connection, "async_get_clientsession", session),
    ):
        arguments, named = create(cast(Any, "hass"), data)
    is_verified = verification is not Verification.NONE
    assert arguments == (("hass", is_verified), "192.0.2.1", 8080)
    usual = {"path": "", "token": None, "ssl": True, "fingerprint": None}
    assert named == usual | options


@pytest.mark.parametrize("error", [None, XmrigConnectionError("no route")])
async def test_a_reply_in_time(error: Exception | None) -> None:
    """An error is one, too: the first poll shows it."""

    async def summary() -> None:
        await asyncio.sleep(START_TIMEOUT - 0.1)
        if error:
            raise error

    client: Any = SimpleNamespace(summary=summary)
    await connection.async_wait_for_reply(ENTRY, client)


async def test_no_reply_in_time() -> None:
    """Home Assistant starts, and tries again later."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    client: Any = SimpleNamespace(summary=lambda: asyncio.sleep(60))
    with pytest.raises(ConfigEntryNotReady) as raised:
        await connection.async_wait_for_reply(ENTRY, client)
    assert loop.time() - began == pytest.approx(START_TIMEOUT, abs=0.1)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "cannot_connect"
    assert raised.value.translation_placeholders == {"name": "rig-one"}
    assert isinstance(raised.value.__cause__, TimeoutError)
