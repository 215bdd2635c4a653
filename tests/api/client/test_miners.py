"""Tests with working miners."""

import asyncio
from hashlib import sha256
import ssl
from typing import Any

import pytest

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigAuthenticationError,
    XmrigCertificateChangedError,
    XmrigCertificateError,
    XmrigError,
    XmrigNoTlsError,
    XmrigPlainHttpError,
    XmrigReadOnlyError,
    XmrigResponseError,
    XmrigTokenNotExpectedError,
)
from custom_components.xmrig_miner.api.models import BackendType
from simulator import Simulator
from simulator.certificate import make_context
from tests.sessions import open_session

from .wire import CALLS, COMMANDS, READS, TOKEN, talking_to


@pytest.mark.parametrize("version", ["6.26.0", "6.22.2"])
async def test_everything(version: str) -> None:
    """All endpoints can be read, and the config can be written."""
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
        await client.post_config(config)
        assert miner.disk == config.document


async def test_commands() -> None:
    """Each command takes effect although its reply is unreadable."""
    async with (
        Simulator(uptime=1000) as miner,
        talking_to(miner) as client,
    ):
        await client.perform_action(Action.PAUSE)
        assert miner.miner.is_paused
        await client.perform_action(Action.RESUME)
        assert not miner.miner.is_paused
        await client.perform_action(Action.STOP)
        assert not miner.is_hashing
    assert [item.status for item in miner.requests] == [200, 200, 200]


async def test_commands_with_a_reply_that_can_be_read() -> None:
    """Each command takes effect with a readable reply."""
    async with (
        Simulator(uptime=1000, fault="rpc_gap") as miner,
        talking_to(miner) as client,
    ):
        await client.perform_action(Action.PAUSE)
        assert miner.miner.is_paused


@pytest.mark.parametrize(
    ("miner_token", "token", "restricted", "kind"),
    [
        ("s3cret", None, False, XmrigAuthenticationError),
        ("s3cret", "wrong", False, XmrigAuthenticationError),
        (None, "s3cret", True, XmrigTokenNotExpectedError),
        # Without a token and not read-only, a miner refuses every request.
        (None, "s3cret", False, XmrigAuthenticationError),
        (None, None, False, XmrigAuthenticationError),
        ("", "s3cret", False, XmrigAuthenticationError),
    ],
)
async def test_token(
    miner_token: str | None,
    token: str | None,
    restricted: bool,
    kind: type[XmrigError],
) -> None:
    """The error tells what is wrong with the token."""
    async with (
        Simulator(token=miner_token, restricted=restricted) as miner,
        talking_to(miner, token=token) as client,
    ):
        with pytest.raises(XmrigAuthenticationError) as caught:
            await client.summary()
    assert caught.type is kind


@pytest.mark.parametrize("token", [None, "s3cret"])
async def test_read_only(token: str | None) -> None:
    """A read-only miner can be read, but rejects commands."""
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


async def test_truncated() -> None:
    """The truncated replies of an old miner are read."""
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


async def test_strings() -> None:
    """Numbers in quotes count as missing; other values are read."""
    async with (
        Simulator(uptime=100, fault="strings") as miner,
        talking_to(miner) as client,
    ):
        summary = await client.summary()
        assert (summary.uptime, summary.worker_id) == (None, "rig-one")
        assert (await client.backends()).enabled == {BackendType.CPU}


async def test_nulls() -> None:
    """A reply with nulls only is not from a miner."""
    async with (
        Simulator(uptime=100, fault="nulls") as miner,
        talking_to(miner) as client,
    ):
        with pytest.raises(XmrigResponseError):
            await client.summary()
        assert (await client.backends()).by_type == {}


async def test_a_certificate_that_cannot_be_verified() -> None:
    """The self-signed certificate of a miner is rejected."""
    async with (
        Simulator(tls=True) as miner,
        talking_to(miner, ssl=True) as client,
    ):
        with pytest.raises(XmrigCertificateError, match=str(miner.port)):
            await client.summary()
    assert miner.requests == []


