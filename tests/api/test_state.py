"""Tests of the stored state: what undoes writes, and requests."""

import asyncio
from dataclasses import replace
import json
import logging
from typing import Any

import pytest

from custom_components.xmrig_miner.api.document import diff, json_equal
from custom_components.xmrig_miner.api.exceptions import XmrigStorageError
from custom_components.xmrig_miner.api.ledger import Ledger
from custom_components.xmrig_miner.api.models import BackendType, Config
from custom_components.xmrig_miner.api.state import MinerState, Request, StateStore

USERS: dict[str, Any] = {
    "cpu": {"enabled": True, "rx": [0, 1, 2, 3], "cn": [[1, 0], [2, 3]]},
    "pause-on-active": 120,
    "retries": 5,
}

PAUSED_HERE = Request(mining=False, here=True)
RESUMED_HERE = Request(mining=True, here=True)


def as_read(state: MinerState) -> MinerState:
    """Return a state after storing and loading it."""
    return MinerState.from_json(json.loads(json.dumps(state.as_json())))


def config(**cpu: Any) -> Config:
    """Return the user's config with other values in its `cpu` object."""
    return Config({**USERS, "cpu": USERS["cpu"] | cpu})


def written(state: MinerState, before: Config, after: Config) -> MinerState:
    """Return a state after a write that the miner showed unchanged."""
    return shown(state, before, after, after)


def shown(
    state: MinerState, before: Config, after: Config, result: Config
) -> MinerState:
    """Return a state after a write by a control, and what the miner then showed."""
    state = as_read(state.with_write(before, after, by_user=False))
    changes = list(diff(before.document, after.document))
    return as_read(state.with_reported_values(result, changes).with_write_done(result))


def by_user(state: MinerState, before: Config, after: Config) -> MinerState:
    """Return a state after a write by an action."""
    state = as_read(state.with_write(before, after, by_user=True))
    return as_read(state.with_write_done(after))


def test_an_empty_state_takes_a_config_for_the_users() -> None:
    """Without writes, the whole config is the user's."""
    assert MinerState.from_json(None) == MinerState()
    assert json_equal(MinerState().user_config(config()).document, USERS)
    # Not a copy, from which everything would be read again
    whole = config()
    assert MinerState().user_config(whole) is whole


def test_all_of_it_outlives_the_process() -> None:
    """Storing and loading loses nothing, and keeps null."""
    state = MinerState(
        backends=frozenset({BackendType.CPU, BackendType.CUDA}),
        request=Request(mining=False, here=True, limited=True),
        previous_request=Request(mining=True),
        threads=2,
        started=1790000000.25,
        payout=frozenset({"a", "b"}),
        pending_payout=frozenset({"c"}),
    ).with_write(
        Config({"cpu": {"priority": None, "hint": 1}}),
        Config({"cpu": {"priority": 2, "asm": None}}),
        by_user=False,
    )
    assert as_read(state) == state
    assert as_read(MinerState()) == MinerState()


def test_serializing_changes_nothing() -> None:
    """A stored state can still be used."""
    state = written(MinerState(), config(), config(rx=[0, 1]))
    data = state.as_json()
    data["all_edits"]["edits"][0]["path"].append("x")
    data["request"]["mining"] = False
    assert state == written(MinerState(), config(), config(rx=[0, 1]))


def test_what_was_written_is_undone_whole() -> None:
    """The user's values are restored, even if they were overwritten several times."""
    state = written(MinerState(), config(), config(rx=[0, 1]))
    state = written(state, config(rx=[0, 1]), config(rx=[0], enabled=False))
    assert json_equal(state.user_config(config(rx=[0], enabled=False)).document, USERS)


def test_nothing_is_left_to_undo_once_it_is_undone() -> None:
    """Later changes are the user's."""
    state = written(MinerState(), config(), config(rx=[0, 1]))
    state = written(state, config(rx=[0, 1]), config())
    assert state.control_edits == Ledger()
    assert state.all_edits == Ledger()
    assert json_equal(
        state.user_config(config(rx=[0, 1])).document, config(rx=[0, 1]).document
    )


