"""Tests of what follows from what a miner says."""

from copy import deepcopy
from dataclasses import replace
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig.api.document import Change, changes
from custom_components.xmrig.api.models import (
    MAX_UPTIME,
    Backends,
    BackendType,
    Config,
    Connection,
    GpuHealth,
    Hashrate,
    HugePages,
    Results,
    Snapshot,
    Status,
    Summary,
)

from .captures import (
    CAPTURES,
    NEW,
    OLD,
    VERSIONS,
    capture,
    gpu_backends,
    read_all,
    snapshot,
)

CAPTURED = [
    pytest.param(path.parts[-2], path.name, id="-".join(path.parts[-2:]))
    for path in sorted(CAPTURES.glob("*/*"))
    if path.is_dir()
]

SECRETS = ("s3cret", "WALLET")

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 10**30, 10**400, -(2**63) - 1, 2**64])
    | st.floats()
    | st.text()
    | st.sampled_from(["cpu", "opencl", "cuda", "1", "0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["enabled", "type"]), inner)
    ),
    max_leaves=8,
)


def places(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value of a document."""
    found = [path] if path else []
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            found += places(value, (*path, index))
    return found


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value at a path."""
    changed = deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def everywhere(document: Any, value: Any) -> Any:
    """Return a document with another value in place of every value."""
    if isinstance(document, dict):
        return {key: everywhere(item, value) for key, item in document.items()}
    if isinstance(document, list):
        return [everywhere(item, value) for item in document]
    return value


def without(document: Any, path: tuple[Any, ...]) -> Any:
    """Return a document without what is at a path."""
    changed = deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    return changed


def read_snapshot(summary: Any, backends: Any, config: Any) -> Snapshot:
    """Read everything that a miner's answers lead to."""
    known = Snapshot(
        summary=Summary.from_json(summary),
        backends=Backends.from_json(backends),
        config=Config(config),
    )
    read_all(known)
    for backend in (None, *BackendType):
        known.hashrate_now(known.summary.hashrate, backend)
    return known


SUMMARY = capture(NEW, "mining", "summary")
BACKENDS = gpu_backends()
CONFIG = capture(NEW, "mining", "config")


class TestCaptures:
    """What the real miner answered."""

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("state", "status"),
        [
            ("mining", Status.MINING),
            ("paused", Status.PAUSED),
            ("paused_15_seconds", Status.PAUSED),
            ("pool_unreachable", Status.NO_POOL),
            ("restricted", Status.STARTING),
            ("starting", Status.STARTING),
            ("stopped_by_config", Status.STOPPED),
            ("stopped_by_rpc", Status.STARTING),
            ("warming_up", Status.STARTING),
        ],
    )
    def test_status(self, version: str, state: str, status: Status) -> None:
        """Each state that was captured is what it is called.

        After XMRig's own `stop` the pool's next job starts the miner again. The one
        that became restricted had just restarted its threads.
        """
        assert snapshot(version, state).status is status

    def test_status_with_all_windows_full(self) -> None:
        """A miner of sixteen minutes is mining."""
        assert snapshot(NEW, "mining_16_minutes").status is Status.MINING

    @pytest.mark.parametrize(("version", "state"), CAPTURED)
    def test_mining_is_neither_paused_nor_stopped(
        self, version: str, state: str
    ) -> None:
        """What a switch shows follows from the status alone."""
        assert snapshot(version, state).is_mining is (
            not state.startswith(("paused", "stopped_by_config"))
        )

    @pytest.mark.parametrize(("version", "state"), CAPTURED)
    def test_everything_can_be_read(self, version: str, state: str) -> None:
        """No capture has anything that a model could not stand."""
        read_all(snapshot(version, state))

    @pytest.mark.parametrize(("version", "state"), CAPTURED)
    def test_every_value_of_a_summary_is_in_the_model(
        self, version: str, state: str
    ) -> None:
        """Nothing that the miner says is lost on the way."""
        document = capture(version, state, "summary")
        summary = Summary.from_json(document)
        resources = document["resources"]
        assert (summary.id, summary.worker_id) == (document["id"], "rig-one")
        assert (summary.uptime, summary.restricted) == (
            document["uptime"],
            document["restricted"],
        )
        assert {
            "free": summary.memory_free,
            "total": summary.memory_total,
            "resident_set_memory": summary.memory_resident,
        } == resources["memory"]
        assert list(summary.load_average) == resources["load_average"]
        assert summary.hardware_concurrency == resources["hardware_concurrency"]
        for field in ("features", "algorithms"):
            assert list(getattr(summary, field)) == document[field]
        for field in ("algo", "version", "kind", "ua", "donate_level", "paused"):
            assert getattr(summary, field) == document[field]
        for model, part in (
            (summary.results, document["results"]),
            (summary.connection, document["connection"]),
            (summary.cpu, document["cpu"]),
        ):
            for key, value in part.items():
                # The miner itself calls x64 outdated.
                if key != "x64":
                    name = {"64_bit": "is_64_bit"}.get(key, key.replace("-", "_"))
                    expected = tuple(value) if isinstance(value, list) else value
                    assert getattr(model, name) == expected
        hashrate = summary.hashrate
        assert document["hashrate"]["total"] == [
            hashrate.seconds_10,
            hashrate.minute_1,
            hashrate.minutes_15,
        ]
        assert summary.hashrate_highest == document["hashrate"]["highest"]
        assert document["hugepages"] == [
            summary.hugepages.allocated,
            summary.hugepages.total,
        ]
        assert summary.complete
        assert summary.document == document

    @pytest.mark.parametrize("version", VERSIONS)
    def test_backends_of_a_cpu_miner(self, version: str) -> None:
        """The CPU mines with two threads, and no GPU is on."""
        document = capture(version, "mining", "backends")
        backends = Backends.from_json(document)
        assert list(backends.by_type) == list(BackendType)
        assert backends.enabled == {BackendType.CPU}
        assert (backends.threads, backends.gpus) == (2, ())
        cpu = backends.by_type[BackendType.CPU]
        assert (cpu.algo, cpu.profile) == ("rx/0", "rx")
        assert (cpu.hw_aes, cpu.priority, cpu.msr) == (True, -1, False)
        assert cpu.asm == document[0]["asm"]
        assert cpu.argon2_impl == document[0]["argon2-impl"]
        assert (cpu.hugepages.allocated, cpu.hugepages.total) == (0, 1170)
        assert cpu.memory == 4194304
        assert [
            (thread.intensity, thread.affinity, thread.hashrate.seconds_10)
            for thread in cpu.threads
        ] == [
            (item["intensity"], item["affinity"], item["hashrate"][0])
            for item in document[0]["threads"]
        ]
        assert backends.by_type[BackendType.CUDA].enabled is False
        assert backends.document == tuple(document)

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("state", ["stopped_by_rpc", "stopped_by_config"])
    def test_backends_without_threads(self, version: str, state: str) -> None:
        """A backend that was stopped has neither threads nor a hashrate."""
        backends = Backends.from_json(capture(version, state, "backends"))
        assert backends.threads == 0
        assert backends.by_type[BackendType.CPU].hashrate == Hashrate()


