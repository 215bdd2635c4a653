"""The power meter without a miner: what it shows, and what it learns and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.core import State
from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner import report_times
from custom_components.xmrig_miner.api.models import Backends, BackendType, Hashrate
from custom_components.xmrig_miner.api.snapshot import Status
from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_SENSOR,
    SETTLE_TIME,
)
from custom_components.xmrig_miner.power import meter as module
from custom_components.xmrig_miner.power.meter import PowerMeter
from custom_components.xmrig_miner.power.model import MAX_WATTS, PowerModel
from custom_components.xmrig_miner.power.reports import READINGS, Report

PLUG = "sensor.plug"
NUMBERS = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 140}
METER = {CONF_POWER_SENSOR: PLUG}
CPU, CUDA, OPENCL = BackendType
START = datetime(2026, 11, 1, tzinfo=dt_util.UTC)


def cpu(threads: int, hashrate: float | None = None) -> dict[str, Any]:
    """Return a CPU backend with threads."""
    return {
        "type": "cpu",
        "enabled": True,
        "hashrate": [hashrate, None, None],
        "threads": [{}] * threads,
    }


def cards(kind: str, *watts: float, enabled: bool = True) -> dict[str, Any]:
    """Return a GPU backend with a card for each power."""
    threads = [
        {"index": index, "health": {"power": power}}
        for index, power in enumerate(watts)
    ]
    return {"type": kind, "enabled": enabled, "threads": threads}


class States(dict[str, State]):
    """The state machine, which takes only texts for entity IDs."""

    def get(self, entity_id: str) -> State | None:  # type: ignore[override]
        """Return a state."""
        return super().get(entity_id.lower())


class Bench:
    """A meter, and stand-ins for all that it reads."""

    def __init__(self, options: dict[str, Any]) -> None:
        """Start with a miner of four threads that hash."""
        self.now = 1000.0
        self.states = States()
        self.snapshot = SimpleNamespace(
            is_complete=True,
            status=Status.MINING,
            is_mining=True,
            backends=Backends.from_json([cpu(4)]),
            threads=4,
            user_threads=4,
            summary=SimpleNamespace(algo="rx/0"),
            hashrate=lambda: Hashrate(seconds_10=400),
            hashrate_now=lambda hashrate: hashrate.seconds_10,
        )
        self.coordinator = SimpleNamespace(
            data=self.snapshot,
            last_update_success=True,
            config_entry=SimpleNamespace(options=options),
        )
        self.entities: dict[str, SimpleNamespace] = {}
        """The registry of entities, by entity ID."""
        self.hass = SimpleNamespace(states=self.states)

    def utcnow(self) -> datetime:
        """Return the time."""
        return START + timedelta(seconds=self.now)

    def meter(self) -> PowerMeter:
        """Return the meter."""
        return PowerMeter(cast(Any, self.hass), cast(Any, self.coordinator))

    def report(self, value: str, unit: str = "W") -> None:
        """Let the plug report a power."""
        self.states[PLUG] = State(
            PLUG,
            value,
            {"unit_of_measurement": unit},
            last_reported=self.utcnow(),
            last_updated=self.utcnow(),
        )

    def repeat(self) -> None:
        """Let the plug report the same power again."""
        state = self.states[PLUG]
        self.states[PLUG] = State(
            PLUG,
            state.state,
            state.attributes,
            last_reported=self.utcnow(),
            last_updated=state.last_updated,
        )

    def run(self, **values: Any) -> None:
        """Let the miner do something else."""
        if "backends" in values:
            values["backends"] = Backends.from_json(values["backends"])
        for name, value in values.items():
            setattr(self.snapshot, name, value)

    def watch(
        self, meter: PowerMeter, seconds: int, watts: float | None = None
    ) -> None:
        """Poll every ten seconds, each time with a report."""
        for _ in range(0, seconds, 10):
            self.now += 10
            if watts is not None:
                self.report(str(watts))
            meter.observe()


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the miner, for tests to override."""
    return NUMBERS


