"""Prerecorded replies of a simulated miner.

Sending them costs almost nothing, so that the simulator is not part of a measurement.
"""

from functools import partial
import random
from unittest.mock import patch

from simulator import Simulator
from simulator.backends import Backend
from simulator.http import Request

PATHS = ("/2/summary", "/2/backends", "/2/config")
TOKEN = "s3cret"
POLL = 10
"""Seconds between recorded replies."""
JITTER = 0.01
"""Standard deviation of a hashrate over 10 s, on an otherwise idle computer."""
PARTS = (1, 6, 90)
"""Windows of 10 s in each of the miner's windows."""
SHARES = 1 / 3
"""Average number of shares between polls."""

_WORKER = "rig-0000"
_ID = "0000000000000000"

type Recording = list[dict[str, bytes]]
"""For each poll, the replies by path, as sent over the wire."""


async def record(polls: int, *, threads: int = 8) -> Recording:
    """Return the replies of a miner after an hour, in steady state."""
    noise = random.Random(20261101)
    windows = Backend._windows  # noqa: SLF001

    def jittering(backend: Backend, *args: object) -> list[float | None]:
        return [
            None if value is None else value * noise.gauss(1, JITTER / parts**0.5)
            for value, parts in zip(
                partial(windows, backend)(*args),  # type: ignore[arg-type]
                PARTS,
                strict=True,
            )
        ]

    now = 0.0
    with patch.object(Backend, "_windows", jittering):
        async with Simulator(
            token=TOKEN,
            threads=threads,
            worker_id=_WORKER,
            miner_id=_ID,
            uptime=3600,
            clock=lambda: now,
        ) as simulator:
            recording = []
            for _ in range(polls):
                now += POLL
                if noise.random() < SHARES:
                    simulator.surroundings.share_latency_ms = noise.randint(30, 90)
                    simulator.accept_share()
                recording.append({path: _reply(simulator, path) for path in PATHS})
    return recording


def of_rig(reply: bytes, number: int) -> bytes:
    """Return a reply changed to that of another miner, with the same length."""
    return reply.replace(_WORKER.encode(), f"rig-{number:04}".encode()).replace(
        _ID.encode(), f"{number:016}".encode()
    )


def identity(number: int) -> tuple[str, str]:
    """Return the ID and the worker ID of a miner."""
    return f"{number:016}", f"rig-{number:04}"


def _reply(simulator: Simulator, path: str) -> bytes:
    request = Request("GET", path, {"authorization": f"Bearer {TOKEN}"})
    reply = simulator.reply_to(request)
    return b"".join(reply.wire(simulator.miner.version_info))
