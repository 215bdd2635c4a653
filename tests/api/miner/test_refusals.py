"""Tests of miners that reject commands."""

import asyncio
from typing import Any

import pytest

from custom_components.xmrig_miner.api.config_editor import SETTLE
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAuthenticationError,
    XmrigError,
    XmrigNotConfirmedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
)

from .rig import (
    COMMANDS,
    WRITES,
    Rig,
    as_written,
    commanding,
    every_command,
    every_write,
)


@every_command
async def test_read_only(command: str) -> None:
    """A read-only miner rejects commands."""
    async with (
        Rig(restricted=True) as rig,
        commanding(rig) as (miner, saved),
    ):
        with pytest.raises(XmrigReadOnlyError):
            await COMMANDS[command](miner)
        assert rig.is_hashing
        assert saved == []


@every_command
async def test_wrong_token(command: str) -> None:
    """A wrong token has the same status, but a different error."""
    async with Rig() as rig, commanding(rig, token="wrong") as (miner, saved):
        with pytest.raises(XmrigAuthenticationError):
            await COMMANDS[command](miner)
        assert rig.is_hashing
        assert saved == []


@every_command
async def test_no_token(command: str) -> None:
    """A missing token is distinguished, too."""
    async with Rig() as rig, commanding(rig, token=None) as (miner, saved):
        with pytest.raises(XmrigAuthenticationError):
            await COMMANDS[command](miner)
        assert saved == []


@pytest.mark.parametrize("command", ["stop", "start"])
async def test_it_becomes_read_only_in_between(command: str) -> None:
    """The API may become read-only during a command."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        if command == "start":
            await miner.stop()

        async def restrict(request: Any) -> None:
            if request.method == "PUT":
                rig.edit_config(lambda doc: doc["http"].update(restricted=True))
                rig.advance(1)

        rig.on_request = restrict
        with pytest.raises(XmrigReadOnlyError):
            await COMMANDS[command](miner)


@every_command
@pytest.mark.parametrize("fault", ["unauthorized", "forbidden"])
async def test_the_token_becomes_invalid_in_between(command: str, fault: str) -> None:
    """The error is about the token, not a read-only API, and the request stays."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        await (miner.stop() if command == "start" else miner.pause())
        stored = miner.state

        def revoke(request: Any) -> None:
            if request.method != "GET":
                rig.fault = fault

        rig.on_request = revoke
        with pytest.raises(XmrigAuthenticationError):
            await COMMANDS[command](miner)
        assert miner.state.request == stored.request
        assert miner.state.previous_request is None


@every_write
@pytest.mark.parametrize("refusal", ["offline", "refuse_put", "unauthorized"])
async def test_a_change_that_was_not_written_is_not_stored(
    command: str, refusal: str
) -> None:
    """A restart of the miner would bring what the user was told had failed."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        await miner.set_threads(1, None)
        await miner.set_threads(2, None)
        await miner.pause()
        await asyncio.sleep(SETTLE)
        stored, written = miner.state, len(saved)

        async def refuse(request: Any) -> None:
            if refusal == "offline" and len(saved) > written:
                await rig.go_offline()
            if refusal != "offline" and request.method == "PUT":
                rig.fault = refusal

        rig.on_request = refuse
        with pytest.raises(XmrigError):
            await WRITES[command](miner)
        assert len(saved) > written
        assert miner.state == stored
        assert as_written(saved[-1]) == as_written(stored)


@every_command
async def test_errors_contain_no_secrets(command: str) -> None:
    """They identify the miner by its address."""
    for fault in ("html", "close", "http_500", "refuse_put", "ignore_put"):
        async with Rig(fault=fault) as rig, commanding(rig) as (miner, _):
            try:
                await COMMANDS[command](miner)
            except XmrigNotConfirmedError as err:
                told = repr(err)
            except XmrigError as err:
                told = repr(err)
                assert f"{rig.host}:{rig.port}" in told
            else:
                continue
            assert "s3cret" not in told
            assert "WALLET" not in told


async def test_one_refusal_does_not_make_the_api_read_only() -> None:
    """The summary shows that it is not read-only, so the error does not say so."""
    async with Rig() as rig, commanding(rig) as (miner, _):
        # The first request verifies the miner, the second one reads the config
        rig.fail_next(2, "forbidden")
        with pytest.raises(XmrigRefusedError):
            await miner.set_threads(1, None)
        assert len(rig.config["cpu"]["rx"]) > 1


@every_write
async def test_a_config_with_texts_as_numbers_is_not_written(command: str) -> None:
    """Its thread profiles would name no core once they are written back."""
    async with Rig() as rig, commanding(rig) as (miner, saved):
        rig.fault = "strings"
        with pytest.raises(XmrigResponseError):
            await WRITES[command](miner)
        assert rig.count("PUT", "/2/config") == 0
        assert saved == []
