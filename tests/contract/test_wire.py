"""The wire format: statuses, headers, errors, byte for byte."""

import asyncio
from collections.abc import Callable
import json
import ssl

import aiohttp
import pytest

from tests.sessions import open_session
from tests.targets import Json, Target

from .wire import (
    CORS,
    Reply,
    ask,
    config,
    cpu,
    error_text,
    exchange,
    get,
    parse,
    request,
    summary,
)

_PAUSE = b'{"method": "pause", "id": 1}'
_ENDED = "Connection: close"


async def test_read(target: Target) -> None:
    """A read has one reply, with the headers in this order."""
    reply = await ask(target, request("GET", "/2/backends"))
    assert (reply.status, reply.reason) == (200, "OK")
    assert reply.headers == (
        *CORS,
        _ENDED,
        f"Content-Length: {len(reply.body)}",
        "Content-Type: application/json",
    )
    assert reply.body.startswith(
        b'[{\n        "type": "cpu",\n        "enabled": true,'
    )


async def test_write(target: Target) -> None:
    """A written config is acknowledged without a body, on all four ways."""
    body = json.dumps(await config(target)).encode()
    for method in ("PUT", "POST"):
        for path in ("/1/config", "/2/config"):
            data = await exchange(target, request(method, path, body))
            reason = error_text(target, "NO_CONTENT")
            lines = [f"HTTP/1.1 204 {reason}", *CORS, _ENDED, "", ""]
            assert data == "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("data", "status", "constant"),
    [
        pytest.param(request("GET", "/1/threads"), 404, "NOT_FOUND", id="old path"),
        pytest.param(request("GET", "/1/backends"), 404, "NOT_FOUND", id="no v1"),
        pytest.param(request("GET", "/2/summary/"), 404, "NOT_FOUND", id="slash"),
        pytest.param(request("GET", "/2/summary?a=1"), 404, "NOT_FOUND", id="query"),
        pytest.param(request("GET", "/json_rpc"), 404, "NOT_FOUND", id="GET rpc"),
        pytest.param(
            request("PUT", "/json_rpc", _PAUSE), 404, "NOT_FOUND", id="PUT rpc"
        ),
        pytest.param(
            request("DELETE", "/2/config", b"{}"), 404, "NOT_FOUND", id="DELETE"
        ),
        pytest.param(
            request("HEAD", "/2/summary"), 415, "UNSUPPORTED_MEDIA_TYPE", id="HEAD"
        ),
        pytest.param(
            request("PATCH", "/2/config", b"{}", token=None),
            405,
            "METHOD_NOT_ALLOWED",
            id="PATCH before the token is looked at",
        ),
        pytest.param(
            request("GET", "/2/summary", token=None), 401, "UNAUTHORIZED", id="no token"
        ),
        pytest.param(
            request("GET", "/nowhere", token=None),
            401,
            "UNAUTHORIZED",
            id="token before path",
        ),
        pytest.param(
            request("GET", "/2/summary", token="wrong"), 403, "FORBIDDEN", id="token"
        ),
        pytest.param(
            request("GET", "/2/summary", token="S3CRET"), 403, "FORBIDDEN", id="case"
        ),
        pytest.param(
            request(
                "GET",
                "/2/summary",
                token=None,
                headers=("authorization: bearer s3cret",),
            ),
            403,
            "FORBIDDEN",
            id="scheme in lower case",
        ),
        pytest.param(
            request("PUT", "/2/config", b"{}", content_type=None),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            id="no content type",
        ),
        pytest.param(
            request(
                "POST",
                "/json_rpc",
                _PAUSE,
                content_type="application/json; charset=utf-8",
            ),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            id="content type with charset",
        ),
        pytest.param(
            request("PUT", "/nowhere", b"{}", content_type="text/plain"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            id="content type before path",
        ),
        pytest.param(request("PUT", "/2/config", b"{}"), 400, "BAD_REQUEST", id="{}"),
        pytest.param(request("PUT", "/2/config", b"[]"), 400, "BAD_REQUEST", id="[]"),
        pytest.param(
            request("PUT", "/2/config", b""), 400, "BAD_REQUEST", id="nothing"
        ),
        pytest.param(
            request("PUT", "/2/config", b'{"cpu": {"enabled": false}}'),
            400,
            "BAD_REQUEST",
            id="no pools",
        ),
    ],
)
async def test_refusal(target: Target, data: bytes, status: int, constant: str) -> None:
    """An error has status and reason, and the checks have a fixed order."""
    text = error_text(target, constant)
    body = f'{{\n    "status": {status},\n    "error": "{text}"\n}}'
    length = f"Content-Length: {len(body)}"
    lines = [f"HTTP/1.1 {status} {text}", *CORS, _ENDED, length]
    lines += ["Content-Type: application/json", "", body]
    assert await exchange(target, data) == "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "Missing a comma or '}' after an object member."),
        ("{a: 1}", "Missing a name for object member."),
        ('{"a" 1}', "Missing a colon after a name of object member."),
        ('{"a": [1 2]}', "Missing a comma or ']' after an array element."),
        ("nope", "Invalid value."),
        (" ", "The document is empty."),
        ("{} {}", "The document root must not be followed by other values."),
        ('{"a', "Missing a closing quotation mark in string."),
        ('"\\q"', "Invalid escape character in string."),
        ("[1.]", "Miss fraction part in number."),
    ],
)
async def test_no_json(target: Target, text: str, message: str) -> None:
    """Invalid JSON is rejected with the parser's message."""
    reply = await ask(target, request("PUT", "/2/config", text.encode()))
    expected = f'{{\n    "error": "{message}",\n    "status": 400\n}}'
    assert (reply.status, reply.body.decode()) == (400, expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_PAUSE, {"result": {"status": "OK"}, "jsonrpc": "2.0", "id": 1}),
        (
            b'{"method": "resume", "id": "a", "params": [1]}',
            {"result": {"status": "OK"}, "jsonrpc": "2.0", "id": "a"},
        ),
        (
            b'{"method": "start", "id": [1, {"b": null}]}',
            {
                "error": {"code": -32601, "message": "Method not found"},
                "jsonrpc": "2.0",
                "id": [1, {"b": None}],
            },
        ),
        (
            b'[{"method": "pause", "id": 1}]',
            {
                "error": {"code": -32600, "message": "Invalid Request"},
                "jsonrpc": "2.0",
                "id": None,
            },
        ),
        (
            b"",
            {
                "error": {"code": -32600, "message": "Invalid Request"},
                "jsonrpc": "2.0",
                "id": None,
            },
        ),
        (
            b"{'method': 'pause'}",
            {
                "error": {"code": -32700, "message": "Parse error"},
                "jsonrpc": "2.0",
                "id": None,
            },
        ),
    ],
)
async def test_command(target: Target, body: bytes, expected: Json) -> None:
    """A command is answered twice, with status 200 even for an error."""
    data = await exchange(target, request("POST", "/json_rpc", body))
    first, second = parse(data)
    assert first == second
    assert first.status == 200
    assert first.headers[3:] == (
        _ENDED,
        f"Content-Length: {len(first.body)}",
        "Content-Type: application/json",
    )
    assert list(first.json().items()) == list(expected.items())


