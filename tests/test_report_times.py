"""When sensors reported, although the wall clock may jump."""

from datetime import timedelta

from freezegun import freeze_time
from homeassistant.core import State
from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner.report_times import ReportTimes


def state(sensor: str, *, age: float) -> State:
    """Return the state that a sensor reported some seconds ago."""
    return State(
        f"sensor.{sensor}", "1", last_reported=dt_util.utcnow() - timedelta(seconds=age)
    )


def test_a_report_keeps_its_time() -> None:
    """Whatever the wall clock does; each sensor has its own."""
    times = ReportTimes()
    with freeze_time("2026-11-01 12:00:00") as clock:
        one, two = state("one", age=5), state("two", age=20)
        assert times.of(one, 1000) == 995
        assert times.of(two, 1001) == 981
        clock.move_to("2026-11-01 12:30:00")
        assert times.of(one, 1010) == 995
        assert times.of(state("one", age=2), 1020) == 1018
        assert times.of(two, 1020) == 981


@pytest.mark.parametrize(("age", "at"), [(0.25, 999.75), (0, 1000), (-3600, 1000)])
def test_the_age_of_a_report(age: float, at: float) -> None:
    """It is not in the future, as the clock may have been set back since."""
    with freeze_time("2026-11-01 12:00:00"):
        assert ReportTimes().of(state("one", age=age), 1000) == at
