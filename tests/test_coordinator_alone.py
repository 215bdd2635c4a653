"""The coordinator of a miner without its entities, its requests and its decisions."""

import asyncio
from collections.abc import AsyncIterator
import logging
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner import coordinator as module
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigClosedError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigStorageError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.const import (
    CONF_IMPORT,
    CONF_KEEP_STATE,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
    DOMAIN,
    LOGGER,
    SCAN_INTERVAL,
)
from custom_components.xmrig_miner.coordinator import XmrigCoordinator

DATA = {
    CONF_KIND: "miner",
    CONF_HOST: "192.0.2.1",
    CONF_PORT: 8080,
    CONF_SSL: False,
    CONF_VERIFICATION: "authority",
    CONF_MINER_ID: None,
    CONF_WORKER_ID: "rig-one",
}
OTHER = MinerIdentity(id="8614647678496211", worker_id="rig-two")

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


class Bench:
    """A coordinator, and stand-ins for its miner, its reader and its observers."""

    def __init__(self, hass: HomeAssistant, clock: FrozenDateTimeFactory) -> None:
        """Start with a miner that is mining, whose state is as requested."""
        self.hass = hass
        self.clock = clock
        self.calls: list[Any] = []
        """What was done, in order."""
        self.results: list[XmrigError | None] = []
        """The results that were reported."""
        self.failing: XmrigError | None = None
        """The error of polls."""
        self.outcome: bool | XmrigError = True
        """The result of commands."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.entry = MockConfigEntry(
            domain=DOMAIN, title="rig-one", entry_id="entry-1", data=DATA
        )
        self.entry.add_to_hass(hass)
        self.miner = SimpleNamespace(
            link=SimpleNamespace(on_unreachable=None, writes=0),
            queue=SimpleNamespace(fail_waiting=lambda: self.calls.append("fail")),
            end_pause=lambda: self._command("end"),
            pause_again=lambda: self._command("pause"),
            restore_wanted_state=lambda data: self._command("restore", data),
            close=self._close,
        )
        self.restarted = False
        self.reader = SimpleNamespace(
            polls=0,
            is_polling=False,
            keeps_config=True,
            is_pause_over=False,
            restore_due=False,
            resumed_by_rule=False,
            poll=self._poll,
            take_restart=lambda: self.restarted,
            take_changed_paths=lambda: ("pools",),
        )
        self.summary = SimpleNamespace(
            worker_id="rig-1",
            version="6.26.0",
            cpu=SimpleNamespace(brand="Ryzen", arch="x86_64"),
        )
        self.is_mining: bool | None = True
        self.is_fresh = True
        self.config_agrees = True
        self.restricted = False

    def make(self) -> XmrigCoordinator:
        """Return the coordinator."""
        readers = {id(self.miner): self.reader}
        with patch.object(module, "MinerReader", lambda miner: readers[id(miner)]):
            return XmrigCoordinator(
                self.hass, self.entry, cast(Any, self.miner), self.results.append
            )

    async def refresh(self, coordinator: XmrigCoordinator) -> list[Any]:
        """Return what is done at a poll."""
        self.calls.clear()
        await coordinator.async_refresh()
        return list(self.calls)

    async def _poll(self) -> Any:
        self.reader.polls += 1
        self.calls.append("poll")
        await self.gate.wait()
        if self.failing:
            raise self.failing
        return SimpleNamespace(
            number=self.reader.polls,
            summary=self.summary,
            is_mining=self.is_mining,
            is_fresh=self.is_fresh,
            config_agrees=self.config_agrees,
            restricted=self.restricted,
        )

    async def _command(self, *what: Any) -> bool:
        self.calls.append(what[0] if len(what) == 1 else (what[0], what[1].number))
        if isinstance(self.outcome, XmrigError):
            raise self.outcome
        return self.outcome

    async def _close(self) -> None:
        self.calls.append("close")

    def log(self) -> Any:
        """Return a log of activities that notes what it is told."""

        def observe(snapshot: Any, **facts: Any) -> Any:
            self.calls.append(("log", snapshot.number, facts))
            return ("activity",)

        return SimpleNamespace(observe=observe)

    def health(self) -> Any:
        """Return a health that notes what it is told."""

        def observe(snapshot: Any, **facts: Any) -> None:
            self.calls.append(("health", snapshot.number, facts))

        return SimpleNamespace(observe=observe, idle_for=lambda now: ("idle", now))

    def observed(self, poll: int, **facts: bool) -> list[Any]:
        """Return the calls by which a poll is observed."""
        restarted = facts.get("restarted", False)
        log = {
            "restarted": restarted,
            "restored": facts.get("restored", False),
            "changed_paths": ("pools",),
        }
        now = asyncio.get_running_loop().time()
        return [
            ("log", poll, log),
            ("health", poll, {"now": now, "restarted": restarted}),
        ]


@pytest.fixture
async def bench(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Bench]:
    """Return a coordinator on a bench."""
    bench = Bench(hass, freezer)
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    with (
        patch.object(module, "ActivityLog", bench.log),
        patch.object(module, "Health", bench.health),
        patch.object(module, "time", clock),
    ):
        yield bench


# --- Polls --------------------------------------------------------------------


async def test_a_poll(bench: Bench) -> None:
    """It is observed, and its result reported."""
    coordinator = bench.make()
    assert coordinator.name == "rig-one"
    assert coordinator.config_entry is bench.entry
    assert coordinator.process is coordinator.miner is cast(Any, bench.miner)
    assert coordinator.activities == ()
    assert not coordinator.restarted
    assert await bench.refresh(coordinator) == ["poll", *bench.observed(1)]
    assert coordinator.data.number == 1  # type: ignore[attr-defined]
    assert coordinator.last_update_success
    activities: Any = coordinator.activities
    assert activities == ("activity",)
    assert bench.results == [None]
    bench.restarted = True
    bench.clock.tick(5)
    assert await bench.refresh(coordinator) == [
        "poll",
        *bench.observed(2, restarted=True),
    ]
    assert coordinator.restarted
    assert coordinator.keeps_config
    now = asyncio.get_running_loop().time()
    assert coordinator.idle_for() == cast(Any, ("idle", now))


async def test_when_it_polls(bench: Bench) -> None:
    """The second poll is at a random time, so that miners are not polled together."""
    with patch.object(module, "random", lambda: 0.25):
        coordinator = bench.make()
    assert coordinator.update_interval == 0.25 * SCAN_INTERVAL
    await bench.refresh(coordinator)
    assert coordinator.update_interval == 0.25 * SCAN_INTERVAL
    await bench.refresh(coordinator)
    assert coordinator.update_interval == SCAN_INTERVAL


async def test_polls_that_are_shared(bench: Bench) -> None:
    """By those that ask before it has begun, and by no others."""
    coordinator = bench.make()
    bench.gate.clear()
    polls = [asyncio.create_task(coordinator.async_refresh_once()) for _ in range(3)]
    await asyncio.sleep(1)
    assert bench.reader.polls == 1
    later = asyncio.create_task(coordinator.async_refresh_once())
    await asyncio.sleep(1)
    # One that is no longer waited for goes on, for the others
    polls[0].cancel()
    bench.gate.set()
    await asyncio.gather(*polls[1:], later)
    assert polls[0].cancelled()
    assert bench.reader.polls == 2
    await coordinator.async_refresh_once()
    await coordinator.async_refresh_once()
    assert bench.reader.polls == 4


async def test_the_end(bench: Bench) -> None:
    """Nothing is polled anymore, and the miner is closed."""
    coordinator = bench.make()
    await bench.refresh(coordinator)
    data = coordinator.data
    bench.calls.clear()
    bench.failing = XmrigClosedError("closed")
    assert await coordinator._async_update_data() is data  # noqa: SLF001
    await coordinator.async_close()
    assert bench.calls == ["poll", "close"]
    coordinator.async_add_listener(lambda: None)
    await asyncio.sleep(60)
    assert bench.calls == ["poll", "close"]


# --- Failures -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "key", "placeholders"),
    [
        (XmrigConnectionError("no route"), "cannot_connect", {}),
        (
            XmrigAnotherMinerError("another one", OTHER),
            "another_miner",
            {"found": OTHER.label},
        ),
    ],
)
async def test_a_poll_that_fails(
    bench: Bench, error: XmrigError, key: str, placeholders: dict[str, str]
) -> None:
    """It is reported, with a text that names the miner, and the last poll stays."""
    coordinator = bench.make()
    await bench.refresh(coordinator)
    before = coordinator.data, coordinator.activities
    bench.failing = error
    assert await bench.refresh(coordinator) == ["poll"]
    assert bench.results == [None, error]
    assert not coordinator.last_update_success
    assert (coordinator.data, coordinator.activities) == before
    failure = coordinator.last_exception
    assert isinstance(failure, UpdateFailed)
    assert failure.__cause__ is error
    assert failure.translation_domain == DOMAIN
    assert failure.translation_key == key
    assert failure.translation_placeholders == {"name": "rig-one", **placeholders}
    bench.failing = None
    await bench.refresh(coordinator)
    assert coordinator.last_update_success
    assert bench.results[-1] is None


def forms(bench: Bench) -> int:
    """Return how many forms ask for another token."""
    flows = bench.entry.async_get_active_flows(bench.hass, {SOURCE_REAUTH})
    return len(list(flows))


async def test_a_token_that_is_rejected(bench: Bench) -> None:
    """The form goes with it; one that the user opened otherwise stays."""
    coordinator = bench.make()
    bench.failing = XmrigAuthenticationError("401")
    await bench.refresh(coordinator)
    await bench.hass.async_block_till_done()
    assert forms(bench) == 1
    bench.failing = XmrigConnectionError("no route")
    await bench.refresh(coordinator)
    assert forms(bench) == 1
    bench.failing = None
    await bench.refresh(coordinator)
    assert forms(bench) == 0
    bench.entry.async_start_reauth(bench.hass)
    await bench.hass.async_block_till_done()
    await bench.refresh(coordinator)
    assert forms(bench) == 1
    # Until the token is rejected again, and then accepted
    bench.failing = XmrigAuthenticationError("401")
    await bench.refresh(coordinator)
    bench.failing = None
    await bench.refresh(coordinator)
    assert forms(bench) == 0


async def test_a_form_from_before_a_reload(bench: Bench) -> None:
    """It goes with the first poll that succeeds."""
    bench.entry.async_start_reauth(bench.hass)
    await bench.hass.async_block_till_done()
    assert forms(bench) == 1
    coordinator = bench.make()
    bench.failing = XmrigConnectionError("no route")
    await bench.refresh(coordinator)
    assert forms(bench) == 1
    bench.failing = None
    await bench.refresh(coordinator)
    assert forms(bench) == 0


@pytest.mark.parametrize("is_polling", [True, False])
@pytest.mark.parametrize("may_sleep", [True, False])
async def test_a_command_that_finds_it_unreachable(
    bench: Bench, caplog: pytest.LogCaptureFixture, *, is_polling: bool, may_sleep: bool
) -> None:
    """That shows at once, unless a poll will tell; nothing is logged of a sleep."""
    coordinator = bench.make()
    updates: list[bool] = []
    coordinator.async_add_listener(
        lambda: updates.append(coordinator.last_update_success)
    )
    await bench.refresh(coordinator)
    bench.calls.clear()
    caplog.clear()
    coordinator.may_sleep = may_sleep
    bench.reader.is_polling = is_polling
    error = XmrigConnectionError("no route")
    for _ in range(2):
        bench.miner.link.on_unreachable(error)
    assert bench.results == [None, error, error]
    assert bench.calls == ["fail", "fail"]
    assert coordinator.last_update_success is is_polling
    assert updates == ([True] if is_polling else [True, False])
    shown = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert len(shown) == (not is_polling and not may_sleep)
    if not is_polling:
        assert isinstance(coordinator.last_exception, UpdateFailed)
        assert coordinator.last_exception.translation_key == "cannot_connect"
    await coordinator.async_shutdown()


async def test_a_poll_that_finds_it_asleep(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It is unavailable, and nothing is logged."""
    coordinator = bench.make()
    await bench.refresh(coordinator)
    coordinator.may_sleep = True
    bench.failing = XmrigConnectionError("no route")
    for _ in range(2):
        await bench.refresh(coordinator)
        assert not coordinator.last_update_success
    assert not [each for each in caplog.records if each.levelno > logging.DEBUG]
    assert caplog.text.count("went to sleep") == 1


