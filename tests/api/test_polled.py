"""Tests of reading all endpoints, by the replies of a stand-in for a miner."""

import asyncio
from typing import Any, cast

import pytest

from custom_components.xmrig_miner.api import polled
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherMinerError,
    XmrigConnectionError,
    XmrigReadOnlyError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.api.link import Link
from custom_components.xmrig_miner.api.models import Config, Summary
from custom_components.xmrig_miner.api.polled import (
    GRACE,
    Endpoint,
    PolledReplies,
    ProcessReader,
)

from .clock import Clock

ERROR = XmrigConnectionError("refused")
OPEN = Summary(restricted=False)
READ_ONLY = Summary(restricted=True)
CUT = Summary(complete=False)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the module."""
    clock = Clock()
    monkeypatch.setattr(polled, "time", clock)
    return clock


class Miner:
    """A miner with a summary, a config and one other endpoint."""

    writes = 0

    def __init__(self) -> None:
        """Initialize it with an API that is not read-only."""
        self.replies: dict[str, Any] = {
            "summary": OPEN,
            "config": Config({}),
            "other": "first",
        }
        self.calls: list[str] = []
        self.other: Endpoint[str] = Endpoint(lambda: self._reply("other"))
        self.polled: PolledReplies[Summary] = PolledReplies(
            cast(Link[Summary], self), lambda: self._reply("config"), self.other
        )

    async def summary(self) -> Summary:
        """Return the summary."""
        return cast(Summary, await self._reply("summary"))

    async def _reply(self, name: str) -> Any:
        self.calls.append(name)
        await asyncio.sleep(0)
        reply = self.replies[name]
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def read(self, **replies: Any) -> list[str]:
        """Read with changed replies, and return which requests were sent, in order."""
        self.replies.update(replies)
        self.calls = []
        await self.polled.read()
        return self.calls


async def test_an_endpoint_that_fails(clock: Clock) -> None:
    """Its last reply is used for a while, counted from the first failure."""
    miner = Miner()
    assert (miner.other.reply, miner.other.is_fresh) == (None, False)
    for _ in range(2):
        await miner.read(other="first")
        assert (miner.other.reply, miner.other.is_fresh) == ("first", True)
        clock.now += 500
        await miner.read(other=ERROR)
        assert (miner.other.reply, miner.other.is_fresh) == ("first", False)
        clock.now += GRACE - 1
        await miner.read()
        assert (miner.other.reply, miner.other.is_fresh) == ("first", False)
        clock.now += 1
        await miner.read()
        assert (miner.other.reply, miner.other.is_fresh) == (None, False)


async def test_a_reply_from_before_a_write() -> None:
    """It is out of date as soon as the next one fails."""
    miner = Miner()
    miner.writes = 3
    await miner.read()
    await miner.read(other=ERROR, config=ERROR)
    assert miner.other.reply == "first"
    assert miner.polled.config.reply == Config({})
    miner.writes = 4
    await miner.read()
    assert miner.other.reply is None
    assert miner.polled.config.reply is None


async def test_a_config_that_is_read_after_the_summary_is_of_the_same_poll() -> None:
    """No write came since."""
    miner = Miner()
    miner.writes = 3
    await miner.read()
    await miner.read(config=ERROR)
    assert miner.polled.config.reply == Config({})


async def test_all_at_once() -> None:
    """The config waits for the first summary, which says whether it may be read."""
    miner = Miner()
    assert await miner.read() == ["summary", "other", "config"]
    everything = asyncio.create_task(miner.read())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    # None of them has been answered yet
    assert sorted(miner.calls) == ["config", "other", "summary"]
    await everything
    assert len(miner.calls) == 3
    assert miner.polled.config.reply == Config({})
    assert not miner.polled.is_restricted


async def test_the_config_waits_for_the_first_summary() -> None:
    """It is not asked for side by side."""
    miner = Miner()
    reading = asyncio.create_task(miner.read())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sorted(miner.calls) == ["other", "summary"]
    await reading


async def test_a_read_only_miner() -> None:
    """Its config is not asked for, and what was read before is not used."""
    miner = Miner()
    for _ in range(2):
        assert "config" not in await miner.read(summary=READ_ONLY)
        assert miner.polled.is_restricted
    # A truncated reply does not contain it
    assert "config" not in await miner.read(summary=CUT)
    assert miner.polled.is_restricted
    assert "config" in await miner.read(summary=OPEN)
    assert miner.polled.is_restricted is False
    assert miner.polled.config.is_fresh
    # It became read-only since the last poll
    denied = XmrigReadOnlyError("403")
    assert "config" in await miner.read(summary=READ_ONLY, config=denied)
    assert miner.polled.is_restricted is True
    assert miner.polled.config.reply is None
    assert not miner.polled.config.is_fresh


async def test_a_truncated_first_summary() -> None:
    """Whether the API is read-only is unknown, so the config is tried."""
    miner = Miner()
    assert await miner.read(summary=CUT) == ["summary", "other", "config"]
    assert miner.polled.is_restricted is False
    assert miner.polled.config.reply == Config({})


async def test_a_miner_that_is_unreachable() -> None:
    """The error is that of the summary, once all requests have ended.

    Which miner sent a reply of that poll is unknown, so it is not used.
    """
    miner = Miner()
    await miner.read()
    with pytest.raises(XmrigConnectionError) as raised:
        await miner.read(summary=ERROR, other="second", config=ERROR)
    assert raised.value is ERROR
    assert (miner.other.reply, miner.other.is_fresh) == (None, False)
    assert miner.polled.config.reply == Config({})


async def test_another_miner() -> None:
    """Nothing of what it sent is used."""
    miner = Miner()
    await miner.read()
    other = XmrigAnotherMinerError("another", MinerIdentity(id="x", worker_id="y"))
    with pytest.raises(XmrigAnotherMinerError):
        await miner.read(summary=other)
    for endpoint in (miner.other, miner.polled.config):
        assert endpoint.reply is None
        assert endpoint.is_fresh is False


async def test_an_error_that_is_not_the_miners() -> None:
    """It is a mistake here, and not hidden."""
    miner = Miner()
    with pytest.raises(ZeroDivisionError):
        await miner.read(other=ZeroDivisionError())


async def test_replies_of_an_earlier_process() -> None:
    """Only those are dropped that are not of this poll."""
    miner = Miner()
    await miner.read()
    miner.polled.drop_stale()
    assert miner.other.reply == "first"
    assert miner.polled.config.reply == Config({})
    await miner.read(config=ERROR)
    miner.polled.drop_stale()
    assert miner.other.reply == "first"
    assert miner.polled.config.reply is None
    await miner.read(other=ERROR)
    miner.polled.drop_stale()
    assert miner.other.reply is None


async def test_when_the_summary_was_sent_and_received(clock: Clock) -> None:
    """Both are known, since a reply may be late."""
    miner = Miner()
    sent = clock.now
    original = miner.summary

    async def late() -> Summary:
        clock.now += 7
        return await original()

    miner.summary = late  # type: ignore[method-assign]
    timed = await miner.polled.read()
    assert timed.summary is OPEN
    assert timed.sent == sent
    assert timed.received == sent + 7


class Reader(ProcessReader[None]):
    """The base of both readers."""

    def __init__(self, miner: Miner) -> None:
        """Initialize the reader."""
        super().__init__(miner.polled)

    async def poll(self) -> None:
        """Read, and find something each time."""
        await self._replies.read()
        self._restart_seen = True
        self._changed_paths += ["retries"]


async def test_polls_are_counted() -> None:
    """They count from their start, even if they fail."""
    miner = Miner()
    reader = Reader(miner)
    assert (reader.polls, reader.is_polling) == (0, False)
    poll = asyncio.create_task(reader.poll())
    await asyncio.sleep(0)
    assert (reader.polls, reader.is_polling) == (1, True)
    await poll
    assert (reader.polls, reader.is_polling) == (1, False)
    miner.replies["summary"] = ERROR
    with pytest.raises(XmrigConnectionError):
        await reader.poll()
    assert (reader.polls, reader.is_polling) == (2, False)


async def test_events_are_taken_once() -> None:
    """They are kept until then."""
    reader = Reader(Miner())
    assert reader.take_restart() is False
    assert reader.take_changed_paths() == []
    await reader.poll()
    await reader.poll()
    assert reader.take_restart() is True
    assert reader.take_restart() is False
    assert reader.take_changed_paths() == ["retries", "retries"]
    assert reader.take_changed_paths() == []
