"""The miner draws no more than its power limit, by threads or by pausing it."""

import asyncio
from datetime import timedelta
import json
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig.const import CONF_KEEP_STATE, CONF_POWER_INTERVAL

from .common import Rig
from .controls import (
    MINING,
    THREADS,
    config_of,
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
    POWER,
    REASON,
    THREAD,
    choose,
    drawn,
    measure,
    report,
    set_limit,
    set_up,
    threads_hashing,
    wait,
)

CARD = 118
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


with_card = pytest.mark.parametrize("options", [{"gpus": 1}])


# --- Threads ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "threads"),
    [(139, 3), (120, 3), (119, 2), (100, 2), (99, 1), (80, 1)],
)
async def test_as_many_threads_run_as_fit(
    limited: Rig, limit: int, threads: int
) -> None:
    """Once the action is over."""
    await set_limit(limited, limit)
    assert threads_hashing(limited.simulator) == threads
    assert limited.state(LIMIT) == str(limit)
    assert limited.state(THREADS) == str(threads)
    assert float(limited.state(POWER)) <= limit
    assert limited.state(MINING) == "on"


@pytest.mark.parametrize("limit", [79, 60, 1, 0])
async def test_below_one_thread_the_miner_is_paused(limited: Rig, limit: int) -> None:
    """It rests because of the limit, and says so."""
    await set_limit(limited, limit)
    assert limited.simulator.miner.is_paused
    assert limited.state(MINING) == "off"
    assert limited.state(REASON) == "power_limit"
    assert float(limited.state(POWER)) == 60
    assert limited.state(LIMIT) == str(limit)


async def test_full_load_is_no_limit(limited: Rig) -> None:
    """The miner is left alone then, and has its owner's config."""
    before = config_of(limited.simulator)
    assert limited.state(LIMIT) == "140"
    await set_limit(limited, 140)
    assert writes(limited.simulator) == 0
    await set_limit(limited, 100)
    assert not is_same_config(limited.simulator, before)
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 4
    assert is_same_config(limited.simulator, before)
    # A limit that is none does not become one when the full load rises.
    limited.simulator.edit_config(lambda config: config["cpu"]["rx"].append(7))
    await wait(limited, 70)
    assert threads_hashing(limited.simulator) == 5


@pytest.mark.parametrize("limit", [-1, 141])
async def test_a_limit_out_of_range_is_refused(limited: Rig, limit: int) -> None:
    """As Home Assistant does with every number."""
    with pytest.raises(ServiceValidationError):
        await set_limit(limited, limit)
    assert threads_hashing(limited.simulator) == 4


async def test_a_fraction_of_a_watt_is_no_thread(limited: Rig) -> None:
    """What an optimiser computes is taken as it is, and shown in whole watts."""
    await set_limit(limited, 119.6)
    assert threads_hashing(limited.simulator) == 2
    assert limited.state(LIMIT) == "120"


# --- Down at once, up in time -------------------------------------------------


async def test_less_is_done_at_once(limited: Rig) -> None:
    """However short ago the last change was."""
    for limit, threads in ((120, 3), (100, 2), (80, 1)):
        await set_limit(limited, limit)
        assert threads_hashing(limited.simulator) == threads
    await set_limit(limited, 0)
    assert limited.state(MINING) == "off"


@pytest.mark.parametrize("start", [80, 0])
async def test_more_waits_until_the_last_change_has_settled(
    limited: Rig, start: int
) -> None:
    """Fifteen seconds, and then it is what the limit is by then."""
    await set_limit(limited, start)
    before = threads_hashing(limited.simulator)
    await set_limit(limited, 140)
    await set_limit(limited, 100)
    await set_limit(limited, 120)
    assert limited.state(LIMIT) == "120"
    await limited.pass_time(timedelta(seconds=13))
    assert threads_hashing(limited.simulator) == before
    await limited.pass_time(timedelta(seconds=INTERVAL))
    assert threads_hashing(limited.simulator) == 3


