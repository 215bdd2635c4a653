"""Tests of the replies of a miner."""

import gzip
import json
from typing import Any
import zlib

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigRefusedError,
    XmrigResponseError,
)
from custom_components.xmrig_miner.api.models import BackendType, Config
from tests.api.captures import VERSIONS, error
from tests.api.rawserver import RawServer, reply

from .wire import (
    BACKENDS,
    CALLS,
    COMMANDS,
    CONFIG,
    NO_CONTENT,
    READS,
    RPC_UNKNOWN,
    RPCS,
    SUMMARY,
    outcome,
    refusal,
    talking_to,
)


async def test_summary() -> None:
    """A summary is read."""
    summary = await outcome(READS["summary"], reply(SUMMARY))
    assert summary.document == json.loads(SUMMARY)
    assert summary.complete


async def test_backends() -> None:
    """The backends are read."""
    backends = await outcome(READS["backends"], reply(BACKENDS))
    assert list(backends.document) == json.loads(BACKENDS)
    assert backends.complete


async def test_config() -> None:
    """The config is read."""
    config = await outcome(READS["config"], reply(CONFIG))
    assert config == Config(json.loads(CONFIG))


async def test_a_config_that_changes() -> None:
    """Each reply is parsed independently of earlier ones."""
    other = CONFIG.replace(b'"print-time": 60', b'"print-time": 61')
    assert other != CONFIG
    answers = [CONFIG, CONFIG, other, other[:-5], CONFIG]
    async with (
        RawServer(*map(reply, answers)) as server,
        talking_to(server) as client,
    ):
        found = [
            await client.config(),
            await client.config(),
            await client.config(),
        ]
        with pytest.raises(XmrigResponseError):
            await client.config()
        found.append(await client.config())
    assert found == [
        Config(json.loads(text)) for text in (CONFIG, CONFIG, other, CONFIG)
    ]


async def test_a_summary_that_was_cut_off() -> None:
    """All complete values of a truncated summary are kept."""
    body = SUMMARY[: SUMMARY.index(b'"total": [') + len(b'"total": [856.43, ')]
    summary = await outcome(READS["summary"], reply(body))
    assert summary.hashrate.seconds_10 == 856.43
    assert summary.hashrate.minute_1 is None
    assert summary.version == "6.26.0"
    assert not summary.complete


async def test_backends_that_were_cut_off() -> None:
    """All complete values of truncated backends are kept."""
    body = BACKENDS[: BACKENDS.index(b'"threads"')]
    backends = await outcome(READS["backends"], reply(body))
    assert backends.by_type[BackendType.CPU].hashrate.seconds_10 == 856.43
    assert not backends.complete


@pytest.mark.parametrize("missing", [1, 2, 100, 1000])
async def test_a_config_that_was_cut_off(missing: int) -> None:
    """A truncated config is rejected: writing it back would lose values."""
    err = await outcome(READS["config"], reply(CONFIG[:-missing]))
    assert type(err) is XmrigResponseError


async def test_a_config_that_is_not_utf_8() -> None:
    """A config that cannot be decoded cannot be written back."""
    body = CONFIG.replace(b"WALLET", b"WALL\xff\xfeET")
    err = await outcome(READS["config"], reply(body))
    assert type(err) is XmrigResponseError


async def test_a_summary_that_is_not_utf_8() -> None:
    """A worker name in another encoding affects no other value."""
    body = SUMMARY.replace(b'"rig-one"', b'"rig-\xff\xfe\xe9"')
    summary = await outcome(READS["summary"], reply(body))
    assert summary.worker_id == "rig-" + "\ufffd" * 3
    assert summary.uptime == 86


@pytest.mark.parametrize(
    "headers", ["Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n"]
)
async def test_a_compressed_summary(headers: str) -> None:
    """XMRig does not compress replies, but a proxy may."""
    body = gzip.compress(SUMMARY)
    if "deflate" in headers:
        body = zlib.compress(SUMMARY)
    summary = await outcome(READS["summary"], reply(body, headers=headers))
    assert summary.document == json.loads(SUMMARY)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/html; charset=nonsense", "", "\xff"]
)
async def test_a_summary_called_something_else(content_type: str) -> None:
    """The content type is ignored."""
    answer = reply(SUMMARY, content_type=content_type)
    summary = await outcome(READS["summary"], answer)
    assert summary.worker_id == "rig-one"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"kind": "router"},
        {"kind": None},
        {"name": "printer"},
        [{"kind": "miner"}],
    ],
)
async def test_a_summary_of_something_else(document: Any) -> None:
    """JSON from another device, such as a printer, is rejected."""
    answer = reply(json.dumps(document).encode())
    assert type(await outcome(READS["summary"], answer)) is XmrigResponseError


@pytest.mark.parametrize("call", ["backends", "config"])
async def test_an_answer_of_another_kind(call: str) -> None:
    """A list instead of an object, and an object instead of a list."""
    answer = reply(b"{}" if call == "backends" else b"[]")
    assert type(await outcome(READS[call], answer)) is XmrigResponseError


async def test_post_config() -> None:
    """A config is accepted without a body."""
    assert await outcome(COMMANDS["post_config"], NO_CONTENT) is None


@pytest.mark.parametrize("name", ["config_bad_json", "config_no_pools"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_config(version: str, name: str) -> None:
    """A rejected config raises an error, whatever the status text."""
    status, body = error(version, name)
    answer = reply(body.encode(), f"{status} Bad Request")
    err = await outcome(COMMANDS["post_config"], answer)
    assert type(err) is XmrigRefusedError


@pytest.mark.parametrize("call", [name for name in CALLS if name != "post_config"])
async def test_400_is_not_about_a_config_elsewhere(call: str) -> None:
    """A 400 to another call is an invalid reply."""
    assert type(await outcome(CALLS[call], refusal(400))) is XmrigResponseError


@pytest.mark.parametrize("method", RPCS)
async def test_a_method_that_the_miner_does_not_know(method: str) -> None:
    """An unknown method is rejected with the status 200."""
    err = await outcome(COMMANDS[method], RPC_UNKNOWN)
    assert type(err) is XmrigRefusedError


@pytest.mark.parametrize("call", CALLS)
async def test_another_status(call: str) -> None:
    """A status that XMRig never sends is an invalid reply."""
    for status in (201, 302, 404, 405, 415, 418, 500, 503):
        err = await outcome(CALLS[call], refusal(status))
        assert type(err) is XmrigResponseError
        assert f"HTTP {status}" in str(err)
