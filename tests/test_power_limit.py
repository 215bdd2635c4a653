"""Tests of the power limit."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.const import CONF_POWER_INTERVAL

from .common import Rig
from .controls import MINING, THREADS, config_of, is_same_config, set_threads, writes
from .watts import (
    EXPECTED,
    IDLE,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    POWER,
    REASON,
    SINGLE_THREAD,
    THREAD,
    THREAD_CHANGE,
    drawn,
    measure,
    report,
    set_limit,
    set_up,
    threads_hashing,
    value,
    wait,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

MINING_POWER = "number.mining_power"
CARD = 118
INTERVAL = 15


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without graphics cards, for tests to override."""
    return dict(NO_CARDS)


@pytest.fixture
async def limited(rig: Rig) -> Rig:
    """Return a miner with an estimate of 60 W idle and 20 W for each thread."""
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
    """When the action ends."""
    await set_limit(limited, limit)
    assert threads_hashing(limited.simulator) == threads
    assert limited.state(LIMIT) == str(limit)
    assert limited.state(THREADS) == str(threads)
    assert float(limited.state(POWER)) <= limit
    assert limited.state(MINING) == "on"


@pytest.mark.parametrize("limit", [79, 60, 1, 0])
async def test_below_one_thread_the_miner_is_paused(limited: Rig, limit: int) -> None:
    """The pause reason is the limit."""
    await set_limit(limited, limit)
    assert limited.simulator.miner.is_paused
    assert limited.state(MINING) == "off"
    assert limited.state(REASON) == "power_limit"
    assert float(limited.state(POWER)) == 60
    assert limited.state(LIMIT) == str(limit)


async def test_full_load_is_no_limit(limited: Rig) -> None:
    """The miner is then left alone, with the user's config."""
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
    # The full load does not become a limit when it rises.
    limited.simulator.edit_config(lambda config: config["cpu"]["rx"].append(7))
    await wait(limited, 70)
    assert threads_hashing(limited.simulator) == 5


@pytest.mark.parametrize("limit", [140, 141, 5_000])
async def test_more_than_the_full_load_is_no_limit(limited: Rig, limit: int) -> None:
    """Optimisers set the power they have, even beyond the end of the slider."""
    await set_limit(limited, 80)
    await wait(limited, 20)
    await set_limit(limited, limit)
    await wait(limited, 20)
    assert threads_hashing(limited.simulator) == 4
    assert limited.state(LIMIT) == "140"
    assert limited.full_state(LIMIT).attributes["max"] == 140


async def test_the_end_of_the_slider_does_not_drift(limited: Rig) -> None:
    """It is rounded up, and what is learned of the full load moves it only far."""
    meter = limited.entry.runtime_data.power.meter
    for full, end in ((131, 140), (140, 140), (141, 150), (125, 150), (119, 120)):
        with patch.object(type(meter), "full_load", full):
            await limited.poll()
            assert limited.full_state(LIMIT).attributes["max"] == end
            assert limited.state(LIMIT) == str(end)


async def test_the_power_of_mining_alone(limited: Rig) -> None:
    """For optimisers to which off is 0 W: the rest of the computer is left out."""
    registry = er.async_get(limited.hass)
    registry.async_update_entity(limited.entity_id(MINING_POWER), disabled_by=None)
    await limited.reload()
    assert limited.state(MINING_POWER) == "80"
    assert limited.full_state(MINING_POWER).attributes["max"] == 80
    for watts, threads in ((40, 2), (39, 1), (0, 0)):
        await limited.call("number", "set_value", MINING_POWER, value=watts)
        assert threads_hashing(limited.simulator) == threads
        assert limited.state(MINING_POWER) == str(watts)
        assert limited.state(LIMIT) == str(60 + watts if watts else 0)
    await limited.call("number", "set_value", MINING_POWER, value=80)
    await wait(limited, 20)
    assert threads_hashing(limited.simulator) == 4


