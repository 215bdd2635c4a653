"""Threads are removed while it is too hot, and given back."""

from typing import Any

import pytest

from custom_components.xmrig_miner.manager.heat import STEP_TIME, HeatCap

LIMITED = HeatCap(threads=2, changed_at=0, before=4, previous=3)


def updated(cap: HeatCap, now: float = STEP_TIME, **values: Any) -> HeatCap:
    """Return a cap after a temperature of a miner with four threads."""
    values = {"threads": 4, "full": 4, "temperature": 70, "maximum": 80} | values
    return cap.updated(now, **values)


@pytest.mark.parametrize(
    ("temperature", "threads"), [(80, None), (80.1, 3), (85, 3), (85.1, 2)]
)
def test_above_the_maximum_it_takes_one_and_far_above_half(
    temperature: float, threads: int | None
) -> None:
    """The maximum itself is allowed."""
    cap = updated(HeatCap(), temperature=temperature)
    if threads is None:
        assert cap == HeatCap()
    else:
        assert cap == HeatCap(threads, changed_at=STEP_TIME, before=4)


def test_half_of_an_odd_number_is_the_smaller_half() -> None:
    """Threads are whole."""
    cap = updated(HeatCap(), threads=3, temperature=90)
    assert repr(cap.threads) == "1"


def test_a_step_takes_effect_before_the_next() -> None:
    """A heat sink reacts slowly."""
    assert updated(LIMITED, STEP_TIME - 1, temperature=90) == LIMITED
    expected = HeatCap(1, changed_at=STEP_TIME, before=4, previous=2)
    assert updated(LIMITED, threads=2, temperature=81) == expected
    # The miner may not show the last step yet
    assert updated(LIMITED, threads=4, temperature=81) == expected


def test_below_none_there_is_nothing_to_take() -> None:
    """It may be hot for another reason."""
    cap = updated(HeatCap(0, before=2), threads=0, temperature=81)
    assert cap.threads == 0


def test_without_a_temperature_it_stays() -> None:
    """It is neither hot nor cool."""
    assert updated(LIMITED, temperature=None) == LIMITED


@pytest.mark.parametrize(("temperature", "threads"), [(77, 3), (77.1, 2)])
def test_one_comes_back_once_it_is_three_degrees_cooler(
    temperature: float, threads: int
) -> None:
    """And not at once."""
    cap = updated(LIMITED, threads=2, temperature=temperature)
    assert cap.threads == threads


def test_the_last_one_that_comes_back_ends_the_cap() -> None:
    """It is known what it was, so that manual mode restores it."""
    cap = updated(HeatCap(3, changed_at=0, before=4), threads=3)
    assert cap == HeatCap(None, changed_at=STEP_TIME, before=4, previous=3)


def test_where_nothing_is_capped_nothing_comes_back() -> None:
    """It is cool all the time."""
    assert updated(HeatCap()) == HeatCap()


def test_without_a_maximum_there_is_no_cap() -> None:
    """Its user removed it."""
    cap = updated(LIMITED, 5, threads=2, maximum=None)
    assert cap == HeatCap(None, changed_at=5, before=4, previous=2)
    assert updated(HeatCap(), maximum=None) == HeatCap()


def test_what_was_restored_is_forgotten() -> None:
    """So is what something else changed; until then it is remembered."""
    cap = HeatCap(None, changed_at=0, before=4, previous=3)
    assert updated(cap, 5, threads=3) == cap
    assert updated(cap, 5, threads=4) == HeatCap(None, changed_at=0)


@pytest.mark.parametrize(
    ("cap", "threads", "ceiling", "expected"),
    [
        (HeatCap(), 3, 4, 3),
        (LIMITED, 4, 2, 2),
        (LIMITED, 3, 2, 2),
        (HeatCap(None, before=4, previous=3), 3, 4, 4),
        (HeatCap(None, before=4, previous=3), 3, 2, 2),
        (HeatCap(None, before=1, previous=3), 3, 4, 3),
        (HeatCap(None, before=4, previous=3), 2, 4, 2),
        (HeatCap(None, previous=3), 3, 4, 3),
    ],
)
def test_in_manual_mode_what_it_took_comes_back(
    cap: HeatCap, threads: int, ceiling: int, expected: int
) -> None:
    """Unless something else has changed the threads."""
    assert cap.manual(threads, ceiling) == expected
