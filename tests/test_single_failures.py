"""Tests with single late, lost or wrong replies."""

import asyncio
from collections.abc import Callable
import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.api.transport import REQUEST_TIMEOUT
from simulator import FAULTS, Fault, SimulatedMiner
from simulator.http import Reply, Request
from simulator.jsonvalue import Json

from .common import ALWAYS_AVAILABLE, Rig, move
from .controls import MINING, THREADS, act, cpu_threads, set_threads

REASON = "sensor.pause_reason"
STATUS = "sensor.status"
SHARES_TOTAL = "sensor.shares_accepted_total"
CPU = "switch.cpu_backend"

type Events = list[dict[str, Any]]


@pytest.fixture
def events(hass: HomeAssistant) -> Events:
    """Return a growing list of the attributes of events from now on."""
    found: Events = []
    last = None

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        nonlocal last
        state = event.data["new_state"]
        if state is None or state.domain != "event" or "T" not in state.state:
            return
        if state.state != last:
            last = state.state
            found.append(dict(state.attributes))

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    return found


def types(events: Events) -> list[str]:
    """Return the types of events, except new best shares."""
    names = [event["event_type"] for event in events]
    return [name for name in names if name != "best_share"]


def commands(rig: Rig) -> list[str]:
    """Return the paths of all commands that were sent to the miner."""
    return [item.path for item in rig.simulator.requests if item.method != "GET"]


def of(path: str, change: Callable[[Any], Any]) -> Fault:
    """Return a fault that changes the document of an endpoint."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        return replace(reply, document=change(copy.deepcopy(reply.document)))

    return Fault("wrong document", distort=distort, path=path, methods=("GET",))


def use(rig: Rig, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Apply a fault to all matching requests from now on."""
    monkeypatch.setitem(FAULTS, "of_test", fault)
    rig.simulator.fault = "of_test"


def accepted(rig: Rig) -> int | None:
    """Return the accepted shares of the last reply."""
    results = rig.entry.runtime_data.coordinator.data.summary.results
    shares: int | None = results.shares_good
    return shares


# --- Late replies, and an uptime that stands still ---------------------------


