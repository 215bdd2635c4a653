"""Tests of polling a proxy and of its commands, by the replies of a stand-in."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from custom_components.xmrig_miner.api import polled, proxy_reader
from custom_components.xmrig_miner.api.config_editor import SETTLE
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherMinerError,
    XmrigConnectionError,
    XmrigError,
    XmrigResponseError,
)
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.api.models import Config, ProxySummary, Workers
from custom_components.xmrig_miner.api.models.proxy_summary import ProxyResults
from custom_components.xmrig_miner.api.proxy import Proxy
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from custom_components.xmrig_miner.api.proxy_reader import WORKERS_INTERVAL, ProxyReader
from custom_components.xmrig_miner.api.proxy_snapshot import ProxySnapshot
from custom_components.xmrig_miner.api.state import MinerState

from .clock import Clock
from .stub import EditableClient

RUNS = ProxySummary(id="p", restricted=False, uptime=5000)
LOST = XmrigResponseError("cut")
UNREACHABLE = XmrigConnectionError("refused")


class Client(EditableClient):
    """A client of a proxy whose workers are numbered by their reads."""

    def __init__(self) -> None:
        """Initialize the client."""
        super().__init__(delay=0)
        self.reads_of_workers = 0
        self.error: XmrigError | None = None
        self.row = "rig"
        self.of_others: set[int] = set()
        """The reads that another proxy answers, which has no worker."""

    async def workers(self) -> Workers:
        """Return one worker, with the number of this read in its row."""
        self.reads_of_workers += 1
        if self.error:
            raise self.error
        number = self.reads_of_workers
        if number in self.of_others:
            return Workers(mode=None, rows={})
        return Workers(mode=None, rows={self.row.format(number): [number]})


class Bench:
    """A reader of a stand-in for a proxy."""

    def __init__(self, clock: Clock) -> None:
        """Initialize the reader."""
        self.clock = clock
        self.client = Client()
        self.saved: list[MinerState] = []
        self.proxy = Proxy(cast(ProxyClient, self.client), MinerState(), self.save)
        self.reader = ProxyReader(self.proxy)
        self.reader.needs_workers = True

    async def save(self, state: MinerState) -> None:
        """Store a state."""
        self.saved.append(state)

    async def poll(
        self, summary: ProxySummary = RUNS, *, seconds: float = 10
    ) -> ProxySnapshot:
        """Poll some seconds after the last time."""
        self.clock.now += seconds
        self.client.reply(summary=summary)
        return await self.reader.poll()

    async def number(self, summary: ProxySummary = RUNS, *, seconds: float = 10) -> int:
        """Poll, and return in which read the shown workers were read; 0 for none."""
        workers = (await self.poll(summary, seconds=seconds)).workers
        return int(workers.rows["rig"][0]) if workers else 0

    async def patch(self) -> None:
        """Change a value of the config."""
        await self.proxy.edit(lambda config: Config(config.document | {"retries": 7}))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the reader."""
    clock = Clock()
    for module in (polled, proxy_reader):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def bench(clock: Clock) -> Bench:
    """Return a reader whose workers are needed."""
    return Bench(clock)


async def test_a_poll(bench: Bench) -> None:
    """Everything that the proxy reports, and the state after it."""
    snapshot = await bench.poll()
    config = Config(bench.client.document)
    assert snapshot.summary is RUNS
    assert snapshot.workers == Workers(mode=None, rows={"rig": [1]})
    assert snapshot.config == config
    assert snapshot.restricted is False
    assert snapshot.state is bench.proxy.state
    assert snapshot.state.payout == config.payout
    assert bench.saved == [snapshot.state]
    assert bench.reader.take_restart() is False
    assert bench.reader.take_changed_paths() == []
    assert bench.reader.has_read_workers is True


async def test_a_read_only_proxy(bench: Bench) -> None:
    """Its config is not read."""
    snapshot = await bench.poll(replace(RUNS, restricted=True))
    assert snapshot.restricted is True
    assert snapshot.config is None
    assert bench.saved == []


