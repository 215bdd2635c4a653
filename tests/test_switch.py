"""Tests of the switch."""

import asyncio
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from tests.common import ALWAYS_AVAILABLE, Rig

MINING = "switch.mining"


def commands(rig: Rig) -> int:
    """Return the number of commands that the miner received."""
    return sum(request.method != "GET" for request in rig.simulator.requests)


async def test_turning_off_pauses_and_turning_on_resumes(running: Rig) -> None:
    """When the action ends, all states are up to date."""
    assert running.state(MINING) == "on"
    await running.turn(MINING, on=False)
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state("sensor.status") == "paused"
    assert running.state("sensor.hashrate") == "0"
    await running.turn(MINING, on=True)
    assert not running.simulator.miner.is_paused
    assert running.simulator.is_hashing
    assert running.state(MINING) == "on"


async def test_pausing_and_resuming_wait_for_nothing_but_replies(running: Rig) -> None:
    """Both end as soon as the miner shows it, with the states of a poll after it."""
    loop = asyncio.get_running_loop()
    for on in (False, True):
        began = loop.time()
        await running.turn(MINING, on=on)
        # Of virtual time, which passes only in waits
        assert loop.time() - began < 0.05
        assert running.state(MINING) == ("on" if on else "off")


async def test_both_may_be_asked_for_again(running: Rig) -> None:
    """Repeating a command changes nothing, and does not write the config."""
    await running.turn(MINING, on=True)
    assert not commands(running)
    assert running.state(MINING) == "on"
    await running.turn(MINING, on=False)
    await running.turn(MINING, on=False)
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert not running.asked("/2/config", "PUT")


@pytest.mark.parametrize("paused", [False, True])
async def test_turning_on_starts_a_stopped_miner(running: Rig, paused: bool) -> None:
    """However it was stopped."""
    await running.press("button.stop")
    if paused:
        running.simulator.rpc_direct("pause")
        await running.poll()
    assert running.state(MINING) == "off"
    await running.turn(MINING, on=True)
    await running.poll()
    assert running.simulator.is_hashing
    assert running.state(MINING) == "on"


async def test_turning_off_a_stopped_miner_leaves_it_off(running: Rig) -> None:
    """It is then paused and stopped, and turning it on ends both."""
    await running.press("button.stop")
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"
    assert running.state("sensor.status") == "stopped"
    await running.turn(MINING, on=True)
    await running.poll()
    assert running.simulator.is_hashing


async def test_external_changes_are_shown(running: Rig) -> None:
    """At the next poll."""
    running.simulator.rpc_direct("pause")
    await running.poll()
    assert running.state(MINING) == "off"
    running.simulator.rpc_direct("resume")
    await running.poll()
    assert running.state(MINING) == "on"


async def test_a_miner_without_a_pool_is_on(running: Rig) -> None:
    """It would mine if it had one, and can be turned off."""
    for pool in running.simulator.config["pools"]:
        running.simulator.set_pool_reachable(pool["url"], False)
    await running.poll()
    assert running.state("sensor.status") == "no_pool"
    assert running.state(MINING) == "on"
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"


@pytest.mark.parametrize("fault", [None, "rpc_gap"])
async def test_the_doubled_answer_does_not_matter(
    running: Rig, fault: str | None
) -> None:
    """Whether or not it can be read, the result is confirmed."""
    running.simulator.fault = fault
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"
    await running.turn(MINING, on=True)
    assert running.state(MINING) == "on"


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_a_miner_that_does_not_resume_is_reported(running: Rig) -> None:
    """On battery it accepts the command, but stays paused."""
    running.simulator.on_battery = True
    await running.poll()
    assert running.state(MINING) == "off"
    with pytest.raises(HomeAssistantError) as error:
        await running.turn(MINING, on=True)
    assert_says(error.value, "not_confirmed_resume")
    assert "pause-on-battery" in str(error.value)
    assert running.state(MINING) == "off"


async def test_a_miner_that_became_unreachable_is_reported(running: Rig) -> None:
    """It is unavailable at once, not only at the next poll."""
    await running.simulator.go_offline()
    with pytest.raises(HomeAssistantError) as error:
        await running.turn(MINING, on=False)
    assert_says(error.value, "cannot_connect")
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    await running.simulator.go_online()
    await running.poll()
    assert running.state(MINING) == "on"


def restrict(config: dict[str, Any]) -> None:
    """Make the API read-only."""
    config["http"]["restricted"] = True


def change_token(config: dict[str, Any]) -> None:
    """Change the token of the miner."""
    config["http"]["access-token"] = "another"


async def test_a_read_only_api_is_reported(running: Rig) -> None:
    """It became read-only since the last poll."""
    running.simulator.edit_config(restrict)
    with pytest.raises(ServiceValidationError) as error:
        await running.turn(MINING, on=False)
    assert_says(error.value, "read_only")
    assert "http.restricted" in str(error.value)
    assert not running.simulator.miner.is_paused
    await running.hass.async_block_till_done()
    assert MINING not in running.entities
    assert not running.hass.config_entries.flow.async_progress()


async def test_a_token_that_became_invalid_is_reported(running: Rig) -> None:
    """The miner's reply is the same as if it were read-only."""
    running.simulator.edit_config(change_token)
    with pytest.raises(HomeAssistantError) as error:
        await running.turn(MINING, on=False)
    assert_says(error.value, "invalid_auth")
    await running.hass.async_block_till_done()
    [flow] = running.hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


def assert_says(error: HomeAssistantError, key: str) -> None:
    """Check the translated text of an error."""
    assert error.translation_domain == DOMAIN
    assert error.translation_key == key
    assert error.translation_placeholders == {"name": "rig-one"}
    assert "rig-one" in str(error)