class TestSummary:
    """Summaries as no capture has them."""

    def test_nothing_is_known_of_an_empty_summary(self) -> None:
        """All is missing, and nothing is 0."""
        assert Summary.from_json({}) == Summary()
        summary = Summary()
        assert summary.uptime is None
        assert summary.load_average == (None, None, None)
        assert summary.hashrate == Hashrate()
        assert summary.results.shares_rejected is None
        assert summary.connection.is_connected is None

    @pytest.mark.parametrize("value", [None, [], {}, "", float("nan")])
    def test_values_of_another_type_are_missing(self, value: Any) -> None:
        """A value that XMRig would not send counts as none."""
        summary = Summary.from_json(dict.fromkeys(SUMMARY, value))
        assert replace(summary, document={}) == Summary()

    def test_numbers_as_strings_are_missing(self) -> None:
        """A number in quotes is no number of XMRig's."""
        quoted = json.loads(
            json.dumps(SUMMARY), parse_int=lambda number: f"{number}", parse_float=str
        )
        summary = Summary.from_json(quoted)
        assert (summary.uptime, summary.memory_free) == (None, None)
        assert summary.load_average == (None, None, None)
        assert summary.hashrate == Hashrate()
        assert summary.results == Results()
        assert summary.hugepages == HugePages()
        assert summary.connection.uptime_ms is None
        assert summary.worker_id == "rig-one"

    @pytest.mark.parametrize("value", [True, False])
    def test_a_boolean_is_no_number(self, value: bool) -> None:
        """Python counts True as 1, JSON does not."""
        summary = Summary.from_json(everywhere(SUMMARY, value))
        assert (summary.uptime, summary.results.shares_good) == (None, None)
        assert summary.hashrate == Hashrate()
        assert summary.paused is value

    @pytest.mark.parametrize("value", [0, 1])
    def test_a_number_is_no_boolean(self, value: int) -> None:
        """Nor is 1 true."""
        summary = Summary.from_json(everywhere(SUMMARY, value))
        assert (summary.paused, summary.restricted) == (None, None)
        assert summary.cpu.aes is None

    @pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_a_number_that_is_not_finite_is_missing(self, literal: str) -> None:
        """Nobody could show it, nor could Home Assistant store it."""
        summary = Summary.from_json(
            json.loads(f'{{"hashrate": {{"total": [{literal}, 1, 2.5]}}}}')
        )
        assert summary.hashrate == Hashrate(seconds_10=None, minute_1=1, minutes_15=2.5)

    def test_a_zero_is_a_reading(self) -> None:
        """What is 0 is known, unlike what is null."""
        summary = Summary.from_json(
            {"uptime": 0, "donate_level": 0, "hashrate": {"total": [0.0, None, 0]}}
        )
        assert (summary.uptime, summary.donate_level) == (0, 0)
        assert summary.hashrate == Hashrate(seconds_10=0, minutes_15=0)

    @pytest.mark.parametrize(
        ("sent", "uptime"),
        [
            (0, 0),
            (MAX_UPTIME - 1, MAX_UPTIME - 1),
            (MAX_UPTIME, None),
            (2**64 - 3600, None),
            (10**40, None),
            (-1, None),
            ("86", None),
            (86.0, None),
        ],
    )
    def test_uptime_of_a_clock_that_was_set_back(
        self, sent: Any, uptime: int | None
    ) -> None:
        """A clock set back before the start makes the uptime huge, and no uptime."""
        assert Summary.from_json({"uptime": sent}).uptime == uptime

    @pytest.mark.parametrize("sent", [2**53 + 1, 2**64 - 1])
    def test_counters_are_exact(self, sent: int) -> None:
        """A counter of 64 bits would lose its last digits as a float."""
        results = Results.from_json({"hashes_total": sent, "best": [sent, 0]})
        assert (results.hashes_total, results.best_share) == (sent, sent)

    @pytest.mark.parametrize("sent", [2**64, -(2**63) - 1, 10**30])
    def test_more_than_64_bits_are_missing(self, sent: int) -> None:
        """XMRig has no such numbers, nor has a database."""
        assert Results.from_json({"hashes_total": sent}).hashes_total is None

    def test_lists_of_another_length(self) -> None:
        """What is missing at the end of a list is missing, what is too much is not read."""
        summary = Summary.from_json(
            {
                "resources": {"load_average": [1.5]},
                "hashrate": {"total": [1, 2, 3, 4]},
                "hugepages": [1, 2, 3],
            }
        )
        assert summary.load_average == (1.5, None, None)
        assert summary.hashrate == Hashrate(seconds_10=1, minute_1=2, minutes_15=3)
        assert summary.hugepages == HugePages()

    def test_an_empty_id_is_none(self) -> None:
        """A miner without a network has no id at its start."""
        assert Summary.from_json({"id": "", "worker_id": ""}) == Summary(
            document={"id": "", "worker_id": ""}
        )

    @given(place=st.sampled_from(places(SUMMARY)), value=any_json)
    def test_anything_in_place_of_any_value(
        self, place: tuple[Any, ...], value: Any
    ) -> None:
        """Whatever stands in a summary, reading it never fails."""
        read_snapshot(put(SUMMARY, place, value), BACKENDS, CONFIG)

    def test_any_value_missing(self) -> None:
        """Nor does it when something is not there at all."""
        for place in places(SUMMARY):
            read_snapshot(without(SUMMARY, place), BACKENDS, CONFIG)


