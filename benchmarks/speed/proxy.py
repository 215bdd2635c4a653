"""The cost of reading a proxy's workers, and of detecting which came and went."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import queue
from statistics import median
import threading
import time

import aiohttp

from custom_components.xmrig_miner.api.proxy_activity import ProxyActivityLog
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from custom_components.xmrig_miner.api.proxy_snapshot import ProxySnapshot
from simulator import ProxySimulator, StratumMiner

from .recording import TOKEN
from .results import Result

COUNTS = (0, 1, 50, 1_000, 10_000)
TARGET = 50
"""CPU ms for the largest number of workers, once a minute."""
LIMIT = 200
"""The limit on a slow or busy machine."""


@contextmanager
def _proxy(workers: int) -> Iterator[int]:
    """Run a simulated proxy in a separate thread, and yield its port."""
    ports: queue.SimpleQueue[int] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        miners = [StratumMiner(f"rig-{number:05}") for number in range(workers)]
        async with ProxySimulator(token=TOKEN, miners=miners, uptime=1000) as proxy:
            for miner in miners:
                proxy.process.share(miner)
            ports.put(proxy.port)
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        yield ports.get(timeout=60)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _cost(port: int, workers: int, rounds: int) -> tuple[float, float]:
    """Return the CPU ms of a reading, and of a poll without it."""
    costs, without = [], []
    async with aiohttp.ClientSession() as session:
        client = ProxyClient(session, "127.0.0.1", port, token=TOKEN)
        log = ProxyActivityLog()
        for _ in range(rounds):
            began = time.thread_time()
            summary = await client.summary()
            snapshot = ProxySnapshot(summary=summary)
            log.observe(snapshot, restarted=False, changed_paths=())
            between = time.thread_time()
            found = await client.workers()
            snapshot = ProxySnapshot(summary=summary, workers=found)
            assert not log.observe(snapshot, restarted=False, changed_paths=())
            assert snapshot.workers_online == workers
            costs.append(1000 * (time.thread_time() - between))
            without.append(1000 * (between - began))
    return median(costs), median(without)


async def measure(*, short: bool) -> list[Result]:
    """Measure several numbers of workers."""
    results = []
    for workers in COUNTS:
        with _proxy(workers) as port:
            cost, without = await _cost(port, workers, 7 if short else 31)
        is_largest = workers == max(COUNTS)
        results.append(
            Result(
                name=f"workers of a proxy: {workers:,}",
                value=cost,
                unit="ms CPU",
                target=TARGET if is_largest else None,
                limit=LIMIT if is_largest else None,
                note=f"each minute; a poll without them {without:.2g} ms",
            )
        )
    return results
