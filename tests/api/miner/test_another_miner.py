"""Tests of a different miner at the address: it is read, but never commanded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherMinerError,
    XmrigError,
    XmrigResponseError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.api.ledger import Ledger
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import Summary
from custom_components.xmrig_miner.api.pause_reason import PauseReason
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState, Request
from simulator.faults import FAULTS, Fault
from simulator.http import Reply, Request as HttpRequest
from simulator.server import OTHER_ID, OTHER_WORKER
from tests.sessions import open_session

from .rig import COMMANDS, TOKEN, WRITES, Command, Rig, poll

OTHER = MinerIdentity(id=OTHER_ID, worker_id=OTHER_WORKER)


async def _restore_wanted_state(miner: Miner) -> bool:
    snapshot = Snapshot(summary=Summary(paused=True), restricted=True)
    return await miner.restore_wanted_state(snapshot)


ALL: dict[str, Command] = {
    **COMMANDS,
    **WRITES,
    "restore": Miner.restore,
    "pause_again": Miner.pause_again,
    "pause_for_power_limit": Miner.pause_for_power_limit,
    "restore_wanted_state": _restore_wanted_state,
    "preview": lambda miner: miner.preview(lambda config: config),
}


@asynccontextmanager
async def verifying(
    rig: Rig, state: MinerState | None = None
) -> AsyncIterator[tuple[Miner, list[MinerState]]]:
    """Yield the miner of a rig, which is identified by its ID."""
    saved: list[MinerState] = []

    async def save(state: MinerState) -> None:
        saved.append(state)

    async with open_session() as session:
        client = XmrigClient(session, rig.host, rig.port, token=TOKEN)
        identity = (await client.summary()).identity
        rig.requests.clear()

        def is_expected(summary: Summary) -> bool:
            return identity.matches(summary.identity)

        miner = Miner(client, state or MinerState(), save, is_expected=is_expected)
        try:
            yield miner, saved
        finally:
            await miner.close()


def writes(rig: Rig) -> int:
    """Return how many requests could have changed a miner."""
    return sum(item.method != "GET" for item in rig.requests)


@pytest.mark.parametrize("command", ALL)
async def test_nothing_is_sent_to_another_miner(command: str) -> None:
    """Only its identity is read, and nothing is stored."""
    async with Rig() as rig, verifying(rig) as (miner, saved):
        rig.fault = "other_miner"
        with pytest.raises(XmrigAnotherMinerError) as raised:
            await ALL[command](miner)
        assert raised.value.found == OTHER
        assert {(item.method, item.path) for item in rig.requests} == {
            ("GET", "/2/summary")
        }
        assert saved == []


async def test_another_miner_is_not_resumed_after_a_power_limit() -> None:
    """The limit may be removed just when the addresses were swapped."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        await miner.pause_for_power_limit()
        count = writes(rig)
        rig.fault = "other_miner"
        with pytest.raises(XmrigAnotherMinerError):
            await miner.resume_after_power_limit()
        assert writes(rig) == count
        assert miner.state.request.limited


@pytest.mark.parametrize("command", COMMANDS | WRITES)
async def test_another_miner_between_the_first_look_and_the_write(
    command: str,
) -> None:
    """Whenever the addresses are swapped, the write is not sent."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        if command in ("resume", "start"):
            rig.rpc_direct("pause")
        before = await poll(miner)
        count = len(rig.requests)
        await ALL[command](miner)
        methods = [item.method for item in rig.requests[count:]]
        reads = next(n for n, method in enumerate(methods) if method != "GET")
        await miner.restore()
    assert reads >= 2
    for number in range(1, reads + 1):
        async with Rig() as rig, verifying(rig) as (miner, _):
            if command in ("resume", "start"):
                rig.rpc_direct("pause")
            before = await poll(miner)
            stored = miner.state
            swap_at = len(rig.requests) + number

            def swap(_: HttpRequest, rig: Rig = rig, swap_at: int = swap_at) -> None:
                if len(rig.requests) + 1 == swap_at:
                    rig.fault = "other_miner"

            rig.on_request = swap
            with pytest.raises(XmrigAnotherMinerError):
                await ALL[command](miner)
            assert writes(rig) == 0
            # Swapped back, nothing has changed
            rig.on_request = rig.fault = None
            after = await poll(miner, before)
            assert miner.state.request == stored.request
            assert miner.state.previous_request is None
            assert after.changed_paths == []
            assert after.snapshot.user_config == before.snapshot.user_config


async def test_another_miner_after_the_write() -> None:
    """Its replies are not the result; the right miner shows it later."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        before = await poll(miner)

        def swap(request: HttpRequest) -> None:
            if request.method != "GET":
                rig.fault = "other_miner"

        rig.on_reply = swap
        with pytest.raises(XmrigAnotherMinerError):
            await miner.pause()
        assert miner.state.previous_request == Request()
        rig.on_reply = rig.fault = None
        after = await poll(miner, before)
        assert after.reason is PauseReason.ASKED_HERE