async def test_the_owner_says_how_long_more_waits(rig: Rig) -> None:
    """By an option."""
    await set_up(rig, {**NUMBERS, CONF_POWER_INTERVAL: 60})
    await set_limit(rig, 80)
    await set_limit(rig, 120)
    await wait(rig, 50)
    assert threads_hashing(rig.simulator) == 1
    await wait(rig, 20)
    assert threads_hashing(rig.simulator) == 3


async def test_more_is_done_at_once_when_nothing_changed_lately(limited: Rig) -> None:
    """The surplus is not left unused."""
    await set_limit(limited, 80)
    await wait(limited, 2 * INTERVAL)
    await set_limit(limited, 120)
    assert threads_hashing(limited.simulator) == 3


async def test_less_does_not_wait_for_more(limited: Rig) -> None:
    """More that waits is forgotten when the limit falls meanwhile."""
    await set_limit(limited, 100)
    await set_limit(limited, 140)
    await set_limit(limited, 80)
    assert threads_hashing(limited.simulator) == 1
    await wait(limited, 3 * INTERVAL)
    assert threads_hashing(limited.simulator) == 1


async def test_many_values_in_a_row_are_one_or_two_writes(limited: Rig) -> None:
    """A slider that is pulled sends dozens; the last one counts."""
    await asyncio.gather(*(set_limit(limited, 139 - value) for value in range(60)))
    assert threads_hashing(limited.simulator) == 1
    assert limited.state(LIMIT) == "80"
    assert writes(limited.simulator) <= 2


async def test_the_same_threads_again_write_nothing(limited: Rig) -> None:
    """Steps of the limit are those of threads."""
    await set_limit(limited, 100)
    wrote = writes(limited.simulator)
    for limit in (101, 110, 119, 105):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL)
    assert writes(limited.simulator) == wrote


# --- With a person ------------------------------------------------------------


async def test_a_miner_that_a_person_paused_is_not_started_by_a_limit(
    limited: Rig,
) -> None:
    """It gets its threads, and rests."""
    await limited.turn(MINING, on=False)
    for limit in (100, 0, 140, 120):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL + 10)
        assert limited.simulator.miner.is_paused
        assert limited.state(REASON) == "asked_here"
    await limited.turn(MINING, on=True)
    assert threads_hashing(limited.simulator) == 3


async def test_a_miner_that_was_paused_at_its_console_is_not_started_by_a_limit(
    limited: Rig,
) -> None:
    """Nor is it said to rest because of the limit."""
    limited.simulator.rpc_direct("pause")
    await limited.poll()
    for limit in (100, 0, 140):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL + 10)
        assert limited.simulator.miner.is_paused
        assert limited.state(REASON) == "at_the_miner"


async def test_a_stopped_miner_is_not_started_by_a_limit(limited: Rig) -> None:
    """It goes on with what the limit allows when it is started."""
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
    """As many threads at once as fit."""
    await set_limit(limited, 0)
    await wait(limited, INTERVAL)
    await set_limit(limited, 100)
    assert limited.state(MINING) == "on"
    assert limited.state(REASON) == "none"
    assert threads_hashing(limited.simulator) == 2


async def test_turning_on_while_the_limit_allows_nothing_is_a_wish(
    limited: Rig,
) -> None:
    """The switch stays off, and the miner goes on when it may."""
    await limited.turn(MINING, on=False)
    await set_limit(limited, 0)
    await limited.turn(MINING, on=True)
    assert limited.simulator.miner.is_paused
    assert limited.state(MINING) == "off"
    assert limited.state(REASON) == "power_limit"
    await wait(limited, INTERVAL)
    assert limited.simulator.miner.is_paused
    await set_limit(limited, 80)
    assert limited.state(MINING) == "on"


