"""Tests of the meaning of 401 and 403."""

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    XmrigAuthenticationError,
    XmrigError,
    XmrigInterruptedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTokenNotExpectedError,
)
from tests.api.captures import VERSIONS, error
from tests.api.rawserver import RawServer, reply

from .wire import CALLS, COMMANDS, READS, SUMMARY, outcome, refusal, talking_to


async def test_no_token() -> None:
    """A miner with a token rejects requests without one."""
    err = await outcome(READS["summary"], refusal(401), token=None)
    assert type(err) is XmrigAuthenticationError


async def test_wrong_token() -> None:
    """Any token that may read gets a summary, so a 403 to it is about the token."""
    err = await outcome(READS["summary"], refusal(403))
    assert type(err) is XmrigAuthenticationError


async def test_a_token_that_is_not_expected() -> None:
    """A miner without a token rejects any token, and replies without one."""
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
async def test_a_token_that_is_refused_like_none_is(status: int) -> None:
    """If the request without a token fails too, the error stays the first one."""
    err = await outcome(READS["summary"], refusal(401), refusal(status))
    assert type(err) is XmrigAuthenticationError


async def test_a_miner_that_goes_while_it_is_asked_again() -> None:
    """Then the connection error is raised."""
    err = await outcome(READS["summary"], refusal(401), b"")
    assert type(err) is XmrigInterruptedError


@pytest.mark.parametrize("call", [name for name in CALLS if name != "summary"])
async def test_401_to_other_calls(call: str) -> None:
    """A 401 is always about the token."""
    assert type(await outcome(CALLS[call], refusal(401))) is XmrigAuthenticationError


async def test_403_to_the_backends() -> None:
    """A 403 to the backends is about the token."""
    err = await outcome(READS["backends"], refusal(403))
    assert type(err) is XmrigAuthenticationError


@pytest.mark.parametrize("call", ["config", *COMMANDS])
async def test_403_to_what_needs_full_access(call: str) -> None:
    """With a valid token, a 403 means that the API is read-only."""
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
        ("restricted_config_write", "post_config", XmrigReadOnlyError),
        ("wrong_content_type", "post_config", XmrigResponseError),
        ("wrong_content_type", "pause", XmrigResponseError),
        ("unknown_method", "pause", XmrigRefusedError),
    ],
)
async def test_captured(
    version: str, name: str, call: str, kind: type[XmrigError]
) -> None:
    """Each captured error of a real miner raises the right error."""
    status, body = error(version, name)
    answer = reply(body.encode(), f"{status} whatever")
    assert type(await outcome(CALLS[call], answer)) is kind


NOT_OF_XMRIG = {
    "a page": b"<!DOCTYPE html><html><head><title>Router</title></head></html>",
    "nothing": b"",
    "another status": b'{"status": 500, "error": "NO"}',
    "no status": b'{"error": "UNAUTHORIZED"}',
    "a list": b"[401, 403]",
    "cut": b'{"status": 40',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", NOT_OF_XMRIG)
async def test_a_refusal_that_is_not_of_xmrig(
    call: str, status: int, name: str
) -> None:
    """A 401 or 403 from another device says nothing about the token."""
    answer = reply(NOT_OF_XMRIG[name], f"{status} NO")
    async with RawServer(answer) as server, talking_to(server) as client:
        with pytest.raises(XmrigResponseError, match=f"HTTP {status}"):
            await CALLS[call](client)
    # No request without the token follows
    assert len(server.requests) == 1


async def test_a_page_in_place_of_the_second_refusal() -> None:
    """The reply to the request without a token is from another device."""
    page = reply(NOT_OF_XMRIG["a page"], "401 NO")
    err = await outcome(READS["summary"], refusal(401), page)
    assert type(err) is XmrigResponseError


async def test_a_token_that_no_header_can_carry() -> None:
    """A token with a line break is invalid, and nothing is sent."""
    async with (
        RawServer(reply(SUMMARY)) as server,
        talking_to(server, token="s3\ncret") as client,
    ):
        with pytest.raises(XmrigAuthenticationError):
            await client.summary()
    assert not server.requests