async def test_aiohttp(
    target: Target,
) -> None:
    """A reply that aiohttp cannot read is not a failure: the command took effect."""
    unreadable = 0
    async with open_session() as session:
        for number in range(10):
            method = ("pause", "resume")[number % 2]
            try:
                async with session.post(
                    f"http://{target.host}:{target.port}/json_rpc",
                    json={"method": method, "id": 1},
                    headers={"Authorization": f"Bearer {target.token}"},
                ) as response:
                    assert (await response.json())["result"] == {"status": "OK"}
            except aiohttp.ClientError:
                unreadable += 1
            assert (await summary(target))["paused"] is (method == "pause")
    # The real miner's two copies may arrive apart
    assert unreadable == 10 or not target.is_simulated


async def test_before_token(target: Target) -> None:
    """OPTIONS and the icon are handled before the token is checked."""
    reply = await ask(target, request("OPTIONS", "/anything", token=None))
    assert reply == Reply(200, "OK", (*CORS, _ENDED), b"")
    reply = await ask(target, request("GET", "/favicon.ico", token=None))
    assert reply == Reply(404, error_text(target, "NOT_FOUND"), (_ENDED,), b"")


@pytest.mark.parametrize(
    "data",
    [b"\0\1\2\r\n\r\n", request("FOO", "/2/summary"), b"\x16\x03\x01\2\0\1"],
    ids=["bytes", "method", "tls"],
)
async def test_no_http(target: Target, data: bytes) -> None:
    """At anything but HTTP the connection is closed, also before the end of a head."""
    assert await exchange(target, data) == b""


async def test_repeated_header(target: Target) -> None:
    """The first of several equal headers counts."""
    data = request("GET", "/2/summary", headers=("Authorization: Bearer wrong",))
    assert (await ask(target, data)).status == 403


