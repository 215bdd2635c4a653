"""Tests of the power model and the energy meter."""

from dataclasses import replace
from itertools import pairwise
import json
import math
from random import Random
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.api.limits import MAX_INTEGER
from custom_components.xmrig_miner.power.energy import MAX_GAP, EnergyMeter
from custom_components.xmrig_miner.power.model import (
    MAX_ALGORITHMS,
    MAX_WATTS,
    MAX_WEIGHT,
    RECENT,
    CardPower,
    PowerModel,
)

ESTIMATED = PowerModel(threads=4, idle=60, full=140)

watts = st.floats(0, 5000)
samples = st.lists(
    st.tuples(st.integers(0, 16), watts, st.floats(0, 50_000) | st.none()), max_size=60
)

algorithms = st.sampled_from([None, "rx/0", "cn/gpu"])


@st.composite
def models(draw: st.DrawFn) -> PowerModel:
    """Return a model with any samples and any estimate."""
    idle, full = sorted((draw(watts), draw(watts)))
    model = PowerModel(
        threads=draw(st.integers(1, 16)),
        idle=draw(st.sampled_from([idle, None])),
        full=draw(st.sampled_from([full, None])),
    )
    for threads, sample, hashrate in draw(samples):
        model = model.for_algorithm(draw(algorithms))
        model = model.with_sample(threads, watts=sample, hashrate=hashrate)
    return model


def taught(model: PowerModel, seen: dict[int, float], times: int = 1) -> PowerModel:
    """Return a model with samples of some numbers of threads."""
    for _ in range(times):
        for threads, sample in seen.items():
            model = model.with_sample(threads, watts=sample, hashrate=None)
    return model


def curve(model: PowerModel) -> list[float | None]:
    """Return the power of each number of threads."""
    return [model.watts(threads) for threads in range(model.threads + 1)]


# --- What is known without a measurement --------------------------------------


def test_the_users_numbers_span_a_line() -> None:
    """Before any measurement, each thread draws the same."""
    assert curve(ESTIMATED) == [60, 80, 100, 120, 140]
    assert ESTIMATED.full_load == 140
    assert ESTIMATED.per_thread == 20


def test_nothing_is_known_of_nothing() -> None:
    """Without an estimate or a measurement, nothing is assumed and nothing is limited."""
    model = PowerModel(threads=4)
    assert curve(model) == [None] * 5
    assert model.full_load is None
    assert model.per_thread is None
    assert model.hashrate(4) is None
    assert model.threads_within(1) == 4


def test_the_users_full_load_counts_before_the_number_of_threads_is_known() -> None:
    """Before the first poll, the number of threads is unknown."""
    model = PowerModel(threads=0, idle=60, full=140)
    assert model.full_load == 140
    assert model.per_thread is None


def test_an_idle_miner_does_not_reveal_its_full_load() -> None:
    """Its idle power says nothing about the full load."""
    model = taught(PowerModel(threads=4), {0: 60})
    assert model.watts(0) == 60
    assert model.full_load is None
    assert model.threads_within(61) == 4


def test_no_power_per_thread_without_a_full_load() -> None:
    """Both ends of the line are needed."""
    assert taught(PowerModel(threads=4), {0: 60}).per_thread is None
    assert PowerModel(threads=4, full=140).per_thread is None


def test_a_single_number_of_threads_gives_an_upper_bound() -> None:
    """Above it, power grows no faster than threads; below it, it does not rise."""
    model = taught(PowerModel(threads=4), {2: 100})
    assert curve(model) == [100, 100, 100, 150, 200]
    assert model.per_thread is None


# --- What is learned ----------------------------------------------------------


def test_between_what_was_seen_it_is_interpolated() -> None:
    """Neighbours are joined by a line, which continues beyond the last one."""
    model = taught(PowerModel(threads=6), {0: 50, 2: 90, 4: 110})
    assert curve(model) == [50, 70, 90, 100, 110, 120, 130]


