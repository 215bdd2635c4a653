"""Tests of replies that are late or lost: a command fails only if it had no effect."""

import asyncio
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.document import json_contains
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAuthenticationError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from custom_components.xmrig_miner.api.models import BackendType
from custom_components.xmrig_miner.api.pause_reason import PauseReason
from custom_components.xmrig_miner.api.state import MinerState, Request
from custom_components.xmrig_miner.api.transport import REQUEST_TIMEOUT
from simulator.faults import FAULTS, Fault
from simulator.http import Reply, Request as HttpRequest

from .rig import COMMANDS, WRITES, Rig, as_written, commanding, patch, poll

ALL = COMMANDS | WRITES
PAUSED_HERE = Request(mining=False, here=True)

WITH_EFFECT = {
    "reset_after": FAULTS["reset_after"],
    "closed": FAULTS["lost"],
    "never": FAULTS["hang_after"],
    "cut": FAULTS["cut"],
    "late": FAULTS["late_7_after"],
    "just in time": replace(FAULTS["late_7_after"], delay=9),
}
"""The miner executed the command, but its reply is lost, damaged or late."""

WITHOUT_EFFECT = {
    "hang": XmrigTimeoutError,
    "http_500": XmrigResponseError,
    "reset": XmrigInterruptedError,
    "close": XmrigInterruptedError,
    "router_401": XmrigResponseError,
    "router_403": XmrigResponseError,
    "redirect": XmrigResponseError,
}
"""The miner did not receive the command, and the resulting error."""
OTHERS = tuple(WITHOUT_EFFECT)[2:]


UNKNOWN = Reply(200, {"id": 1, "jsonrpc": "2.0", "error": {"code": -32601}})
"""XMRig's reply to an unknown method."""


class FailingWrite:
    """Makes all further writes of a rig fail by a fault."""

    def __init__(self, rig: Rig, fault: Fault, times: int = 1000) -> None:
        """Initialize it."""
        self._rig = rig
        self._fault = replace(fault, methods=("PUT", "POST"))
        self._times = times
        rig.on_request = self._fail

    def _fail(self, request: HttpRequest) -> None:
        if request.method != "GET" and self._times:
            self._times -= 1
            # The hook is called before the request is counted
            self._rig.fail_next(1, self._fault)

    def end(self) -> None:
        """Stop failing."""
        self._rig.on_request = None


def fail_after(rig: Rig, *methods: str, fault: str = "http_500") -> None:
    """Make all requests after one of these methods fail."""

    def fail(request: HttpRequest) -> None:
        if request.method in methods:
            rig.fault = fault

    rig.on_reply = fail


def prepare(rig: Rig, command: str) -> None:
    """Prepare the miner so that a command changes something."""
    if command in ("resume", "start"):
        rig.rpc_direct("pause")


def what_it_does(rig: Rig) -> dict[str, Any]:
    """Return the parts of a miner's state that commands change."""
    return {"paused": rig.miner.is_paused, "config": rig.config}


_results: dict[str, tuple[dict[str, Any], MinerState]] = {}


async def result_of(command: str) -> tuple[dict[str, Any], MinerState]:
    """Return the result of a command without failures, and what is stored then."""
    if command in _results:
        return _results[command]
    async with Rig(miner_id="a", port=0) as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)
        await ALL[command](miner)
        await poll(miner, before)
        _results[command] = deepcopy(without_port(what_it_does(rig))), miner.state
    return _results[command]


