"""What is done with the entry of the manager, beside the miners'."""

from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.storage import Store
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.storage import XmrigStore

from .house import GRID, House


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("get_data", {}),
        ("set_config", {"config": {}}),
        ("restore_config", {}),
        ("calibrate", {}),
        ("cancel_calibration", {}),
    ],
)
async def test_actions_of_a_miner_say_that_it_is_the_manager(
    house: House, action: str, data: dict[str, Any]
) -> None:
    """It has neither a config nor threads of its own."""
    await house.set_up()
    with pytest.raises(ServiceValidationError, match="is not a miner") as raised:
        await house.hass.services.async_call(
            DOMAIN,
            action,
            {ATTR_CONFIG_ENTRY_ID: house.entry.entry_id, **data},
            blocking=True,
            return_response=action == "get_data",
        )
    assert raised.value.translation_placeholders == {"name": "Manager"}


async def diagnostics_of(
    house: House, hass_client: ClientSessionGenerator
) -> dict[str, Any]:
    """Download the diagnostics of the manager."""
    return dict(
        await get_diagnostics_for_config_entry(house.hass, hass_client, house.entry)
    )


async def test_diagnostics_say_why_it_does_what_it_does(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """Settings, meters, members with their curves, the plan and its memory."""
    house.sun = 500
    await house.set_up()
    await house.pass_time(60)
    await house.rigs[0].call("number", "set_value", "number.priority", value=3)
    shown = await diagnostics_of(house, hass_client)
    assert shown["entry"] == {"kind": "manager"}
    assert shown["settings"]["settings"]["mode"] == "smart"
    assert shown["settings"]["members"]["member 1"]["priority"] == 3
    [meter] = shown["sources"]["grid_import"]
    assert meter["watts"] == meter["value"] < 0
    assert shown["now"] - 20 <= meter["at"] <= shown["now"]
    assert [member["id"] for member in shown["members"]] == [
        "member 1",
        "member 2",
        "member 3",
    ]
    assert shown["members"][0]["curve"]["watts"] == [60, 80, 100, 120, 140]
    assert shown["members"][0]["algorithm"] == "rx/0"
    assert shown["plan"]["reason"]
    assert shown["plan"]["state"]["history"]["steps"]
    assert shown["plan"]["state"]["records"].keys() == {
        "member 1",
        "member 2",
        "member 3",
    }


async def test_diagnostics_name_neither_sensors_nor_miners(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """Both may have the name of a person."""
    await house.set_up()
    await house.pass_time(20)
    shown = str(await diagnostics_of(house, hass_client))
    for rig in house.rigs:
        assert rig.entry.entry_id not in shown
        assert rig.entry.title not in shown
        assert rig.simulator.host not in shown
    assert GRID not in shown


async def test_diagnostics_of_a_meter_that_is_not_there(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """Nothing is made up."""
    await house.set_up(stat_rate="sensor.gone")
    shown = await diagnostics_of(house, hass_client)
    assert shown["sources"]["grid_import"] == [None]
    assert shown["plan"]["reason"] == "meter_silent"


async def test_diagnostics_of_a_manager_that_is_not_set_up(
    house: House, hass_client: ClientSessionGenerator
) -> None:
    """There is only the entry."""
    house.entry.add_to_hass(house.hass)
    assert await diagnostics_of(house, hass_client) == {"entry": {"kind": "manager"}}


async def test_a_setting_that_cannot_be_saved_is_not_set(house: House) -> None:
    """The user gets an error, and the entity shows the old setting."""
    await house.set_up()
    mode = house.manager.state("select.mode")

    async def fail_to_write(store: XmrigStore, data: Any) -> None:
        raise OSError("No space left on device")

    with (
        patch.object(Store, "_async_write_data", fail_to_write),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await house.manager.call(
            "select", "select_option", "select.mode", option="manual"
        )
    assert raised.value.translation_key == "not_written"
    file = f"{DOMAIN}.{house.entry.entry_id}.manager"
    assert raised.value.translation_placeholders == {"file": file}
    assert house.manager.state("select.mode") == mode


@pytest.mark.parametrize(
    "where",
    [
        "custom_components.xmrig_miner.fleet.coordinator.decide",
        "custom_components.xmrig_miner.fleet.entry.SleepIssues.async_start",
    ],
)
async def test_a_manager_whose_set_up_fails_releases_its_miners(
    house: House, where: str
) -> None:
    """It is not tried again: a user could not even turn them on. Nothing of it runs on."""
    house.sun = 0
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0, 0, 0]
    first, *_ = house.rigs
    with patch(where, side_effect=RuntimeError):
        await house.manager.reload_or_fail()
        assert house.manager.entry.state is ConfigEntryState.SETUP_ERROR
    assert house.threads == [4, 4, 4]
    await first.reload()
    await house.pass_time(60)
    assert house.threads == [4, 4, 4]
    await house.manager.reload()
    await house.pass_time(60)
    assert house.threads == [0, 0, 0]


async def test_a_manager_that_is_set_up_later_keeps_its_miners(house: House) -> None:
    """Home Assistant tries again soon, as after a reload."""
    house.sun = 0
    await house.set_up()
    await house.pass_time(60)
    first, *_ = house.rigs
    with patch("pathlib.Path.read_bytes", side_effect=OSError):
        await house.manager.reload_or_fail()
    assert house.manager.entry.state is ConfigEntryState.SETUP_RETRY
    await first.reload()
    assert house.threads == [0, 0, 0]
