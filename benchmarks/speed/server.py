"""Many miners in a separate process, which send recorded replies.

python -m benchmarks.speed.server MINERS LATENCY POLLS
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
import json
import sys
from typing import override

from .recording import Recording, of_rig, record


class _Miner:
    """A miner: each request for a summary moves on to the next recorded poll."""

    def __init__(self, number: int, recording: Recording, latency: float) -> None:
        self.number = number
        self.recording = recording
        self.latency = latency
        self.poll = -1

    def reply(self, path: str) -> bytes:
        if path == "/2/summary":
            self.poll = min(self.poll + 1, len(self.recording) - 1)
        replies = self.recording[max(self.poll, 0)]
        return of_rig(replies.get(path, b"HTTP/1.1 404 NOT_FOUND\r\n\r\n"), self.number)


class _Connection(asyncio.Protocol):
    """A connection that ends after one reply, like XMRig's."""

    def __init__(self, miner: _Miner) -> None:
        self._miner = miner
        self._head = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" not in self._head:
            return
        reply = self._miner.reply(self._head.split(b" ", 2)[1].decode())
        self._head = b""
        if self._miner.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._miner.latency, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: bytes) -> None:
        self._transport.write(reply)
        self._transport.close()


async def _serve(number: int, latency: float, polls: int) -> None:
    loop = asyncio.get_running_loop()
    recording = await record(polls)
    ports = []
    for place in range(number):
        miner = _Miner(place, recording, latency)
        server = await loop.create_server(
            partial(_Connection, miner), "127.0.0.1", 0, backlog=1024
        )
        ports.append(server.sockets[0].getsockname()[1])
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@asynccontextmanager
async def miners(
    number: int, *, latency: float = 0, polls: int = 30
) -> AsyncIterator[list[int]]:
    """Start miners in a separate process, and yield their ports.

    Each sends a different reply in each of its first polls, and then always the last
    one.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(number), str(latency), str(polls)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("miners", type=int)
    parser.add_argument("latency", type=float)
    parser.add_argument("polls", type=int)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.miners, arguments.latency, arguments.polls))
