"""Tests of the requests."""

import json
import socket

import aiohttp
import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import XmrigResponseError
from tests.api.captures import CAPTURES, VERSIONS
from tests.api.rawserver import RawServer, reply

from .wire import (
    CALLS,
    COMMANDS,
    NO_CONTENT,
    READS,
    RPC_OK,
    RPCS,
    SUMMARY,
    refusal,
    talking_to,
)


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 loopback address."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("summary", "GET /2/summary HTTP/1.1"),
        ("backends", "GET /2/backends HTTP/1.1"),
        ("config", "GET /2/config HTTP/1.1"),
        ("post_config", "PUT /2/config HTTP/1.1"),
        ("pause", "POST /json_rpc HTTP/1.1"),
        ("resume", "POST /json_rpc HTTP/1.1"),
        ("stop", "POST /json_rpc HTTP/1.1"),
    ],
)
async def test_endpoint(call: str, line: str) -> None:
    """Each call is one request, to an address without a query."""
    async with RawServer(refusal(404)) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError):
            await CALLS[call](client)
    assert [request.line for request in server.requests] == [line]


@pytest.mark.parametrize("call", CALLS)
async def test_token(call: str) -> None:
    """XMRig compares the scheme exactly."""
    async with RawServer(refusal(404)) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError):
            await CALLS[call](client)
    assert server.requests[0].headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("token", [None, ""])
async def test_no_token(call: str, token: str | None) -> None:
    """A miner without a token rejects any token, even an empty one."""
    async with (
        RawServer(refusal(404)) as server,
        talking_to(server, token=token) as client,
    ):
        with pytest.raises(XmrigResponseError):
            await CALLS[call](client)
    assert "Authorization" not in server.requests[0].headers


@pytest.mark.parametrize("call", COMMANDS)
async def test_content_type(call: str) -> None:
    """XMRig compares it exactly: with a charset, it replies 415."""
    async with RawServer(refusal(404)) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError):
            await CALLS[call](client)
    request = server.requests[0]
    assert request.headers["Content-Type"] == "application/json"
    # XMRig supports neither.
    assert "Expect" not in request.headers
    assert "Transfer-Encoding" not in request.headers


@pytest.mark.parametrize("call", READS)
async def test_a_read_has_no_body(call: str) -> None:
    """A read has no body."""
    async with RawServer(refusal(404)) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError):
            await CALLS[call](client)
    assert server.requests[0].body == b""
    assert not {"Content-Type", "Content-Length"} & server.requests[0].headers.keys()


@pytest.mark.parametrize("method", RPCS)
async def test_remote_procedure_call(method: str) -> None:
    """The method is in the body."""
    async with RawServer(RPC_OK) as server, talking_to(server) as client:
        await CALLS[method](client)
    assert json.loads(server.requests[0].body) == {"method": method, "id": 1}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_config_is_sent_back_as_it_was(version: str) -> None:
    """A config that is read and written back is unchanged."""
    sent = (CAPTURES / version / "mining" / "config.json").read_bytes()
    async with (
        RawServer(reply(sent), NO_CONTENT) as server,
        talking_to(server) as client,
    ):
        await client.post_config(await client.config())
    received = server.requests[1].body
    assert json.loads(received) == json.loads(sent)
    # In the same order, and with the same types of numbers.
    assert json.dumps(json.loads(received)) == json.dumps(json.loads(sent))


async def test_a_config_of_odd_values_is_sent_back_as_it_was() -> None:
    """Unicode, large and small numbers, and empty values are unchanged."""
    document = {
        "é": '日本 \U0001f600 \\ " \n \x7f',
        "long": 2**64 - 1,
        "short": 1e-10,
        "empty": [{}, [], "", None],
        "": -0.0,
    }
    async with (
        RawServer(reply(json.dumps(document).encode()), NO_CONTENT) as server,
        talking_to(server) as client,
    ):
        await client.post_config(await client.config())
    assert repr(json.loads(server.requests[1].body)) == repr(document)


@pytest.mark.parametrize(
    "body",
    [
        rb'{"user": "\ud800"}',
        b'{"user": "\xed\xa0\x80"}',
        b'{"retries": NaN}',
        b'{"retries": 1e999}',
        b'{"retries": 18446744073709551616}',
        b'{"retries": ' + b"9" * 5000 + b"}",
        b'{"a": ' * 33 + b"1" + b"}" * 33,
        b'{"a": ' * 3000 + b"1" + b"}" * 3000,
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_a_config_that_could_not_be_kept_is_refused(body: bytes) -> None:
    """A config that cannot be stored cannot be undone, so it is rejected."""
    async with RawServer(reply(body)) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError, match="no readable config"):
            await client.config()


@pytest.mark.skipif(not has_ipv6(), reason="This machine has no IPv6")
async def test_ipv6() -> None:
    """An IPv6 address is passed without brackets, and shown with them."""
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
    session: aiohttp.ClientSession, host: str, port: int
) -> None:
    """An invalid host or port is rejected before anything is sent."""
    with pytest.raises(ValueError):
        XmrigClient(session, host, port)
