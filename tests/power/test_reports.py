"""Tests of which reports of a power sensor count as readings."""

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import State
import pytest

from custom_components.xmrig_miner.power.model import MAX_WATTS
from custom_components.xmrig_miner.power.reports import (
    Lessons,
    Readings,
    Report,
    watts_of,
)

START = 1000.0


def at(seconds: float) -> float:
    """Return a time after the start."""
    return START + seconds


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


def test_reports_at_the_moment_of_a_change(readings: Readings) -> None:
    """They show it, but those of the start do not prove that the sensor works."""
    readings.add(report(100, 0))
    assert not readings.is_alive
    assert readings.watts(at(19)) is None
    assert readings.watts(at(20)) == 100


def test_a_load_that_has_just_settled(readings: Readings) -> None:
    """Its reports count from then on."""
    for seconds in (15, 16, 17):
        readings.add(report(100, seconds))
    assert readings.watts(at(17)) == 100


def test_a_report_of_the_load_before(readings: Readings) -> None:
    """It is none of the next one."""
    readings.add(report(100, 1))
    readings.begin(at(100))
    assert readings.watts(at(1000)) is None


def test_only_the_first_report_of_a_load_tells_how_slow_the_sensor_is(
    readings: Readings,
) -> None:
    """Later ones show something else."""
    for seconds in (2, 200):
        readings.add(report(100, seconds))
    readings.begin(at(1000))
    readings.add(report(100, 200))
    assert readings.watts(at(1060)) == 100


@pytest.mark.parametrize(
    ("value", "unit", "watts"),
    [
        ("150.5", "W", 150.5),
        ("1.5", "kW", 1500),
        ("0", "W", 0),
        ("0.5", "W", 0.5),
        ("-0.1", "W", None),
        (str(MAX_WATTS), "W", MAX_WATTS),
        (str(MAX_WATTS + 1), "W", None),
        *((value, "W", None) for value in ("nan", "inf", "unknown", "")),
        *(("150", unit, None) for unit in (None, "kWh", "V")),
    ],
)
def test_what_a_sensor_shows(value: str, unit: str | None, watts: float | None) -> None:
    """A power in any unit, if it is one of a computer."""
    state = State("sensor.plug", value, {ATTR_UNIT_OF_MEASUREMENT: unit})
    assert watts_of(state) == watts


# --- What a miner teaches that does what it does anyway -----------------------


@pytest.fixture
def lessons() -> Lessons:
    """Return the lessons of a load that runs since the start."""
    lessons = Lessons()
    lessons.begin(START)
    return lessons


def taught(lessons: Lessons, seen: Report, seconds: float) -> float | None:
    """Return what a report teaches that is shown at a time."""
    lessons.heard(seen)
    return lessons.watts(seen, at(seconds), expected=None)


def test_a_report_of_a_settled_load_teaches_once(lessons: Lessons) -> None:
    """However often it is shown."""
    shown = report(100, 15)
    assert [taught(lessons, shown, 15 + 10 * poll) for poll in range(3)] == [
        *(100, None, None)
    ]
    assert taught(lessons, report(104, 50), 50) == 104


def test_a_report_of_the_load_before_teaches_nothing(lessons: Lessons) -> None:
    """However long the sensor is silent: it may have failed."""
    assert taught(lessons, report(100, -1), 10_000) is None
    assert Lessons().watts(report(100, 20), at(30), expected=None) is None


def test_silence_after_the_report_of_a_change_teaches(lessons: Lessons) -> None:
    """The sensor reports only changes, and there was no other."""
    shown = report(100, 14)
    assert taught(lessons, shown, 14 + 59) is None
    assert taught(lessons, shown, 14 + 60) == 100
    assert taught(lessons, shown, 14 + 70) is None


def test_silence_of_a_sensor_that_repeats_itself_takes_longer(lessons: Lessons) -> None:
    """It reports at intervals, and the first report may average both loads."""
    for seconds in (-20, -20, -20):
        lessons.heard(report(200, seconds, is_repeat=True))
    lessons.begin(START)
    assert taught(lessons, report(150, 5), 65) == 150
    lessons.heard(report(200, 70, is_repeat=True))
    lessons.begin(at(100))
    shown = report(150, 105)
    assert taught(lessons, shown, 105 + 299) is None
    assert taught(lessons, shown, 105 + 300) == 150


def test_one_report_far_from_what_is_expected_teaches_nothing(lessons: Lessons) -> None:
    """Until the median of three agrees with it."""
    for seconds, watts, found in ((20, 500, None), (30, 100, 100), (40, 490, 490)):
        shown = report(watts, seconds)
        assert lessons.watts(shown, at(seconds), expected=110) == found


def test_outliers_of_the_load_before(lessons: Lessons) -> None:
    """None of the next load agrees with them."""
    for seconds in (20, 30, 40):
        lessons.watts(report(500, seconds), at(seconds), expected=110)
    lessons.begin(at(100))
    assert lessons.watts(report(500, 120), at(120), expected=110) is None


def test_the_last_three_reports_agree(lessons: Lessons) -> None:
    """Or they do not, with their median."""
    found = [
        lessons.watts(report(watts, seconds), at(seconds), expected=110)
        for seconds, watts in ((20, 100), (30, 900), (40, 910), (50, 920), (60, 120))
    ]
    assert found == [100, None, 900, 910, 910]


@pytest.mark.parametrize(
    ("expected", "watts", "is_taught"),
    [
        (60, 110, True),
        (60, 111, False),
        (60, 10, True),
        (60, 9, False),
        (400, 600, True),
        (400, 601, False),
        (400, 200, True),
        (400, 199, False),
    ],
)
def test_how_far_one_report_may_be_off(
    lessons: Lessons, expected: float, watts: float, *, is_taught: bool
) -> None:
    """By half, or 50 W."""
    found = lessons.watts(report(watts, 20), at(20), expected=expected)
    assert found == (watts if is_taught else None)


def test_a_report_at_the_moment_of_a_change_teaches(lessons: Lessons) -> None:
    """If no other one follows."""
    shown = report(100, 0)
    assert taught(lessons, shown, 59) is None
    assert taught(lessons, shown, 60) == 100
