"""Tests of the examples in the README."""

from datetime import timedelta
import json
import logging

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.logger import DOMAIN as LOGGER
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from simulator import Simulator
from tests.common import Rig, entry_for

from .controls import config_of, set_threads
from .examples import Examples

README = Examples("README.md")

HTTP = "XMRig's HTTP API is off by default"
SET_CONFIG = "Show what a change of the config would do"
MOVIE = "Pause while a movie plays"
NIGHT = "Use half of eight threads at night"
POOL = "Send a notification when the pool changes"
IDLE = "Send a notification when a miner has not mined for ten minutes"
LOG = "For a bug report"
TRIED = (HTTP, SET_CONFIG, MOVIE, NIGHT, POOL, IDLE, LOG)

PLAYER = "media_player.living_room"
MINING = "switch.mining"
THREADS = "number.cpu_threads"


def test_each_example_has_a_test() -> None:
    """Every example is run."""
    others = ["json", "sh"]
    assert sorted(README.languages) == sorted(["yaml"] * (len(TRIED) - 1) + others)
    assert len(README) == len(TRIED)
    for text in TRIED:
        assert README.code(text)


async def automate(rig: Rig, text: str) -> None:
    """Add the automation that follows a text."""
    automation = {"id": "example", "alias": "Example", **README.yaml(text)}
    assert await async_setup_component(rig.hass, AUTOMATION, {AUTOMATION: [automation]})
    await rig.hass.async_block_till_done()
    state = rig.hass.states.get("automation.example")
    assert state is not None
    assert state.state == "on"


async def test_the_http_api(rig: Rig) -> None:
    """A miner set up so can be read and controlled with its token."""
    http = json.loads(f"{{{README.code(HTTP)}}}")["http"]
    assert http["enabled"]
    # Any free port, and no other computer.
    async with Simulator(
        config={"http": http | {"host": "127.0.0.1", "port": 0}},
        token=http["access-token"],
        uptime=1000,
        worker_id="rig-two",
    ) as simulator:
        other = Rig(rig.hass, simulator, entry_for(simulator), rig.freezer)
        await other.set_up()
        assert other.state("sensor.status") == "mining"
        await other.turn(MINING, on=False)
        assert simulator.miner.is_paused


async def test_set_config(rig: Rig) -> None:
    """The action returns the change, and nothing is written."""
    call = README.yaml(SET_CONFIG)
    domain, _, action = call["action"].partition(".")
    entry = entry_for(rig.simulator, entry_id=call["data"]["config_entry_id"])
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    rig.entry = entry
    await rig.set_up()
    before = config_of(rig.simulator)
    response = await rig.hass.services.async_call(
        domain, action, call["data"], blocking=True, return_response=True
    )
    assert response == {
        "changes": [{"path": "randomx.1gb-pages", "old": False, "new": True}]
    }
    assert config_of(rig.simulator) == before


async def test_a_movie(running: Rig) -> None:
    """The miner is paused for as long as it plays, whatever its other attributes."""
    await automate(running, MOVIE)
    for state, mining in (
        ("on", "on"),
        ("playing", "off"),
        ("paused", "on"),
        ("playing", "off"),
        ("off", "on"),
    ):
        running.hass.states.async_set(PLAYER, state, {"title": "One"})
        await running.hass.async_block_till_done()
        running.hass.states.async_set(PLAYER, state, {"title": "Two"})
        await running.hass.async_block_till_done()
        assert running.state(MINING) == mining
        assert running.simulator.miner.is_paused is (mining == "off")


@pytest.mark.parametrize("options", [{"threads": 8}])
@pytest.mark.parametrize(("hour", "before", "after"), [(22, 8, 4), (7, 4, 8)])
async def test_half_of_the_threads_at_night(
    rig: Rig, hour: int, before: int, after: int
) -> None:
    """And all of them by day."""
    now = dt_util.now()
    rig.freezer.tick(now.replace(hour=hour, minute=0) - now - timedelta(minutes=1))
    await rig.set_up()
    await set_threads(rig, before)
    await automate(rig, NIGHT)
    await rig.poll()
    assert len(rig.simulator.config["cpu"]["rx"]) == before
    await rig.pass_time(timedelta(minutes=1))
    assert len(rig.simulator.config["cpu"]["rx"]) == after
    assert rig.state(THREADS) == str(after)
    # Otherwise its timer would remain after the test.
    await rig.hass.services.async_call(
        AUTOMATION, "turn_off", {"entity_id": "automation.example"}, blocking=True
    )


@pytest.mark.parametrize("away", [False, True])
async def test_a_notification_of_the_pool(running: Rig, *, away: bool) -> None:
    """One for each change, and none for other events."""
    calls = async_mock_service(running.hass, "notify", "notify")
    await automate(running, POOL)
    running.simulator.accept_share(10**12)
    await running.poll()
    assert calls == []
    first, second = "pool.example.org:3333", "backup.example.org:3333"
    for number, pool in enumerate((second, first), 1):
        if away:
            await running.simulator.go_offline()
            await running.poll(2)
        running.simulator.set_pool_reachable(first, pool == first)
        await running.simulator.go_online()
        await running.poll(4)
        assert len(calls) == number
        assert calls[-1].data == {"message": f"Mining at {pool} now"}
    running.entry.runtime_data.coordinator.async_update_listeners()
    await running.reload()
    running.simulator.accept_share(10**13)
    await running.poll()
    assert len(calls) == 2


async def test_a_notification_of_an_idle_miner(running: Rig) -> None:
    """One for each time it stops mining, whether paused or offline."""
    calls = async_mock_service(running.hass, "notify", "notify")
    await automate(running, IDLE)
    await running.turn(MINING, on=False)
    await running.pass_time(timedelta(minutes=5))
    await running.turn(MINING, on=True)
    await running.pass_time(timedelta(minutes=11))
    assert calls == []
    await running.turn(MINING, on=False)
    await running.pass_time(timedelta(minutes=5))
    await running.simulator.go_offline()
    await running.poll()
    assert running.state("sensor.status") == "unavailable"
    await running.pass_time(timedelta(minutes=6))
    assert [call.data["message"] for call in calls] == ["Not mining: rig-one Status"]


async def test_the_log(running: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """It has each poll with its errors."""
    assert await async_setup_component(
        running.hass, LOGGER, {LOGGER: README.yaml(LOG)[LOGGER]}
    )
    caplog.clear()
    running.simulator.fault = "backends_500"
    await running.poll()
    logged = [record for record in caplog.records if "xmrig" in record.name]
    assert {record.levelno for record in logged} == {logging.DEBUG}
    assert "Finished fetching rig-one data" in caplog.text
    assert "Reading a part of the miner failed" in caplog.text
