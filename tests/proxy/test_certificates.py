"""Tests of the pinned certificate of a proxy."""

from hashlib import sha256
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.certificates import pinned
from custom_components.xmrig_miner.const import CONF_FINGERPRINT
from simulator import ProxySimulator
from tests.common import ALWAYS_AVAILABLE, connection
from tests.fixing import Fix, issues
from tests.forms import add, choose

from .conftest import ProxyRig

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture
def options() -> dict[str, Any]:
    """Let the proxy use TLS."""
    return {"config": {"tls": {"enabled": True}}}


def fingerprint(proxy: ProxySimulator) -> str:
    """Return the SHA-256 of the certificate that a proxy shows."""
    assert proxy.certificate
    return sha256(proxy.certificate).hexdigest()


async def test_it_is_asked_about_before_anything_is_sent(
    hass: HomeAssistant, proxy: ProxySimulator
) -> None:
    """As that of a miner: what kind of process it is shows later."""
    menu = await add(hass, connection(proxy, ssl=True))
    assert menu["step_id"] == "certificate"
    assert proxy.requests == []
    result = await choose(hass, menu, "agree")
    assert result["data"][CONF_FINGERPRINT] == fingerprint(proxy)


async def test_another_one_is_refused_and_accepted(
    proxy_rig: ProxyRig, hass_client: ClientSessionGenerator
) -> None:
    """Nothing is sent in between."""
    hass, proxy, entry = proxy_rig.hass, proxy_rig.simulator, proxy_rig.entry
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "ssl": True, **pinned(fingerprint(proxy))}
    )
    await proxy_rig.set_up()
    assert proxy_rig.is_loaded
    proxy.renew_certificate()
    proxy.requests.clear()
    await proxy_rig.poll()
    assert proxy_rig.unavailable == proxy_rig.states.keys() - ALWAYS_AVAILABLE
    assert proxy.requests == []
    [issue] = issues(hass).values()
    dialog = await Fix.start(hass, hass_client, issue)
    await dialog.choose("accept")
    assert entry.data[CONF_FINGERPRINT] == fingerprint(proxy)
    assert proxy_rig.is_loaded
    assert issues(hass) == {}