def without_port(seen: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a miner without its port, which differs."""
    config = seen["config"]
    return seen | {"config": config | {"http": config["http"] | {"port": 0}}}


@pytest.mark.parametrize("fault", WITH_EFFECT)
@pytest.mark.parametrize("command", ALL)
async def test_a_command_that_took_effect_succeeds(command: str, fault: str) -> None:
    """However its reply was lost, the result is confirmed and stored as usual."""
    expected = await result_of(command)
    async with Rig() as rig, commanding(rig) as (miner, saved):
        before = await poll(miner)
        prepare(rig, command)
        FailingWrite(rig, WITH_EFFECT[fault], times=1)
        await ALL[command](miner)
        assert (without_port(what_it_does(rig)), miner.state) == expected
        after = await poll(miner, before)
        assert after.changed_paths == []
        assert miner.state == saved[-1]
        assert (without_port(what_it_does(rig)), miner.state) == expected


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        *((command, fault) for command in ALL for fault in ("hang", "http_500")),
        *((command, fault) for command in ("pause", "stop") for fault in OTHERS),
    ],
)
async def test_a_command_without_effect_fails_with_the_reason(
    command: str, fault: str
) -> None:
    """One poll later everything is as before, including the stored request."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)
        before = await poll(miner, before)
        first, stored = what_it_does(rig), miner.state
        failing = FailingWrite(rig, FAULTS[fault])
        with pytest.raises(XmrigError) as raised:
            await ALL[command](miner)
        assert isinstance(raised.value, WITHOUT_EFFECT[fault])
        failing.end()
        after = await poll(miner, before)
        assert what_it_does(rig) == first
        assert after.changed_paths == []
        assert miner.state.request == stored.request
        assert miner.state.previous_request is None
        assert miner.state.threads == stored.threads
        # Then it succeeds
        await ALL[command](miner)
        restored = await miner.restore()
        assert bool(restored) is (command in WRITES or command == "stop")
        # Except what XMRig adds itself for an enabled backend
        assert json_contains(rig.config, first["config"])


@pytest.mark.parametrize("fault", ["reset_after", "lost", "cut"])
@pytest.mark.parametrize("first", [None, "resume"])
async def test_a_pause_that_took_effect_while_the_miner_went_away(
    fault: str, first: str | None
) -> None:
    """Its origin is resolved once the miner is reachable again."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        if first:
            rig.rpc_direct("pause")
            await COMMANDS[first](miner)
        before = await poll(miner)
        requested = miner.state.request
        FailingWrite(rig, FAULTS[fault])

        async def leave(request: HttpRequest) -> None:
            if request.method == "POST":
                await rig.go_offline()

        rig.on_reply = leave
        with pytest.raises(XmrigConnectionError):
            await miner.pause()
        assert rig.miner.is_paused
        assert miner.state.request == PAUSED_HERE
        assert miner.state.previous_request == requested
        rig.on_request = rig.on_reply = None
        await rig.go_online()
        # Home Assistant may restart in the meantime
        async with commanding(rig, as_written(saved[-1])) as (again, _):
            after = await poll(again, before if first is None else None)
            assert again.state.request == PAUSED_HERE
            assert again.state.previous_request is None
            assert after.reason is PauseReason.ASKED_HERE


@pytest.mark.parametrize("first", [None, "resume", "pause"])
async def test_a_command_that_had_no_effect_while_the_miner_went_away(
    first: str | None,
) -> None:
    """The previous request stays, and no change is attributed to the user."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        if first:
            await COMMANDS[first](miner)
        before = await poll(miner)
        requested = miner.state.request

        async def leave(request: HttpRequest) -> None:
            if request.method == "POST":
                rig.fail_next(1, "reset")
                await rig.go_offline()

        rig.on_request = leave
        command = "resume" if first == "pause" else "pause"
        with pytest.raises(XmrigConnectionError):
            await COMMANDS[command](miner)
        rig.on_request = None
        await rig.go_online()
        async with commanding(rig, as_written(saved[-1])) as (again, _):
            await poll(again, before)
            assert again.state.request == requested
            assert again.state.previous_request is None


@pytest.mark.parametrize("fault", ["http_500", "reset", "cut", "late_7", "router_403"])
@pytest.mark.parametrize("command", ALL)
async def test_one_confirming_read_that_fails(command: str, fault: str) -> None:
    """It is tried again: the command took effect, which is what counts."""
    expected = await result_of(command)
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)

        def fail(request: HttpRequest) -> None:
            if request.method != "GET":
                rig.fail_next(2, fault)

        rig.on_request = fail
        await ALL[command](miner)
        rig.on_request = None
        await poll(miner, before)
        assert (without_port(what_it_does(rig)), miner.state) == expected


@pytest.mark.parametrize("command", ALL)
async def test_many_confirming_reads_that_fail(command: str) -> None:
    """During half of the timeout, in which there are some thirty."""
    expected = await result_of(command)
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)

        def fail(request: HttpRequest) -> None:
            if request.method != "GET":
                for number in range(2, 30):
                    rig.fail_next(number, "http_500")

        rig.on_request = fail
        await ALL[command](miner)
        rig.on_request = None
        await poll(miner, before)
        assert (without_port(what_it_does(rig)), miner.state) == expected