async def test_http_1_0(target: Target) -> None:
    """Neither a Host header nor HTTP/1.1 is needed."""
    reply = await ask(
        target, b"GET /2/dmi HTTP/1.0\r\nauthorization: Bearer s3cret\r\n\r\n"
    )
    assert reply.status == 200
    assert list(reply.json()) == ["smbios", "system", "board", "memory"]


async def test_side_by_side(target: Target) -> None:
    """Parallel requests all get replies."""
    paths = ["/2/summary", "/2/backends", "/2/config"] * 4
    replies = await asyncio.gather(*(ask(target, request("GET", p)) for p in paths))
    assert [reply.status for reply in replies] == [200] * len(paths)


async def test_summary_v1(target: Target) -> None:
    """Version 1 of the summary differs from version 2 in four places."""

    async def has_allocated() -> bool:
        return bool((await summary(target))["hugepages"] == [0, 2])

    # Each thread allocates its page when it starts
    await target.eventually(has_allocated)
    old, api, new = [
        await get(target, path) for path in ("/1/summary", "/api.json", "/2/summary")
    ]
    assert old.keys() == api.keys() == new.keys()
    assert old["results"].pop("error_log") == old["connection"].pop("error_log") == []
    assert old["results"].keys() == new["results"].keys()
    assert old["connection"].keys() == new["connection"].keys()
    threads = (await cpu(target))["threads"]
    assert len(old["hashrate"].pop("threads")) == len(threads) == 2
    assert old["hashrate"].keys() == new["hashrate"].keys()
    assert (old["hugepages"], new["hugepages"]) == (False, [0, 2])


def _http(**values: object) -> Callable[[Json], None]:
    return lambda document: document["http"].update(values)


# Restricted, token; then the status with no header, the right token, another one
_AUTH = {
    "read-only and open": (True, None, (200, 401, 401)),
    "read-only and locked": (True, "s3cret", (401, 200, 403)),
    "full control": (False, "s3cret", (401, 200, 403)),
    "full control without a token": (False, None, (401, 401, 401)),
    "an empty token": (False, "", (401, 403, 403)),
}


@pytest.mark.parametrize(
    ("start_change", "statuses"),
    [
        (_http(**{"restricted": restricted, "access-token": token}), statuses)
        for restricted, token, statuses in _AUTH.values()
    ],
    ids=_AUTH,
)
async def test_authorization(target: Target, statuses: tuple[int, int, int]) -> None:
    """Read access depends on the token and whether one is set."""
    for token, status in zip((None, "s3cret", "wrong"), statuses, strict=True):
        reply = await ask(target, request("GET", "/2/summary", token=token))
        assert reply.status == status


@pytest.mark.parametrize("start_change", [_http(restricted=True)], ids=[""])
async def test_restricted(
    target: Target,
) -> None:
    """A restricted API rejects the config and all writes."""
    assert (await summary(target))["restricted"] is True
    await get(target, "/2/backends")
    for data in (
        request("GET", "/2/config"),
        request("PUT", "/2/config", b"{}"),
        request("POST", "/json_rpc", _PAUSE, content_type="text/plain"),
        request("HEAD", "/2/summary"),
    ):
        reply = await ask(target, data)
        assert (reply.status, reply.reason) == (403, error_text(target, "FORBIDDEN"))
    assert (await summary(target))["paused"] is False


def _tls(document: Json) -> None:
    document["tls"] = {"enabled": True}


@pytest.mark.parametrize("start_change", [_tls], ids=[""])
async def test_tls(target: Target) -> None:
    """With TLS, the port accepts HTTPS (self-signed) and HTTP."""
    assert (await config(target))["tls"]["cert"] == "cert.pem"
    base = f"{target.host}:{target.port}"
    headers = {"Authorization": f"Bearer {target.token}"}
    async with open_session(headers=headers) as session:
        for url in (f"https://{base}/2/summary", f"http://{base}/2/summary"):
            async with session.get(url, ssl=False) as response:
                assert (await response.json())["version"] == target.version
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"https://{base}/2/summary")


@pytest.mark.parametrize("start_change", [_tls], ids=[""])
async def test_tls_command(target: Target) -> None:
    """Over TLS too a command is answered twice."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        target.host, target.port, ssl=context
    )
    writer.write(request("POST", "/json_rpc", _PAUSE))
    first, second = parse(await reader.read())
    writer.close()
    assert first == second
    assert (await summary(target))["paused"] is True