@pytest.fixture
def bench(options: dict[str, Any]) -> Iterator[Bench]:
    """Return a meter on a bench."""
    bench = Bench(options)
    registry = SimpleNamespace(async_get=bench.entities.get)
    with (
        patch.object(module, "er", SimpleNamespace(async_get=lambda _hass: registry)),
        patch.object(module, "time", SimpleNamespace(monotonic=lambda: bench.now)),
        patch.object(
            module, "dt_util", (clock := SimpleNamespace(utcnow=bench.utcnow))
        ),
        patch.object(report_times, "dt_util", clock),
    ):
        yield bench


with_plug = pytest.mark.parametrize("options", [METER])
with_both = pytest.mark.parametrize("options", [METER | NUMBERS])


# --- What is shown ------------------------------------------------------------


def test_an_estimate(bench: Bench) -> None:
    """It is of the threads that run, while the miner is online."""
    meter = bench.meter()
    assert meter.watts == 60
    assert meter.cards_watts == 0
    assert meter.changed_at == bench.utcnow()
    meter.observe()
    assert meter.watts == meter.expected == 140
    assert meter.is_estimated
    assert meter.report is None
    assert meter.efficiency == 400 / 140
    bench.run(backends=[cpu(2)])
    meter.observe()
    assert meter.threads_running == 2
    assert meter.watts == 100
    bench.coordinator.last_update_success = False
    assert meter.watts is None
    assert meter.expected == 100
    assert meter.efficiency is None


@with_both
def test_a_measurement(bench: Bench) -> None:
    """It comes first, also while the miner is offline."""
    meter = bench.meter()
    assert meter.sensor == PLUG
    meter.observe()
    bench.report("0.2", "kW")
    assert meter.watts == meter.measured() == 200
    assert not meter.is_estimated
    assert meter.efficiency == 2
    assert meter.report == Report(200, bench.now, is_repeat=False)
    assert meter.expected == 140
    bench.coordinator.last_update_success = False
    assert meter.watts == 200
    assert meter.efficiency is None
    bench.report("unavailable")
    assert meter.watts is None
    assert meter.is_estimated
    assert meter.report is None


@with_plug
def test_a_measurement_of_nothing(bench: Bench) -> None:
    """Zero is a reading, but has no efficiency."""
    meter = bench.meter()
    bench.report("0")
    assert meter.watts == 0
    assert not meter.is_estimated
    assert meter.efficiency is None


@with_plug
def test_an_efficiency_without_a_hashrate(bench: Bench) -> None:
    """It is unknown, but not that of none."""
    meter = bench.meter()
    bench.report("100")
    bench.run(hashrate=Hashrate)
    assert meter.efficiency is None
    bench.run(hashrate=lambda: Hashrate(seconds_10=0))
    assert meter.efficiency == 0


@with_plug
def test_a_report_that_repeats_a_value(bench: Bench) -> None:
    """It was reported later than it was updated."""
    meter = bench.meter()
    bench.report("100")
    bench.now += 1
    bench.repeat()
    assert meter.report == Report(100, bench.now, is_repeat=True)


# --- Limits -------------------------------------------------------------------


def test_bounds_of_a_limit(bench: Bench) -> None:
    """In whole W, of the threads and the cards."""
    meter = bench.meter()
    bench.run(backends=[cpu(4), cards("cuda", 100.2, 0.5)])
    meter.observe()
    assert meter.full_load == 241
    assert meter.minimum_power == 181
    assert meter.cards_watts == pytest.approx(100.7)
    assert meter.cards_watts_now == pytest.approx(100.7)
    assert [meter.threads_within(watts) for watts in (180, 181, 241)] == [0, 1, 4]
    bench.run(backends=[cpu(4), cards("cuda", *[9_990] * 11)])
    meter.observe()
    assert meter.full_load == MAX_WATTS


def test_bounds_without_the_cpu(bench: Bench) -> None:
    """There are no steps: it runs or not."""
    meter = bench.meter()
    bench.run(backends=[cpu(0) | {"enabled": False}, cards("cuda", 100)])
    meter.observe()
    assert not meter.uses_cpu
    assert meter.full_load == meter.minimum_power == 160
    assert [meter.threads_within(watts) for watts in (159, 160)] == [0, 4]


