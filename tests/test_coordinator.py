"""Tests of polling, and of failures during a poll."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_ACCESS_TOKEN, EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.api.transport import REQUEST_TIMEOUT
from custom_components.xmrig_miner.const import LOGGER
from simulator import FAULTS, Fault
from simulator.http import Reply, Request
from tests.common import ALWAYS_AVAILABLE, Rig
from tests.controls import select_pool, set_threads

OF_SUMMARY = {
    "binary_sensor.pool_connected",
    "sensor.hashrate",
    "sensor.hashrate_15m",
    "sensor.pool",
    "sensor.shares_accepted",
    "sensor.status",
    "sensor.uptime",
    # A hashing miner is on, even if everything else is unknown
    "switch.mining",
}
OF_BACKENDS = {
    "binary_sensor.msr",
    "sensor.cpu_hashrate",
    "sensor.cuda_01:00.0_gpu_hashrate",
    "sensor.cuda_01:00.0_gpu_temperature",
    "sensor.cuda_hashrate_1m",
    "sensor.threads",
}
CONTROLS = {"button.start", "button.stop", "switch.mining"}


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that were logged."""
    return [
        record.message
        for record in caplog.records
        if record.name == LOGGER.name and record.levelno >= logging.WARNING
    ]


@asynccontextmanager
async def held(rig: Rig, path: str) -> AsyncGenerator[asyncio.Event]:
    """Delay the replies at a path until the end of the block.

    The yielded event is set once a request waits there.
    """
    reached = asyncio.Event()
    gate = asyncio.Event()

    async def hold(request: Request) -> None:
        if request.path == path:
            reached.set()
            await gate.wait()

    rig.simulator.on_request = hold
    try:
        yield reached
    finally:
        rig.simulator.on_request = None
        gate.set()


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("off", "Could not connect to rig-one"),
        ("close", "Could not connect to rig-one"),
        ("html", "The response from rig-one is not from"),
        ("http_500", "The response from rig-one is not from"),
        ("huge", "The response from rig-one is not from"),
        ("proxy", "A different miner"),
        ("redirect", "The response from rig-one is not from"),
        ("nulls", "The response from rig-one is not from"),
    ],
)
async def test_a_miner_that_is_unreachable_makes_all_unavailable_until_it_is_back(
    running: Rig,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    cause: str,
) -> None:
    """At once, with one log message, and without a reload."""
    before = running.states
    if fault == "off":
        await running.simulator.go_offline()
    else:
        running.simulator.fault = fault
    await running.poll()
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    await running.poll(2)
    assert [cause in message for message in logged(caplog)] == [True]
    caplog.clear()
    running.simulator.fault = None
    await running.simulator.go_online()
    await running.poll()
    assert running.states.keys() == before.keys()
    assert not running.unavailable
    assert running.state("sensor.status") == "mining"
    assert "rig-one data recovered" in caplog.text


async def test_a_miner_that_never_answers_is_away(running: Rig) -> None:
    """The poll has a timeout."""
    running.simulator.fault = "hang"
    await running.poll()
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    running.simulator.fault = None
    await running.poll()
    assert not running.unavailable


async def test_commands_to_a_miner_that_hangs_fail_together(running: Rig) -> None:
    """Rather than one after the other, each by its own time-out."""
    running.simulator.fault = "hang"
    loop = asyncio.get_running_loop()
    started = loop.time()
    results = await asyncio.gather(
        running.press("button.stop"),
        running.turn("switch.mining", on=False),
        select_pool(running, "backup.example.org:3333"),
        return_exceptions=True,
    )
    assert all(isinstance(result, HomeAssistantError) for result in results)
    assert loop.time() - started == pytest.approx(REQUEST_TIMEOUT, abs=1)


@pytest.mark.parametrize("notices", ["poll", "command"])
async def test_a_computer_that_fell_asleep_is_unavailable_without_a_message(
    running: Rig, caplog: pytest.LogCaptureFixture, notices: str
) -> None:
    """Its user put it to sleep."""
    running.entry.runtime_data.coordinator.may_sleep = True
    await running.simulator.go_offline()
    if notices == "poll":
        await running.poll()
    else:
        with pytest.raises(HomeAssistantError):
            await running.turn("switch.mining", on=False)
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    await running.poll()
    assert not logged(caplog)


