"""Tests of addresses, limits and connections, each at the edge of what is accepted."""

import asyncio
from collections.abc import Callable
import errno
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConnectionError,
    XmrigError,
    XmrigNoTlsError,
    XmrigResponseError,
    XmrigUnknownHostError,
)
from custom_components.xmrig_miner.api.transport import CONNECT_TIMEOUT, MAX_REPLY
from tests.api.rawserver import RawServer, reply
from tests.sessions import open_session

from .wire import COMMANDS, CONFIG, READS, SUMMARY, TOKEN, outcome, talking_to


async def test_a_path_of_a_reverse_proxy() -> None:
    """It comes before that of each endpoint, again and again."""
    async with (
        RawServer(reply(SUMMARY)) as server,
        talking_to(server, path="/miner1") as client,
    ):
        for _ in range(2):
            await client.summary()
    assert [request.path for request in server.requests] == ["/miner1/2/summary"] * 2


async def test_the_longest_reply() -> None:
    """One byte more is too long."""
    body = SUMMARY + b" " * (MAX_REPLY - len(SUMMARY))
    assert (await outcome(READS["summary"], reply(body))).complete
    found = await outcome(READS["summary"], reply(body + b" "))
    assert type(found) is XmrigResponseError
    assert f"more than {MAX_REPLY} bytes" in str(found)


async def test_a_config_that_did_not_change() -> None:
    """It is validated once: that takes the longest of all."""
    async with RawServer(reply(CONFIG)) as server, talking_to(server) as client:
        config = await client.config()
        assert await client.config() is config


async def test_an_accepted_config() -> None:
    """XMRig has answered with either status."""
    for status in ("200 OK", "204 NO_CONTENT"):
        answer = reply(status=status)
        assert await outcome(COMMANDS["post_config"], answer) is None


@pytest.mark.parametrize(
    ("document", "is_accepted"),
    [
        # A truncated reply of a miner may lack the kind, but not what comes first
        ('{"id": "a", "worker_id": "b", "uptime": 1', True),
        ('{"worker_id": "b", "uptime": 1', False),
        ('{"id": "a", "kind": "router", "uptime": 1', False),
        # A complete one never does
        ('{"id": "a", "worker_id": "b", "uptime": 1}', False),
    ],
)
async def test_a_summary_without_its_kind(document: str, *, is_accepted: bool) -> None:
    """Whether it is a miner's depends on where it ends."""
    found = await outcome(READS["summary"], reply(document.encode()))
    if is_accepted:
        assert found.id == "a"
        assert not found.complete
    else:
        assert type(found) is XmrigResponseError


class _Resolver(AbstractResolver):
    """Finds no host."""

    async def resolve(self, *_: Any, **__: Any) -> list[ResolveResult]:
        raise OSError(None, "Name or service not known")

    async def close(self) -> None:
        pass


class _Encoder(_Resolver):
    """Fails at a name that cannot be encoded, as aiohttp's default one does."""

    async def resolve(self, *args: Any, **__: Any) -> list[ResolveResult]:
        args[0].encode("idna")
        return []


def unreachable(_: Any) -> socket.socket:
    """Fail as a host without a route to it does."""
    raise OSError(errno.EHOSTUNREACH, "No route to host")


@pytest.mark.parametrize(
    ("connector", "kind", "text"),
    [
        (
            lambda: aiohttp.TCPConnector(resolver=_Resolver()),
            XmrigUnknownHostError,
            "The host of rig:18088 could not be found",
        ),
        (
            lambda: aiohttp.TCPConnector(
                resolver=_Loopback(), socket_factory=unreachable
            ),
            XmrigConnectionError,
            "rig:18088 could not be reached",
        ),
    ],
)
async def test_a_host_that_cannot_be_reached(
    connector: Callable[[], aiohttp.TCPConnector], kind: type[XmrigError], text: str
) -> None:
    """The error says whether it was found."""
    async with aiohttp.ClientSession(connector=connector()) as session:
        client = XmrigClient(session, "rig", 18088, token=TOKEN)
        with pytest.raises(kind) as raised:
            await client.summary()
    assert raised.type is kind
    assert str(raised.value) == text


@pytest.mark.parametrize("host", ["192.168.1.999", "rig..local", "rig" * 30])
async def test_a_host_that_cannot_exist(host: str) -> None:
    """Nothing was sent, so it is no interruption; nothing else than its own errors."""
    connector = aiohttp.TCPConnector(resolver=_Encoder())
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(XmrigUnknownHostError):
            await XmrigClient(session, host, 18088).summary()


class _Loopback(_Resolver):
    """Finds each host on this machine."""

    async def resolve(
        self, host: str, port: int = 0, *_: Any, **__: Any
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(SUMMARY, "404 NOT_FOUND"), 0),
        (reply(status="302 Elsewhere", headers="Location: /2/summary\r\n"), 0),
        # As long as it takes to count as unreachable
        (None, CONNECT_TIMEOUT),
    ],
)
async def test_no_miner_behind_a_port_without_tls(
    answer: bytes | None, seconds: float
) -> None:
    """What answers a request without TLS in another way than XMRig is none."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(1000)
        if head.startswith(b"\x16"):
            # The beginning of a TLS handshake
            writer.close()
            return
        heads.append(head)
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    loop = asyncio.get_running_loop()
    began = loop.time()
    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        open_session() as session,
    ):
        port = server.sockets[0].getsockname()[1]
        client = XmrigClient(session, "127.0.0.1", port, token=TOKEN, ssl=True)
        with pytest.raises(XmrigNoTlsError) as raised:
            await client.summary()
    assert raised.type is XmrigNoTlsError
    assert str(port) in str(raised.value)
    # A busy computer takes longer, but not as long as two attempts
    assert seconds <= loop.time() - began < seconds + CONNECT_TIMEOUT
    [head] = heads
    assert head.startswith(b"OPTIONS / HTTP/1.1\r\n")
    assert TOKEN.encode() not in head
