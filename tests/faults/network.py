"""Troubles of names, certificates and clocks.

Their miner is reached by a name, or over TLS, before something goes wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
import socket
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from homeassistant.const import CONF_HOST, CONF_SSL

from custom_components.xmrig_miner.certificates import Verification, pinned
from custom_components.xmrig_miner.const import CONF_VERIFICATION
from simulator.jsonvalue import Json
from tests.api.client.test_garbage import hang
from tests.api.rawserver import Answer, RawServer, reply
from tests.certificates import Authority, ServerCertificate, self_signed
from tests.common import Rig
from tests.sessions import Resolver

type During = Callable[[Rig], AbstractAsyncContextManager[None]]

AUTHORITY = Authority()
VALID = AUTHORITY.issue()
OWN = self_signed()

NAME = "rig.test"
LATE = "is resolved only after 20 seconds"
ELSEWHERE = "has an address at which nothing listens"
POLLS_AFTER = {LATE: 3, ELSEWHERE: 2}
"""Polls until it is over: aiohttp waits for the resolver, and keeps a result for 10 s."""

HOURS = 2 * 3600


@dataclass(frozen=True)
class Reached:
    """How a miner is reached."""

    group: str
    data: dict[str, Any]
    certificate: ServerCertificate | None = None
    during: tuple[tuple[str, During], ...] = ()

    def prepare(self, rig: Rig) -> None:
        """Let the entry of a miner reach it so."""
        if self.certificate:
            rig.simulator.use_certificate(
                self.certificate.context, self.certificate.der
            )
        rig.hass.config_entries.async_update_entry(
            rig.entry, data={**rig.entry.data, **self.data}
        )


async def resolve_anew(
    _: Resolver, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
) -> list[dict[str, Any]]:
    """Return the address of each name: that of this computer."""
    return _addresses(host, port, "127.0.0.1", socket.AF_INET)


def _addresses(
    host: str, port: int, address: str, family: socket.AddressFamily
) -> list[dict[str, Any]]:
    return [
        {
            "hostname": host,
            "host": address,
            "port": port,
            "family": family,
            "proto": 0,
            "flags": socket.AI_NUMERICHOST,
        }
    ]


def _resolving(how: Callable[..., Awaitable[Any]]) -> During:
    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        with patch.object(Resolver, "resolve", how):
            yield

    return during


async def _unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def _no_server(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


async def _late(_: Any, host: str, port: int = 0, **__: Any) -> Any:
    await asyncio.sleep(20)
    return _addresses(host, port, "127.0.0.1", socket.AF_INET)


async def _elsewhere(_: Any, host: str, port: int = 0, **__: Any) -> Any:
    return _addresses(host, port, "::1", socket.AF_INET6)


@contextmanager
def _own_certificate_after(rig: Rig) -> Iterator[None]:
    before = rig.simulator.certificate
    assert before
    context = VALID.context if before == VALID.der else OWN.context
    yield
    rig.simulator.use_certificate(context, before)


def _shows(certificate: ServerCertificate) -> During:
    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        with _own_certificate_after(rig):
            rig.simulator.use_certificate(certificate.context, certificate.der)
            yield

    return during


def replaced(answer: Answer) -> During:
    """Return what puts another program on the port of a miner."""

    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        await rig.simulator.go_offline()
        async with RawServer(answer, port=rig.simulator.port):
            yield
        await rig.simulator.go_online()

    return during


@asynccontextmanager
async def _without_tls(rig: Rig) -> AsyncIterator[None]:
    with _own_certificate_after(rig):
        rig.simulator.lose_tls()
        yield


@asynccontextmanager
async def _with_tls(rig: Rig) -> AsyncIterator[None]:
    _restart(rig, tls=True)
    yield
    _restart(rig, tls=False)


def _restart(rig: Rig, *, tls: bool) -> None:
    def edit(config: Json) -> None:
        config["tls"]["enabled"] = tls

    rig.simulator.edit_config(edit)
    rig.simulator.restart()


def _clock(seconds: float) -> During:
    """Return a jump of the time of day; the monotonic clock does not jump."""

    @asynccontextmanager
    async def during(rig: Rig) -> AsyncIterator[None]:
        clock = SimpleNamespace(
            time=lambda: time.time() + seconds, monotonic=time.monotonic
        )
        with patch("custom_components.xmrig_miner.api.reader.time", clock):
            yield

    return during


_TLS: tuple[tuple[str, During], ...] = (
    ("another certificate", _shows(self_signed())),
    ("TLS is turned off", _without_tls),
    ("the handshake never ends", replaced(hang)),
    ("HTTP in place of a handshake", replaced(reply(b"{}"))),
)

ALL = (
    Reached(
        "The name of the miner",
        {CONF_HOST: NAME},
        during=(
            ("is unknown", _resolving(_unknown)),
            ("cannot be resolved: the server for names fails", _resolving(_no_server)),
            (LATE, _resolving(_late)),
            (ELSEWHERE, _resolving(_elsewhere)),
        ),
    ),
    Reached(
        "TLS with a pinned certificate",
        {
            CONF_SSL: True,
            CONF_VERIFICATION: Verification.CERTIFICATE.value,
            **pinned(OWN.fingerprint),
        },
        OWN,
        _TLS,
    ),
    Reached(
        "TLS with a certificate of an authority",
        {CONF_SSL: True, CONF_VERIFICATION: Verification.AUTHORITY.value},
        VALID,
        (
            *_TLS,
            ("an expired certificate", _shows(AUTHORITY.issue(until=2021))),
            (
                "a certificate for another host",
                _shows(AUTHORITY.issue(host="192.0.2.1")),
            ),
        ),
    ),
    Reached(
        "Plain HTTP, and clocks",
        {},
        during=(
            ("the miner restarts with TLS: it still replies without", _with_tls),
            ("the time of day is set back by two hours", _clock(-HOURS)),
            ("the time of day is set forward by two hours", _clock(HOURS)),
        ),
    ),
)


def rows() -> Iterator[tuple[Reached, str, During]]:
    """Yield each trouble, and how its miner is reached."""
    for reached in ALL:
        for name, during in reached.during:
            yield reached, name, during