async def test_backends_that_never_come_do_not_take_the_rest_down(running: Rig) -> None:
    """The summary is read in parallel."""
    running.simulator.fault = "backends_hang"
    running.simulator.reject_share()
    assert running.state("sensor.shares_rejected") == "0"
    seen: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        assert event.data["new_state"] is not None
        seen.append(event.data["new_state"].state)

    running.hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    await running.poll()
    assert not running.unavailable
    # Not even for a moment
    assert "1" in seen
    assert "unavailable" not in seen
    assert running.state("sensor.shares_rejected") == "1"


async def test_the_last_backends_serve_for_a_minute(
    all_enabled: None, running: Rig
) -> None:
    """Then their entities are unavailable; those of the summary stay available."""
    assert running.states.keys() >= OF_SUMMARY | OF_BACKENDS
    running.simulator.fault = "backends_500"
    await running.poll(6)
    assert not running.unavailable
    assert running.state("sensor.threads") == "5"
    await running.poll()
    assert running.unavailable >= OF_BACKENDS
    assert running.unavailable.isdisjoint(OF_SUMMARY)
    assert running.state("sensor.status") == "mining"
    running.simulator.fault = None
    await running.poll()
    assert not running.unavailable
    assert running.state("sensor.threads") == "5"


async def test_faults_of_the_backends_that_pass_are_not_added_up(running: Rig) -> None:
    """The minute starts again after each success."""
    for _ in range(3):
        running.simulator.fault = "backends_500"
        await running.poll(5)
        assert not running.unavailable
        running.simulator.fault = None
        await running.poll()
        assert not running.unavailable


async def test_the_last_config_serves_for_a_minute(running: Rig) -> None:
    """It is read at every poll, and the summary is not affected."""
    running.simulator.fault = "config_500"
    await running.poll(6)
    assert running.asked("/2/config") == 7
    assert running.entry.runtime_data.coordinator.data.config is not None
    await running.poll()
    assert running.entry.runtime_data.coordinator.data.config is None
    assert running.unavailable.isdisjoint(OF_SUMMARY | CONTROLS)
    running.simulator.fault = None
    await running.poll()
    assert running.entry.runtime_data.coordinator.data.config is not None


@pytest.mark.parametrize("fault", ["config_500", "backends_500"])
async def test_nothing_from_before_a_command_serves_after_it(
    running: Rig, fault: str
) -> None:
    """Old values would be shown."""
    running.simulator.on_reply = lambda request: setattr(
        running.simulator,
        "fault",
        fault if request.path == "/json_rpc" else running.simulator.fault,
    )
    await running.turn("switch.mining", on=False)
    data = running.entry.runtime_data.coordinator.data
    lost = data.config if fault == "config_500" else data.backends
    assert lost is None
    assert running.simulator.miner.is_paused
    running.simulator.on_reply = None
    running.simulator.fault = None
    await running.poll()
    assert not running.unavailable


async def test_all_is_read_every_ten_seconds(running: Rig) -> None:
    """Once each, so that the replies are consistent."""
    paths = ("/2/summary", "/2/backends", "/2/config")
    for polls in (0, 5, 1, 12):
        asked = [running.asked(path) for path in paths]
        await running.poll(polls)
        assert [running.asked(path) for path in paths] == [n + polls for n in asked]


async def test_miners_that_are_set_up_together_are_polled_one_by_one(rig: Rig) -> None:
    """The second poll comes at a random moment of the interval, the others follow it."""
    with patch("custom_components.xmrig_miner.coordinator.random", return_value=0.3):
        await rig.set_up()
    seen = []
    for _ in range(23):
        await rig.pass_time(timedelta(seconds=1))
        seen.append(rig.asked("/2/summary"))
    polls = [place for place, more in enumerate(seen[1:]) if more > seen[place]]
    assert polls == [polls[0], polls[0] + 10, polls[0] + 20]
    assert polls[0] <= 3


async def test_a_miner_that_is_restored_at_set_up_is_polled_every_ten_seconds(
    running: Rig,
) -> None:
    """Its first update polls twice, so that the second poll is not the next update."""
    await running.turn("switch.mining", on=False)
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    running.simulator.restart()
    await running.pass_time(timedelta(hours=1))
    with patch("custom_components.xmrig_miner.coordinator.random", return_value=0.3):
        await running.set_up()
    assert running.simulator.miner.is_paused
    asked = running.asked("/2/summary")
    await running.pass_time(timedelta(seconds=29))
    assert running.asked("/2/summary") == asked + 3