class TestResults:
    """Shares."""

    @pytest.mark.parametrize(
        ("good", "total", "rejected", "rate"),
        [
            (0, 0, 0, None),
            (8, 8, 0, 0),
            (6, 8, 2, 25),
            (0, 3, 3, 100),
            (None, 8, None, None),
            (8, None, None, None),
            # Counted one after the other, so for a moment there may be one too many.
            (9, 8, 0, 0),
        ],
    )
    def test_rejected_shares(
        self,
        good: int | None,
        total: int | None,
        rejected: int | None,
        rate: float | None,
    ) -> None:
        """What is not good was rejected; before the first share there is no rate."""
        results = Results(shares_good=good, shares_total=total)
        assert (results.shares_rejected, results.reject_rate) == (rejected, rate)

    @pytest.mark.parametrize(
        ("best", "share"), [([205228, 0], 205228), ([0] * 10, None), ([], None)]
    )
    def test_best_share(self, best: list[int], share: int | None) -> None:
        """The list is filled up with 0, which is no share."""
        assert Results.from_json({"best": best}).best_share == share


class TestConnection:
    """The connection to the pool."""

    @pytest.mark.parametrize(
        ("document", "is_connected"),
        [
            ({"ip": "10.0.0.1", "uptime": 0, "uptime_ms": 0}, True),
            ({"ip": None, "uptime": 0, "uptime_ms": 93}, True),
            ({"ip": None, "uptime": 7}, True),
            ({"ip": None, "uptime": 0, "uptime_ms": 0}, False),
            # The pool's name stays after it was lost.
            ({"pool": "pool:3333", "ip": None, "uptime": 0}, False),
            ({"pool": "pool:3333", "ip": None}, None),
            ({}, None),
        ],
    )
    def test_connected(
        self, document: dict[str, Any], is_connected: bool | None
    ) -> None:
        """There is a pool when it has an address, or a time since when."""
        assert Connection.from_json(document).is_connected is is_connected


