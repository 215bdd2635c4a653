"""Tests of polling a miner, by the replies of a stand-in."""

import asyncio
import copy
from dataclasses import replace
from typing import cast

import pytest

from custom_components.xmrig_miner.api import polled, reader as reader_module
from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.config_editor import SETTLE
from custom_components.xmrig_miner.api.exceptions import XmrigResponseError
from custom_components.xmrig_miner.api.miner import Miner
from custom_components.xmrig_miner.api.models import (
    Backends,
    Config,
    Connection,
    Hashrate,
    PauseRule,
    Summary,
)
from custom_components.xmrig_miner.api.reader import MinerReader
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.state import MinerState, Request

from .clock import Clock
from .stub import EditableClient

AT_WORK = Summary(
    restricted=False,
    paused=False,
    uptime=5000,
    connection=Connection(ip="10.0.0.1", uptime_ms=4_000_000),
    hashrate=Hashrate(seconds_10=100.0),
)
PAUSED = replace(AT_WORK, paused=True, hashrate=Hashrate(seconds_10=0.0))
YOUNG = replace(AT_WORK, uptime=3, connection=Connection(ip="10.0.0.1", uptime_ms=1))
RUNS = Backends.from_json(
    [{"type": "cpu", "enabled": True, "profile": "rx", "threads": [{}]}]
)
CUT = replace(RUNS, complete=False)
LOST = XmrigResponseError("cut")
BATTERY = PauseRule.BATTERY.value


