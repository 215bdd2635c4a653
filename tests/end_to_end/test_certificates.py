"""A pinned certificate, with the one that the miner makes for itself."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import CONF_FINGERPRINT
from tests.fixing import Fix, issues
from tests.targets import Json, Target

from .home import Home
from .rig import Wire

MINING = "switch.mining"


def _use_tls(document: Json) -> None:
    document["tls"] = {"enabled": True}


def _name_certificate(document: Json) -> None:
    document["tls"] |= {"cert": "cert.pem", "cert_key": "cert_key.pem"}


@pytest.fixture
def start_change() -> Callable[[Json], object]:
    """Let the miner use TLS."""
    return _use_tls


async def test_another_certificate_is_refused_asked_about_and_accepted(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    hass_client: ClientSessionGenerator,
    target: Target,
    wire: Wire,
) -> None:
    """It is the same after a restart, and another one once its file is gone.

    That takes a config that does not name the file, such as a user's first one.
    """
    home = await Home.with_miner(hass, target, ssl=True)
    first = home.entry.data[CONF_FINGERPRINT]
    await home.call(MINING, "turn_off")
    assert await wire.is_paused()
    await home.call(MINING, "turn_on")

    await target.restart()
    await home.poll()
    assert home.state(MINING) == "on"
    assert issues(hass) == {}

    await target.kill()
    target.delete_certificate()
    await target.restart(_use_tls)
    with pytest.raises(HomeAssistantError) as refused:
        await home.call(MINING, "turn_off")
    assert refused.value.translation_key == "certificate_changed"
    assert not await wire.is_paused()
    await home.poll()
    assert home.state(MINING) == STATE_UNAVAILABLE
    [issue] = issues(hass).values()
    dialog = await Fix.start(hass, hass_client, issue)
    assert dialog.step["step_id"] == "changed"
    await dialog.choose("accept")
    assert home.entry.data[CONF_FINGERPRINT] != first
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.state(MINING) == "on"
    assert issues(hass) == {}


async def test_a_miner_that_lost_its_certificate_is_named(
    hass: HomeAssistant, enable_custom_integrations: None, target: Target, wire: Wire
) -> None:
    """It goes on without TLS if its config names the file; nothing is sent to it."""
    home = await Home.with_miner(hass, target, ssl=True)
    await target.kill()
    target.delete_certificate()
    await target.restart(_name_certificate)
    await home.poll()
    assert home.state(MINING) == STATE_UNAVAILABLE
    [issue] = issues(hass).values()
    assert issue.translation_key == "plain_http"
    assert not await wire.is_paused()
