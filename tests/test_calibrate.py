"""Tests of the calibration."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from dataclasses import replace
from datetime import timedelta
import itertools
import time
from typing import Any
from unittest.mock import patch

from homeassistant.const import ATTR_ENTITY_ID, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Context, Event, EventStateChangedData, callback
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import CONF_POWER_SENSOR, DOMAIN
from custom_components.xmrig_miner.fleet.members import Members
from custom_components.xmrig_miner.fleet.settings import FleetSettings
from simulator import FAULTS, Fault
from simulator.http import Reply, Request
from simulator.miner import SimulatedMiner

from .common import Rig
from .controls import (
    MINING,
    SHORT_AND_LONG,
    THREADS,
    act,
    config_of,
    cpu_threads,
    is_same_config,
    set_threads,
)
from .frozen_time import set_forward
from .watts import (
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    SINGLE_THREAD,
    choose,
    report,
    set_limit,
    set_up,
    threads_hashing,
    wait,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

WATTS = {0: 50, 1: 80, 2: 110, 3: 140, 4: 270}
"""The fourth thread costs more than it is worth."""

MANY = {count: 60 + 3 * count for count in range(65)}
"""W of a computer with 64 threads."""

BUTTON = "button.calibrate"
PROGRESS = "sensor.calibration"

type Hook = Callable[[Rig], Awaitable[None] | None]


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without graphics cards, for tests to override."""
    return dict(NO_CARDS)


class Plug:
    """A power sensor that measures the miner in one of several ways."""

    def __init__(self, rig: Rig, watts: Mapping[int, int]) -> None:
        """Initialize one that reports every five seconds."""
        self.rig = rig
        self.watts = watts
        self.interval: int | None = 5
        """Seconds between two reports; None if it reports only changes."""
        self.delay = 0
        """Seconds until a change is reported."""
        self.wild: int | None = None
        """Every how many reports one is far off; None for never."""
        self.clock_set_at: int | None = None
        """Seconds after which the wall clock is set; None for never."""
        self.clock_set_by = 0
        self._reports = 0
        self._history: list[int] = []
        self._reported = watts[max(watts)]
        report(rig, self._reported)

    def tick(self) -> None:
        """Advance by a second."""
        if len(self._history) == self.clock_set_at:
            set_forward(self.rig.freezer, self.clock_set_by)
        self._history.append(self.watts[threads_hashing(self.rig.simulator)])
        watts = self._history[max(0, len(self._history) - 1 - self.delay)]
        if self.interval is None:
            is_due = watts != self._reported
        else:
            is_due = len(self._history) % self.interval == 0
        if is_due:
            self._reported = watts
            self._reports += 1
            is_wild = self.wild and self._reports % self.wild == 0
            report(self.rig, 5000 if is_wild else watts)


@pytest.fixture
async def plug(rig: Rig) -> Plug:
    """Return the power sensor, which reported the full load."""
    return Plug(
        rig, WATTS if rig.simulator.surroundings.computer.threads == 4 else MANY
    )


@pytest.fixture(autouse=True)
def no_waiting(request: pytest.FixtureRequest) -> Generator[None]:
    """Advance the time of the miner, the plug and Home Assistant instead of waiting."""
    waits = "custom_components.xmrig_miner.power.calibration._async_wait"

    async def pass_time(cancelled: asyncio.Event, seconds: float) -> None:
        plug: Plug = request.getfixturevalue("plug")
        plug.rig.simulator.advance(seconds)
        for _ in range(int(seconds)):
            plug.rig.freezer.tick(1)
            plug.tick()
        await asyncio.sleep(0)

    with patch(waits, pass_time):
        yield


@pytest.fixture
async def metered(rig: Rig, plug: Plug) -> Rig:
    """Return a miner with an accurate meter."""
    await set_up(rig, METER)
    return rig


def once(rig: Rig, threads: int, hook: Hook) -> None:
    """Call a function when a number of threads is first measured."""

    async def watch(request: Any) -> None:
        if request.path == "/2/backends" and threads_hashing(rig.simulator) == threads:
            rig.simulator.on_request = None
            if waiting := hook(rig):
                await waiting

    rig.simulator.on_request = watch


