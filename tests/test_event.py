"""Tests of the activity events."""

from collections.abc import Callable
from datetime import timedelta
import json
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.api.activity import ActivityType
from simulator.jsonvalue import Json

from .common import Rig
from .controls import (
    MINING,
    SECRET_OPTIONS,
    act,
    config_of,
    restore,
    select_pool,
    set_threads,
    writes,
)

EVENT = "event.activity"
HIDDEN_ATTRIBUTES = ("event_types", "friendly_name")

type Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def told(hass: HomeAssistant) -> Told:
    """Return a growing list of events from now on."""
    events: Told = []
    last = None

    @callback
    def listen(event: Event[EventStateChangedData]) -> None:
        nonlocal last
        state = event.data["new_state"]
        if state is None or not state.entity_id.startswith("event."):
            return
        if state.state in ("unavailable", "unknown", last):
            return
        last = state.state
        attributes = dict(state.attributes)
        for name in HIDDEN_ATTRIBUTES:
            attributes.pop(name, None)
        events.append((attributes.pop("event_type"), attributes))

    hass.bus.async_listen(EVENT_STATE_CHANGED, listen)
    return events


def edit(key: str, value: Any) -> Callable[[Json], None]:
    """Return a function that edits one value of a config."""

    def change(config: Json) -> None:
        config[key] = value

    return change


async def test_at_first_nothing_has_happened(running: Rig, told: Told) -> None:
    """A steady miner causes no event."""
    await running.poll(12)
    assert told == []
    assert running.state(EVENT) == "unknown"
    types = running.full_state(EVENT).attributes["event_types"]
    assert types == list(ActivityType)


async def test_a_restart(running: Rig, told: Told) -> None:
    """With the uptime and version of the new process."""
    running.simulator.restart()
    await running.poll()
    [(event, facts)] = told
    assert event == "restarted"
    assert facts == {"uptime": facts["uptime"], "version": "6.26.0"}
    # At a poll up to ten seconds later
    assert 0 <= facts["uptime"] <= 10


async def test_a_pool_that_failed(running: Rig, told: Told) -> None:
    """The miner fails over to another pool, and returns."""
    pools = {"before": "pool.example.org:3333", "after": "backup.example.org:3333"}
    running.simulator.set_pool_reachable("pool.example.org:3333", False)
    await running.poll(4)
    assert told == [("pool_changed", pools)]
    running.simulator.set_pool_reachable("pool.example.org:3333", True)
    await running.poll(4)
    back = {"before": pools["after"], "after": pools["before"]}
    assert told[1:] == [("pool_changed", back)]


async def test_another_algorithm(running: Rig, told: Told) -> None:
    """The pool asks for it."""
    running.simulator.surroundings.algorithm = "cn/r"
    await running.poll(3)
    algorithms = {"before": "rx/0", "after": "cn/r"}
    assert told == [("algorithm_changed", algorithms)]


async def test_a_best_share(running: Rig, told: Told) -> None:
    """It exceeds all previous shares, even before restarts."""
    for difficulty in (10**12, 10**11, 10**13):
        running.simulator.accept_share(difficulty)
        await running.poll()
    best = [
        ("best_share", {"difficulty": 10**12}),
        ("best_share", {"difficulty": 10**13}),
    ]
    assert told == best
    running.simulator.restart()
    running.simulator.accept_share(10**12)
    await running.poll(2)
    assert [name for name, _ in told[2:]] == ["restarted"]


async def test_a_config_that_was_changed_elsewhere(running: Rig, told: Told) -> None:
    """The event has the paths, but not the values."""
    running.simulator.edit_config(edit("retries", 7))
    running.simulator.edit_config(edit("pools", [{"url": "other.org:1", "user": "Q"}]))
    await running.poll(6)
    assert ("config_changed", {"paths": ["pools", "retries"]}) in told
    assert len(told) == 2
    assert told[0][0] == "pool_changed"


async def test_a_wallet_in_a_key_or_address_is_not_in_an_event(
    running: Rig, told: Told
) -> None:
    """Names of profiles and addresses may contain a wallet."""
    wallet = "4WALLET" * 8

    def change(config: Json) -> None:
        config["cpu"] |= {wallet: [0], "rx/0": wallet}
        config["pools"] = [{"url": f"other.example.org:1#{wallet}", "user": wallet}]

    running.simulator.edit_config(change)
    await running.poll(6)
    assert wallet not in json.dumps(told)
    pools = {"before": "pool.example.org:3333", "after": "other.example.org:1"}
    assert ("pool_changed", pools) in told
    paths = ["cpu.**REDACTED**", "cpu.rx/0", "pools"]
    assert ("config_changed", {"paths": paths}) in told
    assert running.state("select.pool") == "other.example.org:1"


