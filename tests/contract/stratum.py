"""A stub mining pool: enough Stratum for XMRig to log in, hash and submit.

It believes every share, so the miner may hash nonsense for as long as a test lasts.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
import contextlib
import json
from typing import Any

_SEED_HASH = "5a" * 32


class StubPool:
    """A pool on loopback that sends the same kind of job every few seconds.

    `alive = False` through `set_alive` makes it a pool whose machine is gone:
    connections are cut and new ones refused, on the same port.
    """

    def __init__(
        self,
        *,
        algorithm: str = "cn-pico",
        difficulty: int = 1000,
        job_interval: float = 2.0,
        port: int = 0,
    ) -> None:
        """Set up a pool that is not listening yet; port 0 takes any free one."""
        self.algorithm = algorithm
        self.difficulty = difficulty
        self.job_interval = job_interval
        self.port = port
        self.reject_next = 0
        self._jobs = 0
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()

    async def set_alive(self, alive: bool) -> None:
        """Open the port, or close it and cut all connections."""
        if alive and self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port
            )
            self.port = self._server.sockets[0].getsockname()[1]
        elif not alive and self._server is not None:
            self._server.close()
            self._server = None
            for writer in tuple(self._writers):
                writer.transport.abort()

    def _job(self) -> dict[str, Any]:
        self._jobs += 1
        target = (2**32 // self.difficulty).to_bytes(4, "little").hex()
        return {
            "blob": "0707" + f"{self._jobs:064x}" + "00" * 42,
            "job_id": str(self._jobs),
            "target": target,
            "algo": self.algorithm,
            "height": self._jobs,
            "seed_hash": _SEED_HASH,
        }

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        ticker = asyncio.ensure_future(self._tick(writer))
        try:
            while line := await reader.readline():
                self._answer(writer, json.loads(line))
        except ConnectionError, ValueError:
            pass
        finally:
            ticker.cancel()
            self._writers.discard(writer)
            writer.close()

    async def _tick(self, writer: StreamWriter) -> None:
        while True:
            await asyncio.sleep(self.job_interval)
            _send(writer, {"jsonrpc": "2.0", "method": "job", "params": self._job()})

    def _answer(self, writer: StreamWriter, request: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"id": request["id"], "jsonrpc": "2.0", "error": None}
        if request["method"] == "login":
            reply["result"] = {
                "id": "stub",
                "job": self._job(),
                "extensions": ["algo", "keepalive"],
                "status": "OK",
            }
        elif request["method"] == "submit" and self.reject_next:
            self.reject_next -= 1
            reply["error"] = {"code": -1, "message": "Low difficulty share"}
        else:
            reply["result"] = {"status": "OK"}
        _send(writer, reply)


def _send(writer: StreamWriter, message: dict[str, Any]) -> None:
    with contextlib.suppress(ConnectionError):
        writer.write(json.dumps(message).encode() + b"\n")