async def test_turning_off_while_the_limit_allows_nothing_is_a_wish_too(
    limited: Rig,
) -> None:
    """It does not go on when it may."""
    await set_limit(limited, 0)
    await limited.turn(MINING, on=False)
    assert limited.state(REASON) == "asked_here"
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert limited.simulator.miner.is_paused


async def test_resuming_at_the_console_does_not_outwit_the_limit(limited: Rig) -> None:
    """It is kept within a poll."""
    await set_limit(limited, 0)
    limited.simulator.rpc_direct("resume")
    await limited.poll(2)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "power_limit"


@pytest.mark.parametrize("when", ["before", "while"])
async def test_a_persons_own_cap_stays_a_maximum(limited: Rig, when: str) -> None:
    """The limit takes threads away, and gives no more than were there."""
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


async def test_a_person_cannot_take_more_threads_than_the_limit_allows(
    limited: Rig,
) -> None:
    """Not even for a moment; they get them when it does."""
    await set_threads(limited, 1)
    await set_limit(limited, 100)
    await set_threads(limited, 3)
    assert limited.state(THREADS) == "2"
    assert {len(write["cpu"]["rx"]) for write in posted(limited)} == {1, 2}
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 3


async def test_a_cap_that_happens_to_be_the_limits_own_is_a_persons(
    limited: Rig,
) -> None:
    """Choosing what runs already is a choice."""
    await set_limit(limited, 100)
    await set_threads(limited, 2)
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 2


async def test_a_new_list_of_threads_is_limited_in_its_turn(limited: Rig) -> None:
    """It is what full load means from then on, and comes back whole."""
    await set_limit(limited, 120)
    profile = [[1, 5], [1, 4], [1, 3], [1, 2], [1, 1], [1, 0]]
    limited.simulator.edit_config(lambda config: config["cpu"].update(rx=profile))
    await wait(limited, 80)
    assert threads_hashing(limited.simulator) == 4
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert limited.simulator.config["cpu"]["rx"] == profile


async def test_many_caps_in_a_row_end_with_the_last(limited: Rig) -> None:
    """While a limit takes some of it."""
    await set_limit(limited, 120)
    wrote = writes(limited.simulator)
    await asyncio.gather(*(set_threads(limited, cap) for cap in (1, 4, 2, 1, 4)))
    await limited.poll(3)
    assert writes(limited.simulator) - wrote <= 2
    assert threads_hashing(limited.simulator) == 3
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_restoring_the_config_does_not_lift_the_limit(limited: Rig) -> None:
    """It goes on to hold, and takes nothing that was given back for a person's cap."""
    await set_limit(limited, 80)
    await restore(limited)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 1
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 4


async def test_another_algorithm_has_the_limit_too(limited: Rig) -> None:
    """Whatever number of threads it has in all."""
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


# --- Cards --------------------------------------------------------------------


@with_card
@pytest.mark.parametrize(("limit", "threads"), [(257, 3), (218, 2), (198, 1)])
async def test_what_cards_draw_counts_against_the_limit(
    limited: Rig, limit: int, threads: int
) -> None:
    """The threads get what is left."""
    assert limited.state(LIMIT) == str(140 + CARD)
    await set_limit(limited, limit)
    assert threads_hashing(limited.simulator) == threads
    assert float(limited.state(POWER)) <= limit


@with_card
async def test_cards_that_rest_by_the_limit_are_not_forgotten(limited: Rig) -> None:
    """Else the limit would let them run again and again."""
    await set_limit(limited, 150)
    assert limited.state(MINING) == "off"
    assert limited.state("sensor.status") == "paused"
    for _ in range(12):
        await limited.poll()
        assert limited.simulator.miner.is_paused
    assert limited.full_state(LIMIT).attributes["max"] == 140 + CARD
    await limited.reload()
    await limited.poll(3)
    assert limited.simulator.miner.is_paused
    await set_limit(limited, 80 + CARD)
    assert threads_hashing(limited.simulator) == 1


