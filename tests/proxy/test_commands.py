"""Commands to a proxy: another pool, and another config."""

from dataclasses import replace
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from simulator import FAULTS
from simulator.jsonvalue import Json
from tests.fixing import Fix, issues

from .conftest import ProxyRig

POOL, BACKUP = "pool.example.org:3333", "backup.example.org:3333"


async def act(rig: ProxyRig, action: str, **data: Any) -> Any:
    """Call an action of the integration, and return its response."""
    return await rig.hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": rig.entry.entry_id, **data},
        blocking=True,
        return_response=True,
    )


def urls(rig: ProxyRig) -> list[str]:
    """Return the pools in the config of the proxy."""
    return [pool["url"] for pool in rig.simulator.config["pools"]]


@pytest.mark.usefixtures("all_enabled")
async def test_another_pool_and_back(running_proxy: ProxyRig) -> None:
    """The select moves a pool to the front; the button puts all back."""
    before = running_proxy.simulator.config
    assert running_proxy.state("select.pool") == POOL
    await running_proxy.call("select", "select_option", "select.pool", option=BACKUP)
    assert urls(running_proxy) == [BACKUP, POOL]
    assert running_proxy.state("select.pool") == BACKUP
    await running_proxy.press("button.restore_config")
    assert running_proxy.simulator.config == before
    assert running_proxy.state("select.pool") == POOL


async def test_a_reply_that_is_lost(running_proxy: ProxyRig) -> None:
    """The proxy shows that the command took effect."""
    running_proxy.simulator.fail(replace(FAULTS["reset_after"], methods=("PUT",)))
    await running_proxy.call("select", "select_option", "select.pool", option=BACKUP)
    assert urls(running_proxy) == [BACKUP, POOL]


async def test_a_config_that_is_refused(running_proxy: ProxyRig) -> None:
    """The error says so, and nothing changed."""
    running_proxy.simulator.fail("refuse_put")
    with pytest.raises(HomeAssistantError, match="rejected the command"):
        await running_proxy.call(
            "select", "select_option", "select.pool", option=BACKUP
        )
    assert urls(running_proxy) == [POOL, BACKUP]


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_a_read_only_proxy_has_no_controls(running_proxy: ProxyRig) -> None:
    """And its actions say why."""
    platforms = {name.partition(".")[0] for name in running_proxy.entities}
    assert platforms == {"binary_sensor", "event", "sensor"}
    assert {issue.translation_key for issue in issues(running_proxy.hass).values()} == {
        "read_only"
    }
    with pytest.raises(ServiceValidationError, match="read-only"):
        await act(running_proxy, "restore_config")


async def test_controls_go_once_it_is_read_only(running_proxy: ProxyRig) -> None:
    """They come back with full access."""

    def restrict(config: Json) -> None:
        config["http"]["restricted"] = not config["http"]["restricted"]

    running_proxy.simulator.edit_config(restrict)
    await running_proxy.poll()
    assert "select.pool" not in running_proxy.entities
    running_proxy.simulator.edit_config(restrict)
    await running_proxy.poll(2)
    assert running_proxy.state("select.pool") == POOL


async def test_its_data(running_proxy: ProxyRig) -> None:
    """Without secrets; a proxy has no backends."""
    data = await act(running_proxy, "get_data")
    assert data.keys() == {"summary", "config"}
    assert data["summary"]["kind"] == "proxy"
    assert data["summary"]["upstreams"]["active"] == 1
    assert data["config"]["bind"][0]["port"] == 3333
    assert data["config"]["workers"] is True
    assert data["config"]["pools"][0]["user"] != "WALLET"


async def test_its_config_is_changed_and_restored(running_proxy: ProxyRig) -> None:
    """By the actions that miners have."""
    config = {"custom-diff": 5000, "workers": "agent"}
    planned = await act(running_proxy, "set_config", config=config, dry_run=True)
    assert running_proxy.simulator.config["custom-diff"] == 0
    done = await act(running_proxy, "set_config", config=config)
    assert planned == done
    assert {"path": "custom-diff", "old": 0, "new": 5000} in done["changes"]
    assert running_proxy.simulator.config["workers"] == "agent"
    await act(running_proxy, "restore_config")
    assert running_proxy.simulator.config["custom-diff"] == 0
    assert running_proxy.simulator.config["workers"] is True


async def test_a_change_that_cuts_off_access_is_refused(
    running_proxy: ProxyRig,
) -> None:
    """As for a miner."""
    configs: list[Json] = [{"http": {"restricted": True}}, {"pools": []}]
    for config in configs:
        with pytest.raises(ServiceValidationError):
            await act(running_proxy, "set_config", config=config)
    assert running_proxy.simulator.config["http"]["restricted"] is False


async def test_another_wallet(
    hass: HomeAssistant, running_proxy: ProxyRig, hass_client: ClientSessionGenerator
) -> None:
    """A repair asks whether the user changed it."""
    running_proxy.simulator.edit_config(
        lambda config: config["pools"][0].update(user="OTHER")
    )
    await running_proxy.poll()
    [issue] = issues(hass).values()
    assert issue.translation_key == "payout_changed"
    fix = await Fix.start(hass, hass_client, issue)
    await fix.submit()
    await running_proxy.poll()
    assert not issues(hass)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, issue.issue_id)
