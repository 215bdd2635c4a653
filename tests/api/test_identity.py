"""Tests of the identity of miners."""

from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.api.models import Summary

KNOWN = MinerIdentity(id="0123456789abcdef", worker_id="rig-one")


@pytest.mark.parametrize(
    ("miner_id", "worker_id", "is_same"),
    [
        ("0123456789abcdef", "rig-one", True),
        ("0123456789abcdef", "renamed", True),
        ("fedcba9876543210", "rig-one", False),
        # Without a network card at its start, a miner has no ID
        ("", "rig-one", True),
        ("", "rig-two", False),
    ],
)
def test_id_decides_and_the_worker_id_where_there_is_none(
    miner_id: str, worker_id: str, is_same: bool
) -> None:
    """A renamed miner is the same, a different ID is a different miner."""
    summary = Summary.from_json({"id": miner_id, "worker_id": worker_id})
    assert KNOWN.matches(summary.identity) is is_same


def test_clones_are_distinguished_by_their_worker_ids() -> None:
    """Two containers may share an ID: their worker IDs decide."""
    clone = MinerIdentity(id=KNOWN.id, worker_id="rig-two")
    summary = Summary.from_json({"id": KNOWN.id, "worker_id": "rig-two"})
    assert not KNOWN.matches(summary.identity, [clone])
    assert clone.matches(summary.identity, [KNOWN])


def test_a_miner_without_an_id_is_known_by_its_worker_id() -> None:
    """An ID that appears later does not change the identity."""
    known = MinerIdentity(id=None, worker_id="rig-one")
    summary = Summary.from_json({"id": "0123456789abcdef", "worker_id": "rig-one"})
    assert known.matches(summary.identity)
    assert summary.identity == KNOWN


def test_a_miner_without_an_id_is_none_of_the_others() -> None:
    """Two computers may have one hostname: the ID says that it is the other one."""
    known = MinerIdentity(id=None, worker_id="rig-one")
    assert not known.matches(KNOWN, [KNOWN])
    assert known.matches(replace(KNOWN, id="fedcba9876543210"), [KNOWN])
    assert known.matches(known, [KNOWN])


def test_a_proxy_is_never_a_miner() -> None:
    """Both may run on one computer, one after the other on one port."""
    proxy = replace(KNOWN, kind=Kind.PROXY)
    assert KNOWN.matches(proxy) is False
    assert proxy.matches(KNOWN) is False
    assert proxy.matches(proxy)


@pytest.mark.parametrize(
    ("miner_id", "worker_id", "is_known"),
    [
        ("0123", "rig-one", True),
        ("0123", None, True),
        (None, "rig-one", True),
        (None, None, False),
        ("", "", False),
    ],
)
def test_what_identifies_a_miner_that_answered(
    miner_id: str | None, worker_id: str | None, is_known: bool
) -> None:
    """One of the two is enough."""
    known = MinerIdentity(id=miner_id, worker_id=worker_id).is_known
    assert known is is_known


@pytest.mark.parametrize(
    ("miner_id", "worker_id", "label"),
    [
        ("0123", "rig-one", "rig-one (0123)"),
        ("0123", None, "(0123)"),
        (None, "rig-one", "rig-one"),
        ("", "", "XMRig"),
        (None, None, "XMRig"),
        ("0``3", "`rig`\n one", "'rig' one (0''3)"),
        (None, "r" * 300, "r" * 255),
    ],
)
def test_label(miner_id: str | None, worker_id: str | None, label: str) -> None:
    """It fits into one line and between backticks, even for odd names."""
    assert MinerIdentity(id=miner_id, worker_id=worker_id).label == label