# --- The device ---------------------------------------------------------------


@pytest.mark.parametrize("is_imported", [True, False])
async def test_the_device(bench: Bench, *, is_imported: bool) -> None:
    """It follows the miner, but an imported one keeps its name."""
    if is_imported:
        bench.hass.config_entries.async_update_entry(
            bench.entry, data={**DATA, CONF_IMPORT: 1}
        )
    coordinator = bench.make()
    registry = dr.async_get(bench.hass)
    for worker_id, brand, version, name, model in (
        ("rig-1", "Ryzen", "6.26.0", "rig-1", "Ryzen"),
        ("rig-2", None, "6.27.0", "rig-2", "x86_64"),
        (None, None, "6.27.0", "rig-one", "x86_64"),
    ):
        bench.summary.worker_id, bench.summary.version = worker_id, version
        bench.summary.cpu.brand = brand
        await bench.refresh(coordinator)
        device = registry.async_get(coordinator.device_id)
        assert isinstance(device, dr.DeviceEntry)
        assert device.identifiers == {(DOMAIN, "entry-1")}
        assert dr.async_entries_for_config_entry(registry, "entry-1") == [device]
        assert device.manufacturer == "XMRig"
        assert (device.model, device.sw_version) == (model, version)
        assert device.name == ("rig-one" if is_imported else name)
        with patch.object(dr, "async_get") as unchanged:
            await bench.refresh(coordinator)
        unchanged.assert_not_called()


