"""Tests of the power limit across restarts and failures."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
import pytest

from custom_components.xmrig_miner.const import CONF_FULL_POWER, CONF_KEEP_STATE, DOMAIN
from custom_components.xmrig_miner.power.file import PowerFile
from custom_components.xmrig_miner.storage import XmrigStore
from simulator.faults import FAULTS, Fault
from simulator.http import Reply, with_body

from .common import Rig
from .controls import (
    MINING,
    THREADS,
    config_of,
    is_same_config,
    restore,
    set_threads,
    writes,
)
from .watts import (
    LIMIT,
    METER,
    NO_CARDS,
    NUMBERS,
    POWER,
    REASON,
    choose,
    measure,
    report,
    set_limit,
    set_up,
    threads_hashing,
    wait,
)

pytestmark = pytest.mark.usefixtures("few_sensors")

INTERVAL = 15

BACKENDS = "/backends"
BACKEND_FAULTS = (
    Fault(
        "cut",
        distort=lambda _miner, _request, reply: with_body(reply, reply.text()[:400]),
        path=BACKENDS,
    ),
    Fault("empty", instead=Reply(200, []), path=BACKENDS),
    Fault(
        "without the CPU",
        distort=lambda _miner, _request, reply: replace(
            reply, document=reply.document[1:]
        ),
        path=BACKENDS,
    ),
    Fault("failing", instead=Reply(500, body=b"Internal Server Error"), path=BACKENDS),
)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without graphics cards, for tests to override."""
    return dict(NO_CARDS)


@pytest.fixture
async def limited(rig: Rig) -> Rig:
    """Return a miner with an estimate of 60 W idle and 20 W for each thread."""
    await set_up(rig, NUMBERS)
    return rig


@pytest.mark.parametrize(("limit", "threads"), [(100, 2), (0, 0)])
async def test_a_restart_of_home_assistant_keeps_the_limit(
    limited: Rig, limit: int, threads: int
) -> None:
    """And the origin of the cap."""
    await set_limit(limited, limit)
    await limited.reload()
    await limited.poll()
    assert limited.state(LIMIT) == str(limit)
    assert threads_hashing(limited.simulator) == threads
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_a_restart_of_home_assistant_keeps_the_users_cap(limited: Rig) -> None:
    """The limit does not exceed it."""
    await set_threads(limited, 3)
    await set_limit(limited, 100)
    await limited.reload()
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 3


@pytest.mark.parametrize("keep_state", [True, False])
@pytest.mark.parametrize(("limit", "threads"), [(100, 2), (0, 0)])
async def test_a_restart_of_the_miner_keeps_the_limit(
    rig: Rig, limit: int, threads: int, keep_state: bool
) -> None:
    """Whether or not the state is restored after a restart: it is a limit."""
    await set_up(rig, {**NUMBERS, CONF_KEEP_STATE: keep_state})
    await set_limit(rig, limit)
    rig.simulator.restart()
    await wait(rig, 40)
    assert threads_hashing(rig.simulator) == threads
    assert rig.state(REASON) == ("none" if threads else "power_limit")
    await set_limit(rig, 140)
    await wait(rig, INTERVAL)
    assert threads_hashing(rig.simulator) == 4


async def test_a_miner_that_was_unreachable_is_held_to_the_limit_again(
    limited: Rig,
) -> None:
    """However it got all of its threads in the meantime."""
    await set_limit(limited, 100)
    await limited.simulator.kill()
    await limited.poll()
    assert limited.state(LIMIT) == "unavailable"
    limited.simulator.restart()
    await wait(limited, 40)
    assert threads_hashing(limited.simulator) == 2