def test_a_measurement_takes_the_place_of_the_users_number() -> None:
    """Even one measurement replaces the estimate."""
    assert curve(taught(ESTIMATED, {4: 160})) == [60, 85, 110, 135, 160]
    assert curve(taught(ESTIMATED, {0: 20})) == [20, 50, 80, 110, 140]


def test_an_impossible_estimate_is_ignored() -> None:
    """If two threads draw more than all of them, the estimate is wrong."""
    assert curve(taught(ESTIMATED, {2: 180})) == [60, 120, 180, 240, 300]
    assert taught(ESTIMATED, {2: 40}).watts(0) == 40


def test_a_number_that_another_number_of_threads_draws_is_left_out() -> None:
    """A mining computer draws more than an idle one, and all threads more than some."""
    assert curve(taught(PowerModel(threads=4, idle=60), {2: 60})) == [
        *(60, 60, 60, 90, 120)
    ]
    assert curve(taught(ESTIMATED, {2: 140})) == [60, 100, 140, 180, 220]


def test_numbers_that_contradict_each_other_count_alike() -> None:
    """A full load below the idle power: nothing is known in between."""
    assert curve(PowerModel(threads=4, idle=140, full=60)) == [100] * 5


def test_the_full_load_is_the_measured_one() -> None:
    """A measurement with all threads replaces the estimate."""
    assert taught(ESTIMATED, {4: 160}).full_load == 160


def test_a_sample_counts_as_one_of_thirty() -> None:
    """However many samples came before it."""
    for before in (MAX_WEIGHT - 1, MAX_WEIGHT, 10 * MAX_WEIGHT):
        model = taught(PowerModel(threads=2), {2: 100}, times=before)
        assert taught(model, {2: 130}).watts(2) == pytest.approx(101, rel=1e-9)


@pytest.mark.parametrize("drawn", [0, 0.5])
def test_a_miner_that_is_switched_off_draws_next_to_nothing(drawn: float) -> None:
    """Zero is a valid measurement."""
    assert taught(ESTIMATED, {0: drawn}).watts(0) == drawn


def test_less_power_with_more_threads_is_noise() -> None:
    """Both then have the average."""
    model = taught(PowerModel(threads=2), {0: 50, 1: 90, 2: 80})
    assert curve(model) == pytest.approx([50, 85, 85], rel=0.001)


def test_contradicting_readings_count_by_their_samples() -> None:
    """More threads draw no less: both draw the mean of all three samples."""
    model = taught(taught(PowerModel(threads=4), {3: 100}), {4: 85}, times=2)
    assert model.watts(3) == model.watts(4) == pytest.approx(90, abs=0.1)


def test_of_two_that_contradict_each_other_the_fresher_is_believed() -> None:
    """An old sample of another number of threads is outweighed."""
    model = taught(PowerModel(threads=4), {3: 2900}, times=50)
    model = taught(model, {4: 150}, times=8640)
    assert model.watts(3) == pytest.approx(150, abs=1)


@pytest.mark.parametrize("factor", [0.5, 1.3, 2])
def test_old_samples_are_outweighed(factor: float) -> None:
    """After twenty minutes of another power plan, the error is below 5 %."""
    before = {count: 60.0 + 20 * count for count in range(5)}
    after = {count: factor * value for count, value in before.items()}
    model = taught(PowerModel(threads=4), before, times=1000)
    model = taught(model, after, times=120)
    assert curve(model) == pytest.approx(list(after.values()), rel=0.05)


def test_a_power_below_zero_teaches_nothing() -> None:
    """Such a meter is reversed, or also measures something else."""
    assert taught(ESTIMATED, {4: -20}) == ESTIMATED


def test_a_new_measurement_replaces_the_samples() -> None:
    """The old samples are deleted."""
    model = taught(ESTIMATED, {2: 110}, times=30).without({2})
    assert model == ESTIMATED
    assert taught(model, {2: 90}).watts(2) == 90


