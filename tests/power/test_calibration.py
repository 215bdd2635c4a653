"""The calibration without a miner: what it sends, waits for, stores and returns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import time
from types import SimpleNamespace
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.api.limits import MAX_THREADS
from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.power.calibration import (
    MAX_MISSED,
    MAX_SWITCHES,
    Calibration,
)
from custom_components.xmrig_miner.power.reports import Report
from custom_components.xmrig_miner.power.table import CalibrationResult

FULL = 4
RATE = 430
CARDS = 5.0
MANY = 200
"""Polls that no calibration of four threads takes."""
EACH = 50
"""Seconds that a number of threads takes: it settles for 30, then there are 3 polls."""


RESTORED = [f"threads {MAX_THREADS} of None", "save None"]
"""The last calls of a calibration of a miner without a cap."""


class Bench:
    """A calibration, and stand-ins for all that it uses."""

    def __init__(self) -> None:
        """Start with a miner that has run all threads for an hour."""
        self.calls: list[Any] = []
        """Commands and saves, in order."""
        self.failing: dict[str, Exception] = {}
        """Errors by the first word of a call."""
        self.polls: list[tuple[int | None, int]] = []
        """The progress and the threads at each poll."""
        self.on_poll: dict[int, Any] = {}
        """What happens at polls, by their number."""
        self.watts = {1: 80.0, 2: 110.0, 3: 140.0, 4: 270.0}
        self.interval: int | None = 5
        """Seconds between two reports; None if only changes are reported."""
        self.delay = 5
        """Seconds until a change is reported, if only changes are."""
        self.lock = asyncio.Lock()
        self.started = time.monotonic()
        self.snapshot = SimpleNamespace(
            is_complete=True,
            threads=FULL,
            config=SimpleNamespace(),
            thread_cap=None,
            cpu_profile="rx",
            summary=SimpleNamespace(
                algo="rx/0", hashrate=SimpleNamespace(seconds_10=None)
            ),
        )
        self.coordinator = SimpleNamespace(
            data=self.snapshot,
            name="rig-one",
            last_update_success=True,
            last_exception=None,
            async_refresh=self._refresh,
        )
        self.meter: Any = SimpleNamespace(
            sensor="sensor.plug",
            model=SimpleNamespace(threads=FULL),
            threads_running=FULL,
            stable_since=self.started - 3600,
            cards_watts_now=CARDS,
            cpu_hashrate=None,
            measured=lambda: self.meter.report and self.meter.report.watts,
            report=Report(270, self.started - 3000, is_repeat=False),
            replace_measurement=self._learn,
        )
        self.learned: list[Any] = []
        self.file = SimpleNamespace(async_save=self._save)
        self.calibration = Calibration(
            cast(Any, self.coordinator),
            cast(Any, self._command),
            cast(Any, self.meter),
            self.lock,
            cast(Any, self.file),
        )
        self._show()

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if error := self.failing.get(what.partition(" ")[0]):
            raise error

    async def _save(self) -> None:
        self._call(f"save {self.calibration.threads_before}")

    @asynccontextmanager
    async def _command(self) -> AsyncIterator[Any]:
        assert self.lock.locked()
        yield self

    async def set_threads(self, threads: int, profile: str | None) -> None:
        """Set the threads of the miner."""
        self._call(f"threads {threads} of {profile}")
        threads = min(threads, self.meter.model.threads)
        if threads != self.meter.threads_running:
            self.meter.stable_since = time.monotonic()
        self.snapshot.threads = self.meter.threads_running = threads
        self._show()

    def _show(self) -> None:
        """Show what the miner hashes."""
        threads = self.meter.threads_running
        self.snapshot.summary.hashrate.seconds_10 = RATE * threads + 950
        self.meter.cpu_hashrate = RATE * threads

    async def _refresh(self) -> None:
        threads = self.snapshot.threads
        self._report(self.watts[threads], time.monotonic())
        self.polls.append((self.calibration.progress, threads))
        assert len(self.polls) < MANY, "it does not end"
        if action := self.on_poll.pop(len(self.polls), None):
            action()

    def _report(self, watts: float, now: float) -> None:
        """Report the power of the computer, if the meter does so now."""
        if self.meter.report is None:
            return
        if self.interval is not None:
            self.meter.report = Report(watts, now, is_repeat=True)
        elif watts != self.meter.report.watts:
            at = self.meter.stable_since + self.delay
            self.meter.report = Report(watts, at, is_repeat=False)

    def _learn(self, *measured: Any, **details: Any) -> None:
        self.learned.append((*measured, details))

    @property
    def took(self) -> float:
        """Return how many seconds have passed."""
        return time.monotonic() - self.started

    def numbers(self) -> list[int]:
        """Return the numbers of threads in the results."""
        return [result.threads for result in self.calibration.results]


@pytest.fixture
async def bench(freezer: FrozenDateTimeFactory) -> Bench:
    """Return a calibration on a bench."""
    return Bench()


def result(threads: int, watts: float, **changes: Any) -> CalibrationResult:
    """Return what is measured with a number of threads."""
    values: dict[str, Any] = {
        "hashrate": RATE * threads + 950,
        "cpu_hashrate": RATE * threads,
        "power": watts,
        "cards_power": CARDS,
        "algorithm": "rx/0",
    }
    return CalibrationResult(threads=threads, **(values | changes))


async def failing(awaitable: Any) -> HomeAssistantError:
    """Return the error of a call, which names the miner."""
    with pytest.raises(HomeAssistantError) as raised:
        await awaitable
    error = raised.value
    assert error.translation_domain == DOMAIN
    assert error.translation_placeholders == {"name": "rig-one"}
    return error


# --- What is measured ---------------------------------------------------------


async def test_each_number_of_threads(bench: Bench) -> None:
    """Each one settles first, and the threads from before are on disk meanwhile."""
    results = await bench.calibration.async_run()
    assert results == [result(4, 270), result(3, 140), result(2, 110), result(1, 80)]
    assert bench.calibration.results == results
    assert bench.calls == [
        f"save {MAX_THREADS}",
        *(f"threads {threads} of rx" for threads in (4, 3, 2, 1)),
        *RESTORED,
    ]
    assert bench.polls == [
        *[(0, 4)] * 3,
        *[(25, 3)] * 3,
        *[(50, 2)] * 3,
        *[(75, 1)] * 3,
    ]
    assert bench.took == 4 * EACH
    assert bench.learned == [
        (threads, watts - CARDS, RATE * threads, {"algorithm": "rx/0"} | superseded)
        for threads, watts, superseded in (
            (4, 270, {"superseded": range(4, 5)}),
            (3, 140, {"superseded": range(3, 4)}),
            (2, 110, {"superseded": range(2, 3)}),
            (1, 80, {"superseded": range(1, 2)}),
        )
    ]
    assert not bench.calibration.is_running
    assert bench.calibration.progress is None
    assert bench.calibration.threads_before is None


async def test_many_threads(bench: Bench) -> None:
    """What was learned between two of the numbers is superseded."""
    bench.meter.model.threads = bench.meter.threads_running = 16
    bench.watts = {threads: 50.0 + threads for threads in range(17)}
    await bench.calibration.async_run(12)
    assert bench.numbers() == [12, 11, 9, 6, 4, 2, 1]
    assert [details["superseded"] for *_, details in bench.learned] == [
        range(12, 13),
        range(11, 12),
        range(9, 11),
        range(6, 9),
        range(4, 6),
        range(2, 4),
        range(1, 2),
    ]


@pytest.mark.parametrize(
    ("cap", "expected"), [(2, [2, 1]), (9, [4, 3, 2, 1]), (None, [4, 3, 2, 1])]
)
async def test_the_users_cap(
    bench: Bench, cap: int | None, expected: list[int]
) -> None:
    """It is the most that is measured, if the miner has that many."""
    await bench.calibration.async_run(cap)
    assert bench.numbers() == expected


async def test_the_progress_in_whole_percent(bench: Bench) -> None:
    """A third is less than one more."""
    await bench.calibration.async_run(3)
    assert [progress for progress, _ in bench.polls] == [0] * 3 + [33] * 3 + [66] * 3


async def test_the_cap_from_before(bench: Bench) -> None:
    """It is restored for all algorithms, of which some may have more threads."""
    bench.snapshot.thread_cap = 2
    await bench.calibration.async_run()
    assert bench.calls[0] == "save 2"
    assert bench.calls[-2:] == ["threads 2 of None", "save None"]


async def test_another_algorithm_in_between(bench: Bench) -> None:
    """Its hashes are not mixed with those before."""
    summary = bench.snapshot.summary

    def show(rate: int, algorithm: str) -> Any:
        def change() -> None:
            summary.algo = algorithm
            summary.hashrate.seconds_10 = bench.meter.cpu_hashrate = rate

        return change

    readings = [(9999, "rx/0"), (9999, "rx/wow")]
    readings += [(rate, "rx/wow") for rate in (100, 200, 300)]
    bench.on_poll = {at: show(*reading) for at, reading in enumerate(readings, 1)}
    results = await bench.calibration.async_run(1)
    assert results == [
        result(1, 80, hashrate=200, cpu_hashrate=200, algorithm="rx/wow")
    ]
    assert len(bench.polls) == 5


async def test_an_algorithm_that_keeps_changing(bench: Bench) -> None:
    """A measurement waits for the last change, but not without end."""

    def switch(times: int) -> dict[int, Any]:
        """Show another algorithm at each of so many polls."""
        bench.polls.clear()
        return {
            place: lambda place=place: setattr(
                bench.snapshot.summary, "algo", f"rx/{place}"
            )
            for place in range(1, times + 1)
        }

    most = MAX_SWITCHES - 1
    bench.on_poll = switch(most)
    expected = [result(1, 80, algorithm=f"rx/{most}")]
    assert await bench.calibration.async_run(1) == expected
    assert len(bench.polls) == most + 3
    bench.on_poll = switch(MAX_SWITCHES)
    error = await failing(bench.calibration.async_run(1))
    assert error.translation_key == "calibration_disturbed"
    assert len(bench.polls) == MAX_SWITCHES
    assert bench.calls[-2:] == RESTORED


async def test_hashrates_that_are_unknown(bench: Bench) -> None:
    """The median of the known ones counts, if there are any."""
    hashrate = bench.snapshot.summary.hashrate
    hashrates = iter((None, 100, 300, None, None, None))

    def show() -> None:
        hashrate.seconds_10 = bench.meter.cpu_hashrate = next(hashrates)

    bench.on_poll = dict.fromkeys(range(1, 7), show)
    results = await bench.calibration.async_run(2)
    assert [each.hashrate for each in results] == [200, None]
    assert [each.cpu_hashrate for each in results] == [200, None]


# --- Meters -------------------------------------------------------------------


async def test_a_meter_that_reports_only_changes(bench: Bench) -> None:
    """Its silence counts at once where the load is not new, or once it is quick."""
    bench.interval = None
    results = await bench.calibration.async_run()
    assert [each.power for each in results] == [270, 140, 110, 80]
    assert bench.took == 4 * EACH


async def test_silence_after_a_change(bench: Bench) -> None:
    """It counts once the meter would have shown one, as far as it is known by then."""
    bench.interval = None
    bench.watts = {1: 80.0, 2: 140.0, 3: 140.0, 4: 270.0}
    results = await bench.calibration.async_run()
    assert [each.power for each in results] == [270, 140, 140, 80]
    assert bench.took == 3 * EACH + 60


async def test_a_meter_that_shows_its_first_change_late(bench: Bench) -> None:
    """Until then it may be stuck, or slow: nothing is accepted, and it has time."""
    bench.interval = None
    bench.watts = {1: 80.0, 2: 270.0, 3: 270.0, 4: 270.0}
    kept: list[int] = []
    bench.on_poll = {60: lambda: kept.extend(bench.numbers())}
    results = await bench.calibration.async_run()
    assert kept == []
    assert [each.power for each in results] == [270, 270, 270, 80]
    assert len(bench.learned) == 4
    assert bench.took == EACH + 300 + 300 + EACH


async def test_a_meter_that_is_stuck(bench: Bench) -> None:
    """Nothing is learned from it."""
    bench.interval = None
    bench.watts = dict.fromkeys(bench.watts, 270.0)
    error = await failing(bench.calibration.async_run())
    assert error.translation_key == "power_sensor_unavailable"
    assert bench.learned == []
    assert bench.calibration.results == []
    assert bench.calls[-2:] == RESTORED


async def test_a_single_number_has_nothing_to_compare_with(bench: Bench) -> None:
    """A meter that reports only changes is believed."""
    bench.interval = None
    bench.meter.threads_running = bench.snapshot.threads = 1
    bench.meter.report = Report(80, bench.started - 540, False)
    assert await bench.calibration.async_run(1) == [result(1, 80)]


async def test_a_meter_that_falls_silent(bench: Bench) -> None:
    """What was measured before stays."""
    bench.on_poll = {5: lambda: setattr(bench.meter, "report", None)}
    error = await failing(bench.calibration.async_run())
    assert error.translation_key == "power_sensor_unavailable"
    assert bench.numbers() == [4]
    assert bench.calls[-2:] == RESTORED


# --- Failures of the miner ----------------------------------------------------


async def test_incomplete_polls(bench: Bench) -> None:
    """They are left out, up to as many in a row."""

    def complete(is_complete: bool) -> Any:
        return lambda: setattr(bench.snapshot, "is_complete", is_complete)

    bench.on_poll = {1: complete(False), MAX_MISSED: complete(True)}
    bench.on_poll |= {MAX_MISSED + 1: complete(False), 2 * MAX_MISSED: complete(True)}
    assert await bench.calibration.async_run(1) == [result(1, 80)]
    bench.on_poll = {len(bench.polls) + 1: complete(False)}
    before = len(bench.polls)
    error = await failing(bench.calibration.async_run(1))
    assert error.translation_key == "cannot_connect"
    assert len(bench.polls) == before + MAX_MISSED


@pytest.mark.parametrize("known", [True, False])
async def test_an_unreachable_miner(bench: Bench, *, known: bool) -> None:
    """The threads are restored later."""
    last = HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="invalid_auth",
        translation_placeholders={"name": "rig-one"},
    )

    def leave() -> None:
        bench.coordinator.last_update_success = False
        bench.coordinator.last_exception = last if known else None
        bench.failing["threads"] = HomeAssistantError("unreachable")

    bench.on_poll = {4: leave}
    error = await failing(bench.calibration.async_run())
    assert error.translation_key == ("invalid_auth" if known else "cannot_connect")
    assert (error is last) is known
    assert bench.calibration.threads_before == MAX_THREADS
    assert bench.calls[-1] == RESTORED[0]
    assert not bench.calibration.is_running
    assert bench.calibration.progress is None
    # Once it is back
    bench.failing.clear()
    bench.calls.clear()
    await bench.calibration.async_restore_threads()
    await bench.calibration.async_restore_threads()
    assert bench.calls == RESTORED


async def test_threads_that_were_not_restored_by_an_earlier_one(bench: Bench) -> None:
    """The next one restores them."""
    bench.calibration.load(3, ())
    bench.failing["save"] = HomeAssistantError("disk full")
    with pytest.raises(HomeAssistantError, match="disk full"):
        await bench.calibration.async_run()
    # Restored, although nothing can be stored
    assert bench.calls == ["save 3", "threads 3 of None", "save None"]
    assert bench.calibration.threads_before is None


async def test_other_threads_than_those_to_measure(bench: Bench) -> None:
    """A single reply may belong to another miner; two do not."""

    hashrate = bench.snapshot.summary.hashrate

    def show(rates: list[int]) -> dict[int, Any]:
        """Show hashrates; 0 is one of other threads."""

        def poll(rate: int) -> Any:
            def change() -> None:
                bench.meter.threads_running = 1 if rate else 2
                hashrate.seconds_10 = rate

            return change

        bench.polls.clear()
        return {place: poll(rate) for place, rate in enumerate(rates, 1)}

    single = [0, 100, 0, 200, 300]
    bench.on_poll = show(single)
    assert await bench.calibration.async_run(1) == [result(1, 80, hashrate=200)]
    assert len(bench.polls) == 5
    bench.on_poll = show([0, 100, 0, 0])
    error = await failing(bench.calibration.async_run(1))
    assert error.translation_key == "calibration_disturbed"
    assert bench.calibration.threads_before is None
    # A disturbance at the end of one is none of the next one
    bench.on_poll = show(single)
    assert await bench.calibration.async_run(1) == [result(1, 80, hashrate=200)]


# --- Its end ------------------------------------------------------------------


async def running(bench: Bench, seconds: float) -> asyncio.Task[Any]:
    """Return a calibration that has been running for a while."""
    task = asyncio.create_task(bench.calibration.async_run())
    await asyncio.sleep(seconds)
    assert bench.calibration.is_running
    return task


async def test_cancelling(bench: Bench) -> None:
    """It ends at once, with what was measured."""
    bench.calibration.cancel()
    task = await running(bench, EACH + 5)
    bench.calibration.cancel()
    assert await task == [result(4, 270)]
    assert bench.took == EACH + 5
    assert bench.calls[-2:] == RESTORED
    assert not bench.calibration.is_running
    assert bench.calibration.progress is None


async def test_cancelling_during_a_poll(bench: Bench) -> None:
    """What it would have completed is not measured."""
    bench.on_poll = {3: bench.calibration.cancel}
    assert await bench.calibration.async_run() == []
    assert len(bench.polls) == 3


async def test_cancelling_while_threads_are_changed(bench: Bench) -> None:
    """Nothing is sent to the miner, and the last results stay."""
    before = await bench.calibration.async_run(1)
    bench.calls.clear()
    async with bench.lock:
        task = await running(bench, 60)
        bench.calibration.cancel()
    assert await task == []
    assert bench.calls == []
    assert bench.calibration.results == before


async def test_closing(bench: Bench) -> None:
    """It waits until the threads are restored, and there are no others."""
    task = await running(bench, 5)
    bench.failing["save"] = HomeAssistantError("disk full")
    await bench.calibration.async_close()
    assert not bench.calibration.is_running
    assert bench.calls[-2:] == RESTORED
    assert await task == []
    error = await failing(bench.calibration.async_run())
    assert error.translation_key == "closed"
    assert not isinstance(error, ServiceValidationError)


async def test_closing_without_one(bench: Bench) -> None:
    """It takes no time."""
    async with asyncio.timeout(1):
        await bench.calibration.async_close()


# --- Refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("sensor", None, "no_power_sensor"),
        ("threads_running", 0, "not_mining"),
        ("report", None, "power_sensor_unavailable"),
    ],
)
async def test_what_it_needs(bench: Bench, name: str, value: Any, key: str) -> None:
    """Without it, nothing begins."""
    setattr(bench.meter, name, value)
    error = await failing(bench.calibration.async_run())
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == key
    assert not bench.calibration.is_running
    assert bench.calls == []


async def test_a_config_that_is_not_known(bench: Bench) -> None:
    """The threads to restore are in it: none are changed."""
    bench.snapshot.config = cast(Any, None)
    error = await failing(bench.calibration.async_run())
    assert error.translation_key == "cannot_connect"
    assert bench.calibration.threads_before is None
    assert bench.calls == []


async def test_one_at_a_time(bench: Bench) -> None:
    """The first one continues."""
    bench.calibration.refuse_while_running()
    task = await running(bench, 5)
    error = await failing(bench.calibration.async_run())
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "already_calibrating"
    assert len(await task) == 4


async def test_a_limit_that_changes_threads_comes_first(bench: Bench) -> None:
    """The calibration waits for it, and counts as running."""
    async with bench.lock:
        task = await running(bench, 60)
        assert bench.calls == []
    assert len(await task) == 4


# --- What is stored -----------------------------------------------------------


async def test_what_is_stored_is_loaded(bench: Bench) -> None:
    """Results of an earlier run, and threads that it did not restore."""
    assert bench.calibration.threads_before is None
    assert bench.calibration.results == []
    assert bench.calibration.progress is None
    results = [result(4, 270), result(3, 140)]
    bench.calibration.load(3, [each.as_json() for each in results])
    assert bench.calibration.threads_before == 3
    assert bench.calibration.results == results
    bench.calibration.load(None, ())
    assert bench.calibration.threads_before is None
    assert bench.calibration.results == []


@pytest.mark.parametrize(("threads", "results"), [("3", ()), (3, [[]]), (0.5, ())])
async def test_damaged_data(bench: Bench, threads: Any, results: Any) -> None:
    """The caller starts anew."""
    with pytest.raises((TypeError, ValueError)):
        bench.calibration.load(threads, results)