@pytest.mark.parametrize("fault", ["refuse_put", "ignore_put", "close"])
async def test_a_limit_that_could_not_be_kept_is_tried_again(
    limited: Rig, fault: str
) -> None:
    """The user gets an error, and the next polls try again."""
    limited.simulator.fault = fault
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 100)
    limited.simulator.fault = None
    await limited.poll(3)
    assert threads_hashing(limited.simulator) == 2
    assert limited.state(LIMIT) == "100"
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_a_pause_that_could_not_be_made_is_tried_again(limited: Rig) -> None:
    """The pause is then the limit's, not the user's."""
    limited.simulator.fault = "close"
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 0)
    limited.simulator.fault = None
    await limited.poll(3)
    assert limited.simulator.miner.is_paused
    assert limited.state(REASON) == "power_limit"
    await wait(limited, INTERVAL)
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 4


async def test_a_config_that_cannot_be_read_is_no_cap(limited: Rig) -> None:
    """A config from before the last change is no cap of the user."""
    await set_limit(limited, 120)
    await wait(limited, INTERVAL)

    def fail_from_the_refresh_on(request: Any) -> None:
        if request.path == "/2/backends" and threads_hashing(limited.simulator) == 1:
            limited.simulator.fault = "config_500"

    limited.simulator.on_request = fail_from_the_refresh_on
    await set_limit(limited, 80)
    await limited.poll(4)
    limited.simulator.on_request = limited.simulator.fault = None
    await limited.poll(2)
    assert threads_hashing(limited.simulator) == 1
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4


async def test_on_battery_the_miners_own_rule_comes_after_the_limit(rig: Rig) -> None:
    """A limit that allows more is not retried forever."""
    await set_up(rig, NUMBERS)
    await rig.turn(MINING, on=True)
    rig.simulator.edit_config(lambda config: config.update({"pause-on-battery": True}))
    await wait(rig, 70)
    await set_limit(rig, 0)
    rig.simulator.on_battery = True
    await wait(rig, INTERVAL)
    with pytest.raises(HomeAssistantError):
        await set_limit(rig, 140)
    assert rig.state(REASON) == "battery"
    asked = rig.asked("/json_rpc", "POST")
    await rig.poll(3)
    assert rig.asked("/json_rpc", "POST") == asked
    rig.simulator.on_battery = False
    await rig.poll()
    assert rig.state(MINING) == "on"


async def test_a_pause_by_the_miners_own_rule_is_no_request(rig: Rig) -> None:
    """A miner that was already paused when the limit came was not paused by the user."""
    await set_up(rig, NUMBERS)
    rig.simulator.edit_config(lambda config: config.update({"pause-on-battery": True}))
    await wait(rig, 70)
    rig.simulator.on_battery = True
    await rig.poll()
    assert rig.state(REASON) == "battery"
    await set_limit(rig, 0)
    assert rig.state(REASON) == "power_limit"
    rig.simulator.on_battery = False
    rig.simulator.restart()
    await wait(rig, 40)
    assert rig.state(REASON) == "power_limit"
    await set_limit(rig, 140)
    assert rig.state(MINING) == "on"


@pytest.mark.parametrize("limit", [139, 100, 0])
async def test_a_limit_without_options_is_removed_once_the_miner_is_back(
    limited: Rig, limit: int
) -> None:
    """It is removed once the miner is back, and does not return with the options."""
    before = config_of(limited.simulator)
    await set_limit(limited, limit)
    await limited.simulator.go_offline()
    limited.hass.config_entries.async_update_entry(limited.entry, options={})
    await limited.reload_or_fail()
    assert not limited.is_loaded
    limited.hass.config_entries.async_update_entry(limited.entry, options=NUMBERS)
    await limited.simulator.go_online()
    await limited.reload()
    await wait(limited, 2 * INTERVAL)
    assert limited.state(LIMIT) == "140"
    assert limited.state(MINING) == "on"
    assert is_same_config(limited.simulator, before)


