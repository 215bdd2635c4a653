"""Connects to the miner or the proxy of a config entry."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PATH,
    CONF_PORT,
    CONF_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .api.base_client import BaseClient
from .api.client import XmrigClient
from .api.exceptions import XmrigConnectionError, XmrigError
from .api.proxy_client import ProxyClient
from .certificates import Verification
from .const import CONF_FINGERPRINT, CONF_VERIFICATION, DOMAIN

START_TIMEOUT = 1
"""Seconds for which the start of Home Assistant waits for a miner. Usually, its
computer is off, which takes five seconds to detect."""


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> XmrigClient:
    """Return a client for the miner of a config entry's data.

    Raises ValueError for a host that cannot be part of a URL.
    """
    return _create(hass, data, XmrigClient)


@callback
def async_create_proxy_client(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> ProxyClient:
    """Return a client for the proxy of a config entry's data; raises ValueError too."""
    return _create(hass, data, ProxyClient)


def _create[ClientT: BaseClient[Any]](
    hass: HomeAssistant, data: Mapping[str, Any], client: type[ClientT]
) -> ClientT:
    is_verified = data[CONF_VERIFICATION] != Verification.NONE
    return client(
        async_get_clientsession(hass, verify_ssl=is_verified),
        data[CONF_HOST],
        data[CONF_PORT],
        path=data.get(CONF_PATH, ""),
        token=data.get(CONF_ACCESS_TOKEN),
        ssl=data[CONF_SSL],
        fingerprint=bytes.fromhex(data.get(CONF_FINGERPRINT, "")) or None,
    )


async def async_wait_for_reply(
    entry: ConfigEntry[Any], client: BaseClient[Any]
) -> None:
    """Wait briefly for a reply of a miner or a proxy; errors show at the first poll.

    Raises ConfigEntryNotReady without a reply; Home Assistant then retries as soon as
    it has started.
    """
    try:
        async with asyncio.timeout(START_TIMEOUT):
            with suppress(XmrigError):
                await client.summary()
    except TimeoutError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key=XmrigConnectionError.key,
            translation_placeholders={"name": entry.title},
        ) from error
