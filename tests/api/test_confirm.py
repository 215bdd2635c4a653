"""Tests of waiting until a miner shows the result of a command."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from custom_components.xmrig_miner.api.confirm import (
    CONFIRM_INTERVAL,
    CONFIRM_TIMEOUT,
    confirm,
)
from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigNotConfirmedError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.api.transport import REQUEST_TIMEOUT

OTHER = MinerIdentity(id="other", worker_id="rig-other")

type Reading = int | Exception


class Readings:
    """The replies of a miner in sequence; the last one is repeated."""

    def __init__(self, *readings: Reading, takes: float = 0) -> None:
        """Initialize the readings, each of which takes some seconds."""
        self.readings = list(readings)
        self.takes = takes
        self.count = 0
        self.times: list[float] = []

    async def read(self) -> int:
        """Return the next reply, or raise the next error."""
        reading = self.readings[min(self.count, len(self.readings) - 1)]
        self.count += 1
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes)
        if isinstance(reading, Exception):
            raise reading
        return reading

    async def confirm(self, failure: XmrigError | None = None) -> int:
        """Wait until a reply is at least 1."""
        return await confirm(
            self.read, lambda reply: reply >= 1, command=Command.PAUSE, failure=failure
        )


async def elapsed(readings: Readings, **kwargs: Any) -> tuple[Any, float]:
    """Return the reply or error of a confirmation, and the seconds it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        outcome: Any = await readings.confirm(**kwargs)
    except XmrigError as error:
        outcome = error
    return outcome, loop.time() - started


def test_the_time_is_longer_than_one_reply_may_take() -> None:
    """Otherwise there would be only one reading if it hangs."""
    assert CONFIRM_TIMEOUT > REQUEST_TIMEOUT


async def test_a_result_that_shows_at_once() -> None:
    """It is read once."""
    readings = Readings(1)
    assert await elapsed(readings) == (1, 0)
    assert readings.count == 1


async def test_a_result_that_shows_later() -> None:
    """The reply that shows it is returned."""
    assert await Readings(0, 0, 2, 3).confirm() == 2


@pytest.mark.parametrize(
    "error",
    [
        XmrigConnectionError("gone"),
        XmrigTimeoutError("late"),
        XmrigInterruptedError("reset"),
        XmrigResponseError("cut"),
        XmrigAuthenticationError("a moment's fault"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("times", [1, 3, 20])
async def test_a_reading_that_fails_is_tried_again(
    error: XmrigError, times: int
) -> None:
    """A failed reading says nothing about the command."""
    assert await Readings(*[error] * times, 1).confirm() == 1


async def test_a_result_that_does_not_show() -> None:
    """The error names the command."""
    outcome, seconds = await elapsed(Readings(0))
    assert isinstance(outcome, XmrigNotConfirmedError)
    assert outcome.command is Command.PAUSE
    assert seconds == pytest.approx(CONFIRM_TIMEOUT, abs=0.2)


async def test_a_result_that_takes_long_is_read_less_often() -> None:
    """Ten times in the first second, then at most a tenth of the time late."""
    readings = Readings(0)
    with pytest.raises(XmrigNotConfirmedError):
        await readings.confirm()
    first = readings.times[0]
    passed = [time - first for time in readings.times]
    waits = [after - before for before, after in pairwise(passed)]
    assert waits[:10] == pytest.approx([CONFIRM_INTERVAL] * 10, abs=1e-3)
    assert waits[10:-1] == pytest.approx(
        [time / 10 for time in passed[10:-2]], abs=1e-3
    )
    assert 0 < waits[-1] <= passed[-2] / 10


async def test_a_reading_that_hangs_leaves_time_for_more_than_one() -> None:
    """The one after it may fail as well."""
    readings = Readings(XmrigTimeoutError("late"), XmrigResponseError("cut"), 1)

    async def read() -> int:
        readings.takes = 0 if readings.count else REQUEST_TIMEOUT + 1
        return await readings.read()

    assert await confirm(read, lambda reply: reply >= 1, command=Command.PAUSE) == 1


async def test_readings_that_all_fail() -> None:
    """Whether the command took effect is unknown, and the error gives the reason."""
    gone = XmrigConnectionError("gone")
    outcome, seconds = await elapsed(Readings(gone))
    assert outcome is gone
    assert seconds == pytest.approx(CONFIRM_TIMEOUT, abs=0.2)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ((0,), "failure"),
        ((XmrigResponseError("cut"), 0), "failure"),
        ((XmrigResponseError("cut"),), "cut"),
    ],
)
async def test_a_command_that_failed_and_does_not_show(
    readings: tuple[Reading, ...], expected: str
) -> None:
    """The error is that of the command, unless the miner cannot be read."""
    failure = XmrigInterruptedError("failure")
    outcome, _ = await elapsed(Readings(*readings), failure=failure)
    assert str(outcome) == expected


async def test_a_command_that_failed_and_shows() -> None:
    """Only its reply was lost."""
    outcome, _ = await elapsed(Readings(0, 1), failure=XmrigTimeoutError("late"))
    assert outcome == 1


async def test_another_miner_confirms_nothing() -> None:
    """It fails at once: its replies are not the result."""
    error = XmrigAnotherMinerError("another", OTHER)
    readings = Readings(0, error, 1)
    outcome, seconds = await elapsed(readings)
    assert outcome is error
    assert seconds < 1
    assert readings.count == 2


@pytest.mark.parametrize(
    "first",
    [lambda: 0, lambda: XmrigTimeoutError("late")],
    ids=["not yet", "too late"],
)
async def test_a_second_reading_follows_a_slow_one(
    first: Callable[[], Reading],
) -> None:
    """There is always time for a second reading."""
    readings = Readings(first(), 1, takes=REQUEST_TIMEOUT)
    assert await readings.confirm() == 1
    assert readings.count == 2


async def test_no_reading_begins_after_the_time() -> None:
    """The one that ends with it is the last."""
    readings = Readings(0, takes=CONFIRM_TIMEOUT)
    _, seconds = await elapsed(readings)
    assert (readings.count, seconds) == (1, CONFIRM_TIMEOUT)


async def test_an_error_of_another_kind_is_not_tried_again() -> None:
    """It is a bug in this code."""
    readings = Readings(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await readings.confirm()
    assert readings.count == 1
