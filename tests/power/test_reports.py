"""Tests of which reports of a power sensor count as readings."""

from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner.power.reports import Readings, Report

START = datetime(2026, 6, 1, 12, tzinfo=dt_util.UTC)


def at(seconds: float) -> datetime:
    """Return a time after the start."""
    return START + timedelta(seconds=seconds)


def report(watts: float, seconds: float, *, is_repeat: bool = False) -> Report:
    """Return a report."""
    return Report(watts, at(seconds), is_repeat)


@pytest.fixture
def readings() -> Readings:
    """Return readings of a load that was set at the start."""
    readings = Readings(START)
    readings.begin(START)
    return readings


def test_nothing_is_known_without_a_report(readings: Readings) -> None:
    """However long that takes."""
    assert readings.watts(at(1000)) is None


def test_the_median_of_three_reports_counts(readings: Readings) -> None:
    """At once."""
    for seconds, watts in ((20, 100), (30, 900), (40, 110)):
        assert readings.watts(at(seconds)) is None
        readings.add(report(watts, seconds))
    assert readings.watts(at(40)) == 110


def test_the_same_report_counts_once(readings: Readings) -> None:
    """Copies of it are no further readings."""
    for seconds in (20, 25, 30):
        assert readings.watts(at(seconds)) is None
        for _ in range(5):
            readings.add(report(seconds, seconds))
    assert readings.watts(at(30)) == 25


def test_reports_while_the_load_changes_are_no_readings(readings: Readings) -> None:
    """The average of both loads may be in them."""
    for seconds, watts in ((1, 300), (5, 200), (10, 150), (20, 100), (30, 100)):
        readings.add(report(watts, seconds))
    assert readings.watts(at(30)) is None
    readings.add(report(100, 40))
    assert readings.watts(at(40)) == 100


def test_silence_after_a_report_means_that_it_holds(readings: Readings) -> None:
    """For sensors that report only changes."""
    readings.add(report(100, 3))
    assert readings.watts(at(22)) is None
    assert readings.watts(at(23)) == 100


def test_a_sensor_that_reports_at_intervals_is_waited_for(readings: Readings) -> None:
    """Its first report may be an average of both loads; the next one is a reading."""
    readings.add(report(300, -30, is_repeat=True))
    readings.add(report(300, 0, is_repeat=True))
    readings.add(report(200, 10))
    assert readings.watts(at(40)) is None
    readings.add(report(100, 70))
    assert readings.watts(at(89)) is None
    assert readings.watts(at(90)) == 100


def test_a_value_that_was_repeated_once_proves_no_interval(readings: Readings) -> None:
    """A sensor that reports only changes repeats them when it connects again."""
    readings.add(report(100, 5, is_repeat=True))
    readings.add(report(100, 5, is_repeat=True))
    assert readings.watts(at(25)) == 100


@pytest.mark.parametrize(
    ("delay", "patience"), [(None, 300), (2, 60), (40, 80), (200, 300)]
)
def test_silence_after_a_change_means_the_old_value(
    readings: Readings, delay: int | None, patience: int
) -> None:
    """Once it takes twice as long as any change before."""
    if delay is not None:
        readings.add(report(150, -50))
        readings.add(report(100, delay))
    readings.begin(at(1000))
    readings.add(report(100, delay or -50))
    assert readings.watts(at(1000 + patience - 1)) is None
    assert readings.watts(at(1000 + patience)) == 100


def test_a_load_that_was_there_before_shows_at_once() -> None:
    """It was reported before, and no change tells how slow the sensor is."""
    readings = Readings(START)
    readings.begin(at(-1000), is_change=False)
    readings.add(report(100, -900))
    assert readings.watts(START) == 100
    readings.begin(START)
    readings.add(report(100, -900))
    assert readings.watts(at(299)) is None


def test_it_is_alive_once_it_reports(readings: Readings) -> None:
    """What it reported before the start proves nothing."""
    readings.add(report(100, -1))
    assert not readings.is_alive
    readings.add(report(100, 1))
    assert readings.is_alive
    readings.begin(at(100))
    readings.add(report(100, 1))
    assert readings.is_alive
