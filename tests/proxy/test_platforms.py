"""Snapshots of all entities of a proxy."""

from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.xmrig_miner.proxy_entry import PLATFORMS

from .conftest import ProxyRig


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_platform(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    all_enabled: None,
    proxy_rig: ProxyRig,
    platform: Platform,
    snapshot: SnapshotAssertion,
) -> None:
    """Of a proxy with two miners."""
    with patch("custom_components.xmrig_miner.proxy_entry.PLATFORMS", [platform]):
        await proxy_rig.set_up()
        await snapshot_platform(
            hass, entity_registry, snapshot, proxy_rig.entry.entry_id
        )
        await hass.config_entries.async_unload(proxy_rig.entry.entry_id)
