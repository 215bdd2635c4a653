"""Tests of the action pause_for."""

import asyncio
from datetime import datetime, time as clock, timedelta
import time
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import Context
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import voluptuous as vol

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.group_actions import pause_end
from simulator import FAULTS, Fault
from simulator.http import Reply
from tests.common import Rig
from tests.controls import MINING, THREADS, set_threads
from tests.watts import NUMBERS

pytestmark = pytest.mark.usefixtures("few_sensors")

UNTIL = "sensor.paused_until"
PAUSE = timedelta(minutes=3)
ZONE = ZoneInfo("Europe/Berlin")
REFUSED = Fault(
    "knows no method",
    instead=Reply(200, {"id": 1, "error": {"code": -32601, "message": "no method"}}),
    path="/json_rpc",
)


async def pause_for(
    rig: Rig, *, context: Context | None = None, respond: bool = False, **data: Any
) -> Any:
    """Call the action, by default for three minutes."""
    if not {"duration", "until"} & data.keys():
        data["duration"] = PAUSE
    return await rig.hass.services.async_call(
        DOMAIN,
        "pause_for",
        data,
        blocking=True,
        context=context,
        return_response=respond,
    )


async def test_it_ends_by_itself(running: Rig) -> None:
    """Its end is shown."""
    assert running.state(UNTIL) == "unknown"
    before = dt_util.utcnow()
    await pause_for(running)
    assert running.simulator.miner.is_paused
    assert running.state("sensor.pause_reason") == "asked_here"
    end = dt_util.parse_datetime(running.state(UNTIL))
    assert end is not None
    assert timedelta() <= end - (before + PAUSE) < timedelta(seconds=2)
    await running.pass_time(PAUSE - timedelta(seconds=30))
    assert running.simulator.miner.is_paused
    await running.pass_time(timedelta(seconds=45))
    assert running.simulator.is_hashing
    assert running.state(MINING) == "on"
    assert running.state(UNTIL) == "unknown"


async def test_another_one_moves_its_end(running: Rig) -> None:
    """To an earlier or later time."""
    await pause_for(running)
    await pause_for(running, duration=timedelta(minutes=1))
    await running.pass_time(timedelta(seconds=80))
    assert running.simulator.is_hashing


async def test_it_survives_a_restart_of_home_assistant(running: Rig) -> None:
    """Even a restart that takes longer than the pause."""
    await pause_for(running)
    await running.reload()
    assert running.state(UNTIL) != "unknown"
    await running.poll(3)
    assert running.simulator.miner.is_paused
    await running.hass.config_entries.async_unload(running.entry.entry_id)
    await running.pass_time(PAUSE)
    assert running.simulator.miner.is_paused
    await running.set_up()
    await running.poll()
    assert running.simulator.is_hashing


async def test_it_survives_a_restart_of_the_miner(running: Rig) -> None:
    """A new process starts hashing."""
    await pause_for(running)
    running.simulator.restart()
    await running.poll(2)
    assert running.simulator.miner.is_paused
    await running.pass_time(PAUSE)
    assert running.simulator.is_hashing


async def test_a_miner_that_is_unreachable_at_the_end_resumes_when_it_is_back(
    running: Rig,
) -> None:
    """The network failed, but not its process."""
    await pause_for(running)
    await running.simulator.go_offline()
    await running.pass_time(2 * PAUSE)
    await running.simulator.go_online()
    await running.poll(2)
    assert running.simulator.is_hashing


async def test_a_miner_that_restarts_after_the_end_is_not_paused_again(
    running: Rig,
) -> None:
    """It was off at the end, as after a power failure."""
    await pause_for(running)
    await running.simulator.go_offline()
    await running.pass_time(2 * PAUSE)
    running.simulator.restart()
    await running.simulator.go_online()
    running.simulator.requests.clear()
    await running.poll(2)
    assert not running.asked("/json_rpc", "POST")
    assert running.state(MINING) == "on"
    assert running.state(UNTIL) == "unknown"


@pytest.mark.parametrize("where", ["here", "at the miner"])
async def test_any_resume_ends_it(running: Rig, where: str) -> None:
    """Later pauses are not affected."""
    await pause_for(running)
    if where == "here":
        await running.turn(MINING, on=True)
    else:
        running.simulator.rpc_direct("resume")
        await running.poll()
    assert running.simulator.is_hashing
    assert running.state(UNTIL) == "unknown"
    await running.turn(MINING, on=False)
    await running.pass_time(2 * PAUSE)
    assert running.simulator.miner.is_paused


async def test_switching_off_makes_it_last(running: Rig) -> None:
    """The pause becomes permanent."""
    await pause_for(running)
    await running.turn(MINING, on=False)
    assert running.state(UNTIL) == "unknown"
    await running.pass_time(2 * PAUSE)
    assert running.simulator.miner.is_paused