def hide_hashrates(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, *, of_threads: set[int]
) -> None:
    """Leave the hashrates of some numbers of threads unknown."""

    def hide(_: SimulatedMiner, __: Request, reply: Reply) -> Reply:
        if threads_hashing(rig.simulator) not in of_threads:
            return reply
        hashrate = {**reply.document["hashrate"], "total": [None, None, None]}
        return replace(reply, document={**reply.document, "hashrate": hashrate})

    fault = Fault("no hashrate", distort=hide, path="/2/summary")
    monkeypatch.setitem(FAULTS, "no_hashrate", fault)
    rig.simulator.fault = "no_hashrate"


def spawn(rig: Rig, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Start a task that runs in parallel with the calibration."""
    rig.hass.async_create_task(coroutine)


def counts(answer: dict[str, Any]) -> list[int]:
    """Return the numbers of threads in a table."""
    return [row["threads"] for row in answer["table"]]


def row(
    threads: int, hashrate: float, power: float, efficiency: float
) -> dict[str, Any]:
    """Return a row of a table."""
    return {
        "threads": threads,
        "algorithm": "rx/0",
        "hashrate": hashrate,
        "power": power,
        "efficiency": efficiency,
    }


# --- The table ----------------------------------------------------------------


async def test_each_number_of_threads_is_measured(metered: Rig) -> None:
    """With H/s, W and H/J, and the most efficient number."""
    assert await act(metered, "calibrate") == {
        "table": [
            row(4, 1720, 270, 6.37),
            row(3, 1290, 140, 9.214),
            row(2, 860, 110, 7.818),
            row(1, 430, 80, 5.375),
        ],
        "most_efficient": 3,
    }


async def test_hashes_of_two_algorithms_are_not_mixed(metered: Rig) -> None:
    """A number of threads is measured again if the pool changes the algorithm."""

    def share_threads(config: dict[str, Any]) -> None:
        config["cpu"].pop("rx/wow", None)

    def switch(rig: Rig) -> None:
        rig.simulator.surroundings.algorithm = "rx/wow"

    metered.simulator.edit_config(share_threads)
    await metered.poll()

    once(metered, 2, switch)
    answer = await act(metered, "calibrate")
    algorithms = {row["threads"]: row["algorithm"] for row in answer["table"]}
    assert algorithms == {4: "rx/0", 3: "rx/0", 2: "rx/wow", 1: "rx/wow"}
    assert answer["most_efficient"] == 3
    model = metered.entry.runtime_data.power.meter.model
    assert model.for_algorithm("rx/0").hashrates_seen.keys() == {3, 4}
    assert model.for_algorithm("rx/wow").hashrates_seen.keys() >= {1, 2}


@pytest.mark.parametrize("polls", [1, 2])
async def test_a_pool_that_switches_all_the_time_ends_it(
    metered: Rig, polls: int
) -> None:
    """The power limit waits for its end, so it cannot go on for hours."""
    rig, full = metered, cpu_threads(metered.simulator)
    algorithms = itertools.cycle(
        algorithm for algorithm in ("rx/wow", "rx/0") for _ in range(polls)
    )

    def switch(request: Request) -> None:
        if request.path == "/2/summary":
            rig.simulator.surroundings.algorithm = next(algorithms)

    rig.simulator.edit_config(lambda config: config["cpu"].pop("rx/wow", None))
    await rig.poll()
    rig.simulator.on_request = switch
    with pytest.raises(HomeAssistantError) as error:
        await act(rig, "calibrate")
    assert error.value.translation_key == "calibration_disturbed"
    assert cpu_threads(rig.simulator) == full


@pytest.mark.parametrize("options", [{"gpus": 1}])
async def test_cards_are_part_of_what_is_measured(metered: Rig) -> None:
    """Hashrate and power are those of the whole computer."""
    answer = await act(metered, "calibrate")
    assert [row["hashrate"] for row in answer["table"]] == [2670, 2240, 1810, 1380]
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


async def test_the_model_believes_a_calibration_at_once(metered: Rig) -> None:
    """Regardless of what it learned before."""
    for _ in range(60):
        report(metered, 500)
        await metered.poll()
    assert metered.state(LIMIT) == "500"
    await act(metered, "calibrate")
    assert metered.full_state(LIMIT).attributes["max"] == 270
    for limit, threads in ((269, 3), (139, 2), (109, 1)):
        await set_limit(metered, limit)
        assert cpu_threads(metered.simulator) == threads


async def test_a_wild_reading_is_left_out(metered: Rig, plug: Plug) -> None:
    """The median of three readings counts."""
    plug.wild = 3
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


async def test_a_miner_without_a_hashrate_is_measured(
    metered: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its efficiency is then unknown."""
    hide_hashrates(metered, monkeypatch, of_threads={1, 2, 3})
    answer = await act(metered, "calibrate")
    assert counts(answer) == [4, 3, 2, 1]
    assert [row["hashrate"] for row in answer["table"]] == [1720, None, None, None]
    assert [row["efficiency"] for row in answer["table"]] == [6.37, None, None, None]
    assert answer["most_efficient"] == 4


async def test_without_any_hashrate_nothing_is_the_most_efficient(
    metered: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example if the miner has just started."""
    hide_hashrates(metered, monkeypatch, of_threads={1, 2, 3, 4})
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]
    assert answer["most_efficient"] is None


# --- The button ---------------------------------------------------------------


async def test_the_button_calibrates_and_a_sensor_shows_the_progress(
    metered: Rig, hass_client: ClientSessionGenerator
) -> None:
    """In percent; the table is in the diagnostics."""
    assert metered.state(PROGRESS) == "unknown"
    shown: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if state := event.data["new_state"]:
            shown.append(state.state)

    async_track_state_change_event(metered.hass, metered.entity_id(PROGRESS), note)
    await metered.press(BUTTON)
    await metered.poll()
    assert shown == ["0", "25", "50", "75", "100", "unknown"]
    diagnostics = await get_diagnostics_for_config_entry(
        metered.hass, hass_client, metered.entry
    )
    table: Any = diagnostics["calibration"]
    assert counts(table) == [4, 3, 2, 1]
    assert table["most_efficient"] == 3


async def test_nothing_is_left_for_the_manager_to_measure(metered: Rig) -> None:
    """What it measures while the sun shines."""

    def missing() -> tuple[int, ...]:
        [member] = Members(metered.hass).all(FleetSettings())
        return member.missing

    assert missing() == (4, 3, 2, 1)
    await act(metered, "calibrate")
    assert missing() == ()


async def test_the_table_outlives_a_restart(metered: Rig) -> None:
    """But not the meter that it was measured with."""
    await act(metered, "calibrate")
    results = metered.entry.runtime_data.power.calibration.results
    assert len(results) == 4
    for meter, kept in ((METER, results), ({CONF_POWER_SENSOR: "sensor.other"}, [])):
        await choose(metered, meter)
        assert metered.entry.runtime_data.power.calibration.results == kept


async def test_the_button_is_for_administrators(
    metered: Rig, hass_admin_user: MockUser
) -> None:
    """As the action is; automations have no user."""
    group = await metered.hass.auth.async_get_group("system-users")
    assert group
    user = MockUser(groups=[group]).add_to_hass(metered.hass)

    async def press(by: MockUser) -> None:
        await metered.hass.services.async_call(
            "button",
            "press",
            {ATTR_ENTITY_ID: metered.entity_id(BUTTON)},
            blocking=True,
            context=Context(user_id=by.id),
        )

    with pytest.raises(Unauthorized):
        await press(user)
    calibration = metered.entry.runtime_data.power.calibration
    assert calibration.results == []
    await press(hass_admin_user)
    assert [result.threads for result in calibration.results] == [4, 3, 2, 1]


async def test_a_button_that_cannot_calibrate_says_why(metered: Rig) -> None:
    """As the action does."""
    await metered.turn(MINING, on=False)
    with pytest.raises(ServiceValidationError) as error:
        await metered.press(BUTTON)
    assert error.value.translation_key == "not_mining"
    assert metered.state(PROGRESS) == "unknown"


async def test_button_and_progress_need_a_power_sensor(metered: Rig) -> None:
    """They go with it."""
    assert {BUTTON, PROGRESS} <= metered.entities.keys()
    await choose(metered, NUMBERS)
    assert not {BUTTON, PROGRESS} & metered.entities.keys()
    await choose(metered, METER)
    assert {BUTTON, PROGRESS} <= metered.entities.keys()


async def test_a_manager_leaves_it_alone_meanwhile(metered: Rig) -> None:
    """It may command it before and afterwards."""
    members = Members(metered.hass)

    def is_steerable() -> bool:
        (member,) = members.all(FleetSettings())
        return member.is_steerable

    found: list[bool] = []
    once(metered, 2, lambda _: found.append(is_steerable()))
    assert is_steerable()
    await metered.press(BUTTON)
    assert found == [False]
    assert is_steerable()


# --- What was there before ----------------------------------------------------


async def test_the_threads_from_before_are_restored(metered: Rig) -> None:
    """To the last affinity."""
    before = config_of(metered.simulator)
    await act(metered, "calibrate")
    assert is_same_config(metered.simulator, before)
    assert threads_hashing(metered.simulator) == 4
    assert metered.state(THREADS) == "4"


async def test_the_users_cap_is_restored(metered: Rig) -> None:
    """It is never exceeded: not by the calibration, nor once a limit is removed."""
    await set_threads(metered, 2)
    assert counts(await act(metered, "calibrate")) == [2, 1]
    assert threads_hashing(metered.simulator) == 2
    await set_limit(metered, 80)
    await wait(metered, 30)
    await set_limit(metered, 270)
    assert threads_hashing(metered.simulator) == 2


@pytest.mark.parametrize("options", [{**NO_CARDS, **SHORT_AND_LONG}])
@pytest.mark.parametrize("cap", [None, 3])
async def test_an_algorithm_with_more_threads_that_comes_meanwhile_has_all_of_them(
    metered: Rig, cap: int | None
) -> None:
    """It ends the calibration; up to the user's cap."""
    simulator = metered.simulator
    if cap:
        await set_threads(metered, cap)
    simulator.set_algorithm("cn-heavy/xhv")
    await metered.poll(12)
    assert metered.state(THREADS) == "2"
    once(metered, 1, lambda _: simulator.set_algorithm("rx/0"))
    await act(metered, "calibrate")
    await metered.poll(12)
    assert metered.state("sensor.algorithm") == "rx/0"
    assert metered.state(THREADS) == str(cap or 4)


async def test_a_limit_holds_again_afterwards(metered: Rig) -> None:
    """Its own cap is still known as such."""
    await act(metered, "calibrate")
    await set_limit(metered, 110)
    await act(metered, "calibrate")
    assert threads_hashing(metered.simulator) == 2
    await wait(metered, 30)
    await set_limit(metered, 270)
    assert threads_hashing(metered.simulator) == 4


async def test_a_limit_set_meanwhile_holds_afterwards(metered: Rig) -> None:
    """It applies after the calibration, which it does not disturb."""
    await act(metered, "calibrate")
    limits = []

    async def set_promptly(rig: Rig) -> None:
        async with asyncio.timeout(5):
            await set_limit(rig, 110)
        limits.append(rig.state(LIMIT))

    once(metered, 3, set_promptly)
    assert counts(await act(metered, "calibrate")) == [4, 3, 2, 1]
    assert limits == ["110"]
    assert threads_hashing(metered.simulator) == 2


async def test_threads_are_not_chosen_meanwhile(metered: Rig) -> None:
    """The error names the reason."""
    refused: list[ServiceValidationError] = []

    async def choose_threads(rig: Rig) -> None:
        with pytest.raises(ServiceValidationError) as error:
            await set_threads(rig, 1)
        refused.append(error.value)

    once(metered, 3, choose_threads)
    assert counts(await act(metered, "calibrate")) == [4, 3, 2, 1]
    assert [error.translation_key for error in refused] == ["already_calibrating"]


# --- Ends before its time -----------------------------------------------------


async def test_a_calibration_can_be_cancelled(metered: Rig) -> None:
    """It returns what was measured, and restores the threads."""
    before = config_of(metered.simulator)

    async def cancel(rig: Rig) -> None:
        await rig.hass.services.async_call(
            DOMAIN,
            "cancel_calibration",
            {"config_entry_id": rig.entry.entry_id},
            blocking=True,
        )

    once(metered, 2, cancel)
    answer = await act(metered, "calibrate")
    assert counts(answer) == [4, 3]
    assert answer["most_efficient"] == 3
    assert is_same_config(metered.simulator, before)
    assert counts(await act(metered, "calibrate")) == [4, 3, 2, 1]


async def test_a_calibration_that_was_cancelled_at_once_gives_nothing(
    metered: Rig,
) -> None:
    """No number is the most efficient."""
    metered.simulator.on_reply = lambda _: (
        metered.entry.runtime_data.power.calibration.cancel()
    )
    assert await act(metered, "calibrate") == {"table": [], "most_efficient": None}


async def test_cancelling_nothing_does_nothing(metered: Rig) -> None:
    """The calibration may have just ended."""
    await metered.hass.services.async_call(
        DOMAIN,
        "cancel_calibration",
        {"config_entry_id": metered.entry.entry_id},
        blocking=True,
    )
    assert threads_hashing(metered.simulator) == 4


@pytest.mark.parametrize("by", ["at the console", "its pool is gone"])
async def test_a_miner_that_is_disturbed_ends_it(metered: Rig, by: str) -> None:
    """The pause stays, but the threads are restored."""
    before = config_of(metered.simulator)

    def disturb(rig: Rig) -> None:
        if by == "at the console":
            rig.simulator.rpc_direct("pause")
        else:
            for pool in rig.simulator.config["pools"]:
                rig.simulator.set_pool_reachable(pool["url"], False)

    once(metered, 2, disturb)
    with pytest.raises(HomeAssistantError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "calibration_disturbed"
    assert is_same_config(metered.simulator, before)
    assert metered.simulator.miner.is_paused is (by == "at the console")


async def test_one_reply_of_other_threads_does_not_disturb_it(metered: Rig) -> None:
    """The backends do not identify their miner: it may have been another one."""
    other = replace(FAULTS["other_miner"], path="/2/backends")
    # The first poll is part of the command
    once(metered, 3, lambda rig: once(rig, 3, lambda rig: rig.simulator.fail(other)))
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


async def test_a_meter_that_falls_silent_ends_it(metered: Rig) -> None:
    """The error says so, and the threads are restored."""
    before = config_of(metered.simulator)

    def silence(rig: Rig) -> None:
        rig.simulator.on_reply = lambda _: report(rig, "unavailable")

    once(metered, 2, silence)
    with pytest.raises(HomeAssistantError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "power_sensor_unavailable"
    assert is_same_config(metered.simulator, before)


@pytest.mark.parametrize("restart", [False, True], ids=["", "miner restarts"])
async def test_a_miner_that_becomes_unreachable_gets_its_threads_when_it_is_back(
    metered: Rig, restart: bool
) -> None:
    """No action of the user is needed."""
    before = config_of(metered.simulator)
    once(metered, 2, lambda rig: rig.simulator.go_offline())
    with pytest.raises(HomeAssistantError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "cannot_connect"
    assert cpu_threads(metered.simulator) == 2
    await wait(metered, 30)
    if restart:
        metered.simulator.restart()
    await metered.simulator.go_online()
    await wait(metered, 40)
    assert is_same_config(metered.simulator, before)
    assert threads_hashing(metered.simulator) == 4
    assert counts(await act(metered, "calibrate")) == [4, 3, 2, 1]
    assert is_same_config(metered.simulator, before)


@pytest.mark.parametrize("chosen", [METER, {}], ids=["", "options taken away"])
async def test_a_miner_that_becomes_unreachable_gets_its_threads_after_a_restart_too(
    metered: Rig, chosen: dict[str, Any]
) -> None:
    """After a restart of Home Assistant, with any options."""
    before = config_of(metered.simulator)
    once(metered, 2, lambda rig: rig.simulator.go_offline())
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    assert await metered.hass.config_entries.async_unload(metered.entry.entry_id)
    await metered.simulator.go_online()
    assert cpu_threads(metered.simulator) == 2
    await set_up(metered, chosen)
    await wait(metered, 20)
    assert is_same_config(metered.simulator, before)


async def test_a_write_that_is_refused_is_not_tried_without_end(metered: Rig) -> None:
    """It is tried once per poll."""
    once(metered, 2, lambda rig: setattr(rig.simulator, "fault", "refuse_put"))
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    tried = metered.asked("/2/config", "PUT")
    await metered.poll(3)
    assert 1 <= metered.asked("/2/config", "PUT") - tried <= 3
    metered.simulator.fault = None
    await metered.poll(2)
    assert threads_hashing(metered.simulator) == 4


@pytest.mark.parametrize("by", ["number", "restore_config"])
async def test_threads_that_the_user_sets_are_not_replaced_by_earlier_ones(
    metered: Rig, by: str
) -> None:
    """The threads from before a calibration that failed are no longer requested."""
    await set_threads(metered, 3)
    once(metered, 2, lambda rig: setattr(rig.simulator, "fault", "refuse_put"))
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    metered.simulator.fault = None
    if by == "number":
        await set_threads(metered, 1)
    else:
        await act(metered, "restore_config")
    await metered.poll(3)
    await metered.reload()
    await metered.poll(3)
    assert threads_hashing(metered.simulator) == (1 if by == "number" else 4)


async def test_threads_are_restored_if_those_of_the_user_are_cancelled(
    metered: Rig,
) -> None:
    """An automation that starts again cancels what it does."""
    await set_threads(metered, 3)
    once(metered, 2, lambda rig: setattr(rig.simulator, "fault", "refuse_put"))
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    metered.simulator.fault = "hang"
    setting = asyncio.create_task(set_threads(metered, 1))
    await asyncio.sleep(1)
    setting.cancel()
    metered.simulator.fault = None
    await metered.poll(3)
    assert threads_hashing(metered.simulator) == 3


async def test_a_cap_that_is_unknown_at_the_start_is_kept(metered: Rig) -> None:
    """While the config cannot be read, what to restore is unknown."""
    await set_threads(metered, 2)
    metered.simulator.fault = "config_500"
    await metered.poll(10)
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    metered.simulator.fault = None
    await metered.poll(3)
    assert threads_hashing(metered.simulator) == 2


async def test_threads_that_could_not_be_restored_are_restored_by_the_next_one(
    metered: Rig,
) -> None:
    """The threads from before the first one are restored."""
    before = config_of(metered.simulator)
    once(metered, 2, lambda rig: setattr(rig.simulator, "fault", "refuse_put"))
    with pytest.raises(HomeAssistantError):
        await act(metered, "calibrate")
    metered.simulator.fault = None
    assert cpu_threads(metered.simulator) == 2
    await act(metered, "calibrate")
    assert is_same_config(metered.simulator, before)


async def test_it_ends_with_the_config_entry(metered: Rig) -> None:
    """The threads are restored during unloading."""
    before = config_of(metered.simulator)

    def unload(rig: Rig) -> None:
        rig.hass.async_create_task(
            rig.hass.config_entries.async_unload(rig.entry.entry_id)
        )

    once(metered, 3, unload)
    answer = await act(metered, "calibrate")
    await metered.hass.async_block_till_done(wait_background_tasks=True)
    assert len(answer["table"]) < 4
    assert is_same_config(metered.simulator, before)


@pytest.mark.parametrize("how", ["unload", "stop", "remove"])
async def test_the_threads_are_restored_before_the_end(
    metered: Rig, hass_storage: dict[str, Any], how: str
) -> None:
    """Unloading waits for it, and nothing is sent or saved afterwards."""
    before = config_of(metered.simulator)
    threads_at_the_end = []

    async def end() -> None:
        hass, entry_id = metered.hass, metered.entry.entry_id
        match how:
            case "unload":
                await hass.config_entries.async_unload(entry_id)
            case "remove":
                await hass.config_entries.async_remove(entry_id)
            case "stop":
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                await hass.async_block_till_done()
        threads_at_the_end.append(cpu_threads(metered.simulator))

    once(metered, 2, lambda rig: spawn(rig, end()))
    answer = await act(metered, "calibrate")
    await metered.hass.async_block_till_done(wait_background_tasks=True)
    assert counts(answer) == [4, 3]
    assert threads_at_the_end == [4]
    assert is_same_config(metered.simulator, before)
    asked = len(metered.simulator.requests)
    await metered.pass_time(timedelta(hours=1))
    assert len(metered.simulator.requests) == asked
    stored = [key for key in hass_storage if metered.entry.entry_id in key]
    assert bool(stored) is (how != "remove")


async def test_a_limit_set_during_it_leaves_no_timer_behind_the_entry(
    metered: Rig,
) -> None:
    """It applies before unloading, and after the next start."""
    await act(metered, "calibrate")

    async def end(rig: Rig) -> None:
        await set_limit(rig, 110)
        spawn(rig, rig.hass.config_entries.async_unload(rig.entry.entry_id))

    once(metered, 3, end)
    await act(metered, "calibrate")
    await metered.hass.async_block_till_done(wait_background_tasks=True)
    asked = len(metered.simulator.requests)
    await metered.pass_time(timedelta(minutes=1))
    assert len(metered.simulator.requests) == asked
    await metered.set_up()
    await wait(metered, 30)
    assert metered.state(LIMIT) == "110"
    assert threads_hashing(metered.simulator) == 2


async def test_it_does_not_begin_after_the_end(metered: Rig) -> None:
    """It is rejected, and nothing is sent to the miner."""
    power = metered.entry.runtime_data.power
    assert await metered.hass.config_entries.async_unload(metered.entry.entry_id)
    asked = len(metered.simulator.requests)
    with pytest.raises(HomeAssistantError) as error:
        await power.async_calibrate()
    assert error.value.translation_key == "closed"
    assert len(metered.simulator.requests) == asked


async def test_another_miner_ends_it(metered: Rig) -> None:
    """Nothing is sent to it, and the threads are restored once the right one is back."""
    before = config_of(metered.simulator)
    once(metered, 2, lambda rig: setattr(rig.simulator, "fault", "other_miner"))
    with pytest.raises(HomeAssistantError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "another_miner"
    tried = metered.asked("/2/config", "PUT")
    await metered.poll(2)
    assert metered.asked("/2/config", "PUT") == tried
    metered.simulator.fault = None
    await metered.poll(2)
    assert is_same_config(metered.simulator, before)


async def test_one_incomplete_reply_is_left_out(metered: Rig) -> None:
    """The reading is repeated."""
    once(metered, 2, lambda rig: rig.simulator.fail("backends_500"))
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


# --- Power sensors of different kinds -----------------------------------------


async def test_a_reading_from_before_the_change_does_not_count(
    metered: Rig, plug: Plug
) -> None:
    """It waits for a meter that reports rarely."""
    plug.interval = 60
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


async def test_a_meter_that_reports_late_is_waited_for(
    metered: Rig, plug: Plug
) -> None:
    """Its first change teaches how long it takes."""
    plug.interval, plug.delay = None, 70
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]


@pytest.mark.parametrize("delay", [0, 5, 25])
async def test_a_meter_that_reports_only_changes_is_understood(
    metered: Rig, plug: Plug, delay: int
) -> None:
    """Its silence is a reading of the last value, and takes no longer."""
    plug.interval, plug.delay = None, delay
    started = dt_util.utcnow()
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]
    assert dt_util.utcnow() - started <= 4 * timedelta(seconds=60)


async def test_silence_after_a_change_is_a_reading_of_the_old_value(
    metered: Rig, plug: Plug
) -> None:
    """The second thread costs nothing that such a meter would report."""
    plug.interval, plug.watts = None, {1: 110, 2: 110, 3: 140, 4: 270}
    started = dt_util.utcnow()
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 110]
    assert metered.state(SINGLE_THREAD) == "110"
    assert dt_util.utcnow() - started <= 4 * timedelta(seconds=60)


async def test_a_meter_that_reports_nothing_new_ends_it(
    metered: Rig, plug: Plug
) -> None:
    """It may be stuck: nothing is learned from it."""
    plug.interval, plug.watts = None, dict.fromkeys(WATTS, 270)
    before = config_of(metered.simulator)
    model = metered.entry.runtime_data.power.meter.model
    with pytest.raises(HomeAssistantError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "power_sensor_unavailable"
    assert is_same_config(metered.simulator, before)
    assert metered.entry.runtime_data.power.calibration.results == []
    assert set(metered.entry.runtime_data.power.meter.model.watts_seen) == set(
        model.watts_seen
    )


async def test_one_thread_alone_has_nothing_to_compare_with(
    metered: Rig, plug: Plug
) -> None:
    """A meter that reports only changes is then believed."""
    await set_threads(metered, 1)
    plug.interval = None
    plug.tick()
    answer = await act(metered, "calibrate")
    assert answer["table"] == [row(1, 430, 80, 5.375)]


@pytest.mark.parametrize(
    ("hours", "interval", "after"),
    [(-1, 10, 1), (-1, None, 25), (1, 60, 25), (1, None, 1)],
)
async def test_the_clock_of_home_assistant_is_set_meanwhile(
    metered: Rig, plug: Plug, hours: int, interval: int | None, after: int
) -> None:
    """It shows the same, and takes no longer."""
    plug.interval, plug.delay = interval, 5
    plug.clock_set_at, plug.clock_set_by = 100 + after, 3600 * hours
    started = time.monotonic()
    answer = await act(metered, "calibrate")
    assert [row["power"] for row in answer["table"]] == [270, 140, 110, 80]
    assert time.monotonic() - started <= 4 * (60 if interval is None else 250)


# --- Many threads -------------------------------------------------------------


@pytest.mark.parametrize("options", [{"gpus": 0, "threads": 64}])
@pytest.mark.parametrize("interval", [1, 10, None])
async def test_64_threads_take_less_than_7_minutes(
    metered: Rig, plug: Plug, interval: int | None
) -> None:
    """Seven numbers are measured, and the others lie between them."""
    plug.interval = interval
    started = dt_util.utcnow()
    answer = await act(metered, "calibrate")
    assert dt_util.utcnow() - started < timedelta(minutes=7)
    assert counts(answer) == [64, 56, 48, 32, 17, 9, 1]
    assert [row["power"] for row in answer["table"]] == [
        MANY[count] for count in counts(answer)
    ]
    model = metered.entry.runtime_data.power.meter.model
    assert [model.watts(count) for count in range(1, 65)] == pytest.approx(
        [MANY[count] for count in range(1, 65)]
    )


@pytest.mark.parametrize("options", [{"gpus": 0, "threads": 16}])
async def test_what_was_learned_between_two_counts_is_replaced(
    metered: Rig,
) -> None:
    """It would contradict them; what was learned at rest or above a cap remains."""
    meter = metered.entry.runtime_data.power.meter
    for count in (0, 10, 14):
        for _ in range(30):
            meter.model = meter.model.with_sample(count, watts=500, hashrate=1)
    await set_threads(metered, 12)
    assert counts(await act(metered, "calibrate")) == [12, 11, 9, 6, 4, 2, 1]
    assert meter.model.watts_seen.keys() >= {0, 14}
    assert 10 not in meter.model.watts_seen


# --- Refused ------------------------------------------------------------------


async def refusal(rig: Rig) -> str | None:
    """Return the error of a rejected calibration, which changes nothing."""
    before = config_of(rig.simulator)
    with pytest.raises(HomeAssistantError) as error:
        await act(rig, "calibrate")
    assert is_same_config(rig.simulator, before)
    assert isinstance(error.value, ServiceValidationError)
    return error.value.translation_key


@pytest.mark.parametrize("chosen", [{}, NUMBERS])
async def test_without_a_meter_it_is_refused(rig: Rig, chosen: dict[str, Any]) -> None:
    """There is no meter."""
    await set_up(rig, chosen)
    assert await refusal(rig) == "no_power_sensor"


async def test_with_an_unavailable_meter_it_is_rejected(metered: Rig) -> None:
    """Before any thread is changed."""
    metered.simulator.on_reply = None
    report(metered, "unknown")
    assert await refusal(metered) == "power_sensor_unavailable"


@pytest.mark.parametrize("how", ["paused", "stopped", "limited", "no CPU"])
async def test_a_paused_miner_is_not_calibrated(metered: Rig, how: str) -> None:
    """It is not started, either."""
    match how:
        case "paused":
            await metered.turn(MINING, on=False)
        case "stopped":
            await metered.press("button.stop")
        case "limited":
            await act(metered, "calibrate")
            await set_limit(metered, 0)
        case "no CPU":
            await metered.turn("switch.cpu_backend", on=False)
    assert await refusal(metered) == "not_mining"


@pytest.mark.parametrize("options", [{"gpus": 0, "restricted": True}])
async def test_a_read_only_miner_is_not_calibrated(metered: Rig) -> None:
    """Its threads cannot be changed."""
    with pytest.raises(ServiceValidationError) as error:
        await act(metered, "calibrate")
    assert error.value.translation_key == "read_only"


async def test_a_second_one_at_the_same_time_is_refused(metered: Rig) -> None:
    """The first one continues."""
    refused: list[str | None] = []

    async def again(rig: Rig) -> None:
        with pytest.raises(ServiceValidationError) as error:
            await act(rig, "calibrate")
        refused.append(error.value.translation_key)

    once(metered, 3, again)
    assert counts(await act(metered, "calibrate")) == [4, 3, 2, 1]
    assert refused == ["already_calibrating"]