def test_what_was_changed_externally_over_it_is_the_users() -> None:
    """The other writes are undone."""
    state = written(MinerState(), config(), config(rx=[0], cn=[[1, 0]]))
    external = config(rx=[2, 3], cn=[[1, 0]])
    assert json_equal(state.user_config(external).document, config(rx=[2, 3]).document)
    state = written(state, external, config(rx=[2], cn=[[1, 0]]))
    assert json_equal(
        state.user_config(config(rx=[2], cn=[[1, 0]])).document,
        config(rx=[2, 3]).document,
    )


@pytest.mark.parametrize("arrived", [True, False])
def test_whether_a_write_arrived_need_not_be_known(arrived: bool) -> None:
    """The user's values are known even if a write was interrupted."""
    state = written(MinerState(), config(), config(rx=[0, 1, 2]))
    before, after = config(rx=[0, 1, 2]), config(rx=[0])
    state = as_read(state.with_write(before, after, by_user=False))
    now = after if arrived else before
    assert json_equal(state.user_config(now).document, USERS)
    state = written(state, now, config(rx=[0, 1]))
    assert json_equal(state.user_config(config(rx=[0, 1])).document, USERS)


def test_writes_of_a_whole_and_of_a_part_of_it_do_not_hide_each_other() -> None:
    """For example a list becomes an object, whose member is then changed."""
    whole = {"intensity": 1, "threads": 4, "affinity": -1}
    state = written(MinerState(), config(), config(rx=whole))
    state = written(state, config(rx=whole), config(rx=whole | {"threads": 2}))
    assert json_equal(
        state.user_config(config(rx=whole | {"threads": 2})).document, USERS
    )

    users = config(rx=whole)
    state = written(MinerState(), users, config(rx=whole | {"threads": 2}))
    state = written(state, config(rx=whole | {"threads": 2}), config(rx=[0]))
    assert json_equal(state.user_config(config(rx=[0])).document, users.document)


def test_a_replacement_of_a_removed_value_is_not_the_users() -> None:
    """XMRig fills in its default, and the user's value is still known."""
    without = Config({key: USERS[key] for key in USERS if key != "retries"})
    result = Config({**USERS, "retries": 3})
    state = shown(MinerState(), config(), without, result)
    assert json_equal(state.user_config(result).document, USERS)


def test_what_the_miner_fills_into_a_value_is_not_the_users() -> None:
    """The value before is still known."""
    after = Config({**USERS, "pools": [{"url": "a"}]})
    result = Config({**USERS, "pools": [{"url": "a", "algo": None}]})
    state = shown(MinerState(), config(), after, result)
    assert json_equal(state.user_config(result).document, USERS)


def test_what_was_changed_externally_meanwhile_is_the_users() -> None:
    """A value from an earlier write is not attributed to this one."""
    state = written(MinerState(), config(), config(rx=[0]))
    state = shown(
        state, config(rx=[0]), config(rx=[0], cn=[]), config(rx=[2, 3], cn=[])
    )
    assert json_equal(
        state.user_config(config(rx=[2, 3], cn=[])).document,
        config(rx=[2, 3]).document,
    )


def test_what_is_stored_is_not_shown_by_accident() -> None:
    """It may contain wallets, which must not be logged."""
    state = MinerState().with_write(
        Config({"pools": [{"user": "WALLET"}]}),
        Config({"pools": [{"user": "OTHER"}]}),
        by_user=False,
    )
    assert "WALLET" not in repr(state)
    assert "OTHER" not in repr(state)


def test_what_the_user_wrote_by_an_action_is_their_own() -> None:
    """A control restores it, and only restoring everything undoes it."""
    lists = config(rx=[[1, 0], [2, 3]])
    state = by_user(MinerState(), config(), lists)
    assert json_equal(state.user_config(lists).document, lists.document)
    capped = config(rx=[[1, 0]])
    state = written(state, lists, capped)
    assert json_equal(state.user_config(capped).document, lists.document)
    assert json_equal(state.original_config(capped).document, USERS)