async def test_a_wallet_change_with_failing_reads_is_the_users() -> None:
    """It must not be reported as an external change."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        fail_after(rig, "PUT")
        with pytest.raises(XmrigResponseError):
            await WRITES["wallet"](miner)
        rig.on_reply = rig.fault = None
        after = await poll(miner, before)
        assert after.snapshot.config
        assert miner.state.accepts_payout(after.snapshot.config.payout)
        assert after.changed_paths == []
        assert miner.state.pending_payout is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unauthorized", XmrigAuthenticationError),
        ("forbidden", XmrigAuthenticationError),
        ("http_500", XmrigResponseError),
    ],
)
@pytest.mark.parametrize("command", ["pause", "stop"])
async def test_a_command_after_which_nothing_can_be_read(
    command: str, fault: str, kind: type[XmrigError]
) -> None:
    """That it took effect shows once the miner can be read again."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        fail_after(rig, "PUT", "POST", fault=fault)
        with pytest.raises(kind):
            await COMMANDS[command](miner)
        rig.on_reply = rig.fault = None
        after = await poll(miner, before)
        assert after.reason is PauseReason.ASKED_HERE
        assert miner.state.request == PAUSED_HERE


async def test_a_stop_that_only_half_shows() -> None:
    """The config shows it, but the backends are unreadable: it is not undone."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        short = replace(FAULTS["short"], path="/backends")

        def fail(request: HttpRequest) -> None:
            if request.path.endswith("/backends"):
                rig.fail_next(1, short)

        rig.on_request = fail
        with pytest.raises(XmrigNotConfirmedError) as raised:
            await miner.stop()
        assert raised.value.command == "stop"
        rig.on_request = None
        after = await poll(miner, before)
        assert after.reason is PauseReason.ASKED_HERE
        assert miner.state.backends == {BackendType.CPU, BackendType.CUDA}


async def test_a_refusal_does_not_undo_what_is_not_known_yet() -> None:
    """The previous pause took effect, although its reply was lost."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        fail_after(rig, "POST")
        with pytest.raises(XmrigResponseError):
            await miner.pause()
        rig.on_reply = rig.fault = None
        FailingWrite(
            rig, replace(FAULTS["refuse_put"], path="/json_rpc", instead=UNKNOWN)
        )
        with pytest.raises(XmrigRefusedError):
            await miner.pause()
        after = await poll(miner, before)
        assert after.reason is PauseReason.ASKED_HERE


@pytest.mark.parametrize("fault", ["reset", "reset_after", "hang", "hang_after"])
async def test_a_removal_of_a_default_whose_reply_is_lost(fault: str) -> None:
    """XMRig fills it in again, so whether it arrived is unknown."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        FailingWrite(rig, FAULTS[fault])
        with pytest.raises(XmrigConnectionError):
            await patch({"cpu": {"cn": None}})(miner)
        rig.on_request = None
        assert "cn" in rig.config["cpu"]
        await patch({"cpu": {"cn": None}})(miner)


@pytest.mark.parametrize("command", ALL)
async def test_a_miner_that_takes_nine_seconds_to_reply(command: str) -> None:
    """It is slow, but commands succeed."""
    expected = await result_of(command)
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)
        slow = replace(FAULTS["late_7_after"], delay=9)
        rig.on_request = lambda _: rig.fail_next(1, slow)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await ALL[command](miner)
        assert loop.time() - started > 2 * REQUEST_TIMEOUT
        rig.on_request = None
        await poll(miner, before)
        assert (without_port(what_it_does(rig)), miner.state) == expected


async def test_the_order_of_requests_when_a_reply_is_late() -> None:
    """The command is sent only once, however late its reply is."""
    for fault in ("late_7", "late_7_after", "hang_after", "reset_after"):
        async with Rig() as rig, commanding(rig) as (miner, _):
            FailingWrite(rig, FAULTS[fault], times=1)
            await miner.pause()
            assert rig.count("POST", "/json_rpc") == 1
