"""Tests of stored state of an unexpected shape, which is rejected."""

from contextlib import suppress
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.xmrig_miner.api.document import diff
from custom_components.xmrig_miner.api.ledger import Edit, Ledger
from custom_components.xmrig_miner.api.models import BackendType, Config
from custom_components.xmrig_miner.api.state import MinerState, Request

from .odd import CONFIG, any_json, places, put

DECLARED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def full_state() -> MinerState:
    """Return a complete state: an action wrote, and then a control."""
    first = Config(CONFIG)
    before = Config({**CONFIG, "retries": 7})
    after = Config({**before.document, "cpu": {**CONFIG["cpu"], "rx": [0]}})
    state = MinerState(
        backends=frozenset(BackendType),
        request=Request(mining=True, here=True, limited=True, until=1790000100.5),
        previous_request=Request(mining=False),
        threads=2,
        started=1790000000.25,
        payout=frozenset({"a", "b"}),
        pending_payout=frozenset({"c"}),
    )
    state = state.with_write(first, before, by_user=True).with_write_done(before)
    state = state.with_write(before, after, by_user=False)
    changes = list(diff(before.document, after.document))
    return state.with_reported_values(after, changes)


STORED: dict[str, Any] = json.loads(json.dumps(full_state().as_json()))


def test_what_was_stored_is_read() -> None:
    """With every field."""
    assert STORED["all_edits"] != STORED["control_edits"]
    assert MinerState.from_json(STORED) == full_state()


def test_equal_ledgers_are_stored_once() -> None:
    """They are, as long as only controls wrote."""
    before, after = Config(CONFIG), Config({**CONFIG, "retries": 7})
    state = MinerState().with_write(before, after, by_user=False)
    assert state.control_edits.pending
    stored = json.loads(json.dumps(state.as_json()))
    assert stored["control_edits"] is None
    assert MinerState.from_json(stored) == state


def test_ledgers_that_differ_in_a_type_are_both_stored() -> None:
    """True is not 1: a control must restore what the user's action wrote."""
    first, user, after = (
        Config({**CONFIG, "pause-on-active": value}) for value in (1, True, False)
    )
    state = MinerState().with_write(first, user, by_user=True).with_write_done(user)
    state = state.with_write(user, after, by_user=False).with_write_done(after)
    stored = MinerState.from_json(json.loads(json.dumps(state.as_json())))
    assert stored.user_config(after).document["pause-on-active"] is True
    assert stored.original_config(after).document["pause-on-active"] == 1
    assert stored.original_config(after).document["pause-on-active"] is not True


@pytest.mark.parametrize("started", [-86400.5, -0.25, 0.0, 0.25, 1.0])
def test_times_near_1970_are_read(started: float) -> None:
    """A computer's clock begins there, and the miner may have started before."""
    state = MinerState(started=started, request=Request(until=started))
    assert MinerState.from_json(json.loads(json.dumps(state.as_json()))) == state


@pytest.mark.parametrize(
    "time", [True, False, "1", [1], 1e11, -1e11, 2**53, float("nan")]
)
def test_a_time_is_a_number(time: Any) -> None:
    """Anything else is damage, or so large that no date shows it."""
    for damaged in (
        {**STORED, "started": time},
        {**STORED, "request": {**STORED["request"], "until": time}},
    ):
        with pytest.raises(ValueError):
            MinerState.from_json(damaged)


@given(st.sampled_from(places(STORED)), any_json)
def test_anything_in_place_of_any_value(place: tuple[Any, ...], value: Any) -> None:
    """It is rejected, or it can be used and stored again."""
    with suppress(*DECLARED):
        state = MinerState.from_json(put(STORED, place, value))
        state.user_config(Config(CONFIG))
        state.original_config(Config(CONFIG))
        assert MinerState.from_json(state.as_json()) == state
        assert state.threads is None or 0 < state.threads <= 4096


@given(any_json)
def test_anything_in_place_of_all(value: Any) -> None:
    """Only declared errors are raised."""
    with suppress(*DECLARED):
        MinerState.from_json(value)


@pytest.mark.parametrize(
    "damage",
    [
        {"path": []},
        {"path": ["cpu", 1]},
        {"original": float("nan")},
        {"new_value": 2**64},
    ],
)
def test_an_edit_that_could_not_be_written_is_refused(damage: dict[str, Any]) -> None:
    """It has no path of keys, or a value that is no JSON."""
    edit = {"path": ["cpu", "priority"], "original": 1, "new_value": 2}
    assert Edit.from_json(edit).as_json() == edit
    with pytest.raises(ValueError):
        Edit.from_json(edit | damage)


@pytest.mark.parametrize("payout", ["ab", [1], ["a", None], {"a": "b"}])
@pytest.mark.parametrize("key", ["payout", "pending_payout"])
def test_a_payout_is_a_list_of_texts(key: str, payout: Any) -> None:
    """Anything else is damage: no pool would be accepted by it."""
    with pytest.raises(ValueError):
        MinerState.from_json({**STORED, key: payout})


@pytest.mark.parametrize("key", STORED)
def test_a_field_that_is_missing_is_refused(key: str) -> None:
    """A missing field is damage."""
    with pytest.raises(KeyError):
        MinerState.from_json({name: STORED[name] for name in STORED if name != key})


def test_many_edits_are_undone_in_linear_time() -> None:
    """Copying the document for each value would take minutes."""
    number = 100_000
    before = {f"key{index}": index for index in range(number)}
    after = {f"key{index}": -index - 1 for index in range(number)}
    ledger = Ledger().with_write(before, after, before).with_write_done()
    assert ledger.without_edits(after) == before