# --- Restoring the state ------------------------------------------------------


def due(bench: Bench) -> tuple[bool, bool, bool]:
    """Return what is still due."""
    reader = bench.reader
    return reader.is_pause_over, reader.restore_due, reader.resumed_by_rule


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    ("name", "command"),
    [("restore_due", ("restore", 1)), ("resumed_by_rule", "pause")],
)
async def test_a_state_that_has_to_be_restored(
    bench: Bench, name: str, command: Any, *, done: bool
) -> None:
    """It is read again then, and events say whether something was restored."""
    setattr(bench.reader, name, True)
    bench.outcome = done
    coordinator = bench.make()
    assert await bench.refresh(coordinator) == [
        "poll",
        command,
        "poll",
        *bench.observed(2, restored=done),
    ]
    assert coordinator.data.number == 2  # type: ignore[attr-defined]
    assert due(bench) == (False, False, False)
    assert await bench.refresh(coordinator) == ["poll", *bench.observed(3)]


async def test_a_restart_comes_before_a_rule(bench: Bench) -> None:
    """One restores what the other one would."""
    bench.reader.restore_due = bench.reader.resumed_by_rule = True
    calls = await bench.refresh(bench.make())
    assert calls[:3] == ["poll", ("restore", 1), "poll"]
    assert due(bench) == (False, False, False)