def test_a_new_measurement_replaces_the_hashrate() -> None:
    """It belongs to the same samples."""
    model = PowerModel(threads=4).with_sample(2, watts=110, hashrate=1000)
    model = model.with_sample(4, watts=140, hashrate=1800).without({2})
    assert model.hashrate(2) == 900


def test_no_threads_hash_nothing() -> None:
    """With no threads, the hashrate is known to be 0."""
    model = PowerModel(threads=4).with_sample(4, watts=None, hashrate=2000)
    assert [model.hashrate(threads) for threads in range(5)] == [
        *(0, 500, 1000, 1500, 2000)
    ]


# --- Algorithms ---------------------------------------------------------------


def hashing(model: PowerModel, algorithm: str, hashrate: float) -> PowerModel:
    """Return a model that saw four threads with an algorithm, at 140 W."""
    return model.for_algorithm(algorithm).with_sample(4, watts=140, hashrate=hashrate)


def test_hashrates_are_learned_for_each_algorithm() -> None:
    """They differ by orders of magnitude; power is shared."""
    model = hashing(hashing(PowerModel(threads=4), "rx/0", 2000), "cn/gpu", 80)
    assert model.hashrate(2) == 40
    assert model.watts(4) == 140
    model = model.for_algorithm("rx/0")
    assert model.hashrate(2) == 1000
    assert model.watts(4) == 140


def test_another_algorithm_is_not_known_by_the_first() -> None:
    """Until it has been seen."""
    model = hashing(PowerModel(threads=4), "rx/0", 2000).for_algorithm("rx/wow")
    assert model.hashrate(4) is None
    assert model.without({4}).for_algorithm("rx/0").hashrate(4) == 2000


def test_without_a_job_the_last_algorithm_counts() -> None:
    """A miner that waits for its pool reports none."""
    model = hashing(PowerModel(threads=4), "rx/0", 2000)
    assert model.for_algorithm(None) is model
    assert model.for_algorithm("rx/0") is model


def test_hashrates_of_an_unknown_algorithm_belong_to_the_next() -> None:
    """It was mined all the time, but not known yet."""
    model = PowerModel(threads=4).with_sample(4, watts=None, hashrate=2000)
    model = model.for_algorithm("rx/0")
    assert model.hashrate(4) == 2000
    assert model.for_algorithm("rx/wow").hashrate(4) is None


def test_hashrates_of_a_known_algorithm_are_not_replaced_by_unknown_ones() -> None:
    """What is known to be of an algorithm is better."""
    known = hashing(PowerModel(threads=4), "rx/0", 2000)
    unknown = PowerModel(threads=4).with_sample(4, watts=None, hashrate=90)
    both = replace(
        unknown,
        hashrates_by_algorithm={
            **unknown.hashrates_by_algorithm,
            **known.hashrates_by_algorithm,
        },
    )
    assert both.for_algorithm("rx/0").hashrate(4) == 2000


def test_the_algorithms_learned_last_are_remembered() -> None:
    """A miner that changes them often must not fill the disk."""
    model = PowerModel(threads=4)
    for number in range(MAX_ALGORITHMS):
        model = hashing(model, f"rx/{number}", 100 + number)
    model = hashing(model, "rx/0", 100)
    model = model.for_algorithm("cn/0").for_algorithm("cn/1")
    assert model.for_algorithm("rx/1").hashrate(4) == 101
    model = hashing(model, "cn/1", 50)
    assert len(model.hashrates_by_algorithm) == MAX_ALGORITHMS
    assert model.for_algorithm("rx/0").hashrate(4) == 100
    assert model.for_algorithm("rx/1").hashrate(4) is None
    assert model.for_algorithm("rx/2").hashrate(4) == 102


def test_no_more_algorithms_are_restored_than_remembered() -> None:
    """Those learned last."""
    rows = [[f"rx/{number}", {"4": [100, 1]}] for number in range(MAX_ALGORITHMS + 1)]
    stored = {"watts": {}, "algorithm": "rx/1", "hashrates": rows}
    model = PowerModel(threads=4).with_learned(stored)
    assert len(model.hashrates_by_algorithm) == MAX_ALGORITHMS
    assert model.hashrate(4) == 100
    assert model.for_algorithm("rx/0").hashrate(4) is None