async def test_a_limit_is_removed_although_the_miner_becomes_unreachable(
    limited: Rig,
) -> None:
    """Polls try again, even without the options."""
    before = config_of(limited.simulator)
    await set_limit(limited, 100)
    limited.simulator.fault = "refuse_put"
    await choose(limited, {})
    await limited.poll(2)
    assert not is_same_config(limited.simulator, before)
    limited.simulator.fault = None
    await limited.poll(2)
    assert is_same_config(limited.simulator, before)


async def test_threads_are_set_while_a_limit_is_being_removed(
    limited: Rig,
) -> None:
    """The user's number is not undone by it."""
    await set_limit(limited, 80)
    limited.simulator.fault = "refuse_put"
    await choose(limited, {})
    await limited.poll()
    limited.simulator.fault = None
    await set_threads(limited, 2)
    await limited.poll(3)
    assert limited.state(THREADS) == "2"


async def test_a_limit_goes_with_the_options_that_it_came_with(limited: Rig) -> None:
    """Without its entity, the limit could not be removed."""
    before = config_of(limited.simulator)
    await set_limit(limited, 100)
    await choose(limited, {})
    await limited.poll()
    assert is_same_config(limited.simulator, before)
    await choose(limited, NUMBERS)
    assert limited.state(LIMIT) == "140"
    await set_limit(limited, 0)
    await choose(limited, {})
    await limited.poll()
    assert limited.state(MINING) == "on"


@pytest.mark.parametrize("options", [{"gpus": 0, "restricted": True}])
async def test_a_read_only_miner_has_no_limit(rig: Rig) -> None:
    """Its power is shown."""
    await set_up(rig, NUMBERS)
    assert LIMIT not in rig.entities
    assert float(rig.state(POWER)) == 140