def test_what_a_control_wrote_beside_it_is_still_known() -> None:
    """Only the values that the action changed become the user's."""
    capped = config(rx=[0], cn=[[1, 0]])
    state = written(MinerState(), config(), capped)
    now = config(rx=[2, 3], cn=[[1, 0]])
    state = by_user(state, capped, now)
    assert json_equal(state.user_config(now).document, config(rx=[2, 3]).document)
    assert json_equal(state.original_config(now).document, USERS)


def test_an_edit_that_was_overwritten_is_forgotten_for_good() -> None:
    """Also if the value comes back by itself, which is then the user's."""
    capped = config(rx=[0, 1], priority=3)
    for write in (written, by_user):
        state = write(MinerState(), config(), capped)
        seen = state.without_overwritten_edits(config(rx=[0, 1]))
        assert json_equal(
            seen.original_config(capped).document, config(priority=3).document
        )
    state = written(MinerState(), config(), capped)
    seen = state.without_overwritten_edits(config(rx=[0, 1]))
    assert json_equal(seen.user_config(capped).document, config(priority=3).document)
    # Edits of a write that may still arrive are kept
    pending = MinerState().with_write(config(), capped, by_user=False)
    assert pending.without_overwritten_edits(config()) == pending


def test_a_write_after_one_that_may_have_arrived_is_undone_with_it() -> None:
    """Whether it arrives itself or not."""
    users, one, two = config(), config(rx=[0, 1]), config(rx=[0])
    state = MinerState().with_write(users, one, by_user=False)
    state = as_read(state.with_write(one, two, by_user=False))
    for shows in (one, two):
        assert json_equal(state.user_config(shows).document, USERS)
        assert json_equal(state.original_config(shows).document, USERS)


def test_whether_a_config_has_what_was_written() -> None:
    """It is unknown of a part, of a pending write, and without any write.

    A pending write may be the one that undoes all others: a miner that shows the
    original values after a restart has kept that one.
    """
    after = config(rx=[0], hint=1)
    pending = MinerState().with_write(config(), after, by_user=False)
    ledger = pending.with_write_done(after).all_edits
    assert ledger.is_in(after.document) is True
    assert ledger.is_in(USERS) is False
    for mixed in (config(rx=[0]), config(hint=1), config(rx=[2], hint=2)):
        assert ledger.is_in(mixed.document) is None
    assert Ledger().is_in(USERS) is None
    assert pending.all_edits.is_in(after.document) is None
    state = written(MinerState(), config(), after)
    for last in (config(rx=[0]), config()):
        ledger = as_read(state.with_write(after, last, by_user=False)).all_edits
        for shows in (after, last):
            assert ledger.is_in(shows.document) is None


def test_a_write_that_undid_all_has_arrived_once_it_shows() -> None:
    """It is pending as long as a single edit shows."""
    after = config(rx=[0], hint=1)
    state = written(MinerState(), config(), after)
    state = state.with_write(after, config(), by_user=False)
    assert state.without_overwritten_edits(after) == state
    seen = state.without_overwritten_edits(config(rx=[0]))
    assert seen.all_edits.pending == seen.control_edits.pending == ()
    assert state.without_overwritten_edits(config()) == MinerState()


def test_a_write_that_was_overwritten_can_be_undone_again() -> None:
    """What undoes the write comes back, and nothing else does."""
    before, after = config(), config(rx=[0])
    pending = MinerState().with_write(before, after, by_user=False)
    done = replace(pending.with_write_done(after), threads=1, request=PAUSED_HERE)
    again = done.with_ledgers_of(pending)
    assert again == replace(pending, threads=1, request=PAUSED_HERE)


@pytest.mark.parametrize(("before", "after"), [(2, None), (None, 2)])
def test_null_is_undone_and_restored_like_any_value(before: Any, after: Any) -> None:
    """It is not the same as no value."""
    state = written(MinerState(), config(priority=before), config(priority=after))
    undone = state.original_config(config(priority=after)).document
    assert json_equal(undone, config(priority=before).document)


def test_a_write_that_the_miner_did_not_take_leaves_nothing_to_undo() -> None:
    """XMRig replaces an invalid value, by the one before if it is the default."""
    state = shown(MinerState(), config(hint=100), config(hint=-1), config(hint=100))
    assert (state.all_edits, state.control_edits) == (Ledger(), Ledger())