async def test_own_changes_cause_no_event(running: Rig, told: Told) -> None:
    """It was changed from Home Assistant."""
    await running.turn(MINING, on=False)
    await set_threads(running, 2)
    await running.turn("switch.cuda_backend", on=False)
    await running.press("button.stop")
    await running.press("button.start")
    pools = [{"url": "pool.example.org:3333", "user": "WALLET"}]
    await act(running, "set_config", config={"pools": pools, "retries": None})
    await restore(running)
    await running.poll(6)
    assert told == []


async def test_a_choice_of_a_pool_is_a_change_of_it(running: Rig, told: Told) -> None:
    """Even if it was made from here."""
    await select_pool(running, "backup.example.org:3333")
    pools = {"before": "pool.example.org:3333", "after": "backup.example.org:3333"}
    assert told == [("pool_changed", pools)]


async def test_an_external_change_in_between_is_reported(
    running: Rig, told: Told
) -> None:
    """It is distinguished from simultaneous own changes."""

    def meddle(request: Any) -> None:
        if request.method == "PUT":
            running.simulator.on_reply = None
            running.simulator.edit_config(edit("print-time", 30))

    running.simulator.on_reply = meddle
    await set_threads(running, 2)
    await running.poll(6)
    assert told == [("config_changed", {"paths": ["print-time"]})]
    assert running.simulator.config["cpu"]["rx"] == [0, 1]


async def test_the_same_poll_twice_causes_one_event(running: Rig, told: Told) -> None:
    """Even if the coordinator calls its listeners again."""
    running.simulator.accept_share(10**12)
    await running.poll()
    running.freezer.tick(5)
    running.entry.runtime_data.coordinator.async_update_listeners()
    await running.hass.async_block_till_done()
    assert told == [("best_share", {"difficulty": 10**12})]
    running.simulator.accept_share(10**13)
    await running.poll()
    assert told[1:] == [("best_share", {"difficulty": 10**13})]


async def test_an_entity_that_is_added_again_repeats_no_event(
    running: Rig, told: Told
) -> None:
    """Home Assistant adds an entity again if its ID changes."""
    running.simulator.accept_share(10**12)
    await running.poll()
    running.freezer.tick(5)
    er.async_get(running.hass).async_update_entity(
        running.entity_id(EVENT), new_entity_id="event.renamed"
    )
    await running.hass.async_block_till_done()
    assert told == [("best_share", {"difficulty": 10**12})]
    running.simulator.accept_share(10**13)
    await running.poll()
    assert told[1:] == [("best_share", {"difficulty": 10**13})]


async def test_the_last_event_stays_while_the_miner_is_away(
    running: Rig, told: Told
) -> None:
    """Triggers ignore a change from unavailable, and would miss the next event."""
    running.simulator.accept_share(10**12)
    await running.poll()
    last = running.full_state(EVENT)
    await running.simulator.go_offline()
    await running.poll(3)
    assert running.state(MINING) == "unavailable"
    assert running.full_state(EVENT) == last
    running.simulator.accept_share(10**13)
    await running.simulator.go_online()
    await running.poll()
    assert [facts["difficulty"] for _, facts in told] == [10**12, 10**13]