async def test_they_are_read_side_by_side(running: Rig) -> None:
    """In parallel, once it is known that the API is not read-only."""
    running.simulator.requests.clear()
    async with held(running, "/2/summary") as reached:
        poll = asyncio.create_task(
            running.entry.runtime_data.coordinator.async_refresh()
        )
        await reached.wait()
        await asyncio.wait({poll}, timeout=0.2)
        assert {request.path for request in running.simulator.requests} == {
            "/2/backends",
            "/2/config",
        }
    await poll


async def test_one_poll_follows_a_command(running: Rig) -> None:
    """Then polls continue every ten seconds."""
    await running.turn("switch.mining", on=False)
    asked = running.asked("/2/config")
    await running.poll(2)
    assert running.asked("/2/config") == asked + 2


@pytest.mark.parametrize(
    ("fault", "is_polled"),
    [("refuse_put", True), ("close", True), ("hang", False)],
)
async def test_a_poll_follows_a_command_that_failed(
    running: Rig, fault: str, is_polled: bool
) -> None:
    """It may have taken effect, unless there was no reply at all.

    A poll would take another time-out then.
    """
    running.simulator.fault = fault
    asked = running.asked("/2/backends")
    with pytest.raises(HomeAssistantError):
        await set_threads(running, 2)
    assert (running.asked("/2/backends") > asked) is is_polled


async def test_a_poll_that_has_begun_is_not_shared(running: Rig) -> None:
    """It may have read already what has changed since; the next one is."""
    refresh_once = running.entry.runtime_data.coordinator.async_refresh_once
    asked = running.asked("/2/config")
    async with held(running, "/2/backends") as reached:
        first = asyncio.create_task(refresh_once())
        await reached.wait()
        later = [asyncio.create_task(refresh_once()) for _ in range(3)]
        await asyncio.sleep(0)
    await asyncio.gather(first, *later)
    assert running.asked("/2/config") == asked + 2


def set_token(rig: Rig, token: str | None) -> None:
    """Change the token in the config file of the miner."""

    def edit(config: dict[str, Any]) -> None:
        config["http"]["access-token"] = token

    rig.simulator.edit_config(edit)


@pytest.mark.parametrize("token", ["new", None])
async def test_a_token_that_is_refused_asks_for_another(
    running: Rig, token: str | None
) -> None:
    """The user's new token is used from then on."""
    set_token(running, token)
    await running.poll(3)
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    [flow] = running.hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    set_token(running, "newer")
    await running.hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_ACCESS_TOKEN: "newer"}
    )
    await running.hass.async_block_till_done(wait_background_tasks=True)
    assert not running.unavailable
    await running.poll()
    assert not running.hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    ("fault", "asks"),
    [
        ("unauthorized", True),
        ("forbidden", True),
        ("router_401", False),
        ("router_403", False),
    ],
)
@pytest.mark.parametrize("polls", [1, 2])
async def test_a_token_that_is_refused_for_a_while_needs_no_user(
    running: Rig, fault: str, asks: bool, polls: int
) -> None:
    """An error page does not start a flow, and a temporary flow is aborted."""
    running.simulator.fault = fault
    for _ in range(polls):
        asked = running.asked("/2/summary")
        await running.poll()
        assert running.asked("/2/summary") > asked
        assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
        flows = running.hass.config_entries.flow.async_progress()
        assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH] * asks
    running.simulator.fault = None
    await running.poll()
    assert not running.unavailable
    assert running.state("sensor.status") == "mining"
    assert not running.hass.config_entries.flow.async_progress()
    await running.turn("switch.mining", on=False)
    assert running.state("switch.mining") == "off"


async def test_a_form_that_asks_for_another_token_stays_open(running: Rig) -> None:
    """Polls with the stored token close only what they opened."""
    running.entry.async_start_reauth(running.hass)
    await running.poll(2)
    assert running.hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("fault", ["router_401", "router_403", "unauthorized"])
