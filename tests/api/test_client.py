"""Tests of the wire: what is sent, and what every kind of answer leads to."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
import gzip
import json
import logging
import random
import socket
import ssl
import time
import traceback
from typing import Any
import zlib

import aiohttp
import pytest

from custom_components.xmrig.api.client import XmrigClient
from custom_components.xmrig.api.exceptions import (
    XmrigAuthenticationError,
    XmrigCertificateError,
    XmrigConnectionError,
    XmrigError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTokenNotExpectedError,
)
from custom_components.xmrig.api.models import BackendType, Config
from simulator import Simulator

from .captures import CAPTURES, NEW, VERSIONS, error
from .rawserver import Answer, RawServer, reply

TOKEN = "s3cret"
TIMEOUT = "custom_components.xmrig.api.client.REQUEST_TIMEOUT"

SUMMARY = (CAPTURES / NEW / "mining" / "summary.json").read_bytes()
BACKENDS = (CAPTURES / NEW / "mining" / "backends.json").read_bytes()
CONFIG = (CAPTURES / NEW / "mining" / "config.json").read_bytes()
NO_CONTENT = b"HTTP/1.1 204 NO_CONTENT\r\nConnection: close\r\n\r\n"
RPC_OK = reply(b'{"result": {"status": "OK"}, "jsonrpc": "2.0", "id": 1}')
RPC_UNKNOWN = reply(error(NEW, "unknown_method")[1].encode())
PAGE = b"<!DOCTYPE html>\n<html><head><title>Router</title></head></html>\n"

type Call = Callable[[XmrigClient], Awaitable[Any]]

READS: dict[str, Call] = {
    "summary": XmrigClient.summary,
    "backends": XmrigClient.backends,
    "config": XmrigClient.config,
}
COMMANDS: dict[str, Call] = {
    "put_config": lambda client: client.put_config(Config(json.loads(CONFIG))),
    "pause": XmrigClient.pause,
    "resume": XmrigClient.resume,
    "stop": XmrigClient.stop,
}
RPCS = ("pause", "resume", "stop")
CALLS = READS | COMMANDS


def refusal(status: int) -> bytes:
    """Return how a miner refuses a call."""
    body = json.dumps({"status": status, "error": "NO"}).encode()
    return reply(body, f"{status} NO")


async def hang(reader: StreamReader, _writer: StreamWriter) -> None:
    """Never answer."""
    await reader.read()


async def trickle(_reader: StreamReader, writer: StreamWriter) -> None:
    """Answer a byte at a time, without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def flood(_reader: StreamReader, writer: StreamWriter) -> None:
    """Answer without end, as fast as it is read."""
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
        gzip.compress(b" " * 50_000_000), headers="Content-Encoding: gzip\r\n"
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
SILENCE: dict[str, Answer] = {
    "nothing sent": b"",
    "cut in the head": reply(SUMMARY)[:60],
    "cut in the body": reply(SUMMARY)[:-100],
    "never": hang,
    "a byte at a time": trickle,
    "compression that is none": reply(b"{}", headers="Content-Encoding: gzip\r\n"),
}


def has_ipv6() -> bool:
    """Return whether this machine speaks IPv6 to itself."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


@pytest.fixture(autouse=True)
def tells_nobody(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold every test to it that no secret reaches a log."""
    caplog.set_level(logging.DEBUG)
    yield
    # The test's own server and certificate do not speak of what is sent.
    assert TOKEN not in caplog.text
    assert "WALLET" not in caplog.text


@asynccontextmanager
async def talking_to(
    server: RawServer | Simulator, *, token: str | None = TOKEN, **kwargs: Any
) -> AsyncIterator[XmrigClient]:
    """Let a client speak to a server that is listening."""
    async with aiohttp.ClientSession() as session:
        yield XmrigClient(session, server.host, server.port, token=token, **kwargs)


async def outcome(call: Call, *answers: Answer, token: str | None = TOKEN) -> Any:
    """Return what a call gave or raised, having seen that no error tells a secret."""
    async with RawServer(*answers) as server, talking_to(server, token=token) as client:
        try:
            return await call(client)
        except XmrigError as err:
            caught = err
    told = "".join(traceback.format_exception(caught)) + repr(caught)
    assert TOKEN not in told
    assert "WALLET" not in told
    # Whoever has several miners has to see which one it is.
    assert str(caught).count(f"127.0.0.1:{server.port}") == 1
    return caught


