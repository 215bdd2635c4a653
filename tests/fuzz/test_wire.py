"""Any bytes at the socket: only declared exceptions leave the client."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.api.models import Backends, Config, Summary
from tests.api.client.wire import BACKENDS, CALLS, CONFIG, READS, SUMMARY, outcome
from tests.api.odd import any_json
from tests.api.rawserver import reply

SENT = {"summary": SUMMARY, "backends": BACKENDS, "config": CONFIG}
MODELS = {"summary": Summary, "backends": Backends, "config": Config}

anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

statuses = st.sampled_from(
    ["200 OK", "204 No Content", "400 X", "401 X", "403 X", "500 X", "302 X", "99 X"]
)
header_lines = st.lists(
    st.sampled_from(
        [
            b"Content-Length: 5",
            b"Content-Length: -1",
            b"Content-Length: 99999999999999999999",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: gzip",
            b"Content-Encoding: br",
            b"Connection: keep-alive",
            b"Location: http://127.0.0.1:9/",
            b"Set-Cookie: a=b",
            b"Content-Type: text/html; charset=none",
            b"\xff\xfe: \x00",
        ]
    ),
    max_size=4,
)
json_bodies = any_json.map(lambda value: json.dumps(value).encode())


@st.composite
def damaged(draw: st.DrawFn, text: bytes) -> bytes:
    """Return a text with bytes removed, replaced, or put in."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    return text[:start] + draw(st.binary(max_size=8)) + text[end:]


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Return bytes that are nearly HTTP, or not at all."""
    body = draw(
        st.binary(max_size=50) | json_bodies | st.sampled_from([*SENT.values()])
    )
    lines = [f"HTTP/1.1 {draw(statuses)}".encode(), *draw(header_lines)]
    whole = b"\r\n".join([*lines, b"", b""]) + body
    return draw(st.just(whole) | damaged(whole) | st.binary(max_size=200))


@pytest.mark.parametrize("name", CALLS)
@anything
@given(sent=replies())
async def test_any_bytes(loopback: None, name: str, sent: bytes) -> None:
    """`outcome` passes on any exception that is not declared."""
    found = await outcome(CALLS[name], sent)
    assert found is None or isinstance(found, (XmrigError, *MODELS.values()))


@pytest.mark.parametrize("name", READS)
@anything
@given(data=st.data())
async def test_damaged_documents(loopback: None, name: str, data: Any) -> None:
    """A document is read, or the reply is refused; none of it is half read."""
    body = data.draw(damaged(SENT[name]) | json_bodies)
    found = await outcome(READS[name], reply(body))
    assert isinstance(found, (XmrigError, MODELS[name]))
