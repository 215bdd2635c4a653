"""Tests of servers that are not miners, and of connections that end early."""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import ExitStack
import gzip
import json
import random
import socket

import aiohttp
import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigConnectionError,
    XmrigConnectionRefusedError,
    XmrigError,
    XmrigInterruptedError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from custom_components.xmrig_miner.api.models import Summary
from custom_components.xmrig_miner.api.transport import (
    CONNECT_TIMEOUT,
    MAX_REPLY,
    REQUEST_TIMEOUT,
)
from tests.api.rawserver import Answer, RawServer, reply

from .wire import (
    BACKENDS,
    CALLS,
    COMMANDS,
    CONFIG,
    NO_CONTENT,
    READS,
    RPC_OK,
    RPCS,
    SUMMARY,
    TOKEN,
    outcome,
    talking_to,
)

PAGE = b"<!DOCTYPE html>\n<html><head><title>Router</title></head></html>\n"


async def hang(reader: StreamReader, _writer: StreamWriter) -> None:
    """Never answer."""
    await reader.read()


async def trickle(_reader: StreamReader, writer: StreamWriter) -> None:
    """Send a byte per second, endlessly."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(1)


async def flood(_reader: StreamReader, writer: StreamWriter) -> None:
    """Send data endlessly, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[")
    while True:
        writer.write(b"0," * 32768)
        await writer.drain()


GARBAGE: dict[str, Answer] = {
    "a web page": reply(PAGE, content_type="text/html"),
    "no HTTP at all": b"220 mail.example.org ESMTP\r\n\r\n",
    "noise": random.Random(0).randbytes(5000),
    "10 MB": reply(b"x" * 10_000_000),
    "no end": flood,
    "50 MB, compressed": reply(
        # At its fastest, as each process that collects tests compresses it
        gzip.compress(b" " * 50_000_000, compresslevel=1),
        headers="Content-Encoding: gzip\r\n",
    ),
    "nothing": reply(),
    "text": reply(b"OK"),
    "a number": reply(b"200"),
    "null": reply(b"null"),
    "deep nesting": reply(b"[" * 100_000),
    "a number without end": reply(b"[" + b"9" * 100_000 + b"]"),
    "chunks that are none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"
    ),
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "a code that is none": b"HTTP/1.1 999999 OK\r\n\r\n{}",
    "an encoding that is none": reply(PAGE, headers="Content-Encoding: xyz\r\n"),
}
LATE = {
    "summary": reply(SUMMARY),
    "backends": reply(BACKENDS),
    "config": reply(CONFIG),
    "post_config": NO_CONTENT,
    **dict.fromkeys(RPCS, RPC_OK),
}
TOO_LONG = ("10 MB", "no end", "50 MB, compressed")
INTERRUPTED: dict[str, Answer] = {
    "nothing sent": b"",
    "cut in the head": reply(SUMMARY)[:60],
    "cut in the body": reply(SUMMARY)[:-100],
    "compression that is none": reply(b"{}", headers="Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_answered(name: str) -> None:
    """An invalid reply is distinguished from no reply."""
    for call in READS.values():
        assert isinstance(await outcome(call, GARBAGE[name]), XmrigResponseError)


@pytest.mark.parametrize("name", GARBAGE)
async def test_answered_to_a_command(name: str) -> None:
    """It is unknown whether the command took effect, so it was not rejected."""
    paused = await outcome(COMMANDS["pause"], GARBAGE[name])
    assert isinstance(paused, XmrigResponseError) if name in TOO_LONG else not paused
    config = await outcome(COMMANDS["post_config"], GARBAGE[name])
    assert config is None or isinstance(config, XmrigResponseError)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", INTERRUPTED)
async def test_a_connection_that_ends_too_soon(name: str, call: str) -> None:
    """The request was sent, so it may have taken effect."""
    err = await outcome(CALLS[call], INTERRUPTED[name])
    assert type(err) is XmrigInterruptedError
    assert isinstance(err, XmrigConnectionError)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", [hang, trickle])
async def test_a_reply_that_does_not_come_in_time(answer: Answer, call: str) -> None:
    """A request whose reply is late may have taken effect."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    err = await outcome(CALLS[call], answer)
    assert type(err) is XmrigTimeoutError
    assert isinstance(err, XmrigConnectionError)
    assert f"did not answer within {REQUEST_TIMEOUT} seconds" in str(err)
    assert loop.time() - started == pytest.approx(REQUEST_TIMEOUT, abs=1)


@pytest.mark.parametrize("call", CALLS)
async def test_a_reply_that_is_late(call: str) -> None:
    """A miner that stops its threads may reply only after nine seconds."""

    async def answer(_reader: StreamReader, writer: StreamWriter) -> None:
        await asyncio.sleep(9)
        writer.write(LATE[call])
        await writer.drain()

    result = await outcome(CALLS[call], answer)
    assert not isinstance(result, Exception)


async def test_no_more_than_the_limit_is_read() -> None:
    """An endless reply is aborted at the limit, not after a timeout."""
    sent = 0

    async def count(_reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while sent < 64 * MAX_REPLY:
            writer.write(b" " * 65536)
            await writer.drain()
            sent += 65536

    err = await outcome(READS["summary"], count)
    assert type(err) is XmrigResponseError
    # With what the sockets buffer
    assert sent < 32 * MAX_REPLY


async def test_a_long_answer_of_a_miner() -> None:
    """The long reply of a rig with many cards is read completely."""
    item = json.loads(BACKENDS)[0]
    body = json.dumps([item | {"threads": item["threads"] * 2000}]).encode()
    assert 300_000 < len(body) < 1024 * 1024
    assert (await outcome(READS["backends"], reply(body))).threads == 4000


async def test_any_damage_to_an_answer() -> None:
    """A damaged reply is read, or raises a defined error."""
    chance = random.Random(0)
    whole = reply(SUMMARY)
    damaged = bytearray()

    async def answer(_reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(damaged)
        await writer.drain()

    seen: set[type] = set()
    kinds = (XmrigResponseError, XmrigInterruptedError)
    async with RawServer(answer) as server, talking_to(server) as client:
        for _ in range(100):
            damaged = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                place = chance.randrange(600)
                damaged[place : place + chance.choice([0, 1, 20])] = chance.randbytes(
                    chance.choice([0, 1, 2])
                )
            try:
                seen.add(type(await client.summary()))
            except XmrigError as err:
                seen.add(next(kind for kind in kinds if isinstance(err, kind)))
    # Each outcome occurred.
    assert {*kinds, Summary} == seen


@pytest.mark.parametrize("call", CALLS)
async def test_a_redirect_is_not_followed(call: str) -> None:
    """The token is not sent to another server."""
    async with RawServer(reply(SUMMARY)) as other:
        location = f"Location: http://127.0.0.1:{other.port}/2/summary\r\n"
        for status in (301, 302, 303, 307, 308):
            answer = reply(status=f"{status} Elsewhere", headers=location)
            err = await outcome(CALLS[call], answer)
            assert type(err) is XmrigResponseError
    assert other.requests == []


async def test_a_cookie_is_not_carried_to_the_next_request() -> None:
    """XMRig sets no cookies, so they are from another device."""
    async with (
        RawServer(reply(SUMMARY, headers="Set-Cookie: a=b\r\n")) as server,
        talking_to(server) as client,
    ):
        await client.summary()
        await client.summary()
    assert "Cookie" not in server.requests[1].headers


@pytest.mark.parametrize("call", CALLS)
async def test_a_port_that_is_closed(session: aiohttp.ClientSession, call: str) -> None:
    """The miner was not reached, so nothing took effect."""
    async with RawServer(b"") as server:
        pass
    client = XmrigClient(session, server.host, server.port, token=TOKEN)
    with pytest.raises(XmrigConnectionError, match="refused") as caught:
        await CALLS[call](client)
    assert caught.type is XmrigConnectionRefusedError


@pytest.mark.parametrize("call", CALLS)
async def test_a_host_that_takes_no_connection(
    session: aiohttp.ClientSession, call: str
) -> None:
    """A host that is off does not respond: the shorter connection timeout applies."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        ExitStack() as stack,
    ):
        address = full.getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        client = XmrigClient(session, *address, token=TOKEN)
        with pytest.raises(XmrigConnectionError, match="within 5 seconds") as caught:
            await CALLS[call](client)
    assert caught.type is XmrigConnectionError
    assert loop.time() - started == pytest.approx(CONNECT_TIMEOUT, abs=1)


async def test_a_call_that_is_cancelled() -> None:
    """Cancelling a call raises CancelledError."""
    async with RawServer(hang) as server, talking_to(server) as client:
        task = asyncio.create_task(client.summary())
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