@pytest.mark.parametrize("done", [True, False])
async def test_a_pause_that_is_over(bench: Bench, *, done: bool) -> None:
    """It is ended, and read again if it was still in effect."""
    bench.reader.is_pause_over = bench.reader.restore_due = True
    bench.outcome = done
    coordinator = bench.make()
    again = ["poll"] if done else []
    assert await bench.refresh(coordinator) == [
        "poll",
        "end",
        *again,
        *bench.observed(1 + done),
    ]
    # The other one is due at the next poll
    assert due(bench) == (False, True, False)


@pytest.mark.parametrize("how", ["unknown", "old", "contradictory"])
async def test_a_state_that_is_not_known(bench: Bench, how: str) -> None:
    """It is restored once it is."""
    bench.reader.restore_due = True
    bench.is_mining = None if how == "unknown" else False
    bench.is_fresh = how != "old"
    bench.config_agrees = how != "contradictory"
    coordinator = bench.make()
    assert await bench.refresh(coordinator) == ["poll", *bench.observed(1)]
    assert due(bench) == (False, True, False)
    bench.is_mining = False
    bench.is_fresh = bench.config_agrees = True
    assert (await bench.refresh(coordinator))[1] == ("restore", 2)


@pytest.mark.parametrize("how", ["read-only", "not wanted"])
async def test_a_state_that_is_not_restored(bench: Bench, how: str) -> None:
    """Because the API is read-only, or the user does not want it."""
    bench.reader.restore_due = True
    bench.restricted = how == "read-only"
    keep_state = how != "not wanted"
    bench.hass.config_entries.async_update_entry(
        bench.entry, options={CONF_KEEP_STATE: keep_state}
    )
    assert await bench.refresh(bench.make()) == ["poll", "poll", *bench.observed(2)]
    assert due(bench) == (False, False, False)


