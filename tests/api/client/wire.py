"""Calls of the client, and servers to make them to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import json
import traceback
from typing import Any

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.api.models import Config
from simulator import Simulator
from tests.api.captures import CAPTURES, NEW, error
from tests.api.rawserver import Answer, RawServer, reply
from tests.sessions import open_session

TOKEN = "s3cret"

SUMMARY = (CAPTURES / NEW / "mining" / "summary.json").read_bytes()
BACKENDS = (CAPTURES / NEW / "mining" / "backends.json").read_bytes()
CONFIG = (CAPTURES / NEW / "mining" / "config.json").read_bytes()
NO_CONTENT = b"HTTP/1.1 204 NO_CONTENT\r\nConnection: close\r\n\r\n"
RPC_OK = reply(b'{"result": {"status": "OK"}, "jsonrpc": "2.0", "id": 1}')
RPC_UNKNOWN = reply(error(NEW, "unknown_method")[1].encode())

type Call = Callable[[XmrigClient], Awaitable[Any]]

READS: dict[str, Call] = {
    "summary": XmrigClient.summary,
    "backends": XmrigClient.backends,
    "config": XmrigClient.config,
}
COMMANDS: dict[str, Call] = {
    "post_config": lambda client: client.post_config(Config(json.loads(CONFIG))),
    "pause": lambda client: client.perform_action(Action.PAUSE),
    "resume": lambda client: client.perform_action(Action.RESUME),
    "stop": lambda client: client.perform_action(Action.STOP),
}
RPCS = ("pause", "resume", "stop")
CALLS = READS | COMMANDS


def refusal(status: int) -> bytes:
    """Return how a miner refuses a call."""
    body = json.dumps({"status": status, "error": "NO"}).encode()
    return reply(body, f"{status} NO")


@asynccontextmanager
async def talking_to(
    server: RawServer | Simulator, *, token: str | None = TOKEN, **kwargs: Any
) -> AsyncIterator[XmrigClient]:
    """Return a client for a server that is listening."""
    async with open_session() as session:
        yield XmrigClient(session, server.host, server.port, token=token, **kwargs)


async def outcome(call: Call, *answers: Answer, token: str | None = TOKEN) -> Any:
    """Return the result or error of a call, and check that it reveals no secret."""
    async with RawServer(*answers) as server, talking_to(server, token=token) as client:
        try:
            return await call(client)
        except XmrigError as err:
            caught = err
    told = "".join(traceback.format_exception(caught)) + repr(caught)
    assert TOKEN not in told
    assert "WALLET" not in told
    # With several miners, the error must name the address.
    assert str(caught).count(f"127.0.0.1:{server.port}") == 1
    return caught