class TestHugePages:
    """Huge pages."""

    @pytest.mark.parametrize(
        ("sent", "percent"),
        [
            ([0, 1170], 0),
            ([585, 1170], 50),
            ([1170, 1170], 100),
            # Nothing runs, so none are wanted.
            ([0, 0], None),
            ([None, 1170], None),
            ([1, None], None),
            # As it is under /1.
            (True, None),
            (None, None),
        ],
    )
    def test_percent(self, sent: Any, percent: float | None) -> None:
        """The share of the pages that are in use is of those that are wanted."""
        assert HugePages.from_json(sent).percent == percent


class TestBackends:
    """Backends as no capture has them."""

    def test_threads_of_a_gpu_are_one_card(self) -> None:
        """Threads that share a card are added up, and its health is counted once."""
        backends = Backends.from_json(gpu_backends())
        assert backends.threads == 4
        assert [gpu.key for gpu in backends.gpus] == ["opencl_0", "opencl_1", "cuda_0"]
        radeon, vega, geforce = backends.gpus
        assert radeon.hashrate == Hashrate(seconds_10=20000000.75, minute_1=19000000.25)
        assert (radeon.name, radeon.bus_id) == ("Radeon RX 6800", "03:00.0")
        assert radeon.health == GpuHealth(
            temperature=61, power=145, clock=2250, memory_clock=1988, rpm=1480
        )
        # Without a marketing name there is still the chip's.
        assert (vega.name, vega.bus_id) == ("gfx900", "n/a")
        assert vega.health == GpuHealth()
        assert geforce.name == "NVIDIA GeForce RTX 3060"
        assert geforce.hashrate == Hashrate(seconds_10=22000000.5, minute_1=21900000.0)

    def test_cards_are_told_by_their_index(self) -> None:
        """Threads of a card need not stand beside each other."""
        document = gpu_backends()
        threads = document[1]["threads"]
        document[1]["threads"] = [threads[0], threads[2], threads[1]]
        radeon, vega, _ = Backends.from_json(document).gpus
        assert (radeon.index, radeon.hashrate.seconds_10) == (0, 20000000.75)
        assert (vega.index, vega.hashrate.seconds_10) == (1, 10000000.75)

    def test_a_card_one_of_whose_threads_has_no_hashrate_yet(self) -> None:
        """A sum of which a part is missing is missing too."""
        document = gpu_backends()
        document[1]["threads"][1]["hashrate"] = [1.0, None, None]
        radeon = Backends.from_json(document).gpus[0]
        assert radeon.hashrate == Hashrate(seconds_10=10000001.25)

    @pytest.mark.parametrize(
        ("fans", "fan_speed"),
        [
            ([45, 52], 52),
            ([45], 45),
            # Of two fans one may stand still.
            ([0, 30], 30),
            ([0], None),
            ([], None),
            (None, None),
            ("45", None),
            ([None, "30"], None),
        ],
    )
    def test_the_fastest_fan_counts(self, fans: Any, fan_speed: float | None) -> None:
        """A card may have several fans, or none that it tells of."""
        assert GpuHealth.from_json({"fan_speed": fans}).fan_speed == fan_speed

    def test_health_of_zero_is_unknown(self) -> None:
        """XMRig says 0 when it could not read a value."""
        health = dict.fromkeys(
            ("temperature", "power", "clock", "mem_clock", "rpm"), 0
        ) | {"fan_speed": [0]}
        assert GpuHealth.from_json(health) == GpuHealth()

    def test_the_order_of_backends_is_no_promise(self) -> None:
        """A backend is found by its type, and one of an unknown type is left out."""
        document = gpu_backends()
        backends = Backends.from_json(
            [{"type": "fpga", "enabled": True}, *reversed(document)]
        )
        assert backends.by_type == Backends.from_json(document).by_type

    @pytest.mark.parametrize("item", [None, 1, "cpu", [], {}, {"type": ["cpu"]}])
    def test_what_is_no_backend_is_left_out(self, item: Any) -> None:
        """A list of other things is a list of no backends."""
        assert Backends.from_json([item]).by_type == {}

    def test_enabled_backends(self) -> None:
        """A backend that does not say so is not enabled."""
        backends = Backends.from_json(
            [{"type": "cpu"}, {"type": "opencl", "enabled": True}, {"type": "cuda"}]
        )
        assert backends.enabled == {BackendType.OPENCL}

    @pytest.mark.parametrize("asm", [True, False, "ryzen", None])
    def test_asm_is_a_name_or_a_boolean(self, asm: Any) -> None:
        """XMRig says which assembly it uses, or just whether."""
        backends = Backends.from_json([{"type": "cpu", "asm": asm}])
        assert backends.by_type[BackendType.CPU].asm == asm

    @given(place=st.sampled_from(places(BACKENDS)), value=any_json)
    def test_anything_in_place_of_any_value(
        self, place: tuple[Any, ...], value: Any
    ) -> None:
        """Whatever stands among the backends, reading them never fails."""
        read_snapshot(SUMMARY, put(BACKENDS, place, value), CONFIG)

    def test_any_value_missing(self) -> None:
        """Nor does it when something is not there at all."""
        for place in places(BACKENDS):
            read_snapshot(SUMMARY, without(BACKENDS, place), CONFIG)