async def test_one_that_is_moved_while_it_ends_goes_on(running: Rig) -> None:
    """The poll that finds it over is still reading when the user moves its end."""
    await pause_for(running)
    end = (dt_util.utcnow() + PAUSE).timestamp()
    moves: list[asyncio.Task[Any]] = []

    def move(request: Any) -> None:
        if request.path == "/2/summary" and not moves and time.time() >= end:
            moves.append(
                running.hass.async_create_task(pause_for(running, duration=2 * PAUSE))
            )

    running.simulator.on_request = move
    await running.pass_time(PAUSE + timedelta(seconds=20))
    await moves[0]
    assert running.state(UNTIL) != "unknown"
    assert running.simulator.miner.is_paused
    await running.pass_time(2 * PAUSE)
    assert running.simulator.is_hashing


async def test_a_miner_that_was_paused_at_the_miner_stays_off(rig: Rig) -> None:
    """Before it was added, or since the last poll."""
    rig.simulator.rpc_direct("pause")
    await rig.set_up()
    for _ in range(2):
        with pytest.raises(HomeAssistantError, match="off already"):
            await pause_for(rig)
        await rig.pass_time(2 * PAUSE)
        assert rig.simulator.miner.is_paused
        await rig.turn(MINING, on=True)
        rig.simulator.rpc_direct("pause")


@pytest.mark.parametrize("how", ["paused", "stopped", "stopped at the miner"])
async def test_a_miner_that_is_off_stays_off(running: Rig, how: str) -> None:
    """It would otherwise resume although the user turned it off."""
    if how == "paused":
        await running.turn(MINING, on=False)
    elif how == "stopped":
        await running.press("button.stop")
    else:

        def disable(config: Any) -> None:
            for backend in ("cpu", "opencl", "cuda"):
                config[backend]["enabled"] = False

        running.simulator.edit_config(disable)
        await running.poll(2)
    with pytest.raises(HomeAssistantError, match="off already"):
        await pause_for(running)
    await running.pass_time(2 * PAUSE)
    assert not running.simulator.is_hashing
    assert running.state(UNTIL) == "unknown"


async def test_a_power_limit_outlasts_it(running: Rig) -> None:
    """The miner resumes once the limit leaves it a thread."""
    running.hass.config_entries.async_update_entry(running.entry, options=NUMBERS)
    await running.reload()
    await running.poll()
    await running.call("number", "set_value", "number.power_limit", value=0)
    await pause_for(running)
    await running.pass_time(2 * PAUSE)
    assert running.simulator.miner.is_paused
    assert running.state("sensor.pause_reason") == "power_limit"
    await running.call("number", "set_value", "number.power_limit", value=258)
    await running.pass_time(timedelta(minutes=2))
    assert running.simulator.is_hashing


@pytest.mark.parametrize("options", [{"config": {"pause-on-battery": True}}])
async def test_the_rules_of_the_miner_outlast_it(running: Rig) -> None:
    """It then resumes by itself, so resuming is not retried forever."""
    await pause_for(running)
    running.simulator.on_battery = True
    await running.pass_time(PAUSE + timedelta(minutes=1))
    assert running.state(UNTIL) == "unknown"
    assert running.state("sensor.pause_reason") == "battery"
    running.simulator.requests.clear()
    await running.poll(3)
    assert not running.asked("/json_rpc", "POST")
    running.simulator.on_battery = False
    await running.poll(2)
    assert running.simulator.is_hashing