class Bench:
    """A reader of a stand-in for a miner."""

    def __init__(self, clock: Clock, state: MinerState = MinerState()) -> None:
        """Initialize the reader."""
        self.clock = clock
        self.client = EditableClient(delay=0)
        self.client.document = copy.deepcopy(self.client.document)
        self.client.document["cpu"]["rx"] = [0]
        self.saved: list[MinerState] = []
        self.miner = Miner(cast(XmrigClient, self.client), state, self._save)
        self.reader = MinerReader(self.miner)

    async def _save(self, state: MinerState) -> None:
        self.saved.append(state)

    async def poll(
        self,
        summary: Summary = AT_WORK,
        backends: Backends | Exception = RUNS,
        *,
        seconds: float = 10,
    ) -> Snapshot:
        """Poll some seconds after the last time; the uptime is that of the summary."""
        self.clock.now += seconds
        self.client.reply(summary=summary, backends=backends)
        return await self.reader.poll()

    async def polls(self, *summaries: Summary) -> Snapshot:
        """Poll several times, and return the last snapshot."""
        snapshots = [await self.poll(summary) for summary in summaries]
        return snapshots[-1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the reader."""
    clock = Clock()
    for module in (polled, reader_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def bench(clock: Clock) -> Bench:
    """Return a reader of a miner of which nothing is stored."""
    return Bench(clock)


async def test_a_poll(bench: Bench) -> None:
    """Everything that the miner reports, and the state after it."""
    snapshot = await bench.poll()
    assert snapshot.summary is AT_WORK
    assert snapshot.backends is RUNS
    assert snapshot.config == Config(bench.client.document)
    assert snapshot.is_fresh is True
    assert snapshot.is_complete is True
    assert snapshot.restricted is False
    assert snapshot.previous_backends is None
    assert snapshot.state is bench.miner.state
    assert snapshot.state.payout == Config(bench.client.document).payout
    assert snapshot.hashrate() == AT_WORK.hashrate
    assert snapshot.hashrates
    # When its process started, by the wall clock
    assert snapshot.state.started == bench.clock.time() - 5000
    reader = bench.reader
    assert reader.take_restart() is False
    assert reader.restore_due is False
    assert reader.resumed_by_rule is False
    assert reader.is_pause_over is False
    assert reader.keeps_config is None


def test_before_the_first_poll(bench: Bench) -> None:
    """Nothing is known, and nothing is to be done."""
    reader = bench.reader
    assert reader.polls == 0
    assert reader.restore_due is False
    assert reader.resumed_by_rule is False
    assert reader.is_pause_over is False
    assert reader.keeps_config is None


async def test_a_poll_waits_for_a_command(bench: Bench) -> None:
    """It would mix replies from before and after it."""
    async with bench.miner.queue.command():
        poll = asyncio.create_task(bench.poll())
        await asyncio.sleep(1)
        assert bench.reader.polls == 0
    await poll
    assert bench.reader.polls == 1


async def test_the_backends_of_the_previous_poll(bench: Bench) -> None:
    """A card has to be in two replies."""
    other = replace(RUNS)
    await bench.poll(backends=other)
    assert (await bench.poll()).previous_backends is other
    assert (await bench.poll()).previous_backends is RUNS


async def test_a_reply_that_is_missing(bench: Bench) -> None:
    """The last one is used, which decides nothing."""
    await bench.poll()
    snapshot = await bench.poll(backends=LOST)
    assert snapshot.backends is RUNS
    assert snapshot.is_fresh is False
    bench.client.failing[bench.client.reads + 1] = LOST
    snapshot = await bench.poll()
    assert snapshot.config == Config(bench.client.document)
    assert snapshot.is_fresh is False
    assert (await bench.poll()).is_fresh is True


async def test_a_read_only_miner(bench: Bench) -> None:
    """It is fresh without a config, and follows no rule."""
    await bench.poll()
    snapshot = await bench.poll(replace(AT_WORK, restricted=True))
    assert snapshot.config is None
    assert snapshot.restricted is True
    assert snapshot.is_fresh is True
    assert snapshot.is_complete is True


async def test_a_restart(bench: Bench) -> None:
    """It is an event, and the request is to be restored."""
    await bench.poll()
    snapshot = await bench.poll(YOUNG)
    assert bench.reader.take_restart() is True
    assert bench.reader.restore_due is True
    assert snapshot.is_fresh is True
    await bench.poll(replace(YOUNG, uptime=13))
    assert bench.reader.take_restart() is False
    assert bench.reader.restore_due is True


async def test_a_restart_since_the_last_run(clock: Clock) -> None:
    """The start of the process is stored."""
    bench = Bench(clock, MinerState(started=clock.time() - 5000))
    await bench.poll(YOUNG)
    assert bench.reader.take_restart() is True


async def test_what_is_unknown_after_the_clock_was_set_back(clock: Clock) -> None:
    """What was requested is restored, and no restart is told."""
    started = clock.time() + 86_400
    bench = Bench(clock, MinerState(started=started, request=Request(mining=False)))
    await bench.poll()
    assert bench.reader.take_restart() is False
    assert bench.reader.restore_due is True
    assert bench.miner.state.request == Request(mining=False)
    bench.reader.restore_due = False
    await bench.poll(replace(AT_WORK, uptime=5010))
    assert bench.reader.restore_due is False
    assert bench.miner.state.started == clock.time() - 5010


async def test_a_late_reply_is_no_restart(bench: Bench) -> None:
    """It counts when it was requested, and when it arrived."""
    await bench.poll()
    for uptime in (5010, 5020):
        # Of an age that does not help
        summary = replace(AT_WORK, uptime=uptime, connection=Connection(ip="10.0.0.1"))
        await bench.poll(summary)
    assert bench.reader.take_restart() is False
    assert bench.reader.restore_due is False


async def test_replies_of_the_process_before(bench: Bench) -> None:
    """They are not used."""
    await bench.poll()
    snapshot = await bench.poll(YOUNG, LOST)
    assert snapshot.backends is None
    assert snapshot.is_fresh is False
    assert snapshot.config is not None


async def test_hashrates_of_the_process_before(bench: Bench) -> None:
    """They do not fill the windows of this one."""
    full = replace(AT_WORK, hashrate=Hashrate())
    running = Backends.from_json(
        [{"type": "cpu", "enabled": True, "hashrate": [9, 9, 9], "threads": [{}]}]
    )
    await bench.poll(full, running)
    assert (await bench.poll(full)).hashrate().seconds_10 == 9
    young = replace(YOUNG, hashrate=Hashrate())
    assert (await bench.poll(young)).hashrate().seconds_10 is None


async def test_what_happens_before_the_request_is_restored(bench: Bench) -> None:
    """A miner that just started does not know it: no request of the user."""
    await bench.polls(AT_WORK, YOUNG)
    state = bench.miner.state
    paused = replace(PAUSED, uptime=13)
    snapshot = await bench.poll(paused)
    assert snapshot.state is bench.miner.state is state
    bench.reader.restore_due = False
    snapshot = await bench.polls(replace(YOUNG, uptime=23), replace(paused, uptime=33))
    assert snapshot.state.request == Request(mining=False)


async def test_a_pause_at_the_miner(bench: Bench) -> None:
    """It is seen against the last complete reply."""
    await bench.poll()
    await bench.poll(PAUSED, CUT)
    assert bench.miner.state.request == Request()
    snapshot = await bench.poll(PAUSED)
    assert snapshot.state is bench.miner.state
    assert snapshot.state.request == Request(mining=False)
    assert bench.saved[-1] is snapshot.state


async def test_external_changes(bench: Bench) -> None:
    """They are kept until they are taken."""
    await bench.poll()
    for name in ("retries", "print-time"):
        bench.client.document = bench.client.document | {name: 1}
        await bench.poll()
    assert bench.reader.take_changed_paths() == ["retries", "print-time"]


async def test_a_change_that_is_about_to_be_written_again(bench: Bench) -> None:
    """What is read without it decides nothing."""
    await bench.poll()
    first = bench.client.document
    await _patch(bench)
    bench.client.document = first
    snapshot = await bench.poll()
    assert snapshot.is_fresh is False
    assert bench.reader.take_changed_paths() == []
    await asyncio.sleep(2 * SETTLE)
    assert (await bench.poll()).is_fresh is True
    await bench.miner.close()


async def _patch(bench: Bench) -> None:
    await bench.miner.edit(lambda config: Config(config.document | {"retries": 7}))


async def test_a_restart_ends_the_wait_for_a_change(bench: Bench) -> None:
    """The process that showed it is gone: what another one shows is its config."""
    await bench.poll()
    first = bench.client.document
    await _patch(bench)
    bench.client.document = first
    snapshot = await bench.poll(YOUNG)
    assert snapshot.is_fresh is True
    await bench.miner.close()


@pytest.mark.parametrize(
    ("retries", "keeps"), [(7, True), (5, False), (9, None)], ids=str
)
async def test_whether_changes_outlast_a_restart(
    bench: Bench, retries: int, *, keeps: bool | None
) -> None:
    """The first config after it tells, unless the value is a third one."""
    await bench.poll()
    await _patch(bench)
    await asyncio.sleep(2 * SETTLE)
    await bench.poll()
    assert bench.reader.keeps_config is None
    bench.client.document = bench.client.document | {"retries": retries}
    # Not one that is not of this poll
    await bench.poll(YOUNG, LOST)
    assert bench.reader.keeps_config is None
    await bench.poll(replace(YOUNG, uptime=13))
    assert bench.reader.keeps_config is keeps
    # A later change says nothing
    for number, value in enumerate((7, 5), 2):
        bench.client.document = bench.client.document | {"retries": value}
        await bench.poll(replace(YOUNG, uptime=10 * number + 3))
        assert bench.reader.keeps_config is keeps


async def test_an_undone_change_is_not_lost_with_a_restart(bench: Bench) -> None:
    """The miner kept what undid the change, though the command could not show it."""
    await bench.poll()
    before = bench.client.document
    await _patch(bench)
    await asyncio.sleep(2 * SETTLE)
    bench.client.failing = dict.fromkeys(
        range(bench.client.reads + 3, bench.client.reads + 999), LOST
    )
    with pytest.raises(XmrigResponseError):
        await bench.miner.restore()
    assert len(bench.client.posted) == 2
    bench.client.failing = {}
    await bench.poll()
    assert bench.client.document == before
    await bench.poll(YOUNG)
    assert bench.reader.take_restart()
    assert bench.reader.keeps_config is None


async def test_changes_of_an_earlier_run(bench: Bench, clock: Clock) -> None:
    """Without a restart, it is unknown whether they would outlast one."""
    await bench.poll()
    await _patch(bench)
    await bench.miner.close()
    later = Bench(clock, bench.miner.state)
    later.client.document = bench.client.document
    await later.poll()
    assert later.reader.keeps_config is None


async def test_what_is_known_of_kept_changes_stays(bench: Bench) -> None:
    """A restart after which it is unknown changes nothing."""
    await bench.poll()
    await _patch(bench)
    await asyncio.sleep(2 * SETTLE)
    await bench.poll()
    await bench.poll(YOUNG)
    assert bench.reader.keeps_config is True
    bench.client.document = bench.client.document | {"retries": 9}
    await bench.poll(replace(YOUNG, uptime=2))
    assert bench.reader.take_restart()
    assert bench.reader.keeps_config is True


PAUSED_HERE = MinerState(request=Request(mining=False, here=True))


async def test_a_pause_that_the_miners_rules_ended(clock: Clock) -> None:
    """It is known at each poll."""
    bench = Bench(clock, PAUSED_HERE)
    bench.client.document[BATTERY] = True
    await bench.poll(PAUSED)
    assert bench.reader.resumed_by_rule is False
    snapshot = await bench.poll()
    assert bench.reader.resumed_by_rule is True
    assert snapshot.state.request == PAUSED_HERE.request
    await bench.poll(PAUSED)
    assert bench.reader.resumed_by_rule is False


async def test_a_stopped_miner_is_not_resumed_by_rules(clock: Clock) -> None:
    """It was started, which is seen against the last complete reply."""
    bench = Bench(clock, PAUSED_HERE)
    bench.client.document[BATTERY] = True
    off = Backends.from_json([{"type": "cpu", "enabled": False}])
    bench.client.document["cpu"]["enabled"] = False
    await bench.poll(AT_WORK, off)
    bench.client.document["cpu"]["enabled"] = True
    await bench.poll()
    assert bench.reader.resumed_by_rule is False


async def test_the_end_of_a_pause(clock: Clock) -> None:
    """It is due once its time has come, for a miner that takes commands."""
    until = clock.time() + 25
    request = Request(mining=False, here=True, until=until)
    bench = Bench(clock, MinerState(request=request))
    ends = []
    for _ in range(3):
        await bench.poll(PAUSED)
        ends.append(bench.reader.is_pause_over)
    assert ends == [False, False, True]
    await bench.poll(replace(PAUSED, restricted=True))
    assert bench.reader.is_pause_over is False


async def test_a_read_only_miner_is_not_paused_again(clock: Clock) -> None:
    """It takes no commands."""
    state = MinerState(request=Request(limited=True))
    bench = Bench(clock, state)
    bench.client.document[BATTERY] = True
    await bench.poll(replace(AT_WORK, restricted=True))
    assert bench.reader.resumed_by_rule is False
