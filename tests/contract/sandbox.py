"""A network namespace with a miner or proxy and its pools in it, and one way in.

Runs as a process of its own under `unshare`. It brings loopback up, plays two stub
pools, starts the miner, and relays the connections of a listening socket, which was
opened outside, to the miner's API. Commands and answers are JSON messages over the
socket whose number is the first argument; when that closes, everything here ends. The
second argument is the namespace outside, in which nothing is started.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import json
import os
from pathlib import Path
import signal
import socket
import struct
import sys
from typing import Any

from .stratum import StubPool
from .stratum_miner import StratumClient

NAMESPACE = Path("/proc/self/ns/net")
"""A link that names the network namespace of this process."""

_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41
_PR_SET_PDEATHSIG = 1
_NICE = 10
_PATIENCE = 60
_MESSAGE = 2**20


class Sandbox:
    """The miner, its pools and the relay."""

    def __init__(self, control: socket.socket) -> None:
        """Initialize the sandbox, still empty."""
        self._control = control
        self._pools: list[StubPool] = []
        self._miner: asyncio.subprocess.Process | None = None
        self._behind: dict[str, StratumClient] = {}
        self._api_port = 0
        self._relay: asyncio.Server | None = None

    async def run(self) -> None:
        """Execute commands one by one until the control socket closes."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        self._control.setblocking(False)
        loop.add_reader(self._control, readable.set)
        try:
            while True:
                await readable.wait()
                readable.clear()
                try:
                    message, fds, _, _ = socket.recv_fds(self._control, _MESSAGE, 1)
                except BlockingIOError:
                    continue
                if not message:
                    return
                try:
                    answer = await self._do(fds=fds, **json.loads(message))
                except Exception as error:  # noqa: BLE001 (told to the other side)
                    answer = {"error": repr(error)}
                self._control.send(json.dumps(answer).encode())
        finally:
            await self._kill()

    async def _do(self, do: str, fds: list[int], **values: Any) -> dict[str, Any]:
        match do:
            case "pools":
                return await self._open_pools(**values)
            case "start":
                await self._start(socket.socket(fileno=fds[0]), **values)
            case "kill":
                await self._kill()
            case "reset":
                await self._kill()
                for pool in self._pools:
                    pool.reject_next = 0
                    await pool.set_alive(True)
            case "pool":
                await self._pools[values["index"]].set_alive(values["alive"])
            case "algorithm":
                for pool in self._pools:
                    pool.algorithm = values["algorithm"]
            case "reject":
                for pool in self._pools:
                    pool.reject_next = values["count"]
            case "log in" | "share" | "leave":
                await self._do_behind(do, **values)
        return {}

    async def _open_pools(self, pools: list[dict[str, Any]]) -> dict[str, Any]:
        for options in pools:
            pool = StubPool(**options)
            await pool.set_alive(True)
            self._pools.append(pool)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._api_port = probe.getsockname()[1]
        return {"pools": [pool.port for pool in self._pools], "api": self._api_port}

    async def _do_behind(self, do: str, name: str, **values: Any) -> None:
        """Command a miner that is behind the proxy."""
        match do:
            case "log in":
                self._behind[name] = await StratumClient.log_in(**values)
            case "share":
                await self._behind[name].share()
            case "leave":
                self._behind.pop(name).leave()

    async def _start(
        self, listener: socket.socket, binary: str, folder: str, arguments: list[str]
    ) -> None:
        with Path(folder, "xmrig.log").open("ab") as log:  # noqa: ASYNC230
            self._miner = await asyncio.create_subprocess_exec(
                binary,
                *arguments,
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_prepare,
            )
        async with asyncio.timeout(_PATIENCE):
            while self._miner.returncode is None:
                with contextlib.suppress(OSError):
                    _, writer = await self._connect()
                    writer.transport.abort()
                    break
                await asyncio.sleep(0.025)
        self._relay = await asyncio.start_server(self._pass_on, sock=listener)

    async def _kill(self) -> None:
        if self._relay:
            self._relay.close()
            self._relay = None
        for client in self._behind.values():
            client.leave()
        self._behind.clear()
        if self._miner and self._miner.returncode is None:
            self._miner.kill()
            await self._miner.wait()
        self._miner = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._api_port)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Relay one connection; cut it if the miner refuses it."""
        try:
            inner_reader, inner_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        upstream = asyncio.ensure_future(_copy(reader, inner_writer))
        await _copy(inner_reader, writer)
        upstream.cancel()
        inner_writer.close()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_MESSAGE):
            writer.write(data)
            await writer.drain()


def _prepare() -> None:
    """End the miner with its parent, and let tests compute before it hashes."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(_NICE)


def _bring_loopback_up() -> None:
    """Do what `ip link set lo up` does."""
    request = struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, request)


if __name__ == "__main__":
    if str(NAMESPACE.readlink()) == sys.argv[2]:
        sys.exit("XMRig is not started outside a network namespace of its own.")
    _bring_loopback_up()
    asyncio.run(Sandbox(socket.socket(fileno=int(sys.argv[1]))).run())
