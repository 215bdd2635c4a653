"""A power limit outlives restarts, and whatever goes wrong."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
import pytest

from custom_components.xmrig.const import CONF_KEEP_STATE, DOMAIN

from .common import Rig
from .controls import MINING, config_of, is_same_config, set_threads
from .watts import (
    LIMIT,
    NO_CARDS,
    NUMBERS,
    POWER,
    REASON,
    choose,
    set_limit,
    set_up,
    threads_hashing,
    wait,
)

INTERVAL = 15


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a computer without graphics cards, for tests to say otherwise."""
    return dict(NO_CARDS)


@pytest.fixture
async def limited(rig: Rig) -> Rig:
    """Return the miner of an owner who said 60 W at rest and 20 W a thread."""
    await set_up(rig, NUMBERS)
    return rig


@pytest.mark.parametrize(("limit", "threads"), [(100, 2), (0, 0)])
async def test_a_restart_of_home_assistant_keeps_the_limit(
    limited: Rig, limit: int, threads: int
) -> None:
    """And knows which threads it took itself."""
    await set_limit(limited, limit)
    await limited.reload()
    await limited.poll()
    assert limited.state(LIMIT) == str(limit)
    assert threads_hashing(limited.simulator) == threads
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_a_restart_of_home_assistant_keeps_a_persons_cap(limited: Rig) -> None:
    """Which the limit still does not exceed."""
    await set_threads(limited, 3)
    await set_limit(limited, 100)
    await limited.reload()
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 3


@pytest.mark.parametrize("keep_state", [True, False])
@pytest.mark.parametrize(("limit", "threads"), [(100, 2), (0, 0)])
async def test_a_restart_of_the_miner_keeps_the_limit(
    rig: Rig, limit: int, threads: int, keep_state: bool
) -> None:
    """Whether or not the owner wants what was asked for put back: it is a limit."""
    await set_up(rig, {**NUMBERS, CONF_KEEP_STATE: keep_state})
    await set_limit(rig, limit)
    rig.simulator.restart()
    await wait(rig, 40)
    assert threads_hashing(rig.simulator) == threads
    assert rig.state(REASON) == ("none" if threads else "power_limit")
    await set_limit(rig, 140)
    await wait(rig, INTERVAL)
    assert threads_hashing(rig.simulator) == 4


async def test_a_miner_that_was_away_is_held_to_the_limit_again(limited: Rig) -> None:
    """Whoever gave it all its threads meanwhile."""
    await set_limit(limited, 100)
    await limited.simulator.kill()
    await limited.poll()
    assert limited.state(LIMIT) == "unavailable"
    limited.simulator.restart()
    await wait(limited, 40)
    assert threads_hashing(limited.simulator) == 2


@pytest.mark.parametrize("fault", ["refuse_put", "ignore_put", "close"])
async def test_a_limit_that_could_not_be_kept_is_tried_again(
    limited: Rig, fault: str
) -> None:
    """Whoever asked for it is told, and the next polls see to it."""
    limited.simulator.fault = fault
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 100)
    limited.simulator.fault = None
    await limited.poll(3)
    assert threads_hashing(limited.simulator) == 2
    assert limited.state(LIMIT) == "100"
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_a_pause_that_could_not_be_made_is_tried_again(limited: Rig) -> None:
    """And is then the limit's, not a person's."""
    limited.simulator.fault = "close"
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 0)
    limited.simulator.fault = None
    await limited.poll(3)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "power_limit"
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 4


