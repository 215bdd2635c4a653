"""Tests of the user's decisions beside a power limit."""

import asyncio
import json
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from .common import Rig
from .controls import (
    MINING,
    SHORT_AND_LONG,
    THREADS,
    config_of,
    enable,
    is_same_config,
    restore,
    set_threads,
    writes,
)
from .watts import (
    IDLE,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    REASON,
    THREAD,
    choose,
    full_load,
    measure,
    set_limit,
    set_up,
    threads_hashing,
    wait,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

INTERVAL = 15
ALLOWED = "sensor.max_threads"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without graphics cards, for tests to override."""
    return dict(NO_CARDS)


@pytest.fixture
async def limited(rig: Rig) -> Rig:
    """Return a miner with an estimate of 60 W idle and 20 W for each thread."""
    await set_up(rig, NUMBERS)
    return rig


async def test_a_miner_that_the_user_paused_is_not_started_by_a_limit(
    limited: Rig,
) -> None:
    """Its threads change, but it stays paused."""
    await limited.turn(MINING, on=False)
    for limit in (100, 0, 140, 120):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL + 10)
        assert limited.simulator.miner.is_paused
        assert limited.state(REASON) == "asked_here"
    await limited.turn(MINING, on=True)
    assert threads_hashing(limited.simulator) == 3


async def test_the_threads_that_the_user_allows_stay_visible_under_a_limit(
    limited: Rig,
) -> None:
    """The number of threads shows what the limit leaves of them."""
    assert limited.state(ALLOWED) == "4"
    await set_threads(limited, 3)
    await set_limit(limited, 100)
    assert (limited.state(ALLOWED), limited.state(THREADS)) == ("3", "2")
    await limited.reload()
    assert (limited.state(ALLOWED), limited.state(THREADS)) == ("3", "2")
    await set_limit(limited, 0)
    assert limited.state(ALLOWED) == "3"
    assert limited.state("sensor.threads") == "0"


async def test_a_miner_that_was_paused_at_its_console_is_not_started_by_a_limit(
    limited: Rig,
) -> None:
    """The pause reason is not the limit."""
    limited.simulator.rpc_direct("pause")
    await limited.poll()
    for limit in (100, 0, 140):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL + 10)
        assert limited.simulator.miner.is_paused
        assert limited.state(REASON) == "at_the_miner"


async def test_a_stopped_miner_is_not_started_by_a_limit(limited: Rig) -> None:
    """When started, it runs as many threads as the limit allows."""
    await limited.press("button.stop")
    await set_limit(limited, 0)
    await wait(limited, INTERVAL)
    await set_limit(limited, 100)
    await wait(limited, INTERVAL)
    assert limited.state("sensor.status") == "stopped"
    await limited.press("button.start")
    await limited.poll()
    assert limited.state(MINING) == "on"
    assert threads_hashing(limited.simulator) == 2


async def test_the_miner_goes_on_when_the_limit_allows_it(limited: Rig) -> None:
    """With as many threads as fit."""
    await set_limit(limited, 0)
    await wait(limited, INTERVAL)
    await set_limit(limited, 100)
    assert limited.state(MINING) == "on"
    assert limited.state(REASON) == "none"
    assert threads_hashing(limited.simulator) == 2


async def test_turning_on_while_the_limit_allows_nothing_is_a_request(
    limited: Rig,
) -> None:
    """The switch stays off with an error, and the miner starts when it may."""
    await limited.turn(MINING, on=False)
    await set_limit(limited, 0)
    for call in (
        limited.turn(MINING, on=True),
        limited.press("button.start"),
    ):
        with pytest.raises(ServiceValidationError) as error:
            await call
        assert error.value.translation_key == "limited"
        assert error.value.translation_placeholders == {
            "name": "rig-one",
            "limit": "0",
            "minimum": "80",
        }
    assert limited.simulator.miner.is_paused
    assert limited.state(MINING) == "off"
    assert limited.state(REASON) == "power_limit"
    await wait(limited, INTERVAL)
    assert limited.simulator.miner.is_paused
    await set_limit(limited, 80)
    assert limited.state(MINING) == "on"


async def test_turning_on_does_not_wait_until_a_higher_limit_applies(
    limited: Rig,
) -> None:
    """The user asks for it now; the error would name a limit that is high enough."""
    for turn_on in (limited.turn(MINING, on=True), limited.press("button.start")):
        await wait(limited, INTERVAL)
        await set_limit(limited, 0)
        await set_limit(limited, 100)
        assert limited.state(MINING) == "off"
        await turn_on
        assert limited.state(MINING) == "on"
        assert threads_hashing(limited.simulator) == 2


async def test_turning_off_while_the_limit_allows_nothing_is_a_request_too(
    limited: Rig,
) -> None:
    """It does not start when it may."""
    await set_limit(limited, 0)
    await limited.turn(MINING, on=False)
    assert limited.state(REASON) == "asked_here"
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert limited.simulator.miner.is_paused


async def test_resuming_at_the_console_does_not_end_the_limit(limited: Rig) -> None:
    """The limit applies again within a poll."""
    await set_limit(limited, 0)
    limited.simulator.rpc_direct("resume")
    await limited.poll(2)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "power_limit"


@pytest.mark.parametrize("when", ["before", "while"])
async def test_the_users_own_cap_stays_a_maximum(limited: Rig, when: str) -> None:
    """The limit removes threads, but never exceeds the cap."""
    if when == "before":
        await set_threads(limited, 2)
    await set_limit(limited, 80)
    assert threads_hashing(limited.simulator) == 1
    if when == "while":
        await set_threads(limited, 2)
        assert threads_hashing(limited.simulator) == 1
    for limit in (120, 140):
        await wait(limited, INTERVAL)
        await set_limit(limited, limit)
        assert threads_hashing(limited.simulator) == 2
    await set_threads(limited, 4)
    assert threads_hashing(limited.simulator) == 4


async def test_a_cap_from_before_there_was_a_limit_is_the_users(rig: Rig) -> None:
    """The cap is older than the limit."""
    await rig.set_up()
    await set_threads(rig, 2)
    await choose(rig, NUMBERS)
    await set_limit(rig, 80)
    await wait(rig, INTERVAL)
    await set_limit(rig, 140)
    await wait(rig, INTERVAL)
    assert threads_hashing(rig.simulator) == 2


async def test_the_user_cannot_take_more_threads_than_the_limit_allows(
    limited: Rig,
) -> None:
    """Not even briefly; they are added when the limit allows."""
    await set_threads(limited, 1)
    await set_limit(limited, 100)
    await set_threads(limited, 3)
    assert limited.state(THREADS) == "2"
    assert {len(write["cpu"]["rx"]) for write in posted(limited)} == {1, 2}
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 3


async def test_a_cap_that_equals_the_limits_own_is_the_users(
    limited: Rig,
) -> None:
    """Setting the current number is a decision, too."""
    await set_limit(limited, 100)
    await set_threads(limited, 2)
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 2


async def test_a_new_list_of_threads_is_limited_in_its_turn(limited: Rig) -> None:
    """It defines the full load from then on, and is restored completely."""
    await set_limit(limited, 120)
    profile = [[1, 5], [1, 4], [1, 3], [1, 2], [1, 1], [1, 0]]
    limited.simulator.edit_config(lambda config: config["cpu"].update(rx=profile))
    await wait(limited, 80)
    assert threads_hashing(limited.simulator) == 4
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert limited.simulator.config["cpu"]["rx"] == profile


async def test_many_caps_in_a_row_end_with_the_last(limited: Rig) -> None:
    """While a limit applies."""
    await set_limit(limited, 120)
    wrote = writes(limited.simulator)
    await asyncio.gather(*(set_threads(limited, cap) for cap in (1, 4, 2, 1, 4)))
    await limited.poll(3)
    assert writes(limited.simulator) - wrote <= 2
    assert threads_hashing(limited.simulator) == 3
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


@pytest.mark.parametrize("limit", [80, 0])
@pytest.mark.parametrize("by", ["action", "button"])
async def test_restoring_the_config_lifts_the_limit(
    limited: Rig, by: str, limit: int
) -> None:
    """It would remove the threads again within seconds."""
    await enable(limited, "button.restore_config")
    before = config_of(limited.simulator)
    await set_threads(limited, 3)
    await set_limit(limited, limit)
    if by == "action":
        await restore(limited)
    else:
        await limited.press("button.restore_config")
    assert is_same_config(limited.simulator, before)
    assert limited.state(LIMIT) == "140"
    assert limited.state(MINING) == "on"
    await wait(limited, 2 * INTERVAL)
    await limited.reload()
    await limited.poll()
    assert is_same_config(limited.simulator, before)
    assert threads_hashing(limited.simulator) == 4
    assert limited.state(LIMIT) == "140"


async def test_a_miner_that_the_user_paused_stays_paused_by_a_restore(
    limited: Rig,
) -> None:
    """Only the limit is removed."""
    await limited.turn(MINING, on=False)
    await set_limit(limited, 0)
    await restore(limited)
    await wait(limited, INTERVAL)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "asked_here"


@pytest.mark.parametrize(
    "options", [{**NO_CARDS, "config": {"pause-on-battery": True}}]
)
async def test_restoring_on_battery_is_no_failure(limited: Rig) -> None:
    """The config is restored, and the miner resumes once it is on mains again."""
    await set_limit(limited, 0)
    limited.simulator.on_battery = True
    await limited.poll()
    await restore(limited)
    assert limited.state(REASON) == "battery"
    limited.simulator.on_battery = False
    await limited.poll(3)
    assert limited.state(MINING) == "on"


async def test_a_pause_at_the_miner_in_the_same_poll_outranks_the_limit(
    limited: Rig,
) -> None:
    """A limit right after it does not own the pause, and does not end it."""
    limited.simulator.rpc_direct("pause")
    await set_limit(limited, 0)
    await wait(limited, INTERVAL + 10)
    assert limited.state(REASON) == "at_the_miner"
    await set_limit(limited, 140)
    await wait(limited, INTERVAL + 10)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "at_the_miner"


async def test_a_number_that_is_refused_leaves_the_limits_cap_its_own(
    limited: Rig,
) -> None:
    """All threads return with the limit."""
    await set_limit(limited, 120)
    limited.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError):
        await set_threads(limited, 1)
    limited.simulator.fault = None
    await wait(limited, INTERVAL)
    assert limited.state(THREADS) == "3"
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_another_algorithm_has_the_limit_too(limited: Rig) -> None:
    """Whatever its number of threads."""
    limited.simulator.edit_config(lambda config: config["cpu"].update(cn=[0, 1]))
    await wait(limited, 70)
    await set_limit(limited, 120)
    assert threads_hashing(limited.simulator) == 3
    await mine(limited, "cn/r")
    assert threads_hashing(limited.simulator) == 1
    await mine(limited, "rx/0")
    assert threads_hashing(limited.simulator) == 3
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


@pytest.mark.parametrize("options", [{"gpus": 0, "threads": 5}])
async def test_an_algorithm_with_fewer_threads_is_no_cap(rig: Rig) -> None:
    """Both caps apply when the previous algorithm is mined again."""
    rig.simulator.edit_config(lambda config: config["cpu"].update(cn=[0, 1]))
    await set_up(rig, METER)
    await measure(rig)
    await rig.turn(MINING, on=False)
    await measure(rig)
    await rig.turn(MINING, on=True)
    await set_threads(rig, 4)
    await set_limit(rig, IDLE + 3 * THREAD)
    await mine(rig, "cn/r")
    assert threads_hashing(rig.simulator) == 2
    await mine(rig, "rx/0")
    assert threads_hashing(rig.simulator) == 3
    await set_limit(rig, full_load(rig))
    await wait(rig, INTERVAL)
    assert threads_hashing(rig.simulator) == 4


@pytest.mark.parametrize("options", [{**NO_CARDS, **SHORT_AND_LONG}])
async def test_the_users_cap_outlives_a_limit_of_an_algorithm_with_fewer_threads(
    limited: Rig,
) -> None:
    """Where the limit leaves all of its threads, the cap is left for other algorithms."""
    await set_threads(limited, 3)
    await mine(limited, "cn-heavy/xhv")
    await set_limit(limited, 110)
    assert limited.state(THREADS) == "1"
    await wait(limited, 30)
    await set_limit(limited, 500)
    assert limited.state(THREADS) == "2"
    await mine(limited, "rx/0")
    assert limited.state(THREADS) == "3"
    assert limited.state(ALLOWED) == "3"


def posted(rig: Rig) -> list[dict[str, Any]]:
    """Return the configs that were posted to the miner."""
    return [
        json.loads(request.body)
        for request in rig.simulator.requests
        if request.method == "PUT"
    ]


async def mine(rig: Rig, algorithm: str) -> None:
    """Change the algorithm of the pool, and wait until the miner mines it."""
    rig.simulator.surroundings.algorithm = algorithm
    await wait(rig, 60)
    assert rig.state("sensor.algorithm") == algorithm