@pytest.mark.parametrize("known", [(4,), (4, 2)])
async def test_no_mining_power_is_a_rest(rig: Rig, known: tuple[int, ...]) -> None:
    """Also of a miner that has never rested, so that its idle power is not known yet."""
    report(rig, drawn(rig.simulator))
    await set_up(rig, METER)
    registry = er.async_get(rig.hass)
    registry.async_update_entity(rig.entity_id(MINING_POWER), disabled_by=None)
    await rig.reload()
    for threads in known:
        await set_threads(rig, threads)
        await measure(rig)
    await set_threads(rig, 4)
    await rig.call("number", "set_value", MINING_POWER, value=0)
    await measure(rig)
    assert threads_hashing(rig.simulator) == 0
    assert rig.state(MINING_POWER) == "0"
    assert rig.full_state(MINING_POWER).attributes["max"] == 4 * THREAD


@pytest.mark.parametrize("limit", [-1, 100_001])
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
    """However recent the last change was."""
    for limit, threads in ((120, 3), (100, 2), (80, 1)):
        await set_limit(limited, limit)
        assert threads_hashing(limited.simulator) == threads
    await set_limit(limited, 0)
    assert limited.state(MINING) == "off"


@pytest.mark.parametrize("start", [80, 0])
async def test_more_waits_until_the_last_change_has_settled(
    limited: Rig, start: int
) -> None:
    """After 15 s, the current limit applies."""
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


async def test_the_user_sets_how_long_more_waits(rig: Rig) -> None:
    """It is an option."""
    await set_up(rig, {**NUMBERS, CONF_POWER_INTERVAL: 60})
    await set_limit(rig, 80)
    await set_limit(rig, 120)
    await wait(rig, 50)
    assert threads_hashing(rig.simulator) == 1
    await wait(rig, 20)
    assert threads_hashing(rig.simulator) == 3


async def test_more_is_done_at_once_when_nothing_changed_lately(limited: Rig) -> None:
    """The surplus is used at once."""
    await set_limit(limited, 80)
    await wait(limited, 2 * INTERVAL)
    await set_limit(limited, 120)
    assert threads_hashing(limited.simulator) == 3


async def test_less_does_not_wait_for_more(limited: Rig) -> None:
    """A waiting increase is dropped when the limit falls."""
    await set_limit(limited, 100)
    await set_limit(limited, 140)
    await set_limit(limited, 80)
    assert threads_hashing(limited.simulator) == 1
    await wait(limited, 3 * INTERVAL)
    assert threads_hashing(limited.simulator) == 1


@pytest.mark.parametrize("is_set_again", [False, True])
async def test_more_does_not_wait_beyond_the_end(
    limited: Rig, is_set_again: bool
) -> None:
    """Nothing is applied after unloading.

    A timer that is left behind fails each test.
    """
    await set_limit(limited, 100)
    await set_limit(limited, 120)
    limit = limited.entry.runtime_data.power.limit
    assert await limited.hass.config_entries.async_unload(limited.entry.entry_id)
    asked = len(limited.simulator.requests)
    if is_set_again:
        await limit.async_set(120)
    assert len(limited.simulator.requests) == asked


async def test_many_values_in_a_row_are_one_or_two_writes(limited: Rig) -> None:
    """A slider sends dozens of values; the last one counts."""
    await asyncio.gather(*(set_limit(limited, 139 - value) for value in range(60)))
    assert threads_hashing(limited.simulator) == 1
    assert limited.state(LIMIT) == "80"
    assert writes(limited.simulator) <= 2


async def test_the_same_threads_again_write_nothing(limited: Rig) -> None:
    """The limit has steps of whole threads."""
    await set_limit(limited, 100)
    wrote = writes(limited.simulator)
    for limit in (101, 110, 119, 105):
        await set_limit(limited, limit)
        await wait(limited, INTERVAL)
    assert writes(limited.simulator) == wrote


# --- Cards --------------------------------------------------------------------


@with_card
@pytest.mark.parametrize(("limit", "threads"), [(257, 3), (218, 2), (198, 1)])
async def test_what_cards_draw_counts_against_the_limit(
    limited: Rig, limit: int, threads: int
) -> None:
    """The threads get the rest."""
    assert limited.state(LIMIT) == "260"
    await set_limit(limited, limit)
    assert threads_hashing(limited.simulator) == threads
    assert float(limited.state(POWER)) <= limit


