"""Settings of the manager, and how they are changed."""

import asyncio
from collections.abc import Generator
import math
from typing import Any
from unittest.mock import patch

from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.xmrig_miner.storage import XmrigStore

from .house import MODE, House

RESERVE = "number.reserve"
MANAGED = "switch.managed"
PRIORITY = "number.priority"


@pytest.fixture
def slow_disk() -> Generator[None]:
    """Let other tasks run while a file is written, as on a real disk."""
    save = XmrigStore.async_save

    async def save_slowly(self: XmrigStore, data: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        await save(self, data)

    with patch.object(XmrigStore, "async_save", save_slowly):
        yield


async def test_settings_that_change_together_are_all_kept(
    house: House, slow_disk: None
) -> None:
    """A scene sets several of them at once."""
    await house.set_up()
    await asyncio.gather(
        house.manager.call("select", "select_option", MODE, option="full"),
        house.manager.call("number", "set_value", RESERVE, value=50),
    )
    assert house.manager.state(MODE) == "full"
    assert float(house.manager.state(RESERVE)) == 50


async def test_several_miners_change_together(house: House, slow_disk: None) -> None:
    """The target of an action may be an area with all of them."""
    await house.set_up()
    switches = [rig.entity_id(MANAGED) for rig in house.rigs]
    await house.hass.services.async_call(
        "switch", SERVICE_TURN_OFF, {ATTR_ENTITY_ID: switches}, blocking=True
    )
    await house.pass_time(20)
    assert [rig.state(MANAGED) for rig in house.rigs] == ["off"] * 3


async def test_a_miner_that_is_removed_while_settings_are_saved(house: House) -> None:
    """Its settings do not come back, neither from what was being saved nor from the disk."""
    await house.set_up()
    gone = house.rigs[0]
    await gone.call("number", "set_value", PRIORITY, value=3)
    save, disk = XmrigStore.async_save, asyncio.Event()

    async def save_late(self: XmrigStore, data: dict[str, Any]) -> None:
        await save(self, data)
        await disk.wait()

    with patch.object(XmrigStore, "async_save", save_late):
        change = asyncio.create_task(
            house.manager.call("number", "set_value", RESERVE, value=50)
        )
        await asyncio.sleep(0.1)
        assert not change.done()
        await house.hass.config_entries.async_remove(gone.entry.entry_id)
        disk.set()
        await change
    coordinator = house.entry.runtime_data.coordinator
    assert coordinator.settings.settings.reserve == 50
    assert gone.entry.entry_id not in coordinator.settings.members
    await house.manager.reload()
    coordinator = house.entry.runtime_data.coordinator
    assert coordinator.settings.settings.reserve == 50
    assert gone.entry.entry_id not in coordinator.settings.members


async def test_what_is_not_a_number_is_rejected(house: House) -> None:
    """A template that fails may return NaN, which is neither too low nor too high."""
    await house.set_up()
    with pytest.raises(ServiceValidationError, match="Manager is not a number"):
        await house.manager.call("number", "set_value", RESERVE, value=math.nan)
    assert float(house.manager.state(RESERVE)) == 0
