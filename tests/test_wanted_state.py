"""The requested state is restored after a restart; external changes are respected."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import CONF_KEEP_STATE
from custom_components.xmrig_miner.storage import XmrigStore
from simulator.http import Request
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    SHORT_AND_LONG,
    THREADS,
    config_of,
    cpu_threads,
    is_same_config,
    restore,
    set_threads,
    writes,
)
from .frozen_time import set_forward

pytestmark = pytest.mark.usefixtures("few_sensors")

REASON = "sensor.pause_reason"


async def test_a_pause_outlives_the_miners_process(running: Rig) -> None:
    """XMRig does not store it; within one poll it is paused again."""
    await running.turn(MINING, on=False)
    running.simulator.restart()
    assert not running.simulator.miner.is_paused
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "asked_here"


@pytest.mark.parametrize("is_confused", [False, True])
async def test_a_miner_that_was_asked_to_mine_is_started_again(
    running: Rig, is_confused: bool
) -> None:
    """Its config may have been replaced, and the backends first read be another's."""
    await running.press("button.start")
    await running.poll()
    await running.simulator.kill()

    def edit(config: Json) -> None:
        config["cpu"]["enabled"] = config["cuda"]["enabled"] = False

    running.simulator.edit_config(edit)
    running.simulator.restart()
    if is_confused:
        running.simulator.fail_next(2, "other_miner")
    await running.poll(2)
    assert running.simulator.config["cpu"]["enabled"]
    assert running.state(MINING) == "on"


async def test_a_stop_outlives_the_miners_process(running: Rig) -> None:
    """It is in the config, so nothing has to be restored."""
    await running.press("button.stop")
    written = writes(running.simulator)
    running.simulator.restart()
    await running.poll(2)
    assert running.state("sensor.status") == "stopped"
    assert writes(running.simulator) == written


@pytest.mark.parametrize("paused", [True, False])
async def test_a_cap_outlives_the_miners_process(running: Rig, paused: bool) -> None:
    """Even if the user's config was restored externally in the meantime."""
    simulator = running.simulator
    first = config_of(simulator)
    await set_threads(running, 2)
    if paused:
        await running.turn(MINING, on=False)
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    assert cpu_threads(simulator) == 0
    await running.poll()
    assert simulator.miner.is_paused is paused
    simulator.advance(20)
    assert cpu_threads(simulator) == 2
    assert running.state(THREADS) == "2"
    await restore(running)
    assert is_same_config(simulator, first)


async def test_a_cap_that_was_refused_is_not_set_after_a_restart(running: Rig) -> None:
    """The miner was being closed, and the user was told that nothing changed."""
    simulator = running.simulator
    first = config_of(simulator)

    async def close(request: Request) -> None:
        if request.path == "/2/config":
            reads.append(request)
        if len(reads) == 2:
            simulator.on_request = None
            await simulator.go_offline()

    reads: list[Request] = []
    simulator.on_request = close
    with pytest.raises(HomeAssistantError):
        await set_threads(running, 2)
    assert len(reads) == 2
    simulator.restart()
    await simulator.go_online()
    await running.poll(2)
    assert running.state(THREADS) == "4"
    assert is_same_config(simulator, first)


@pytest.mark.parametrize("options", [SHORT_AND_LONG])
@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_cap_outlives_an_algorithm_with_fewer_threads(
    running: Rig, is_kept: bool
) -> None:
    """The miner restarts meanwhile, with or without its last config."""
    simulator = running.simulator
    first = config_of(simulator)
    await set_threads(running, 3)
    simulator.set_algorithm("cn-heavy/xhv")
    await running.poll(12)
    assert running.state(THREADS) == "2"
    await simulator.kill()
    if not is_kept:
        simulator.edit_config(lambda _: first)
    simulator.restart()
    await running.poll(12)
    simulator.set_algorithm("rx/0")
    await running.poll(12)
    assert running.state(THREADS) == "3"


async def test_a_cap_that_is_still_there_is_not_written_again(running: Rig) -> None:
    """Usually it is in the config file."""
    first = config_of(running.simulator)
    await set_threads(running, 2)
    running.simulator.restart()
    await running.poll(2)
    assert writes(running.simulator) == 1
    assert running.state(THREADS) == "2"
    await set_threads(running, 4)
    assert is_same_config(running.simulator, first)


async def test_without_the_option_nothing_is_restored(rig: Rig) -> None:
    """The miner's own state stays after a restart."""
    rig.hass.config_entries.async_update_entry(
        rig.entry, options={CONF_KEEP_STATE: False}
    )
    await rig.set_up()
    await rig.turn(MINING, on=False)
    rig.simulator.restart()
    await rig.poll(2)
    assert not rig.simulator.miner.is_paused
    assert rig.state(MINING) == "on"
    assert rig.state(REASON) == "none"