async def test_an_end_that_does_not_show_is_logged_once(
    running: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again at each poll; another or a later failure is logged again."""

    def pause_again(request: Any) -> None:
        if request.path == "/json_rpc":
            running.simulator.rpc_direct("pause")

    for _ in range(2):
        await pause_for(running)
        running.simulator.on_reply = pause_again
        caplog.clear()
        await running.pass_time(PAUSE)
        await running.poll(3)
        assert caplog.text.count("was not restored") == 1
        assert running.asked("/json_rpc", "POST") > 2
        monkeypatch.setitem(FAULTS, "refuse_rpc", REFUSED)
        running.simulator.fault = "refuse_rpc"
        await running.poll(3)
        assert caplog.text.count("was not restored") == 2
        running.simulator.on_reply = running.simulator.fault = None
        await running.poll(2)
        assert running.simulator.is_hashing


@pytest.mark.parametrize("target", ["all", "device", "entity"])
async def test_its_target(trio: list[Rig], target: str) -> None:
    """A miner, or all of them."""
    first, *others = trio
    data: dict[str, Any] = {
        "all": {},
        "device": {ATTR_DEVICE_ID: first.devices["miner"].id},
        "entity": {ATTR_ENTITY_ID: first.entity_id(MINING)},
    }[target]
    response = await pause_for(first, respond=True, **data)
    paused = [rig.simulator.miner.is_paused for rig in trio]
    assert paused == [True, *(target == "all" for _ in others)]
    assert response == {
        "ok": ["rig-one", "rig-two", "rig-three"] if target == "all" else ["rig-one"],
        "failed": [],
        "skipped": [],
    }


async def test_a_target_without_a_miner(running: Rig) -> None:
    """It does not count as all miners."""
    with pytest.raises(ServiceValidationError, match="No miner is selected"):
        await pause_for(running, entity_id="sun.sun")
    assert running.simulator.is_hashing


async def test_one_that_fails_is_named(trio: list[Rig]) -> None:
    """The others are paused."""
    await trio[1].simulator.go_offline()
    with pytest.raises(HomeAssistantError, match=r"2 of 3 .*connect to rig-two"):
        await pause_for(trio[0])
    assert trio[0].simulator.miner.is_paused
    assert trio[2].simulator.miner.is_paused


async def test_who_may(
    running: Rig, hass_admin_user: MockUser, hass_read_only_user: MockUser
) -> None:
    """All users who may control the switch."""
    with pytest.raises(Unauthorized):
        await pause_for(running, context=Context(user_id=hass_read_only_user.id))
    with pytest.raises(UnknownUser):
        await pause_for(running, context=Context(user_id="deleted"))
    assert running.simulator.is_hashing
    await pause_for(running, context=Context(user_id=hass_admin_user.id))
    group = await running.hass.auth.async_get_group("system-users")
    assert group
    user = MockUser(groups=[group]).add_to_hass(running.hass)
    await pause_for(running, context=Context(user_id=user.id))
    assert running.simulator.miner.is_paused


async def test_two_ends(running: Rig) -> None:
    """The error says that one has to go."""
    with pytest.raises(vol.Invalid, match="exactly one of duration and until"):
        await pause_for(running, duration="01:00:00", until="18:00:00")
    assert running.simulator.is_hashing


@pytest.mark.parametrize(
    "data",
    [
        {"duration": -5},
        {"duration": 10**17},
        {"until": "soon"},
    ],
)
async def test_ends_that_are_none(running: Rig, data: dict[str, Any]) -> None:
    """The schema rejects them."""
    with pytest.raises(vol.Invalid):
        await pause_for(running, **data)
    assert running.simulator.is_hashing


@pytest.mark.parametrize(
    "data",
    [{"duration": 0}, {"duration": {"days": 400}}, {"until": "2001-01-01 00:00:00"}],
)
async def test_ends_that_are_not_in_the_next_year(
    running: Rig, data: dict[str, Any]
) -> None:
    """They raise a translated error."""
    with pytest.raises(ServiceValidationError, match="within a year"):
        await pause_for(running, **data)
    assert running.simulator.is_hashing


@pytest.mark.parametrize(
    ("data", "end"),
    [
        ({"duration": timedelta(minutes=90)}, datetime(2026, 3, 28, 19, 30)),
        ({"duration": timedelta.max}, None),
        ({"until": datetime(2026, 3, 28, 18, 30)}, datetime(2026, 3, 28, 18, 30)),
        ({"until": datetime(2026, 3, 28, 17, 30)}, None),
        ({"until": datetime.max}, None),
        (
            {"until": datetime(2026, 3, 28, 18, 30).time()},
            datetime(2026, 3, 28, 18, 30),
        ),
        # Clocks change that night
        (
            {"until": datetime(2026, 3, 28, 17, 30).time()},
            datetime(2026, 3, 29, 17, 30),
        ),
    ],
)
def test_the_end(data: dict[str, Any], end: datetime | None) -> None:
    """In the local time zone."""
    now = datetime(2026, 3, 28, 18, tzinfo=ZONE)
    assert pause_end(data, now) == (end and end.replace(tzinfo=ZONE))


@pytest.mark.parametrize(
    ("now", "data", "minutes"),
    [
        (datetime(2026, 3, 29, 1, 30), {"duration": timedelta(hours=2)}, 120),
        (datetime(2026, 10, 25, 2, 30), {"duration": timedelta(hours=2)}, 120),
        # The clocks show this hour for the second time
        (datetime(2026, 10, 25, 2, 30, fold=1), {"duration": timedelta(minutes=9)}, 9),
        (datetime(2026, 10, 25, 2, 30, fold=1), {"until": clock(2, 45)}, 15),
        (datetime(2026, 10, 25, 2, 30), {"until": clock(3, 30)}, 120),
        (datetime(2026, 10, 25, 2, 30), {"until": clock(2, 15)}, 45),
        (datetime(2026, 10, 25, 2, 30, fold=1), {"until": clock(2, 15)}, 24 * 60 - 15),
        (datetime(2026, 10, 25, 1, 30), {"until": datetime(2026, 10, 25, 3)}, 150),
        (
            datetime(2026, 10, 25, 2, 30, fold=1),
            {"until": datetime(2026, 10, 25, 2, 45)},
            15,
        ),
    ],
)
def test_a_change_of_clocks_neither_shortens_nor_lengthens_it(
    now: datetime, data: dict[str, Any], minutes: int
) -> None:
    """An hour is missing in March, and one is there twice in October."""
    now = now.replace(tzinfo=ZONE)
    end = pause_end(data, now)
    assert end is not None
    assert end.timestamp() - now.timestamp() == 60 * minutes


async def test_threads_may_change_meanwhile(running: Rig) -> None:
    """The pause is not affected."""
    await pause_for(running)
    await set_threads(running, 2)
    assert running.state(THREADS) == "2"
    assert running.state(UNTIL) != "unknown"
    assert running.simulator.miner.is_paused