def test_hashrates_stored_without_an_algorithm_belong_to_the_next() -> None:
    """Earlier versions did not tell them apart."""
    stored = {"watts": {"4": [140, 1]}, "hashrates": {"4": [2000, 3]}}
    model = PowerModel(threads=4).with_learned(stored)
    assert model.hashrate(4) == 2000
    model = model.for_algorithm("rx/0")
    assert model.hashrate(4) == 2000
    assert model.for_algorithm("rx/wow").hashrate(4) is None


def test_the_algorithm_is_known_after_a_restart() -> None:
    """Before the first job."""
    model = hashing(hashing(PowerModel(threads=4), "rx/0", 2000), "cn/gpu", 80)
    stored = json.loads(json.dumps(model.for_algorithm("rx/0").as_json()))
    assert PowerModel(threads=4).with_learned(stored).hashrate(4) == 2000


# --- Threads ------------------------------------------------------------------


def test_the_number_of_threads_may_change() -> None:
    """Samples of fewer threads remain valid for a miner with more."""
    model = taught(ESTIMATED, {2: 100}).for_threads(8)
    assert model.watts(2) == 100
    assert model.watts(8) == 140
    assert model.for_threads(8) is model


@pytest.mark.parametrize(
    ("limit", "threads"),
    [(500, 4), (140, 4), (139, 3), (120, 3), (80, 1), (79, 0), (0, 0)],
)
def test_as_many_threads_as_fit(limit: float, threads: int) -> None:
    """A limit that is exactly met allows the threads."""
    assert ESTIMATED.threads_within(limit) == threads


# --- What holds of every model ------------------------------------------------


@given(models())
def test_power_and_hashrate_never_fall_with_threads_nor_below_zero(
    model: PowerModel,
) -> None:
    """For any samples and estimates."""
    for value in (model.watts, model.hashrate):
        known = [value(threads) for threads in range(20)]
        line = [item for item in known if item is not None]
        assert all(item >= 0 for item in line)
        assert all(right >= left - 1e-6 for left, right in pairwise(line))
        # If one value is known, all values of fewer threads are.
        assert known[: len(line)] == line


@given(models(), st.floats(0, 6000))
def test_threads_within_a_limit_draw_no_more_than_it(
    model: PowerModel, limit: float
) -> None:
    """One more thread would exceed it."""
    threads = model.threads_within(limit)
    drawn, more = model.watts(threads), model.watts(threads + 1)
    assert threads == 0 or drawn is None or drawn <= limit
    assert threads == model.threads or (more is not None and more > limit)


@given(models())
def test_what_was_learned_survives_storage(model: PowerModel) -> None:
    """To the milliwatt, in its stored form."""
    blank = PowerModel(threads=model.threads, idle=model.idle, full=model.full)
    stored = json.loads(json.dumps(model.as_json()))
    restored = blank.with_learned(stored)
    assert restored.watts_seen.keys() == model.watts_seen.keys()
    assert restored.algorithm == model.algorithm
    pairs = [(model.watts_seen, restored.watts_seen)]
    for algorithm, seen in model.hashrates_by_algorithm.items():
        pairs.append((seen, restored.hashrates_by_algorithm[algorithm]))
    for before, after in pairs:
        for threads, reading in before.items():
            assert after[threads].value == pytest.approx(reading.value, abs=0.001)
            assert after[threads].weight == pytest.approx(reading.weight, abs=0.001)
    assert restored.with_learned(restored.as_json()) == restored


def test_what_is_stored_has_three_digits() -> None:
    """More digits would be false precision."""
    model = PowerModel(threads=4).with_sample(2, watts=100 / 3, hashrate=2000 / 3)
    for _ in range(20):
        model = model.with_sample(4, watts=100, hashrate=None)
    assert model.as_json() == {
        "watts": {"2": [33.333, 0.98], "4": [100, 20]},
        "algorithm": None,
        "hashrates": [[None, {"2": [666.667, 1]}]],
    }