async def test_a_certificate_that_is_not_verified() -> None:
    """It is accepted if the session does not verify certificates."""
    async with (
        Simulator(tls=True) as miner,
        open_session(ssl=False) as session,
    ):
        client = XmrigClient(session, miner.host, miner.port, token=TOKEN, ssl=True)
        assert (await client.summary()).worker_id == "rig-one"
        await client.perform_action(Action.PAUSE)
        assert miner.miner.is_paused


async def test_a_certificate_that_is_trusted() -> None:
    """It is accepted if the session trusts the certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    async with Simulator(tls=True) as miner:
        assert miner.certificate
        context.load_verify_locations(cadata=miner.certificate)
        async with open_session(ssl=context) as session:
            client = XmrigClient(session, miner.host, miner.port, token=TOKEN, ssl=True)
            assert (await client.summary()).worker_id == "rig-one"


@pytest.mark.parametrize("verified", [{"ssl": True}, {"fingerprint": bytes(32)}])
async def test_tls_to_a_miner_without(verified: dict[str, Any]) -> None:
    """One that answers without TLS is named, and asked without the token."""
    async with Simulator() as miner, talking_to(miner, **verified) as client:
        for call in (client.summary, client.certificate):
            with pytest.raises(XmrigPlainHttpError, match=str(miner.port)):
                await call()
    assert {(item.method, item.status) for item in miner.requests} == {("OPTIONS", 200)}


async def test_tls_to_a_port_that_is_closed_meanwhile() -> None:
    """What does not answer without TLS either is no miner without TLS."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_session() as session:
            client = XmrigClient(session, "127.0.0.1", port, ssl=True)
            with pytest.raises(XmrigNoTlsError) as caught:
                await client.summary()
    assert caught.type is XmrigNoTlsError


class TestPinned:
    """Only one certificate is accepted."""

    async def test_the_certificate_is_read_without_a_request(self) -> None:
        """So that its fingerprint can be compared before it is pinned."""
        async with Simulator(tls=True) as miner, talking_to(miner) as client:
            assert await client.certificate() == miner.certificate
        assert miner.requests == []

    async def test_it_is_accepted(self) -> None:
        """It implies TLS, and needs no authority."""
        async with Simulator(tls=True) as miner:
            assert miner.certificate
            pin = sha256(miner.certificate).digest()
            async with talking_to(miner, fingerprint=pin) as client:
                assert (await client.summary()).worker_id == "rig-one"
                await client.perform_action(Action.PAUSE)
            assert miner.miner.is_paused

    @pytest.mark.parametrize("call", CALLS)
    async def test_another_one_gets_no_byte(self, call: str) -> None:
        """Also if an authority signed it: the handshake is all there is."""
        context, _ = make_context()
        received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def note(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            received.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(
            note, "127.0.0.1", 0, ssl=context
        ) as server:
            port = server.sockets[0].getsockname()[1]
            async with open_session(ssl=False) as session:
                client = XmrigClient(
                    session, "127.0.0.1", port, token=TOKEN, fingerprint=bytes(32)
                )
                with pytest.raises(XmrigCertificateChangedError, match=str(port)):
                    await CALLS[call](client)
            assert await received == b""

    async def test_of_another_length(self) -> None:
        """Only a SHA-256 is accepted."""
        async with open_session() as session:
            with pytest.raises(ValueError, match="SHA-256|sha256|length"):
                XmrigClient(session, "127.0.0.1", 1, fingerprint=bytes(20))


async def test_many_at_once() -> None:
    """Parallel calls do not affect each other."""
    async with Simulator(uptime=100) as miner, talking_to(miner) as client:
        answers = await asyncio.gather(
            *(read(client) for read in READS.values() for _ in range(10))
        )
    assert len(answers) == 30