async def test_a_refusal_during_a_command_is_no_different(
    running: Rig, fault: str
) -> None:
    """The command fails, and the next poll recovers."""
    running.simulator.fail_next(1, fault)
    with pytest.raises(HomeAssistantError) as raised:
        await running.turn("switch.mining", on=False)
    assert raised.value.translation_key == (
        "invalid_auth" if fault == "unauthorized" else "not_xmrig"
    )
    await running.poll()
    assert not running.unavailable
    assert running.state("switch.mining") == "on"
    assert not running.hass.config_entries.flow.async_progress()


async def restrict(rig: Rig, *, restricted: bool) -> None:
    """Change `restricted` in the config file."""

    def edit(config: dict[str, Any]) -> None:
        config["http"]["restricted"] = restricted

    rig.simulator.edit_config(edit)
    await rig.poll()


async def test_controls_go_and_come_with_the_api_allowing_them(
    all_enabled: None, running: Rig
) -> None:
    """Commands would be rejected; other entities stay the same."""
    before = running.states.keys()
    assert before >= CONTROLS
    assert running.state("binary_sensor.api_restricted") == "off"
    await restrict(running, restricted=True)
    assert running.state("binary_sensor.api_restricted") == "on"
    assert running.entities.keys().isdisjoint(CONTROLS)
    assert running.states.keys() == running.entities.keys()
    assert not running.unavailable
    asked = running.asked("/2/config")
    await running.poll(10)
    assert running.asked("/2/config") == asked
    await restrict(running, restricted=False)
    assert running.states.keys() == before
    assert not running.unavailable
    assert running.asked("/2/config") == asked + 1
    await running.turn("switch.mining", on=False)
    assert running.simulator.miner.is_paused


@pytest.mark.parametrize("options", [{"restricted": True}])
async def test_a_read_only_miner_has_no_controls(running: Rig) -> None:
    """Its config is not requested."""
    assert running.entities.keys().isdisjoint(CONTROLS)
    assert running.states.keys() >= {"sensor.status", "sensor.hashrate"}
    assert not running.asked("/2/config")


async def test_a_command_waits_for_the_poll(running: Rig) -> None:
    """Old values must not be shown after it."""
    async with held(running, "/2/backends") as reached:
        poll = asyncio.create_task(
            running.entry.runtime_data.coordinator.async_refresh()
        )
        await reached.wait()
        command = asyncio.create_task(running.turn("switch.mining", on=False))
        await asyncio.wait({command}, timeout=0.2)
        assert not running.asked("/json_rpc", "POST")
    await asyncio.gather(poll, command)
    assert running.asked("/json_rpc", "POST") == 1
    assert running.state("switch.mining") == "off"


async def test_a_poll_waits_for_the_command(running: Rig) -> None:
    """Values read during a command are inconsistent."""
    running.simulator.requests.clear()
    async with held(running, "/json_rpc") as reached:
        command = asyncio.create_task(running.turn("switch.mining", on=False))
        await reached.wait()
        poll = asyncio.create_task(
            running.entry.runtime_data.coordinator.async_refresh()
        )
        await asyncio.wait({poll}, timeout=0.2)
        assert not {"/2/backends", "/2/config"} & {
            request.path for request in running.simulator.requests
        }
    await asyncio.gather(poll, command)
    paths = [request.path for request in running.simulator.requests]
    sent = paths.index("/json_rpc")
    # A command verifies who answers before it is sent
    assert paths[:sent] == ["/2/summary"] * sent
    assert running.state("switch.mining") == "off"


async def test_a_poll_that_fails_leaves_nothing_behind(
    running: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late backends must not interfere with a command."""
    fault = Fault("500", instead=Reply(500), path="/summary")
    monkeypatch.setitem(FAULTS, "summary_500", fault)
    running.simulator.fault = "summary_500"
    async with held(running, "/2/backends"):
        poll = asyncio.create_task(
            running.entry.runtime_data.coordinator.async_refresh()
        )
        over, _ = await asyncio.wait({poll}, timeout=0.3)
        assert not over
    await poll
    assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE


async def test_a_long_time_away_needs_no_reload(running: Rig) -> None:
    """However often it was polled in vain, for example in a night without power."""
    await running.simulator.kill()
    for _ in range(3):
        await running.pass_time(timedelta(minutes=10))
        assert running.unavailable == running.states.keys() - ALWAYS_AVAILABLE
    running.simulator.restart()
    await running.poll()
    assert not running.unavailable
    assert running.state("sensor.status") == "starting"
    await running.poll(3)
    assert running.state("sensor.status") == "mining"
