"""Any document in place of a proxy's: only declared exceptions leave the client."""

from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.api.exceptions import XmrigError
from custom_components.xmrig_miner.api.models import Config, ProxySummary, Workers
from custom_components.xmrig_miner.api.proxy_client import ProxyClient
from custom_components.xmrig_miner.api.proxy_snapshot import ProxySnapshot
from tests.api.captures import FIXTURES, read_all
from tests.api.rawserver import RawServer, reply
from tests.sessions import open_session

from .test_wire import damaged, json_bodies

SENT = {
    name: (FIXTURES / "proxy" / "mining" / f"{name}.json").read_bytes()
    for name in ("summary", "workers", "config")
}
CALLS = {
    "summary": (ProxyClient.summary, ProxySummary),
    "workers": (ProxyClient.workers, Workers),
    "config": (ProxyClient.config, Config),
}

anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", CALLS)
@anything
@given(data=st.data())
async def test_damaged_documents(loopback: None, name: str, data: Any) -> None:
    """A document is read with all its values, or the reply is refused."""
    body = data.draw(damaged(SENT[name]) | json_bodies)
    call, model = CALLS[name]
    async with RawServer(reply(body)) as server, open_session() as session:
        client = ProxyClient(session, server.host, server.port, token="s3cret")
        found: Any = None
        try:
            found = await call(client)
        except XmrigError as error:
            found = error
    if isinstance(found, XmrigError):
        assert "s3cret" not in str(found)
        return
    assert isinstance(found, model)
    read_all(found)
    if isinstance(found, ProxySummary):
        read_all(ProxySnapshot(summary=found))