class TestRequests:
    """What is sent."""

    @pytest.mark.parametrize(
        ("call", "line"),
        [
            ("summary", "GET /2/summary HTTP/1.1"),
            ("backends", "GET /2/backends HTTP/1.1"),
            ("config", "GET /2/config HTTP/1.1"),
            ("put_config", "PUT /2/config HTTP/1.1"),
            ("pause", "POST /json_rpc HTTP/1.1"),
            ("resume", "POST /json_rpc HTTP/1.1"),
            ("stop", "POST /json_rpc HTTP/1.1"),
        ],
    )
    async def test_endpoint(self, call: str, line: str) -> None:
        """Each call is one request, to an address without a query."""
        async with RawServer(refusal(404)) as server, talking_to(server) as client:
            with pytest.raises(XmrigResponseError):
                await CALLS[call](client)
        assert [request.line for request in server.requests] == [line]

    @pytest.mark.parametrize("call", CALLS)
    async def test_token(self, call: str) -> None:
        """The scheme is compared letter by letter."""
        async with RawServer(refusal(404)) as server, talking_to(server) as client:
            with pytest.raises(XmrigResponseError):
                await CALLS[call](client)
        assert server.requests[0].headers["Authorization"] == "Bearer s3cret"

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("token", [None, ""])
    async def test_no_token(self, call: str, token: str | None) -> None:
        """A miner without a token refuses any, be it an empty one."""
        async with (
            RawServer(refusal(404)) as server,
            talking_to(server, token=token) as client,
        ):
            with pytest.raises(XmrigResponseError):
                await CALLS[call](client)
        assert "Authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("call", COMMANDS)
    async def test_content_type(self, call: str) -> None:
        """The miner compares it as a whole: a charset behind it is a 415."""
        async with RawServer(refusal(404)) as server, talking_to(server) as client:
            with pytest.raises(XmrigResponseError):
                await CALLS[call](client)
        request = server.requests[0]
        assert request.headers["Content-Type"] == "application/json"
        # Neither is known to the miner.
        assert "Expect" not in request.headers
        assert "Transfer-Encoding" not in request.headers

    @pytest.mark.parametrize("call", READS)
    async def test_a_read_has_no_body(self, call: str) -> None:
        """What only asks sends nothing along."""
        async with RawServer(refusal(404)) as server, talking_to(server) as client:
            with pytest.raises(XmrigResponseError):
                await CALLS[call](client)
        assert server.requests[0].body == b""

    @pytest.mark.parametrize("method", RPCS)
    async def test_remote_procedure_call(self, method: str) -> None:
        """A call is named in the body."""
        async with RawServer(RPC_OK) as server, talking_to(server) as client:
            await CALLS[method](client)
        assert json.loads(server.requests[0].body) == {"method": method, "id": 1}

    @pytest.mark.parametrize("version", VERSIONS)
    async def test_a_config_is_sent_back_as_it_was(self, version: str) -> None:
        """Nothing is lost or changed between reading a config and writing it."""
        sent = (CAPTURES / version / "mining" / "config.json").read_bytes()
        async with (
            RawServer(reply(sent), NO_CONTENT) as server,
            talking_to(server) as client,
        ):
            await client.put_config(await client.config())
        received = server.requests[1].body
        assert json.loads(received) == json.loads(sent)
        # In the same order too, with 0 not become false, nor 1 become 1.0.
        assert json.dumps(json.loads(received)) == json.dumps(json.loads(sent))

    async def test_a_config_of_odd_values_is_sent_back_as_it_was(self) -> None:
        """Letters of all alphabets, long numbers and small ones, empty things."""
        document = {
            "é": '日本 \U0001f600 \\ " \n \x7f \ud800',
            "long": 2**64 - 1,
            "short": 1e-10,
            "empty": [{}, [], "", None],
            "": -0.0,
        }
        async with (
            RawServer(reply(json.dumps(document).encode()), NO_CONTENT) as server,
            talking_to(server) as client,
        ):
            await client.put_config(await client.config())
        assert repr(json.loads(server.requests[1].body)) == repr(document)

    @pytest.mark.skipif(not has_ipv6(), reason="This machine has no IPv6")
    async def test_ipv6(self) -> None:
        """An address of IPv6 is given as it is, and named in brackets."""
        async with (
            RawServer(reply(SUMMARY), refusal(404), host="::1") as server,
            talking_to(server) as client,
        ):
            assert (await client.summary()).worker_id == "rig-one"
            with pytest.raises(XmrigResponseError, match=rf"\[::1\]:{server.port} "):
                await client.summary()
        assert server.requests[0].headers["Host"] == f"[::1]:{server.port}"

    @pytest.mark.parametrize(
        ("host", "port"),
        [("", 18088), ("http://rig", 18088), ("rig/", 18088), ("rig", 70000)],
    )
    async def test_what_is_no_address(
        self, session: aiohttp.ClientSession, host: str, port: int
    ) -> None:
        """What cannot be part of an address is refused before anything is sent."""
        with pytest.raises(ValueError):
            XmrigClient(session, host, port)


