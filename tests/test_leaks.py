"""A planted token or wallet is found wherever it is."""

import logging

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.const import DOMAIN, LOGGER

from .common import Rig
from .leaks import LEAKS, TOKEN, WALLET


def plant(hass: HomeAssistant, secret: str) -> None:
    """Show a secret everywhere."""
    LOGGER.debug("A log with %s", secret)
    logging.getLogger("aiohttp").warning("Another with %s", secret)
    hass.states.async_set("sensor.a", secret)
    hass.states.async_set("sensor.b", "1", {"attribute": secret})
    hass.states.async_remove("sensor.b")
    hass.bus.async_fire("event", {"field": [secret]})
    ir.async_create_issue(
        hass,
        DOMAIN,
        "issue",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="read_only",
        translation_placeholders={"name": secret},
    )
    XmrigError(f"a miner at {secret}")
    HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="refused",
        translation_placeholders={"name": secret},
    )


@pytest.mark.parametrize("secret", [TOKEN, WALLET])
async def test_it_is_found(hass: HomeAssistant, secret: str) -> None:
    """Once for each place; state and attributes are two of them."""
    plant(hass, secret)
    for key in ("core.device_registry", f"{DOMAIN}.entry.power"):
        LEAKS.search_stored(key, {"data": {"name": secret}})
    assert len(LEAKS.found) == 10
    assert all(secret in found for found in LEAKS.found)
    LEAKS.found.clear()


async def test_it_is_found_in_devices(running: Rig) -> None:
    """A miner could name its CPU so."""
    registry = dr.async_get(running.hass)
    device = running.devices["miner"]
    registry.async_update_device(device.id, model=TOKEN)
    LEAKS.search_devices(running.hass)
    assert len(LEAKS.found) == 1
    registry.async_update_device(device.id, model="")
    LEAKS.found.clear()


async def test_what_may_hold_it(hass: HomeAssistant) -> None:
    """The stores that SECURITY.md names, and what a user sends to an action."""
    for key in ("core.config_entries", f"{DOMAIN}.entry"):
        LEAKS.search_stored(key, {"data": TOKEN})
    hass.bus.async_fire("call_service", {"service_data": TOKEN})
    hass.states.async_set("sensor.a", "1")
    assert not LEAKS.found