async def test_another_proxy(clock: Clock) -> None:
    """By default, any proxy at the address is accepted."""
    bench = Bench(clock)
    proxy = Proxy(
        cast(ProxyClient, bench.client),
        MinerState(),
        bench.save,
        is_expected=lambda summary: summary.id == "ours",
    )
    bench.client.reply(summary=RUNS)
    with pytest.raises(XmrigAnotherMinerError):
        await ProxyReader(proxy).poll()


async def test_a_poll_waits_for_a_command(bench: Bench) -> None:
    """It would mix replies from before and after it."""
    async with bench.proxy.queue.command():
        poll = asyncio.create_task(bench.poll())
        await asyncio.sleep(1)
        assert bench.reader.polls == 0
    await poll


async def test_workers_are_read_once_a_minute(bench: Bench) -> None:
    """A poll may come a little early."""
    numbers = [await bench.number() for _ in range(7)]
    assert numbers == [1, 1, 1, 1, 1, 1, 2]
    assert await bench.number(seconds=WORKERS_INTERVAL - 5) == 3
    assert await bench.number(seconds=WORKERS_INTERVAL - 5.5) == 3
    assert await bench.number(seconds=0.5) == 4
    assert bench.client.reads_of_workers == 4


async def test_workers_that_nothing_needs(bench: Bench) -> None:
    """They are not read, and at once when something needs them again."""
    assert await bench.number() == 1
    bench.reader.needs_workers = False
    assert await bench.number() == 0
    assert bench.client.reads_of_workers == 1
    bench.reader.needs_workers = True
    assert await bench.number() == 2


async def test_no_worker_is_needed_at_first(clock: Clock) -> None:
    """Entities ask for them."""
    bench = Bench(clock)
    reader = ProxyReader(bench.proxy)
    assert reader.needs_workers is False
    assert reader.must_read_workers is False


async def test_workers_that_an_action_asks_for(bench: Bench) -> None:
    """The next poll reads them, and no other one."""
    bench.reader.needs_workers = False
    bench.reader.must_read_workers = True
    assert await bench.number() == 1
    assert bench.reader.must_read_workers is False
    assert await bench.number() == 0
    bench.reader.needs_workers = True
    assert await bench.number() == 2
    bench.reader.must_read_workers = True
    assert await bench.number() == 3
    assert await bench.number() == 3


async def test_workers_that_cannot_be_read(bench: Bench) -> None:
    """The last ones are shown for a while, and each poll tries again."""
    assert await bench.number() == 1
    bench.client.error = LOST
    assert await bench.number(seconds=60) == 1
    assert bench.reader.has_read_workers is False
    assert await bench.number() == 1
    assert bench.client.reads_of_workers == 3
    bench.client.error = None
    assert await bench.number() == 4
    assert bench.reader.has_read_workers is True
    # A minute after the attempt that succeeded
    assert await bench.number(seconds=50) == 4


async def test_another_proxy_in_between(bench: Bench) -> None:
    """Its replies are dropped, so that the workers are read at the next poll."""
    assert await bench.number() == 1
    other = XmrigAnotherMinerError("another", MinerIdentity(id="x", worker_id="y"))
    bench.client.reply(summary=other)
    with pytest.raises(XmrigAnotherMinerError):
        await bench.reader.poll()
    assert await bench.number() == 2


async def test_workers_of_another_proxy(bench: Bench) -> None:
    """A list does not say who sent it, but none lacks a worker of an earlier one."""
    assert await bench.number() == 1
    bench.client.of_others = {2}
    assert await bench.number(seconds=60) == 3
    # It lasts, as after a restart that did not show yet
    bench.client.of_others = {4, 5}
    assert (await bench.poll(seconds=60)).workers == Workers(mode=None, rows={})
    assert await bench.number(seconds=60) == 6
    # They are named by something else, which is seen twice
    bench.client.row = "wallet"
    bench.client.of_others = {8}
    assert (await bench.poll(seconds=60)).workers == Workers(None, {"wallet": [9]})
    assert bench.client.reads_of_workers == 9
    # Three reads in a row are enough, even if each names them by something else
    bench.client.row = "rig {}"
    assert (await bench.poll(seconds=60)).workers == Workers(None, {"rig 12": [12]})