class TestAnswers:
    """What a miner answers."""

    async def test_summary(self) -> None:
        """A summary is read."""
        summary = await outcome(READS["summary"], reply(SUMMARY))
        assert summary.document == json.loads(SUMMARY)
        assert summary.complete

    async def test_backends(self) -> None:
        """So are the backends."""
        backends = await outcome(READS["backends"], reply(BACKENDS))
        assert list(backends.document) == json.loads(BACKENDS)
        assert backends.complete

    async def test_config(self) -> None:
        """And so is the config."""
        config = await outcome(READS["config"], reply(CONFIG))
        assert config == Config(json.loads(CONFIG))

    async def test_a_summary_that_was_cut_off(self) -> None:
        """Of a summary that ends in the middle all is kept that arrived."""
        body = SUMMARY[: SUMMARY.index(b'"total": [') + len(b'"total": [856.43, ')]
        summary = await outcome(READS["summary"], reply(body))
        assert summary.hashrate.seconds_10 == 856.43
        assert summary.hashrate.minute_1 is None
        assert summary.version == "6.26.0"
        assert not summary.complete

    async def test_backends_that_were_cut_off(self) -> None:
        """The same goes for the backends."""
        body = BACKENDS[: BACKENDS.index(b'"threads"')]
        backends = await outcome(READS["backends"], reply(body))
        assert backends.by_type[BackendType.CPU].hashrate.seconds_10 == 856.43
        assert not backends.complete

    @pytest.mark.parametrize("missing", [1, 2, 100, 1000])
    async def test_a_config_that_was_cut_off(self, missing: int) -> None:
        """A config is never repaired: it would be written back with a part missing."""
        err = await outcome(READS["config"], reply(CONFIG[:-missing]))
        assert type(err) is XmrigResponseError

    async def test_a_config_that_is_not_utf_8(self) -> None:
        """What cannot be read for sure cannot be written back."""
        body = CONFIG.replace(b"WALLET", b"WALL\xff\xfeET")
        err = await outcome(READS["config"], reply(body))
        assert type(err) is XmrigResponseError

    async def test_a_summary_that_is_not_utf_8(self) -> None:
        """A worker's name in another encoding spoils nothing but itself."""
        body = SUMMARY.replace(b'"rig-one"', b'"rig-\xff\xfe\xe9"')
        summary = await outcome(READS["summary"], reply(body))
        assert summary.worker_id == "rig-" + "\ufffd" * 3
        assert summary.uptime == 86

    @pytest.mark.parametrize(
        "headers", ["Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n"]
    )
    async def test_a_compressed_summary(self, headers: str) -> None:
        """No miner compresses, but a proxy in front of it may."""
        body = gzip.compress(SUMMARY)
        if "deflate" in headers:
            body = zlib.compress(SUMMARY)
        summary = await outcome(READS["summary"], reply(body, headers=headers))
        assert summary.document == json.loads(SUMMARY)

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "text/html; charset=nonsense", "", "\xff"]
    )
    async def test_a_summary_called_something_else(self, content_type: str) -> None:
        """What it is called does not matter."""
        answer = reply(SUMMARY, content_type=content_type)
        summary = await outcome(READS["summary"], answer)
        assert summary.worker_id == "rig-one"

    @pytest.mark.parametrize(
        "document",
        [
            [],
            {},
            {"kind": "proxy"},
            {"kind": None},
            {"name": "printer"},
            [{"kind": "miner"}],
        ],
    )
    async def test_a_summary_of_something_else(self, document: Any) -> None:
        """JSON alone makes no miner: a proxy, a printer."""
        answer = reply(json.dumps(document).encode())
        assert type(await outcome(READS["summary"], answer)) is XmrigResponseError

    @pytest.mark.parametrize("call", ["backends", "config"])
    async def test_an_answer_of_another_kind(self, call: str) -> None:
        """A list where an object belongs, and an object where a list does."""
        answer = reply(b"{}" if call == "backends" else b"[]")
        assert type(await outcome(READS[call], answer)) is XmrigResponseError

    async def test_put_config(self) -> None:
        """A config is accepted without a body."""
        assert await outcome(COMMANDS["put_config"], NO_CONTENT) is None

    @pytest.mark.parametrize("name", ["config_bad_json", "config_no_pools"])
    @pytest.mark.parametrize("version", VERSIONS)
    async def test_a_refused_config(self, version: str, name: str) -> None:
        """A config that the miner does not accept is refused, whatever it says."""
        status, body = error(version, name)
        answer = reply(body.encode(), f"{status} Bad Request")
        err = await outcome(COMMANDS["put_config"], answer)
        assert type(err) is XmrigRefusedError

    @pytest.mark.parametrize("call", [name for name in CALLS if name != "put_config"])
    async def test_400_is_not_about_a_config_elsewhere(self, call: str) -> None:
        """No other call of ours can be bad."""
        assert type(await outcome(CALLS[call], refusal(400))) is XmrigResponseError

    @pytest.mark.parametrize("method", RPCS)
    async def test_a_method_that_the_miner_does_not_know(self, method: str) -> None:
        """A method may be unknown although the status is 200."""
        err = await outcome(COMMANDS[method], RPC_UNKNOWN)
        assert type(err) is XmrigRefusedError

    @pytest.mark.parametrize("call", CALLS)
    async def test_another_status(self, call: str) -> None:
        """A status that no miner would give is an answer of something else."""
        for status in (201, 302, 404, 405, 415, 418, 500, 503):
            err = await outcome(CALLS[call], refusal(status))
            assert type(err) is XmrigResponseError
            assert f"HTTP {status}" in str(err)