def test_a_miner_without_thread_profiles(bench: Bench) -> None:
    """Its config never enabled the CPU, and so has none; its cards fit or not."""
    meter = bench.meter()
    off = cpu(0) | {"enabled": False}
    bench.run(user_threads=None, threads=None, backends=[off, cards("cuda", 100)])
    meter.observe()
    assert [meter.threads_within(watts) for watts in (159, 160)] == [0, 1]


@pytest.mark.parametrize("options", [{}])
def test_bounds_that_are_unknown(bench: Bench) -> None:
    """Neither is measured nor estimated."""
    meter = bench.meter()
    meter.observe()
    assert meter.full_load is None
    assert meter.minimum_power is None
    assert meter.expected is None
    bench.run(backends=[cpu(0) | {"enabled": False}, cards("cuda", 100)])
    meter.observe()
    assert meter.threads_within(1) == 4


def test_cards_that_rest_still_count(bench: Bench) -> None:
    """A limit that paused them would else find that they fit again."""
    meter = bench.meter()
    bench.run(backends=[cpu(4), cards("cuda", 100), cards("opencl", 50)])
    meter.observe()
    bench.run(status=Status.PAUSED, is_mining=False)
    meter.observe()
    assert meter.cards_watts == 150
    assert meter.cards_watts_now == 0
    assert meter.threads_running == 0
    assert meter.watts == 60
    # A backend that is disabled draws nothing, and is not started either
    bench.run(backends=[cpu(4), cards("cuda", 100), cards("opencl", enabled=False)])
    meter.observe()
    assert meter.cards_watts == 100


def test_a_stopped_miner_starts_with_what_it_used(bench: Bench) -> None:
    """No backend is enabled then, which says nothing of the next start."""
    meter = bench.meter()
    bench.run(backends=[cpu(4), cards("cuda", 100)])
    meter.observe()
    off = cards("cuda", enabled=False)
    bench.run(backends=[cpu(0) | {"enabled": False}, off], status=Status.STOPPED)
    meter.observe()
    assert meter.uses_cpu
    assert meter.cards_watts == 100


def test_only_the_power_of_cards_that_hash_is_learned(bench: Bench) -> None:
    """Those of a backend that starts draw less, and count as they draw."""
    meter = bench.meter()
    bench.run(status=Status.STARTING, backends=[cpu(4), cards("cuda", 30)])
    meter.observe()
    assert meter.cards_watts_now == 30
    assert meter.threads_running == 4
    assert meter.cards_watts == 0
    for nothing in (cards("cuda"), cards("cuda", 0)):
        bench.run(backends=[cpu(4), nothing])
        meter.observe()
        assert meter.cards_watts_now == 0


# --- Incomplete polls ----------------------------------------------------------


def test_a_first_poll_that_is_incomplete(bench: Bench) -> None:
    """The config says how many threads there are."""
    meter = bench.meter()
    bench.run(is_complete=False, backends=[])
    meter.observe()
    assert meter.model.threads == 4
    assert meter.threads_running == 4
    bench.run(user_threads=8, threads=None)
    meter.observe()
    assert meter.model.threads == 4
    assert meter.threads_running == 4
    bench.run(threads=3)
    meter.observe()
    assert meter.threads_running == 3


@pytest.mark.parametrize(
    ("values", "running"),
    [
        ({"is_mining": False, "status": Status.PAUSED}, 0),
        ({"is_mining": None, "status": None}, 4),
        ({"is_mining": True, "status": Status.STARTING}, 4),
        ({"is_mining": True, "status": Status.MINING}, 2),
    ],
)
def test_an_incomplete_poll(bench: Bench, values: dict[str, Any], running: int) -> None:
    """What is not known stays as it was."""
    meter = bench.meter()
    bench.run(backends=[cpu(4), cards("cuda", 100)])
    meter.observe()
    bench.run(is_complete=False, threads=2, **values)
    meter.observe()
    assert meter.threads_running == running
    assert meter.cards_watts_now == (100 if running else 0)


def test_an_incomplete_poll_without_the_cpu(bench: Bench) -> None:
    """Its threads do not run."""
    meter = bench.meter()
    bench.run(backends=[cpu(0) | {"enabled": False}, cards("cuda", 100)])
    meter.observe()
    bench.run(is_complete=False)
    meter.observe()
    assert meter.threads_running == 0


