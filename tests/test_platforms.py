"""Snapshots of all entities of all platforms."""

from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.xmrig_miner.miner_entry import PLATFORMS

from .common import Rig, only
from .watts import METER, NUMBERS, report, set_up

CONTROLS = {Platform.BUTTON, Platform.NUMBER, Platform.SELECT, Platform.SWITCH}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        pytest.param({"gpus": 0}, {}, id="cpu"),
        pytest.param({"gpus": 2}, {}, id="two_gpus"),
        pytest.param({"gpus": 0, "restricted": True}, {}, id="read_only"),
        pytest.param({"gpus": 0}, {**NUMBERS, **METER}, id="power"),
    ],
)
async def test_platform(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    all_enabled: None,
    rig: Rig,
    options: dict[str, Any],
    chosen: dict[str, Any],
    platform: Platform,
    snapshot: SnapshotAssertion,
) -> None:
    """Of a running miner and a read-only one."""
    report(rig, 135)
    with only(platform):
        await set_up(rig, chosen)
        if options.get("restricted") and platform in CONTROLS:
            assert not rig.entities
            return
        await snapshot_platform(hass, entity_registry, snapshot, rig.entry.entry_id)
