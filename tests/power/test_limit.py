"""The power limit without a miner: what it decides, sends and stores, and when."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.document import Change
from custom_components.xmrig_miner.api.exceptions import Command, XmrigNotConfirmedError
from custom_components.xmrig_miner.api.limits import MAX_THREADS
from custom_components.xmrig_miner.api.models import Summary
from custom_components.xmrig_miner.const import CONF_POWER_INTERVAL, DOMAIN
from custom_components.xmrig_miner.power import limit as module
from custom_components.xmrig_miner.power.limit import PowerLimit

FULL = 4
IDLE = 60
THREAD = 20
INTERVAL = 30
CHANGE = Change(path=("cpu", "rx"), old=[0], new=[0, 1])


class Bench:
    """A limit, and stand-ins for all that it uses: a miner of 60 W and 20 W a thread."""

    def __init__(self) -> None:
        """Start with a miner that runs all threads."""
        self.now = 1000.0
        self.calls: list[Any] = []
        """Commands, saves, polls and timers, in order."""
        self.failing: dict[str, Exception] = {}
        """Errors by the first word of a call."""
        self.timers: list[tuple[float, Any]] = []
        self.tasks: list[tuple[Any, str]] = []
        self.lock = asyncio.Lock()
        self.request = SimpleNamespace(limited=False)
        self.snapshot = SimpleNamespace(
            is_complete=True,
            shows_cpu=True,
            restricted=False,
            summary=Summary(version="6.26.0", ua="XMRig/6.26.0"),
            backends=None,
            state=SimpleNamespace(request=self.request),
            threads=FULL,
            user_threads=FULL,
            cpu_profile="rx",
        )
        self.coordinator = SimpleNamespace(
            data=self.snapshot,
            name="rig-one",
            last_update_success=True,
            async_refresh_once=self._refresh,
            config_entry=SimpleNamespace(
                options={CONF_POWER_INTERVAL: INTERVAL},
                async_create_background_task=self._create_task,
            ),
        )
        self.model = SimpleNamespace(threads=FULL)
        self.meter = SimpleNamespace(
            model=self.model,
            uses_cpu=True,
            full_load=IDLE + FULL * THREAD,
            minimum_power=IDLE + THREAD,
            threads_within=self._threads_within,
            observe=lambda: self.calls.append("observe"),
        )
        self.calibration = SimpleNamespace(
            is_running=False,
            threads_before=None,
            refuse_while_running=lambda: self._call("calibration"),
        )
        self.file = SimpleNamespace(
            is_closed=False,
            async_save=self._save,
            schedule_save=lambda: self.calls.append("save later"),
        )
        self.limit = PowerLimit(
            cast(Any, "hass"),
            cast(Any, self.coordinator),
            cast(Any, self._command),
            cast(Any, self.meter),
            cast(Any, self.calibration),
            self.lock,
            cast(Any, self.file),
        )

    def _threads_within(self, watts: float) -> int:
        return max(0, min(FULL, int(watts - IDLE) // THREAD))

    def _call(self, what: str) -> None:
        if error := self.failing.get(what.partition(" ")[0]):
            raise error
        if what != "calibration":
            self.calls.append(what)

    async def _refresh(self) -> None:
        self._call("poll")
        self.snapshot.is_complete = True

    async def _save(self) -> None:
        self._call("save")
        self.calls[-1] = ("saved", self.limit.as_json())

    @asynccontextmanager
    async def _command(self) -> AsyncIterator[Any]:
        assert self.lock.locked()
        yield self

    def _create_task(self, hass: Any, coroutine: Any, name: str) -> None:
        assert hass == "hass"
        self.tasks.append((coroutine, name))

    # What the limit asks of the miner

    async def set_threads(self, threads: int, profile: str | None) -> None:
        """Set the threads."""
        is_capped = threads < MAX_THREADS
        self._call(
            f"threads {threads} of {profile or 'all'}" if is_capped else "all threads"
        )
        self.snapshot.threads = min(threads, self.snapshot.user_threads)

    async def pause_for_power_limit(self) -> None:
        """Pause."""
        self._call("pause")
        self.request.limited = True

    async def resume_after_power_limit(self) -> None:
        """Resume, if the limit paused it."""
        if self.request.limited:
            self._call("resume")
            self.request.limited = False

    async def restore(self) -> list[Any]:
        """Restore the config."""
        self._call("restore")
        self.snapshot.threads = FULL
        return [CHANGE]

    # What tests do

    def call_later(self, hass: Any, delay: float, job: Any) -> Any:
        """Note a timer."""
        assert hass == "hass"
        timer = (delay, job.target)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer)

    def taken(self) -> list[Any]:
        """Return the calls since the last time, without saves."""
        calls, self.calls = self.calls, []
        return [call for call in calls if call[0] != "saved" and call != "save later"]

    def old(self) -> None:
        """Let the miner be one that cuts off its replies."""
        self.snapshot.is_complete = False
        self.snapshot.summary = Summary(version="6.21.0", ua="XMRig/6.21.0")

    @property
    def stored(self) -> dict[str, Any]:
        """Return what would be stored now."""
        return self.limit.as_json()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a limit on a bench."""
    bench = Bench()
    with (
        patch.object(module, "async_call_later", bench.call_later),
        patch.object(module, "time", SimpleNamespace(monotonic=lambda: bench.now)),
    ):
        yield bench