async def test_an_unreachable_proxy_ends_the_wait_of_commands(bench: Bench) -> None:
    """Its workers are a request like any other."""
    errors: list[XmrigError] = []
    bench.proxy.link.on_unreachable = errors.append
    bench.client.error = UNREACHABLE
    await bench.poll()
    assert errors == [UNREACHABLE]


async def test_workers_after_a_write(bench: Bench) -> None:
    """A new config may name them by something else."""
    assert await bench.number() == 1
    await bench.patch()
    assert await bench.number() == 2
    assert await bench.number() == 2
    await bench.proxy.close()


async def test_a_restart(bench: Bench) -> None:
    """All rows are gone: they are read at the next poll, and the old ones not shown."""
    assert await bench.number() == 1
    assert await bench.number(replace(RUNS, uptime=None)) == 1
    assert bench.reader.take_restart() is False
    # Those of this poll were not read, as they were not due
    assert await bench.number(replace(RUNS, uptime=19)) == 0
    assert bench.reader.take_restart() is True
    assert await bench.number(replace(RUNS, uptime=29)) == 2
    assert bench.reader.take_restart() is False


@pytest.mark.parametrize(
    ("shares", "is_restart"), [(7, False), (8, False), (None, False), (0, True)]
)
async def test_a_clock_that_was_set_back_is_no_restart(
    bench: Bench, shares: int | None, is_restart: bool
) -> None:
    """The uptime is wall clock time, the counts of the process go on."""
    before = replace(RUNS, results=ProxyResults(accepted=7), workers=1)
    after = replace(before, uptime=1410, results=ProxyResults(accepted=shares))
    assert await bench.number(before) == 1
    assert await bench.number(after) == (0 if is_restart else 1)
    assert bench.reader.take_restart() is is_restart


@pytest.mark.parametrize(("uptime", "is_restart"), [(4100, False), (1800, True)])
async def test_a_proxy_that_was_away_for_an_hour(
    bench: Bench, uptime: int, is_restart: bool
) -> None:
    """Its process may be older than the one before was."""
    await bench.poll(replace(RUNS, uptime=500))
    await bench.poll(replace(RUNS, uptime=uptime), seconds=3600)
    assert bench.reader.take_restart() is is_restart


async def test_a_proxy_that_has_just_started(bench: Bench) -> None:
    """Nothing is known of an earlier process."""
    await bench.poll(replace(RUNS, uptime=0))
    assert bench.reader.take_restart() is False


async def test_a_config_of_the_process_before(bench: Bench) -> None:
    """It is not used."""
    await bench.poll()
    bench.client.failing[bench.client.reads + 1] = LOST
    snapshot = await bench.poll(replace(RUNS, uptime=3))
    assert snapshot.config is None


async def test_external_changes(bench: Bench) -> None:
    """They are kept until they are taken; a config of an earlier poll has none."""
    await bench.poll()
    for name in ("retries", "print-time"):
        bench.client.document = bench.client.document | {name: 1}
        await bench.poll()
    assert bench.reader.take_changed_paths() == ["retries", "print-time"]
    bench.client.document = bench.client.document | {"pools": [{"url": "other"}]}
    bench.client.failing[bench.client.reads + 1] = LOST
    snapshot = await bench.poll()
    assert snapshot.config is not None
    assert bench.reader.take_changed_paths() == []


async def test_a_change_that_is_about_to_be_written_again(bench: Bench) -> None:
    """What is read without it is no external change."""
    await bench.poll()
    first = bench.client.document
    await bench.patch()
    bench.client.document = first
    await bench.poll()
    await asyncio.sleep(2 * SETTLE)
    await bench.poll()
    assert bench.reader.take_changed_paths() == []
    await bench.proxy.close()


async def test_pools_that_change_externally(bench: Bench) -> None:
    """They are not accepted: the user is asked."""
    await bench.poll()
    accepted = bench.proxy.state.payout
    bench.client.document = bench.client.document | {"pools": [{"url": "other"}]}
    snapshot = await bench.poll()
    assert snapshot.config is not None
    assert snapshot.config.payout != accepted
    assert snapshot.state.payout == accepted