async def test_nothing_is_restored_that_was_not_requested(running: Rig) -> None:
    """A miner without commands is left alone."""
    running.simulator.restart()
    await running.poll(3)
    assert not any(
        request.method in ("PUT", "POST") for request in running.simulator.requests
    )


@pytest.mark.parametrize("asked_before", [True, False])
async def test_a_pause_by_the_user_stays(running: Rig, asked_before: bool) -> None:
    """It becomes the requested state."""
    if asked_before:
        await running.turn(MINING, on=True)
    running.simulator.rpc_direct("pause")
    await running.poll(3)
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "at_the_miner"
    running.simulator.restart()
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(REASON) == "at_the_miner"


async def test_the_user_may_resume_what_was_paused_here(running: Rig) -> None:
    """Mining is then the requested state, even after a restart."""
    await running.turn(MINING, on=False)
    running.simulator.rpc_direct("resume")
    await running.poll(3)
    assert running.state(MINING) == "on"
    assert running.state(REASON) == "none"
    running.simulator.restart()
    await running.poll(3)
    assert not running.simulator.miner.is_paused


async def test_the_user_may_stop_what_was_started_here(running: Rig) -> None:
    """By its config; the switch shows it."""
    await running.turn(MINING, on=True)

    def edit(config: Json) -> None:
        config["cpu"]["enabled"] = config["cuda"]["enabled"] = False

    running.simulator.edit_config(edit)
    await running.poll(3)
    assert running.state("sensor.status") == "stopped"
    assert running.state(REASON) == "at_the_miner"
    running.simulator.restart()
    await running.poll(2)
    assert running.state("sensor.status") == "stopped"


@pytest.mark.parametrize("step", [-20, -100, -7200, 3600])
async def test_a_clock_that_was_set_is_no_restart(running: Rig, step: int) -> None:
    """The miner's uptime is wall clock time, that of its connection is not."""
    await running.turn(MINING, on=False)
    running.simulator.miner.wall_step = step
    running.simulator.rpc_direct("resume")
    await running.poll()
    assert running.state(MINING) == "on"
    await running.poll(2)
    assert not running.simulator.miner.is_paused


@pytest.mark.parametrize("step", [-100, -7200, 3600])
@pytest.mark.parametrize("seen", [True, False])
async def test_nor_is_it_while_home_assistant_is_down(
    running: Rig, step: int, seen: bool
) -> None:
    """Even if the clock was set while Home Assistant was down."""
    await running.turn(MINING, on=False)
    if seen:
        running.simulator.miner.wall_step = step
        await running.poll()
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.miner.wall_step = step
    running.simulator.rpc_direct("resume")
    await running.pass_time(timedelta(minutes=10))
    await running.set_up()
    await running.poll()
    assert running.state(MINING) == "on"


async def test_a_pause_outlives_a_power_cut_of_both_computers(running: Rig) -> None:
    """That of Home Assistant has no clock, and knows no time when it starts."""
    await running.turn(MINING, on=False)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    set_forward(running.freezer, -10 * 365 * 86_400)
    running.simulator.restart()
    await running.set_up()
    assert running.simulator.miner.is_paused
    set_forward(running.freezer, 10 * 365 * 86_400)
    await running.poll(2)
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "asked_here"


async def test_a_miner_that_was_unreachable_and_restarted_is_restored(
    running: Rig,
) -> None:
    """Its uptime is lower, however long it was unreachable."""
    simulator = running.simulator
    await running.turn(MINING, on=False)
    await simulator.go_offline()
    await running.poll(2)
    assert running.state(MINING) == "unavailable"
    simulator.restart()
    await running.pass_time(timedelta(seconds=900))
    await simulator.go_online()
    await running.poll()
    assert simulator.miner.is_paused
    assert running.state(MINING) == "off"


