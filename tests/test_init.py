"""Tests of setting up, unloading and removing a miner."""

import asyncio
from datetime import timedelta
import logging
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    EVENT_HOMEASSISTANT_STARTED,
    STATE_UNAVAILABLE,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.connection import START_TIMEOUT
from custom_components.xmrig_miner.const import DOMAIN
from tests.common import ALWAYS_AVAILABLE, Rig
from tests.fixing import issues


async def test_a_miner_is_set_up_and_unloaded(running: Rig) -> None:
    """An unloaded miner is not polled."""
    assert running.is_loaded
    assert running.state("sensor.status") == "mining"
    assert await running.hass.config_entries.async_unload(running.entry.entry_id)
    assert not running.is_loaded
    assert set(running.states.values()) == {STATE_UNAVAILABLE}
    asked = len(running.simulator.requests)
    await running.poll(10)
    assert len(running.simulator.requests) == asked


async def test_a_reloaded_miner_goes_on(running: Rig) -> None:
    """Its entities are the same, and it is polled once per interval."""
    before = running.entities.keys()
    await running.reload()
    assert running.is_loaded
    assert running.entities.keys() == before
    assert not running.unavailable
    running.simulator.requests.clear()
    await running.poll()
    assert running.asked("/2/summary") == 1


async def test_the_data_of_a_removed_miner_is_deleted(
    running: Rig, hass_storage: dict[str, Any]
) -> None:
    """Its stored data, entities and devices are deleted."""
    entry_id = running.entry.entry_id
    assert f"{DOMAIN}.{entry_id}" in hass_storage
    await running.hass.config_entries.async_remove(entry_id)
    await running.hass.async_block_till_done()
    assert f"{DOMAIN}.{entry_id}" not in hass_storage
    assert not running.entities
    assert not running.devices


async def test_a_miner_that_does_not_reply_does_not_delay_the_start(rig: Rig) -> None:
    """It is set up as soon as Home Assistant has started, with the usual timeouts."""
    loop = asyncio.get_running_loop()
    rig.hass.set_state(CoreState.not_running)
    rig.simulator.fault = "hang"
    began = loop.time()
    await rig.set_up()
    assert loop.time() - began == pytest.approx(START_TIMEOUT, abs=0.1)
    assert rig.entry.state is ConfigEntryState.SETUP_RETRY
    assert str(rig.entry.reason).startswith("Could not connect to rig-one")
    rig.simulator.fault = "slow"
    rig.hass.set_state(CoreState.running)
    rig.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await rig.pass_time(timedelta(seconds=10))
    assert rig.is_loaded


async def test_a_miner_is_set_up_during_the_start(rig: Rig) -> None:
    """One that replies, and one that refuses the token, which starts that form."""
    rig.hass.set_state(CoreState.not_running)
    await rig.set_up()
    assert rig.is_loaded
    rig.simulator.fault = "unauthorized"
    await rig.hass.config_entries.async_reload(rig.entry.entry_id)
    assert rig.entry.error_reason_translation_key == "invalid_auth"


async def test_a_miner_that_is_off_at_the_start_comes_up_later(rig: Rig) -> None:
    """Home Assistant retries by itself."""
    await rig.simulator.go_offline()
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.SETUP_RETRY
    assert rig.entry.error_reason_translation_key == "cannot_connect"
    await rig.simulator.go_online()
    await rig.pass_time(timedelta(minutes=2))
    assert rig.is_loaded
    assert rig.state("sensor.status") == "mining"


async def test_a_wrong_token_at_the_start_asks_for_another(rig: Rig) -> None:
    """The set-up is retried: the token may become valid at the miner."""
    rig.hass.config_entries.async_update_entry(
        rig.entry, data={**rig.entry.data, CONF_ACCESS_TOKEN: "old"}
    )
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.SETUP_RETRY
    assert rig.entry.error_reason_translation_key == "invalid_auth"
    [flow] = rig.hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH

    def accept_old(config: dict[str, Any]) -> None:
        config["http"]["access-token"] = "old"

    rig.simulator.edit_config(accept_old)
    await rig.pass_time(timedelta(minutes=2))
    assert rig.is_loaded
    assert not rig.hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    "options", [{"version": "6.22.1", "fault": "truncated", "uptime": 100, "gpus": 2}]
)
async def test_a_miner_is_set_up_while_its_answers_are_cut(running: Rig) -> None:
    """The complete values are available, and the rest once it arrives."""
    assert running.is_loaded
    assert running.state("sensor.algorithm") == "rx/0"
    assert running.state("sensor.shares_accepted").isdigit()
    assert running.state("sensor.hashrate_15m") == "unknown"
    assert running.state("switch.mining") == "on"
    assert running.devices.keys() == {"miner"}
    await running.pass_time(timedelta(minutes=15))
    running.simulator.fault = None
    await running.poll()
    assert float(running.state("sensor.hashrate_15m")) > 0
    await running.poll()
    assert running.state("sensor.cuda_01:00.0_gpu_hashrate") == "950.0"
    assert running.state("sensor.opencl_02:00.0_gpu_hashrate") == "960.0"


async def test_several_miners_do_not_disturb_each_other(
    hass: HomeAssistant, trio: list[Rig]
) -> None:
    """One is off, one is paused, one mines."""
    off, paused, mining = trio
    await off.simulator.go_offline()
    await paused.turn("switch.mining", on=False)
    await mining.poll()
    assert off.unavailable == off.states.keys() - ALWAYS_AVAILABLE
    assert paused.state("sensor.status") == "paused"
    assert mining.state("sensor.status") == "mining"
    assert [rig.simulator.miner.is_paused for rig in trio] == [False, True, False]
    await hass.config_entries.async_unload(mining.entry.entry_id)
    await off.simulator.go_online()
    await off.poll()
    assert not off.unavailable
    assert not paused.unavailable
    assert set(mining.states.values()) == {STATE_UNAVAILABLE}


async def test_a_renamed_entry_has_its_new_name_in_repairs_and_errors(
    running: Rig,
) -> None:
    """Without a reload, as in the repairs and errors that know nothing of a poll."""
    running.hass.config_entries.async_update_entry(running.entry, title="Garage")
    running.simulator.edit_config(lambda config: config["pools"][0].update(user="W"))
    await running.poll()
    [issue] = issues(running.hass).values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["name"] == "Garage"
    await running.simulator.go_offline()
    with pytest.raises(HomeAssistantError, match="Could not connect to Garage"):
        await running.turn("switch.mining", on=False)


async def test_no_secret_is_logged_in_a_life(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Including commands, faults and rejections, with debug logging."""
    caplog.set_level(logging.DEBUG)
    await rig.set_up()
    await rig.press("button.stop")
    await rig.press("button.start")
    for fault in ("http_500", "config_500", "refuse_put", "ignore_put", "invalid_utf8"):
        rig.simulator.fault = fault
        await rig.poll(7)
    rig.simulator.fault = "refuse_put"
    await rig.poll()
    with pytest.raises(HomeAssistantError):
        await rig.press("button.stop")
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    assert "Error fetching rig-one data" in caplog.text
    for secret in ("s3cret", "WALLET"):
        assert secret not in caplog.text
