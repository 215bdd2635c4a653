"""Tests of requests that verify who answers, by the replies of a stub."""

from dataclasses import replace

import pytest

from custom_components.xmrig_miner.api.client import Action
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAnotherKindError,
    XmrigAnotherMinerError,
    XmrigAuthenticationError,
    XmrigConnectionError,
    XmrigError,
    XmrigInterruptedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTimeoutError,
)
from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity
from custom_components.xmrig_miner.api.models import Config, Summary

from .stub import ADDRESS, StubClient

OURS = Summary(id="ours", worker_id="rig-one", restricted=False)
OTHER = Summary(id="other", worker_id="rig-two", restricted=False)
CONFIG = Config({"cpu": {}})


async def test_the_summary_of_the_miner() -> None:
    """It is returned as it is, read-only or not."""
    for summary in (OURS, replace(OURS, restricted=True)):
        link = StubClient(summaries=(summary,)).link("ours")
        assert await link.summary() is summary
        assert link.address == ADDRESS


async def test_another_miner() -> None:
    """It is named, and nothing is sent to it."""
    client = StubClient(summaries=(OTHER,))
    link = client.link("ours")
    for call in (
        link.summary(),
        link.verify(),
        link.post_config(CONFIG),
        link.perform_action(Action.PAUSE),
    ):
        with pytest.raises(XmrigAnotherMinerError, match=ADDRESS) as raised:
            await call
        assert raised.value.found == MinerIdentity(id="other", worker_id="rig-two")
    assert client.calls == ["summary"] * 4
    assert link.writes == 0


async def test_a_reply_without_an_identity() -> None:
    """It may be damaged, and is not taken for another miner."""
    link = StubClient(summaries=(Summary(complete=False),)).link("ours")
    with pytest.raises(XmrigResponseError, match=f"^{ADDRESS} sent a reply without"):
        await link.summary()


async def test_another_kind() -> None:
    """A proxy is another miner."""
    proxy = MinerIdentity(id="p", worker_id="proxy", kind=Kind.PROXY)
    error = XmrigAnotherKindError("a proxy answers", proxy)
    link = StubClient(summaries=(error,)).link("ours")
    with pytest.raises(XmrigAnotherMinerError, match="^a proxy answers$") as raised:
        await link.summary()
    assert raised.value.found is proxy


@pytest.mark.parametrize(
    ("restricted", "is_accepted"), [(False, True), (None, True), (True, False)]
)
async def test_whether_a_command_would_be_accepted(
    restricted: bool | None, *, is_accepted: bool
) -> None:
    """A read-only API is named."""
    summary = replace(OURS, restricted=restricted)
    link = StubClient(summaries=(summary,)).link("ours")
    if is_accepted:
        assert await link.verify() is summary
    else:
        with pytest.raises(XmrigReadOnlyError, match=ADDRESS):
            await link.verify()


REFUSED = XmrigReadOnlyError("403")


@pytest.mark.parametrize(
    ("restricted", "error"),
    [
        (True, XmrigReadOnlyError),
        (None, XmrigReadOnlyError),
        (False, XmrigRefusedError),
    ],
)
async def test_a_refusal_is_explained_by_the_summary(
    restricted: bool | None, error: type[XmrigError]
) -> None:
    """A momentary one is not that of a read-only API."""
    summary = replace(OURS, restricted=restricted)
    link = StubClient(summaries=(summary,), configs=(REFUSED,)).link("ours")
    with pytest.raises(error, match=f"^(403|{ADDRESS} refused)") as raised:
        await link.config()
    assert (raised.value is REFUSED) is (error is XmrigReadOnlyError)


async def test_other_errors_of_a_read_are_not_looked_into() -> None:
    """They say what is wrong."""
    client = StubClient(configs=(XmrigAuthenticationError("401"),))
    with pytest.raises(XmrigAuthenticationError):
        await client.link("ours").config()
    assert client.calls == ["config"]


async def test_reads() -> None:
    """The replies of the client, without a summary before them."""
    client = StubClient(configs=(CONFIG,))
    link = client.link("ours")
    assert await link.config() is CONFIG
    backends = await link.backends()
    assert backends.by_type == {}
    assert client.calls == ["config", "backends"]
    assert link.writes == 0


async def test_writes_are_counted() -> None:
    """Each after it was verified who answers."""
    client = StubClient(summaries=(OURS,))
    link = client.link("ours")
    assert await link.post_config(CONFIG) is None
    assert link.writes == 1
    assert await link.perform_action(Action.RESUME) is None
    assert link.writes == 2
    assert client.calls == ["summary", CONFIG, "summary", Action.RESUME]


@pytest.mark.parametrize(
    "error",
    [
        XmrigTimeoutError("late"),
        XmrigInterruptedError("reset"),
        XmrigResponseError("500"),
    ],
)
async def test_a_write_that_may_have_taken_effect(error: XmrigError) -> None:
    """Its error is returned, and it counts."""
    link = StubClient(summaries=(OURS,), writes=(None, error)).link("ours")
    assert await link.post_config(CONFIG) is None
    assert await link.post_config(CONFIG) is error
    assert link.writes == 2


@pytest.mark.parametrize(
    "error",
    [
        XmrigConnectionError("refused"),
        XmrigRefusedError("400"),
        XmrigAuthenticationError("401"),
    ],
)
async def test_a_write_that_had_no_effect(error: XmrigError) -> None:
    """Its error is raised, and it does not count."""
    link = StubClient(summaries=(OURS,), writes=(error,)).link("ours")
    with pytest.raises(type(error)) as raised:
        await link.post_config(CONFIG)
    assert raised.value is error
    assert link.writes == 0


@pytest.mark.parametrize(
    ("error", "is_reported"),
    [
        (XmrigConnectionError("refused"), True),
        (XmrigTimeoutError("late"), True),
        (XmrigInterruptedError("reset"), False),
        (XmrigResponseError("500"), False),
    ],
)
async def test_what_is_reported_as_unreachable(
    error: XmrigError, *, is_reported: bool
) -> None:
    """A connection that was reset says nothing about the next one."""
    reported: list[XmrigError] = []
    client = StubClient(summaries=(error,), backends=(error,), configs=(error,))
    link = client.link("ours")
    # Without a listener, nothing happens
    with pytest.raises(type(error)):
        await link.summary()
    link.on_unreachable = reported.append
    for call in (link.summary(), link.backends(), link.config()):
        with pytest.raises(type(error)):
            await call
    assert reported == ([error] * 3 if is_reported else [])