def test_a_miner_that_says_nothing_of_its_profiles(bench: Bench) -> None:
    """Its running threads are all that are known."""
    meter = bench.meter()
    bench.run(user_threads=None, backends=[cpu(3)])
    meter.observe()
    assert meter.model.threads == 3
    bench.run(backends=[])
    meter.observe()
    assert meter.model.threads == 3
    assert meter.threads_running == 0


# --- Learning -----------------------------------------------------------------


@with_both
def test_a_load_is_learned_once_it_is_stable(bench: Bench) -> None:
    """With its hashrate, and without the power of the cards."""
    meter = bench.meter()
    bench.run(backends=[cpu(4, 1000), cards("cuda", 100)])
    meter.observe()
    began = bench.utcnow()
    assert meter.changed_at == began
    bench.watch(meter, SETTLE_TIME - 10, 290)
    assert meter.model.watts(4) == 140
    bench.watch(meter, 10, 290)
    assert meter.model.watts(4) != 140
    bench.watch(meter, 100, 290)
    assert meter.changed_at == began
    assert meter.model.watts(4) == 190
    assert meter.model.hashrate(4) == 1000
    assert meter.cpu_hashrate == 1000


@with_both
@pytest.mark.parametrize(
    "other",
    [
        {"backends": [cpu(3)]},
        {"backends": [cpu(4), cards("cuda", 100)]},
        {"summary": SimpleNamespace(algo="rx/wow")},
        {"status": Status.PAUSED},
    ],
)
def test_another_load_starts_again(bench: Bench, other: dict[str, Any]) -> None:
    """The meter has yet to show it."""
    meter = bench.meter()
    meter.observe()
    bench.watch(meter, SETTLE_TIME - 10, 150)
    bench.run(**other)
    bench.watch(meter, SETTLE_TIME, 150)
    assert meter.changed_at == bench.utcnow() - timedelta(seconds=SETTLE_TIME - 10)
    assert meter.model.watts(4) == 140
    assert meter.model.watts(0) == 60


@with_both
def test_reports_of_the_load_before_do_not_count(bench: Bench) -> None:
    """The first one of another load stands alone."""
    meter = bench.meter()
    meter.observe()
    bench.watch(meter, 100, 150)
    bench.run(backends=[cpu(3)])
    meter.observe()
    expected = meter.expected
    bench.now += SETTLE_TIME
    bench.report("300")
    bench.watch(meter, 30)
    assert meter.expected == expected


@with_both
def test_an_incomplete_poll_starts_again(bench: Bench) -> None:
    """What happened meanwhile is unknown."""
    meter = bench.meter()
    meter.observe()
    bench.watch(meter, SETTLE_TIME - 10, 150)
    bench.run(is_complete=False)
    bench.watch(meter, 10, 150)
    bench.run(is_complete=True)
    bench.watch(meter, SETTLE_TIME, 150)
    assert meter.model.watts(4) == 140
    bench.watch(meter, SETTLE_TIME, 150)
    assert meter.model.watts(4) == 150


@with_both
def test_a_miner_that_starts_without_threads_is_not_learned(bench: Bench) -> None:
    """It may be building its dataset on all cores."""
    meter = bench.meter()
    bench.run(status=Status.STARTING, backends=[cpu(0)])
    meter.observe()
    bench.watch(meter, 100, 130)
    assert meter.model.watts(0) == 60
    bench.run(status=Status.PAUSED, backends=[cpu(4, 12)])
    bench.watch(meter, 100, 50)
    assert meter.model.watts(0) == 50
    assert meter.model.hashrates_seen == {}


def test_hashrates_of_each_algorithm_are_learned(bench: Bench) -> None:
    """A miner may switch at any time."""
    meter = bench.meter()
    for algorithm, hashrate in (("rx/0", 400), ("cn/gpu", 9), ("rx/0", 400)):
        bench.run(summary=SimpleNamespace(algo=algorithm))
        bench.run(backends=[cpu(4, hashrate)])
        bench.watch(meter, SETTLE_TIME + 20)
        assert meter.model.hashrate(4) == hashrate