@with_card
async def test_a_card_that_draws_more_takes_a_thread_at_once(limited: Rig) -> None:
    """With the next poll, also while more waits for its time."""
    await set_limit(limited, 200)
    await set_limit(limited, 220)
    limited.simulator.gpus[0].power = 139
    await limited.poll()
    assert threads_hashing(limited.simulator) == 1
    limited.simulator.gpus[0].power = 100
    await wait(limited, 120)
    assert threads_hashing(limited.simulator) == 3


@with_card
async def test_a_card_that_is_switched_off_leaves_its_power_to_the_threads(
    limited: Rig,
) -> None:
    """As soon as its backend is off."""
    await set_limit(limited, 198)
    assert threads_hashing(limited.simulator) == 1
    await limited.turn("switch.cuda_backend", on=False)
    await wait(limited, 2 * INTERVAL)
    assert threads_hashing(limited.simulator) == 4
    assert limited.full_state(LIMIT).attributes["max"] == 140


@with_card
async def test_a_miner_without_its_cpu_has_no_steps(limited: Rig) -> None:
    """All of its cards run, or nothing."""
    await limited.turn("switch.cpu_backend", on=False)
    await limited.poll()
    assert limited.full_state(LIMIT).attributes["max"] == 60 + CARD
    await set_limit(limited, 60 + CARD - 1)
    assert limited.state(MINING) == "off"
    await wait(limited, 2 * INTERVAL)
    await set_limit(limited, 60 + CARD)
    assert limited.state(MINING) == "on"
    assert writes(limited.simulator) == 1


# --- With a meter -------------------------------------------------------------


async def test_the_limit_follows_what_was_measured(rig: Rig) -> None:
    """It is what the computer really draws that fits, by the meter."""
    await set_up(rig, {**NUMBERS, **METER})
    await measure(rig)
    await rig.turn(MINING, on=False)
    await measure(rig)
    await rig.turn(MINING, on=True)
    for limit in (80, 110, 139, 169):
        await measure(rig)
        await set_limit(rig, limit)
        assert drawn(rig.simulator) <= limit < drawn(rig.simulator) + THREAD


async def test_a_meter_alone_finds_its_way(rig: Rig) -> None:
    """Nothing is known of fewer threads at first; it is tried and learned."""
    await set_up(rig, METER)
    await measure(rig)
    assert rig.state(LIMIT) == str(IDLE + 4 * THREAD)
    await set_limit(rig, 115)
    await measure(rig, polls=60)
    assert threads_hashing(rig.simulator) == 2
    assert drawn(rig.simulator) == 110


@pytest.mark.parametrize("wild", [5000, 0, -200, "unavailable", "unknown", "text"])
async def test_a_wild_reading_moves_no_thread(rig: Rig, wild: Any) -> None:
    """The limit is kept by what was learned."""
    await set_up(rig, {**NUMBERS, **METER})
    await measure(rig)
    await set_limit(rig, 120)
    await measure(rig)
    threads = threads_hashing(rig.simulator)
    wrote = writes(rig.simulator)
    report(rig, wild)
    await rig.poll(12)
    await measure(rig)
    assert threads_hashing(rig.simulator) == threads
    assert writes(rig.simulator) == wrote
    assert rig.state(LIMIT) == "120"


# --- Restarts and faults ------------------------------------------------------


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


# --- Words of these tests -----------------------------------------------------


def posted(rig: Rig) -> list[dict[str, Any]]:
    """Return the configs that were posted to the miner."""
    return [
        json.loads(request.body)
        for request in rig.simulator.requests
        if request.method == "PUT"
    ]


async def mine(rig: Rig, algorithm: str) -> None:
    """Let the pool ask for another algorithm, until the miner mines it."""
    rig.simulator.surroundings.algorithm = algorithm
    await wait(rig, 60)
    assert rig.state("sensor.algorithm") == algorithm
