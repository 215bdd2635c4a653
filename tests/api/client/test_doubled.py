"""Tests of XMRig's replies to remote procedure calls, each of which it writes twice."""

import asyncio
from asyncio import StreamReader, StreamWriter

import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigRefusedError
from tests.api.rawserver import reply

from .wire import COMMANDS, RPC_OK, RPC_UNKNOWN, RPCS, outcome


@pytest.mark.parametrize("method", RPCS)
async def test_in_one_segment(method: str) -> None:
    """The second copy makes the reply unreadable, which is no failure."""
    assert await outcome(COMMANDS[method], RPC_OK * 2) is None


@pytest.mark.parametrize("method", RPCS)
async def test_with_a_gap(method: str) -> None:
    """A second copy that arrives late is not read."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(RPC_OK)
        await writer.drain()
        # The client has read the first copy when it ends the connection.
        await reader.read()
        writer.write(RPC_OK)

    assert await outcome(COMMANDS[method], answer) is None


async def test_cut_into_segments_anywhere() -> None:
    """However the two copies are split into segments, no command fails."""
    for length in range(1, 2 * len(RPC_OK), 7):

        async def answer(
            _reader: StreamReader, writer: StreamWriter, length: int = length
        ) -> None:
            wire = RPC_OK * 2
            writer.write(wire[:length])
            await writer.drain()
            # Long enough for the client to receive the first segment.
            for _ in range(5):
                await asyncio.sleep(0)
            writer.write(wire[length:])

        assert await outcome(COMMANDS["pause"], answer) is None


async def test_an_error_with_a_gap() -> None:
    """A readable error is raised."""
    err = await outcome(COMMANDS["pause"], RPC_UNKNOWN)
    assert type(err) is XmrigRefusedError


@pytest.mark.parametrize("body", [b"", b"OK", b"[]", b"{", b"null", b"\xff"])
async def test_an_unreadable_reply(body: bytes) -> None:
    """The command's result counts, not its reply."""
    assert await outcome(COMMANDS["pause"], reply(body)) is None
