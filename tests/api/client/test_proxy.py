"""Tests of the client of a proxy."""

import json
from typing import Any

import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherKindError,
    XmrigAuthenticationError,
    XmrigError,
    XmrigResponseError,
)
from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.api.models import WorkerMode
from custom_components.xmrig_miner.api.proxy_client import (
    MAX_WORKERS_REPLY,
    ProxyClient,
)
from tests.api.captures import FIXTURES
from tests.api.rawserver import Answer, RawServer, reply
from tests.sessions import open_session

from .wire import SUMMARY, TOKEN, refusal

SENT = {
    name: (FIXTURES / "proxy" / "mining" / f"{name}.json").read_bytes()
    for name in ("summary", "workers")
}


async def outcome(call: Any, answer: Answer, kind: Any = ProxyClient) -> Any:
    """Return the result or error of a call, and the line and token of its request."""
    async with RawServer(answer) as server, open_session() as session:
        client = kind(session, server.host, server.port, token=TOKEN)
        try:
            found = await call(client)
        except XmrigError as error:
            found = error
    if isinstance(found, XmrigError):
        assert str(found).startswith(f"127.0.0.1:{server.port} ")
    request = server.requests[0]
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    return found, request.line


async def test_workers() -> None:
    """They are read with one request, and all rows are kept."""
    workers, line = await outcome(ProxyClient.workers, reply(SENT["workers"]))
    assert line == "GET /1/workers HTTP/1.1"
    assert workers.mode is WorkerMode.RIG_ID
    assert list(workers.rows.values()) == json.loads(SENT["workers"])["workers"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(401), XmrigAuthenticationError),
        # It needs no full access, so that a read-only API does not refuse it
        (refusal(403), XmrigAuthenticationError),
        (refusal(404), XmrigResponseError),
        (reply(SENT["workers"], "500 Error"), XmrigResponseError),
        # It is not repaired: workers would seem to be gone
        (reply(SENT["workers"][:-3]), XmrigResponseError),
        (reply(b"[]"), XmrigResponseError),
        (reply(b"{}"), XmrigResponseError),
        (reply(b'{"workers": {}}'), XmrigResponseError),
        (reply(b""), XmrigResponseError),
    ],
)
async def test_workers_that_cannot_be_read(
    answer: Answer, kind: type[XmrigError]
) -> None:
    """The error names the proxy."""
    found, _ = await outcome(ProxyClient.workers, answer)
    assert type(found) is kind


async def test_many_workers() -> None:
    """The list may be longer than any other reply, up to a limit of its own."""
    row = ["x" * 90, "127.0.0.1", 1, 2, 0, 0, 100, 0, 0, 0, 0, 0, 0]
    rows = [[f"{number}{row[0]}", *row[1:]] for number in range(20_000)]
    body = json.dumps({"workers": rows}).encode()
    assert 2**21 < len(body) < MAX_WORKERS_REPLY
    workers, _ = await outcome(ProxyClient.workers, reply(body))
    assert len(workers.rows) == 20_000
    body += b" " * (MAX_WORKERS_REPLY + 1 - len(body))
    found, _ = await outcome(ProxyClient.workers, reply(body))
    assert type(found) is XmrigResponseError
    assert str(MAX_WORKERS_REPLY) in str(found)


async def test_summary() -> None:
    """The reply of a proxy is read."""
    summary, line = await outcome(ProxyClient.summary, reply(SENT["summary"]))
    assert line == "GET /2/summary HTTP/1.1"
    assert summary.document == json.loads(SENT["summary"])
    assert summary.complete


async def test_a_summary_that_was_cut_off() -> None:
    """A proxy never sends one, whatever it contains."""
    for body in (SENT["summary"], SUMMARY):
        found, _ = await outcome(ProxyClient.summary, reply(body[:-3]))
        assert type(found) is XmrigResponseError


async def test_a_miner_in_place_of_a_proxy() -> None:
    """It is named by what identifies it, and so is a proxy in place of a miner."""
    found, _ = await outcome(ProxyClient.summary, reply(SUMMARY))
    assert type(found) is XmrigAnotherKindError
    assert found.found == MinerIdentity(
        id=json.loads(SUMMARY)["id"], worker_id="rig-one", kind=Kind.MINER
    )
    assert "not a proxy, but a miner" in str(found)
    found, _ = await outcome(XmrigClient.summary, reply(SENT["summary"]), XmrigClient)
    assert type(found) is XmrigAnotherKindError
    sent = json.loads(SENT["summary"])
    assert found.found == MinerIdentity(
        id=sent["id"], worker_id=sent["worker_id"], kind=Kind.PROXY
    )
    assert "not a miner, but a proxy" in str(found)
