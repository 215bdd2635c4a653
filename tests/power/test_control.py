"""What power control does at a poll, at the start and at the end, and what it stores."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_SENSOR,
)
from custom_components.xmrig_miner.power import control as module
from custom_components.xmrig_miner.power.control import PowerControl

ESTIMATE = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 140}


class Bench:
    """Stand-ins for the parts of power control, and for what it is given."""

    def __init__(self) -> None:
        """Start with a miner that is mining, with a new model at each observation."""
        self.calls: list[Any] = []
        """What was called, in order."""
        self.made: dict[str, tuple[Any, ...]] = {}
        """The arguments of each part."""
        self.tasks: list[Any] = []
        self.unloading: list[Any] = []
        self.stored: Any = None
        self.learns = True
        self.flags = {"clear": False, "release": False}
        self.entry = SimpleNamespace(
            options=ESTIMATE,
            async_on_unload=self.unloading.append,
            async_create_background_task=self._create_task,
        )
        self.coordinator = SimpleNamespace(
            config_entry=self.entry,
            last_update_success=True,
            async_add_listener=self._add_listener,
        )
        self.file = SimpleNamespace(
            async_load=self._load,
            async_save=self._note("save"),
            schedule_save=lambda: self.calls.append("save later"),
            async_close=self._close,
        )
        self.meter = SimpleNamespace(
            sensor="sensor.plug",
            model=0,
            observe=self._observe,
            reset_operating_point=lambda: self.calls.append("reset"),
            load=lambda data: self.calls.append(("meter", data)),
            is_meter_of=lambda data: data["sensor"] == "sensor.plug",
            as_json=lambda: {"sensor": "sensor.plug"},
        )
        self.calibration = SimpleNamespace(
            threads_before=None,
            is_running=False,
            results=[],
            async_run=self._calibrate,
            async_restore_threads=self._note("restore"),
            async_close=self._note("close calibration"),
            load=lambda *data: self.calls.append(("calibration", *data)),
        )
        self.limit = SimpleNamespace(
            managed_threads=None,
            is_limiting=False,
            can_decide=True,
            is_due=False,
            user_cap=3,
            clear=lambda: self._flag("clear"),
            release=lambda: self._flag("release"),
            detect_user_cap=lambda: self.calls.append("detect"),
            async_apply_quietly=self._note("apply"),
            load=lambda data: self.calls.append(("limit", data)),
            as_json=lambda: {"watts": 100},
            close=lambda: self.calls.append("close limit"),
        )

    def make(self, name: str) -> Any:
        """Return the class of a part."""

        def part(*arguments: Any) -> Any:
            self.made[name] = arguments
            return getattr(self, name)

        return part

    def control(self) -> PowerControl:
        """Return power control of these parts."""
        return PowerControl(
            cast(Any, "hass"), cast(Any, self.coordinator), cast(Any, "command")
        )

    def poll(self, control: PowerControl) -> list[Any]:
        """Return what is done at a poll."""
        self.calls.clear()
        control._handle_poll()  # noqa: SLF001
        return list(self.calls)

    @property
    def lock(self) -> asyncio.Lock:
        """Return the lock of the limit."""
        lock = self.made["limit"][5]
        assert isinstance(lock, asyncio.Lock)
        return lock

    def _note(self, what: str) -> Any:
        async def call() -> None:
            self.calls.append(what)

        return call

    def _flag(self, name: str) -> bool:
        self.calls.append(name)
        return self.flags[name]

    def _add_listener(self, listener: Any) -> Any:
        self.calls.append("listen")
        return listener

    def _create_task(self, hass: Any, coroutine: Any, name: str) -> None:
        assert hass == "hass"
        assert name == "xmrig_miner power"
        self.calls.append(("task", coroutine.__qualname__.split(".")[-1]))
        self.tasks.append(coroutine)

    def _observe(self) -> None:
        self.calls.append("observe")
        self.meter.model += self.learns

    async def _load(self, parse: Any) -> None:
        parse(self.stored)

    async def _close(self) -> None:
        assert self.lock.locked()
        self.calls.append("close file")

    async def _calibrate(self, user_cap: int | None) -> Any:
        self.calls.append(("calibrate", user_cap))
        if self.stored == "fails":
            raise HomeAssistantError("disturbed")
        return ["result"]

    async def run_tasks(self) -> list[Any]:
        """Run the background tasks, and return what they do."""
        self.calls.clear()
        for task in self.tasks:
            await task
        self.tasks.clear()
        return list(self.calls)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the parts of power control."""
    bench = Bench()
    with (
        patch.object(module, "PowerFile", bench.make("file")),
        patch.object(module, "PowerMeter", bench.make("meter")),
        patch.object(module, "Calibration", bench.make("calibration")),
        patch.object(module, "PowerLimit", bench.make("limit")),
    ):
        yield bench


async def test_its_parts(bench: Bench) -> None:
    """They share the lock, the meter and the file."""
    control = bench.control()
    parts: list[Any] = [control.meter, control.calibration, control.limit]
    assert parts == [bench.meter, bench.calibration, bench.limit]
    hass, entry, content = bench.made["file"]
    assert (hass, entry) == ("hass", bench.entry)
    assert content().keys() == {"meter", "limit", "threads_before", "calibration"}
    assert bench.made["meter"] == ("hass", bench.coordinator)
    lock = bench.lock
    shared = (bench.coordinator, "command", bench.meter)
    assert bench.made["calibration"] == (*shared, lock, bench.file)
    assert bench.made["limit"] == (
        "hass",
        *shared,
        bench.calibration,
        lock,
        bench.file,
    )


