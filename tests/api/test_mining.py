"""Tests of what counts as the result of pausing, starting and stopping."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.confirm import CONFIRM_TIMEOUT
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigBackendError,
    XmrigConnectionError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
)
from custom_components.xmrig_miner.api.mining import Mining
from custom_components.xmrig_miner.api.models import (
    Backends,
    BackendType,
    Config,
    Connection,
    Summary,
)

from .stub import ADDRESS, StubClient

CPU, CUDA = BackendType.CPU, BackendType.CUDA

# Hashes, and is connected to a pool
AT_WORK = Summary(
    paused=False, connection=Connection(ip="10.0.0.1"), hashrate_highest=1000.0
)
PAUSED = replace(AT_WORK, paused=True)
NO_POOL = replace(AT_WORK, connection=Connection(uptime=0))
FIRST_JOB = replace(AT_WORK, hashrate_highest=None)


def backends(*listed: dict[str, Any], complete: bool = True) -> Backends:
    """Return backends as a miner reports them."""
    return Backends.from_json(list(listed), complete=complete)


RUNS = backends({"type": "cpu", "enabled": True, "threads": [{}]})
ENDED = backends({"type": "cpu", "enabled": True})
OFF = backends({"type": "cpu", "enabled": False})
CUT = backends({"type": "cpu", "enabled": True}, complete=False)
CUT_RUNS = backends({"type": "cpu", "enabled": True, "threads": [{}]}, complete=False)
UNKNOWN = backends()


async def command_not_confirmed(awaitable: Awaitable[object]) -> Command:
    """Return which command was not confirmed."""
    with pytest.raises(XmrigNotConfirmedError) as raised:
        await awaitable
    return raised.value.command


@pytest.mark.parametrize(
    ("do", "action", "result", "before"),
    [
        (Mining.pause, Action.PAUSE, PAUSED, AT_WORK),
        (Mining.resume, Action.RESUME, AT_WORK, PAUSED),
    ],
)
async def test_pausing_waits_until_it_shows(
    do: Callable[[Mining], Awaitable[None]],
    action: Action,
    result: Summary,
    before: Summary,
) -> None:
    """One action, and readings until one shows the result."""
    # One summary verifies who answers
    client = StubClient(
        summaries=(before, before, replace(before, paused=None), result)
    )
    await do(Mining(client.link()))
    assert client.calls == ["summary", action, "summary", "summary", "summary"]
    command = await command_not_confirmed(
        do(Mining(StubClient(summaries=(before,)).link()))
    )
    assert command is Command(action)


@pytest.mark.parametrize(
    ("summaries", "resumes"),
    [((AT_WORK,), False), ((PAUSED, PAUSED, AT_WORK), True)],
)
async def test_it_is_resumed_if_paused(
    summaries: tuple[Summary, ...], *, resumes: bool
) -> None:
    """Else nothing is sent."""
    client = StubClient(summaries=(XmrigInterruptedError("cut"), *summaries))
    await Mining(client.link()).resume_if_paused()
    assert (Action.RESUME in client.calls) is resumes


@pytest.mark.parametrize(
    ("listed", "running"),
    [(RUNS, {CPU, CUDA}), (OFF, {CUDA}), (UNKNOWN, {CPU, CUDA})],
)
async def test_what_may_run(listed: Backends, running: set[BackendType]) -> None:
    """What the config enables, unless the miner says that it is off."""
    config = Config({name: {"enabled": True} for name in ("cpu", "cuda")})
    client = StubClient(backends=(listed,), configs=(config,))
    assert await Mining(client.link()).running_backends() == running


@pytest.mark.parametrize(
    ("listed", "has_threads"),
    [(RUNS, True), (ENDED, False), (CUT_RUNS, True)],
)
async def test_threads_that_run_or_may(listed: Backends, *, has_threads: bool) -> None:
    """A miner that lists none in a complete reply has none."""
    client = StubClient(summaries=(AT_WORK,), backends=(listed,))
    assert await Mining(client.link()).may_have_threads() is has_threads


@pytest.mark.parametrize("summary", [NO_POOL, FIRST_JOB])
async def test_a_cut_reply_of_a_miner_that_starts(summary: Summary) -> None:
    """Its threads may be in the part that is missing."""
    client = StubClient(summaries=(summary,), backends=(CUT,))
    assert await Mining(client.link()).may_have_threads()


@pytest.mark.parametrize("listed", [OFF, CUT, UNKNOWN])
async def test_whether_there_are_threads_is_not_known(listed: Backends) -> None:
    """Nothing shows it in time."""
    mining = Mining(StubClient(summaries=(AT_WORK,), backends=(listed,)).link())
    assert await command_not_confirmed(mining.may_have_threads()) is Command.START


@pytest.mark.parametrize(
    ("summary", "listed"),
    [(AT_WORK, RUNS), (NO_POOL, ENDED), (FIRST_JOB, ENDED), (AT_WORK, CUT_RUNS)],
)
async def test_started(summary: Summary, listed: Backends) -> None:
    """Threads run, or will once there is a job and a dataset."""
    client = StubClient(summaries=(summary,), backends=(OFF, listed))
    await Mining(client.link()).wait_until_started(None)
    assert client.calls == ["summary", "backends"] * 2


@pytest.mark.parametrize(
    ("summary", "listed"),
    [(AT_WORK, ENDED), (AT_WORK, OFF), (NO_POOL, OFF), (FIRST_JOB, UNKNOWN)],
)
async def test_not_started(summary: Summary, listed: Backends) -> None:
    """The error is that of the command, if it had one."""
    mining = Mining(StubClient(summaries=(summary,), backends=(listed,)).link())
    assert await command_not_confirmed(mining.wait_until_started(None)) is Command.START
    failure = XmrigInterruptedError("reset")
    with pytest.raises(XmrigInterruptedError) as raised:
        await mining.wait_until_started(failure)
    assert raised.value is failure


async def test_stopped() -> None:
    """Once a complete reply says that all of them are off."""
    cut = backends({"type": "cpu", "enabled": False}, complete=False)
    client = StubClient(backends=(RUNS, cut, OFF))
    await Mining(client.link()).wait_until_stopped()
    assert client.calls == ["backends"] * 3
    mining = Mining(StubClient(backends=(cut,)).link())
    assert await command_not_confirmed(mining.wait_until_stopped()) is Command.STOP


CUDA_ON = {"type": "cuda", "enabled": True}
CUDA_OFF = {"type": "cuda", "enabled": False}


@pytest.mark.parametrize(
    ("listed", "enabled"),
    [
        (backends(CUDA_ON), True),
        (backends(CUDA_ON, complete=False), True),
        (backends(CUDA_OFF), False),
    ],
)
async def test_a_backend_that_was_switched(listed: Backends, *, enabled: bool) -> None:
    """A cut reply is enough to see that it is on."""
    opposite = backends({"type": "cuda", "enabled": not enabled})
    client = StubClient(backends=(UNKNOWN, opposite, listed))
    await Mining(client.link()).wait_until_set(CUDA, enabled=enabled)
    assert client.calls == ["backends"] * 3


@pytest.mark.parametrize("listed", [backends(CUDA_OFF), UNKNOWN])
async def test_a_backend_that_cannot_be_enabled(listed: Backends) -> None:
    """It has no device."""
    mining = Mining(StubClient(backends=(listed,)).link())
    with pytest.raises(XmrigBackendError, match=f"^{ADDRESS} .* cuda on$"):
        await mining.wait_until_set(CUDA, enabled=True)


@pytest.mark.parametrize(
    "listed", [backends(CUDA_ON), backends(CUDA_OFF, complete=False), UNKNOWN]
)
async def test_a_backend_that_stays_on(listed: Backends) -> None:
    """A cut reply does not prove that it is off."""
    mining = Mining(StubClient(backends=(listed,)).link())
    waiting = mining.wait_until_set(CUDA, enabled=False)
    assert await command_not_confirmed(waiting) is Command.SET_BACKEND


async def test_a_command_whose_reply_was_lost() -> None:
    """It has to show all the same, else its error is raised."""
    lost = XmrigInterruptedError("reset")
    client = StubClient(summaries=(AT_WORK, PAUSED), writes=(lost,))
    await Mining(client.link()).pause()
    never = StubClient(summaries=(AT_WORK,), writes=(lost,))
    with pytest.raises(XmrigInterruptedError) as raised:
        await Mining(never.link()).pause()
    assert raised.value is lost
    # It was read for as long as any result may take
    assert len(never.calls) > CONFIRM_TIMEOUT


async def test_a_miner_that_cannot_be_reached() -> None:
    """Nothing was sent, so nothing has to show."""
    client = StubClient(summaries=(XmrigConnectionError("refused"),))
    with pytest.raises(XmrigConnectionError):
        await Mining(client.link()).pause()
    assert client.calls == ["summary"]