async def test_a_miner_that_becomes_unreachable_while_it_is_restored(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It is restored once it is back."""
    simulator = running.simulator
    await running.turn(MINING, on=False)
    simulator.restart()

    summaries = 0

    def fail(request: Any) -> None:
        nonlocal summaries
        summaries += request.path == "/2/summary"
        # The first one is the poll, the second one verifies which miner answers
        if summaries == 2:
            simulator.fault = "hang"

    simulator.on_request = fail
    await running.poll()
    assert simulator.fault
    assert running.state(MINING) == "unavailable"
    assert "Unexpected" not in caplog.text
    simulator.on_request = None
    simulator.fault = None
    await running.poll()
    assert simulator.miner.is_paused
    assert running.state(MINING) == "off"


async def test_a_miner_that_was_only_unreachable_is_left_as_it_is(running: Rig) -> None:
    """The user may have changed it in the meantime."""
    await running.turn(MINING, on=False)
    await running.simulator.go_offline()
    await running.poll(2)
    running.simulator.rpc_direct("resume")
    await running.simulator.go_online()
    await running.poll(2)
    assert not running.simulator.miner.is_paused
    assert running.state(MINING) == "on"


async def test_a_restart_while_home_assistant_was_down_is_noticed(running: Rig) -> None:
    """The request is restored at once."""
    await running.turn(MINING, on=False)
    await set_threads(running, 1)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.restart()
    await running.pass_time(timedelta(hours=1))
    assert running.simulator.is_hashing
    await running.set_up()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(THREADS) == "1"


@pytest.mark.parametrize("fault", ["backends_500", "config_500"])
async def test_a_miner_with_incomplete_replies_is_restored_after_a_complete_one(
    running: Rig, fault: str
) -> None:
    """Until then, its state does not become the request."""
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.restart()
    running.simulator.fault = fault
    await running.set_up()
    await running.poll()
    running.simulator.fault = None
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(THREADS) == "2"


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden", "other_miner"])
@pytest.mark.parametrize("position", [5, 7, 9, 14])
async def test_a_miner_that_denies_access_once_or_is_another_is_restored_later(
    running: Rig, kind: str, position: int
) -> None:
    """At the request that verifies it, pauses it, or reads or writes its config."""
    simulator = running.simulator
    first = config_of(simulator)
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    await running.poll()
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    simulator.fail_next(position, kind)
    await running.poll(3)
    assert simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(THREADS) == "2"


async def test_a_set_up_that_fails_after_its_restore_leaves_nothing_behind(
    running: Rig,
) -> None:
    """The next one starts in five seconds, and must be the only one that writes."""
    simulator = running.simulator
    first = config_of(simulator)
    await set_threads(running, 2)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    before, summaries = writes(simulator), 0

    def fail(request: Any) -> None:
        nonlocal summaries
        if writes(simulator) > before:
            summaries += request.path == "/2/summary"
        # The first one verifies the write, the second one is the poll after it
        if summaries == 2:
            simulator.fault = "http_500"

    simulator.on_request = fail
    await running.hass.config_entries.async_setup(running.entry.entry_id)
    simulator.on_request = None
    assert running.entry.state is ConfigEntryState.SETUP_RETRY
    simulator.fault = None
    simulator.requests.clear()
    await running.pass_time(timedelta(seconds=2))
    assert not simulator.requests
    await running.poll()
    assert running.state(THREADS) == "2"


async def test_a_cap_that_could_not_be_stored_is_restored_later(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full when the miner restarts; that is logged once."""
    simulator = running.simulator
    first = config_of(simulator)
    await set_threads(running, 2)
    await running.poll()
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    with patch.object(XmrigStore, "async_save", side_effect=HomeAssistantError("full")):
        await running.poll(3)
    assert running.state(THREADS) == "4"
    assert caplog.text.count("was not restored") == 1
    await running.poll()
    assert running.state(THREADS) == "2"


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_a_miner_whose_rules_are_unknown_is_not_started(running: Rig) -> None:
    """They may have paused it, and then it would not resume."""
    simulator = running.simulator
    await running.press("button.start")
    simulator.restart()
    simulator.advance(30)
    simulator.on_battery = True
    simulator.advance(1)
    assert simulator.miner.is_paused
    simulator.fault = "config_500"

    def heal(request: Any) -> None:
        if request.path == "/2/config":
            simulator.fault = None

    simulator.on_reply = heal
    simulator.requests.clear()
    await running.poll()
    await running.poll(2)
    assert not running.asked("/json_rpc", "POST")
    assert running.state(REASON) == "battery"
    simulator.on_battery = False
    await running.poll()
    assert simulator.is_hashing


async def test_a_poll_that_waits_for_a_command_does_not_undo_it(running: Rig) -> None:
    """Its config is older than the command."""
    simulator = running.simulator
    first = config_of(simulator)

    def poll(request: Any) -> None:
        if request.method == "PUT":
            running.hass.async_create_task(
                running.entry.runtime_data.coordinator.async_refresh()
            )

    simulator.on_request = poll
    await set_threads(running, 2)
    simulator.on_request = None
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    await running.poll()
    assert running.state(THREADS) == "2"


async def test_old_answers_are_not_taken_for_what_is_wanted(running: Rig) -> None:
    """They are still shown, but not used for decisions."""
    simulator = running.simulator
    await running.press("button.stop")
    # The backends cannot be read once they were seen to have started.
    started = 0

    def fail(request: Any) -> None:
        nonlocal started
        started += request.path == "/2/backends" and simulator.config["cpu"]["enabled"]
        if started == 2:
            simulator.fault = "backends_500"

    simulator.on_request = fail
    await running.press("button.start")
    simulator.on_request = None
    assert simulator.fault
    await running.poll()
    simulator.restart()
    simulator.fault = None
    await running.poll(2)
    assert not simulator.miner.is_paused
    assert running.state(MINING) == "on"


@pytest.mark.parametrize("options", [{"version": "6.22.1"}])
async def test_truncated_replies_are_enough(running: Rig) -> None:
    """Like the replies of old versions in the first 15 minutes."""
    running.simulator.fault = "truncated"
    await running.poll()
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    running.simulator.restart()
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(THREADS) == "2"
