"""Tests of backends that are in no capture."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.limits import MAX_THREADS
from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    GpuHealth,
    Hashrate,
    Summary,
    Thread,
)
from tests.api.captures import gpu_backends
from tests.api.odd import (
    BACKENDS,
    CONFIG,
    SUMMARY,
    any_json,
    places,
    put,
    read_snapshot,
    without,
)


def keys(backends: Backends) -> list[str]:
    """Return the keys of all cards."""
    return [gpu.key for gpu in backends.gpus]


def cards(backend: str, *threads: dict[str, Any], **members: Any) -> Backends:
    """Return the backends of a miner, one of which runs these threads."""
    return Backends.from_json([{"type": backend, "threads": list(threads)} | members])


def test_threads_of_a_gpu_are_one_card() -> None:
    """Threads that share a card are summed, and its health is counted once."""
    backends = Backends.from_json(gpu_backends())
    assert backends.threads == 4
    assert keys(backends) == ["opencl_03:00.0", "opencl_1", "cuda_01:00.0"]
    radeon, vega, geforce = backends.gpus
    assert radeon.hashrate == Hashrate(seconds_10=20000000.75, minute_1=19000000.25)
    assert (radeon.name, radeon.bus_id) == ("Radeon RX 6800", "03:00.0")
    assert radeon.health == GpuHealth(
        temperature=61, power=145, clock=2250, memory_clock=1988, rpm=1480
    )
    # Without a marketing name, the chip's name is used.
    assert (vega.name, vega.bus_id) == ("gfx900", None)
    assert vega.health == GpuHealth()
    assert geforce.name == "GeForce RTX 3060"
    assert geforce.hashrate == Hashrate(seconds_10=22000000.5, minute_1=21900000.0)


def test_cards_are_identified_by_their_index() -> None:
    """Threads of a card need not be adjacent."""
    document = gpu_backends()
    threads = document[1]["threads"]
    document[1]["threads"] = [threads[0], threads[2], threads[1]]
    radeon, vega, _ = Backends.from_json(document).gpus
    assert (radeon.index, radeon.hashrate.seconds_10) == (0, 20000000.75)
    assert (vega.index, vega.hashrate.seconds_10) == (1, 10000000.75)


def test_a_thread_of_the_cpu_is_no_card() -> None:
    """Whatever it reports."""
    assert cards("cpu", {"index": 0, "bus_id": "01:00.0"}).gpus == ()


def test_a_card_one_of_whose_threads_has_no_hashrate_yet() -> None:
    """A sum with a missing part is missing."""
    document = gpu_backends()
    document[1]["threads"][1]["hashrate"] = [1.0, None, None]
    radeon = Backends.from_json(document).gpus[0]
    assert radeon.hashrate == Hashrate(seconds_10=10000001.25)


def test_a_card_keeps_its_key_when_another_one_dies() -> None:
    """The indices of the others shift, but not their bus IDs."""
    first = {"index": 0, "bus_id": "01:00.0"}
    second = {"index": 1, "bus_id": "02:00.0"}
    assert keys(cards("cuda", first, second)) == ["cuda_01:00.0", "cuda_02:00.0"]
    assert keys(cards("cuda", second | {"index": 0})) == ["cuda_02:00.0"]


@pytest.mark.parametrize(
    ("sent", "bus_id"),
    [
        ("01:00.0", "01:00.0"),
        ("C1:00.0", "c1:00.0"),
        ("0000:0a:1f.7", "0000:0a:1f.7"),
        # A card cannot be at the root of the bus.
        ("00:00.0", None),
        ("0000:00:00.0", None),
        ("n/a", None),
        ("N/A", None),
        ("", None),
        (" ", None),
        ("0", None),
        ("01:00.0 01:00.0", None),
        ("01:00.0\n", "01:00.0"),
        ("\u0661\u0661:00.0", None),
        pytest.param("x" * 100_000, None, id="long"),
        pytest.param("01:00." + "0" * 5000, None, id="many digits"),
        (None, None),
        (1, None),
        (["01:00.0"], None),
    ],
)
def test_a_bus_id_names_a_place_or_nothing(sent: Any, bus_id: str | None) -> None:
    """A card without a bus ID is identified by its index."""
    [card] = cards("cuda", {"index": 3, "bus_id": sent}).gpus
    assert card.bus_id == bus_id
    assert card.key == f"cuda_{bus_id or 3}"


def test_cards_that_show_the_same_bus_id() -> None:
    """XMRig omits the PCI domain, without which some bus IDs are not unique."""
    backends = cards(
        "cuda",
        {"index": 0, "bus_id": "01:00.0"},
        {"index": 1, "bus_id": "01:00.0"},
        {"index": 2, "bus_id": "02:00.0"},
    )
    assert keys(backends) == ["cuda_0", "cuda_1", "cuda_02:00.0"]


def test_a_card_that_two_backends_use() -> None:
    """The card has separate sensors for each backend."""
    backends = Backends.from_json(
        [
            {"type": backend, "threads": [{"index": 0, "bus_id": "01:00.0"}]}
            for backend in ("opencl", "cuda")
        ]
    )
    assert keys(backends) == ["opencl_01:00.0", "cuda_01:00.0"]


def test_one_thread_of_a_card_that_names_its_place_is_enough() -> None:
    """The other threads are of the same card."""
    backends = cards(
        "opencl", {"index": 0, "bus_id": "n/a"}, {"index": 0, "bus_id": "01:00.0"}
    )
    assert keys(backends) == ["opencl_01:00.0"]


@pytest.mark.parametrize(
    ("thread", "label"),
    [
        ({"name": "GeForce RTX 3060"}, "GeForce RTX 3060 (01:00.0)"),
        # Newer drivers prepend the manufacturer.
        ({"name": "NVIDIA GeForce RTX 3060"}, "GeForce RTX 3060 (01:00.0)"),
        ({"name": "NVIDIA"}, "NVIDIA (01:00.0)"),
        ({"name": None}, "GPU (01:00.0)"),
        ({"name": "Tesla P4", "bus_id": "n/a"}, "Tesla P4 (#2)"),
        ({"bus_id": None}, "GPU (#2)"),
    ],
)
def test_a_card_is_called_by_its_model_and_place(
    thread: dict[str, Any], label: str
) -> None:
    """The bus ID distinguishes identical cards, including later ones."""
    [card] = cards("cuda", {"index": 2, "bus_id": "01:00.0"} | thread).gpus
    assert card.label == label


@pytest.mark.parametrize(
    ("vendor", "name", "manufacturer", "model"),
    [
        ("Advanced Micro Devices, Inc.", "AMD Radeon RX 6800", "AMD", "Radeon RX 6800"),
        ("Advanced Micro Devices, Inc.", "gfx900", "AMD", "gfx900"),
        ("NVIDIA Corporation", "NVIDIA Tesla P4", "NVIDIA", "Tesla P4"),
        ("Intel(R) Corporation", "Intel(R) Arc(TM) A770", "Intel", "Arc(TM) A770"),
        # A platform by another manufacturer than that of its cards.
        ("Mesa", "AMD Radeon RX 6800", "AMD", "Radeon RX 6800"),
        ("Mesa", "llvmpipe", None, "llvmpipe"),
        (None, "AMD Radeon RX 6800", "AMD", "Radeon RX 6800"),
        (1, None, None, None),
    ],
)
def test_who_made_an_opencl_card(
    vendor: Any, name: str | None, manufacturer: str | None, model: str | None
) -> None:
    """The manufacturer is in the name of the platform or of the card."""
    backends = cards("opencl", {"index": 0, "name": name}, platform={"vendor": vendor})
    [card] = backends.gpus
    assert (card.manufacturer, card.name) == (manufacturer, model)


def test_a_cuda_card_is_by_nvidia() -> None:
    """Only NVIDIA has CUDA."""
    [card] = cards("cuda", {"index": 0}).gpus
    assert card.manufacturer == "NVIDIA"


@pytest.mark.parametrize(
    ("fans", "fan_speed"),
    [
        ([45, 52], 52),
        ([45], 45),
        # One of two fans may stand still.
        ([0, 30], 30),
        ([0], None),
        ([], None),
        (None, None),
        ("45", None),
        ([None, "30"], None),
    ],
)
def test_the_fastest_fan_counts(fans: Any, fan_speed: float | None) -> None:
    """A card may have several fans, or report none."""
    assert GpuHealth.from_json({"fan_speed": fans}).fan_speed == fan_speed


def test_health_of_zero_is_unknown() -> None:
    """XMRig reports 0 if it could not read a value."""
    health = dict.fromkeys(("temperature", "power", "clock", "mem_clock", "rpm"), 0) | {
        "fan_speed": [0]
    }
    assert GpuHealth.from_json(health) == GpuHealth()


def test_the_order_of_backends_is_no_promise() -> None:
    """Backends are found by type, and unknown types are ignored."""
    document = gpu_backends()
    backends = Backends.from_json(
        [{"type": "fpga", "enabled": True}, *reversed(document)]
    )
    assert backends.by_type == Backends.from_json(document).by_type


@pytest.mark.parametrize("item", [None, 1, "cpu", [], {}, {"type": ["cpu"]}])
def test_what_is_no_backend_is_left_out(item: Any) -> None:
    """Items that are not backends are ignored."""
    assert Backends.from_json([item]).by_type == {}


def test_enabled_backends() -> None:
    """A backend without this value is not enabled."""
    backends = Backends.from_json(
        [{"type": "cpu"}, {"type": "opencl", "enabled": True}, {"type": "cuda"}]
    )
    assert backends.enabled == {BackendType.OPENCL}


@given(place=st.sampled_from(places(BACKENDS)), value=any_json)
def test_anything_in_place_of_any_value(place: tuple[Any, ...], value: Any) -> None:
    """Reading backends never fails, whatever they contain."""
    read_snapshot(SUMMARY, put(BACKENDS, place, value), CONFIG)


def test_any_value_missing() -> None:
    """It does not fail if a value is missing."""
    for place in places(BACKENDS):
        read_snapshot(SUMMARY, without(BACKENDS, place), CONFIG)


@pytest.mark.parametrize(
    ("affinity", "core"), [(-1, -1), (0, 0), (63, 63), (-2, None), ("0", None)]
)
def test_the_core_of_a_thread(affinity: Any, core: int | None) -> None:
    """An unbound thread has -1."""
    assert Thread.from_json({"affinity": affinity}).affinity == core


@pytest.mark.parametrize(("sent", "index"), [(0, 0), (255, 255), (256, None)])
def test_the_index_of_a_card(sent: int, index: int | None) -> None:
    """There are cards of up to 256 indexes."""
    assert Thread.from_json({"index": sent}).index == index


def test_hashrates_are_added_window_by_window() -> None:
    """Each window of a card is the sum of those of its threads."""
    hashrates = [
        Hashrate(seconds_10=1, minute_1=20, minutes_15=300),
        Hashrate(seconds_10=4, minute_1=50, minutes_15=600),
    ]
    assert Hashrate.total(hashrates) == Hashrate(
        seconds_10=5, minute_1=70, minutes_15=900
    )
    assert Hashrate.total([]) == Hashrate()


@pytest.mark.parametrize(
    ("windows", "is_hashing"),
    [
        ([1, 0, 0], True),
        ([None, 1, None], True),
        ([0, None, 1], True),
        ([0, 0, 0], False),
        ([], False),
    ],
)
def test_any_window_shows_that_it_hashes(
    windows: list[float | None], is_hashing: bool
) -> None:
    """A window that is not full has no value although there are hashes."""
    assert Hashrate.from_json(windows).is_hashing is is_hashing


@pytest.mark.parametrize("complete", [True, False])
def test_whether_the_reply_was_whole(complete: bool) -> None:
    """Missing values of a truncated reply are unknown."""
    assert Backends.from_json([], complete=complete).complete is complete
    assert Summary.from_json({}, complete=complete).complete is complete


@pytest.mark.parametrize(
    ("sent", "complete"), [(MAX_THREADS, True), (MAX_THREADS + 1, False)]
)
def test_as_many_threads_as_a_computer_may_have(sent: int, complete: bool) -> None:
    """With more threads, the reply counts as truncated."""
    backends = Backends.from_json([{"type": "cpu", "threads": [{}] * sent}])
    assert backends.threads == MAX_THREADS
    assert backends.complete is complete


OFF = [{"type": name, "enabled": False} for name in ("cpu", "opencl", "cuda")]


@pytest.mark.parametrize(
    ("document", "listed", "are_disabled"),
    [
        (OFF, BackendType, True),
        (OFF[:1], (), True),
        (OFF[:1], (BackendType.CPU,), True),
        (OFF[:2], (BackendType.OPENCL,), True),
        # A missing backend may be mining.
        (OFF[:2], BackendType, False),
        (OFF[1:], (), False),
        ([], (), False),
        # So may one without this value.
        ([*OFF[:2], {"type": "cuda"}], BackendType, False),
        ([*OFF[:2], {"type": "cuda", "enabled": True}], BackendType, False),
        ([*OFF[:2], {"type": "cuda", "enabled": True}], (), False),
    ],
)
def test_all_are_disabled_only_if_each_is_reported_so(
    document: list[Any], listed: Iterable[BackendType], are_disabled: bool
) -> None:
    """A miner is stopped only if no backend can be mining."""
    backends = Backends.from_json(document)
    assert backends.are_disabled(listed) is are_disabled
    assert not Backends.from_json(document, complete=False).are_disabled(listed)


def test_the_hashrate_of_a_backend() -> None:
    """It shows that a miner hashes while the total is incomplete."""
    backends = Backends.from_json([{"type": "cpu", "hashrate": [1.5, 2, None]}])
    assert backends.by_type[BackendType.CPU].hashrate == Hashrate(
        seconds_10=1.5, minute_1=2
    )


def test_disabled_backends() -> None:
    """A backend without this value may be running."""
    backends = Backends.from_json(
        [
            {"type": "cpu", "enabled": False},
            {"type": "opencl", "enabled": True},
            {"type": "cuda"},
        ]
    )
    assert backends.disabled == {BackendType.CPU}
    assert Backends().disabled == frozenset()


def test_what_a_card_does_not_report() -> None:
    """No value of its health is known, and the whole reply is kept."""
    document = [{"type": "cuda", "enabled": True, "threads": [{"index": 0}]}]
    backends = Backends.from_json(document)
    [card] = backends.gpus
    assert card.health == GpuHealth()
    assert backends.document == tuple(document)
