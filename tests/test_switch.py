"""The switch shows what the miner does, and the miner does what it shows."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from tests.common import ALWAYS_AVAILABLE, Rig

MINING = "switch.mining"


def commands(rig: Rig) -> int:
    """Return how often the miner was asked to do something."""
    return sum(request.method != "GET" for request in rig.simulator.requests)


async def test_turning_off_pauses_and_turning_on_resumes(running: Rig) -> None:
    """Once the action is over, switch, status and hashrate say what the miner does."""
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


async def test_both_may_be_asked_for_again(running: Rig) -> None:
    """What is so already stays so, and the config is not written for it."""
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
    """However it came to rest, it works again."""
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
    """Then it is both, and turning on undoes both."""
    await running.press("button.stop")
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"
    assert running.state("sensor.status") == "stopped"
    await running.turn(MINING, on=True)
    await running.poll()
    assert running.simulator.is_hashing


async def test_external_changes_are_shown(running: Rig) -> None:
    """By the next poll."""
    running.simulator.rpc_direct("pause")
    await running.poll()
    assert running.state(MINING) == "off"
    running.simulator.rpc_direct("resume")
    await running.poll()
    assert running.state(MINING) == "on"


async def test_a_miner_without_a_pool_is_on(running: Rig) -> None:
    """It would mine if it had one, and turning it off still means something."""
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
    """Whether or not it can be read, what counts is what the miner then shows."""
    running.simulator.fault = fault
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"
    await running.turn(MINING, on=True)
    assert running.state(MINING) == "on"


@pytest.mark.virtual_time
@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_a_miner_that_does_not_resume_is_told(running: Rig) -> None:
    """On battery it answers yes, and goes on resting."""
    running.simulator.on_battery = True
    await running.poll()
    assert running.state(MINING) == "off"
    with pytest.raises(HomeAssistantError) as error:
        await running.turn(MINING, on=True)
    assert_says(error.value, "not_confirmed_resume")
    assert "pause-on-battery" in str(error.value)
    assert running.state(MINING) == "off"


async def test_a_miner_that_went_away_is_told(running: Rig) -> None:
    """And seen to be away at once, not by the next poll only."""
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
    """Have the miner ask for another token."""
    config["http"]["access-token"] = "another"


async def test_a_read_only_api_is_told(running: Rig) -> None:
    """It became so since the last poll; there is nothing to try again."""
    running.simulator.edit_config(restrict)
    with pytest.raises(ServiceValidationError) as error:
        await running.turn(MINING, on=False)
    assert_says(error.value, "read_only")
    assert "http.restricted" in str(error.value)
    assert not running.simulator.miner.is_paused
    await running.hass.async_block_till_done()
    assert MINING not in running.entities
    assert not running.hass.config_entries.flow.async_progress()


async def test_a_token_that_went_bad_is_told(running: Rig) -> None:
    """The miner refuses a command with the same words as if it were read-only."""
    running.simulator.edit_config(change_token)
    with pytest.raises(HomeAssistantError) as error:
        await running.turn(MINING, on=False)
    assert_says(error.value, "invalid_auth")
    await running.hass.async_block_till_done()
    [flow] = running.hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


def assert_says(error: HomeAssistantError, key: str) -> None:
    """Check that an error names its cause in the user's language."""
    assert error.translation_domain == DOMAIN
    assert error.translation_key == key
    assert error.translation_placeholders == {"name": "rig-one"}
    assert "rig-one" in str(error)
