"""A client that returns the raw bytes, with every copy of a reply."""

import asyncio
import json
from typing import Any, NamedTuple

import pytest

from simulator.base import BaseSimulator
from tests.targets import TOKEN, Target

from .proxies import ProxyTarget

type Miner = Target | BaseSimulator[Any] | ProxyTarget

CORS = (
    "Access-Control-Allow-Headers: Authorization, Content-Type",
    "Access-Control-Allow-Methods: GET, PUT, POST, DELETE",
    "Access-Control-Allow-Origin: *",
)
_JSON = "application/json"

UNWATCHED = pytest.mark.parametrize(
    "start_change", [lambda document: document.update(watch=False)], ids=[""]
)


class Reply(NamedTuple):
    """One reply, in the order of its bytes."""

    status: int
    reason: str
    headers: tuple[str, ...]
    body: bytes

    def json(self) -> Any:
        """Return the document in the body."""
        return json.loads(self.body)


def request(
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    token: str | None = TOKEN,
    content_type: str | None = _JSON,
    headers: tuple[str, ...] = (),
) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", *headers]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
        if content_type:
            lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


async def exchange(target: Miner, data: bytes) -> bytes:
    """Send bytes and return all that comes until the miner closes the connection."""
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection(target.host, target.port)
        try:
            writer.write(data)
            return await reader.read()
        finally:
            writer.close()


def parse(data: bytes) -> list[Reply]:
    """Take the replies apart."""
    replies = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *headers = head.decode().split("\r\n")
        _, status, reason = line.split(" ", 2)
        lengths = [h.split(": ")[1] for h in headers if h.startswith("Content-Length")]
        length = int(lengths[0]) if lengths else 0
        replies.append(Reply(int(status), reason, tuple(headers), rest[:length]))
        data = rest[length:]
    return replies


async def ask(target: Miner, data: bytes) -> Reply:
    """Send a request that is answered once."""
    (reply,) = parse(await exchange(target, data))
    return reply


async def get(target: Miner, path: str) -> Any:
    """Return the document under a path."""
    reply = await ask(target, request("GET", path, token=target.token))
    assert reply.status == 200, reply
    return reply.json()


async def summary(target: Miner) -> Any:
    """Return /2/summary."""
    return await get(target, "/2/summary")


async def cpu(target: Miner) -> Any:
    """Return the CPU's element of /2/backends."""
    (found,) = [b for b in await get(target, "/2/backends") if b["type"] == "cpu"]
    return found


async def config(target: Miner) -> Any:
    """Return /2/config."""
    return await get(target, "/2/config")


async def put(target: Miner, document: Any) -> Reply:
    """Write a config, given as a document or as text."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return await ask(target, request("PUT", "/2/config", body, token=target.token))


async def apply(target: Target, document: Any) -> Any:
    """Write a config, let the miner apply it, and return it as it then reads.

    A miner that does not watch its file, `UNWATCHED`, has applied it already.
    """
    assert (await put(target, document)).status == 204
    if not isinstance(document, dict) or document.get("watch", True):
        return await target.after(0.6, lambda: applied(target))
    return await config(target)


async def applied(target: Target) -> Any:
    """Return the config if it is the one on the disk."""
    shown = await config(target)
    try:
        return shown if shown == json.loads(target.read_disk()) else None
    except ValueError:
        # It is just being written
        return None


async def rpc(target: Miner, method: str) -> Any:
    """Send a command and return its answer, the first copy of it."""
    body = json.dumps({"method": method, "id": 1}).encode()
    data = await exchange(target, request("POST", "/json_rpc", body))
    return parse(data)[0].json()


def error_text(target: Target, constant: str) -> str:
    """Return an error as this version writes it: "NOT_FOUND" was "Not Found"."""
    if target.version_info >= (6, 23):
        return constant
    return constant.replace("_", " ").title()