async def test_a_limit_that_cannot_be_kept_is_tried_once_a_poll(
    limited: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Without an error: the caller got one already."""
    limited.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 100)
    tried = limited.asked("/2/config", "PUT")
    caplog.clear()
    await limited.poll(5)
    assert limited.asked("/2/config", "PUT") - tried == 5
    assert not [
        record
        for record in caplog.records
        if record.name.startswith("custom_components") and record.levelname != "DEBUG"
    ]


async def test_a_limit_that_is_the_same_is_not_saved_again(limited: Rig) -> None:
    """An automation may set it very often."""
    await set_limit(limited, 100)
    with patch.object(Store, "async_save") as save:
        for _ in range(5):
            await set_limit(limited, 100)
    assert not save.called


@pytest.mark.parametrize("limit", [139, 100, 0])
async def test_a_limit_is_on_disk_as_soon_as_it_is_set(
    limited: Rig, hass_storage: dict[str, Any], limit: int
) -> None:
    """Home Assistant may crash right after."""
    await set_limit(limited, limit)
    assert stored_limit(hass_storage, limited)["watts"] == limit


async def test_a_limit_that_cannot_be_saved_is_not_set(limited: Rig) -> None:
    """The user gets an error, and the entity shows the old limit."""
    error = HomeAssistantError("No space left")
    with (
        patch.object(XmrigStore, "async_save", side_effect=error),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await set_limit(limited, 100)
    assert str(raised.value).startswith("The command was not sent to rig-one")
    assert limited.state(LIMIT) == "140"
    await limited.poll(3)
    assert threads_hashing(limited.simulator) == 4


async def test_a_limit_that_cannot_be_saved_leaves_a_later_one(limited: Rig) -> None:
    """A slider sends many values in a row, and the disk may have space again."""
    fails = iter([HomeAssistantError("No space left")])

    async def save(store: XmrigStore, data: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if error := next(fails, None):
            raise error

    with patch.object(XmrigStore, "async_save", save):
        results = await asyncio.gather(
            set_limit(limited, 120), set_limit(limited, 100), return_exceptions=True
        )
    assert [type(result) for result in results] == [HomeAssistantError, type(None)]
    assert limited.state(LIMIT) == "100"
    await limited.poll(3)
    assert threads_hashing(limited.simulator) == 2


@pytest.mark.parametrize("fault", ["refuse_put", "disk"])
async def test_a_limit_outlasts_a_restore_that_fails(limited: Rig, fault: str) -> None:
    """The user may rely on it: only a restore that succeeds lifts it."""
    await set_threads(limited, 3)
    await set_limit(limited, 100)
    if fault == "disk":
        error = HomeAssistantError("No space left")
        failing: AbstractContextManager[Any] = patch.object(
            XmrigStore, "async_save", side_effect=error
        )
    else:
        limited.simulator.fault = fault
        failing = nullcontext()
    with failing, pytest.raises(HomeAssistantError):
        await restore(limited)
    limited.simulator.fault = None
    assert limited.state(LIMIT) == "100"
    await wait(limited, 2 * INTERVAL)
    assert threads_hashing(limited.simulator) == 2
    await limited.reload()
    assert limited.state(LIMIT) == "100"


async def test_a_limit_that_could_not_be_applied_is_shown_as_set(
    limited: Rig,
) -> None:
    """It is tried again, so the new limit is shown."""
    limited.simulator.fault = "refuse_put"
    with pytest.raises(HomeAssistantError):
        await set_limit(limited, 100)
    assert limited.state(LIMIT) == "100"
    assert limited.state(THREADS) == "4"


@pytest.mark.parametrize("fault", BACKEND_FAULTS, ids=lambda fault: fault.description)
async def test_an_incomplete_reply_changes_no_thread(
    limited: Rig, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither at a poll nor when the limit is set; the error says so."""
    await set_limit(limited, 100)
    await wait(limited, INTERVAL)
    wrote = writes(limited.simulator)
    monkeypatch.setitem(FAULTS, fault.description, fault)
    limited.simulator.fault = fault.description
    await limited.poll(12)
    with pytest.raises(HomeAssistantError) as error:
        await set_limit(limited, 0)
    assert error.value.translation_key == "limit_postponed"
    assert limited.state(LIMIT) == "0"
    assert writes(limited.simulator) == wrote
    assert threads_hashing(limited.simulator) == 2
    limited.simulator.fault = None
    await limited.poll(2)
    assert limited.state(REASON) == "power_limit"


@pytest.mark.parametrize("options", [NO_CARDS | {"version": "6.21.0"}])
async def test_replies_that_an_old_miner_cuts_off_delay_nothing(limited: Rig) -> None:
    """It does so for 15 minutes after each change of threads, but not before them."""
    limited.simulator.fault = "truncated"
    for limit, threads in ((100, 2), (140, 4), (120, 3)):
        await wait(limited, INTERVAL)
        await set_limit(limited, limit)
        assert threads_hashing(limited.simulator) == threads
        assert not limited.entry.runtime_data.coordinator.data.is_complete
    await set_limit(limited, 0)
    assert threads_hashing(limited.simulator) == 0
    await wait(limited, INTERVAL)
    assert limited.state(REASON) == "power_limit"
    await set_limit(limited, 140)
    await wait(limited, INTERVAL)
    assert threads_hashing(limited.simulator) == 4
    limited.simulator.fault = None
    await limited.poll(2)
    assert limited.state(THREADS) == "4"


async def test_an_incomplete_reply_does_not_matter_without_a_limit(
    limited: Rig,
) -> None:
    """Without a limit, nothing has to wait."""
    limited.simulator.fault = "backends_500"
    await limited.poll()
    await set_limit(limited, 140)
    assert threads_hashing(limited.simulator) == 4


@pytest.mark.parametrize("reads", range(1, 4))
async def test_two_unreadable_configs_after_a_change_take_no_threads(
    limited: Rig, reads: int
) -> None:
    """A config from before the last write is no cap of the user."""
    await set_limit(limited, 100)
    await wait(limited, INTERVAL)

    def fail_configs(request: Any) -> None:
        if request.path == "/2/backends" and threads_hashing(limited.simulator) == 4:
            limited.simulator.on_request = None
            limited.simulator.fail("config_500", reads)

    limited.simulator.on_request = fail_configs
    await set_limit(limited, 140)
    await limited.poll(4)
    assert threads_hashing(limited.simulator) == 4
    assert limited.state(MINING) == "on"
    assert limited.state(THREADS) == "4"


async def test_the_power_of_a_removed_miner_is_deleted(
    limited: Rig, hass_storage: dict[str, Any]
) -> None:
    """Including what was learned."""
    await set_limit(limited, 100)
    key = f"{DOMAIN}.{limited.entry.entry_id}.power"
    assert hass_storage[key]["data"]["limit"]["watts"] == 100
    await limited.poll(5)
    await limited.hass.config_entries.async_remove(limited.entry.entry_id)
    await limited.pass_time(timedelta(hours=1))
    assert key not in hass_storage


async def test_a_miner_removed_during_a_command_leaves_no_file(
    limited: Rig, hass_storage: dict[str, Any]
) -> None:
    """The command's result is not stored."""
    await limited.poll(5)

    def remove(request: Any) -> None:
        if request.method == "PUT":
            limited.simulator.on_reply = None
            limited.hass.async_create_task(
                limited.hass.config_entries.async_remove(limited.entry.entry_id)
            )

    limited.simulator.on_reply = remove
    await set_limit(limited, 100)
    await limited.hass.async_block_till_done(wait_background_tasks=True)
    await limited.pass_time(timedelta(hours=1))
    assert not [key for key in hass_storage if limited.entry.entry_id in key]


async def test_nothing_is_written_after_the_end(
    rig: Rig, hass_storage: dict[str, Any]
) -> None:
    """The entry may have been removed."""
    file = PowerFile(rig.hass, rig.entry, dict)
    await file.async_close()
    with pytest.raises(HomeAssistantError) as raised:
        await file.async_save()
    assert raised.value.translation_key == "closed"
    assert raised.value.translation_placeholders == {"name": "rig-one"}
    file.schedule_save()
    await rig.pass_time(timedelta(hours=1))
    assert not hass_storage


async def test_what_could_not_be_saved_is_saved_later(
    rig: Rig, hass_storage: dict[str, Any]
) -> None:
    """Even if nothing new was learned."""
    await set_up(rig, METER)
    await measure(rig)
    error = HomeAssistantError("No space left")
    with patch.object(XmrigStore, "async_save", side_effect=error):
        await rig.pass_time(timedelta(minutes=16))
    key = f"{DOMAIN}.{rig.entry.entry_id}.power"
    assert key not in hass_storage
    await rig.pass_time(timedelta(minutes=16))
    assert "4" in hass_storage[key]["data"]["meter"]["model"]["watts"]


@pytest.mark.parametrize("watts", [1.7e308, 1e6, -5])
async def test_an_absurd_full_load_is_none(rig: Rig, watts: float) -> None:
    """The limit is then unavailable."""
    await set_up(rig, {**METER, CONF_FULL_POWER: watts})
    assert rig.state(LIMIT) == "unavailable"
    assert rig.state(MINING) == "on"
    assert rig.full_state(LIMIT).attributes["max"] <= 100_000


@pytest.mark.parametrize("watts", ["1e300", "inf", "nan"])
async def test_an_absurd_meter_is_not_believed(rig: Rig, watts: str) -> None:
    """It is neither shown nor learned."""
    await set_up(rig, {**NUMBERS, **METER})
    for _ in range(12):
        report(rig, watts)
        await rig.poll()
    assert rig.state(LIMIT) == "140"
    assert float(rig.state(POWER)) == 140


def stored_limit(hass_storage: dict[str, Any], rig: Rig) -> dict[str, Any]:
    """Return the stored power limit."""
    limit = hass_storage[f"{DOMAIN}.{rig.entry.entry_id}.power"]["data"]["limit"]
    assert isinstance(limit, dict)
    return limit