class TestRefusals:
    """Which 401 and 403 means what."""

    async def test_no_token(self) -> None:
        """A miner that has a token asks for it."""
        err = await outcome(READS["summary"], refusal(401), token=None)
        assert type(err) is XmrigAuthenticationError

    async def test_wrong_token(self) -> None:
        """Whoever may read gets a summary, so a 403 to it is about the token."""
        err = await outcome(READS["summary"], refusal(403))
        assert type(err) is XmrigAuthenticationError

    async def test_a_token_that_is_not_expected(self) -> None:
        """A miner without a token refuses any, and answers once it is left out."""
        async with (
            RawServer(refusal(401), reply(SUMMARY)) as server,
            talking_to(server) as client,
        ):
            with pytest.raises(XmrigTokenNotExpectedError):
                await client.summary()
        assert ["Authorization" in item.headers for item in server.requests] == [
            True,
            False,
        ]

    @pytest.mark.parametrize("status", [401, 403, 404, 500])
    async def test_a_token_that_is_refused_like_none_is(self, status: int) -> None:
        """What refuses both, or does something else yet, is not told apart."""
        err = await outcome(READS["summary"], refusal(401), refusal(status))
        assert type(err) is XmrigAuthenticationError

    async def test_a_miner_that_goes_while_it_is_asked_again(self) -> None:
        """Then it is gone."""
        err = await outcome(READS["summary"], refusal(401), b"")
        assert type(err) is XmrigConnectionError

    @pytest.mark.parametrize("call", [name for name in CALLS if name != "summary"])
    async def test_401_to_other_calls(self, call: str) -> None:
        """A 401 is always about the token."""
        assert (
            type(await outcome(CALLS[call], refusal(401))) is XmrigAuthenticationError
        )

    async def test_403_to_the_backends(self) -> None:
        """Backends are read like a summary is."""
        err = await outcome(READS["backends"], refusal(403))
        assert type(err) is XmrigAuthenticationError

    @pytest.mark.parametrize("call", ["config", *COMMANDS])
    async def test_403_to_what_needs_full_access(self, call: str) -> None:
        """With a token that is good, a 403 means that the API is read-only."""
        assert type(await outcome(CALLS[call], refusal(403))) is XmrigReadOnlyError

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("name", "call", "kind"),
        [
            ("no_token", "summary", XmrigAuthenticationError),
            ("wrong_token", "summary", XmrigAuthenticationError),
            ("not_found", "backends", XmrigResponseError),
            ("restricted_pause", "pause", XmrigReadOnlyError),
            ("restricted_config_read", "config", XmrigReadOnlyError),
            ("restricted_config_write", "put_config", XmrigReadOnlyError),
            ("wrong_content_type", "put_config", XmrigResponseError),
            ("wrong_content_type", "pause", XmrigResponseError),
            ("unknown_method", "pause", XmrigRefusedError),
        ],
    )
    async def test_captured(
        self, version: str, name: str, call: str, kind: type[XmrigError]
    ) -> None:
        """Each refusal of a real miner is understood."""
        status, body = error(version, name)
        answer = reply(body.encode(), f"{status} whatever")
        assert type(await outcome(CALLS[call], answer)) is kind