@pytest.mark.parametrize(
    ("options", "is_configured"),
    [({}, False), (ESTIMATE, True), ({CONF_POWER_SENSOR: "sensor.plug"}, True)],
)
async def test_whether_it_is_active(
    bench: Bench, options: dict[str, Any], *, is_configured: bool
) -> None:
    """With options, a manager, or threads that it has to give back."""
    bench.entry.options = options
    control = bench.control()
    assert control.is_configured is is_configured
    assert control.is_active is is_configured
    for part, name, value, usual in (
        (bench.limit, "managed_threads", 0, None),
        (bench.limit, "is_limiting", True, False),
        (bench.calibration, "threads_before", 4, None),
    ):
        setattr(part, name, value)
        assert control.is_active
        setattr(part, name, usual)


# --- Polls --------------------------------------------------------------------


async def test_a_poll(bench: Bench) -> None:
    """What is new is saved later; the limit is applied if it is due."""
    control = bench.control()
    assert bench.poll(control) == ["observe", "save later", "detect"]
    bench.learns = False
    assert bench.poll(control) == ["observe", "detect"]
    bench.limit.is_due = True
    assert bench.poll(control) == ["observe", "detect", ("task", "call")]
    assert await bench.run_tasks() == ["apply"]


async def test_polls_without_options(bench: Bench) -> None:
    """Nothing is done, until a manager or an earlier limit needs it."""
    bench.entry.options = {}
    control = bench.control()
    assert bench.poll(control) == []
    bench.limit.managed_threads = 2
    assert bench.poll(control) == ["observe", "save later", "detect"]


async def test_an_unreachable_miner(bench: Bench) -> None:
    """What it does is unknown."""
    control = bench.control()
    bench.coordinator.last_update_success = False
    assert bench.poll(control) == ["reset"]


async def test_what_is_busy_or_unknown_waits(bench: Bench) -> None:
    """It learns meanwhile."""
    bench.limit.is_due = True
    bench.calibration.threads_before = 4
    control = bench.control()
    async with bench.lock:
        assert bench.poll(control) == ["observe", "save later"]
    bench.calibration.is_running = True
    assert bench.poll(control) == ["observe", "save later"]
    bench.calibration.is_running = False
    bench.limit.can_decide = False
    assert bench.poll(control) == ["observe", "save later"]
    bench.limit.can_decide = True
    # The threads from before a calibration come first
    assert bench.poll(control) == ["observe", "save later", ("task", "call")]
    assert await bench.run_tasks() == ["restore"]


async def test_the_start(bench: Bench) -> None:
    """The last poll counts, too; it follows the miner until it is unloaded."""
    control = bench.control()
    control.async_start()
    assert bench.calls == ["listen", "observe", "save later", "detect"]
    [listener] = bench.unloading
    bench.calls.clear()
    listener()
    assert bench.calls == ["observe", "save later", "detect"]


async def test_a_calibration(bench: Bench) -> None:
    """The limit may have changed meanwhile, so that it is applied in any case."""
    control = bench.control()
    results: Any = await control.async_calibrate()
    assert results == ["result"]
    assert bench.calls == [("calibrate", 3), "apply"]
    bench.calls.clear()
    bench.stored = "fails"
    with pytest.raises(HomeAssistantError, match="disturbed"):
        await control.async_calibrate()
    assert bench.calls == [("calibrate", 3), "apply"]


# --- The file -----------------------------------------------------------------


async def test_what_is_stored_is_loaded(bench: Bench) -> None:
    """Also by an earlier version, without results."""
    meter, limit = {"sensor": "sensor.plug"}, {"watts": 100}
    control = bench.control()
    bench.calibration.threads_before = 3
    bench.calibration.results = [SimpleNamespace(as_json=lambda: [4, 1720])]
    bench.stored = bench.made["file"][2]()
    assert bench.stored == {
        "meter": meter,
        "limit": limit,
        "threads_before": 3,
        "calibration": [[4, 1720]],
    }
    await control.async_load(has_manager=True)
    parts = [("meter", meter), ("limit", limit)]
    assert bench.calls == [*parts, ("calibration", 3, [[4, 1720]])]
    bench.calls.clear()
    del bench.stored["calibration"]
    await control.async_load(has_manager=True)
    assert bench.calls == [*parts, ("calibration", 3, ())]


async def test_results_of_another_meter(bench: Bench) -> None:
    """They are not kept, but the threads are restored."""
    bench.stored = {
        "meter": {"sensor": "sensor.house"},
        "limit": {},
        "threads_before": 3,
        "calibration": [[4, 1720]],
    }
    await bench.control().async_load(has_manager=True)
    assert bench.calls[-1] == ("calibration", 3, ())


async def test_nothing_is_stored(bench: Bench) -> None:
    """Nothing is loaded."""
    await bench.control().async_load(has_manager=True)
    assert bench.calls == []


@pytest.mark.parametrize(
    ("options", "has_manager", "asked"),
    [
        (ESTIMATE, True, []),
        ({}, True, ["clear"]),
        (ESTIMATE, False, ["release"]),
        ({}, False, ["clear", "release"]),
    ],
)
@pytest.mark.parametrize("found", ["", "clear", "release"])
async def test_a_limit_without_options_and_an_allowance_without_a_manager(
    bench: Bench,
    options: dict[str, Any],
    asked: list[str],
    found: str,
    *,
    has_manager: bool,
) -> None:
    """They are removed for good."""
    bench.entry.options = options
    bench.flags[found] = True
    await bench.control().async_load(has_manager=has_manager)
    assert bench.calls == [*asked, *(["save"] if found in asked else [])]


async def test_the_end(bench: Bench) -> None:
    """A change of threads is waited for."""
    control = bench.control()
    async with bench.lock:
        closing = asyncio.create_task(control.async_close())
        await asyncio.sleep(1)
        assert bench.calls == []
    await closing
    assert bench.calls == ["close file", "close limit"]
