"""Sensors of readings and counts, without Home Assistant and a miner."""

from collections.abc import Iterator
import time
from types import SimpleNamespace
from typing import Any, cast, override
from unittest.mock import patch

from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.restore_state import RestoredExtraData
from homeassistant.helpers.update_coordinator import CoordinatorEntity
import pytest

from custom_components.xmrig_miner import sensor_control
from custom_components.xmrig_miner.api.pause_reason import PauseReason
from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.sensor_control import (
    XmrigMaxThreadsSensor,
    XmrigPauseReasonSensor,
)
from custom_components.xmrig_miner.sensor_lifetime import (
    LIFETIME_DESCRIPTIONS,
    XmrigLifetimeSensor,
    XmrigLifetimeSensorEntityDescription,
)
from custom_components.xmrig_miner.sensor_reading import (
    XmrigReadingEntityDescription,
    XmrigReadingSensor,
)


class Bench:
    """A miner, and the registry of entities."""

    def __init__(self) -> None:
        """Start with a small miner that is not registered."""
        self.hass: Any = SimpleNamespace()
        self.snapshot = SimpleNamespace(peak_hashrate=None)
        self.coordinator = SimpleNamespace(
            hass=self.hass,
            data=self.snapshot,
            config_entry=SimpleNamespace(entry_id="entry-1"),
            last_update_success=True,
            name="rig-one",
            device_id="device-1",
            restarted=False,
        )
        limit = SimpleNamespace(is_rest_managed="managed")
        self.runtime: Any = SimpleNamespace(
            coordinator=self.coordinator,
            power=SimpleNamespace(limit=limit),
            max_threads=3,
        )
        self.units: dict[str, str | None] = {}
        """The registered units, by entity ID."""
        self.now = 1000.0

    def registry(self, hass: Any) -> Any:
        """Return the registry of entities."""
        assert hass is self.hass

        def find(*given: str) -> str | None:
            entity_id = "sensor.hashrate"
            assert given == ("sensor", DOMAIN, "entry-1_key")
            return entity_id if self.units else None

        def get(entity_id: str) -> Any:
            unit = self.units.get(entity_id)
            return unit and SimpleNamespace(unit_of_measurement=unit)

        return SimpleNamespace(async_get_entity_id=find, async_get=get)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the miner."""
    bench = Bench()
    with (
        patch.object(er, "async_get", bench.registry),
        patch.object(time, "monotonic", lambda: bench.now),
    ):
        yield bench


class Reading(XmrigReadingSensor):
    """A sensor whose reading is given."""

    given: Any = None
    when: Any = None

    @property
    @override
    def reading(self) -> Any:
        """Return the reading."""
        return self.given

    @property
    @override
    def occasion(self) -> Any:
        """Return the occasion; the base has none."""
        return self.when or super().occasion


def make(bench: Bench, **details: Any) -> Reading:
    """Return a sensor."""
    description = XmrigReadingEntityDescription(key="key", **details)
    return Reading(bench.runtime, description)


def publish(sensor: Reading, value: Any) -> Any:
    """Return what is published of a reading."""
    sensor.given = value
    return sensor.native_value


# --- Readings -----------------------------------------------------------------


def test_a_reading_without_noise(bench: Bench) -> None:
    """A small change waits for its interval, or for an occasion."""
    sensor = make(bench, interval=60, noticeable=0.1)
    assert publish(sensor, 100.004) == 100.004
    assert publish(sensor, 109.0) == 100.004
    assert publish(sensor, 111.0) == 111.0
    bench.now += 60
    assert publish(sensor, 112.0) == 112.0
    sensor.when = "occasion"
    assert publish(sensor, 113.0) == 113.0
    assert sensor.native_unit_of_measurement is None
    every = make(bench)
    assert [publish(every, value) for value in (1.0, 1.0001, "text")] == [
        *(1.0, 1.0001, "text")
    ]


@pytest.mark.parametrize(
    ("peak", "registered", "unit", "value", "precision"),
    [
        (None, None, "H/s", 12_350, 1),
        (900.0, None, "H/s", 12_350, 1),
        (12_345.6, None, "kH/s", 12.35, 2),
        # A registered unit stays, unless it is of something else
        (900.0, "kH/s", "kH/s", 12.35, 3),
        (12_345.6, "H/s", "H/s", 12_350, 0),
        (12_345.6, "W", "kH/s", 12.35, 2),
    ],
)
def test_the_unit_of_a_hashrate(
    bench: Bench,
    peak: float | None,
    registered: str | None,
    unit: str,
    value: float,
    precision: int,
) -> None:
    """It suits the miner."""
    bench.snapshot.peak_hashrate = peak
    if registered:
        bench.units["sensor.hashrate"] = registered
    sensor = make(bench, is_hashrate=True)
    assert sensor.native_unit_of_measurement == unit
    assert sensor.suggested_display_precision == precision
    assert publish(sensor, 12_345.6) == value
    assert publish(sensor, None) is None


def test_a_hashrate_whose_entity_is_being_removed(bench: Bench) -> None:
    """It has a new unit."""
    bench.snapshot.peak_hashrate = 12_345.6
    bench.units["sensor.other"] = "H/s"
    assert make(bench, is_hashrate=True).native_unit_of_measurement == "kH/s"


def test_a_reading_of_a_card(bench: Bench) -> None:
    """It is an entity of the card."""
    card: Any = SimpleNamespace(key="cuda_0", name="A", label="A (0)", manufacturer="B")
    description = XmrigReadingEntityDescription(key="key")
    devices = SimpleNamespace(async_get=lambda device_id: None)
    with patch.object(dr, "async_get", lambda hass: devices):
        sensor = Reading(bench.runtime, description, card)
    assert sensor.unique_id == "entry-1_cuda_0_key"


# --- Counts -------------------------------------------------------------------


async def test_a_count_that_continues(bench: Bench) -> None:
    """Across restarts, of the miner as well as of Home Assistant."""
    restored: Any = None
    reported: list[Any] = []

    async def restore() -> Any:
        return restored

    def count() -> Any:
        description = XmrigLifetimeSensorEntityDescription(
            key="key", count_fn=lambda snapshot: cast(Any, snapshot).count, max_step=100
        )
        sensor: Any = XmrigLifetimeSensor(bench.runtime, description)
        sensor.async_get_last_extra_data = restore
        return sensor

    async def added(_: Any) -> None:
        reported.append("added")

    def report(sensor: Any) -> None:
        reported.append(sensor.native_value)

    def poll(sensor: Any, count: int | None, **how: bool) -> Any:
        bench.snapshot.count = count
        vars(bench.coordinator).update(how)
        update = sensor._handle_coordinator_update  # noqa: SLF001
        update()
        vars(bench.coordinator).update(last_update_success=True, restarted=False)
        return reported[-1]

    bench.snapshot.count = 10
    with (
        patch.object(CoordinatorEntity, "async_added_to_hass", added),
        patch.object(CoordinatorEntity, "_handle_coordinator_update", report),
    ):
        sensor = count()
        assert sensor.native_value is None
        await sensor.async_added_to_hass()
        assert reported == ["added", 10]
        assert poll(sensor, 15) == 15
        assert poll(sensor, 50, last_update_success=False) == 15
        assert poll(sensor, 4, restarted=True) == 19
        assert poll(sensor, 1_000_000) == 19
        assert poll(sensor, 6) == 21
        restored = RestoredExtraData(sensor.extra_restore_state_data.as_dict())
        bench.snapshot.count = 8
        again = count()
        await again.async_added_to_hass()
        assert again.native_value == 23


def test_what_is_counted() -> None:
    """Shares and hashes."""
    results = SimpleNamespace(shares_good=7, hashes_total=8)
    snapshot: Any = SimpleNamespace(summary=SimpleNamespace(results=results))
    counts = [description.count_fn(snapshot) for description in LIFETIME_DESCRIPTIONS]
    assert counts == [7, 8]


# --- What limits a miner ------------------------------------------------------


def test_limits(bench: Bench) -> None:
    """The reason of a pause, and the user's threads."""

    def find(snapshot: Any, *, is_managed: Any) -> PauseReason:
        assert (snapshot, is_managed) == (bench.snapshot, "managed")
        return PauseReason.BATTERY

    reason = XmrigPauseReasonSensor(bench.runtime, sensor_control.PAUSE_REASON)
    with patch.object(sensor_control, "pause_reason", find):
        assert reason.native_value is PauseReason.BATTERY
    threads = XmrigMaxThreadsSensor(bench.runtime, sensor_control.MAX_THREADS)
    assert threads.native_value == cast(Any, 3)
