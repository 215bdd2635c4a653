import asyncio, math
from datetime import timedelta, datetime, timezone
import zoneinfo
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.config_entries import ConfigEntryState
from custom_components.xmrig_miner.group_actions import pause_end
from custom_components.xmrig_miner.manager.household import Household
from .house import GRID, MODE, THREAD, THREADS, House, set_dashboard


def test_dst_pause():
    tz = zoneinfo.ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 1, 30, tzinfo=tz)
    end = pause_end({"duration": timedelta(hours=2)}, now)
    assert end.timestamp() - now.timestamp() == 7200

def test_dst_pause_fold():
    tz = zoneinfo.ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 25, 2, 30, tzinfo=tz, fold=1)
    end = pause_end({"duration": timedelta(minutes=10)}, now)
    assert end.timestamp() - now.timestamp() == 600

def test_household_absurd():
    h = Household().seen(0, 0, 0).seen(20, 5e6, 0).seen(40, 0, 0)
    assert h.spells
    Household.from_json(h.as_json())

async def test_lost_update(house: House) -> None:
    await house.set_up()
    await house.hass.services.async_call("switch","turn_off",{"entity_id":[r.entity_id("switch.managed") for r in house.rigs]},blocking=True)
    assert [r.state("switch.managed") for r in house.rigs] == ["off"]*3

async def test_lost_update2(house: House) -> None:
    await house.set_up()
    await asyncio.gather(
      house.manager.call("select", "select_option", MODE, option="full"),
      house.manager.call("number", "set_value", "number.reserve", value=50))
    assert house.manager.state(MODE) == "full"
    assert house.manager.state("number.reserve") in ("50", "50.0")

async def test_nan(house: House) -> None:
    await house.set_up()
    try:
        await house.manager.call("number", "set_value", "number.reserve", value=math.nan)
    except Exception as e:
        print(repr(e))
    assert house.manager.state("number.reserve") in ("0", "0.0")

async def test_manual_while_unloaded(house: House) -> None:
    await house.set_up()
    await house.pass_time(60)
    assert house.threads == [0] * 3
    hass = house.hass
    await hass.config_entries.async_unload(house.rigs[0].entry.entry_id)
    await house.manager.call("select", "select_option", MODE, option="manual")
    await house.pass_time(30)
    await hass.config_entries.async_setup(house.rigs[0].entry.entry_id)
    await house.pass_time(60)
    assert house.threads == [THREADS] * 3

async def test_all_offline_reason(house: House) -> None:
    await house.set_up()
    await house.pass_time(60)
    assert house.manager.state("sensor.reason") == "no_surplus"
    for rig in house.rigs:
        await rig.turn("switch.mining", on=False)
    await house.pass_time(60)
    assert house.manager.state("sensor.reason") != "everything_at_full"
