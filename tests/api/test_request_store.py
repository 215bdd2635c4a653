"""Tests of what is stored around a command."""

from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigConnectionError,
    XmrigNotConfirmedError,
    XmrigStorageError,
)
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.request_store import RequestStore
from custom_components.xmrig_miner.api.state import MinerState, Request, StateStore

from .stub import StubClient

MINES = Request(mining=True, here=True)
PAUSES = Request(mining=False, here=True)


class Stored:
    """A request store, and the states that it saved."""

    def __init__(self, state: MinerState = MinerState(request=MINES)) -> None:
        """Initialize it with a state."""
        self.saved: list[MinerState] = []
        self.link: MinerLink = StubClient().link()
        self.store = StateStore(state, self._save)
        self.requests = RequestStore(self.link, self.store)

    async def _save(self, state: MinerState) -> None:
        self.saved.append(state)


async def test_a_request_is_stored_before_its_command_and_settled_after_it() -> None:
    """In between, the request before is kept."""
    stored = Stored()
    async with stored.requests.requesting(mining=False, until=5.0):
        assert stored.saved == [
            MinerState(request=replace(PAUSES, until=5.0), previous_request=MINES)
        ]
        assert stored.requests.current == replace(PAUSES, until=5.0)
    assert stored.saved[1:] == [MinerState(request=replace(PAUSES, until=5.0))]


async def test_a_power_limit_outlasts_a_request() -> None:
    """And the end of a pause does not."""
    limited = Request(mining=False, here=False, limited=True, until=5.0)
    stored = Stored(MinerState(request=limited))
    async with stored.requests.requesting(mining=True):
        pass
    assert stored.requests.current == replace(MINES, limited=True)


@pytest.mark.parametrize("previous", [None, Request(mining=False)])
async def test_a_command_that_was_not_sent(previous: Request | None) -> None:
    """The request is as before."""
    state = MinerState(request=MINES, previous_request=previous)
    stored = Stored(state)
    with pytest.raises(XmrigConnectionError):
        async with stored.requests.requesting(mining=False):
            raise XmrigConnectionError("refused")
    assert stored.store.state == state
    assert stored.saved[-1] == state


async def test_a_command_that_may_have_taken_effect() -> None:
    """Both requests are kept until a poll decides."""
    stored = Stored()

    async def pause() -> None:
        async with stored.requests.requesting(mining=False):
            await stored.link.perform_action(Action.PAUSE)
            raise XmrigNotConfirmedError("not shown", Command.PAUSE)

    with pytest.raises(XmrigNotConfirmedError):
        await pause()
    assert stored.store.state == MinerState(request=PAUSES, previous_request=MINES)


async def test_a_command_is_not_sent_if_its_request_cannot_be_stored() -> None:
    """What undoes it would be lost."""

    async def fail(_: MinerState) -> None:
        raise XmrigStorageError("disk full")

    store = StateStore(MinerState(request=MINES), fail)
    requests = RequestStore(StubClient().link(), store)
    with pytest.raises(XmrigStorageError):
        async with requests.requesting(mining=False):
            pytest.fail("the command was sent")
    assert requests.current == MINES


@pytest.mark.parametrize(
    ("before", "here"),
    [
        (PAUSES, True),
        (MINES, False),
        (Request(mining=False), False),
        (Request(), False),
    ],
)
async def test_a_pause_of_the_user(before: Request, *, here: bool) -> None:
    """It was requested from here only if it was before."""
    before = replace(before, limited=True, until=5.0)
    stored = Stored(MinerState(request=before))
    await stored.requests.store_user_pause()
    expected = replace(before, mining=False, here=here)
    assert stored.requests.current == expected
    assert stored.saved in ([MinerState(request=expected)], [])


async def test_what_is_recorded_after_a_command() -> None:
    """The request is settled, or no longer limited."""
    state = MinerState(request=replace(MINES, limited=True), previous_request=PAUSES)
    stored = Stored(state)
    await stored.requests.record_resumed()
    assert stored.saved == [replace(state, previous_request=None)]
    await stored.requests.record_unlimited()
    assert stored.saved[1:] == [MinerState(request=MINES)]