@pytest.mark.parametrize(
    ("key", "maximum"), [("watts", MAX_WATTS), ("hashrates", MAX_INTEGER)]
)
def test_what_is_stored_has_bounds(key: str, maximum: float) -> None:
    """Values beyond any miner's are damage."""
    stored: dict[str, Any] = {"watts": {}, "hashrates": {}}
    model = ESTIMATED.with_learned({**stored, key: {"2": [maximum, 1]}})
    assert (model.watts(2), model.hashrate(2)).count(maximum) == 1
    with pytest.raises(ValueError):
        ESTIMATED.with_learned({**stored, key: {"2": [maximum + 1, 1]}})


def test_nothing_stored_is_nothing_learned() -> None:
    """The model is empty."""
    assert ESTIMATED.with_learned(None) == ESTIMATED


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {},
        {"watts": {}},
        {"watts": [], "hashrates": {}},
        {"watts": {"four": [100, 1]}, "hashrates": {}},
        {"watts": {"9" * 5000: [100, 1]}, "hashrates": {}},
        {"watts": {"-1": [100, 1]}, "hashrates": {}},
        {"watts": {"4097": [100, 1]}, "hashrates": {}},
        {"watts": {"4": 100}, "hashrates": {}},
        {"watts": {"4": [100]}, "hashrates": {}},
        {"watts": {"4": [100, 1, 1]}, "hashrates": {}},
        {"watts": {"4": ["100", 1]}, "hashrates": {}},
        {"watts": {"4": [True, 1]}, "hashrates": {}},
        {"watts": {"4": [1.7e308, 1]}, "hashrates": {}},
        {"watts": {"4": [-1, 1]}, "hashrates": {}},
        {"watts": {"4": [100, 0]}, "hashrates": {}},
        {"watts": {"4": [100, 31]}, "hashrates": {}},
        {"watts": {}, "hashrates": {"4": [math.inf, 1]}},
        {"watts": {}, "hashrates": {"4": [math.nan, 1]}},
        {"watts": {}, "hashrates": "four"},
        {"watts": {}, "hashrates": [["rx/0"]]},
        {"watts": {}, "hashrates": [[4, {}]]},
        {"watts": {}, "hashrates": [["rx/0", {"4": [100, 0]}]]},
        {"watts": {}, "hashrates": [], "algorithm": 4},
    ],
    ids=lambda stored: repr(stored)[:40],
)
def test_what_no_model_stored_is_refused(stored: Any) -> None:
    """It is rejected when it is read."""
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError)):
        ESTIMATED.with_learned(stored)


@pytest.mark.parametrize(
    "stored",
    [["cuda"], {"cuda": "118"}, {"cuda": -1}, {"cuda": 1.7e308}, {"cuda": None}],
)
def test_what_no_cards_stored_is_refused(stored: Any) -> None:
    """It is rejected when it is read."""
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError)):
        CardPower(stored)


def test_more_threads_than_could_be_counted() -> None:
    """Finding how many of them fit is fast."""
    model = PowerModel(threads=10**12, idle=0, full=10**6)
    assert model.threads_within(100) == 10**8


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    threads=st.integers(1, 32),
    idle=st.floats(5, 200),
    thread=st.floats(2, 25),
    bend=st.floats(0.6, 1.1),
    step=st.integers(1, 3),
)
def test_a_hidden_curve_is_recovered(
    seed: int, threads: int, idle: float, thread: float, bend: float, step: int
) -> None:
    """Within 5 %, with 3 % noise and samples of every third number of threads."""
    random = Random(seed)
    hidden = [idle + thread * count**bend for count in range(threads + 1)]
    visited = sorted({0, 1, threads, *range(0, threads, step)})
    model = PowerModel(threads=threads, idle=idle * 2, full=hidden[-1] * 3)
    for _ in range(40):
        random.shuffle(visited)
        for count in visited:
            noisy = hidden[count] * random.gauss(1, 0.03)
            hashrate = 400 * count * random.gauss(1, 0.03)
            model = model.with_sample(count, watts=noisy, hashrate=hashrate)
    assert curve(model) == pytest.approx(hidden, rel=0.05)
    hashrates = [model.hashrate(count) for count in range(threads + 1)]
    assert hashrates == pytest.approx(
        [400 * count for count in range(threads + 1)], rel=0.05
    )