class TestDoubledReplies:
    """XMRig writes the reply to each remote procedure call twice."""

    @pytest.mark.parametrize("method", RPCS)
    async def test_in_one_segment(self, method: str) -> None:
        """The second copy makes the first unreadable, which says nothing."""
        assert await outcome(COMMANDS[method], RPC_OK * 2) is None

    @pytest.mark.parametrize("method", RPCS)
    async def test_with_a_gap(self, method: str) -> None:
        """A second copy that comes late is never seen."""

        async def answer(reader: StreamReader, writer: StreamWriter) -> None:
            writer.write(RPC_OK)
            await writer.drain()
            # The client has read the first copy when it ends the connection.
            await reader.read()
            writer.write(RPC_OK)

        assert await outcome(COMMANDS[method], answer) is None

    async def test_cut_into_segments_anywhere(self) -> None:
        """However the network cuts the two copies up, no command fails for it."""
        for length in range(1, 2 * len(RPC_OK), 7):

            async def answer(
                _reader: StreamReader, writer: StreamWriter, length: int = length
            ) -> None:
                wire = RPC_OK * 2
                writer.write(wire[:length])
                await writer.drain()
                # Long enough for the loop to hand the first segment to the client.
                for _ in range(5):
                    await asyncio.sleep(0)
                writer.write(wire[length:])

            assert await outcome(COMMANDS["pause"], answer) is None

    async def test_an_error_with_a_gap(self) -> None:
        """An error that can be read is one."""
        err = await outcome(COMMANDS["pause"], RPC_UNKNOWN)
        assert type(err) is XmrigRefusedError

    @pytest.mark.parametrize("body", [b"", b"OK", b"[]", b"{", b"null", b"\xff"])
    async def test_an_unreadable_reply(self, body: bytes) -> None:
        """What counts is what the miner shows afterwards, not what it says."""
        assert await outcome(COMMANDS["pause"], reply(body)) is None


