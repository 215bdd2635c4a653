"""Tests of noise, units and precision of readings."""

import math

import pytest

from custom_components.xmrig_miner.readings import (
    HASHRATE_UNITS,
    NOTICEABLE,
    SteadyReading,
    display_precision,
    displayed_maximum,
    hashrate_unit,
    rounded,
    significant,
)

INTERVAL = 60


@pytest.fixture
def steady() -> SteadyReading:
    """Return a reading that shows 100 since 1000 s."""
    steady = SteadyReading(INTERVAL)
    assert steady.update(100, 1000) == 100
    return steady


@pytest.mark.parametrize("noise", [-NOTICEABLE, -0.001, 0.001, NOTICEABLE])
def test_noise_waits(steady: SteadyReading, noise: float) -> None:
    """It is shown after the interval, which then starts again."""
    value = 100 * (1 + noise)
    assert steady.update(value, 1000) == 100
    assert steady.update(value, 1000 + INTERVAL - 0.1) == 100
    assert steady.update(value, 1000 + INTERVAL) == value
    assert steady.update(value + 0.1, 1000 + 2 * INTERVAL - 0.1) == value
    assert steady.update(value + 0.1, 1000 + 2 * INTERVAL) == value + 0.1


@pytest.mark.parametrize("value", [0, 94.9, 105.3, 200, None])
def test_a_noticeable_change_shows_at_once(
    steady: SteadyReading, value: float | None
) -> None:
    """And so does the change back."""
    assert steady.update(value, 1001) == value
    assert steady.update(100, 1002) == 100


def test_nothing_is_not_noise(steady: SteadyReading) -> None:
    """From zero, every change is noticeable."""
    steady.update(0, 1001)
    assert steady.update(0.001, 1002) == 0.001


def test_small_changes_are_noise_for_any_reading() -> None:
    """As of a surplus around zero."""
    steady = SteadyReading(INTERVAL, least=20)
    assert steady.update(0, 1000) == 0
    assert steady.update(20, 1001) == 0
    assert steady.update(-20.1, 1002) == -20.1
    assert steady.update(1000, 1003) == 1000
    # A share of it is more
    assert steady.update(1049, 1004) == 1000


def test_the_interval_begins_with_what_shows(steady: SteadyReading) -> None:
    """A noticeable change restarts it, an equal value does not."""
    steady.update(200, 1030)
    assert steady.update(201, 1060) == 200
    assert steady.update(200, 1089) == 200
    assert steady.update(201, 1090) == 201


def test_another_occasion_makes_every_change_noticeable(steady: SteadyReading) -> None:
    """Only once."""
    assert steady.update(101, 1001, "threads changed") == 101
    assert steady.update(102, 1002, "threads changed") == 101


def test_an_occasion_waits_for_its_change(steady: SteadyReading) -> None:
    """The change may follow later."""
    steady.update(100, 1001, "threads changed")
    assert steady.update(101, 1002, "threads changed") == 101


def test_only_the_time_counts_where_nothing_is_noticeable() -> None:
    """Only the interval counts, for example for energy."""
    steady = SteadyReading(INTERVAL, noticeable=math.inf)
    assert steady.update(0.1, 0) == 0.1
    assert steady.update(0.2, INTERVAL - 1) == 0.1
    assert steady.update(0.2, INTERVAL) == 0.2


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (0, 0),
        (10.23456, 10.23),
        (1720.55, 1721),
        (12345.6, 12350),
        (0.0123456, 0.01235),
    ],
)
def test_significant_digits(value: float, rounded: float) -> None:
    """Four digits, for any size."""
    assert significant(value) == rounded


@pytest.mark.parametrize(
    ("size", "unit", "shown"),
    [
        (10.234, "H/s", "10.23"),
        (430.54, "H/s", "430.5"),
        (1720.6, "H/s", "1,721"),
        (9_999, "H/s", "9,999"),
        (10_000, "kH/s", "10.00"),
        (123_456, "kH/s", "123.5"),
        (999_999, "kH/s", "1,000.0"),
        (1_000_000, "MH/s", "1.000"),
        (50_123_456, "MH/s", "50.12"),
    ],
)
def test_hashrates_are_readable(size: float, unit: str, shown: str) -> None:
    """From a single board computer to a rig of graphics cards."""
    assert hashrate_unit(size) == unit
    value = size / HASHRATE_UNITS[unit]
    assert f"{significant(value):,.{display_precision(value)}f}" == shown


@pytest.mark.parametrize(("size", "precision"), [(None, 1), (0, 1), (0.5, 3)])
def test_precision_of_odd_sizes(size: float | None, precision: int) -> None:
    """Unknown and tiny values have a fitting precision."""
    assert display_precision(size) == precision
    assert hashrate_unit(size) == "H/s"


def test_without_an_interval_everything_is_published() -> None:
    """Texts and times as well; with one, only numbers are readings."""
    every = SteadyReading(0)
    for now, value in enumerate((1.0, 1.001, "text", None, 1.001)):
        assert every.publish(value, now) == value
    steady = SteadyReading(INTERVAL)
    assert [steady.publish(value, 0) for value in (100, 101, 106.0)] == [100, 100, 106]
    assert steady.publish(107, 0, "an occasion") == 107
    assert steady.publish("text", 0) is None


@pytest.mark.parametrize(
    ("full", "before", "shown"),
    [
        (231, None, 240),
        (240, None, 240),
        (995, None, 1000),
        (1000.5, None, 1100),
        (240, 300, 300),
        (300, 300, 300),
        (239.9, 300, 240),
        (300.1, 300, 310),
    ],
)
def test_the_maximum_of_a_slider(
    full: float, before: float | None, shown: float
) -> None:
    """It is rounded up, and stays while it fits."""
    assert displayed_maximum(full, before) == shown


def test_noise_in_the_digits() -> None:
    """Unknown stays unknown."""
    assert rounded(None) is rounded(None, 1) is None
    assert (rounded(12.345), rounded(12.345, 1)) == (12, 12.3)
