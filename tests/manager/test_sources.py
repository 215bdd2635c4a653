"""The power of grid and battery is calculated from the available sensors."""

import math

import pytest

from custom_components.xmrig_miner.manager import Flow, Meters, Reading, Sample, Sources
from custom_components.xmrig_miner.manager.sources import MAX_WATTS

SAMPLES = {
    "in": Sample(300, 10),
    "out": Sample(1.2, 12, "kW"),
    "l1": Sample(-100, 5),
    "l2": Sample(50, 6),
    "l3": Sample(20, 7),
    "broken": Sample(None, 12),
    "odd": Sample(5, 12, "kWh"),
    "nan": Sample(math.nan, 12),
    "steady": Sample(0, -9000),
}


@pytest.mark.parametrize(
    ("flow", "watts"),
    [
        (Flow(("in",)), 300),
        (Flow((), ("out",)), -1200),
        (Flow(("in",), ("out",)), -900),
        (Flow(("l1", "l2", "l3")), -30),
        (Flow(("in",), ("steady",)), 300),
    ],
)
def test_all_kinds_of_meters_are_one_power(flow: Flow, watts: float) -> None:
    """Signed either way, import and export as two, phases; W and kW."""
    reading = flow.reading(SAMPLES)
    assert reading
    assert reading.watts == watts


@pytest.mark.parametrize("sensor", ["broken", "odd", "nan", "missing"])
def test_a_part_that_is_unknown_makes_all_unknown(sensor: str) -> None:
    """Half a meter does not count."""
    assert Flow(("in", sensor)).reading(SAMPLES) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_an_absurd_power_is_unknown(sign: int) -> None:
    """In kW, it would even be infinite, and not a number as a change."""
    most = sign * MAX_WATTS
    assert Sample(most, 0).watts == most
    assert Sample(most / 1000, 0, "kW").watts == most
    assert Sample(math.nextafter(most, sign * math.inf), 0).watts is None
    assert Sample(sign * 1e306, 0, "kW").watts is None
    assert Sample(sign * math.inf, 0).watts is None


def test_no_sensors_are_no_reading() -> None:
    """Not one of 0 W."""
    assert Flow().reading(SAMPLES) is None


def test_a_reading_knows_its_oldest_part() -> None:
    """One that reports only changes is not waited for."""
    assert Flow(("l1", "l2", "l3")).reading(SAMPLES) == Reading(-30, 7, 5)
    assert Flow(("in",), ("steady",)).reading(SAMPLES) == Reading(300, 10, 10, False)
    # Two minutes are still together
    assert Reading.of(0, [130, 10]) == Reading(0, 130, 10)
    assert Reading.of(0, [130.1, 10]) == Reading(0, 130.1, 130.1, False)


@pytest.mark.parametrize(
    ("import_at", "export_at", "gathered_at"),
    [
        (100, 100.2, None),
        (101, 100, None),
        # Each second: the other one is due at any moment, and so would be the next
        (101, 100.2, None),
        (110, 100.2, 111),
        (300, 100, 301),
    ],
)
def test_sensors_that_belong_together(
    import_at: float, export_at: float, gathered_at: float | None
) -> None:
    """They are waited for as long as one of them is late, but not without end."""
    samples = {"in": Sample(300, import_at), "out": Sample(0, export_at)}
    meters = Sources(grid=Flow(("in",), ("out",))).meters(samples)
    assert meters.gathered_at == gathered_at


def test_the_meters_of_a_house() -> None:
    """Missing and unknown are different."""
    sources = Sources(
        grid=Flow(("in",), ("out",)), battery=Flow(("broken",)), battery_level="nan"
    )
    meters = sources.meters(SAMPLES)
    assert meters.grid == Reading(-900, 12, 10)
    assert (meters.has_battery, meters.battery) == (True, None)
    assert (meters.has_level, meters.battery_level) == (True, None)
    assert meters.gathered_at == 13
    alone = Sources(grid=Flow(("in",))).meters(SAMPLES)
    assert alone.parts == 1
    assert (alone.has_battery, alone.has_level, alone.gathered_at) == (
        False,
        False,
        None,
    )


def test_all_meters_of_a_house() -> None:
    """Each is read from its own sensors."""
    sources = Sources(
        grid=Flow(("l1", "l2", "l3")), battery=Flow(("in",)), battery_level="l2"
    )
    meters = sources.meters(SAMPLES)
    assert meters == Meters(
        grid=Reading(-30, 7, 5),
        battery=Reading(300, 10, 10),
        has_battery=True,
        battery_level=50,
        has_level=True,
        parts=4,
    )
    # The battery reported last, and the grid is waited for
    assert meters.reported_at == 10
    assert meters.gathered_at == 11


def test_the_sum_of_two_readings() -> None:
    """It is whole if both are, and if they belong together."""
    old, new = Reading(1, 10, 5), Reading(2, 12, 11)
    assert old.plus(new) == new.plus(old) == Reading(3, 12, 5)
    partial = Reading(1, 10, 5, is_whole=False)
    assert partial.plus(new) == new.plus(partial) == Reading(3, 12, 5, is_whole=False)
    later = Reading(2, 500, 490)
    assert old.plus(later) == Reading(3, 500, 490, is_whole=False)


def test_meters_whose_grid_is_unknown() -> None:
    """There is nothing to wait for."""
    meters = Meters(grid=None, battery=Reading(300, 10, 10), parts=2)
    assert meters.reported_at is None
    assert meters.gathered_at is None
    assert Meters(grid=Reading(5, 9, 9)).reported_at == 9