async def test_a_late_reply_of_the_backends_is_no_restart(
    all_enabled: None,
    running: Rig,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It arrives late, but the process is the same."""
    late = Fault("late", delay_before=7, path="/backends")
    for is_late in (True, False, True, True, False):
        use(running, monkeypatch, late)
        if not is_late:
            running.simulator.fault = None
        running.simulator.accept_share()
        await running.poll()
        assert running.state(SHARES_TOTAL) == str(accepted(running))
        assert not running.unavailable
    assert types(events) == []


@pytest.mark.parametrize("is_cached", [True, False])
async def test_an_uptime_that_stands_still_is_no_restart(
    all_enabled: None,
    running: Rig,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
    is_cached: bool,
) -> None:
    """As from a cache or a frozen virtual machine."""
    first: dict[str, Any] = {}

    def freeze(document: dict[str, Any]) -> dict[str, Any]:
        if not first:
            first.update(document)
        return first if is_cached else document | {"uptime": first["uptime"]}

    use(running, monkeypatch, of("/summary", freeze))
    for _ in range(5):
        running.simulator.accept_share()
        await running.poll()
        assert running.state(SHARES_TOTAL) == str(accepted(running))
    running.simulator.fault = None
    await running.poll()
    assert running.state(SHARES_TOTAL) == str(accepted(running))
    assert types(events) == []


# --- Replies that are lost ----------------------------------------------------

KINDS = ("http_500", "reset", "close", "cut", "html", "late_2", "nulls")


@pytest.mark.parametrize(
    ("fault", "count"),
    # Three that hang take longer than the timeout of a command
    [
        *((fault, 1) for fault in (*KINDS, "hang", "late_7")),
        *((fault, 3) for fault in KINDS),
    ],
)
async def test_a_confirming_read_that_fails_fails_no_command(
    running: Rig, events: Events, fault: str, count: int
) -> None:
    """It is tried again, and the pause still counts as requested from here."""
    simulator = running.simulator

    def fail(request: Request) -> None:
        if request.path == "/json_rpc":
            simulator.fail(fault, count)

    simulator.on_reply = fail
    await running.turn(MINING, on=False)
    simulator.on_reply = None
    await running.poll(3)
    assert running.state(MINING) == "off"
    assert running.state(REASON) == "asked_here"
    assert types(events) == []


@pytest.mark.parametrize(
    "fault", ["lost", "reset_after", "hang_after", "cut", "late_7_after"]
)
async def test_a_pause_whose_reply_is_lost_is_one(
    running: Rig, events: Events, fault: str
) -> None:
    """The command took effect."""
    simulator = running.simulator

    def fail(request: Request) -> None:
        if request.path == "/json_rpc":
            simulator.on_request = None
            simulator.fail(fault)

    simulator.on_request = fail
    await running.turn(MINING, on=False)
    assert running.state(MINING) == "off"
    await running.poll(2)
    assert running.state(REASON) == "asked_here"
    simulator.on_request = fail
    await running.turn(MINING, on=True)
    await running.poll()
    assert running.state(MINING) == "on"
    assert types(events) == []


@pytest.mark.parametrize("fault", ["reset", "close", "hang"])
async def test_a_pause_that_never_arrives_is_an_error(running: Rig, fault: str) -> None:
    """The miner should still mine, even after a restart."""
    simulator = running.simulator

    def fail(request: Request) -> None:
        if request.path == "/json_rpc":
            simulator.on_request = None
            simulator.fail(fault)

    simulator.on_request = fail
    with pytest.raises(HomeAssistantError) as raised:
        await running.turn(MINING, on=False)
    assert raised.value.translation_key in ("cannot_connect", "not_confirmed_pause")
    await running.poll()
    assert running.state(MINING) == "on"
    simulator.restart()
    await running.poll(2)
    assert not simulator.miner.is_paused


async def test_the_users_own_wallet_raises_nothing(
    hass: HomeAssistant, running: Rig, events: Events
) -> None:
    """However many reads fail after the write."""
    simulator = running.simulator

    def fail(request: Request) -> None:
        if request.method == "PUT":
            simulator.fail("config_500", 3)

    simulator.on_reply = fail
    pools = [{**simulator.config["pools"][0], "user": "OTHER"}]
    await act(running, "set_config", config={"pools": pools})
    simulator.on_reply = None
    await running.poll(3)
    assert simulator.config["pools"][0]["user"] == "OTHER"
    keys = [issue.translation_key for issue in ir.async_get(hass).issues.values()]
    assert "payout_changed" not in keys
    assert "config_changed" not in types(events)


# --- Backends that are missing ------------------------------------------------


def without_cpu(document: list[Any]) -> list[Any]:
    """Return the backends without the processor."""
    return [backend for backend in document if backend["type"] != "cpu"]


MISSING_BACKENDS = {
    "empty": of("/backends", lambda _: []),
    "null": of("/backends", lambda _: None),
    "object": of("/backends", lambda _: {}),
    "no_cpu": of("/backends", without_cpu),
    "only_cpu": of("/backends", lambda document: document[:1]),
    "no_enabled": of(
        "/backends",
        lambda document: [
            {key: value for key, value in backend.items() if key != "enabled"}
            for backend in document
        ],
    ),
    "cut": Fault("cut", cut=True, path="/backends", methods=("GET",)),
}


@pytest.mark.parametrize("name", MISSING_BACKENDS)
async def test_a_missing_backend_is_unknown_rather_than_off(
    running: Rig, events: Events, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A stopped miner may have been started in the meantime."""
    await running.press("button.stop")
    await running.poll(2)
    assert running.state(STATUS) == "stopped"
    sent = commands(running)
    use(running, monkeypatch, MISSING_BACKENDS[name])
    # The last complete reply is used for a minute
    await running.poll(10)
    assert running.state(STATUS) == "unknown"
    assert running.state(MINING) in ("unavailable", "unknown")
    running.simulator.fault = None
    await running.poll()
    assert running.state(STATUS) == "stopped"
    assert commands(running) == sent
    assert types(events) == []


@pytest.mark.parametrize("name", MISSING_BACKENDS)
async def test_nothing_is_commanded_because_of_a_missing_backend(
    running: Rig, events: Events, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Neither while it mines nor after a restart."""
    await running.turn(MINING, on=False)
    await running.turn(MINING, on=True)
    sent = commands(running)
    use(running, monkeypatch, MISSING_BACKENDS[name])
    await running.poll(8)
    assert running.state(MINING) == "on"
    running.simulator.restart()
    await running.poll(8)
    running.simulator.fault = None
    await running.poll(3)
    assert running.state(STATUS) == "mining"
    assert commands(running) == sent
    assert types(events) == ["restarted"]


def stopped(document: list[Json]) -> list[Json]:
    """Return backends like those of a miner that was stopped."""
    return [
        {key: item[key] for key in ("type", "algo", "profile")} | {"enabled": False}
        for item in document
    ]


async def test_the_backends_of_a_stopped_miner_stop_no_other(
    running: Rig, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backends that contradict the config are of another moment, or another miner."""
    await running.turn(MINING, on=False)
    await running.turn(MINING, on=True)
    sent = commands(running)
    use(running, monkeypatch, of("/backends", stopped))
    await running.poll()
    assert running.state(STATUS) != "stopped"
    assert running.state(MINING) != "off"
    running.simulator.fault = None
    running.simulator.restart()
    await running.poll(3)
    assert running.state(STATUS) == "mining"
    assert commands(running) == sent
    assert types(events) == ["restarted"]


# --- External changes -------------------------------------------------------------


async def test_an_external_change_shortly_before_a_write_is_reported(
    running: Rig, events: Events
) -> None:
    """Without the changes that were written from here."""

    def edit(config: dict[str, Any]) -> None:
        config["retries"] = 9

    running.simulator.edit_config(edit)
    running.simulator.advance(1)
    await set_threads(running, 2)
    await running.poll(2)
    assert types(events) == ["config_changed"]
    assert events[-1]["paths"] == ["retries"]
    assert running.simulator.config["retries"] == 9
    assert cpu_threads(running.simulator) == 2


# --- A miner that hangs ---------------------------------------------------------------


async def test_commands_on_a_hanging_miner_fail_together(
    hass: HomeAssistant, running: Rig
) -> None:
    """The first timeout makes all unavailable, and polls continue."""
    simulator = running.simulator
    simulator.fault = "hang"
    started = hass.loop.time()
    results = await asyncio.gather(
        *(running.turn(MINING, on=number % 2 == 0) for number in range(8)),
        return_exceptions=True,
    )
    assert hass.loop.time() - started < REQUEST_TIMEOUT + 1
    for error in results:
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "cannot_connect"
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    assert not commands(running)
    simulator.fault = None
    await running.poll()
    assert not running.unavailable
    assert running.state(MINING) == "on"


async def test_polls_go_on_while_commands_hang(
    hass: HomeAssistant, running: Rig
) -> None:
    """Waiting commands delay a poll by at most one timeout."""
    simulator = running.simulator
    simulator.fault = "hang"

    async def command_again() -> None:
        for _ in range(5):
            with pytest.raises(HomeAssistantError):
                async with running.entry.runtime_data.commands.run() as miner:
                    await miner.pause()

    several = [asyncio.create_task(command_again()) for _ in range(4)]
    await asyncio.sleep(15)
    simulator.fault = None
    await running.poll(2)
    assert not running.unavailable
    for task in several:
        task.cancel()
    await asyncio.gather(*several, return_exceptions=True)


async def test_twenty_values_of_a_slider_cause_few_polls(running: Rig) -> None:
    """The last one counts."""
    running.simulator.requests.clear()
    await asyncio.gather(
        *(set_threads(running, number % 4 + 1) for number in range(18)),
        set_threads(running, 4),
        set_threads(running, 2),
    )
    assert running.asked("/2/backends") <= 3
    assert cpu_threads(running.simulator) == 2
    assert running.state(THREADS) == "2"


# --- XMRig's own rules ----------------------------------------------------------------


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
@pytest.mark.parametrize("is_confused", [False, True])
async def test_switched_off_it_stays_so_when_the_battery_rule_ends(
    running: Rig, events: Events, is_confused: bool
) -> None:
    """XMRig's rule resumes a miner even if it was paused from here.

    It is told even if another miner answers when the pause is confirmed.
    """
    simulator = running.simulator
    await running.turn(MINING, on=False)
    simulator.on_battery = True
    await running.poll(2)
    assert types(events) == []
    simulator.on_battery = False
    if is_confused:
        # After a poll, two verifications and the pause
        simulator.fail_next(7, "other_miner")
    await running.poll(2)
    assert simulator.miner.is_paused
    assert running.state(MINING) == "off"
    assert types(events) == ["state_restored"]
    assert events[-1]["mining"] is False
    await running.turn(MINING, on=True)
    assert running.state(MINING) == "on"


# --- Two miners that swapped addresses ----------------------------------------------


async def test_no_command_reaches_a_miner_that_swapped_addresses(
    trio: list[Rig],
) -> None:
    """Neither automatic nor manual ones; no device gets the other's name."""
    first, second, _ = trio
    await first.turn(MINING, on=False)
    names = [rig.devices["miner"].name for rig in trio]
    for rig in trio:
        rig.simulator.requests.clear()
    await move(first.simulator, second.simulator)
    for rig in (first, second):
        with pytest.raises(HomeAssistantError) as raised:
            async with rig.entry.runtime_data.commands.run() as miner:
                await miner.stop()
        assert raised.value.translation_key == "another_miner"
    await first.pass_time(timedelta(minutes=5))
    for rig in (first, second):
        assert rig.unavailable == rig.states.keys() - ALWAYS_AVAILABLE
        assert not commands(rig)
    assert [rig.devices["miner"].name for rig in trio] == names