@with_card
async def test_cards_that_the_limit_paused_still_count(limited: Rig) -> None:
    """Otherwise the limit would start them again and again."""
    await set_limit(limited, 150)
    assert limited.state(MINING) == "off"
    assert limited.state("sensor.status") == "paused"
    for _ in range(12):
        await limited.poll()
        assert limited.simulator.miner.is_paused
    assert limited.full_state(LIMIT).attributes["max"] == 260
    await limited.reload()
    await limited.poll(3)
    assert limited.simulator.miner.is_paused
    await set_limit(limited, 80 + CARD)
    assert threads_hashing(limited.simulator) == 1


@with_card
async def test_a_card_that_draws_more_takes_a_thread_at_once(limited: Rig) -> None:
    """With the next poll, even while an increase waits."""
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
    """As soon as its backend is disabled."""
    await set_limit(limited, 198)
    assert threads_hashing(limited.simulator) == 1
    await limited.turn("switch.cuda_backend", on=False)
    await wait(limited, 2 * INTERVAL)
    assert threads_hashing(limited.simulator) == 4
    assert limited.full_state(LIMIT).attributes["max"] == 140


@with_card
async def test_a_miner_without_its_cpu_has_no_steps(limited: Rig) -> None:
    """All of its cards run, or none."""
    await limited.turn("switch.cpu_backend", on=False)
    await limited.poll()
    assert limited.full_state(LIMIT).attributes["max"] == 180
    await set_limit(limited, 60 + CARD - 1)
    assert limited.state(MINING) == "off"
    await wait(limited, 2 * INTERVAL)
    await set_limit(limited, 60 + CARD)
    assert limited.state(MINING) == "on"
    assert writes(limited.simulator) == 1


@with_card
async def test_cards_run_alone_where_no_thread_fits_beside_them(limited: Rig) -> None:
    """If the user turns off the CPU backend."""
    await set_limit(limited, 60 + CARD)
    assert limited.state(MINING) == "off"
    await limited.turn("switch.cpu_backend", on=False)
    await wait(limited, 2 * INTERVAL)
    assert limited.state(MINING) == "on"
    assert threads_hashing(limited.simulator) == 0


@with_card
async def test_sensors_have_what_the_next_limit_is_calculated_from(
    all_enabled: None, limited: Rig
) -> None:
    """It has the expected power, the lowest limit, and the last change."""

    def said() -> tuple[float, float, str]:
        return (
            value(limited, EXPECTED),
            value(limited, SINGLE_THREAD),
            limited.state(THREAD_CHANGE),
        )

    expected, one_thread, first = said()
    assert (expected, one_thread) == (140 + CARD, 80 + CARD)
    await limited.poll(3)
    assert said() == (expected, one_thread, first)
    await set_limit(limited, 100 + CARD)
    expected, one_thread, second = said()
    assert (expected, one_thread) == (100 + CARD, 80 + CARD)
    assert second > first
    await limited.poll(3)
    await limited.turn(MINING, on=False)
    expected, one_thread, third = said()
    assert (expected, one_thread) == (60, 80 + CARD)
    assert third > second


# --- With a meter -------------------------------------------------------------


async def test_the_limit_follows_what_was_measured(rig: Rig) -> None:
    """The measured power stays within the limit."""
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
    """The power of fewer threads is unknown at first, and learned."""
    await set_up(rig, METER)
    await measure(rig)
    assert rig.state(LIMIT) == str(IDLE + 4 * THREAD)
    await set_limit(rig, 115)
    await measure(rig, polls=60)
    assert threads_hashing(rig.simulator) == 2
    assert drawn(rig.simulator) == 110


@pytest.mark.parametrize("wild", [5000, 0, -200, "unavailable", "unknown", "text"])
async def test_a_wild_reading_moves_no_thread(rig: Rig, wild: Any) -> None:
    """The limit is based on the learned power."""
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