@pytest.mark.parametrize(
    "value", [None, True, -1, 0, 2**70, 1.5, float("inf"), "", "1", [], {}], ids=repr
)
def test_the_same_value_everywhere(value: Any) -> None:
    """Answers with nothing but nulls, or nothing but anything else, can be read."""
    read_snapshot(
        everywhere(SUMMARY, value),
        everywhere(BACKENDS, value),
        everywhere(CONFIG, value),
    )


class TestConfig:
    """The config."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_backends(self, version: str) -> None:
        """A config says of each backend whether it is on."""
        assert Config(capture(version, "mining", "config")).backends == {
            BackendType.CPU: True,
            BackendType.OPENCL: False,
            BackendType.CUDA: False,
        }
        stopped = Config(capture(version, "stopped_by_config", "config"))
        assert not any(stopped.backends.values())

    def test_a_config_without_a_backend(self) -> None:
        """A miner built without CUDA has none to switch on."""
        config = Config({"cpu": {"enabled": "yes"}, "opencl": None})
        assert config.backends == {BackendType.CPU: False}
        assert config.with_backends(BackendType).document == {
            "cpu": {"enabled": True},
            "opencl": None,
        }

    @pytest.mark.parametrize("version", VERSIONS)
    def test_with_backends_changes_nothing_else(self, version: str) -> None:
        """Switching backends leaves every other value as it is, and the original whole."""
        document = capture(version, "mining", "config")
        config = Config(document)
        wanted = config.with_backends({BackendType.OPENCL})
        assert list(changes(config.document, wanted.document)) == [
            Change(path=("cpu", "enabled"), old=True, new=False),
            Change(path=("opencl", "enabled"), old=False, new=True),
        ]
        assert list(wanted.document) == list(document)
        assert [list(wanted.document[key]) for key in ("cpu", "opencl", "cuda")] == [
            list(document[key]) for key in ("cpu", "opencl", "cuda")
        ]
        assert config.document == capture(version, "mining", "config")
        assert wanted.with_backends({BackendType.CPU}) == config

    @pytest.mark.parametrize("version", VERSIONS)
    def test_nothing_that_is_printed_holds_a_secret(self, version: str) -> None:
        """Tokens, wallets and passwords reach no log by way of a model."""
        document = capture(version, "mining", "config")
        assert all(secret in json.dumps(document) for secret in SECRETS)
        known = snapshot(version, "mining")
        for printed in (repr(known.config), str(known.config), repr(known)):
            assert not any(secret in printed for secret in SECRETS)

    @given(place=st.sampled_from(places(CONFIG)), value=any_json)
    def test_anything_in_place_of_any_value(
        self, place: tuple[Any, ...], value: Any
    ) -> None:
        """Whatever stands in a config, it can be read, and its backends switched."""
        known = read_snapshot(SUMMARY, BACKENDS, put(CONFIG, place, value))
        assert known.config
        switched = known.config.with_backends({BackendType.CUDA})
        assert not any(
            is_on
            for backend, is_on in switched.backends.items()
            if backend is not BackendType.CUDA
        )

    def test_any_value_missing(self) -> None:
        """Nor does it matter if something is not there at all."""
        for place in places(CONFIG):
            read_snapshot(SUMMARY, BACKENDS, without(CONFIG, place))


class TestSnapshot:
    """What follows from all answers together."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_hashrate_is_0_while_paused(self, version: str) -> None:
        """A window that drains makes a paused miner look alive."""
        paused = snapshot(version, "paused")
        assert paused.summary.hashrate.seconds_10
        assert paused.hashrate_now(paused.summary.hashrate) == 0
        assert paused.hashrate_now(paused.summary.hashrate, BackendType.CPU) == 0

    def test_hashrate_is_0_while_paused_even_if_unknown(self) -> None:
        """A GPU that is paused has no hashrate at all."""
        paused = Snapshot(summary=Summary(paused=True))
        assert paused.hashrate_now(Hashrate()) == 0

    @pytest.mark.parametrize("version", VERSIONS)
    def test_hashrate_is_0_while_stopped(self, version: str) -> None:
        """A stopped backend has no hashrate, and mines nothing."""
        stopped = snapshot(version, "stopped_by_config")
        assert stopped.hashrate_now(Hashrate(), BackendType.CPU) == 0

    @pytest.mark.parametrize("version", VERSIONS)
    def test_hashrate_of_a_miner_that_mines(self, version: str) -> None:
        """Otherwise it is what the miner says, and 0 of a backend that is off."""
        known = snapshot(version, "mining")
        hashrate = known.summary.hashrate
        assert hashrate.seconds_10
        assert known.hashrate_now(hashrate) == hashrate.seconds_10
        assert known.hashrate_now(hashrate, BackendType.CPU) == hashrate.seconds_10
        assert known.hashrate_now(Hashrate(), BackendType.CUDA) == 0

    @pytest.mark.parametrize("version", VERSIONS)
    def test_hashrate_is_unknown_while_its_window_fills(self, version: str) -> None:
        """A null is no 0."""
        known = snapshot(version, "warming_up")
        assert known.hashrate_now(known.summary.hashrate) is None

    def test_hashrate_of_a_backend_that_the_answer_was_cut_before(self) -> None:
        """What is not known of a backend is not that it is off."""
        backends = Backends.from_json(BACKENDS[:2], complete=False)
        known = Snapshot(summary=Summary.from_json(SUMMARY), backends=backends)
        assert known.hashrate_now(Hashrate(), BackendType.CUDA) is None

    def test_paused_comes_before_the_pool(self) -> None:
        """Who paused a miner without a pool looks for the pause."""
        summary = replace(snapshot(NEW, "pool_unreachable").summary, paused=True)
        assert Snapshot(summary=summary).status is Status.PAUSED

    def test_stopped_comes_before_paused(self) -> None:
        """A stopped miner has nothing to pause."""
        stopped = snapshot(NEW, "stopped_by_config")
        summary = replace(stopped.summary, paused=True)
        assert replace(stopped, summary=summary).status is Status.STOPPED

    def test_a_gpu_without_its_window_hides_no_cpu_that_mines(self) -> None:
        """The total is null as long as any one backend lacks a window."""
        summary = replace(snapshot(NEW, "mining").summary, hashrate=Hashrate())
        backends = Backends.from_json(BACKENDS)
        assert Snapshot(summary=summary, backends=backends).status is Status.MINING

    def test_without_backends_nobody_knows_if_it_is_stopped(self) -> None:
        """A miner without hashrate may be starting, or have no backend that is on."""
        summary = snapshot(NEW, "stopped_by_rpc").summary
        known = Snapshot(summary=summary)
        assert (known.status, known.is_mining) == (None, None)

    def test_without_backends_a_hashrate_still_says_it_all(self) -> None:
        """What hashes is mining."""
        known = Snapshot(summary=snapshot(NEW, "mining").summary)
        assert known.status is Status.MINING

    def test_a_list_that_was_cut_off_does_not_mean_stopped(self) -> None:
        """The backend that is on may be behind the cut."""
        document = [{"type": "cpu", "enabled": False}]
        summary = snapshot(NEW, "warming_up").summary
        cut = Backends.from_json(document, complete=False)
        assert Snapshot(summary=summary, backends=cut).status is None
        whole = Backends.from_json(document)
        assert Snapshot(summary=summary, backends=whole).status is Status.STOPPED

    def test_an_old_miner_in_its_first_minutes(self) -> None:
        """A summary that ends in its hashrates says enough for a status."""
        document = capture(OLD, "mining", "summary")
        document["hashrate"] = {"total": [1207.19]}
        del document["hugepages"]
        backends = Backends.from_json(
            capture(OLD, "mining", "backends")[:1], complete=False
        )
        known = Snapshot(
            summary=Summary.from_json(document, complete=False), backends=backends
        )
        assert known.status is Status.MINING
        assert known.hashrate_now(known.summary.hashrate) == 1207.19
        assert known.summary.hashrate.minutes_15 is None

    def test_a_summary_that_was_cut_before_it_says_if_it_is_paused(self) -> None:
        """Then there is no status, rather than a guessed one."""
        document = capture(OLD, "paused", "summary")
        del document["paused"]
        known = Snapshot(
            summary=Summary.from_json(document, complete=False),
            backends=Backends.from_json(capture(OLD, "paused", "backends")),
        )
        assert (known.status, known.is_mining) == (None, None)