async def failing(awaitable: Any) -> HomeAssistantError:
    """Return the error of a call."""
    with pytest.raises(HomeAssistantError) as raised:
        await awaitable
    return raised.value


# --- A limit in watts ---------------------------------------------------------


@pytest.mark.parametrize(
    ("watts", "calls", "caps"),
    [
        (120, ["threads 3 of rx"], [3]),
        (81, ["threads 1 of rx"], [1]),
        (79, ["pause"], []),
        (139, ["threads 3 of rx"], [3]),
    ],
)
async def test_a_limit_takes_threads_at_once(
    bench: Bench, watts: float, calls: list[str], caps: list[int]
) -> None:
    """And pauses the miner where not even one fits."""
    await bench.limit.async_set(watts)
    assert bench.taken() == calls
    assert bench.limit.set_watts == watts
    assert bench.stored == {
        "watts": watts,
        "managed": None,
        "user": None,
        "limit": caps,
    }
    assert bench.limit.is_limiting


async def test_what_is_stored_before_a_command(bench: Bench) -> None:
    """The limit, and then both caps: a crash leaves either of them."""
    await bench.limit.async_set(100)
    await bench.limit.async_set(80)
    assert bench.calls == [
        ("saved", {"watts": 100, "managed": None, "user": None, "limit": []}),
        ("saved", {"watts": 100, "managed": None, "user": None, "limit": [2]}),
        "threads 2 of rx",
        "save later",
        ("saved", {"watts": 80, "managed": None, "user": None, "limit": [2]}),
        ("saved", {"watts": 80, "managed": None, "user": None, "limit": [1, 2]}),
        "threads 1 of rx",
        "save later",
    ]
    assert bench.stored["limit"] == [1]


@pytest.mark.parametrize("watts", [140, 141, 200])
async def test_full_load_is_no_limit(bench: Bench, watts: float) -> None:
    """Nor is more than that."""
    await bench.limit.async_set(watts)
    assert bench.limit.set_watts is None
    assert bench.calls == []
    bench.meter.full_load = None
    await bench.limit.async_set(watts)
    assert bench.limit.set_watts == watts


async def test_the_same_limit_again_is_not_saved_again(bench: Bench) -> None:
    """It is applied, if it was not."""
    await bench.limit.async_set(100)
    bench.calls.clear()
    await bench.limit.async_set(100)
    assert bench.calls == []


async def test_a_limit_that_cannot_be_saved(bench: Bench) -> None:
    """The one before stays, and nothing is sent."""
    await bench.limit.async_set(120)
    bench.taken()
    bench.failing["save"] = HomeAssistantError("disk full")
    assert await failing(bench.limit.async_set(80)) is bench.failing["save"]
    assert bench.limit.set_watts == 120
    assert bench.taken() == []