def test_hashes_without_a_job_are_not_learned(bench: Bench) -> None:
    """MoneroOcean's build measures all algorithms before it connects."""
    meter = bench.meter()
    bench.run(backends=[cpu(4, 400)])
    bench.watch(meter, SETTLE_TIME + 20)
    bench.run(summary=SimpleNamespace(algo=None), backends=[cpu(4, 9)])
    bench.watch(meter, SETTLE_TIME + 20)
    assert meter.model.hashrate(4) == 400


@with_both
def test_a_miner_that_starts_with_threads_is_learned(bench: Bench) -> None:
    """It has a job, but no full window yet."""
    meter = bench.meter()
    bench.run(status=Status.STARTING)
    meter.observe()
    bench.watch(meter, 100, 150)
    assert meter.model.watts(4) == 150


@with_both
def test_reports_from_before_a_load_has_settled_are_not_learned(bench: Bench) -> None:
    """Unless the sensor is silent from then on for long."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME / 2 - 1
    bench.report("150")
    bench.watch(meter, 50)
    assert meter.model.watts(4) == 140
    bench.run(backends=[cpu(3)])
    meter.observe()
    bench.now += SETTLE_TIME / 2
    bench.report("125")
    bench.watch(meter, 100)
    assert meter.model.watts(3) == 125


@with_both
def test_a_sensor_that_reports_only_changes_is_learned_from(bench: Bench) -> None:
    """Its silence after a change is a reading."""
    meter = bench.meter()
    meter.observe()
    bench.run(backends=[cpu(3)])
    meter.observe()
    bench.now += 5
    bench.report("131")
    bench.watch(meter, 50)
    assert meter.model.watts(3) == 120
    bench.watch(meter, 10)
    assert meter.model.watts(3) == 131


@with_both
def test_a_sensor_that_repeats_itself_is_waited_for(bench: Bench) -> None:
    """It reports at intervals: the first report after a change may average both."""
    meter = bench.meter()
    for _ in range(2):
        bench.now += 10
        bench.report("140")
        bench.now += 1
        bench.repeat()
        meter.observe()
    bench.run(backends=[cpu(3)])
    meter.observe()
    bench.now += 5
    bench.report("131")
    bench.watch(meter, 290)
    assert meter.model.watts(3) == 120
    bench.watch(meter, 10)
    assert meter.model.watts(3) == 131


@with_both
def test_a_report_is_one_reading_however_long_it_is_shown(bench: Bench) -> None:
    """Copies of it do not outweigh later ones."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME
    bench.report("150")
    bench.watch(meter, 300)
    assert meter.model.watts_seen[4].weight == 1
    bench.watch(meter, 10, 154)
    assert meter.model.watts(4) == 152


@with_both
@pytest.mark.parametrize(
    ("watts", "is_learned"), [(210, True), (211, False), (70, True), (69, False)]
)
def test_an_outlier_counts_once_others_agree(
    bench: Bench, watts: float, *, is_learned: bool
) -> None:
    """A single report that is far from what is expected may be wrong."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME
    bench.report(str(watts))
    bench.watch(meter, 60)
    assert (meter.model.watts(4) == watts) is is_learned
    bench.watch(meter, 10 * READINGS, watts)
    assert meter.model.watts(4) == watts


@pytest.mark.parametrize(
    "options", [METER | {CONF_IDLE_POWER: 10, CONF_FULL_POWER: 40}]
)
def test_a_small_computer_may_differ_by_more_than_half(bench: Bench) -> None:
    """By 50 W."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME
    bench.report("90")
    bench.watch(meter, 10)
    assert meter.model.watts(4) == 90


