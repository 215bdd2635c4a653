"""Each recorded document, cut off at any byte: what is read of it is true, or unknown.

Every few bytes by default; `--cuts 1` is the long form, at each byte.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

import aiohttp
import pytest

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.api.exceptions import XmrigError, XmrigResponseError
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from custom_components.xmrig_miner.api.snapshot import Snapshot
from custom_components.xmrig_miner.api.transport import Transport
from tests.api.captures import CAPTURES, FIXTURES
from tests.sessions import open_session

MINERS = sorted(path.parent for path in CAPTURES.glob("*/*/summary.json"))
PROXIES = sorted((FIXTURES / "proxy").rglob("*.json"))

ABSENT: tuple[Any, ...] = (None, False, "", (), [], {}, frozenset())
"""Values that say nothing."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session, by which nothing is sent."""
    async with open_session() as client_session:
        yield client_session


def untrue(found: Any, whole: Any, name: str = "") -> Iterator[str]:
    """Yield what a model says that the model of the whole document does not."""
    if found == whole or found in ABSENT:
        return
    if is_dataclass(found) and type(found) is type(whole):
        for field in fields(found):
            pair = getattr(found, field.name), getattr(whole, field.name)
            yield from untrue(*pair, f"{name}.{field.name}")
    elif isinstance(found, tuple | list) and isinstance(whole, type(found)):
        # The beginning of a list
        for index, item in enumerate(found):
            yield from untrue(item, whole[index], f"{name}[{index}]")
    elif isinstance(found, dict) and isinstance(whole, dict):
        for key, item in found.items():
            yield from untrue(item, whole.get(key), f"{name}[{key!r}]")
    else:
        yield f"{name} is {found!r} instead of {whole!r}"


def bodies(document: bytes, step: int) -> Iterator[bytes]:
    """Yield a document cut off at every so many bytes, from different ones on."""
    for end in range(len(document) % step, len(document), step):
        yield document[:end]


async def read(call: Callable[[], Any], body: bytes) -> Any:
    """Return what a call of the client makes of a body, or its declared error."""
    reply = AsyncMock(return_value=(200, body))
    with patch.object(Transport, "request", reply):
        try:
            return await call()
        except XmrigError as error:
            return error


@pytest.mark.parametrize("folder", MINERS, ids=lambda path: "-".join(path.parts[-2:]))
async def test_a_miner(
    session: aiohttp.ClientSession, folder: Path, request: pytest.FixtureRequest
) -> None:
    """It never seems to do something else."""
    step = request.config.getoption("--cuts")
    client = XmrigClient(session, "127.0.0.1", 1, token="t")
    calls = {"summary": client.summary, "backends": client.backends}
    calls["config"] = client.config
    sent = {name: (folder / f"{name}.json").read_bytes() for name in calls}
    whole = {name: await read(calls[name], sent[name]) for name in calls}
    known = {name: item for name, item in whole.items() if name != "config"}
    snapshot = Snapshot(
        **known, config=whole["config"] if isinstance(whole["config"], Config) else None
    )
    for name, call in calls.items():
        for body in bodies(sent[name], step):
            found = await read(call, body)
            where = f"{name} of {len(body)} bytes"
            if isinstance(found, XmrigError):
                assert isinstance(found, XmrigResponseError), where
                continue
            assert name != "config", f"{where}: written back, it would lose the rest"
            assert list(untrue(found, whole[name])) == [], where
            seen = replace(snapshot, **{name: found})
            assert seen.status in (snapshot.status, None), where
            assert seen.is_mining in (snapshot.is_mining, None), where
            # A summary says no more of a miner that is stopped
            assert name == "summary" or not seen.is_complete, where


@pytest.mark.parametrize("path", PROXIES, ids=lambda path: "-".join(path.parts[-2:]))
async def test_a_proxy(
    session: aiohttp.ClientSession, path: Path, request: pytest.FixtureRequest
) -> None:
    """Each call takes each document: a proxy may be read as a miner was."""
    step = request.config.getoption("--cuts")
    client = ProxyClient(session, "127.0.0.1", 1, token="t")
    calls: tuple[Callable[[], Any], ...] = (client.summary, client.workers)
    document = path.read_bytes()
    for call in (*calls, client.config):
        whole = await read(call, document)
        for body in bodies(document, step):
            found = await read(call, body)
            if not isinstance(found, XmrigError):
                assert list(untrue(found, whole)) == [], len(body)