async def test_a_limit_that_cannot_be_applied(bench: Bench) -> None:
    """It stays set, and the wait begins."""
    bench.failing["threads"] = HomeAssistantError("refused")
    assert await failing(bench.limit.async_set(100)) is bench.failing["threads"]
    assert bench.limit.set_watts == 100
    assert bench.stored["limit"] == [2]
    del bench.failing["threads"]
    assert await bench.limit.async_apply()
    assert bench.taken() == ["threads 2 of rx"]


async def test_more_threads_wait_for_the_last_change(bench: Bench) -> None:
    """A timer applies what the limit is by then."""
    await bench.limit.async_set(100)
    bench.now += 10
    await bench.limit.async_set(120)
    assert bench.taken() == ["threads 2 of rx"]
    ((delay, run),) = bench.timers
    assert delay == INTERVAL - 10
    assert not bench.limit.is_due
    # Another change replaces the timer
    bench.now += 5
    await bench.limit.async_set(140)
    ((delay, run),) = bench.timers
    assert delay == INTERVAL - 15
    bench.now += 14.5
    assert not bench.limit.is_due
    assert await bench.limit.async_apply()
    ((delay, run),) = bench.timers
    assert delay == 0.5
    bench.now += 0.5
    assert bench.limit.is_due
    run(None)
    assert bench.timers != []
    ((task, name),) = bench.tasks
    assert name == f"{DOMAIN} power limit"
    # The timer is over, and so is not cancelled
    bench.timers.clear()
    await task
    assert bench.taken() == ["all threads"]
    assert bench.stored["limit"] == []
    assert not bench.limit.is_limiting


async def test_fewer_threads_do_not_wait(bench: Bench) -> None:
    """They end the wait for more."""
    await bench.limit.async_set(100)
    await bench.limit.async_set(120)
    assert len(bench.timers) == 1
    bench.limit.load({"watts": 80, "managed": None, "user": None, "limit": [2]})
    assert bench.limit.is_due
    await bench.limit.async_set(80)
    assert bench.timers == []
    assert bench.taken() == ["threads 2 of rx", "threads 1 of rx"]


async def test_a_timer_that_is_over(bench: Bench) -> None:
    """The next poll applies the limit, if its task could not."""
    await bench.limit.async_set(100)
    await bench.limit.async_set(120)
    ((_, run),) = bench.timers
    run(None)
    assert bench.limit.is_due
    ((task, _),) = bench.tasks
    bench.timers.clear()
    await task
    assert len(bench.timers) == 1


async def test_nothing_has_to_settle_after_a_start(bench: Bench) -> None:
    """Threads that an earlier limit took are given back at once."""
    bench.limit.load({"watts": None, "managed": None, "user": None, "limit": [2]})
    bench.snapshot.threads = 2
    assert await bench.limit.async_apply()
    assert bench.taken() == ["all threads"]


async def test_more_threads_are_due_until_a_timer_waits(bench: Bench) -> None:
    """It then applies them."""
    await bench.limit.async_set(100)
    bench.limit.load({"watts": 120, "managed": None, "user": None, "limit": [2]})
    assert bench.limit.is_due
    assert await bench.limit.async_apply()
    assert len(bench.timers) == 1
    assert not bench.limit.is_due


async def test_a_paused_miner_resumes(bench: Bench) -> None:
    """With the threads that fit, set while it is still paused."""
    await bench.limit.async_set(0)
    bench.now += INTERVAL
    await bench.limit.async_set(100)
    assert bench.taken() == ["pause", "threads 2 of rx", "resume"]
    await bench.limit.async_set(0)
    bench.now += INTERVAL
    # Nothing is known of its threads: they stay as they are
    bench.snapshot.threads = None
    await bench.limit.async_set(100)
    assert bench.taken() == ["pause", "resume"]


async def test_no_timer_is_left_once_it_is_closed(bench: Bench) -> None:
    """Nor is one started."""
    await bench.limit.async_set(100)
    await bench.limit.async_set(120)
    bench.limit.close()
    assert bench.timers == []
    # A poll applies what no timer does
    assert bench.limit.is_due
    bench.limit.close()
    bench.file.is_closed = True
    assert await bench.limit.async_apply()
    assert bench.timers == []


# --- What is known of the miner -----------------------------------------------