def test_a_replacement_of_a_value_is_undone() -> None:
    """By a control and by restoring the config."""
    state = shown(MinerState(), config(), config(hint=150), config(hint=100))
    for undo in (state.user_config, state.original_config):
        assert json_equal(undo(config(hint=100)).document, USERS)


def test_nothing_is_pending_once_a_write_has_arrived() -> None:
    """What is shown later is judged by what was shown then."""
    pools = [{"url": "a.example.org:1", "user": "WALLET"}]
    other = [{"url": "b.example.org:1", "user": "WALLET"}]
    before, after = (Config({**USERS, "pools": value}) for value in (pools, other))
    state = written(MinerState(payout=before.payout), before, after)
    assert state.all_edits.pending is state.control_edits.pending is None
    assert (state.payout, state.pending_payout) == (after.payout, None)


def test_the_backends_of_the_last_stop_are_stored() -> None:
    """Exactly the enabled ones; a second stop does not change them."""
    on = Config({"cpu": {"enabled": True}, "cuda": {"enabled": True}, "opencl": {}})
    off = on.with_backends(())
    state = MinerState().with_write(on, off, by_user=False)
    assert state.backends == {BackendType.CPU, BackendType.CUDA}
    assert state.with_write(off, off, by_user=False).backends == state.backends


def payout_of(*users: str) -> Config:
    """Return a config that pays to these wallets."""
    return Config({"pools": [{"url": "a:1", "user": user} for user in users]})


def test_a_payout_that_is_written_is_accepted_whether_or_not_it_arrived() -> None:
    """The wallets before and after the write are accepted."""
    old, new, other = payout_of("OLD"), payout_of("NEW"), payout_of("OTHER")
    state = MinerState(payout=old.payout).with_write(old, new, by_user=True)
    assert [state.accepts_payout(one.payout) for one in (old, new, other)] == [
        True,
        True,
        False,
    ]
    done = state.with_write_done(new)
    assert [done.accepts_payout(one.payout) for one in (old, new, other)] == [
        False,
        True,
        False,
    ]


def test_a_payout_that_was_not_accepted_is_not_by_writing_something_else() -> None:
    """External changes are reported until the user accepts them."""
    accepted, other = payout_of("OLD"), payout_of("OTHER")
    more = Config({**other.document, "retries": 1})
    state = MinerState(payout=accepted.payout).with_write(other, more, by_user=True)
    assert not state.with_write_done(more).accepts_payout(other.payout)


def test_pools_that_cannot_be_read_change_nothing_about_the_payout() -> None:
    """They neither cause a repair, nor have other pools accepted."""
    accepted, other = payout_of("OLD"), payout_of("OTHER")
    damaged = Config({"pools": [{"url": "a:1", "user": "OTHER"}, None]})
    state = MinerState(payout=accepted.payout)
    assert state.accepts_payout(damaged.payout)
    written = state.with_write(damaged, other, by_user=True)
    assert not written.accepts_payout(other.payout)
    assert written.with_write_done(other).payout == accepted.payout
    written = state.with_write(accepted, other, by_user=True)
    assert written.with_write_done(damaged).payout == accepted.payout


def test_a_payout_that_shows_is_accepted_if_it_was_written() -> None:
    """Or if it is the first one; not if it could not be read."""
    old, new, other = (payout_of(user).payout for user in ("OLD", "NEW", "OTHER"))
    state = MinerState(threads=1, payout=old, pending_payout=new)
    assert state.with_shown_payout(new) == MinerState(threads=1, payout=new)
    for shown in (other, old, None):
        assert state.with_shown_payout(shown) is state
    for state in (MinerState(threads=1), MinerState(threads=1, pending_payout=new)):
        assert state.with_shown_payout(other) == MinerState(threads=1, payout=other)
        assert state.with_shown_payout(None) is state


def test_any_first_payout_is_accepted() -> None:
    """There is nothing to compare with."""
    assert MinerState().accepts_payout(payout_of("ANY").payout)


