"""The power of each number of threads is learned from the user's meter."""

from datetime import timedelta
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
import pytest

from custom_components.xmrig_miner.const import CONF_POWER_SENSOR, DOMAIN
from custom_components.xmrig_miner.fleet.members import Members
from custom_components.xmrig_miner.fleet.settings import FleetSettings
from custom_components.xmrig_miner.frontend.details import curve

from .common import Rig
from .controls import MINING, set_threads
from .frozen_time import set_forward
from .watts import (
    IDLE,
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    PER_THREAD,
    POWER,
    THREAD,
    choose,
    drawn,
    full_load,
    is_estimated,
    measure,
    report,
    say,
    set_up,
    value,
    wait,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

without_cards = pytest.mark.parametrize("options", [NO_CARDS])


@without_cards
@pytest.mark.parametrize("chosen", [METER, {**NUMBERS, **METER}])
async def test_the_model_learns_from_the_meter(
    rig: Rig, chosen: dict[str, Any]
) -> None:
    """Its measurements serve as the estimate when it is unavailable."""
    await set_up(rig, chosen)
    await measure(rig)
    await rig.turn(MINING, on=False)
    await measure(rig)
    assert value(rig, PER_THREAD) == THREAD
    assert full_load(rig) == IDLE + 4 * THREAD
    await say(rig, STATE_UNAVAILABLE)
    assert value(rig, POWER) == IDLE
    await rig.turn(MINING, on=True)
    await set_threads(rig, 2)
    assert value(rig, POWER) == IDLE + 2 * THREAD
    assert is_estimated(rig)


@without_cards
@pytest.mark.parametrize("hours", [-1, 1])
async def test_the_clock_of_home_assistant_is_set(rig: Rig, hours: int) -> None:
    """It learns on, by the reports since the load last changed."""
    await set_up(rig, METER)
    await rig.poll()
    set_forward(rig.freezer, 3600 * hours)
    await measure(rig, 6)
    assert full_load(rig) == IDLE + 4 * THREAD


async def test_cards_are_no_part_of_what_is_learned(rig: Rig) -> None:
    """They are added to an estimate separately."""
    await set_up(rig, METER)
    await measure(rig)
    report(rig, STATE_UNAVAILABLE)
    rig.simulator.gpus[0].power = 50
    await rig.poll()
    assert value(rig, POWER) == IDLE + 4 * THREAD + 50.0


@without_cards
@pytest.mark.parametrize("wild", [5000, 0, -300, "unavailable"])
async def test_one_wild_reading_teaches_nothing(rig: Rig, wild: Any) -> None:
    """However long it is reported."""
    await set_up(rig, METER)
    await measure(rig)
    full = full_load(rig)
    report(rig, wild)
    await rig.poll(30)
    assert full_load(rig) == full
    assert value(rig, LIMIT) == full
    await measure(rig)
    assert full_load(rig) == full
    assert value(rig, POWER) == drawn(rig.simulator)


@without_cards
@pytest.mark.parametrize("wild", [5000, 0])
async def test_a_wild_reading_after_a_change_teaches_nothing(
    rig: Rig, wild: int
) -> None:
    """If it is the only one so far."""
    await set_up(rig, {**NUMBERS, **METER})
    await wait(rig, 60)
    report(rig, wild)
    await rig.poll(30)
    assert full_load(rig) == 140
    await measure(rig)
    assert full_load(rig) == pytest.approx(IDLE + 4 * THREAD, abs=1)


@without_cards
async def test_a_reading_from_before_a_change_teaches_nothing(rig: Rig) -> None:
    """The meter has not reported since the change."""
    await set_up(rig, {**NUMBERS, **METER})
    await measure(rig)
    full = full_load(rig)
    assert full == IDLE + 4 * THREAD
    await set_threads(rig, 3)
    await rig.poll(20)
    await say(rig, STATE_UNAVAILABLE)
    # On the line from the user's estimate, not the last reading of the meter.
    assert value(rig, POWER) == 60 + 3 * (full - 60) / 4


@pytest.mark.parametrize("options", [{"gpus": 0, "uptime": 0, "dataset_time": 90}])
async def test_making_a_dataset_is_not_taken_for_rest(rig: Rig) -> None:
    """It has no threads yet, but uses all cores."""
    await set_up(rig, {**NUMBERS, **METER})
    for _ in range(8):
        report(rig, 170)
        await rig.poll()
    assert rig.state("sensor.status") == "starting"
    await rig.turn(MINING, on=False)
    await say(rig, STATE_UNAVAILABLE)
    assert value(rig, POWER) == 60


@without_cards
async def test_three_reports_that_agree_are_believed(rig: Rig) -> None:
    """However wrong the user's estimate is."""
    await set_up(rig, {**NUMBERS, **METER})
    for _ in range(12):
        report(rig, 900)
        await rig.poll()
    assert full_load(rig) == 900


@without_cards
async def test_what_was_drawn_while_the_miner_was_away_teaches_nothing(
    rig: Rig,
) -> None:
    """What it did then is unknown, however long the meter showed it."""
    await set_up(rig, METER)
    await measure(rig)
    full = full_load(rig)
    await rig.simulator.go_offline()
    for _ in range(20):
        report(rig, IDLE)
        await rig.poll(30)
    await rig.simulator.go_online()
    for _ in range(6):
        report(rig, IDLE)
        await rig.poll()
    assert full_load(rig) == full


@without_cards
async def test_a_meter_that_reports_seldom_teaches_too(rig: Rig) -> None:
    """A plausible single reading is learned."""
    await set_up(rig, {**NUMBERS, **METER})
    await wait(rig, 60)
    report(rig, 160)
    await wait(rig, 60)
    assert full_load(rig) == 160


@without_cards
async def test_a_meter_that_reports_only_changes_teaches_too(rig: Rig) -> None:
    """It is silent while the threads stay the same; kept across a restart."""
    await set_up(rig, {**NUMBERS, **METER})
    for threads in (2, 3):
        await set_threads(rig, threads)
        report(rig, drawn(rig.simulator))
        await wait(rig, 90)
    await rig.reload()
    await say(rig, STATE_UNAVAILABLE)
    assert value(rig, POWER) == IDLE + 3 * THREAD
    await set_threads(rig, 2)
    assert value(rig, POWER) == IDLE + 2 * THREAD


@without_cards
async def test_what_was_learned_is_kept(rig: Rig) -> None:
    """Across a restart."""
    await set_up(rig, METER)
    await measure(rig)
    await rig.reload()
    await say(rig, STATE_UNAVAILABLE)
    assert value(rig, POWER) == IDLE + 4 * THREAD


@without_cards
async def test_hashrates_of_each_algorithm_are_kept(rig: Rig) -> None:
    """Across a restart; the manager and the dashboard use those of the current one."""

    def shown() -> list[float | None]:
        [member] = Members(rig.hass).all(FleetSettings())
        assert member.curve
        points = curve(rig.entry.runtime_data.power.meter.model)
        hashrates = [point["hashrate"] for point in points]
        assert member.curve.is_rated is (hashrates[4] is not None)
        assert not member.curve.is_rated or member.curve.hashrates == tuple(hashrates)
        return hashrates

    async def mine(algorithm: str, rate: float) -> None:
        def edit(config: dict[str, Any]) -> None:
            config["cpu"][algorithm] = [0, 1, 2, 3]

        rig.simulator.surroundings.algorithm = algorithm
        rig.simulator.surroundings.computer.thread_hashrate = rate
        rig.simulator.edit_config(edit)
        rig.simulator.advance(60)
        await rig.poll()
        assert rig.state("sensor.algorithm") == algorithm

    await set_up(rig, NUMBERS)
    await rig.poll(12)
    before = shown()
    assert before == [0, 430, 860, 1290, 1720]
    await mine("ghostrider", 20)
    assert shown() == [None] * 5
    await rig.poll(12)
    assert shown() == [0, 20, 40, 60, 80]
    await rig.reload()
    assert shown() == [0, 20, 40, 60, 80]
    await mine("rx/wow", 430)
    assert shown() == [None] * 5
    await mine("rx/0", 430)
    assert shown() == before


@without_cards
async def test_hashrates_of_an_earlier_version_belong_to_the_current_algorithm(
    rig: Rig, hass_storage: dict[str, Any]
) -> None:
    """It did not tell them apart."""
    await set_up(rig, NUMBERS)
    await rig.poll(12)
    assert await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    model = hass_storage[f"{DOMAIN}.{rig.entry.entry_id}.power"]["data"]["meter"][
        "model"
    ]
    del model["algorithm"]
    [[_, model["hashrates"]]] = model["hashrates"]
    await rig.set_up()
    model = rig.entry.runtime_data.power.meter.model
    assert model.algorithm == "rx/0"
    assert model.hashrate(4) == 1720


@without_cards
async def test_what_was_learned_is_written_while_it_goes_on(
    rig: Rig, hass_storage: dict[str, Any]
) -> None:
    """After a crash, at most 15 minutes are lost."""
    await set_up(rig, METER)
    await measure(rig)
    await rig.pass_time(timedelta(minutes=16))
    stored = hass_storage[f"{DOMAIN}.{rig.entry.entry_id}.power"]["data"]
    watts, _ = stored["meter"]["model"]["watts"]["4"]
    assert watts == pytest.approx(IDLE + 4 * THREAD)


@without_cards
async def test_another_meter_starts_from_nothing(rig: Rig) -> None:
    """The first one may have measured the whole house."""
    await set_up(rig, METER)
    for _ in range(12):
        report(rig, 3000)
        await rig.poll()
    assert full_load(rig) == 3000
    await choose(rig, {**NUMBERS, CONF_POWER_SENSOR: "sensor.another"})
    assert full_load(rig) == 140