async def test_an_incomplete_reply_is_read_again(bench: Bench) -> None:
    """A poll may be late."""
    bench.snapshot.is_complete = False
    await bench.limit.async_set(100)
    assert bench.taken() == ["poll", "threads 2 of rx"]


async def test_a_limit_that_has_to_wait_for_a_complete_reply(bench: Bench) -> None:
    """The error names the miner; without a limit, nothing has to wait."""
    bench.snapshot.is_complete = False
    bench.coordinator.async_refresh_once = _nothing
    error = await failing(bench.limit.async_set(100))
    assert error.translation_domain == DOMAIN
    assert error.translation_key == "limit_postponed"
    assert error.translation_placeholders == {"name": "rig-one"}
    assert bench.limit.set_watts == 100
    assert not bench.limit.is_due
    assert not await bench.limit.async_apply()
    await bench.limit.async_set(140)
    bench.request.limited = True
    assert not await bench.limit.async_apply()
    bench.request.limited = False
    bench.limit.load({"watts": None, "managed": 4, "user": None, "limit": []})
    assert not await bench.limit.async_apply()
    assert bench.taken() == []


async def _nothing() -> None:
    """Read nothing new."""


async def test_an_old_miner(bench: Bench) -> None:
    """Its replies are never complete for 15 minutes, and need not be."""
    bench.old()
    assert bench.limit.can_decide
    await bench.limit.async_set(100)
    assert bench.taken() == ["threads 2 of rx"]
    bench.snapshot.shows_cpu = False
    assert not bench.limit.can_decide
    bench.snapshot.shows_cpu = True
    bench.snapshot.summary = Summary(version="6.26.0", ua="XMRig/6.26.0")
    assert not bench.limit.can_decide


@pytest.mark.parametrize(
    ("unknown", "full"),
    [
        ({"threads": None}, 0),
        ({"threads": None}, FULL),
        ({"user_threads": None}, 0),
        ({"restricted": True}, FULL),
    ],
)
async def test_a_miner_whose_threads_are_not_known(
    bench: Bench, unknown: dict[str, Any], full: int
) -> None:
    """It is left alone, and so is one that is read-only."""
    bench.model.threads = full
    for name, value in unknown.items():
        setattr(bench.snapshot, name, value)
    await bench.limit.async_set(100)
    assert bench.taken() == []
    assert bench.stored["limit"] == []
    assert not bench.limit.is_due


async def test_a_miner_of_which_only_the_cards_mine(bench: Bench) -> None:
    """It is paused or not: it has one thread."""
    bench.meter.uses_cpu = False
    bench.model.threads = 0
    bench.snapshot.threads = bench.snapshot.user_threads = None
    bench.meter.threads_within = lambda watts: int(watts >= 90)
    await bench.limit.async_set(100)
    assert bench.taken() == []
    assert bench.stored["limit"] == []
    await bench.limit.async_set(80)
    assert bench.taken() == ["pause"]
    bench.now += INTERVAL
    await bench.limit.async_set(95)
    assert bench.taken() == ["resume"]


async def test_a_cap_of_a_miner_whose_cpu_was_disabled(bench: Bench) -> None:
    """It is removed once the limit allows it, for when the CPU is enabled again."""
    bench.meter.uses_cpu = False
    bench.snapshot.threads = 2
    bench.limit.load({"watts": None, "managed": None, "user": None, "limit": [2]})
    assert await bench.limit.async_apply()
    assert bench.taken() == ["all threads"]


async def test_a_calibration_comes_first(bench: Bench) -> None:
    """The limit is applied after it, and after it gave back its threads."""
    bench.calibration.is_running = True
    await bench.limit.async_set(100)
    bench.calibration.is_running = False
    bench.calibration.threads_before = 4
    assert await bench.limit.async_apply()
    assert bench.taken() == []
    bench.calibration.threads_before = None
    assert await bench.limit.async_apply()
    assert bench.taken() == ["threads 2 of rx"]


# --- The user's cap -----------------------------------------------------------