class TestGarbage:
    """Servers that are no miners, and miners that are not well."""

    @pytest.mark.parametrize("name", GARBAGE)
    async def test_answered(self, name: str) -> None:
        """What no miner would say is told from silence."""
        for call in READS.values():
            assert type(await outcome(call, GARBAGE[name])) is XmrigResponseError

    @pytest.mark.parametrize("name", GARBAGE)
    async def test_answered_to_a_command(self, name: str) -> None:
        """Whether a command took effect is seen elsewhere."""
        assert await outcome(COMMANDS["pause"], GARBAGE[name]) is None
        config = await outcome(COMMANDS["put_config"], GARBAGE[name])
        assert config is None or type(config) is XmrigResponseError

    @pytest.mark.parametrize("name", SILENCE)
    async def test_not_answered(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What does not answer, or not to the end, cannot be reached."""
        monkeypatch.setattr(TIMEOUT, 0.05)
        for call in CALLS.values():
            assert type(await outcome(call, SILENCE[name])) is XmrigConnectionError

    async def test_no_more_than_the_limit_is_read(self) -> None:
        """A server that sends without end is left at once, not after a time-out."""
        started = time.monotonic()
        err = await outcome(READS["summary"], flood)
        assert type(err) is XmrigResponseError
        assert time.monotonic() - started < 1

    async def test_a_long_answer_of_a_miner(self) -> None:
        """A rig of many cards has much to say, and is heard to the end."""
        item = json.loads(BACKENDS)[0]
        body = json.dumps([item | {"threads": item["threads"] * 2000}]).encode()
        assert 300_000 < len(body) < 1024 * 1024
        assert (await outcome(READS["backends"], reply(body))).threads == 4000

    async def test_any_damage_to_an_answer(self) -> None:
        """However a reply is damaged, it is read or refused."""
        chance = random.Random(0)
        whole = reply(SUMMARY)
        damaged = bytearray()

        async def answer(_reader: StreamReader, writer: StreamWriter) -> None:
            writer.write(damaged)
            await writer.drain()

        seen: set[type] = set()
        async with RawServer(answer) as server, talking_to(server) as client:
            for _ in range(100):
                damaged = bytearray(whole)
                for _ in range(chance.randint(1, 3)):
                    place = chance.randrange(600)
                    damaged[place : place + chance.choice([0, 1, 20])] = (
                        chance.randbytes(chance.choice([0, 1, 2]))
                    )
                try:
                    seen.add(type(await client.summary()))
                except XmrigError as err:
                    seen.add(type(err))
        # So many kinds of damage have been met that each way out was taken.
        assert {XmrigResponseError, XmrigConnectionError} < seen

    @pytest.mark.parametrize("call", CALLS)
    async def test_a_redirect_is_not_followed(self, call: str) -> None:
        """The token goes to no other server."""
        async with RawServer(reply(SUMMARY)) as other:
            location = f"Location: http://127.0.0.1:{other.port}/2/summary\r\n"
            for status in (301, 302, 303, 307, 308):
                answer = reply(status=f"{status} Elsewhere", headers=location)
                err = await outcome(CALLS[call], answer)
                assert type(err) is XmrigResponseError
        assert other.requests == []

    async def test_a_cookie_is_not_carried_to_the_next_request(self) -> None:
        """The miner knows none, and who sets one is no miner."""
        async with (
            RawServer(reply(SUMMARY, headers="Set-Cookie: a=b\r\n")) as server,
            talking_to(server) as client,
        ):
            await client.summary()
            await client.summary()
        assert "Cookie" not in server.requests[1].headers

    @pytest.mark.parametrize("call", CALLS)
    async def test_nobody_listens(
        self, session: aiohttp.ClientSession, call: str
    ) -> None:
        """A port that is closed cannot be reached."""
        async with RawServer(b"") as server:
            pass
        client = XmrigClient(session, server.host, server.port, token=TOKEN)
        with pytest.raises(XmrigConnectionError, match="could not be reached"):
            await CALLS[call](client)

    async def test_time_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever waited is told how long."""
        monkeypatch.setattr(TIMEOUT, 0.05)
        err = await outcome(READS["summary"], hang)
        assert "did not answer within 0.05 seconds" in str(err)

    async def test_who_cancels_is_not_told_otherwise(self) -> None:
        """A call that is cancelled ends as such."""
        async with RawServer(hang) as server, talking_to(server) as client:
            task = asyncio.create_task(client.summary())
            while not server.requests:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


class TestSimulator:
    """Ordinary miners."""

    @pytest.mark.parametrize("version", ["6.26.0", "6.22.2"])
    async def test_everything(self, version: str) -> None:
        """All can be read, and the config written."""
        async with (
            Simulator(version=version, uptime=1000, gpus=3) as miner,
            talking_to(miner) as client,
        ):
            summary = await client.summary()
            assert (summary.version, summary.worker_id) == (version, "rig-one")
            assert summary.hashrate.minutes_15
            backends = await client.backends()
            assert backends.enabled == set(BackendType)
            assert len(backends.gpus) == 3
            config = await client.config()
            assert config.document == miner.config
            await client.put_config(config)
            assert miner.disk == config.document

    async def test_commands(self) -> None:
        """Each command takes effect although its reply cannot be read."""
        async with (
            Simulator(uptime=1000) as miner,
            talking_to(miner) as client,
        ):
            await client.pause()
            assert miner.miner.is_paused
            await client.resume()
            assert not miner.miner.is_paused
            await client.stop()
            assert not miner.is_hashing
        assert [item.status for item in miner.requests] == [200, 200, 200]

    async def test_commands_with_a_reply_that_can_be_read(self) -> None:
        """And it does when the reply can be read."""
        async with (
            Simulator(uptime=1000, fault="rpc_gap") as miner,
            talking_to(miner) as client,
        ):
            await client.pause()
            assert miner.miner.is_paused

    @pytest.mark.parametrize(
        ("miner_token", "token", "restricted", "kind"),
        [
            ("s3cret", None, False, XmrigAuthenticationError),
            ("s3cret", "wrong", False, XmrigAuthenticationError),
            (None, "s3cret", True, XmrigTokenNotExpectedError),
            # Without a token and not read-only, a miner lets nobody in.
            (None, "s3cret", False, XmrigAuthenticationError),
            (None, None, False, XmrigAuthenticationError),
            ("", "s3cret", False, XmrigAuthenticationError),
        ],
    )
    async def test_token(
        self,
        miner_token: str | None,
        token: str | None,
        restricted: bool,
        kind: type[XmrigError],
    ) -> None:
        """What is wrong with a token is told."""
        async with (
            Simulator(token=miner_token, restricted=restricted) as miner,
            talking_to(miner, token=token) as client,
        ):
            with pytest.raises(XmrigAuthenticationError) as caught:
                await client.summary()
        assert caught.type is kind

    @pytest.mark.parametrize("token", [None, "s3cret"])
    async def test_read_only(self, token: str | None) -> None:
        """A read-only miner is read, and takes no commands."""
        async with (
            Simulator(token=token, restricted=True, uptime=100) as miner,
            talking_to(miner, token=token) as client,
        ):
            assert (await client.summary()).restricted
            assert (await client.backends()).enabled
            for call in ("config", *COMMANDS):
                with pytest.raises(XmrigReadOnlyError):
                    await CALLS[call](client)
            assert not miner.miner.is_paused

    async def test_truncated(self) -> None:
        """A miner of old cuts its answers off, and is read all the same."""
        async with (
            Simulator(version="6.21.0", uptime=100, fault="truncated") as miner,
            talking_to(miner) as client,
        ):
            summary = await client.summary()
            backends = await client.backends()
            assert (await client.config()).document == miner.config
        assert (summary.complete, backends.complete) == (False, False)
        assert summary.hashrate.minute_1
        assert summary.hashrate.minutes_15 is None
        assert backends.enabled == {BackendType.CPU}

    async def test_strings(self) -> None:
        """Numbers in quotes are missing, and the rest is there."""
        async with (
            Simulator(uptime=100, fault="strings") as miner,
            talking_to(miner) as client,
        ):
            summary = await client.summary()
            assert (summary.uptime, summary.worker_id) == (None, "rig-one")
            assert (await client.backends()).enabled == {BackendType.CPU}

    async def test_nulls(self) -> None:
        """What does not even say that it is a miner is none."""
        async with (
            Simulator(uptime=100, fault="nulls") as miner,
            talking_to(miner) as client,
        ):
            with pytest.raises(XmrigResponseError):
                await client.summary()
            assert (await client.backends()).by_type == {}

    async def test_a_certificate_that_nobody_vouches_for(self) -> None:
        """The miner makes its certificate itself, so it does not pass."""
        async with (
            Simulator(tls=True) as miner,
            talking_to(miner, ssl=True) as client,
        ):
            with pytest.raises(XmrigCertificateError, match=str(miner.port)):
                await client.summary()
        assert miner.requests == []

    async def test_a_certificate_that_is_not_verified(self) -> None:
        """Unless the session does not ask."""
        async with (
            Simulator(tls=True) as miner,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session,
        ):
            client = XmrigClient(session, miner.host, miner.port, token=TOKEN, ssl=True)
            assert (await client.summary()).worker_id == "rig-one"
            await client.pause()
            assert miner.miner.is_paused

    async def test_a_certificate_that_is_trusted(self) -> None:
        """Or knows the certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        async with Simulator(tls=True) as miner:
            assert miner.certificate
            context.load_verify_locations(cadata=miner.certificate)
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context)
            ) as session:
                client = XmrigClient(
                    session, miner.host, miner.port, token=TOKEN, ssl=True
                )
                assert (await client.summary()).worker_id == "rig-one"

    async def test_tls_to_a_miner_without(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A miner without TLS is not reached with it."""
        monkeypatch.setattr(TIMEOUT, 0.1)
        async with Simulator() as miner, talking_to(miner, ssl=True) as client:
            with pytest.raises(XmrigConnectionError) as caught:
                await client.summary()
        assert caught.type is XmrigConnectionError

    async def test_many_at_once(self) -> None:
        """Calls side by side do not disturb each other."""
        async with Simulator(uptime=100) as miner, talking_to(miner) as client:
            answers = await asyncio.gather(
                *(read(client) for read in READS.values() for _ in range(10))
            )
        assert len(answers) == 30