async def test_another_miner_for_one_reply() -> None:
    """As from a load balancer or a cache: the command fails, the next one does not."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        rig.fail_next(1, "other_miner")
        with pytest.raises(XmrigAnotherMinerError):
            await miner.pause()
        assert not rig.miner.is_paused
        await miner.pause()
        assert rig.miner.is_paused


async def test_no_trace_is_left_of_a_write_that_another_miner_hid() -> None:
    """It restored the user's value, so there is nothing left to undo."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        await miner.set_threads(1, "rx")
        assert miner.state.all_edits.edits

        def swap(request: HttpRequest) -> None:
            if request.method == "PUT":
                rig.fail(replace(FAULTS["other_miner"], path="/2/summary"))

        rig.on_reply = swap
        with pytest.raises(XmrigAnotherMinerError):
            await miner.set_threads(2, "rx")
        rig.on_reply = None
        assert rig.config["cpu"]["rx"] == [0, 1]
        await miner.set_threads(2, "rx")
        assert miner.state.all_edits == miner.state.control_edits == Ledger()


CUT_BEFORE_ID = Reply(200, body=b'{"kind": "miner", "uptime": 12, "i')
CUT_AFTER_OTHER_ID = Reply(200, body=b'{"id": "00c0ffee00c0ffee", "worker_')
NO_IDENTITY = Reply(200, {"kind": "miner", "id": None, "worker_id": None})


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (CUT_BEFORE_ID, XmrigResponseError),
        (CUT_AFTER_OTHER_ID, XmrigAnotherMinerError),
        (NO_IDENTITY, XmrigAnotherMinerError),
    ],
    ids=["cut before the id", "cut after another id", "no identity"],
)
@pytest.mark.parametrize("number", [1, 2])
async def test_a_reply_without_identity(
    reply: Reply, kind: type[XmrigError], number: int
) -> None:
    """Nothing is sent; only a truncated reply says nothing about the miner."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        rig.fail_next(number, Fault("says little", instead=reply))
        with pytest.raises(kind) as raised:
            await miner.pause()
        assert type(raised.value) is kind
        assert writes(rig) == 0
        assert miner.state == MinerState()


async def test_a_reply_that_was_cut_after_the_id_is_of_the_miner() -> None:
    """As all replies of an old version for fifteen minutes."""
    async with Rig(version="6.21.0", uptime=100) as rig, verifying(rig) as (miner, _):
        rig.fault = "truncated"
        await miner.pause()
        assert rig.miner.is_paused


async def test_a_reply_without_identity_while_confirming() -> None:
    """It is read again, like any damaged reply."""
    async with Rig() as rig, verifying(rig) as (miner, _):
        # After two that verify and the command
        rig.fail_next(4, Fault("says little", instead=CUT_BEFORE_ID))
        await miner.pause()
        assert rig.miner.is_paused


@pytest.mark.parametrize("fault", ["unauthorized", "forbidden", "router_401"])
async def test_a_token_of_another_miner(fault: str) -> None:
    """A miner with a different token is unknown, and gets no command."""
    async with Rig() as rig, verifying(rig) as (miner, saved):
        rig.fault = fault
        with pytest.raises(XmrigError):
            await miner.pause()
        assert writes(rig) == 0
        assert saved == []
        assert fault in FAULTS
