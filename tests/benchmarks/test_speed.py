"""Tests of what `scripts/benchmark` measures with."""

import json
from pathlib import Path

import pytest

from benchmarks.speed.recording import PATHS, identity, of_rig, record
from benchmarks.speed.results import Result, as_text, read, table, write


async def test_recorded_replies_are_those_of_a_miner_that_goes_on(
    loopback: None,
) -> None:
    """Each of the next poll, and each as long as that of any other miner."""
    recording = await record(3)
    uptimes = []
    for replies in recording:
        assert replies.keys() == set(PATHS)
        head, _, body = of_rig(replies["/2/summary"], 7).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        summary = json.loads(body)
        assert (summary["id"], summary["worker_id"]) == identity(7)
        assert summary["hashrate"]["total"][2]
        uptimes.append(summary["uptime"])
    assert [uptime - uptimes[0] for uptime in uptimes] == [0, 10, 20]


@pytest.mark.parametrize(
    ("value", "limit", "is_within"),
    [(1.2, None, True), (1.2, 1.2, True), (1.3, 1.2, False), (-1, 0, True)],
)
def test_limits(value: float, limit: float | None, is_within: bool) -> None:
    """A result without a limit is within it."""
    assert Result(name="it", value=value, limit=limit).is_within_limit is is_within


def test_results_as_a_table_and_as_json(tmp_path: Path) -> None:
    """All figures are in both."""
    results = [
        Result(name="a ratio", value=1.234, target=1.15, note="a note"),
        Result(name="a time", value=1234.5, unit="ms", target=2000),
    ]
    assert table(results).splitlines()[2:] == [
        "| a ratio | 1.23 |  | 1.15 | no | a note |",
        "| a time | 1234 | ms | 2000 | yes |  |",
    ]
    assert read(as_text(results)) == results
    write(tmp_path / "results.json", results)
    document = json.loads((tmp_path / "results.json").read_text())
    assert [item["value"] for item in document["results"]] == [1.234, 1234.5]