@with_plug
def test_the_first_reading_of_all(bench: Bench) -> None:
    """Nothing is expected yet."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME
    bench.report("500")
    bench.watch(meter, 10)
    assert meter.model.watts(4) == 500


@with_both
def test_the_median_of_the_last_three_reports(bench: Bench) -> None:
    """Each counts once, however often it is read."""
    meter = bench.meter()
    meter.observe()
    bench.now += SETTLE_TIME
    seen: list[Any] = []

    def note(threads: int, *, watts: float | None, hashrate: float | None) -> Any:
        seen.append((threads, watts, hashrate))
        return meter.model

    with patch.object(PowerModel, "with_sample", side_effect=note):
        for watts in (150, 160, 400, 170, 180):
            bench.now += 1
            bench.report(str(watts))
            meter.observe()
            meter.observe()
    medians = (150, 160, 160, 170, 180)
    assert seen == [(4, taught, None) for watts in medians for taught in (watts, None)]


@pytest.mark.parametrize("options", [{}])
def test_a_hashrate_is_learned_without_a_meter(bench: Bench) -> None:
    """It needs none."""
    meter = bench.meter()
    bench.run(backends=[cpu(4, 1000)])
    meter.observe()
    bench.watch(meter, 100)
    assert meter.model.hashrate(4) == 1000
    bench.run(backends=[])
    assert meter.cpu_hashrate is None
    bench.snapshot.backends = None
    assert meter.cpu_hashrate is None


@with_both
def test_a_measurement_of_a_calibration_replaces_what_was_learned(bench: Bench) -> None:
    """Of the superseded numbers of threads."""
    meter = bench.meter()
    meter.observe()
    bench.watch(meter, 200, 150)
    bench.run(backends=[cpu(3)])
    bench.watch(meter, 200, 125)
    meter.replace_measurement(4, 155, 900, algorithm="rx/0", superseded={3, 4})
    assert meter.model.watts(4) == 155
    assert meter.model.hashrate(4) == 900
    assert meter.model.watts(3) != 125


@with_both
def test_a_measurement_of_another_algorithm(bench: Bench) -> None:
    """Its hashrate is not one of the current one."""
    meter = bench.meter()
    meter.observe()
    meter.replace_measurement(4, 155, 900, algorithm="rx/wow", superseded={4})
    assert meter.model.algorithm == "rx/0"
    assert meter.model.watts(4) == 155
    assert meter.model.hashrates_seen == {}
    assert meter.model.for_algorithm("rx/wow").hashrate(4) == 900


# --- Stored -------------------------------------------------------------------


def learned(bench: Bench) -> dict[str, Any]:
    """Return what a meter learned, as JSON values."""
    meter = bench.meter()
    bench.run(backends=[cpu(4, 1000), cards("cuda", 100)])
    meter.observe()
    bench.watch(meter, 200, 250)
    return meter.as_json()


@with_both
def test_what_was_learned_is_loaded(bench: Bench) -> None:
    """As it was."""
    stored = learned(bench)
    assert stored["sensor"] == PLUG
    assert stored["cards"] == {"cuda": 100}
    meter = bench.meter()
    meter.load(stored)
    assert meter.as_json() == stored
    meter.observe()
    assert meter.expected == 250
    assert meter.model.hashrate(4) == 1000


@with_both
@pytest.mark.parametrize(
    ("sensor", "stored_id", "current_id", "is_kept"),
    [
        ("sensor.former", "id", "id", True),
        (PLUG, "id", "another", False),
        (PLUG, None, "id", True),
        (PLUG, "id", None, True),
        ("sensor.former", None, "id", False),
    ],
)
def test_a_renamed_sensor(
    bench: Bench,
    sensor: str,
    stored_id: str | None,
    current_id: str | None,
    is_kept: bool,
) -> None:
    """It is known by what a rename keeps, and by its entity ID only without that."""
    stored = learned(bench) | {"sensor": sensor, "registry_id": stored_id}
    if current_id:
        bench.entities[PLUG] = SimpleNamespace(id=current_id)
    meter = bench.meter()
    meter.load(stored)
    assert meter.as_json()["registry_id"] == current_id
    meter.observe()
    assert meter.expected == (250 if is_kept else 240)


@with_both
def test_what_another_sensor_measured_is_not_loaded(bench: Bench) -> None:
    """But the hashrates are."""
    stored = learned(bench) | {"sensor": "sensor.other"}
    meter = bench.meter()
    meter.load(stored)
    meter.observe()
    assert meter.expected == 240
    assert meter.model.hashrate(4) == 1000