# --- Graphics cards -----------------------------------------------------------


def test_cards_are_known_by_the_most_they_drew_lately() -> None:
    """A moment of lower power is ignored."""
    cards = CardPower()
    assert cards.total(["cuda"]) == 0
    for drawn in (110, 118, 90):
        cards.observe("cuda", drawn)
    cards.observe("opencl", 100)
    assert cards.total(["cuda", "opencl"]) == 218
    assert cards.total(["opencl"]) == 100


def test_cards_that_draw_less_for_a_minute_are_known_by_that() -> None:
    """The user may have reduced their power limit."""
    cards = CardPower()
    for drawn in (118, 118, 90, 90, 90, 90, 90, 90):
        cards.observe("cuda", drawn)
    assert cards.total(["cuda"]) == 90


def test_cards_are_remembered() -> None:
    """They are known at once if the miner is idle when Home Assistant starts."""
    cards = CardPower()
    cards.observe("cuda", 118)
    restored = CardPower(json.loads(json.dumps(cards.as_json())))
    assert restored.total(["cuda"]) == 118


def test_old_readings_of_cards_are_dropped() -> None:
    """Their power may have been reduced while Home Assistant was not running."""
    cards = CardPower({"cuda": 118})
    for _ in range(RECENT - 1):
        cards.observe("cuda", 90)
    assert cards.total(["cuda"]) == 118
    cards.observe("cuda", 90)
    assert cards.total(["cuda"]) == 90


# --- The energy ---------------------------------------------------------------


def test_an_hour_of_a_kilowatt_is_a_kilowatt_hour() -> None:
    """With a reading every ten seconds."""
    meter = EnergyMeter()
    for now in range(0, 3601, 10):
        meter.add(now, 1000)
    assert meter.total == pytest.approx(1, rel=1e-9)


def test_power_changes_evenly_between_two_readings() -> None:
    """From 0 to 1200 W in a minute it is 600 W for a minute."""
    meter = EnergyMeter()
    meter.add(0, 0)
    meter.add(60, 1200)
    assert meter.total == pytest.approx(0.01)


def test_a_short_silence_is_bridged() -> None:
    """A failed poll does not lose the energy in between."""
    meter = EnergyMeter()
    meter.add(0, 1200)
    meter.add(30, None)
    meter.add(60, 1200)
    assert meter.total == pytest.approx(0.02)


@pytest.mark.parametrize(("gap", "counted"), [(MAX_GAP, True), (MAX_GAP + 1, False)])
def test_a_gap_over_five_minutes_is_not_invented(gap: float, counted: bool) -> None:
    """Afterwards it continues from its last value."""
    meter = EnergyMeter(total=5)
    meter.add(0, 1000)
    meter.add(gap, 1000)
    assert (meter.total > 5) is counted
    total = meter.total
    meter.add(gap + 3.6, 1000)
    assert meter.total == pytest.approx(total + 0.001)


@given(st.lists(st.tuples(st.floats(0, 1000), watts | st.none()), max_size=30))
def test_energy_never_falls_nor_exceeds_what_could_have_been_drawn(
    readings: list[tuple[float, float | None]],
) -> None:
    """For any readings at any intervals."""
    meter = EnergyMeter()
    now = 0.0
    for seconds, drawn in readings:
        now += seconds
        before = meter.total
        meter.add(now, drawn)
        assert before <= meter.total <= before + 5000 * MAX_GAP / 3_600_000 + 1e-9
