"""Commands to an xmrig-proxy, all of which change its config.

There are no others: a proxy cannot command its miners (xmrig-proxy
src/base/api/requests/ HttpApiRequest.cpp knows no method).
"""

from collections.abc import Awaitable, Callable

from .config_commands import ConfigCommands
from .link import Link
from .models import Config, ProxySummary, Workers
from .proxy_client import ProxyClient
from .state import MinerState


class ProxyLink(Link[ProxySummary]):
    """Requests to one proxy."""

    def __init__(
        self, client: ProxyClient, is_expected: Callable[[ProxySummary], bool]
    ) -> None:
        """Initialize the link."""
        super().__init__(client, is_expected)
        self.client = client

    async def workers(self) -> Workers:
        """Return the workers. They do not say which proxy sent them."""
        return await self.report_unreachable(self.client.workers())


class Proxy(ConfigCommands[ProxyLink]):
    """A proxy that runs one command at a time; see `ConfigCommands`."""

    def __init__(
        self,
        client: ProxyClient,
        state: MinerState,
        save: Callable[[MinerState], Awaitable[None]],
        *,
        is_expected: Callable[[ProxySummary], bool] = lambda _: True,
    ) -> None:
        """Initialize the proxy; see `Miner` for the arguments."""
        super().__init__(ProxyLink(client, is_expected), state, save)

    async def observe(self, config: Config) -> list[str]:
        """Update the state after a poll, and return the config's external changes.

        Call it during the poll's turn, like that of `Miner`.
        """
        self._editor.observe(config)
        await self._store.record(self.state.with_shown_payout(config.payout))
        return self._editor.take_external_changes()