async def test_the_users_cap_is_a_maximum(bench: Bench) -> None:
    """Whatever the limit allows."""
    await bench.limit.async_set_threads(3)
    assert bench.limit.user_cap == 3
    assert bench.limit.max_threads(FULL) == 3
    await bench.limit.async_set(100)
    bench.now += INTERVAL
    await bench.limit.async_set(140)
    assert bench.taken() == ["threads 3 of rx", "threads 2 of rx", "threads 3 of all"]
    assert bench.stored["limit"] == []
    bench.now += INTERVAL
    await bench.limit.async_set_threads(4)
    assert bench.limit.user_cap is None
    assert bench.taken() == ["threads 4 of rx"]


async def test_a_cap_above_the_limit(bench: Bench) -> None:
    """It is stored, and what fits is set."""
    await bench.limit.async_set(100)
    bench.calls.clear()
    await bench.limit.async_set_threads(3)
    assert bench.calls == [
        ("saved", {"watts": 100, "managed": None, "user": 3, "limit": [2]}),
        "threads 2 of rx",
        "save later",
    ]
    assert bench.stored["limit"] == [2]
    await bench.limit.async_set_threads(1)
    assert bench.stored == {"watts": 100, "managed": None, "user": 1, "limit": []}
    # A paused miner gets its cap, as no thread fits anyway
    await bench.limit.async_set(0)
    await bench.limit.async_set_threads(3)
    assert bench.taken()[-1] == "threads 3 of rx"


@pytest.mark.parametrize("call", ["save", "threads"])
async def test_a_cap_that_could_not_be_set(bench: Bench, call: str) -> None:
    """It is not the user's, though the limit's may be in effect."""
    await bench.limit.async_set(100)
    await bench.limit.async_set_threads(3)
    bench.calls.clear()
    bench.failing[call] = HomeAssistantError("refused")
    assert await failing(bench.limit.async_set_threads(4)) is bench.failing[call]
    assert bench.stored == {"watts": 100, "managed": None, "user": 3, "limit": [2]}
    assert bench.calls[-1] == "save later"
    # A lower one than the limit allows, while that one is in effect
    assert await failing(bench.limit.async_set_threads(1)) is bench.failing[call]
    assert bench.stored == {"watts": 100, "managed": None, "user": 3, "limit": [2]}


async def test_a_cap_that_the_limit_lowers_for_the_first_time(bench: Bench) -> None:
    """If it was set, although it failed, it is not the user's."""
    bench.limit.load({"watts": 100, "managed": None, "user": None, "limit": []})
    bench.failing["threads"] = HomeAssistantError("refused")
    await failing(bench.limit.async_set_threads(3))
    assert bench.stored == {"watts": 100, "managed": None, "user": None, "limit": [2]}


async def test_of_caps_that_wait_the_last_one_counts(bench: Bench) -> None:
    """A slider is moved in steps: it is set once."""
    await bench.lock.acquire()
    moves = [asyncio.create_task(bench.limit.async_set_threads(n)) for n in (3, 2, 1)]
    await asyncio.sleep(0)
    bench.lock.release()
    await asyncio.gather(*moves)
    assert bench.taken() == ["threads 1 of rx"]
    assert bench.limit.user_cap == 1
    await bench.limit.async_set_threads(2)
    assert bench.taken() == ["threads 2 of rx"]


async def test_of_caps_that_wait_each_one_fails(bench: Bench) -> None:
    """None of them is said to be set."""
    error = bench.failing["threads"] = HomeAssistantError("away")
    await bench.lock.acquire()
    moves = [asyncio.create_task(bench.limit.async_set_threads(n)) for n in (3, 2, 1)]
    await asyncio.sleep(0)
    bench.lock.release()
    assert await asyncio.gather(*moves, return_exceptions=True) == [error] * 3
    assert bench.limit.user_cap is None


async def test_no_cap_during_a_calibration(bench: Bench) -> None:
    """Nor is the config restored."""
    error = bench.failing["calibration"] = ServiceValidationError("calibrating")
    assert await failing(bench.limit.async_set_threads(3)) is error
    assert await failing(bench.limit.async_restore_config()) is error
    assert bench.calls == []


