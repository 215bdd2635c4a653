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
"""The miner did what it was told, and its reply is lost, damaged or late."""

WITHOUT_EFFECT = {
    "hang": XmrigTimeoutError,
    "http_500": XmrigResponseError,
    "reset": XmrigInterruptedError,
    "close": XmrigInterruptedError,
    "router_401": XmrigResponseError,
    "router_403": XmrigResponseError,
    "redirect": XmrigResponseError,
}
"""The miner did not get the command, and what is then true."""
OTHERS = tuple(WITHOUT_EFFECT)[2:]


UNKNOWN = Reply(200, {"id": 1, "jsonrpc": "2.0", "error": {"code": -32601}})
"""How XMRig refuses a method that it does not have."""


class FailingWrite:
    """Lets each write of a rig fail from now on, by any fault."""

    def __init__(self, rig: Rig, fault: Fault, times: int = 1000) -> None:
        """Begin with it."""
        self._rig = rig
        self._fault = replace(fault, methods=("PUT", "POST"))
        self._times = times
        rig.on_request = self._fail

    def _fail(self, request: HttpRequest) -> None:
        if request.method != "GET" and self._times:
            self._times -= 1
            # The hook comes before the count
            self._rig.fail_next(1, self._fault)

    def end(self) -> None:
        """Let writes succeed again."""
        self._rig.on_request = None


def fail_after(rig: Rig, *methods: str, fault: str = "http_500") -> None:
    """Let all requests fail from the first one on that follows one of these methods."""

    def fail(request: HttpRequest) -> None:
        if request.method in methods:
            rig.fault = fault

    rig.on_reply = fail


def prepare(rig: Rig, command: str) -> None:
    """Let a command have something to change."""
    if command in ("resume", "start"):
        rig.rpc_direct("pause")


def what_it_does(rig: Rig) -> dict[str, Any]:
    """Return what a command can change about a miner."""
    return {"paused": rig.miner.is_paused, "config": rig.config}


_results: dict[str, tuple[dict[str, Any], MinerState]] = {}


async def result_of(command: str) -> tuple[dict[str, Any], MinerState]:
    """Return what a command does where nothing fails, and what is stored then."""
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
    """Return what a miner does without the port, which differs from one to the next."""
    config = seen["config"]
    return seen | {"config": config | {"http": config["http"] | {"port": 0}}}


@pytest.mark.parametrize("fault", WITH_EFFECT)
@pytest.mark.parametrize("command", ALL)
async def test_a_command_that_took_effect_succeeds(command: str, fault: str) -> None:
    """However its reply was lost, it is seen at the miner, and all is stored as ever."""
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
    """One poll later all is as it was before, also what is stored to be wanted."""
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
        # Beside what XMRig adds by itself for a backend that is enabled
        assert json_contains(rig.config, first["config"])


@pytest.mark.parametrize("fault", ["reset_after", "lost", "cut"])
@pytest.mark.parametrize("first", [None, "resume"])
async def test_a_pause_that_took_effect_while_the_miner_went_away(
    fault: str, first: str | None
) -> None:
    """It is unknown until the miner is back, and then it is the one from here."""
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
        # Home Assistant may be restarted meanwhile
        async with commanding(rig, as_written(saved[-1])) as (again, _):
            after = await poll(again, before if first is None else None)
            assert again.state.request == PAUSED_HERE
            assert again.state.previous_request is None
            assert after.reason is PauseReason.ASKED_HERE


@pytest.mark.parametrize("first", [None, "resume", "pause"])
async def test_a_command_that_had_no_effect_while_the_miner_went_away(
    first: str | None,
) -> None:
    """What was wanted before is wanted still, and nothing is attributed to a user."""
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
    """It is read again: the command took effect, and that is what counts."""
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
    """For half of the time that there is."""
    expected = await result_of(command)
    async with Rig() as rig, commanding(rig) as (miner, _):
        before = await poll(miner)
        prepare(rig, command)

        def fail(request: HttpRequest) -> None:
            if request.method != "GET":
                for number in range(2, 50):
                    rig.fail_next(number, "http_500")

        rig.on_request = fail
        await ALL[command](miner)
        rig.on_request = None
        await poll(miner, before)
        assert (without_port(what_it_does(rig)), miner.state) == expected


async def test_a_wallet_change_with_failing_reads_is_the_users() -> None:
    """It must not look like that of an intruder."""
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
    """It took effect, which shows once it can be read again: it was requested here."""
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
    """The config says so, the backends are not readable: it is not undone."""
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
    """The pause before it took effect, though its reply was lost."""
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
    """XMRig fills it in again, so it cannot be seen whether it arrived."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        FailingWrite(rig, FAULTS[fault])
        with pytest.raises(XmrigConnectionError):
            await patch({"cpu": {"cn": None}})(miner)
        rig.on_request = None
        assert "cn" in rig.config["cpu"]
        await patch({"cpu": {"cn": None}})(miner)


@pytest.mark.parametrize("command", ALL)
async def test_a_miner_that_takes_nine_seconds_to_reply(command: str) -> None:
    """It is slow, not gone: it can be commanded."""
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
    """The command is sent once, however long its reply takes."""
    for fault in ("late_7", "late_7_after", "hang_after", "reset_after"):
        async with Rig() as rig, commanding(rig) as (miner, _):
            FailingWrite(rig, FAULTS[fault], times=1)
            await miner.pause()
            assert rig.count("POST", "/json_rpc") == 1
