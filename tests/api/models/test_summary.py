"""Tests of summaries that are in no capture."""

from dataclasses import replace
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.api.models import (
    MAX_UPTIME,
    Connection,
    Hashrate,
    HugePages,
    Results,
    Summary,
)
from tests.api.odd import (
    BACKENDS,
    CONFIG,
    SUMMARY,
    any_json,
    everywhere,
    places,
    put,
    read_snapshot,
    without,
)


class TestSummary:
    """Summaries that are in no capture."""

    def test_the_miner_that_sent_it(self) -> None:
        """It is identified by its ID and the name of its worker."""
        summary = Summary(id="0a1b", worker_id="rig-one")
        assert summary.identity == MinerIdentity(id="0a1b", worker_id="rig-one")

    @pytest.mark.parametrize(
        ("sent", "lacks"),
        [
            ({}, True),
            ({"id": "0a1b"}, False),
            ({"worker_id": "rig-one"}, False),
            ({"id": "0a1b", "worker_id": "rig-one"}, False),
        ],
    )
    def test_a_reply_that_was_cut_off_before_the_identity(
        self, sent: dict[str, Any], lacks: bool
    ) -> None:
        """A complete one has the identity that the miner has, be it none."""
        assert Summary.from_json(sent, complete=False).lacks_identity is lacks
        assert Summary.from_json(sent).lacks_identity is False

    def test_nothing_is_known_of_an_empty_summary(self) -> None:
        """All values are missing, and none is 0."""
        assert Summary.from_json({}) == Summary()
        summary = Summary()
        assert summary.uptime is None
        assert summary.load_average == (None, None, None)
        assert summary.hashrate == Hashrate()
        assert summary.results.shares_rejected is None
        assert summary.connection.is_connected is None

    @pytest.mark.parametrize("value", [None, [], {}, "", float("nan")])
    def test_values_of_another_type_are_missing(self, value: Any) -> None:
        """A value of an unexpected type counts as missing."""
        summary = Summary.from_json(dict.fromkeys(SUMMARY, value))
        assert replace(summary, reply={}) == Summary()

    def test_numbers_as_strings_are_missing(self) -> None:
        """XMRig never sends numbers in quotes."""
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
        """In Python True equals 1, in JSON it does not."""
        summary = Summary.from_json(everywhere(SUMMARY, value))
        assert (summary.uptime, summary.results.shares_good) == (None, None)
        assert summary.hashrate == Hashrate()
        assert summary.paused is value

    @pytest.mark.parametrize("value", [0, 1])
    def test_a_number_is_no_boolean(self, value: int) -> None:
        """A number is not read as a boolean."""
        summary = Summary.from_json(everywhere(SUMMARY, value))
        assert (summary.paused, summary.restricted) == (None, None)

    @pytest.mark.parametrize(
        "literal",
        ["NaN", "Infinity", "-Infinity", "1e999", pytest.param("9" * 400, id="9...")],
    )
    def test_a_number_that_is_not_finite_is_missing(self, literal: str) -> None:
        """Home Assistant could neither show nor store it."""
        summary = Summary.from_json(
            json.loads(f'{{"hashrate": {{"total": [{literal}, 1, 2.5]}}}}')
        )
        assert summary.hashrate == Hashrate(seconds_10=None, minute_1=1, minutes_15=2.5)

    def test_a_zero_is_a_reading(self) -> None:
        """0 is a known value, null is not."""
        summary = Summary.from_json(
            {"uptime": 0, "donate_level": 0, "hashrate": {"total": [0.0, None, 0]}}
        )
        assert (summary.uptime, summary.donate_level) == (0, 0)
        assert summary.hashrate == Hashrate(seconds_10=0, minutes_15=0)

    @pytest.mark.parametrize(
        ("sent", "uptime"),
        [
            (0, 0),
            (MAX_UPTIME, MAX_UPTIME),
            (MAX_UPTIME + 1, None),
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
        """A clock that was set back makes the uptime huge: it is unknown."""
        assert Summary.from_json({"uptime": sent}).uptime == uptime

    @pytest.mark.parametrize("sent", [2**52 + 1, 2**53 - 1])
    def test_counters_are_exact(self, sent: int) -> None:
        """Large counters keep all digits."""
        results = Results.from_json({"hashes_total": sent, "best": [sent, 0]})
        assert (results.hashes_total, results.best_share) == (sent, sent)

    @pytest.mark.parametrize("sent", [-1, 2**53, 2**64 - 1, 2**64, 10**30])
    def test_what_javascript_cannot_hold_is_missing(self, sent: int) -> None:
        """A frontend would round it, and a database may reject it."""
        assert Results.from_json({"hashes_total": sent}).hashes_total is None

    def test_lists_of_another_length(self) -> None:
        """Missing items of a list are missing, excess items are ignored."""
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

    def test_no_more_than_three_load_averages(self) -> None:
        """There are three sensors."""
        summary = Summary.from_json({"resources": {"load_average": [1, 2, 3, 4]}})
        assert summary.load_average == (1, 2, 3)

    @pytest.mark.parametrize(
        ("sent", "level"), [(0, 0), (100, 100), (101, None), (-1, None)]
    )
    def test_the_donation_is_a_percentage(self, sent: int, level: int | None) -> None:
        """More than 100 % is invalid."""
        assert Summary.from_json({"donate_level": sent}).donate_level == level

    def test_an_empty_id_is_none(self) -> None:
        """Without a network, a miner has no ID."""
        assert Summary.from_json({"id": "", "worker_id": ""}) == Summary(
            reply={"id": "", "worker_id": ""}
        )

    @given(place=st.sampled_from(places(SUMMARY)), value=any_json)
    def test_anything_in_place_of_any_value(
        self, place: tuple[Any, ...], value: Any
    ) -> None:
        """Reading a summary never fails, whatever it contains."""
        read_snapshot(put(SUMMARY, place, value), BACKENDS, CONFIG)

    def test_any_value_missing(self) -> None:
        """It does not fail if a value is missing."""
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
            # The counters are read separately, so one may briefly be ahead.
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
        """The difference is rejected; before the first share, there is no rate."""
        results = Results(shares_good=good, shares_total=total)
        assert (results.shares_rejected, results.reject_rate) == (rejected, rate)

    @pytest.mark.parametrize(
        ("best", "share"),
        [
            ([205228, 0], 205228),
            ([0] * 10, None),
            ([], None),
            # The list is sorted, best first.
            ([2**53, 205228], None),
        ],
    )
    def test_best_share(self, best: list[int], share: int | None) -> None:
        """0 is a placeholder, not a share."""
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
            # The pool's name stays after the connection was lost.
            ({"pool": "pool:3333", "ip": None, "uptime": 0}, False),
            ({"pool": "pool:3333", "ip": None}, None),
            ({}, None),
        ],
    )
    def test_connected(
        self, document: dict[str, Any], is_connected: bool | None
    ) -> None:
        """An IP address or an uptime shows a connection."""
        assert Connection.from_json(document).is_connected is is_connected

    @pytest.mark.parametrize(
        ("sent", "pool"),
        [
            ("pool.example.org:3333", "pool.example.org:3333"),
            ("192.0.2.7:3333", "192.0.2.7:3333"),
            # XMRig omits the brackets.
            ("2001:db8::1:3333", "2001:db8::1:3333"),
            ("benchmark:3333", "benchmark:3333"),
            # The host as parsed by XMRig from `WALLET.rig:x@pool` and the like.
            ("WALLET.rig:0", None),
            ("WALLET@pool.example.org:3333", None),
            ("pool.example.org/WALLET:3333", None),
            ("pool.example.org#WALLET:3333", None),
            (f"{'4WALLET' * 8}:3333", None),
            ("WALLET::1:3333", None),
            ("2001:db8::1:WALLET", None),
            ("", None),
        ],
    )
    def test_the_pool_is_host_and_port(self, sent: str, pool: str | None) -> None:
        """It appears in states and events, so anything else is unknown."""
        assert Connection.from_json({"pool": sent}).pool == pool

    @pytest.mark.parametrize(
        ("uptime", "is_connected"), [(0, False), (1, True), (None, None)]
    )
    def test_connected_since_when(
        self, uptime: int | None, is_connected: bool | None
    ) -> None:
        """Even in its first second."""
        assert Connection(uptime=uptime).is_connected is is_connected
        assert Connection(uptime_ms=uptime).is_connected is is_connected

    def test_the_version_of_tls(self) -> None:
        """None without TLS."""
        assert Connection.from_json({"tls": "TLSv1.3"}).tls == "TLSv1.3"
        assert Connection.from_json({"tls": None}).tls is None

    def test_the_oldest_connection(self) -> None:
        """The uptime of a connection has a maximum, also in milliseconds."""
        for uptime, known in ((MAX_UPTIME, True), (MAX_UPTIME + 1, False)):
            connection = Connection.from_json({"uptime": uptime})
            assert (connection.uptime is not None) is known
        for uptime, known in (
            (MAX_UPTIME * 1000, True),
            (MAX_UPTIME * 1000 + 1, False),
        ):
            connection = Connection.from_json({"uptime_ms": uptime})
            assert (connection.uptime_ms is not None) is known


@pytest.mark.parametrize(
    ("best", "share"), [([1, 0], 1), ([0], None), ([], None), (None, None)]
)
def test_the_best_share(best: Any, share: int | None) -> None:
    """The list is filled up with 0."""
    assert Results.from_json({"best": best}).best_share == share


class TestHugePages:
    """Huge pages."""

    @pytest.mark.parametrize(
        ("sent", "percent"),
        [
            ([0, 1170], 0),
            ([585, 1170], 50),
            ([1170, 1170], 100),
            # Nothing runs, so no pages are requested.
            ([0, 0], None),
            ([None, 1170], None),
            ([1, None], None),
            # As in API version 1.
            (True, None),
            (None, None),
        ],
    )
    def test_percent(self, sent: Any, percent: float | None) -> None:
        """The used pages in percent of the requested ones."""
        assert HugePages.from_json(sent).percent == percent