async def test_a_cap_that_was_set_at_the_miner(bench: Bench) -> None:
    """It is the user's, unless the poll is incomplete or the limit set it."""
    bench.snapshot.threads = 3
    bench.snapshot.is_complete = False
    bench.limit.detect_user_cap()
    assert bench.limit.user_cap is None
    bench.snapshot.is_complete = True
    for unknown in ("threads", "user_threads"):
        value = getattr(bench.snapshot, unknown)
        setattr(bench.snapshot, unknown, None)
        bench.limit.detect_user_cap()
        setattr(bench.snapshot, unknown, value)
        assert bench.limit.user_cap is None
    await bench.limit.async_set(139)
    assert bench.limit.user_cap == 3
    assert bench.taken() == []
    await bench.limit.async_set(100)
    bench.limit.detect_user_cap()
    assert bench.limit.user_cap == 3


# --- The manager --------------------------------------------------------------


async def test_what_the_manager_allows(bench: Bench) -> None:
    """At once, also more threads; the lower one of it and the limit counts."""
    limit = bench.limit
    assert limit.managed_threads is None
    assert not limit.is_rest_managed
    await limit.async_set_managed(2)
    await limit.async_set_managed(3)
    assert bench.taken() == ["threads 2 of rx", "threads 3 of rx"]
    assert limit.managed_threads == 3
    await limit.async_set(100)
    assert bench.taken() == ["threads 2 of rx"]
    await limit.async_set_managed(1)
    assert bench.taken() == ["threads 1 of rx"]
    await limit.async_set_managed(0)
    assert bench.taken() == ["pause"]
    assert limit.is_rest_managed
    assert limit.text == ("managed_rest", {})
    await limit.async_set(0)
    assert not limit.is_rest_managed
    assert limit.text == ("limited", {"limit": "0", "minimum": "80"})
    await limit.async_set(100)
    await limit.async_set_managed(None)
    assert bench.taken() == ["threads 2 of rx", "resume"]


async def test_threads_that_fit_do_not_wait_once_the_user_asks(bench: Bench) -> None:
    """Without a complete reply, they still have to."""
    limit = bench.limit
    await limit.async_set(0)
    assert await limit.async_text() == ("limited", {"limit": "0", "minimum": "80"})
    await limit.async_set(100)
    assert bench.taken() == ["pause"]
    bench.snapshot.is_complete = False
    assert await limit.async_text() == ("limit_postponed", {})
    assert bench.taken() == []
    bench.snapshot.is_complete = True
    assert await limit.async_text() is None
    assert bench.taken() == ["threads 2 of rx", "resume"]


async def test_what_the_manager_allows_is_stored(bench: Bench) -> None:
    """Once, before it is applied; if it cannot be, the one before stays."""
    await bench.limit.async_set_managed(2)
    assert bench.calls[0] == (
        "saved",
        {"watts": None, "managed": 2, "user": None, "limit": []},
    )
    bench.calls.clear()
    await bench.limit.async_set_managed(2)
    assert bench.calls == []
    error = bench.failing["save"] = HomeAssistantError("disk full")
    assert await failing(bench.limit.async_set_managed(1)) is error
    assert bench.limit.managed_threads == 2
    assert bench.calls == []


@pytest.mark.parametrize(
    ("threads", "is_online", "calls"),
    [(0, True, ["observe"]), (0, False, []), (4, True, [])],
)
async def test_a_miner_that_was_never_observed(
    bench: Bench, threads: int, is_online: bool, calls: list[str]
) -> None:
    """It has no power options, so that no poll did it."""
    bench.model.threads = threads
    bench.coordinator.last_update_success = is_online
    await bench.limit.async_set_managed(4)
    assert bench.taken() == calls


async def test_a_manager_that_is_gone(bench: Bench) -> None:
    """The miner changes once the limit is applied."""
    assert not bench.limit.release()
    await bench.limit.async_set_managed(2)
    bench.taken()
    assert bench.limit.release()
    assert bench.limit.managed_threads is None
    assert not bench.limit.release()
    assert bench.taken() == []
    bench.now += INTERVAL
    assert bench.limit.is_due
    assert await bench.limit.async_apply()
    assert bench.taken() == ["all threads"]


# --- Without a limit again, and restoring --------------------------------------


async def test_a_limit_that_is_removed(bench: Bench) -> None:
    """The miner changes once the limit is applied."""
    assert not bench.limit.clear()
    await bench.limit.async_set(100)
    assert bench.limit.clear()
    assert bench.limit.set_watts is None
    assert not bench.limit.clear()
    assert bench.limit.text == ("limited", {"limit": "0", "minimum": "80"})


