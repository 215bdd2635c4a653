"""Tests of stored counts."""

import json
from typing import Any

import pytest

from custom_components.xmrig_miner.api.restart import LifetimeCounter


@pytest.mark.parametrize(
    "stored",
    [
        *({}, [], "100", 100, None, {"total": 100}, {"total": None, "last": None}),
        *({"total": "100", "last": 2}, {"total": 100, "last": "2"}),
        *({"total": 100.5, "last": 2}, {"total": -100, "last": 2}),
        *({"total": 2**64, "last": 2}, {"total": 10**30, "last": 10**30}),
    ],
)
def test_a_count_of_another_shape_starts_again(stored: Any) -> None:
    """It starts again, and nothing is raised."""
    assert LifetimeCounter.from_json(stored) == LifetimeCounter()


@pytest.mark.parametrize("last", [0, 2, None])
def test_a_count_survives_storage(last: int | None) -> None:
    """In its stored form."""
    counter = LifetimeCounter(100, last)
    stored = json.loads(json.dumps(counter.as_json()))
    assert LifetimeCounter.from_json(stored) == counter


def test_a_total_stays_within_what_a_frontend_can_hold() -> None:
    """However often the miner reaches it."""
    counter = LifetimeCounter()
    for _ in range(3):
        counter.update(2**53 - 1, restarted=True, max_step=2**53)
    assert counter.total == 2**53 - 1