@pytest.mark.parametrize(
    "error", [XmrigInterruptedError("reset"), XmrigResponseError("cut off")]
)
@pytest.mark.parametrize("name", ["restore_due", "resumed_by_rule"])
async def test_a_restore_that_may_be_tried_again(
    bench: Bench, caplog: pytest.LogCaptureFixture, name: str, error: XmrigError
) -> None:
    """Nothing is logged, and it is due at the next poll."""
    setattr(bench.reader, name, True)
    bench.outcome = error
    coordinator = bench.make()
    calls = await bench.refresh(coordinator)
    assert len(calls) == 4
    assert calls[2:] == bench.observed(1)
    assert getattr(bench.reader, name)
    assert coordinator.last_update_success
    assert not [each for each in caplog.records if each.levelno > logging.DEBUG]


@pytest.mark.parametrize(
    "error",
    [
        XmrigAnotherMinerError("another one", OTHER),
        XmrigConnectionError("no route"),
    ],
)
async def test_a_restore_that_finds_it_unreachable(
    bench: Bench, error: XmrigError
) -> None:
    """As if the poll had."""
    bench.reader.restore_due = True
    bench.outcome = error
    coordinator = bench.make()
    assert await bench.refresh(coordinator) == ["poll", ("restore", 1)]
    assert not coordinator.last_update_success
    assert isinstance(coordinator.last_exception, UpdateFailed)
    assert coordinator.last_exception.translation_key == error.key
    assert due(bench) == (False, True, False)


@pytest.mark.parametrize("name", ["restore_due", "resumed_by_rule"])
@pytest.mark.parametrize(
    ("error", "is_due"),
    [(XmrigRefusedError("refused"), False), (XmrigStorageError("disk full"), True)],
)
async def test_a_restore_that_fails(
    bench: Bench, name: str, error: XmrigError, *, is_due: bool
) -> None:
    """It is not tried again, unless the disk may have space later."""
    setattr(bench.reader, name, True)
    bench.outcome = error
    coordinator = bench.make()
    calls = await bench.refresh(coordinator)
    assert coordinator.last_update_success
    assert getattr(bench.reader, name) is is_due
    assert calls[2:] == (bench.observed(1) if is_due else ["poll", *bench.observed(2)])


@pytest.mark.parametrize("name", ["restore_due", "resumed_by_rule"])
async def test_a_restore_that_does_not_show(bench: Bench, name: str) -> None:
    """A command may get lost: it is tried again, once."""
    setattr(bench.reader, name, True)
    bench.outcome = XmrigNotConfirmedError("no change", Command.PAUSE)
    coordinator = bench.make()
    for is_due in (True, False):
        await bench.refresh(coordinator)
        assert getattr(bench.reader, name) is is_due


