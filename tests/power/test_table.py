"""Tests of what a calibration measures."""

from collections.abc import Callable
import math

import pytest

from custom_components.xmrig_miner.power.model import MAX_WATTS, PowerModel
from custom_components.xmrig_miner.power.table import (
    CalibrationResult,
    as_response,
    counts_missing,
    counts_to_measure,
)


@pytest.mark.parametrize("maximum", range(1, 8))
def test_few_threads_are_all_measured(maximum: int) -> None:
    """From the most to one."""
    assert counts_to_measure(maximum) == list(range(maximum, 0, -1))


def test_seven_of_many_are_measured() -> None:
    """Each once, with one thread, all of them, and half of an even number."""
    for maximum in range(8, 1025):
        counts = counts_to_measure(maximum)
        assert len(counts) == 7
        assert counts == sorted(set(counts), reverse=True)
        assert (counts[0], counts[-1]) == (maximum, 1)
        assert maximum % 2 or maximum // 2 in counts


def test_they_are_closer_to_each_other_at_both_ends() -> None:
    """There the curves bend."""
    assert counts_to_measure(8) == [8, 7, 6, 4, 3, 2, 1]
    assert counts_to_measure(16) == [16, 14, 12, 8, 5, 3, 1]
    assert counts_to_measure(128) == [128, 112, 96, 64, 33, 17, 1]


def first_threads_run_faster(share: float) -> float:
    """Return the power with a clock that falls as threads are added."""
    return math.pow(share, 0.8)


def second_threads_of_cores(share: float) -> float:
    """Return the power where half of the threads are second threads of cores."""
    return min(share, 0.5) * 1.6 + max(share - 0.5, 0) * 0.4


def limit_of_the_processor(share: float) -> float:
    """Return the power where the last fifth of the threads costs nothing."""
    return min(share / 0.8, 1)


def last_threads_cost_more(share: float) -> float:
    """Return the power of a processor with a rising voltage."""
    return math.pow(share, 1.5)


@pytest.mark.parametrize("threads", [12, 16, 32, 64])
@pytest.mark.parametrize(
    "shape",
    [
        first_threads_run_faster,
        second_threads_of_cores,
        limit_of_the_processor,
        last_threads_cost_more,
    ],
)
def test_what_lies_between_is_interpolated(
    threads: int, shape: Callable[[float], float]
) -> None:
    """Within 4 % of the full load of the threads, for shapes that processors have."""
    truth = [60 + 200 * shape(count / threads) for count in range(threads + 1)]
    model = PowerModel(threads)
    for count in counts_to_measure(threads):
        model = model.with_sample(count, watts=truth[count], hashrate=None)
    for count in range(1, threads + 1):
        assert model.watts(count) == pytest.approx(truth[count], abs=0.04 * 200)


def test_what_was_measured_is_no_longer_missing() -> None:
    """Without a meter of the miner, a hashrate is enough."""
    model = PowerModel(threads=2)
    assert counts_missing(model, needs_watts=True) == (2, 1)
    model = model.with_sample(2, watts=None, hashrate=500)
    assert counts_missing(model, needs_watts=True) == (2, 1)
    assert counts_missing(model, needs_watts=False) == (1,)
    model = model.with_sample(2, watts=90, hashrate=500)
    assert counts_missing(model, needs_watts=True) == (1,)
    assert counts_missing(PowerModel(threads=0), needs_watts=True) == ()


def test_what_another_algorithm_has_is_missing() -> None:
    """Its hashrate; its power is shared."""
    model = PowerModel(threads=1).for_algorithm("rx/0")
    model = model.with_sample(1, watts=90, hashrate=500)
    assert counts_missing(model, needs_watts=True) == ()
    assert counts_missing(model.for_algorithm("cn/gpu"), needs_watts=True) == (1,)


def result(threads: int, hashrate: float, algorithm: str | None) -> CalibrationResult:
    """Return the measurement of some threads at 100 W."""
    return CalibrationResult(threads, hashrate, hashrate, 100, 0, algorithm)


def test_only_hashes_of_one_algorithm_are_compared() -> None:
    """The most efficient of those with the most results."""
    rows = [
        result(4, 2000, "cn/lite"),
        *(result(3, 300, "rx/0"), result(2, 200, "rx/0")),
    ]
    response = as_response(rows)
    assert response["most_efficient"] == 3
    algorithms = [row["algorithm"] for row in response["table"]]
    assert algorithms == ["cn/lite", "rx/0", "rx/0"]


def test_what_is_no_algorithm_is_not_shown() -> None:
    """The table is part of the diagnostics."""
    response = as_response([result(1, 300, "a wallet"), result(2, 300, None)])
    algorithms = [row["algorithm"] for row in response["table"]]
    assert algorithms == ["**REDACTED**", None]


def test_a_measurement_is_restored() -> None:
    """Also one of an earlier version, which did not store the algorithm."""
    row = result(4, 2000, "rx/0")
    assert CalibrationResult.from_json(row.as_json()) == row
    old = CalibrationResult.from_json(row.as_json()[:-1])
    assert old == result(4, 2000, None)
    for damaged in ([*row.as_json(), 1], [*row.as_json()[:-1], 4]):
        with pytest.raises(ValueError):
            CalibrationResult.from_json(damaged)


@pytest.mark.parametrize("place", [3, 4])
def test_a_stored_power(place: int) -> None:
    """It is limited."""
    stored = result(4, 2000, "rx/0").as_json()
    stored[place] = MAX_WATTS
    assert CalibrationResult.from_json(stored).as_json() == stored
    stored[place] = MAX_WATTS + 1
    with pytest.raises(ValueError):
        CalibrationResult.from_json(stored)


@pytest.mark.parametrize(
    ("hashrate", "power", "efficiency"),
    [(300, 200, 1.5), (0, 200, 0), (None, 200, None), (300, 0, None), (None, 0, None)],
)
def test_the_efficiency(
    hashrate: float | None, power: float, efficiency: float | None
) -> None:
    """Unknown without a hashrate or a power."""
    row = CalibrationResult(4, hashrate, hashrate, power, 0)
    assert row.efficiency == efficiency


def test_the_table() -> None:
    """Rounded, with the most efficient number of threads."""
    rows = [
        CalibrationResult(4, 2000, 1000, 123.456, 10, "rx/0"),
        CalibrationResult(3, 1900, 900, 99.96, 10, "rx/0"),
        CalibrationResult(2, 0, 0, 80, 10, "rx/0"),
        CalibrationResult(1, None, None, 70, 10, "rx/0"),
    ]
    names = ("threads", "algorithm", "hashrate", "power", "efficiency")
    values = [
        (4, "rx/0", 2000, 123.5, 16.2),
        (3, "rx/0", 1900, 100.0, 19.008),
        (2, "rx/0", 0, 80, 0),
        (1, "rx/0", None, 70, None),
    ]
    table = [dict(zip(names, row, strict=True)) for row in values]
    assert as_response(rows) == {"table": table, "most_efficient": 3}
    assert as_response(rows[2:]) == {"table": table[2:], "most_efficient": None}
    assert as_response([]) == {"table": [], "most_efficient": None}