async def test_restoring_removes_the_limit(bench: Bench) -> None:
    """And the caps, and ends a pause."""
    await bench.limit.async_set(100)
    await bench.limit.async_set(0)
    await bench.limit.async_set(120)
    assert len(bench.timers) == 1
    bench.calls.clear()
    assert await bench.limit.async_restore_config() == [CHANGE]
    assert bench.timers == []
    nothing: dict[str, Any] = {
        "watts": None,
        "managed": None,
        "user": None,
        "limit": [],
    }
    assert bench.calls == ["restore", "resume", ("saved", nothing)]
    bench.calls.clear()
    assert await bench.limit.async_restore_config() == [CHANGE]
    assert bench.calls == ["restore"]


async def test_a_restored_miner_that_does_not_resume_yet(bench: Bench) -> None:
    """It does later, by its own rules."""
    await bench.limit.async_set(0)
    bench.failing["resume"] = XmrigNotConfirmedError("on battery", Command.RESUME)
    assert await bench.limit.async_restore_config() == [CHANGE]


async def test_a_managed_miner_is_not_restored(bench: Bench) -> None:
    """The manager would change it again."""
    await bench.limit.async_set_managed(4)
    error = await failing(bench.limit.async_restore_config())
    assert isinstance(error, ServiceValidationError)
    assert error.translation_domain == DOMAIN
    assert error.translation_key == "managed"
    assert error.translation_placeholders == {"name": "rig-one"}
    assert bench.taken() == []


# --- In the background, and stored ---------------------------------------------


async def test_in_the_background(bench: Bench) -> None:
    """Not while the miner is away, and without its errors."""
    bench.limit.load({"watts": 100, "managed": None, "user": None, "limit": []})
    bench.coordinator.last_update_success = False
    await bench.limit.async_apply_quietly()
    assert bench.taken() == []
    bench.coordinator.last_update_success = True
    bench.failing["threads"] = HomeAssistantError("refused")
    await bench.limit.async_apply_quietly()
    bench.failing.clear()
    await bench.limit.async_apply_quietly()
    assert bench.taken() == ["threads 2 of rx"]


@pytest.mark.parametrize(
    "stored",
    [
        {"watts": 100.5, "managed": 2, "user": 3, "limit": [1, 2]},
        {"watts": None, "managed": None, "user": None, "limit": []},
    ],
)
def test_what_is_stored_is_loaded(bench: Bench, stored: dict[str, Any]) -> None:
    """As it was."""
    bench.limit.load(stored)
    assert bench.stored == stored


def test_a_file_from_before_there_was_a_manager(bench: Bench) -> None:
    """It has no allowance."""
    bench.limit.load({"watts": 100, "user": None, "limit": []})
    assert bench.limit.managed_threads is None


@pytest.mark.parametrize(
    "damaged", [{"watts": "100"}, {"managed": -1}, {"user": "4"}, {"limit": 5}]
)
def test_a_damaged_file_changes_nothing(bench: Bench, damaged: dict[str, Any]) -> None:
    """The caller starts anew."""
    before = bench.stored
    stored = {"watts": 100, "managed": None, "user": None, "limit": []} | damaged
    with pytest.raises((LookupError, TypeError, ValueError)):
        bench.limit.load(stored)
    if "user" in damaged or "limit" in damaged:
        assert bench.stored == before


@pytest.mark.parametrize(
    ("watts", "threads", "passed", "is_due"),
    [
        (100, 4, 0, True),
        (100, 2, 0, False),
        (140, 2, 0, True),
        (140, 2, INTERVAL, True),
        (None, 4, 0, False),
    ],
)
async def test_when_the_threads_have_to_change(
    bench: Bench, watts: float | None, threads: int, passed: float, *, is_due: bool
) -> None:
    """Not while a timer waits that does it."""
    bench.limit.load({"watts": watts, "managed": None, "user": None, "limit": [2]})
    bench.snapshot.threads = threads
    bench.now += passed
    assert bench.limit.is_due is is_due