@pytest.mark.parametrize(
    ("request_", "wants_pause"),
    [
        (Request(), False),
        (Request(mining=True), False),
        (Request(mining=False), True),
        (Request(mining=True, limited=True), True),
        (Request(mining=False, limited=True), True),
        (Request(limited=True), True),
    ],
)
def test_wants_pause(request_: Request, wants_pause: bool) -> None:
    """A miner is paused by a command or by the power limit."""
    assert request_.wants_pause is wants_pause


def test_a_request_is_kept_beside_the_one_before() -> None:
    """Both are kept until it is known whether the command took effect."""
    state = MinerState().with_request(PAUSED_HERE)
    assert (state.request, state.previous_request) == (PAUSED_HERE, Request())
    assert state.with_request_done() == MinerState(request=PAUSED_HERE)
    assert state.with_request_undone() == MinerState()


def test_the_same_request_again_is_nothing_new() -> None:
    """There is nothing to undo."""
    state = MinerState(request=PAUSED_HERE)
    assert state.with_request(PAUSED_HERE) is state
    assert state.with_request_undone() is state


class Disk:
    """A disk on which saving may fail."""

    def __init__(self) -> None:
        """Start empty."""
        self.saved: list[MinerState] = []
        self.is_full = False

    async def save(self, state: MinerState) -> None:
        """Save a state."""
        if self.is_full:
            raise XmrigStorageError("No space left on device")
        self.saved.append(state)

    def store(self, state: MinerState | None = None) -> StateStore:
        """Return a store that saves here."""
        return StateStore(state or MinerState(), self.save)


A, B, C = (MinerState(threads=number) for number in (1, 2, 3))


async def test_a_state_is_stored_once() -> None:
    """A state that is already stored is not written again."""
    disk = Disk()
    store = disk.store(A)
    assert await store.store(A) is False
    assert await store.store(B) is True
    assert await store.store(B) is False
    assert disk.saved == [B]
    assert store.state == B


async def test_a_state_that_cannot_be_stored_is_not_taken() -> None:
    """The command is rejected, so the previous state stays."""
    disk = Disk()
    store = disk.store(A)
    disk.is_full = True
    with pytest.raises(XmrigStorageError):
        await store.store(B)
    assert store.state == A
    disk.is_full = False
    assert await store.store(B)
    assert disk.saved == [B]


async def test_what_was_seen_is_kept_though_it_cannot_be_stored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is kept in memory, and stored as soon as possible."""
    disk = Disk()
    store = disk.store(A)
    disk.is_full = True
    await store.record(B)
    await store.record(B)
    await store.record(C)
    assert store.state == C
    assert disk.saved == []
    # One warning, not one per poll
    warnings = [item for item in caplog.records if item.levelno == logging.WARNING]
    assert [item.getMessage() for item in warnings] == ["No space left on device"]
    disk.is_full = False
    await store.record(C)
    assert disk.saved == [C]
    await store.record(C)
    assert disk.saved == [C]


async def test_a_disk_that_is_full_again_is_reported_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There is one warning for each outage."""
    disk = Disk()
    store = disk.store(A)
    for state in (B, C):
        disk.is_full = True
        await store.record(state)
        disk.is_full = False
        await store.record(state)
    assert disk.saved == [B, C]
    assert len(caplog.records) == 2


async def test_a_state_that_goes_back_is_stored_again() -> None:
    """The state is compared with the one on disk."""
    disk = Disk()
    store = disk.store(A)
    await store.record(B)
    disk.is_full = True
    await store.record(C)
    disk.is_full = False
    # B is what the disk has
    assert not await store.store(B)
    assert store.state == B
    await store.record(C)
    assert disk.saved == [B, C]


async def test_a_save_that_is_cancelled_is_not_what_is_stored() -> None:
    """It may have been written: the state that stays has to be written again."""
    disk = Disk()

    async def save(state: MinerState) -> None:
        await disk.save(state)
        if state == B:
            await asyncio.sleep(3600)

    store = StateStore(A, save)
    saving = asyncio.create_task(store.store(B))
    await asyncio.sleep(0)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert store.state == A
    await store.record(A)
    assert disk.saved == [B, A]
