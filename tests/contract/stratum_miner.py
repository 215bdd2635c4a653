"""A fake miner of a proxy: it logs in, and submits shares on command."""

import asyncio
import contextlib
import itertools
import json
from typing import Any, Self

_FIXED_BYTE = slice(84, 86)
"""Where a proxy in the mode nicehash has the byte of the nonce that is its own."""


class StratumClient:
    """One connection to a proxy; it computes nothing."""

    _nonces = itertools.count(1)

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Wrap a connection on which nothing was sent."""
        self._reader = reader
        self._writer = writer
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._requests = itertools.count(1)
        self._session = ""
        self._job: dict[str, Any] = {}
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def log_in(
        cls, port: int, *, rig_id: str | None, user: str, password: str
    ) -> Self:
        """Return a miner that is logged in.

        Raises ConnectionError if the proxy refuses it.
        """
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        reply = await client._ask(
            "login",
            {
                "login": user,
                "pass": password,
                "rigid": rig_id,
                "agent": "XMRig/6.26.0 (Linux x86_64) libuv/1.52.1 gcc/16.2.0",
                "algo": ["cn-pico"],
            },
        )
        if reply.get("error"):
            client.leave()
            raise ConnectionError(reply["error"])
        client._session = reply["result"]["id"]
        client._job = reply["result"]["job"]
        return client

    async def share(self) -> None:
        """Submit a share, and wait for the reply, whichever it is."""
        target = int.from_bytes(bytes.fromhex(self._job["target"]), "little")
        nonce = next(self._nonces).to_bytes(3, "little").hex()
        await self._ask(
            "submit",
            {
                "id": self._session,
                "job_id": self._job["job_id"],
                "nonce": nonce + self._job["blob"][_FIXED_BYTE],
                # Twice the difficulty that is asked for
                "result": f"{next(self._nonces):048x}"
                + (target << 31).to_bytes(8, "little").hex(),
            },
        )

    def leave(self) -> None:
        """Close the connection."""
        self._listening.cancel()
        self._writer.transport.abort()

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._requests)
        reply = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        message = {"id": number, "jsonrpc": "2.0", "method": method, "params": params}
        self._writer.write(json.dumps(message).encode() + b"\n")
        async with asyncio.timeout(60):
            return await reply

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                message = json.loads(line)
                if message.get("method") == "job":
                    self._job = message["params"]
                elif reply := self._replies.pop(message.get("id"), None):
                    reply.set_result(message)
        for reply in self._replies.values():
            reply.set_exception(ConnectionError("closed by the proxy"))