async def test_a_config_that_cannot_be_read_is_nobodys_cap(limited: Rig) -> None:
    """What was read before the last change says nothing of a person."""
    await set_limit(limited, 120)
    await wait(limited, INTERVAL)

    def fail_from_the_refresh_on(request: Any) -> None:
        if request.path == "/2/backends" and threads_hashing(limited.simulator) == 1:
            limited.simulator.fault = "config_500"

    limited.simulator.on_request = fail_from_the_refresh_on
    await set_limit(limited, 80)
    await limited.poll(4)
    limited.simulator.on_request = limited.simulator.fault = None
    await limited.poll(2)
    assert threads_hashing(limited.simulator) == 1
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_on_battery_the_miners_own_rule_comes_after_the_limit(rig: Rig) -> None:
    """A limit that allows more does not fail for ever because of the battery."""
    await set_up(rig, NUMBERS)
    await rig.turn(MINING, on=True)
    rig.simulator.edit_config(lambda config: config.update({"pause-on-battery": True}))
    await wait(rig, 70)
    await set_limit(rig, 0)
    rig.simulator.on_battery = True
    await wait(rig, INTERVAL)
    with pytest.raises(HomeAssistantError):
        await set_limit(rig, 140)
    assert rig.state(REASON) == "battery"
    asked = rig.asked("/json_rpc", "POST")
    await rig.poll(3)
    assert rig.asked("/json_rpc", "POST") == asked
    rig.simulator.on_battery = False
    await rig.poll()
    assert rig.state(MINING) == "on"


async def test_a_pause_by_the_miners_own_rule_is_no_wish_to_rest(rig: Rig) -> None:
    """Though a limit found the miner paused, nobody had paused it."""
    await set_up(rig, NUMBERS)
    rig.simulator.edit_config(lambda config: config.update({"pause-on-battery": True}))
    await wait(rig, 70)
    rig.simulator.on_battery = True
    await rig.poll()
    assert rig.state(REASON) == "battery"
    await set_limit(rig, 0)
    assert rig.state(REASON) == "power_limit"
    rig.simulator.on_battery = False
    rig.simulator.restart()
    await wait(rig, 40)
    assert rig.state(REASON) == "power_limit"
    await set_limit(rig, 140)
    assert rig.state(MINING) == "on"


async def test_a_limit_goes_with_the_options_that_it_came_with(limited: Rig) -> None:
    """Without an entity nobody could lift it any more."""
    before = config_of(limited.simulator)
    await set_limit(limited, 100)
    await choose(limited, {})
    await limited.poll()
    assert is_same_config(limited.simulator, before)
    await choose(limited, NUMBERS)
    assert limited.state(LIMIT) == "140"
    await set_limit(limited, 0)
    await choose(limited, {})
    await limited.poll()
    assert limited.state(MINING) == "on"


@pytest.mark.parametrize("options", [{"gpus": 0, "restricted": True}])
async def test_a_read_only_miner_has_no_limit(rig: Rig) -> None:
    """What it draws is shown all the same."""
    await set_up(rig, NUMBERS)
    assert LIMIT not in rig.entities
    assert float(rig.state(POWER)) == 140


async def test_a_limit_that_cannot_be_kept_is_tried_once_a_poll(
    limited: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Quietly: whoever asked for it was told."""
    limited.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 100)
    tried = limited.asked("/2/config", "PUT")
    caplog.clear()
    await limited.poll(5)
    assert limited.asked("/2/config", "PUT") - tried == 5
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


async def test_a_limit_that_changes_nothing_does_not_wear_out_the_disk(
    limited: Rig,
) -> None:
    """An automation may set it a thousand times a day."""
    await set_limit(limited, 100)
    with patch.object(Store, "async_save") as save:
        for watts in (101, 102, 103, 102, 101):
            await set_limit(limited, watts)
    assert not save.called


async def test_a_miner_that_is_removed_is_forgotten(
    limited: Rig, hass_storage: dict[str, Any]
) -> None:
    """With all that was learned of it."""
    await set_limit(limited, 100)
    key = f"{DOMAIN}.{limited.entry.entry_id}.power"
    assert hass_storage[key]["data"]["limit"]["watts"] == 100
    await limited.poll(5)
    await limited.hass.config_entries.async_remove(limited.entry.entry_id)
    await limited.pass_time(timedelta(hours=1))
    assert key not in hass_storage