async def test_an_entity_that_is_disabled_at_once_causes_no_event(
    running: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It is removed before the events of the first poll."""
    registry = er.async_get(running.hass)
    entity_id = running.entity_id(EVENT)
    await running.hass.config_entries.async_unload(running.entry.entry_id)

    @callback
    def disable(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and state.entity_id == entity_id and state.state != "unavailable":
            unsubscribe()
            registry.async_update_entity(
                entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )

    unsubscribe = running.hass.bus.async_listen(EVENT_STATE_CHANGED, disable)
    await running.set_up()
    assert running.entities[EVENT].disabled
    assert "is incorrectly being triggered" not in caplog.text


async def test_the_request_is_restored(running: Rig, told: Told) -> None:
    """The event has the restored state, and follows its cause.

    The config file came back from elsewhere meanwhile.
    """
    first = config_of(running.simulator)
    await set_threads(running, 2)
    await running.turn(MINING, on=False)
    await running.poll()
    await running.simulator.kill()
    running.simulator.edit_config(lambda _: first)
    running.simulator.restart()
    await running.poll()
    names = [name for name, _ in told]
    assert names == ["restarted", "config_changed", "state_restored"]
    assert told[2][1] == {"mining": False, "threads": 2}


async def test_a_request_that_cannot_be_restored_is_not_told(
    running: Rig, told: Told
) -> None:
    """Something resumes the miner whenever it is paused. It is given up, and logged."""

    def resume(request: Any) -> None:
        if request.path == "/json_rpc":
            running.simulator.rpc_direct("resume")

    await running.turn(MINING, on=False)
    running.simulator.restart()
    running.simulator.on_reply = resume
    await running.poll(2)
    assert running.simulator.is_hashing
    assert "state_restored" not in [name for name, _ in told]
    running.simulator.requests.clear()
    await running.poll(2)
    assert not running.asked("/json_rpc", "POST")


async def test_a_restored_request_that_another_miner_confirms_is_told(
    running: Rig, told: Told
) -> None:
    """The next poll finds it restored, and is the first to know."""
    await running.turn(MINING, on=False)
    running.simulator.restart()
    # After a poll, two verifications and the pause
    running.simulator.fail_next(7, "other_miner")
    await running.poll(2)
    assert [name for name, _ in told] == ["restarted", "state_restored"]


@pytest.mark.parametrize("is_confused", [False, True])
async def test_a_restart_while_home_assistant_was_down(
    running: Rig, told: Told, is_confused: bool
) -> None:
    """It is reported at the first poll; a config of another miner is no change."""
    await running.turn(MINING, on=False)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.restart()
    await running.pass_time(timedelta(hours=1))
    if is_confused:
        # The config of the second poll, which follows the pause
        running.simulator.fail_next(10, "other_miner")
    await running.set_up()
    await running.poll()
    assert [name for name, _ in told] == ["restarted", "state_restored"]
    await running.reload()
    await running.poll(2)
    assert len(told) == 2


async def test_all_that_happened_between_two_polls(running: Rig, told: Told) -> None:
    """Each is a separate event."""
    simulator = running.simulator
    simulator.restart()
    simulator.surroundings.algorithm = "cn/r"
    simulator.edit_config(edit("pools", [{"url": "other.org:1", "user": "Q"}]))
    simulator.advance(30)
    simulator.accept_share(10**13)
    await running.poll()
    assert [name for name, _ in told] == [
        "restarted",
        "pool_changed",
        "algorithm_changed",
        "config_changed",
        "best_share",
    ]


@pytest.mark.parametrize("fault", ["http_500", "backends_500", "config_500", "html"])
async def test_a_failed_poll_causes_no_event_twice(
    running: Rig, told: Told, fault: str
) -> None:
    """Nothing is reported twice, and nothing is lost."""
    simulator = running.simulator
    simulator.restart()
    await running.poll()
    assert len(told) == 1
    simulator.fault = fault
    simulator.accept_share(10**13)
    simulator.edit_config(edit("retries", 7))
    await running.poll(7)
    simulator.fault = None
    await running.poll(7)
    assert sorted(name for name, _ in told) == [
        "best_share",
        "config_changed",
        "restarted",
    ]


async def test_a_restart_is_not_lost_to_a_poll_that_fails(
    running: Rig, told: Told
) -> None:
    """The miner became unreachable right after the state was restored."""
    await running.turn(MINING, on=False)
    running.simulator.restart()

    def fail(request: Any) -> None:
        # Once to see that it is paused again, and then to see all of it.
        asked = running.simulator.requests[-2:]
        if [item.path for item in asked] == ["/json_rpc", "/2/summary"]:
            running.simulator.fault = "close"

    running.simulator.on_request = fail
    await running.poll()
    assert running.state(MINING) == "unavailable"
    assert told == []
    running.simulator.on_request = running.simulator.fault = None
    await running.poll()
    assert [name for name, _ in told] == ["restarted", "state_restored"]
    assert running.state(MINING) == "off"


async def test_what_was_restored_is_not_lost_to_another_restart(
    running: Rig, told: Told
) -> None:
    """The poll after it failed, and the next process needed nothing."""
    simulator = running.simulator
    first = config_of(simulator)
    await set_threads(running, 2)
    await running.poll()
    await simulator.kill()
    simulator.edit_config(lambda _: first)
    simulator.restart()
    simulator.advance(100)
    summaries = 0

    def fail(request: Any) -> None:
        # Once the threads were written, to see who shows them, and then the poll
        nonlocal summaries
        if request.path == "/2/summary" and config_of(simulator) != first:
            summaries += 1
            simulator.fault = "close" if summaries >= 2 else None

    simulator.on_request = fail
    await running.poll()
    assert running.state(MINING) == "unavailable"
    assert told == []
    simulator.on_request = simulator.fault = None
    simulator.restart()
    await running.poll()
    names = [name for name, _ in told]
    assert names == ["restarted", "config_changed", "state_restored"]
    assert writes(simulator) == 2


@pytest.mark.parametrize("options", [SECRET_OPTIONS])
async def test_no_event_has_a_secret(running: Rig, told: Told) -> None:
    """For any change."""
    pools = [{"url": "other.org:1", "user": "hidden-other", "pass": "hidden"}]
    running.simulator.edit_config(edit("pools", pools))
    running.simulator.edit_config(edit("tls", {"cert_key": "/hidden/other.pem"}))
    await running.poll(7)
    running.simulator.restart()
    await running.poll()
    assert {"config_changed", "restarted"} <= {name for name, _ in told}
    assert "hidden" not in json.dumps(told)


async def test_a_failed_command_causes_no_event(running: Rig, told: Told) -> None:
    """It has no effect."""
    running.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError):
        await set_threads(running, 2)
    running.simulator.fault = None
    await running.poll(7)
    assert told == []
