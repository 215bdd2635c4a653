"""Reaching the miner of a config entry."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .api.client import XmrigClient
from .certificates import Verification
from .const import CONF_FINGERPRINT, CONF_VERIFICATION


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> XmrigClient:
    """Return a client for the miner of a config entry's data.

    Raises ValueError for a host that cannot be part of a URL.
    """
    is_verified = data[CONF_VERIFICATION] != Verification.NONE
    return XmrigClient(
        async_get_clientsession(hass, verify_ssl=is_verified),
        data[CONF_HOST],
        data[CONF_PORT],
        token=data.get(CONF_ACCESS_TOKEN),
        ssl=data[CONF_SSL],
        fingerprint=bytes.fromhex(data.get(CONF_FINGERPRINT, "")) or None,
    )
