"""The requested state is restored after a restart; external changes are respected."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.xmrig_miner.const import CONF_KEEP_STATE
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    THREADS,
    config_of,
    cpu_threads,
    is_same_config,
    restore,
    set_threads,
    writes,
)

REASON = "sensor.pause_reason"


async def test_a_pause_outlives_the_miners_process(running: Rig) -> None:
    """XMRig forgets it; within one poll it is paused again."""
    await running.turn(MINING, on=False)
    running.simulator.restart()
    assert not running.simulator.miner.is_paused
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "asked_here"


async def test_a_miner_that_was_asked_to_mine_is_started_again(running: Rig) -> None:
    """Its config may be another one when it comes back."""
    await running.press("button.start")
    await running.simulator.kill()

    def edit(config: Json) -> None:
        config["cpu"]["enabled"] = config["cuda"]["enabled"] = False

    running.simulator.edit_config(edit)
    running.simulator.restart()
    await running.poll()
    assert running.simulator.config["cpu"]["enabled"]
    assert running.state(MINING) == "on"


async def test_a_stop_outlives_the_miners_process(running: Rig) -> None:
    """It is in the config, where nothing has to be put back."""
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


async def test_a_cap_that_is_still_there_is_not_written_again(running: Rig) -> None:
    """Usually it is in the config on the disk."""
    first = config_of(running.simulator)
    await set_threads(running, 2)
    running.simulator.restart()
    await running.poll(2)
    assert writes(running.simulator) == 1
    assert running.state(THREADS) == "2"
    await set_threads(running, 4)
    assert is_same_config(running.simulator, first)


async def test_without_the_option_nothing_is_put_back(rig: Rig) -> None:
    """Then a restart is a new beginning."""
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
    """A miner that was never touched is left alone."""
    running.simulator.restart()
    await running.poll(3)
    assert not any(
        request.method in ("PUT", "POST") for request in running.simulator.requests
    )


@pytest.mark.parametrize("asked_before", [True, False])
async def test_a_pause_by_a_person_stays(running: Rig, asked_before: bool) -> None:
    """It is shown, it is not undone, and from then on it is what is wanted."""
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


async def test_a_person_may_resume_what_was_paused_here(running: Rig) -> None:
    """From then on mining is what is wanted, after a restart too."""
    await running.turn(MINING, on=False)
    running.simulator.rpc_direct("resume")
    await running.poll(3)
    assert running.state(MINING) == "on"
    assert running.state(REASON) == "none"
    running.simulator.restart()
    await running.poll(3)
    assert not running.simulator.miner.is_paused


async def test_a_person_may_stop_what_was_started_here(running: Rig) -> None:
    """By the config, of which the switch shows what it makes of the miner."""
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
    """The miner's uptime is wall clock time, its connection's is not."""
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
    """Or before: what is known of the miner's start follows its clock."""
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


async def test_a_miner_that_was_away_and_restarted_is_put_back(running: Rig) -> None:
    """It is back with a smaller uptime, however long it was away."""
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


async def test_a_miner_that_was_only_away_is_left_as_it_is(running: Rig) -> None:
    """A person may have changed it meanwhile."""
    await running.turn(MINING, on=False)
    await running.simulator.go_offline()
    await running.poll(2)
    running.simulator.rpc_direct("resume")
    await running.simulator.go_online()
    await running.poll(2)
    assert not running.simulator.miner.is_paused
    assert running.state(MINING) == "on"


async def test_a_restart_while_home_assistant_was_down_is_noticed(running: Rig) -> None:
    """What was asked for before is put back at once."""
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
async def test_a_miner_that_says_too_little_is_put_back_when_it_says_more(
    running: Rig, fault: str
) -> None:
    """Until then nothing that it shows is taken for what is wanted."""
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


async def test_a_poll_that_waits_for_a_command_does_not_undo_it(running: Rig) -> None:
    """What it knows of the config is older than the command."""
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
    """For a while they serve in place of new ones, but only for looking at."""
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
async def test_replies_that_are_cut_off_say_enough(running: Rig) -> None:
    """Such are those of old versions in their first quarter of an hour."""
    running.simulator.fault = "truncated"
    await running.poll()
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    running.simulator.restart()
    await running.poll()
    assert running.simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert running.state(THREADS) == "2"