async def test_a_restart_during_which_the_second_poll_fails(bench: Bench) -> None:
    """The events of it come with the next poll that succeeds."""
    bench.reader.restore_due = True
    coordinator = bench.make()

    def fail() -> Any:
        bench.failing = XmrigConnectionError("no route")
        return bench._command("restore")  # noqa: SLF001

    bench.miner.restore_wanted_state = lambda _: fail()
    assert await bench.refresh(coordinator) == ["poll", "restore", "poll"]
    bench.failing = None
    bench.restarted = True
    assert await bench.refresh(coordinator) == [
        "poll",
        *bench.observed(3, restarted=True, restored=True),
    ]


@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.parametrize("is_mining", [True, False, None])
@pytest.mark.parametrize(
    "error",
    [
        XmrigAnotherMinerError("another one", OTHER),
        XmrigConnectionError("no route"),
        XmrigInterruptedError("reset"),
        XmrigNotConfirmedError("no change", Command.PAUSE),
        XmrigResponseError("cut off"),
    ],
)
async def test_a_state_whose_restore_was_not_seen(
    bench: Bench, error: XmrigError, *, is_mining: bool | None, is_sent: bool
) -> None:
    """The next poll shows whether it was restored, if the command was sent."""
    bench.reader.restore_due = True
    coordinator = bench.make()

    async def fail() -> Any:
        bench.miner.link.writes += is_sent
        raise error

    bench.miner.restore_wanted_state = lambda _: fail()
    await bench.refresh(coordinator)
    bench.reader.restore_due = False
    bench.is_mining = is_mining
    restored = is_sent and is_mining is False
    calls = await bench.refresh(coordinator)
    assert calls == ["poll", *bench.observed(2, restored=restored)]
    # Once its state is known
    bench.is_mining = False
    calls = await bench.refresh(coordinator)
    restored = is_sent and is_mining is None
    assert calls == ["poll", *bench.observed(3, restored=restored)]


async def test_a_state_that_is_given_up_is_not_told_as_restored(bench: Bench) -> None:
    """It was sent twice, and did not show."""
    bench.reader.restore_due = True
    coordinator = bench.make()

    async def fail() -> Any:
        bench.miner.link.writes += 1
        raise XmrigNotConfirmedError("no change", Command.PAUSE)

    bench.miner.restore_wanted_state = lambda _: fail()
    await bench.refresh(coordinator)
    assert bench.reader.restore_due
    calls = await bench.refresh(coordinator)
    assert calls == ["poll", "poll", *bench.observed(3)]
    assert not bench.reader.restore_due
    bench.is_mining = False
    assert await bench.refresh(coordinator) == ["poll", *bench.observed(4)]


async def test_a_state_that_is_restored_again_is_told_once(bench: Bench) -> None:
    """After another miner answered the first time."""
    bench.reader.restore_due = True
    coordinator = bench.make()
    again = bench.miner.restore_wanted_state

    async def fail() -> Any:
        bench.miner.link.writes += 1
        raise XmrigAnotherMinerError("another one", OTHER)

    bench.miner.restore_wanted_state = lambda _: fail()
    await bench.refresh(coordinator)
    bench.miner.restore_wanted_state = again
    bench.is_mining = False
    calls = await bench.refresh(coordinator)
    assert calls[-len(bench.observed(3)) :] == bench.observed(3, restored=True)
    assert await bench.refresh(coordinator) == ["poll", *bench.observed(4)]


async def test_a_pause_that_does_not_last(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The same failure is logged once, until it worked or another one comes."""
    LOGGER.setLevel(logging.WARNING)
    coordinator = bench.make()
    texts = []
    unconfirmed = XmrigNotConfirmedError("no change", Command.PAUSE)
    for outcome in (
        unconfirmed,
        unconfirmed,
        XmrigRefusedError("refused"),
        unconfirmed,
        True,
        unconfirmed,
    ):
        bench.reader.resumed_by_rule = True
        bench.outcome = outcome
        caplog.clear()
        await bench.refresh(coordinator)
        assert coordinator.last_update_success
        texts.append([record.getMessage() for record in caplog.records])
    once = ["The state of rig-one was not restored: no change"]
    refused = ["The state of rig-one was not restored: refused"]
    assert texts == [once, [], refused, once, [], once]
